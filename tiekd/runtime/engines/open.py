"""Choosing an engine by name. An engine is imported only when it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tiekd import zoo
from tiekd.errors import UnknownNameError
from tiekd.runtime.engines.base import Engine

EngineName = Literal["auto", "torch"]
ENGINES: tuple[EngineName, ...] = ("auto", "torch")


def check_choice(*, engine: str, device: str) -> None:
    """Raises UnknownNameError and UnavailableError for what is not here, before anything is loaded."""
    _check_engine(engine)
    if device not in {"auto", "cpu"}:  # These are everywhere, so torch need not be asked.
        from tiekd.runtime.engines.torch import pick_device

        pick_device(device)


def open_engine(path: Path, *, engine: str = "auto", device: str = "auto") -> Engine:
    """Load a file of weights. `auto` takes the fastest engine there is for it, and CUDA where present.

    Raises UnknownNameError, UnavailableError for a device that is not there, and CheckpointError.
    """
    _check_engine(engine)
    from tiekd.runtime.engines.torch import TorchEngine

    return TorchEngine.from_file(path, device=device)


def untrained_engine(row_name: str, *, device: str = "auto") -> Engine:
    """The network of a zoo row with random weights, the same on every call; for trying things out.

    Raises UnknownNameError and UnavailableError.
    """
    from tiekd.runtime.engines.torch import TorchEngine

    return TorchEngine.untrained(zoo.row(row_name).name, device=device)


def _check_engine(engine: str) -> None:
    if engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
