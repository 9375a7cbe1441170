"""The engines there are. One entry is all that the rest of the code knows of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from tiekd.errors import UnavailableError, UnknownNameError
from tiekd.runtime.engines.base import EngineType

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """One engine.

    name: as users write it. implementation: `module:class`, imported when the engine is first needed.
    package: what must be installed for it. install: the command for that. suffix: of the files that it opens.
    devices: kinds of device that it can use. precisions: the number formats that it can compute in.
    """

    name: str
    implementation: str
    package: str
    install: str
    suffix: str
    devices: tuple[str, ...]
    precisions: tuple[str, ...]

    def load(self) -> EngineType:
        """The engine's class. Raises UnavailableError when its package is not installed."""
        module, _, name = self.implementation.partition(":")
        try:
            return cast("EngineType", getattr(import_module(module), name))
        except ModuleNotFoundError as error:
            if error.name != self.package:
                raise
            raise UnavailableError(
                f"The engine {self.name} needs {self.package}, which is not installed.",
                hint=f"Install it: {self.install}",
            ) from error

    def check_device(self, device: str) -> None:
        """Raise UnavailableError for a device that the engine can't use or that is not on this machine."""
        kind = device.partition(":")[0]
        if kind not in {AUTO, *self.devices}:
            raise UnavailableError(
                f"The engine {self.name} has no device {device!r}.",
                hint=f"Use {', '.join((AUTO, *self.devices[:-1]))} or {self.devices[-1]}.",
            )
        if device not in {AUTO, "cpu"}:  # Those two are on every machine. The package need not be imported.
            self.load().check_device(device)

    def check_precision(self, precision: str) -> None:
        """Raise UnknownNameError for a number format that the engine can't compute in."""
        if precision not in self.precisions:
            raise UnknownNameError(f"precision of the engine {self.name}", precision, self.precisions)


ENGINES: tuple[EngineEntry, ...] = (
    EngineEntry(
        name="torch",
        implementation="tiekd.runtime.engines.torch:TorchEngine",
        package="torch",
        install="pip install torch",
        suffix=".safetensors",
        devices=("cpu", "cuda", "mps"),
        precisions=("fp32",),
    ),
)
"""Every engine, the preferred one first."""


def find_entry(name: str, *, path: Path | None = None) -> EngineEntry:
    """The entry of that name. `auto` is the first engine that opens files like `path`, else the first of all.

    Raises UnknownNameError, which suggests near names.
    """
    if name == AUTO:
        fitting = (entry for entry in ENGINES if path is not None and path.suffix == entry.suffix)
        return next(fitting, ENGINES[0])
    for entry in ENGINES:
        if entry.name == name:
            return entry
    raise UnknownNameError("engine", name, (AUTO, *(entry.name for entry in ENGINES)))
