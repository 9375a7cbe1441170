"""Which models this server has: chosen when the app is made, loaded and warmed once it listens."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from server.http.problems import ServiceError, busy
from server.settings import Settings
from tiekd import zoo
from tiekd.card import ModelCard
from tiekd.errors import ConfigError, RunFailedError, TiekdError, UnavailableError, UnknownNameError
from tiekd.methods import METHODS
from tiekd.runtime.engines.open import check_choice, untrained_engine
from tiekd.runtime.predictor import Predictor

log = logging.getLogger("tiekd.server")


@dataclass(slots=True)
class Resident:
    """One model of the server; `predictor` is set when it is warm, `fault` when it could not be loaded."""

    card: ModelCard
    path: Path | None
    predictor: Predictor | None = None
    fault: TiekdError | None = None

    @property
    def untrained(self) -> bool:
        """Whether its weights are random."""
        return self.path is None

    def describe(self) -> dict[str, Any]:
        """The row of `/api/models`."""
        card, engine = self.card, self.predictor.engine if self.predictor else None
        row = next((row for row in zoo.read_zoo() if row.name == card.name), None)
        described: dict[str, Any] = {
            "name": card.name,
            "role": card.role,
            "method": card.method,
            "label": METHODS[card.method].label,
            "family": METHODS[card.method].family,
            "teacher": card.teacher,
            "encoder": card.encoder,
            "architecture": card.architecture,
            "dataset": card.dataset,
            "min_depth_m": card.min_depth_m,
            "max_depth_m": card.max_depth_m,
            "n_bins": card.n_bins,
            "parameters": engine.parameters if engine else row.parameters if row else None,
            "engine": engine.name if engine else None,
            "device": engine.device if engine else None,
            "loaded": engine is not None,
            "metrics": row.measured if row and not self.untrained else {},
            "licence": card.licence,
        }
        described |= {"untrained": True} if self.untrained else {}
        return described | ({"error": "can't be loaded"} if self.fault else {})


class Residency:
    """The models of one server, by name, in the order of the zoo.

    Making it raises the errors of names, files and settings, so that a wrong start ends before it listens.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        check_choice(engine=settings.engine, device=settings.device)
        self.residents: dict[str, Resident] = {}
        for resident in _chosen(settings):
            if resident.card.name in self.residents:
                raise ConfigError(
                    f"Two of the models are called {resident.card.name}.", hint="Leave one of them out."
                )
            self.residents[resident.card.name] = resident

    def load_all(self) -> None:
        """Load and warm every model, one after another; runs in a thread of its own."""
        for name, resident in self.residents.items():
            if self._stop.is_set():
                return
            try:
                resident.predictor = self._load(resident)
            except TiekdError as error:
                resident.fault = error
                log.error("%s can't be loaded: %s %s", name, error, error.hint)
            except Exception as error:  # Out of memory, say. The other models are still to be loaded.
                resident.fault = RunFailedError(str(error))
                log.exception("%s can't be loaded", name)
            else:
                log.info("%s is ready", name)

    def stop(self) -> None:
        """Load nothing more."""
        self._stop.set()

    @property
    def failed(self) -> list[str]:
        """Names of the models that could not be loaded."""
        return [name for name, resident in self.residents.items() if resident.fault is not None]

    @property
    def not_ready(self) -> list[str]:
        """Names of the models that are not warm (yet)."""
        return [name for name, resident in self.residents.items() if resident.predictor is None]

    def get(self, name: str) -> Predictor:
        """The warm model of that name.

        Raises UnknownNameError (with near names), ServiceError 404 for a row of the zoo that this server
        does not serve and 503 while it is being loaded, UnavailableError when that failed.
        """
        resident = self.residents.get(name)
        if resident is None:
            if any(row.name == name for row in zoo.read_zoo()):
                raise ServiceError(
                    f"{name} is a row of the zoo, but this server does not serve it.",
                    status=404,
                    hint=f"It serves {', '.join(self.residents) or 'no model'}.",
                )
            raise UnknownNameError("model", name, self.residents)
        if resident.fault is not None:
            raise UnavailableError(f"{name} can't be loaded.", hint="The server's log says why.")
        if resident.predictor is None:
            raise busy(f"{name} is still being loaded.", retry_after_s=2)
        return resident.predictor

    def _load(self, resident: Resident) -> Predictor:
        device, engine = self._settings.device, self._settings.engine
        if resident.path is None:
            predictor = Predictor(untrained_engine(resident.card.name, device=device))
        else:
            predictor = Predictor(resident.path, device=device, engine=engine)
        predictor(np.full((375, 1242, 3), 127, np.uint8), with_dpm=True)
        return predictor


def _chosen(settings: Settings) -> list[Resident]:
    if settings.models:
        return [_resident(name, untrained=settings.untrained) for name in settings.models]
    found: list[Resident] = []
    for row in zoo.read_zoo():
        path = zoo.find_weights(row)
        if path is not None:
            found.append(_known(row, path))
        elif settings.untrained and row.dataset == "demo":
            found.append(Resident(row.card, None))
    return found


def _resident(name: str, *, untrained: bool) -> Resident:
    row = None if Path(name).is_file() else zoo.row(name)
    if row is not None and untrained and zoo.find_weights(row) is None:
        return Resident(row.card, None)
    path = zoo.resolve(name)
    return Resident(zoo.read_card(path), path)


def _known(row: zoo.ZooRow, path: Path) -> Resident:
    """A row with weights; a damaged file does not keep the others from being served."""
    try:
        zoo.resolve(row.name)
        return Resident(zoo.read_card(path), path)
    except TiekdError as error:
        log.error("%s can't be served: %s %s", row.name, error, error.hint)
        return Resident(row.card, path, fault=error)
