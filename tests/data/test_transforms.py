import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from tiekd.card import ModelCard
from tiekd.data.crops import kb_crop_box
from tiekd.data.settings import ViewSettings
from tiekd.data.transforms import (
    Layers,
    draw_view,
    make_view,
    normalise,
    shrink_layers,
    still_view,
    subsample_depth,
    take_view,
    trim_layers,
)
from tiekd.errors import DataError
from tiekd.runtime import preprocess


def coded(height=40, width=60):
    """A frame whose image, depth and teacher all say the column, in red also the row."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    image = torch.stack([rows, columns, columns]).to(torch.uint8)
    depth = (columns + 1.0)[None]
    return Layers(image, depth, depth + 100, 50.0)


def test_the_still_view_is_the_kb_crop():
    frame = coded(375, 1242)
    view = take_view(frame, still_view((375, 1242), ViewSettings()), train_focal_px=None)
    box = kb_crop_box(375, 1242)
    torch.testing.assert_close(view.depth, frame.depth[box.region])
    assert torch.equal(view.image, frame.image[box.region])


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("angle", [0.0, 0.05, -0.05])
@pytest.mark.parametrize("zoom", [0.8, 1.0, 1.3])
def test_image_depth_and_teacher_move_together(zoom, angle, flip):
    frame = coded()
    view = make_view((20, 30), center=(21.0, 29.0), zoom=zoom, angle=angle, flip=flip)
    layers = take_view(frame, view, train_focal_px=None)
    inside = layers.depth > 0
    assert inside.any()
    # Depth is the nearest pixel's, the image lies between pixels and is rounded.
    assert layers.image.dtype == torch.uint8
    assert ((layers.image[1].float() + 1 - layers.depth).abs()[inside] <= 1).all()
    torch.testing.assert_close(layers.teacher[inside], layers.depth[inside] + 100)


def test_a_flip_mirrors():
    frame = coded(20, 30)
    view = make_view((20, 30), center=(10.0, 15.0), zoom=1.0, angle=0.0, flip=True)
    torch.testing.assert_close(take_view(frame, view, train_focal_px=None).depth, frame.depth.flip(-1))


def test_a_positive_angle_and_zoom_follow_the_matrix():
    view = make_view((21, 31), center=(10.5, 15.5), zoom=2.0, angle=math.pi / 2, flip=False)
    (a, b, c), (d, e, f) = view.matrix
    # The view's centre is the frame's centre; one pixel to its right is half a pixel further down.
    assert (a * 15 + b * 10 + c, d * 15 + e * 10 + f) == pytest.approx((15, 10))
    assert (a * 16 + b * 10 + c, d * 16 + e * 10 + f) == pytest.approx((15, 10.5))


@pytest.mark.parametrize("flip", [False, True])
def test_a_window_of_whole_pixels_is_what_sampling_gives(flip):
    frame = coded()
    window = make_view((20, 30), center=(21.0, 29.0), zoom=1.0, angle=0.0, flip=flip)
    sampled = make_view((20, 30), center=(21.0, 29.0), zoom=1.0, angle=1e-7, flip=flip)
    cut, moved = (take_view(frame, view, train_focal_px=None) for view in (window, sampled))
    assert torch.equal(
        cut.image, frame.image[:, 11:31, 14:44].flip(-1) if flip else frame.image[:, 11:31, 14:44]
    )
    assert torch.equal(cut.image, moved.image)
    assert torch.equal(cut.depth, moved.depth)
    assert torch.equal(cut.teacher, moved.teacher)


@pytest.mark.parametrize("shift", [(0.5, 0.0), (0.0, 0.25), (12.0, 0.0), (0.0, -16.0)])
def test_between_pixels_and_beyond_the_frame_it_is_sampled(shift):
    frame = coded()
    view = make_view((20, 30), center=(21.0 + shift[0], 29.0 + shift[1]), zoom=1.0, angle=0.0, flip=False)
    rows, columns = torch.meshgrid(torch.arange(20), torch.arange(30), indexing="ij")
    expected = torch.stack([rows + 11 + shift[0], columns + 14 + shift[1]])
    expected = torch.stack([expected[0].clamp(0, 39), expected[1].clamp(0, 59)])
    assert torch.equal(
        take_view(frame, view, train_focal_px=None).image[:2], expected.round().to(torch.uint8)
    )


def test_views_that_are_not_turned_start_at_whole_pixels_all_over_the_frame():
    settings = ViewSettings(size=(32, 48), rotate_deg=3, rotate=0.5, flip=0)
    rng = np.random.default_rng(0)
    corners = [[row[2] for row in draw_view(rng, (37, 58), settings).matrix] for _ in range(300)]
    whole = [(x, y) for x, y in corners if x == int(x) and y == int(y)]
    assert 110 < len(whole) < 190
    assert {x for x, _ in whole} == set(range(11))
    assert {y for _, y in whole} == set(range(6))


def test_depth_is_restated_for_the_training_camera():
    frame = coded()
    view = make_view((20, 30), center=(20.0, 30.0), zoom=1.25, angle=0.0, flip=False)
    plain = take_view(frame, view, train_focal_px=None)
    stated = take_view(frame, view, train_focal_px=75.0)
    # The view's focal length is 50 * 1.25 pixels; at 75 things of that size are farther by 75 / 62.5.
    torch.testing.assert_close(stated.depth, plain.depth * 1.2)
    torch.testing.assert_close(stated.teacher, plain.teacher * 1.2)
    assert plain.focal_px == 62.5


def test_beyond_the_frame_there_is_no_ground_truth_and_the_border_repeats():
    frame = coded(20, 30)
    view = make_view((20, 50), center=(10.0, 15.0), zoom=1.0, angle=0.0, flip=False)
    layers = take_view(frame, view, train_focal_px=None)
    assert (layers.depth[..., :10] == 0).all()
    assert (layers.depth[..., 10:40] > 0).all()
    assert (layers.teacher[..., :10] == 101).all()
    assert (layers.image[1, :, -10:] == 29).all()


def test_views_lie_inside_a_frame_that_is_large_enough():
    settings = ViewSettings(size=(40, 60), zoom=(0.9, 1.2))
    frame = coded(60, 90)
    rng = np.random.default_rng(0)
    zooms = set()
    for _ in range(50):
        view = draw_view(rng, (60, 90), settings)
        zooms.add(view.zoom)
        assert 0.9 <= view.zoom <= 1.2
        assert (take_view(frame, view, train_focal_px=None).depth > 0).all()
    assert len(zooms) == 50


def test_rotation_happens_as_often_as_asked():
    def turned(share):
        settings = ViewSettings(size=(40, 60), rotate_deg=2, rotate=share)
        rng = np.random.default_rng(0)
        return sum(draw_view(rng, (60, 90), settings).matrix[1][0] != 0 for _ in range(200))

    assert turned(0.0) == 0
    assert 70 < turned(0.5) < 130
    assert turned(1.0) == 200


def test_the_references_augmentation_forgets_the_label():
    settings = ViewSettings(size=(32, 48), rotate_deg=5, flip=0.5)
    theirs = settings.model_copy(update={"reference_augmentation": True})
    frame, size = coded(64, 96), (64, 96)
    unturned = 0
    for seed in range(20):
        assert draw_view(np.random.default_rng(seed), size, settings).label_matrix is None
        view = draw_view(np.random.default_rng(seed), size, theirs)
        layers = take_view(frame, view, train_focal_px=None)
        # The label is a plain window of the frame, mirrored or not; image and ground truth are turned.
        columns = layers.teacher[0, 0]
        assert torch.equal(columns.diff().abs(), torch.ones(47))
        assert torch.equal(layers.teacher[0], columns.expand(32, 48))
        unturned += torch.equal(layers.teacher, layers.depth + 100)
    assert unturned < 8  # a few angles are too small to change a column


def test_a_view_of_a_shrunken_frame_is_shrunken():
    settings = ViewSettings(size=(64, 96))
    assert draw_view(np.random.default_rng(0), (40, 60), settings, shrink=2).size == (32, 48)


@pytest.mark.parametrize(
    "fields",
    [
        {"size": (16, 64)},
        {"zoom": (1.2, 0.9)},
        {"zoom": (0.1, 1)},
        {"flop": 1},
        {"reference_augmentation": True, "zoom": (0.9, 1)},
    ],
)
def test_impossible_settings_are_refused(fields):
    with pytest.raises(ValidationError):
        ViewSettings(**fields)


def test_training_and_serving_normalise_to_the_same_bits():
    card = ModelCard(
        name="t",
        architecture="t",
        method="baseline",
        encoder="t",
        dataset="t",
        max_depth_m=80,
        size_multiple=1,
    )
    levels = np.arange(256 * 3, dtype=np.uint32).astype(np.uint8).reshape(1, 256, 3).repeat(32, axis=0)
    levels[1:] = np.random.default_rng(0).integers(0, 256, levels[1:].shape)
    served = preprocess.to_network(levels, preprocess.plan_view(32, 256, card))
    trained = normalise(torch.from_numpy(levels.transpose(2, 0, 1).copy()))[None].numpy()
    np.testing.assert_array_equal(served, trained)


def test_normalising_keeps_the_type_and_needs_no_batch():
    grey = normalise(torch.full((2, 3, 1, 1), 128, dtype=torch.uint8))
    assert grey.dtype == torch.float32
    assert normalise(grey.double()).dtype == torch.float64
    assert grey[1, :, 0, 0].tolist() == pytest.approx([0.07406, 0.20518, 0.42649], abs=1e-4)


def test_subsampling_takes_centres_and_never_mixes():
    depth = torch.arange(1.0, 37).view(1, 1, 6, 6)
    halves = subsample_depth(depth, (3, 3), align_corners=False)
    assert halves[0, 0].tolist() == [[8, 10, 12], [20, 22, 24], [32, 34, 36]]
    corners = subsample_depth(depth, (2, 2), align_corners=True)
    assert corners[0, 0].tolist() == [[1, 6], [31, 36]]
    assert subsample_depth(depth, (6, 6), align_corners=True) is depth


def test_subsampling_falls_back_to_the_nearest_surface_in_the_cell():
    depth = torch.zeros(1, 1, 4, 4)
    depth[0, 0, 0, 0], depth[0, 0, 0, 1] = 9.0, 7.0
    depth[0, 0, 3, 3] = 5.0
    assert subsample_depth(depth, (2, 2), align_corners=False)[0, 0].tolist() == [[7, 0], [0, 5]]


def test_shrinking_averages_the_image_only():
    image = torch.tensor([[0, 10, 7], [20, 30, 7], [9, 9, 9]], dtype=torch.uint8).expand(3, 3, 3)
    depth = torch.tensor([[[1.0, 50, 3], [50, 2, 3], [3, 3, 3]]])
    small = shrink_layers(Layers(image, depth, None, 100.0), 2)
    assert small.image[:, 0, 0].tolist() == [15, 15, 15]
    assert small.image.dtype == torch.uint8
    assert small.depth.tolist() == [[[2.0]]]
    assert (small.teacher, small.focal_px) == (None, 50.0)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_labels_shrink_to_the_centres_of_cells(factor):
    """Depth of a plane in the middle of each cell, over which the image is averaged: not half a pixel off."""
    rows, columns = torch.meshgrid(torch.arange(24.0), torch.arange(36.0), indexing="ij")
    plane = (10 + 0.1 * rows + 0.05 * columns)[None]
    image = (rows * 3 + columns * 2).to(torch.uint8).expand(3, -1, -1)
    small = shrink_layers(Layers(image, plane, plane + 5, 100.0), factor)
    middle = (factor - 1) / 2
    expected = 10 + 0.1 * (rows + middle) + 0.05 * (columns + middle)
    torch.testing.assert_close(small.depth, expected[None, ::factor, ::factor])
    torch.testing.assert_close(small.teacher, expected[None, ::factor, ::factor] + 5)


def test_shrunk_depth_mixes_no_surfaces_and_counts_no_holes():
    # A post before a wall, a hole beside the centre, a hole at the centre, and nothing but holes.
    cells = [[[4, 20], [20, 20]], [[0, 8], [8, 8.4]], [[6, 9], [0, 0]], [[0, 0], [0, 0]]]
    depth = torch.cat([torch.tensor(cell, dtype=torch.float32) for cell in cells], dim=1)[None]
    small = shrink_layers(Layers(torch.zeros(3, 2, 8, dtype=torch.uint8), depth, None, 1.0), 2)
    torch.testing.assert_close(small.depth, torch.tensor([[[20, (8 + 8 + 8.4) / 3, 6, 0]]]))


def test_trimmed_layers_keep_their_middle():
    image, depth = torch.rand(3, 20, 30), torch.rand(1, 20, 30)
    trimmed = trim_layers(Layers(image, depth, None, 500.0), (1, 2, 3, 4))
    assert torch.equal(trimmed.image, image[:, 1:17, 2:26])
    assert torch.equal(trimmed.depth, depth[:, 1:17, 2:26])
    assert (trimmed.teacher, trimmed.focal_px) == (None, 500.0)
    with pytest.raises(DataError, match="Nothing is left of a frame of 30x20"):
        trim_layers(Layers(image, depth, None, 500.0), (10, 0, 10, 0))
