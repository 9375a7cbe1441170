"""The life of a picture: admit, queue, decode, network, answer; nothing slow runs on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import TypeVar

from server.inference.cache import Key, PredictionCache
from server.inference.memory import Hold, Memory
from server.inference.residency import Residency
from server.inference.scheduler import Scheduler
from server.inference.several import Several
from server.inference.threads import own_threads
from server.inference.work import BYTES_PER_DECODED_PIXEL, Admitted, Observer, Picture, Work
from server.settings import Settings
from tiekd.codecs.photo import open_photo
from tiekd.types import DepthMap

T = TypeVar("T")
_READERS = 2
"""Headers that are read at the same time. This takes milliseconds, and nothing is decoded."""
_REMEMBERED = "(remembered)"
"""The lane of answers that need no network."""


class Service:
    """The models, the queues and the recent predictions of one process, for any protocol to wrap.

    `start()` loads the models in a thread, `predict`, `recall` and `several` answer on the event loop, and
    `close()` ends it all. Making a service raises what making `Residency` raises, before anything is loaded.
    """

    def __init__(self, settings: Settings, *, observer: Observer | None = None) -> None:
        self.settings = settings
        streams = self._streams = own_threads(settings).streams  # First: what follows may import torch.
        self.residency = Residency(settings)
        self.memory = Memory(settings.memory_bytes)
        self._observer = observer
        self._networks = ThreadPoolExecutor(streams, thread_name_prefix="tiekd-infer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="tiekd-read")
        self._scheduler = Scheduler(
            self._networks,
            self.memory,
            streams=streams,
            queue_size=settings.queue_size,
            deadline_s=settings.deadline_s,
        )
        self._cache = PredictionCache(settings.cache_bytes)
        self.draining = False

    def start(self) -> None:
        """Begin to load the models, in a thread of their own."""
        self.residency.start()

    def deadline(self, model: str) -> AbstractAsyncContextManager[None]:
        """For a whole request, its upload included: DeadlineError when the block takes longer than it may."""
        return self._scheduler.deadline(model)

    async def admit(self, picture: Picture | Admitted, models: Sequence[str]) -> Admitted:
        """Check everything about a request that can be checked before its picture is decoded.

        Raises NotFoundError for an unknown model, the errors of `server.inference.errors`, and ImageError for
        a picture that can't be used.
        """
        self._scheduler.check_open()
        for model in models:
            self.residency.get(model)
        if isinstance(picture, Admitted):
            return picture
        if not isinstance(picture, bytes):
            return Admitted(picture, None, (picture.shape[0], picture.shape[1]))
        limit = self.settings.max_photo_pixels
        photo = await self._off_loop(partial(open_photo, picture, max_pixels=limit))
        return Admitted(picture, photo, photo.size)

    async def predict(
        self,
        picture: Picture | Admitted,
        model: str,
        answer: Callable[[DepthMap], T],
        *,
        fx_px: float | None = None,
        with_dpm: bool = False,
    ) -> T:
        """What `answer` makes of the depth of a picture by one model. The depth is always computed.

        answer: called in the thread that has computed; the depth's `timings_ms` say where the time went.
        fx_px: the picture's focal length in pixels, where it is known. with_dpm: keep the distribution over
        depth too, where the model has one. Work that has not begun when the caller is cancelled never begins.
        Raises as `admit` does, ConfigError for a bad `fx_px`, NotFiniteError for depth that is NaN, and what
        `answer` raises.
        """
        admitted = await self.admit(picture, [model])
        key = Key(b"", model, fx_px)
        work = self._work(admitted, [key], with_dpm=with_dpm, cache=None)
        return await self._scheduler.run(
            model, lambda job: answer(work.depth_map(key, job)), needs=admitted.needs
        )

    async def recall(
        self,
        picture: Picture | Admitted,
        models: Sequence[str],
        answer: Callable[[list[DepthMap]], T],
        *,
        fx_px: float | None = None,
        with_dpm: bool = False,
        bytes_per_pixel: int = 0,
    ) -> T:
        """As `predict`, with the depth by each of `models`: remembered where possible, else computed.

        bytes_per_pixel: what it takes besides the depth of one model.
        """
        work = await self._remembering(picture, models, fx_px=fx_px, with_dpm=with_dpm)
        needs = work.admitted.needs
        missing = work.missing()
        return await self._scheduler.run(
            missing[0].model if missing else _REMEMBERED,
            lambda job: answer(work.depth_maps(job)),
            needs=replace(needs, n_bytes=needs.n_bytes + work.admitted.n_pixels * bytes_per_pixel),
        )

    async def several(
        self,
        picture: Picture | Admitted,
        models: Sequence[str],
        answer: Callable[[DepthMap], T],
        *,
        fx_px: float | None = None,
        with_dpm: bool = False,
        bytes_per_pixel: int = 0,
    ) -> Several[T]:
        """What `answer` makes of the depth by each of `models`, as it comes; see `Several`, which is closed.

        The picture is decoded once. Each model is a job of its own, in its own queue and with its own
        deadline, and they are computed side by side. bytes_per_pixel: of one answer. Raises as `recall` does
        for wrong names, and MemoryFullError; the rest is for `Several` to raise or to give.
        """
        work = await self._remembering(picture, models, fx_px=fx_px, with_dpm=with_dpm)
        hold = Hold(self.memory)
        answers = self._streams + 1  # Those that are computed, and the one that is sent.
        hold.ask(work.admitted.n_pixels * (BYTES_PER_DECODED_PIXEL + answers * bytes_per_pixel))
        keys = {key.model: key for key in work.keys}

        async def ask(model: str) -> T:
            key = keys[model]
            lane = model if key in work.missing() else _REMEMBERED
            return await self._scheduler.run(
                lane, lambda job: answer(work.depth_map(key, job)), needs=work.admitted.needs
            )

        return Several(models, ask, ahead=self._streams, hold=hold)

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
        self._readers.shutdown(wait=False)
        await asyncio.to_thread(self.residency.stop)

    def _work(
        self, admitted: Admitted, keys: Sequence[Key], *, with_dpm: bool, cache: PredictionCache | None
    ) -> Work:
        networks = {key.model: self.residency.get(key.model) for key in keys}
        return Work(admitted, keys, networks, with_dpm, cache, self._observer)

    async def _remembering(
        self, picture: Picture | Admitted, models: Sequence[str], *, fx_px: float | None, with_dpm: bool
    ) -> Work:
        """The work for a picture whose predictions are remembered."""
        admitted = await self.admit(picture, models)
        digest = await self._off_loop(admitted.digest)
        keys = [Key(digest, model, fx_px) for model in models]
        return self._work(admitted, keys, with_dpm=with_dpm, cache=self._cache)

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)
