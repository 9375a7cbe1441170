"""The part of a picture that a network sees: one rule for training, its cache, labels and checks.

A picture is first scaled down and then cropped; labels cover this part. Then a border is trimmed off, and
cells of pixels are averaged. `transforms.see` does these last two steps for all layers of a frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.photo import Photo
from tiekd.codecs.resample import scale_nearest
from tiekd.data.crops import Box, network_box
from tiekd.data.frames import NetworkCrop
from tiekd.errors import DataError

Margins = tuple[int, int, int, int]
"""Pixels at the top, left, bottom and right."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The part of a picture that is seen. The four steps are applied in the order of the fields.

    max_pixels: larger pictures are scaled down to about this number of pixels (None: not scaled). crop: "kb"
    keeps 352x1216 pixels at the bottom centre, "none" the whole frame. trim_px: border that is removed.
    shrink: side of the averaged cells in pixels; rows and columns that do not fill a cell are dropped.
    """

    max_pixels: int | None = None
    crop: NetworkCrop = "none"
    trim_px: Margins = (0, 0, 0, 0)
    shrink: int = 1

    def scaled_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of a picture after scaling. Prediction scales in the same way."""
        most = self.max_pixels
        scale = min(1.0, math.sqrt(most / (height * width))) if most else 1.0
        return max(1, round(height * scale)), max(1, round(width * scale))

    def cut_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of a picture after `cut`. Raises DataError if the crop does not fit."""
        return network_box(self.crop, *self.scaled_size(height, width))[2:]

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the part that is seen. Raises DataError if nothing is left."""
        box = trimmed_box(*self.cut_size(height, width), self.trim_px)
        return box.height // self.shrink, box.width // self.shrink

    def cut(self, photo: Photo | NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Scale down and crop a photo or RGB `[H, W, 3]`. Raises DataError if the crop does not fit."""
        photo = Photo.of(photo)
        image = photo.scaled(self.scaled_size(*photo.size))
        return image[network_box(self.crop, image.shape[0], image.shape[1]).region[1:]]

    def cut_depth(self, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scale down and crop depth `[H, W]`, without mixing surfaces. Raises the errors of `cut`."""
        depth = scale_nearest(depth, self.scaled_size(depth.shape[0], depth.shape[1]))
        return depth[network_box(self.crop, depth.shape[0], depth.shape[1]).region]

    def cut_focal_px(self, focal_px: float, size: tuple[int, int]) -> float:
        """Focal length, in pixels after `cut`, of a picture of `size` (height, width) before it."""
        return self.scaled_size(*size)[1] / size[1] * focal_px


def trimmed_box(height: int, width: int, margins_px: Margins) -> Box:
    """The part of `height` x `width` pixels inside a border. Raises DataError if nothing is left."""
    top, left, bottom, right = margins_px
    if top + bottom >= height or left + right >= width:
        raise DataError(
            f"Nothing is left of a frame of {width}x{height} pixels without its border of {margins_px} (top, "
            "left, bottom, right).",
            hint="Set data.trim_px for frames of this size; [0, 0, 0, 0] leaves them whole.",
        )
    return Box(top, left, height - top - bottom, width - left - right)
