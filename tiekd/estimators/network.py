"""Networks of ours as estimators: a zoo row, a file of weights or a network in memory, on an engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tiekd.estimators.base import About, Picture, Terms, flip_mean
from tiekd.files import sha256_of
from tiekd.runtime.engines.open import untrained_engine
from tiekd.runtime.predictor import Predictor
from tiekd.runtime.preprocess import View, known_focal_px
from tiekd.types import DepthMap
from tiekd.zoo import resolve

if TYPE_CHECKING:
    from tiekd.data.frames import Frame, FrameSource
    from tiekd.models.base import DepthModel


class NetworkEstimator:
    """A network on an engine, fed by the one way from photo to network (`tiekd.runtime.predictor`)."""

    def __init__(self, predictor: Predictor, *, digest: str = "") -> None:
        self.predictor, self.card, self.engine = predictor, predictor.card, predictor.engine
        self.about = About(
            name=self.card.name,
            digest=digest,
            depth_range=self.card.depth_range,
            train_fx_px=self.card.train_fx_px,
            card=self.card,
            has_dpm=self.card.n_bins is not None,
        )

    def estimate(
        self, picture: Picture, *, fx_px: float | None = None, flip: bool = False, with_dpm: bool = False
    ) -> DepthMap:
        """Depth of a picture, see `Estimator`. Raises what `Predictor` raises."""
        pixels, view = self.look(picture)
        if not flip:
            return self.predictor.answer(pixels, view, fx_px=fx_px, with_dpm=with_dpm)
        return flip_mean(partial(self.predictor.answer, view=view, fx_px=fx_px), pixels)

    def look(self, picture: Picture) -> tuple[NDArray[np.uint8], View]:
        """The pixels that `estimate` needs, decoded; see `Predictor.look`, and what that raises."""
        return self.predictor.look(picture.photo, fit=picture.fit)

    def terms(self, asked: Terms) -> Terms:
        """As it is asked. Raises ConfigError when the own focal length is needed and not known."""
        if asked.use_focal:
            known_focal_px(self.about.name, self.about.train_fx_px)
        return asked

    def check(self, source: FrameSource, frames: Sequence[Frame]) -> None:
        """It computes its answers, so there is nothing to look for."""


def open_network(name_or_path: str | Path, *, engine: str = "auto", device: str = "auto") -> NetworkEstimator:
    """A zoo row or a file of weights. Raises what `Predictor` raises when it is made."""
    path = resolve(name_or_path)
    return NetworkEstimator(Predictor(path, engine=engine, device=device), digest=sha256_of(path))


def untrained_network(row_name: str, *, device: str = "auto") -> NetworkEstimator:
    """A zoo row with random weights, the same on every call. Raises UnknownNameError and UnavailableError."""
    return NetworkEstimator(Predictor(untrained_engine(row_name, device=device)))


def network_in_memory(model: DepthModel, *, device: str = "auto") -> NetworkEstimator:
    """A network that has just been built or trained. Raises UnavailableError for the device."""
    from tiekd.runtime.engines.torch import TorchEngine

    return NetworkEstimator(Predictor(TorchEngine(model, device=device)))
