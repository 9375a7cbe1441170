"""The target DPM of a photo's depth in numpy, also for models without a DPM (docs/method.md §4).

`tiekd.bins` has the same target for training, in torch. The two agree up to the rounding of float32.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tiekd.errors import ConfigError
from tiekd.runtime.dpm import Distribution, check_inside, entropy
from tiekd.targets import DENSITY_FLOOR, NO_MASS_LOGIT
from tiekd.types import DepthMap, DepthRange

DEFAULT_N_BINS = 257
DEFAULT_SIGMA_M = 0.5
_TABLE_STEPS = 80 * 256


class TargetDpm:
    """The target DPM made from `depth_map.depth_m`, addressed like `PhotoDpm`.

    It depends on the depth alone. Whole maps are therefore read from a table over the depth range, in steps
    of 1/256 m for 80 m. Raises ConfigError for fewer than two bins or a sigma that is not positive.
    """

    def __init__(
        self, depth_map: DepthMap, *, n_bins: int = DEFAULT_N_BINS, sigma_m: float = DEFAULT_SIGMA_M
    ) -> None:
        _check(n_bins=n_bins, sigma_m=sigma_m)
        self.n_bins = n_bins
        self.sigma_m = sigma_m
        self.size = (depth_map.depth_m.shape[0], depth_map.depth_m.shape[1])
        self.bin_edges_m = bin_edges(n_bins, depth_map.depth_range)
        self._depth_m = depth_map.depth_m
        self._span = depth_map.depth_range

    def at(self, x: int, y: int) -> Distribution:
        """The distribution at one pixel."""
        check_inside("x", x, self.size[1])
        check_inside("y", y, self.size[0])
        probability = self._of(self._depth_m[y, x : x + 1])[:, 0].astype(np.float64)
        return Distribution(self.bin_edges_m, probability / probability.sum())

    def section(self, row: int) -> NDArray[np.float32]:
        """Probabilities `[n_bins, W]` along one row of pixels."""
        check_inside("row", row, self.size[0])
        return self._of(self._depth_m[row])

    def slice(self, bin_index: int) -> NDArray[np.float32]:
        """Probability `[H, W]` of one bin everywhere."""
        check_inside("bin", bin_index, self.n_bins)
        depths = self._table()
        return self._look_up(depths, self._of(depths)[bin_index])

    def entropy(self) -> NDArray[np.float32]:
        """Entropy `[H, W]` in nats."""
        depths = self._table()
        return self._look_up(depths, entropy(self._of(depths)))

    def _of(self, depth_m: NDArray[np.float32]) -> NDArray[np.float32]:
        return target_dpm(depth_m, self.bin_edges_m, sigma_m=self.sigma_m)

    def _table(self) -> NDArray[np.float32]:
        return np.linspace(self._span.min_m, self._span.max_m, _TABLE_STEPS + 1, dtype=np.float32)

    def _look_up(self, depths: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.interp(self._depth_m, depths, values).astype(np.float32)


def bin_edges(n_bins: int, depth_range: DepthRange) -> NDArray[np.float32]:
    """Edges `[n_bins + 1]` in metres of bins of equal width over a depth range, nearest first."""
    return np.linspace(depth_range.min_m, depth_range.max_m, n_bins + 1, dtype=np.float32)


def target_dpm(
    depth_m: NDArray[np.float32], bin_edges_m: NDArray[np.float32], *, sigma_m: float
) -> NDArray[np.float32]:
    """Target DPM `[n_bins, N]` of depths `[N]` in metres: softmax of the Gaussian density at the bin centres.

    It is uniform where no bin is near enough to the depth to have mass.
    """
    centers = 0.5 * (bin_edges_m[:-1, None] + bin_edges_m[1:, None])
    density = np.exp(-((centers - depth_m) ** 2) / (2 * sigma_m**2)) / math.sqrt(2 * math.pi * sigma_m**2)
    logits = np.where(density < DENSITY_FLOOR, np.float32(NO_MASS_LOGIT), density)
    mass = np.exp(logits - logits.max(axis=0))
    return np.asarray(mass / mass.sum(axis=0), np.float32)


def _check(*, n_bins: int, sigma_m: float) -> None:
    if n_bins < 2:
        raise ConfigError(f"n_bins must be at least 2, got {n_bins}.", hint="The KITTI students use 257.")
    if not sigma_m > 0:
        raise ConfigError(
            f"sigma_m must be positive, got {sigma_m}.", hint="KITTI uses 0.5 to 0.8 m, NYU 0.15 m."
        )
