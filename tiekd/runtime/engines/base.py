"""The contract of an engine: a network on a device that answers for one normalised image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tiekd.card import ModelCard


@dataclass(frozen=True, slots=True)
class EngineOutput:
    """What an engine answers for one image.

    depth: `[H, W]` float32 metres, clamped to the card's range, at the size of the input.
    dpm: `[n_bins, h, w]` float32 probabilities on the head's grid, or None.
    bin_edges_m: `[n_bins + 1]` float32 metres, or None.
    grid_depth: `[h, w]` float32 metres, `depth` on the head's grid before it was enlarged, where known.
    """

    depth: NDArray[np.float32]
    dpm: NDArray[np.float32] | None = None
    bin_edges_m: NDArray[np.float32] | None = None
    grid_depth: NDArray[np.float32] | None = None


class Engine(Protocol):
    """A network that is loaded and ready on a device; safe to call from one thread at a time."""

    card: ModelCard
    name: str
    device: str
    parameters: int

    def run(self, image: NDArray[np.float32], *, with_dpm: bool) -> EngineOutput:
        """Answer for one normalised image `[1, 3, H, W]` at a size the card allows."""
        ...
