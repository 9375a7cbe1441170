"""Who computes when: a bounded queue per model, deadlines, and no work that nobody waits for."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar

from server.inference.errors import DeadlineError, DrainingError, QueueFullError

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Job:
    """Work for one model; `answer` is cancelled as soon as nobody waits for it any more."""

    work: Callable[[], Any]
    answer: asyncio.Future[Any]
    queued_at: float = field(default_factory=monotonic)
    begun_at: float | None = None

    def begin(self) -> Any:
        """Do the work, in a thread of the pool; nothing is done when its client left before."""
        if self.answer.done():
            return None
        self.begun_at = monotonic()
        return self.work()

    def fail(self, error: BaseException) -> None:
        """Hand an error to the client, if it still waits."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Lane:
    """The queue of one model: jobs begin in order and run off the event loop, up to `streams` at once."""

    def __init__(self, name: str, *, size: int, streams: int, executor: Executor) -> None:
        self.name = name
        self._size = size
        self._streams = streams
        self._executor = executor
        self._waiting: deque[Job] = deque()
        self._runners: set[asyncio.Task[None]] = set()
        self._typical_s = 1.0

    def __len__(self) -> int:
        return len(self._waiting)

    async def run(self, work: Callable[[], T], *, deadline_s: float) -> tuple[T, float]:
        """The result of `work`, and the milliseconds that it waited.

        Raises QueueFullError, DeadlineError when `deadline_s` pass first, and DrainingError when the lane is
        closed meanwhile. Work that has begun can't be stopped; its result is dropped.
        """
        if len(self._waiting) >= self._size:
            # By then half of the queue is done, at the pace of the latest jobs.
            pause_s = max(1, math.ceil(self._typical_s * len(self._waiting) / 2))
            raise QueueFullError(self.name, waiting=len(self._waiting), retry_after_s=pause_s)
        job = Job(work, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if len(self._runners) < self._streams:
            self._runners.add(asyncio.create_task(self._serve()))
        try:
            async with asyncio.timeout(deadline_s):
                result: T = await job.answer
        except TimeoutError as error:
            raise DeadlineError(self.name, deadline_s) from error
        finally:
            job.answer.cancel()
            if job in self._waiting:
                self._waiting.remove(job)
        return result, ((job.begun_at or job.queued_at) - job.queued_at) * 1e3

    def close(self) -> None:
        """Refuse all jobs that wait."""
        while self._waiting:
            self._waiting.popleft().fail(DrainingError())

    async def _serve(self) -> None:
        try:
            await self._drain()
        finally:
            # Here and not in a callback: the next job may come before a callback is called.
            runner = asyncio.current_task()
            assert runner is not None
            self._runners.discard(runner)

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            job = self._waiting.popleft()
            try:
                result = await loop.run_in_executor(self._executor, job.begin)
            except asyncio.CancelledError:  # The pool was shut down before a thread was free for this job.
                job.fail(DrainingError())
                raise
            except Exception as error:  # The client gets it; the lane goes on.
                job.fail(error)
            else:
                if not job.answer.done():
                    job.answer.set_result(result)
            if job.begun_at is not None:
                self._typical_s += 0.2 * (monotonic() - job.begun_at - self._typical_s)


class Scheduler:
    """One lane per model over one pool of `streams` threads.

    A lane has at most `streams` jobs in the pool, and the pool takes them in order, so that no model has to
    wait for all that wait for another one.
    """

    def __init__(self, executor: Executor, *, streams: int, queue_size: int, deadline_s: float) -> None:
        self._executor = executor
        self._streams = streams
        self._queue_size = queue_size
        self._deadline_s = deadline_s
        self._lanes: dict[str, Lane] = {}
        self._closed = False

    async def run(self, model: str, work: Callable[[], T]) -> tuple[T, float]:
        """The result of `work`, and the milliseconds that it waited. Raises as `Lane.run` does."""
        self.check_open()
        lane = self._lanes.get(model)
        if lane is None:
            lane = self._lanes[model] = Lane(
                model, size=self._queue_size, streams=self._streams, executor=self._executor
            )
        return await lane.run(work, deadline_s=self._deadline_s)

    def check_open(self) -> None:
        """Raises DrainingError after `close`."""
        if self._closed:
            raise DrainingError

    def waiting(self) -> dict[str, int]:
        """Model -> number of requests that wait for it."""
        return {name: len(lane) for name, lane in self._lanes.items()}

    def close(self) -> None:
        """Refuse whatever waits and whatever comes; work that has begun goes on."""
        self._closed = True
        for lane in self._lanes.values():
            lane.close()
