"""A picture set into the frame that a network knows.

A network that was trained on whole frames of one camera knows its way by their edges. Cut a little off, as
KITTI's crop does (23 rows of sky, 13 columns at either side), and it misjudges distances; repeat the edge
pixels up to the size it knows, and it sees the street as it learned to.
"""

from __future__ import annotations

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

LEAST_SHARE, LARGEST_SHARE = 0.85, 1.05
"""Pictures of these shares of a frame's height and width are taken for a part of one."""


class Margins(NamedTuple):
    """Pixels that a picture lacks; none at the lower edge, where the street meets the camera."""

    left: int = 0
    right: int = 0
    top: int = 0

    def added(self, image: Tensor) -> Tensor:
        """`image` `[B, 3, H, W]` with its edges repeated over the margins."""
        return F.pad(image, (self.left, self.right, self.top, 0), mode="replicate") if any(self) else image

    def removed(self, grid: Tensor, size: tuple[int, int], *, stride: int) -> Tensor:
        """The part of `grid` `[B, C, h, w]`, one value per `stride` pixels, over the picture of `size`."""
        if not any(self):
            return grid
        top, left = self.top // stride, self.left // stride
        return grid[..., top : top - (-size[0] // stride), left : left - (-size[1] // stride)]


def margins(size: tuple[int, int], frame_px: tuple[int, int] | None, *, stride: int) -> Margins:
    """What a picture of `size` (height, width) lacks of a frame, in whole steps of `stride` pixels."""
    if frame_px is None:
        return Margins()
    shares = [side / whole for side, whole in zip(size, frame_px, strict=True)]
    if not all(LEAST_SHARE <= share <= LARGEST_SHARE for share in shares):
        return Margins()
    rows, columns = (max(0, whole - side) for side, whole in zip(size, frame_px, strict=True))
    side = round(columns / 2 / stride) * stride
    return Margins(side, side, round(rows / stride) * stride)
