"""Depth stored on the grid of its network: many times smaller, and enlarged in the way of the network.

A comment in the 16-bit PNG states the sizes that this needs, so the file is complete by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs import png, png16
from tiekd.codecs.resample import resize
from tiekd.runtime.preprocess import View, from_network
from tiekd.types import DepthMap

_NOTE = "depth grid over {}x{}, cut to {}x{}, corners {}"
_PATTERN = re.compile(re.sub(r"\\{\\}", r"(\\d+)", re.escape(_NOTE)))
_MOST_PIXELS = 1 << 26


@dataclass(frozen=True, slots=True)
class GridNote:
    """Sizes (height, width) of the padded picture that the grid covers, and of its part that is shown."""

    padded: tuple[int, int]
    shown: tuple[int, int]
    align_corners: bool

    def __str__(self) -> str:
        return _NOTE.format(*self.padded, *self.shown, int(self.align_corners))

    @classmethod
    def read(cls, text: str | None) -> GridNote | None:
        """The note in the comment of a PNG; None for any other comment."""
        found = _PATTERN.fullmatch(text or "")
        if not found:
            return None
        rows, columns, height, width, corners = map(int, found.groups())
        if not (0 < height <= rows and 0 < width <= columns and rows * columns <= _MOST_PIXELS):
            return None
        return cls((rows, columns), (height, width), bool(corners))

    def enlarged(self, stored: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Enlarge depth on the grid `[h, w]` to the shown picture `[H, W]`, both in metres x 256."""
        padded = resize(stored.astype(np.float32), self.padded, align_corners=self.align_corners)
        view = View(self.shown, self.shown, self.padded)
        return np.round(from_network(padded, view, align_corners=self.align_corners)).astype(np.uint16)


def encode_grid(depth: DepthMap) -> bytes | None:
    """A 16-bit PNG of `depth` on the grid of its network; None if the grid cannot be used.

    It cannot be used if the network predicts every pixel, or if it saw the photo at another size.
    """
    grid, padded = depth.grid_depth_m, depth.padded_size
    shown = (depth.depth_m.shape[0], depth.depth_m.shape[1])
    if grid is None or padded is None or depth.network_size != shown or grid.size * 2 > depth.depth_m.size:
        return None
    note = GridNote(padded, shown, depth.align_corners)
    return png.encode_grey16(png16.to_uint16(grid), small=True, note=str(note))
