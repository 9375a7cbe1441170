"""Pixels for which a teacher gives no depth: told with their number and place, or filled if there are few."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tiekd.errors import DataError

MOST_FILLED = 0.05
"""Larger shares of a picture are never filled: such a teacher fails on the picture."""


def without_holes(
    depth: NDArray[np.float32], *, far_m: float, fill: bool, what: str
) -> tuple[NDArray[np.float32], int]:
    """Depth `[H, W]` in metres with a depth at every pixel, and how many pixels had none.

    fill: an infinite depth becomes `far_m`; a pixel of NaN, zero or less takes the depth of its nearest
    neighbour in its row, else that of the nearest row. Raises DataError that says after `what` how many
    pixels have no depth and where the first is: without `fill` for any, else for more than MOST_FILLED.
    """
    has_depth = np.isfinite(depth) & (depth > 0)
    n_holes = int(np.count_nonzero(~has_depth))
    if n_holes == 0:
        return depth, 0
    if not fill or n_holes > MOST_FILLED * depth.size:
        row, column = np.argwhere(~has_depth)[0]
        few = f"--clamp fills single pixels, up to {MOST_FILLED:.0%} of a picture."
        raise DataError(
            f"{what}: {n_holes} of {depth.size} have none, the first is {depth[row, column]} at column "
            f"{column}, row {row}.",
            hint=f"Its weights or its declared scale may be wrong; try it on one picture. {few}",
        )
    return _filled(np.where(np.isposinf(depth), np.float32(far_m), depth)), n_holes


def _filled(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depth with the nearest one at each pixel that has none."""
    has_depth = np.isfinite(depth) & (depth > 0)
    columns = _nearest(has_depth)
    by_row = np.take_along_axis(depth, columns, axis=1)
    rows = _nearest(np.any(has_depth, axis=1, keepdims=True).T)[0]
    return np.ascontiguousarray(by_row[rows])


def _nearest(given: NDArray[np.bool_]) -> NDArray[np.intp]:
    """For each place of each row `[R, N]` of `given` the nearest one that is given; any where none is."""
    places = np.broadcast_to(np.arange(given.shape[1]), given.shape)
    before = np.maximum.accumulate(np.where(given, places, -1), axis=1)
    after = np.minimum.accumulate(np.where(given, places, 2 * given.shape[1])[:, ::-1], axis=1)[:, ::-1]
    nearer_before = (before >= 0) & (places - before <= after - places)
    chosen = np.where(nearer_before, before, after)
    return np.where(chosen < given.shape[1], chosen, 0)
