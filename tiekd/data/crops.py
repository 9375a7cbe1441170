"""Crops of training and evaluation (docs/method.md §10.2, §13.3), as boxes by the size of an image."""

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
        """Index of the rectangle: `array[box.region]` works for any array `[..., H, W]`."""
        return (..., slice(self.top, self.top + self.height), slice(self.left, self.left + self.width))


def kb_crop_box(height: int, width: int) -> Box:
    """The KITTI benchmark crop: the lowest 352 rows and the middle 1216 columns (docs/method.md §10.2).

    Raises DataError for a smaller image.
    """
    rows, columns = KB_CROP_SIZE
    if height < rows or width < columns:
        raise DataError(
            f"The KITTI crop needs at least {columns}x{rows} pixels, the image is {width}x{height}.",
            hint="Use another crop for images that are not KITTI's.",
        )
    return Box(height - rows, (width - columns) // 2, rows, columns)


def network_box(crop: Literal["kb", "none"], height: int, width: int) -> Box:
    """The part of `height` x `width` pixels that a network gets: KITTI's crop or all.

    Raises DataError for an image that is smaller than the crop.
    """
    return kb_crop_box(height, width) if crop == "kb" else Box(0, 0, height, width)


def garg_crop_box(height: int, width: int) -> Box:
    """The evaluation crop of Garg et al., by fractions of the evaluated array (docs/method.md §13.3)."""
    return _by_fractions(height, width, rows=(0.40810811, 0.99189189))


def eigen_crop_box(height: int, width: int) -> Box:
    """The evaluation crop of Eigen et al.: the one of NYU for 480x640 pixels, otherwise the one of KITTI.

    That of KITTI goes by fractions of the evaluated array (docs/method.md §13.3).
    """
    if (height, width) == NYU_SIZE:
        return nyu_eigen_crop_box(height, width)
    return _by_fractions(height, width, rows=(0.3324324, 0.91351351))


def nyu_eigen_crop_box(height: int, width: int) -> Box:
    """The NYU evaluation crop of Eigen et al., which is defined in pixels of 480x640.

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
