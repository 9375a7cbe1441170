"""What computes a network: one Protocol, one class per engine, chosen by name and imported when needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tiekd import zoo
from tiekd.card import ModelCard
from tiekd.errors import UnknownNameError

EngineName = Literal["auto", "torch"]
ENGINES: tuple[EngineName, ...] = ("auto", "torch")


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


def check_choice(*, engine: str, device: str) -> None:
    """Raises UnknownNameError and UnavailableError for what is not here, before anything is loaded."""
    _check_engine(engine)
    if device not in {"auto", "cpu"}:  # These are everywhere, so torch need not be asked.
        from tiekd.runtime.torch_engine import pick_device

        pick_device(device)


def open_engine(path: Path, *, engine: str = "auto", device: str = "auto") -> Engine:
    """Load a file of weights. `auto` takes the fastest engine there is for it, and CUDA where present.

    Raises UnknownNameError, UnavailableError for a device that is not there, and CheckpointError.
    """
    _check_engine(engine)
    from tiekd.runtime.torch_engine import TorchEngine

    return TorchEngine.from_file(path, device=device)


def untrained_engine(row_name: str, *, device: str = "auto") -> Engine:
    """The network of a zoo row with random weights, the same on every call; for trying things out.

    Raises UnknownNameError and UnavailableError.
    """
    from tiekd.runtime.torch_engine import TorchEngine

    return TorchEngine.untrained(zoo.row(row_name).name, device=device)


def _check_engine(engine: str) -> None:
    if engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
