"""Opening a network on an engine that is chosen by name."""

from __future__ import annotations

from pathlib import Path

from tiekd import zoo
from tiekd.runtime.engines.base import Engine
from tiekd.runtime.engines.table import AUTO, find_entry

DEFAULT_PRECISION = "fp32"


def check_choice(*, engine: str, device: str) -> None:
    """Check the names of an engine and a device before anything is loaded.

    Raises UnknownNameError for an engine that does not exist and UnavailableError for a device that is not on
    this machine.
    """
    find_entry(engine).check_device(device)


def open_engine(
    name_or_path: str | Path,
    *,
    engine: str = AUTO,
    device: str = AUTO,
    precision: str = DEFAULT_PRECISION,
) -> Engine:
    """Open a zoo row or a file of weights.

    `engine="auto"` takes the engine that the file is for; `device="auto"` takes CUDA where present, else the
    CPU. Raises UnknownNameError for a name that does not exist, WeightsUnavailableError when the row's
    weights are not on this machine, UnavailableError when the engine's package or the device is not, and
    CheckpointError.
    """
    find_entry(engine)  # A wrong name is found before the weights are looked for.
    path = zoo.resolve(name_or_path)
    entry = find_entry(engine, path=path)
    entry.check_precision(precision)
    entry.check_device(device)
    return entry.load().from_file(path, device=device)


def untrained_engine(row_name: str, *, device: str = AUTO) -> Engine:
    """The network of a zoo row with random weights, which are the same on every call, for trying things out.

    Raises UnknownNameError and UnavailableError.
    """
    name = zoo.row(row_name).name
    entry = find_entry("torch")
    entry.check_device(device)
    entry.load()  # Says what to install where torch is missing.
    from tiekd.runtime.engines.torch import TorchEngine

    return TorchEngine.untrained(name, device=device)
