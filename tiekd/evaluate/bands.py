"""Errors by true depth: near and far fail differently, and a mean over pixels hides it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_DENSE = 50_000
"""More pixels of ground truth than a laser scan has."""


class RangeTable:
    """Errors by true depth, over the pixels of all images together."""

    def __init__(self, ranges_m: Sequence[tuple[float, float]]) -> None:
        self.ranges_m = list(ranges_m)
        self._ratios: list[list[NDArray[np.float32]]] = [[] for _ in self.ranges_m]
        self._square_error = [0.0] * len(self.ranges_m)

    def add(self, answer: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.bool_]) -> None:
        """Count the pixels of one image where `mask`."""
        answer, truth = answer[mask], truth[mask]
        for index, (low, high) in enumerate(self.ranges_m):
            inside = (truth >= low) & (truth < high)
            # Every eighth pixel of dense ground truth is plenty and keeps memory small.
            step = 8 if truth.size > _DENSE else 1
            self._ratios[index].append((answer[inside] / truth[inside])[::step])
            self._square_error[index] += float(np.square(answer[inside] - truth[inside])[::step].sum())

    def rows(self) -> list[dict[str, float]]:
        """One row per range: pixels, AbsRel, RMSE, delta1 and the median of predicted over true depth."""
        table = []
        for (low, high), parts, squares in zip(self.ranges_m, self._ratios, self._square_error, strict=True):
            ratio = np.concatenate(parts) if parts else np.empty(0, np.float32)
            row = {"from_m": low, "to_m": high, "n_pixels": float(ratio.size)}
            found = ratio.size > 0
            row["abs_rel"] = float(np.abs(ratio - 1).mean()) if found else math.nan
            row["rmse"] = math.sqrt(squares / ratio.size) if found else math.nan
            row["delta1"] = float(((ratio < 1.25) & (ratio > 0.8)).mean()) if found else math.nan
            row["median_ratio"] = float(np.median(ratio)) if found else math.nan
            table.append(row)
        return table
