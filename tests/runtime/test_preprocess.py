import math

import numpy as np
import pytest

from tiekd.card import IMAGE_MEAN, IMAGE_STD, ModelCard
from tiekd.errors import ConfigError
from tiekd.runtime.preprocess import (
    focal_factor,
    from_network,
    plan_view,
    to_network,
)


def card(**fields) -> ModelCard:
    base = {"name": "t", "architecture": "t", "method": "baseline", "encoder": "t", "dataset": "demo"}
    return ModelCard.model_validate({**base, "max_depth_m": 80, **fields})


@pytest.mark.parametrize(
    ("size", "scaled", "padded"),
    [
        ((375, 1242), (375, 1242), (384, 1248)),  # what it was made for: untouched, padded to the multiple
        ((200, 300), (200, 300), (224, 320)),  # never enlarged
        ((1, 1), (32, 32), (32, 32)),  # but to the network's minimum
        ((10, 64), (32, 205), (32, 224)),
    ],
)
def test_sizes(size, scaled, padded) -> None:
    view = plan_view(*size, card())
    assert (view.photo, view.scaled, view.padded) == (size, scaled, padded)


@pytest.mark.parametrize("size", [(3000, 4000), (4000, 3000), (376, 1242), (1, 100_000), (100_000, 7)])
def test_large_photos_are_scaled_to_at_most_the_pixels_of_the_card(size) -> None:
    it = card(max_pixels=375 * 1242)
    view = plan_view(*size, it)
    # Rounding may add half a pixel a side; a strip is padded to the minimum across.
    assert view.scaled[0] * view.scaled[1] <= it.max_pixels * 1.01
    assert view.padded[0] * view.padded[1] <= it.max_pixels * 1.2
    assert min(view.padded) >= it.min_size_px
    if min(size) > 100:
        assert view.scaled[1] / view.scaled[0] == pytest.approx(size[1] / size[0], rel=0.01)


def test_a_crop_is_padded_and_not_scaled_and_as_it_is_nothing_is_done() -> None:
    small = card(max_pixels=100 * 100, size_multiple=64)
    view = plan_view(352, 1216, small, fit="unscaled")
    assert (view.photo, view.scaled, view.padded) == ((352, 1216), (352, 1216), (384, 1216))
    assert plan_view(8, 300, small, fit="unscaled").scaled == (32, 1200)  # the network's minimum holds
    view = plan_view(75, 101, small, fit="as_is")
    assert (view.photo, view.scaled, view.padded) == ((75, 101), (75, 101), (75, 101))


def test_the_input_is_normalised_and_padded_by_reflection() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (33, 40, 3)).astype(np.uint8)
    view = plan_view(33, 40, card())
    image = to_network(photo, view)
    assert image.shape == (1, 3, 64, 64)
    assert image.dtype == np.float32
    expected = (photo - np.array(IMAGE_MEAN)) / np.array(IMAGE_STD)
    np.testing.assert_allclose(image[0, :, :33, :40], expected.transpose(2, 0, 1), atol=1e-5)
    np.testing.assert_array_equal(image[0, :, 33], image[0, :, 31])
    np.testing.assert_array_equal(image[0, :, :, 41], image[0, :, :, 37])


def test_the_answer_is_cropped_and_returns_at_the_size_of_the_photo() -> None:
    view = plan_view(750, 2484, card(max_pixels=375 * 1242, size_multiple=32))
    assert view.scaled == (375, 1242)
    ramp = np.tile(np.arange(view.padded[1], dtype=np.float32), (view.padded[0], 1))
    depth = from_network(ramp, view, align_corners=True)
    assert depth.shape == (750, 2484)
    # Corner to corner: the padding beyond column 1241 is gone.
    np.testing.assert_allclose(depth[0, [0, -1]], [0, 1241])


def test_the_focal_length_scales_metric_depth() -> None:
    it = card(train_fx_px=720.0, max_pixels=375 * 1242)
    whole, halved = plan_view(375, 1242, it), plan_view(750, 2484, it)
    assert focal_factor(it, whole, None) == 1
    assert focal_factor(it, whole, 1440.0) == pytest.approx(2)
    # Twice the pixels at twice the focal length is the same camera.
    assert focal_factor(it, halved, 1440.0) == pytest.approx(1)
    for wrong in (0.0, -3.0, math.nan, math.inf):
        with pytest.raises(ConfigError, match="fx must be a focal length of"):
            focal_factor(it, whole, wrong)
