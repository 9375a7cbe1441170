"""Resizing: bilinear as networks do it, and by Pillow for pictures and for depth on disk.

The first is `torch.nn.functional.interpolate` in numpy, written as two sparse matrices. Every row of a `Taps`
names two source positions and the share of the second. Two resizes in a row compose, so that the distribution
under one pixel of a photo can be read without resizing all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Number = TypeVar("Number", np.uint8, np.float32)
_REDUCING_GAP = 3.0
"""Where a picture shrinks by more than this, Pillow averages whole blocks first: faster, and nearly equal."""
_ROWS_AT_ONCE = 512
"""A photo of many megapixels is resized in strips, so that no copy of all of it is needed."""


@dataclass(frozen=True, slots=True)
class Taps:
    """One axis of a bilinear resize: output i = (1 - share[i]) * in[low[i]] + share[i] * in[high[i]]."""

    low: NDArray[np.intp]
    high: NDArray[np.intp]
    share: NDArray[np.float32]

    def row(self, index: int, n_in: int) -> NDArray[np.float32]:
        """Weights `[n_in]` of the output at `index`; they sum to 1."""
        weights = np.zeros(n_in, np.float32)
        weights[self.low[index]] += 1 - self.share[index]
        weights[self.high[index]] += self.share[index]
        return weights


def taps(n_in: int, n_out: int, *, align_corners: bool) -> Taps:
    """The taps that resize `n_in` samples to `n_out`."""
    out = np.arange(n_out, dtype=np.float64)
    if align_corners:
        at = out * ((n_in - 1) / (n_out - 1)) if n_out > 1 else np.zeros(1)
    else:
        at = np.maximum((out + 0.5) * (n_in / n_out) - 0.5, 0)
    low = np.minimum(at.astype(np.intp), n_in - 1)
    high = np.minimum(low + 1, n_in - 1)
    return Taps(low, high, (at - low).astype(np.float32))


def resize(values: NDArray[np.float32], size: tuple[int, int], *, align_corners: bool) -> NDArray[np.float32]:
    """`values` `[..., h, w]` resized to `[..., H, W]`, `size` = (H, W)."""
    if values.shape[-2:] == size:
        return values
    rows = taps(values.shape[-2], size[0], align_corners=align_corners)
    columns = taps(values.shape[-1], size[1], align_corners=align_corners)
    resized = np.empty((*values.shape[:-2], *size), np.float32)
    for start in range(0, size[0], _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        share = rows.share[part, None]
        tall = values[..., rows.low[part], :] * (1 - share) + values[..., rows.high[part], :] * share
        left = tall.take(columns.low, axis=-1)
        right = tall.take(columns.high, axis=-1)
        right -= left
        right *= columns.share
        np.add(left, right, out=resized[..., part, :])
    return resized


def scale_photo(
    image: NDArray[np.uint8],
    size: tuple[int, int],
    *,
    in_one_step: bool = False,
    box: tuple[float, float, float, float] | None = None,
) -> NDArray[np.uint8]:
    """RGB `[H, W, 3]` at `size` (height, width), averaged where it becomes smaller.

    `in_one_step` filters all pixels at once; else whole blocks are averaged first, which is faster. `box`
    (left, top, right, bottom) is the part of the image that is scaled, default all of it.
    """
    if image.shape[:2] == size and box is None:
        return image
    gap = None if in_one_step else _REDUCING_GAP
    scaled = Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR, box, gap)
    return np.asarray(scaled)


def scale_nearest(values: NDArray[Number], size: tuple[int, int]) -> NDArray[Number]:
    """Depth `[H, W]` or RGB `[H, W, 3]` at `size` (height, width), without mixing pixels."""
    if values.shape[:2] == size:
        return values
    return np.asarray(
        Image.fromarray(values).resize(size[::-1], Image.Resampling.NEAREST), dtype=values.dtype
    )


def enlarge_cells(values: NDArray[np.float32], size: tuple[int, int], *, cell_px: int) -> NDArray[np.float32]:
    """`values` `[h, w]`, one per cell of `cell_px` pixels, stretched (bilinear) to `size` (height, width).

    The last cells may reach beyond `size`; that part is left out.
    """
    covered = (0, 0, size[1] / cell_px, size[0] / cell_px)
    stretched = Image.fromarray(values).resize(size[::-1], Image.Resampling.BILINEAR, box=covered)
    return np.asarray(stretched, dtype=np.float32)
