"""What part of a picture is seen: one rule for training, its cache, labels and whoever asks for sizes.

A picture is scaled down, then cut; that part is what labels cover. Then a border is trimmed off, and cells of
pixels are averaged. `transforms.see` does the last two, to all layers of a frame alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.resample import scale_nearest, scale_photo
from tiekd.data.crops import Box, network_box
from tiekd.data.frames import NetworkCrop
from tiekd.errors import DataError

Margins = tuple[int, int, int, int]
"""Pixels at the top, left, bottom and right."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a picture is seen, in the order in which the four are applied.

    `max_pixels`: a larger picture is scaled down to about so many (None: not scaled). `crop`: "kb" is the
    bottom-centred 352x1216, "none" the whole frame. `trim_px`: a border that is taken off. `shrink`: the side
    in pixels of the cells that are averaged; rows and columns that fill no cell are dropped.
    """

    max_pixels: int | None = None
    crop: NetworkCrop = "none"
    trim_px: Margins = (0, 0, 0, 0)
    shrink: int = 1

    def scaled_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of a picture once it is scaled down, as prediction does it."""
        most = self.max_pixels
        scale = min(1.0, math.sqrt(most / (height * width))) if most else 1.0
        return max(1, round(height * scale)), max(1, round(width * scale))

    def cut_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of what `cut` leaves of a picture. Raises DataError where the crop does not fit."""
        return network_box(self.crop, *self.scaled_size(height, width))[2:]

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of what is seen in the end. Raises DataError where nothing is left."""
        box = trimmed_box(*self.cut_size(height, width), self.trim_px)
        return box.height // self.shrink, box.width // self.shrink

    def cut(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """RGB `[H, W, 3]` scaled down and cut. Raises DataError where the crop does not fit."""
        image = scale_photo(image, self.scaled_size(image.shape[0], image.shape[1]))
        return image[network_box(self.crop, image.shape[0], image.shape[1]).region[1:]]

    def cut_depth(self, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth `[H, W]` scaled down without mixing surfaces, and cut. Raises what `cut` raises."""
        depth = scale_nearest(depth, self.scaled_size(depth.shape[0], depth.shape[1]))
        return depth[network_box(self.crop, depth.shape[0], depth.shape[1]).region]

    def cut_focal_px(self, focal_px: float, size: tuple[int, int]) -> float:
        """The focal length of what `cut` leaves of a picture of `size` (height, width), in its own pixels."""
        return self.scaled_size(*size)[1] / size[1] * focal_px


def trimmed_box(height: int, width: int, margins_px: Margins) -> Box:
    """What is left of `height` x `width` pixels without a border. Raises DataError if that is nothing."""
    top, left, bottom, right = margins_px
    if top + bottom >= height or left + right >= width:
        raise DataError(
            f"Nothing is left of a frame of {width}x{height} pixels without its border of {margins_px} (top, "
            "left, bottom, right).",
            hint="Set data.trim_px for frames of this size; [0, 0, 0, 0] leaves them whole.",
        )
    return Box(top, left, height - top - bottom, width - left - right)
