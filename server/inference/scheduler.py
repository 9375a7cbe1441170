"""Who computes when: a bounded queue per model, deadlines, and work that nobody waits for is never begun."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar

from server.http.problems import ServiceError, busy

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Job:
    """Work for one model; `answer` is cancelled when nobody waits for it any more."""

    work: Callable[[], Any]
    answer: asyncio.Future[Any]
    queued_at: float = field(default_factory=monotonic)
    begun_at: float = 0.0


class Lane:
    """The queue of one model: jobs run one after another, in order, off the event loop."""

    def __init__(self, name: str, *, size: int, executor: Executor) -> None:
        self.name = name
        self._size = size
        self._executor = executor
        self._waiting: deque[Job] = deque()
        self._runner: asyncio.Task[None] | None = None
        self._typical_s = 1.0

    def __len__(self) -> int:
        return len(self._waiting)

    async def run(self, work: Callable[[], T], *, deadline_s: float) -> tuple[T, float]:
        """`work`'s result and the milliseconds it waited.

        Raises ServiceError 503 when the queue is full and 504 when the deadline passes first. Work that has
        begun can't be stopped; its result is dropped.
        """
        if len(self._waiting) >= self._size:
            raise busy(
                f"{len(self._waiting)} requests already wait for {self.name}.",
                retry_after_s=max(1, math.ceil(self._typical_s * len(self._waiting) / 2)),
            )
        job = Job(work, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._drain())
        try:
            async with asyncio.timeout(deadline_s):
                result: T = await job.answer
        except TimeoutError as error:
            raise ServiceError(
                f"{self.name} had no answer within {deadline_s:g} s.",
                status=504,
                hint="The server is busy; try again later or with a smaller photo.",
            ) from error
        finally:
            job.answer.cancel()
            if not job.begun_at and job in self._waiting:
                self._waiting.remove(job)
        return result, (job.begun_at - job.queued_at) * 1e3

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            job = self._waiting.popleft()
            job.begun_at = monotonic()
            try:
                result = await loop.run_in_executor(self._executor, job.work)
            except Exception as error:  # Handed to the one who waits; the lane goes on.
                if not job.answer.done():
                    job.answer.set_exception(error)
            else:
                if not job.answer.done():
                    job.answer.set_result(result)
            self._typical_s += 0.2 * (monotonic() - job.begun_at - self._typical_s)


class Scheduler:
    """One lane per model over one pool of threads."""

    def __init__(self, executor: Executor, *, queue_size: int, deadline_s: float) -> None:
        self._executor = executor
        self._queue_size = queue_size
        self._deadline_s = deadline_s
        self._lanes: dict[str, Lane] = {}

    async def run(self, model: str, work: Callable[[], T]) -> tuple[T, float]:
        """`work`'s result and the milliseconds it waited; raises as `Lane.run` does."""
        lane = self._lanes.get(model)
        if lane is None:
            lane = self._lanes[model] = Lane(model, size=self._queue_size, executor=self._executor)
        return await lane.run(work, deadline_s=self._deadline_s)

    def waiting(self) -> dict[str, int]:
        """Model -> requests that wait for it."""
        return {name: len(lane) for name, lane in self._lanes.items()}
