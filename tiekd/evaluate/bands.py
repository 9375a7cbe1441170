"""Errors by true depth. Near and far pixels have different errors, which a mean over all pixels hides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_DENSE = 50_000
"""A number of pixels of ground truth that only dense depth reaches, not a laser scan."""


@dataclass(slots=True)
class _Sums:
    """Sums over the pixels of one range, and a sample of their ratios for the median."""

    n_pixels: int = 0
    relative_error: float = 0.0
    square_error: float = 0.0
    n_close: int = 0
    ratios: list[NDArray[np.float32]] = field(default_factory=list)


class RangeTable:
    """Errors by true depth, over the pixels of all images together."""

    def __init__(self, ranges_m: Sequence[tuple[float, float]]) -> None:
        self.ranges_m = list(ranges_m)
        self._sums = [_Sums() for _ in self.ranges_m]

    def add(self, answer: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.bool_]) -> None:
        """Count the pixels of one image inside `mask`."""
        answer, truth = answer[mask], truth[mask]
        # For a median, every eighth pixel of dense ground truth is enough and needs less memory.
        step = 8 if truth.size > _DENSE else 1
        for (low, high), sums in zip(self.ranges_m, self._sums, strict=True):
            inside = (truth >= low) & (truth < high)
            ratio = answer[inside] / truth[inside]
            sums.n_pixels += ratio.size
            sums.relative_error += float(np.abs(ratio - 1).sum(dtype=np.float64))
            sums.square_error += float(np.square(answer[inside] - truth[inside]).sum(dtype=np.float64))
            sums.n_close += int(np.count_nonzero((ratio < 1.25) & (ratio > 0.8)))
            sums.ratios.append(ratio[::step])

    def rows(self) -> list[dict[str, float]]:
        """One row per range: pixels, AbsRel, RMSE, delta1 and the median of predicted over true depth."""
        table = []
        for (low, high), sums in zip(self.ranges_m, self._sums, strict=True):
            n = sums.n_pixels or math.nan
            ratios = np.concatenate(sums.ratios) if sums.n_pixels else np.full(1, np.nan)
            table.append(
                {
                    "from_m": low,
                    "to_m": high,
                    "n_pixels": float(sums.n_pixels),
                    "abs_rel": sums.relative_error / n,
                    "rmse": math.sqrt(sums.square_error / n),
                    "delta1": sums.n_close / n,
                    "median_ratio": float(np.median(ratios)),
                }
            )
        return table
