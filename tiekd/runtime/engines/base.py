"""The contract of an engine: a network on a device that answers for one normalised image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tiekd.card import ModelCard


@dataclass(frozen=True, slots=True)
class EngineOutput:
    """What an engine answers for one image.

    depth: `[H, W]` float32 metres, clamped to the card's range, at the size of the input.
    dpm: `[n_bins, h, w]` float32 probabilities on the head's grid. None unless it was asked for and the
        network has one.
    bin_edges_m: `[n_bins + 1]` float32 metres, nearest first. None where `dpm` is None.
    grid_depth: `[h, w]` float32 metres, `depth` on the head's grid before it was enlarged. None where the
        engine has no access to it.
    """

    depth: NDArray[np.float32]
    dpm: NDArray[np.float32] | None = None
    bin_edges_m: NDArray[np.float32] | None = None
    grid_depth: NDArray[np.float32] | None = None


@runtime_checkable
class Engine(Protocol):
    """A network that is loaded and ready on a device.

    An engine may be called from any thread, and from several at the same time. The same image always gives
    the same answer, with and without the DPM. The arrays of an answer belong to the caller.

    card: what is known about the weights. name: the engine's name in `tiekd.runtime.engines.table`.
    device: where it computes, such as `cpu` or `cuda:0`. parameters: the size of the network as trained.
    """

    card: ModelCard
    name: str
    device: str
    parameters: int

    def run(self, image: NDArray[np.float32], *, with_dpm: bool) -> EngineOutput:
        """Answer for one normalised image `[1, 3, H, W]`.

        H and W are at least the card's `min_size_px`. Photos come at multiples of its `size_multiple`. A
        picture that is to be labelled comes at any size, and the network itself pads it.
        """
        ...


class EngineType(Protocol):
    """What `tiekd.runtime.engines.table` calls on the class of an engine, not on an instance."""

    def check_device(self, device: str) -> None:
        """Raise UnavailableError when the device of that name is not on this machine."""
        ...

    def from_file(self, path: Path, *, device: str) -> Engine:
        """Open a file of the entry's suffix. Raises CheckpointError, and UnavailableError for the device."""
        ...
