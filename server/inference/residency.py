"""Which models this server has: chosen when it is made, loaded and warmed once it listens."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from server.inference.errors import LoadFailedError, NotReadyError, NotServedError
from server.settings import Settings
from tiekd import zoo
from tiekd.card import ModelCard
from tiekd.datasets import DEMO
from tiekd.errors import (
    CheckpointError,
    ChecksumError,
    ConfigError,
    DataError,
    NotFiniteError,
    NotFoundError,
    RunFailedError,
    TiekdError,
    UnavailableError,
    WeightsUnavailableError,
)
from tiekd.estimators import NetworkEstimator, Picture, open_network, untrained_network
from tiekd.methods import METHODS
from tiekd.runtime.engines.open import check_choice
from tiekd.types import DepthMap

log = logging.getLogger("tiekd.server")


@dataclass(slots=True)
class Resident:
    """One model of the server; `network` is set when it is warm, `fault` when it can't be loaded.

    row: the row of the zoo that was asked for; None for a file that was named by its path.
    """

    card: ModelCard
    path: Path | None
    row: zoo.ZooRow | None = None
    network: NetworkEstimator | None = None
    fault: TiekdError | None = None

    @property
    def untrained(self) -> bool:
        """Whether its weights are random."""
        return self.path is None

    def describe(self) -> dict[str, Any]:
        """What clients learn about the model; a field that does not apply is absent or None."""
        card, engine = self.card, self.network.engine if self.network else None
        row = self.row
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
            "train_fx_px": card.train_fx_px,
            "n_bins": card.n_bins,
            "target": card.target or "published" if card.sigma_m else None,
            "sigma_m": card.sigma_m,
            "parameters": engine.parameters if engine else row.parameters if row else None,
            "engine": engine.name if engine else None,
            "device": engine.device if engine else None,
            "loaded": engine is not None,
            "metrics": row.measured if row and not self.untrained else {},
            "licence": card.licence,
        }
        described |= {"untrained": True} if self.untrained else {}
        return described | ({"error": reason_of(self.fault)} if self.fault else {})


class Residency:
    """The models of one server, by name, in the order of the zoo.

    Making it raises the errors of names, files and settings, so that a wrong start ends before it listens.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._loader: threading.Thread | None = None
        check_choice(engine=settings.engine, device=settings.device)
        self.residents: dict[str, Resident] = {}
        for resident in _chosen(settings):
            if resident.card.name in self.residents:
                raise ConfigError(
                    f"Two of the models are called {resident.card.name}.", hint="Leave one of them out."
                )
            self.residents[resident.card.name] = resident

    def start(self) -> None:
        """Load the models in a thread of their own."""
        # A daemon: a load that outlasts the patience of `stop` must not keep the process alive.
        self._loader = threading.Thread(target=self.load_all, name="tiekd-load", daemon=True)
        self._loader.start()

    def load_all(self) -> None:
        """Load and warm every model, one after another, until `stop`."""
        for name, resident in self.residents.items():
            if self._stop.is_set():
                return
            if resident.fault:
                continue
            try:
                resident.network = self._load(resident)
            except TiekdError as error:
                resident.fault = error
                log.error("%s can't be loaded: %s %s", name, error, error.hint)
            except Exception as error:  # For example out of memory. The next model may still fit.
                resident.fault = RunFailedError(str(error))
                log.exception("%s can't be loaded", name)
            else:
                log.info("%s is ready", name)

    def stop(self) -> None:
        """Load nothing more, and wait for the load in progress, at most `settings.stop_patience_s`."""
        self._stop.set()
        if self._loader is None:
            return
        patience_s = self._settings.stop_patience_s
        self._loader.join(patience_s)
        if self._loader.is_alive():
            log.warning(
                "A model is still being loaded after %g s; the server stops all the same.", patience_s
            )

    @property
    def ready(self) -> bool:
        """Whether every model is warm. One that has failed counts as done beside one that is warm.

        With strict settings it never does. A server without any model is ready: it shows galleries.
        """
        waiting, failed = self.not_ready, self.failed
        others_answer = not self._settings.strict and len(failed) < len(self.residents)
        return set(waiting) <= set(failed if others_answer else ())

    @property
    def failed(self) -> dict[str, str]:
        """Models that could not be loaded, with the reason in words that clients may see."""
        return {name: reason_of(found.fault) for name, found in self.residents.items() if found.fault}

    @property
    def not_ready(self) -> list[str]:
        """Names of the models that are not warm, those that have failed included."""
        return [name for name, resident in self.residents.items() if resident.network is None]

    def get(self, name: str) -> NetworkEstimator:
        """The warm model of that name.

        Raises NotFoundError (with near names), NotServedError for a row of the zoo that this server does not
        have, NotReadyError while the model is being loaded, and LoadFailedError.
        """
        resident = self.residents.get(name)
        if resident is None:
            if any(row.name == name for row in zoo.read_zoo()):
                raise NotServedError(name, self.residents)
            raise NotFoundError("model", name, self.residents)
        if resident.fault is not None:
            raise LoadFailedError(name, reason_of(resident.fault))
        if resident.network is None:
            raise NotReadyError(name)
        return resident.network

    def _load(self, resident: Resident) -> NetworkEstimator:
        device, engine = self._settings.device, self._settings.engine
        if resident.path is None:
            network = untrained_network(resident.card.name, device=device)
        else:
            # By its name, where it has one: the digest is checked again, of the file that is loaded now.
            place = resident.row.name if resident.row else resident.path
            network = open_network(place, engine=engine, device=device)
        # Warm: the first answer of a network takes several times as long as the next.
        finite(network.estimate(Picture(np.full((375, 1242, 3), 127, np.uint8)), with_dpm=True))
        return network


def finite(depth_map: DepthMap) -> DepthMap:
    """The same depth. Raises NotFiniteError where it, or its distribution, holds NaN or infinity."""
    parts = (depth_map.depth_m, depth_map.dpm)
    if all(part is None or np.isfinite(part).all() for part in parts):
        return depth_map
    raise NotFiniteError(
        f"{depth_map.model} answers NaN or infinite depth for this picture.",
        hint="Ask another model; the weights of this one may be damaged.",
    )


def reason_of(fault: TiekdError) -> str:
    """Why a model could not be loaded. The error's own words may hold a path, so they stay in the log."""
    match fault:
        case ChecksumError():
            return "The file of its weights is not the one that the zoo promises: its sha256 differs."
        case NotFiniteError():
            return "It answers NaN or infinite depth; the file of its weights may be damaged."
        case CheckpointError() | WeightsUnavailableError() | DataError():
            return "The file of its weights is damaged, missing, or does not fit its architecture."
        case UnavailableError():
            return "A package or a device that it needs is missing."
        case _:
            return "Loading it failed; the server's log says why."


def _chosen(settings: Settings) -> list[Resident]:
    if settings.models:
        named = [_resident(name, untrained=settings.untrained) for name in settings.models]
        faults = [resident.fault for resident in named if resident.fault]
        if len(faults) == len(named):
            raise faults[0]
        return named
    found: list[Resident] = []
    for row in zoo.read_zoo():
        path = zoo.find_weights(row)
        if path is not None:
            found.append(_known(row, path))
        elif settings.untrained and row.dataset == DEMO:
            found.append(Resident(row.card, None, row))
    return found


def _resident(name: str, *, untrained: bool) -> Resident:
    row = None if Path(name).is_file() else next((row for row in zoo.read_zoo() if row.name == name), None)
    if row is None:
        path = zoo.resolve(name)
        return Resident(zoo.read_card(path), path)
    found = zoo.find_weights(row)
    if found is None and untrained:
        return Resident(row.card, None, row)
    return _known(row, found or zoo.resolve(name))


def _known(row: zoo.ZooRow, path: Path) -> Resident:
    """A row with weights; a damaged file does not keep the others from being served."""
    try:
        zoo.resolve(row.name)
        return Resident(zoo.read_card(path), path, row)
    except TiekdError as error:
        log.error("%s can't be served: %s %s", row.name, error, error.hint)
        return Resident(row.card, path, row, fault=error)
