"""Padding of a cropped picture to the frame size that a network was trained on.

A network that was trained on whole frames of one camera uses their edges as landmarks. If a crop removes a
little of the frame, as KITTI's crop does (23 rows of sky, 13 columns on either side), the network misjudges
distances. Repeating the edge pixels up to the trained size recovers most of the loss (docs/study.md).
"""

from __future__ import annotations

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

LEAST_SHARE, LARGEST_SHARE = 0.85, 1.05
"""A picture counts as a crop of the frame if height and width are between these shares of the frame's."""


def is_frame(size: tuple[int, int], frame_px: tuple[int, int]) -> bool:
    """Whether a picture of `size` counts as a frame of `frame_px` or a crop of it, both (height, width)."""
    shares = (side / whole for side, whole in zip(size, frame_px, strict=True))
    return all(LEAST_SHARE <= share <= LARGEST_SHARE for share in shares)


class Margins(NamedTuple):
    """Pixels that a crop has removed on each side. The lower edge, next to the camera, is never padded."""

    left: int = 0
    right: int = 0
    top: int = 0

    def added(self, image: Tensor) -> Tensor:
        """Pad `image` `[B, 3, H, W]` by the margins, with repeated edge pixels."""
        return F.pad(image, (self.left, self.right, self.top, 0), mode="replicate") if any(self) else image

    def removed(self, grid: Tensor, size: tuple[int, int], *, stride: int) -> Tensor:
        """Cut the margins off `grid` `[B, C, h, w]`, which has one value per `stride` pixels.

        size: height and width of the picture without margins, in pixels.
        """
        if not any(self):
            return grid
        top, left = self.top // stride, self.left // stride
        # -(-n // stride) rounds up: a last cell that the picture covers only in part is kept.
        return grid[..., top : top - (-size[0] // stride), left : left - (-size[1] // stride)]


def margins(size: tuple[int, int], frame_px: tuple[int, int] | None, *, stride: int) -> Margins:
    """Margins of a picture of `size` inside a frame of `frame_px`, both (height, width) in pixels.

    They are multiples of `stride`, so that they cover whole cells of the network's output. They are zero if
    the network has no frame size or the picture is not a crop of that frame.
    """
    if frame_px is None or not is_frame(size, frame_px):
        return Margins()
    rows, columns = (max(0, whole - side) for side, whole in zip(size, frame_px, strict=True))
    # Crops are centred horizontally, so both sides get the same margin.
    side = round(columns / 2 / stride) * stride
    return Margins(side, side, round(rows / stride) * stride)
