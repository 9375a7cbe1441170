"""One rule says what part of a picture is seen; whoever computes a size or cuts pixels agrees with it."""

import numpy as np
import pytest
import torch
from PIL import Image

from tiekd.card import ModelCard
from tiekd.data.crops import kb_crop_box
from tiekd.data.dataset import LooseFrames
from tiekd.data.frames import Frame, FrameSource
from tiekd.data.seen import Seen, trimmed_box
from tiekd.data.transforms import SAME_SURFACE, Layers, see
from tiekd.errors import DataError
from tiekd.estimators.labels import LabelInfo
from tiekd.recipe.settings import DataSettings
from tiekd.runtime.preprocess import plan_view

NOISE = np.random.default_rng(0).integers(0, 256, (377, 1245, 3), dtype=np.uint8)
SPARSE = np.where(NOISE[..., 0] > 200, NOISE[..., 1], 0).astype(np.float32)


@pytest.mark.parametrize("size", [(480, 640), (3024, 4032), (4032, 3024), (375, 1242), (100, 90), (1, 9000)])
def test_photos_are_scaled_as_prediction_does(size):
    card = ModelCard(
        name="x", architecture="x", method="teacher", encoder="x", dataset="x", max_depth_m=80,
        max_pixels=300_000, min_size_px=1,
    )  # fmt: skip
    assert Seen(300_000).scaled_size(*size) == plan_view(*size, card).scaled
    assert Seen().scaled_size(*size) == size


SEEN = [
    Seen(),
    Seen(crop="kb"),
    Seen(max_pixels=100_000),
    Seen(max_pixels=460_000, crop="kb"),
    Seen(trim_px=(3, 5, 8, 2)),
    Seen(shrink=4),
    Seen(max_pixels=460_000, crop="kb", trim_px=(1, 2, 3, 4), shrink=4),
]


@pytest.mark.parametrize("seen", SEEN)
def test_sizes_are_those_of_what_is_seen(seen):
    cut, depth = seen.cut(NOISE), seen.cut_depth(SPARSE)
    assert cut.shape[:2] == depth.shape == seen.cut_size(377, 1245)
    planes = torch.from_numpy(np.array(cut.transpose(2, 0, 1)))
    focal_px = seen.cut_focal_px(700.0, (377, 1245))
    layers = see(Layers(planes, torch.from_numpy(np.array(depth))[None], None, focal_px), seen)
    assert tuple(layers.image.shape[1:]) == tuple(layers.depth.shape[1:]) == seen.size(377, 1245)
    assert layers.focal_px == 700 * seen.scaled_size(377, 1245)[1] / 1245 / seen.shrink
    found = layers.depth.unique()[:, None]
    # The centre of an even cell lies between pixels: there, depth can be the mean of one surface.
    distance = (found - torch.from_numpy(np.unique(SPARSE))).abs()
    allowed = 0 if seen.shrink % 2 else SAME_SURFACE * found
    assert (distance <= allowed).any(dim=1).all()


def test_what_is_not_scaled_is_a_part_of_the_picture_itself():
    box = kb_crop_box(377, 1245)
    np.testing.assert_array_equal(Seen(crop="kb").cut(NOISE), NOISE[box.region[1:]])
    np.testing.assert_array_equal(Seen(crop="kb").cut_depth(SPARSE), SPARSE[box.region])
    assert Seen(max_pixels=377 * 1245).cut_focal_px(721.5, (377, 1245)) == 721.5


def test_pictures_that_are_too_small_are_refused():
    for ask in (Seen(crop="kb").cut_size, Seen(crop="kb").size, Seen(300_000, "kb").cut_size):
        with pytest.raises(DataError, match="at least 1216x352"):
            ask(350, 1242)
    with pytest.raises(DataError, match="Nothing is left of a frame of 20x10"):
        Seen(trim_px=(0, 10, 0, 10)).size(10, 20)
    assert trimmed_box(10, 20, (1, 2, 3, 4)) == (1, 2, 6, 14)


def test_recipes_and_labels_say_what_is_seen():
    settings = DataSettings(max_pixels=5000, crop="kb", trim_px=(1, 2, 3, 4), shrink=2)
    assert settings.seen == Seen(5000, "kb", (1, 2, 3, 4), 2)
    info = LabelInfo(teacher="x", teacher_sha256="", max_depth_m=80, max_pixels=5000, crop="kb", shrink=2)
    assert info.seen == Seen(5000, "kb")


@pytest.mark.parametrize("seen", SEEN)
def test_frames_are_read_as_they_are_seen(tmp_path, seen):
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    Image.fromarray((SPARSE * 256).astype(np.uint16)).save(tmp_path / "d.png")
    source = FrameSource("folder", tmp_path, tmp_path, tmp_path, 256.0, "none", 700.0)
    frame = LooseFrames(source, [Frame("a.png", "d.png")], seen=seen)[0]
    assert tuple(frame.image.shape[1:]) == seen.size(377, 1245)
    assert frame.focal_px == seen.cut_focal_px(700.0, (377, 1245)) / seen.shrink
    if seen.shrink == 1:
        top, left, bottom, right = seen.trim_px
        height, width = seen.cut_size(377, 1245)
        expected = seen.cut(NOISE)[top : height - bottom, left : width - right]
        np.testing.assert_array_equal(frame.image.permute(1, 2, 0).numpy(), expected)
