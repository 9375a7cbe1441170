"""Crops of the evaluation protocols and of KITTI's training, as boxes computed from an image's size."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from tiekd.errors import DataError

KB_CROP_SIZE = (352, 1216)
"""Height and width of the KITTI benchmark's crop, in pixels."""
NYU_SIZE = (480, 640)
"""Height and width of NYU's frames, in pixels."""


class Box(NamedTuple):
    """A rectangle of whole pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def region(self) -> tuple[Any, slice, slice]:
        """`array[box.region]` is the rectangle of any `[..., H, W]` array."""
        return (..., slice(self.top, self.top + self.height), slice(self.left, self.left + self.width))


def kb_crop_box(height: int, width: int) -> Box:
    """KITTI benchmark crop: the lowest 352 rows, 1216 columns in the middle (docs/method.md §10.2).

    Raises DataError for an image that is smaller.
    """
    rows, columns = KB_CROP_SIZE
    if height < rows or width < columns:
        raise DataError(
            f"The KITTI crop needs at least {columns}x{rows} pixels, the image is {width}x{height}.",
            hint="Use another crop for images that are not KITTI's.",
        )
    return Box(height - rows, (width - columns) // 2, rows, columns)


def network_box(crop: Literal["kb", "none"], height: int, width: int) -> Box:
    """What a network is shown of `height` x `width` pixels: KITTI's crop or all of them. Raises DataError."""
    return kb_crop_box(height, width) if crop == "kb" else Box(0, 0, height, width)


def garg_crop_box(height: int, width: int) -> Box:
    """Garg et al.'s evaluation crop, by fractions of the array that is evaluated."""
    return _by_fractions(height, width, rows=(0.40810811, 0.99189189))


def eigen_crop_box(height: int, width: int) -> Box:
    """Eigen et al.'s crop: NYU's on an array of 480x640, else KITTI's, by fractions of the array."""
    if (height, width) == NYU_SIZE:
        return nyu_eigen_crop_box(height, width)
    return _by_fractions(height, width, rows=(0.3324324, 0.91351351))


def nyu_eigen_crop_box(height: int, width: int) -> Box:
    """Eigen et al.'s NYU evaluation crop, which is stated in pixels of 480x640.

    Raises DataError for another size.
    """
    if (height, width) != NYU_SIZE:
        raise DataError(
            f"The NYU crop is defined on 640x480 pixels, the image is {width}x{height}.",
            hint="Evaluate NYU at its own size.",
        )
    return Box(45, 41, 471 - 45, 601 - 41)


def _by_fractions(height: int, width: int, *, rows: tuple[float, float]) -> Box:
    top, bottom = (int(share * height) for share in rows)
    left, right = int(0.03594771 * width), int(0.96405229 * width)
    return Box(top, left, bottom - top, right - left)
