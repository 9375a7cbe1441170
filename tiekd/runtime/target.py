"""The target DPM of a photo's depth: what a student would be taught there, for models without a DPM too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tiekd.errors import UnavailableError
from tiekd.runtime.dpm import Distribution, check_inside, entropy
from tiekd.types import DepthMap

if TYPE_CHECKING:
    from torch import Tensor

DEFAULT_N_BINS = 257
DEFAULT_SIGMA_M = 0.5
_TABLE_STEPS = 80 * 256


class TargetDpm:
    """The target DPM made from `depth_map.depth_m` (docs/method.md §4), addressed like `PhotoDpm`.

    It depends on the depth alone, so whole maps are looked up in a table over the depth range, in steps of
    1/256 m for 80 m. Raises ConfigError for a sigma that is not positive, UnavailableError without torch.
    """

    def __init__(
        self, depth_map: DepthMap, *, n_bins: int = DEFAULT_N_BINS, sigma_m: float = DEFAULT_SIGMA_M
    ) -> None:
        try:
            from tiekd.bins import DepthBins
        except ImportError as error:
            raise UnavailableError("The target DPM needs torch.", hint="Install tiekd with torch.") from error
        self.n_bins = n_bins
        self.sigma_m = sigma_m
        self.size = (depth_map.depth_m.shape[0], depth_map.depth_m.shape[1])
        self._depth_m = depth_map.depth_m
        self._span = depth_map.depth_range
        self._edges: Tensor = DepthBins(n_bins, depth_map.depth_range).edges()
        self.bin_edges_m: NDArray[np.float32] = self._edges.numpy()
        self._of(self._depth_m[:1, :1].ravel())  # Tells at once that a sigma is wrong.

    def at(self, x: int, y: int) -> Distribution:
        """The distribution under one pixel."""
        check_inside("x", x, self.size[1])
        check_inside("y", y, self.size[0])
        probability = self._of(self._depth_m[y, x : x + 1])[:, 0].astype(np.float64)
        return Distribution(self.bin_edges_m, probability / probability.sum())

    def section(self, row: int) -> NDArray[np.float32]:
        """Probabilities `[n_bins, W]` under one row of pixels."""
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
        """Target DPM `[n_bins, N]` of depths `[N]`."""
        import torch

        from tiekd.bins import target_dpm

        depth = torch.from_numpy(np.array(depth_m, np.float32)).view(1, 1, 1, -1)
        dpm = target_dpm(depth, self._edges, sigma_m=self.sigma_m)[0, :, 0]
        return np.asarray(dpm.numpy(), np.float32)

    def _table(self) -> NDArray[np.float32]:
        return np.linspace(self._span.min_m, self._span.max_m, _TABLE_STEPS + 1, dtype=np.float32)

    def _look_up(self, depths: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.interp(self._depth_m, depths, values).astype(np.float32)
