"""What one request asks of the networks, and how a thread computes it, decoding the picture once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from time import perf_counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from server.inference.cache import Key, PredictionCache
from server.inference.residency import finite
from server.inference.scheduler import Job, Needs
from tiekd import estimators
from tiekd.codecs.photo import Photo, PhotoFile
from tiekd.estimators import NetworkEstimator
from tiekd.types import DepthMap

Picture = bytes | NDArray[np.uint8]
"""A picture file (JPEG, PNG, …) as bytes, or RGB pixels `[H, W, 3]`."""

BYTES_PER_PIXEL = 28
"""What a photo takes at its peak, from decoding to the answer: measured with 50 megapixels of every kind."""
BYTES_PER_DECODED_PIXEL = 3
"""What a decoded photo takes while models that share it wait for their turn."""
LARGE_PIXELS = 4_000_000
"""Photos of more pixels share half of the streams."""


class Observer(Protocol):
    """Whoever counts what the service does: Prometheus, a log, a test."""

    def predicted(self, model: str, timings_ms: Mapping[str, float]) -> None:
        """A network has answered; the milliseconds of each stage. It is called in any thread."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A picture that may be computed: its header is checked, and its pixels are not decoded yet.

    size: (height, width) of the upright picture.
    """

    data: Picture
    photo: PhotoFile | None
    size: tuple[int, int]

    @property
    def needs(self) -> Needs:
        """What computing it takes."""
        return Needs(self.n_pixels * BYTES_PER_PIXEL, large=self.n_pixels > LARGE_PIXELS)

    @property
    def n_pixels(self) -> int:
        """Pixels of the picture."""
        return self.size[0] * self.size[1]

    def load(self) -> Photo | NDArray[np.uint8]:
        """The picture, decoded unless it is a JPEG, or the pixels that were sent. Raises ImageError."""
        if self.photo is not None:
            return self.photo.load()
        assert not isinstance(self.data, bytes)
        return self.data

    def digest(self) -> bytes:
        """What names the picture in the cache."""
        if isinstance(self.data, bytes):
            return hashlib.sha256(self.data).digest()
        # The shape too: the same bytes are another picture at another width.
        shape = repr(self.data.shape).encode()
        return hashlib.sha256(shape + np.ascontiguousarray(self.data).tobytes()).digest()


@dataclass(slots=True)
class Work:
    """Depth of one picture by the models of `keys`: remembered where there is a cache, else computed.

    The picture is decoded once, also when several jobs ask for their models in several threads.
    networks: the warm model of every name. with_dpm: keep the distribution too, where a model has one.
    """

    admitted: Admitted
    keys: Sequence[Key]
    networks: Mapping[str, NetworkEstimator]
    with_dpm: bool
    cache: PredictionCache | None
    observer: Observer | None
    _picture: estimators.Picture | None = field(default=None, init=False)
    _decoding: Lock = field(default_factory=Lock, init=False)

    def missing(self) -> list[Key]:
        """The models that must be computed."""
        return [key for key in self.keys if self._remembered(key) is None]

    def depth_maps(self, job: Job) -> list[DepthMap]:
        """Depth by every model, in a thread. Raises LeftError between two steps when nobody waits."""
        found: list[DepthMap] = []
        waited_ms = job.waited_ms
        for key in self.keys:
            held = self._remembered(key)
            found.append(held or self._compute(key, job, waited_ms))
            waited_ms = waited_ms if held else 0.0
        job.go_on()
        return found

    def depth_map(self, key: Key, job: Job) -> DepthMap:
        """Depth by one model, in a thread. Raises as `depth_maps` does."""
        found = self._remembered(key) or self._compute(key, job, job.waited_ms)
        job.go_on()
        return found

    def _remembered(self, key: Key) -> DepthMap | None:
        held = self.cache.get(key) if self.cache else None
        if held is None or (held.dpm is None and self._wants_dpm(key)):
            return None
        # A remembered answer took no time. Every depth answer states its timings, so they are zeros here.
        return replace(held, timings_ms=dict.fromkeys(held.timings_ms or {}, 0.0))

    def _compute(self, key: Key, job: Job, waited_ms: float) -> DepthMap:
        network = self.networks[key.model]
        job.go_on()
        with self._decoding:
            began = perf_counter()
            if self._picture is None:
                self._picture = estimators.Picture(self.admitted.load())
            network.look(self._picture)  # What is decoded now is remembered, also for the next network.
            spent = {"queue": waited_ms, "decode": (perf_counter() - began) * 1e3}
        job.go_on()
        wants_dpm = self._wants_dpm(key)
        depth_map = finite(network.estimate(self._picture, fx_px=key.fx_px, with_dpm=wants_dpm))
        depth_map.timings_ms = spent | (depth_map.timings_ms or {})
        if self.observer:
            self.observer.predicted(key.model, depth_map.timings_ms)
        if self.cache:
            self.cache.put(key, depth_map)
        return depth_map

    def _wants_dpm(self, key: Key) -> bool:
        return self.with_dpm and self.networks[key.model].about.has_dpm
