"""The target DPM of a photo's depth in numpy, also for models without a DPM (docs/method.md §4).

`tiekd.bins` has the same target for training, in torch. The two agree up to the rounding of float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tiekd.errors import ConfigError
from tiekd.runtime.dpm import Distribution, check_inside, entropy
from tiekd.targets import (
    DENSITY_FLOOR,
    GAUSSIAN_REACH,
    NO_MASS_LOGIT,
    TargetName,
    check_sigma,
    check_target,
)
from tiekd.types import DepthMap, DepthRange

DEFAULT_N_BINS = 257
DEFAULT_SIGMA_M = 0.5
_TABLE_STEPS = 80 * 256
_TABLE_PARTS = 16
"""A map needs one number of each distribution of the table, so only a part of them is in memory at a time."""
_erfc = np.frompyfunc(math.erfc, 1, 1)


class TargetDpm:
    """The target DPM made from `depth_map.depth_m`, addressed like `PhotoDpm`.

    It depends on the depth alone. Whole maps are therefore read from a table over the depth range, in steps
    of 1/256 m for 80 m. Pixels without a depth (0 or not finite) have no distribution: maps are 0 there.
    Raises ConfigError for fewer than two bins, an unknown target, and a sigma that does not fit the bins.
    """

    def __init__(
        self,
        depth_map: DepthMap,
        *,
        n_bins: int = DEFAULT_N_BINS,
        sigma_m: float = DEFAULT_SIGMA_M,
        target: TargetName = "published",
    ) -> None:
        if n_bins < 2:
            raise ConfigError(f"n_bins must be at least 2, got {n_bins}.", hint="The KITTI students use 257.")
        check_sigma(sigma_m, target, n_bins=n_bins, depth_range=depth_map.depth_range)
        self.n_bins = n_bins
        self.sigma_m = sigma_m
        self.target = target
        self.size = (depth_map.depth_m.shape[0], depth_map.depth_m.shape[1])
        self.bin_edges_m = bin_edges(n_bins, depth_map.depth_range)
        self._depth_m = depth_map.depth_m
        self._known = has_depth(depth_map.depth_m)
        self._span = depth_map.depth_range

    def at(self, x: int, y: int) -> Distribution:
        """The distribution at one pixel. Raises ConfigError where there is no depth."""
        check_inside("x", x, self.size[1])
        check_inside("y", y, self.size[0])
        if not self._known[y, x]:
            raise ConfigError(
                f"There is no depth at x={x}, y={y}, so there is no target DPM.",
                hint="Ask for another pixel.",
            )
        probability = self._of(self._depth_m[y, x : x + 1])[:, 0].astype(np.float64)
        return Distribution(self.bin_edges_m, probability / probability.sum())

    def section(self, row: int) -> NDArray[np.float32]:
        """Probabilities `[n_bins, W]` along one row of pixels."""
        check_inside("row", row, self.size[0])
        known = self._known[row]
        found = self._of(np.where(known, self._depth_m[row], np.float32(self._span.min_m)))
        return np.where(known, found, np.float32(0))

    def slice(self, bin_index: int) -> NDArray[np.float32]:
        """Probability `[H, W]` of one bin everywhere."""
        check_inside("bin", bin_index, self.n_bins)
        return self._map_of(lambda dpm: dpm[bin_index])

    def entropy(self) -> NDArray[np.float32]:
        """Entropy `[H, W]` in nats."""
        return self._map_of(entropy)

    def _of(self, depth_m: NDArray[np.float32]) -> NDArray[np.float32]:
        return target_dpm(depth_m, self.bin_edges_m, sigma_m=self.sigma_m, target=self.target)

    def _map_of(self, value: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> NDArray[np.float32]:
        """A number of the distribution of every pixel, read from the table."""
        depths = np.linspace(self._span.min_m, self._span.max_m, _TABLE_STEPS + 1, dtype=np.float32)
        parts = np.array_split(depths, _TABLE_PARTS)
        values = np.concatenate([value(self._of(part)) for part in parts])
        known = np.where(self._known, self._depth_m, np.float32(self._span.min_m))
        return np.where(self._known, np.interp(known, depths, values), 0).astype(np.float32)


def has_depth(depth_m: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Where a depth is a number above 0."""
    return np.asarray(np.isfinite(depth_m) & (depth_m > 0))


def bin_edges(n_bins: int, depth_range: DepthRange) -> NDArray[np.float32]:
    """Edges `[n_bins + 1]` in metres of bins of equal width over a depth range, nearest first."""
    return np.linspace(depth_range.min_m, depth_range.max_m, n_bins + 1, dtype=np.float32)


def target_dpm(
    depth_m: NDArray[np.float32],
    bin_edges_m: NDArray[np.float32],
    *,
    sigma_m: float,
    target: TargetName = "published",
) -> NDArray[np.float32]:
    """Target DPM `[n_bins, N]` of depths `[N]` in metres, as `tiekd.bins.target_dpm` has it.

    published: softmax of the Gaussian density at the bin centres; uniform where no bin is near enough to the
    depth to have mass. gaussian: mass between the edges; zeros where there is no depth. Raises ConfigError
    for an unknown target.
    """
    if check_target(target) == "gaussian":
        return _gaussian_mass(depth_m, bin_edges_m, sigma_m=sigma_m)
    centers = 0.5 * (bin_edges_m[:-1, None] + bin_edges_m[1:, None])
    density = np.exp(-((centers - depth_m) ** 2) / (2 * sigma_m**2)) / math.sqrt(2 * math.pi * sigma_m**2)
    logits = np.where(density < DENSITY_FLOOR, np.float32(NO_MASS_LOGIT), density)
    mass = np.exp(logits - logits.max(axis=0))
    return np.asarray(mass / mass.sum(axis=0), np.float32)


def _gaussian_mass(
    depth_m: NDArray[np.float32], bin_edges_m: NDArray[np.float32], *, sigma_m: float
) -> NDArray[np.float32]:
    known, edges = has_depth(depth_m), bin_edges_m.astype(np.float64)
    inside = np.where(known, depth_m, edges[0]).clip(edges[0], edges[-1])
    away = (edges[:, None] - inside) / (sigma_m * math.sqrt(2))
    # The tail beyond an edge keeps all digits, also where the normal CDF has rounded to 1 (`tiekd.bins`).
    tail, nearer = np.zeros_like(away), away < 0
    reached = np.abs(away) < GAUSSIAN_REACH / math.sqrt(2)
    tail[reached] = 0.5 * _erfc(np.abs(away[reached])).astype(np.float64)
    mass = np.diff(np.where(nearer, tail, -tail), axis=0) + np.diff(nearer, axis=0)
    mass = mass.clip(0) * known
    total = mass.sum(axis=0)
    return np.asarray(mass / np.where(total > 0, total, 1), np.float32)
