"""Boxes of the protocols, and errors for images of another size."""

from __future__ import annotations

import numpy as np
import pytest

from tiekd.data.crops import Box, eigen_crop_box, garg_crop_box, kb_crop_box, nyu_eigen_crop_box
from tiekd.errors import DataError


def test_a_box_cuts_any_array_with_height_and_width():
    array = np.arange(2 * 5 * 6).reshape(2, 5, 6)
    cut = array[Box(top=1, left=2, height=3, width=4).region]
    assert np.array_equal(cut, array[:, 1:4, 2:6])


def test_kb_crop_is_the_lowest_rows_and_middle_columns():
    assert kb_crop_box(375, 1242) == (23, 13, 352, 1216)
    assert kb_crop_box(352, 1216) == (0, 0, 352, 1216)
    for size in ((351, 1242), (375, 1215)):
        with pytest.raises(DataError, match="at least 1216x352 pixels"):
            kb_crop_box(*size)


def test_boxes_on_kittis_full_image_are_the_usual_ones():
    assert garg_crop_box(375, 1242) == (153, 44, 371 - 153, 1197 - 44)
    assert eigen_crop_box(375, 1242) == (124, 44, 342 - 124, 1197 - 44)


def test_the_nyu_box_has_one_size():
    assert nyu_eigen_crop_box(480, 640) == (45, 41, 426, 560)
    with pytest.raises(DataError, match="image is 320x240"):
        nyu_eigen_crop_box(240, 320)
