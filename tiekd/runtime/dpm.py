"""Reading a depth probability map (DPM) at the pixels of a photo, without resizing all of it.

The grid of the network is stretched over the photo exactly as the depth is. The expectation of the
distribution at a pixel is therefore the depth of that pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.resample import resize, taps
from tiekd.errors import ConfigError
from tiekd.types import DepthMap


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution over depth at one pixel.

    bin_edges_m: `[n_bins + 1]` metres. probability: `[n_bins]`, sums to 1.
    """

    bin_edges_m: NDArray[np.float32]
    probability: NDArray[np.float64]

    @property
    def centers_m(self) -> NDArray[np.float64]:
        """Bin centres `[n_bins]` in metres."""
        edges = self.bin_edges_m.astype(np.float64)
        return 0.5 * (edges[:-1] + edges[1:])

    @property
    def expectation_m(self) -> float:
        """Expected depth in metres."""
        return float(self.probability @ self.centers_m)

    @property
    def mode_m(self) -> float:
        """Centre of the most probable bin in metres."""
        return float(self.centers_m[self.probability.argmax()])

    @property
    def entropy_nats(self) -> float:
        """Shannon entropy in nats."""
        return float(entropy(self.probability))


class PhotoDpm:
    """The DPM of a `DepthMap`, addressed by pixels of the photo: x to the right, y down, both from 0.

    Raises ConfigError when the depth map has no DPM, and for a pixel, row or bin that does not exist.
    """

    def __init__(self, depth_map: DepthMap) -> None:
        if depth_map.dpm is None or depth_map.bin_edges_m is None:
            raise ConfigError(
                f"{depth_map.model} has no distribution over depth of its own.",
                hint="Ask for the target DPM instead (source=target).",
            )
        if depth_map.network_size is None or depth_map.padded_size is None:
            raise ConfigError(
                "The depth map does not say which size the network saw.", hint="Use a Predictor."
            )
        self._dpm = depth_map.dpm
        self._scaled, self._padded = depth_map.network_size, depth_map.padded_size
        self._align = depth_map.align_corners
        self.bin_edges_m = depth_map.bin_edges_m
        self.size = (depth_map.depth_m.shape[0], depth_map.depth_m.shape[1])

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return int(self._dpm.shape[0])

    def at(self, x: int, y: int) -> Distribution:
        """The distribution at one pixel."""
        check_inside("x", x, self.size[1])
        check_inside("y", y, self.size[0])
        probability = self._rows(y) @ self._weights(1, x)
        return Distribution(self.bin_edges_m, probability / probability.sum())

    def section(self, row: int) -> NDArray[np.float32]:
        """Probabilities `[n_bins, W]` along one row of pixels."""
        check_inside("row", row, self.size[0])
        line = self._rows(row).astype(np.float32)[:, None, :]
        return self._stretch_columns(line)[:, 0]

    def slice(self, bin_index: int) -> NDArray[np.float32]:
        """Probability `[H, W]` of one bin everywhere."""
        check_inside("bin", bin_index, self.n_bins)
        return self._to_photo(self._dpm[bin_index])

    def entropy(self) -> NDArray[np.float32]:
        """Entropy `[H, W]` in nats, computed on the network's grid and then stretched over the photo."""
        return self._to_photo(entropy(self._dpm))

    def _rows(self, y: int) -> NDArray[np.float64]:
        weights = self._weights(0, y)
        used = np.flatnonzero(weights)
        picked = self._dpm[:, used].astype(np.float64)
        return np.asarray(np.einsum("nhw,h->nw", picked, weights[used]))

    def _weights(self, axis: int, index: int) -> NDArray[np.float64]:
        """The weights of the grid's rows (axis 0) or columns (axis 1) for one row or column of the photo."""
        to_photo = taps(self._scaled[axis], self.size[axis], align_corners=self._align)
        to_network = taps(self._dpm.shape[1 + axis], self._padded[axis], align_corners=self._align)
        n_grid = self._dpm.shape[1 + axis]
        share = float(to_photo.share[index])
        near = to_network.row(int(to_photo.low[index]), n_grid).astype(np.float64)
        far = to_network.row(int(to_photo.high[index]), n_grid)
        return near * (1 - share) + far * share

    def _stretch_columns(self, line: NDArray[np.float32]) -> NDArray[np.float32]:
        wide = resize(line, (line.shape[1], self._padded[1]), align_corners=self._align)
        inside = wide[..., : self._scaled[1]]
        return resize(inside, (line.shape[1], self.size[1]), align_corners=self._align)

    def _to_photo(self, grid: NDArray[np.float32]) -> NDArray[np.float32]:
        shown = resize(grid, self._padded, align_corners=self._align)
        return resize(shown[: self._scaled[0], : self._scaled[1]], self.size, align_corners=self._align)


def entropy(dpm: NDArray[np.floating]) -> NDArray[np.float32]:
    """Shannon entropy in nats over the first axis of `dpm` `[n_bins, ...]`."""
    return np.asarray(-(dpm * np.log(np.maximum(dpm, 1e-30))).sum(axis=0), np.float32)


def check_inside(name: str, value: int, size: int) -> None:
    """Raise ConfigError unless `0 <= value < size`."""
    if not 0 <= value < size:
        raise ConfigError(f"{name}={value} is outside 0..{size - 1}.", hint="Pixels and bins count from 0.")
