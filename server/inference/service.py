"""The life of a picture: decode, queue, network, depth; nothing slow runs on the event loop."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from server.inference.cache import Key, PredictionCache
from server.inference.residency import Residency, finite
from server.inference.scheduler import Scheduler
from server.inference.threads import own_threads
from server.settings import Settings
from tiekd import estimators
from tiekd.codecs.photo import decode_photo
from tiekd.types import DepthMap

T = TypeVar("T")
Picture = bytes | NDArray[np.uint8]
"""A picture file (JPEG, PNG, …) as bytes, or RGB pixels `[H, W, 3]`."""

_DECODERS = 2
"""Pictures that are decoded at the same time; each may take some 150 MB for a moment."""


class Observer(Protocol):
    """Whoever counts what the service does: Prometheus, a log, a test."""

    def predicted(self, model: str, timings_ms: Mapping[str, float]) -> None:
        """A network has answered; the milliseconds of each stage."""


class Service:
    """The models, the queues and the recent predictions of one process, for any protocol to wrap.

    `start()` loads the models in a thread, `predict` and `recall` answer on the event loop, and `close()`
    ends it all. Making a service raises what making `Residency` raises, before anything is loaded.
    """

    def __init__(self, settings: Settings, *, observer: Observer | None = None) -> None:
        self.settings = settings
        streams = own_threads(settings).streams  # First: what follows may import torch.
        self.residency = Residency(settings)
        self._observer = observer
        self._networks = ThreadPoolExecutor(streams, thread_name_prefix="tiekd-infer")
        self._decoders = ThreadPoolExecutor(_DECODERS, thread_name_prefix="tiekd-decode")
        self._scheduler = Scheduler(
            self._networks,
            streams=streams,
            queue_size=settings.queue_size,
            deadline_s=settings.deadline_s,
        )
        self._cache = PredictionCache(settings.cache_bytes)
        self.draining = False

    def start(self) -> None:
        """Begin to load the models, in a thread of their own."""
        self.residency.start()

    async def predict(
        self, picture: Picture, model: str, *, fx_px: float | None = None, with_dpm: bool = False
    ) -> DepthMap:
        """Depth of a picture by one model, always computed; `timings_ms` says where the time went.

        fx_px: the picture's focal length in pixels, where it is known. with_dpm: keep the distribution over
        depth too, where the model has one. Work that has not begun when the caller is cancelled never begins.
        Raises NotFoundError for an unknown model, the errors of `server.inference.errors`, ConfigError for a
        bad `fx_px`, ImageError for a picture that can't be used, and NotFiniteError for depth that is NaN.
        """
        self._scheduler.check_open()
        network = self.residency.get(model)
        pixels, decoded_ms = await self._decoded(picture)
        depth_map, queued_ms = await self._scheduler.run(
            model,
            lambda: finite(network.estimate(estimators.Picture(pixels), fx_px=fx_px, with_dpm=with_dpm)),
        )
        depth_map.timings_ms = {"queue": queued_ms, "decode": decoded_ms, **(depth_map.timings_ms or {})}
        if self._observer:
            self._observer.predicted(model, depth_map.timings_ms)
        return depth_map

    async def recall(
        self, picture: Picture, models: Sequence[str], *, fx_px: float | None = None, with_dpm: bool = False
    ) -> list[DepthMap]:
        """Depth of a picture by each of `models`: remembered where possible, else computed.

        Raises as `predict` does; wrong names are found before the first network runs.
        """
        self._scheduler.check_open()
        for model in models:
            self.residency.get(model)
        digest = await self._off_loop(lambda: _digest(picture))
        return [await self._recall(picture, Key(digest, model, fx_px), with_dpm=with_dpm) for model in models]

    def waiting(self) -> dict[str, int]:
        """Model -> number of requests that wait for it."""
        return self._scheduler.waiting()

    def drain(self) -> None:
        """Say that the service is about to stop. What has begun goes on; whoever asks shall ask no more."""
        self.draining = True

    async def close(self) -> None:
        """Refuse what waits, and load and compute nothing more.

        Waits for the model that is being loaded, at most `settings.stop_patience_s`: a thread that computes
        in torch while the interpreter ends aborts the process.
        """
        self.drain()
        self._scheduler.close()
        self._networks.shutdown(wait=False, cancel_futures=True)
        self._decoders.shutdown(wait=False)
        await asyncio.to_thread(self.residency.stop)

    async def _recall(self, picture: Picture, key: Key, *, with_dpm: bool) -> DepthMap:
        wants_dpm = with_dpm and self.residency.get(key.model).about.has_dpm
        held = self._cache.get(key)
        if held is not None and not (wants_dpm and held.dpm is None):
            # A remembered answer took no time. Every depth answer states its timings, so they are zeros here.
            return replace(held, timings_ms=dict.fromkeys(held.timings_ms or {}, 0.0))
        computed = await self.predict(picture, key.model, fx_px=key.fx_px, with_dpm=wants_dpm)
        self._cache.put(key, computed)
        return computed

    async def _decoded(self, picture: Picture) -> tuple[NDArray[np.uint8], float]:
        """The pixels, and the milliseconds that decoding took (with the wait for a free decoder)."""
        if not isinstance(picture, bytes):
            return picture, 0.0
        began = perf_counter()
        limit = self.settings.max_photo_pixels
        pixels = await self._off_loop(lambda: decode_photo(picture, max_pixels=limit))
        return pixels, (perf_counter() - began) * 1e3

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._decoders, work)


def _digest(picture: Picture) -> bytes:
    """What names a picture in the cache."""
    if isinstance(picture, bytes):
        return hashlib.sha256(picture).digest()
    # The shape too: the same bytes are another picture at another width.
    shape = repr(picture.shape).encode()
    return hashlib.sha256(shape + np.ascontiguousarray(picture).tobytes()).digest()
