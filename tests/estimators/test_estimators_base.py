"""The flip test of any picture's teacher, by hand."""

from __future__ import annotations

import numpy as np

from tiekd.data.frames import Frame
from tiekd.estimators import PictureTeacher, Teaching
from tiekd.estimators.base import Conversion

FRAME = Frame("a.png", None, None)


def flipped(picture, mirrored, **teaching):
    """Depth of a teacher that says `picture`, and `mirrored` (in the picture's order) of the mirrored one."""
    image = np.zeros((1, len(picture), 3), np.uint8)
    image[0, 0] = 1
    answers = {True: picture, False: mirrored[::-1]}
    teacher = PictureTeacher(
        lambda shown: np.array([answers[bool(shown[0, 0, 0])]], np.float32),
        name="x", digest="", max_depth_m=80.0, train_fx_px=None, teaching=Teaching(flip_tta=True, **teaching),
    )  # fmt: skip
    return teacher.depth(FRAME, image)[0].tolist()


def test_answers_are_clamped_before_their_mean():
    infinite = float(Conversion(output="inverse", scale=1.0).to_metres(np.float32(0)))
    assert flipped([20, 10, 90, -4], [infinite, 30, 30, 20]) == [50, 20, 55, 10]
    assert flipped([7, 9], [infinite, 12], far_m=10.0) == [8.5, 9.5]


def test_a_wrong_unit_still_shows_in_the_mean():
    near, far = flipped([-2, 2000], [-4, 4000])
    assert near == -3
    assert far > 80


def test_the_range_is_the_teachers_own_unless_another_is_asked_for():
    assert flipped([60, 1], [200, 1]) == [70, 1]
    assert flipped([60, 1], [200, 1], far_m=100.0) == [80, 1]
