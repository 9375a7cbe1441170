"""Whether the numbers of stored depth can be metres in the scale in which they are read.

BTS, AdaBins and others store results on NYU as millimetres and those on KITTI as metres x 256. In a wrong
scale every metric is wrong, and nothing else shows it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tiekd.errors import DataError
from tiekd.estimators.stored import StoredAt

USUAL_SCALES = (1.0, 100.0, 256.0, 1000.0, 5000.0, 10_000.0, 65535 / 80, 65535 / 10)
"""Stored number per metre: metres, centimetres, KITTI, millimetres, TUM and others, the authors' labels."""
_EARLY = 8
"""After so many frames it is looked for the first time, so that nobody waits for the rest."""
_MOSTLY = 0.5
_FAR_OFF, _FITS = 2.5, 1.5
"""Factors between the medians of prediction and truth: one that no usable prediction has, and one within
which a scale is the likely one."""


@dataclass(slots=True)
class UnitCheck:
    """Compares stored depth with the truth at the pixels that count. `max_depth_m`: that of the protocol."""

    max_depth_m: float
    n_pixels: int = 0
    n_beyond: int = 0
    medians: list[tuple[float, float]] = field(default_factory=list)
    read_at: list[StoredAt] = field(default_factory=list)

    def add(self, depth_m: NDArray[np.float32], truth_m: NDArray[np.float32], read_at: StoredAt) -> None:
        """Count the pixels `[N]` of one frame, some of which have depth. Raises what `check` raises."""
        known = depth_m > 0
        self.n_pixels += int(np.count_nonzero(known))
        self.n_beyond += int(np.count_nonzero(depth_m > self.max_depth_m))
        self.medians.append((float(np.median(depth_m[known])), float(np.median(truth_m[known]))))
        self.read_at.append(read_at)
        if len(self.medians) == _EARLY:
            self.check()

    def check(self) -> None:
        """Raise DataError if the numbers can't be metres: most of them lie beyond the range, or they are far
        off the truth and a usual scale would fit. Only the first counts where the user has stated the scale.
        """
        found_m, true_m = (median(values) for values in zip(*self.medians, strict=True))
        beyond, factor = self.n_beyond / self.n_pixels, found_m / true_m
        read_at = self.read_at[0]
        fitting = _fitting(factor * read_at.scale, besides=read_at.scale)
        is_far_off = not 1 / _FAR_OFF <= factor <= _FAR_OFF
        if beyond <= _MOSTLY and (read_at.is_stated or not is_far_off or not fitting):
            return
        share = f", and {beyond:.0%} of the pixels that count lie beyond {self.max_depth_m:g} m"
        fits = f"{' or '.join(f'{read_at.stated_by}{scale:.8g}' for scale in fitting)} would fit."
        raise DataError(
            f"Read as metres x {read_at.scale:.8g}, the predictions have a median of {found_m:.3g} m where "
            f"the ground truth has {true_m:.3g} m{share if beyond > _MOSTLY else ''}.",
            hint=f"{fits if fitting else 'No usual scale fits; they may be no depth, or of other frames.'} "
            f"State the number that is stored for one metre: {read_at.stated_by}S.",
        )


def _fitting(true_scale: float, *, besides: float) -> list[float]:
    """The usual scales near the one that would bring the medians together, the nearest first."""
    far = {scale: abs(math.log(true_scale / scale)) for scale in USUAL_SCALES if scale != besides}
    return sorted((scale for scale in far if far[scale] <= math.log(_FITS)), key=far.__getitem__)
