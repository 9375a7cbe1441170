"""The flip test of any function from pictures to metres, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from estimator_kit import depth_of, of_pixels

from tiekd.errors import ConfigError
from tiekd.estimators.base import Conversion


def flipped(picture, mirrored, **fields):
    """Depth of an estimator that answers `picture`, and `mirrored` (seen unmirrored) for its mirror image."""
    image = np.zeros((1, len(picture), 3), np.uint8)
    image[0, 0] = 1
    answers = {True: picture, False: mirrored[::-1]}
    estimator = of_pixels(lambda shown: np.array([answers[bool(shown[0, 0, 0])]], np.float32), **fields)
    return depth_of(estimator, image, flip=True)[0].tolist()


def test_answers_are_clamped_before_their_mean():
    infinite = float(Conversion(output="inverse", scale=1.0).to_metres(np.float32(0)))
    assert flipped([20, 10, 90, -4], [infinite, 30, 30, 20]) == [50, 20, 55, 10]
    assert flipped([7, 9], [infinite, 12], far_m=10.0) == [8.5, 9.5]


def test_a_wrong_unit_still_shows_in_the_mean():
    near, far = flipped([-2, 2000], [-4, 4000])
    assert near == -3
    assert far > 80


def test_the_range_is_the_estimators_own_unless_another_is_asked_for():
    assert flipped([60, 1], [200, 1]) == [70, 1]
    assert flipped([60, 1], [200, 1], far_m=100.0) == [80, 1]


def test_the_focal_length_scales_the_mean_of_the_flip_test():
    image = np.zeros((1, 2, 3), np.uint8)
    estimator = of_pixels(lambda shown: np.array([[20, 90]], np.float32), train_fx_px=60.0)
    assert depth_of(estimator, image, flip=True, fx_px=120.0).tolist() == [[100, 100]]
    with pytest.raises(ConfigError, match="for which focal length it is metric"):
        depth_of(of_pixels(lambda shown: shown), image, fx_px=120.0)
