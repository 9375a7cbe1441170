"""The life of an upload: bytes, limits, decode, queue, network, depth; nothing slow on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Annotated, TypeVar

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from server.http.monitoring import Monitoring
from server.http.uploads import Upload, read_upload, unless_gone
from server.inference.cache import Key, PredictionCache
from server.inference.residency import Residency
from server.inference.scheduler import Scheduler
from server.settings import Settings
from tiekd.codecs.photo import decode_photo
from tiekd.types import DepthMap

T = TypeVar("T")


class Service:
    """What the routes share: the models, the queues, the counters and the recent predictions.

    Raises what `Residency` raises, before anything is loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.monitoring = Monitoring()
        self.residency = Residency(settings)
        self._executor = ThreadPoolExecutor(settings.workers, thread_name_prefix="tiekd-infer")
        self._scheduler = Scheduler(
            self._executor, queue_size=settings.queue_size, deadline_s=settings.deadline_s
        )
        self._cache = PredictionCache(settings.cache_bytes)
        self._decoding = asyncio.Semaphore(2)
        self.monitoring.watch(
            waiting=self._scheduler.waiting,
            ready=lambda: len(self.residency.residents) - len(self.residency.not_ready),
        )

    async def predict(self, request: Request, model: str, *, fx_px: float | None) -> DepthMap:
        """Depth of the request's picture, computed; `timings_ms` says where the time went.

        Raises UnknownNameError, ConfigError, ImageError and ServiceError.
        """
        upload = await read_upload(request)
        return await unless_gone(request, self._compute(upload, model, fx_px=fx_px, with_dpm=False))

    async def recall(
        self, request: Request, models: Sequence[str], *, fx_px: float | None, with_dpm: bool
    ) -> list[DepthMap]:
        """Predictions of the request's picture by each of `models`, from memory where held.

        Raises as `predict` does.
        """
        upload = await read_upload(request)
        for model in models:
            self.residency.get(model)  # Every wrong name is told before the first network runs.
        return [
            await unless_gone(request, self._recall(upload, model, fx_px=fx_px, with_dpm=with_dpm))
            for model in models
        ]

    def close(self) -> None:
        """Load and compute nothing more."""
        self.residency.stop()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _recall(self, upload: Upload, model: str, *, fx_px: float | None, with_dpm: bool) -> DepthMap:
        wants_dpm = with_dpm and self.residency.get(model).card.n_bins is not None
        key = Key(upload.digest, model, fx_px)
        held = self._cache.get(key)
        if held is not None and not (wants_dpm and held.dpm is None):
            # What is remembered costs no time, and says so: every depth answer states where time went.
            return replace(held, timings_ms=dict.fromkeys(held.timings_ms or {}, 0.0))
        computed = await self._compute(upload, model, fx_px=fx_px, with_dpm=wants_dpm)
        self._cache.put(key, computed)
        return computed

    async def _compute(self, upload: Upload, model: str, *, fx_px: float | None, with_dpm: bool) -> DepthMap:
        predictor = self.residency.get(model)
        began = perf_counter()
        async with self._decoding:
            limit = self.settings.max_photo_pixels
            photo = await run_in_threadpool(decode_photo, upload.data, max_pixels=limit)
        decoded_ms = (perf_counter() - began) * 1e3
        depth_map, queued_ms = await self._scheduler.run(
            model, lambda: predictor(photo, fx_px=fx_px, with_dpm=with_dpm)
        )
        spent = depth_map.timings_ms or {}
        depth_map.timings_ms = {"queue": queued_ms, "decode": decoded_ms, **spent}
        self.monitoring.stages(model, depth_map.timings_ms)
        return depth_map


def service_of(request: Request) -> Service:
    """The service of the app that got a request."""
    service: Service = request.app.state.service
    return service


Shared = Annotated[Service, Depends(service_of)]


async def timed(work: Callable[[], T]) -> tuple[T, float]:
    """The result of `work`, run in a thread, and the milliseconds it took."""
    began = perf_counter()
    result = await run_in_threadpool(work)
    return result, (perf_counter() - began) * 1e3
