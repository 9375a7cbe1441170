"""Who computes when: a bounded queue per model, deadlines, and no work that nobody waits for.

A job is everything that one picture needs, from its decoding to its encoded answer. It runs in one thread,
so the number of threads bounds what is computed and what is in memory at any time. A client that leaves frees
its place in the queue at once. Its thread is free when it is really done.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar

from server.inference.errors import DeadlineError, DrainingError, QueueFullError
from server.inference.memory import Hold, Memory

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Needs:
    """What a job needs while it runs: bytes; `large` jobs get at most half of the streams."""

    n_bytes: int = 0
    large: bool = False


class LeftError(Exception):
    """Nobody waits for the rest of a job. It ends the job and reaches nobody."""


@dataclass(eq=False, slots=True)
class Job:
    """Work for one model; `answer` is cancelled as soon as nobody waits for it any more."""

    work: Callable[[Job], Any]
    needs: Needs
    answer: asyncio.Future[Any]
    queued_at: float = field(default_factory=monotonic)
    begun_at: float | None = None

    @property
    def waited_ms(self) -> float:
        """How long the job has waited for its turn."""
        return ((self.begun_at or monotonic()) - self.queued_at) * 1e3

    def begin(self) -> Any:
        """Do the work, in a thread of the pool; nothing is done when its client left before."""
        self.go_on()
        self.begun_at = monotonic()
        return self.work(self)

    def go_on(self) -> None:
        """Raise LeftError when nobody waits any more. The work calls this before each of its steps."""
        if self.answer.done():
            raise LeftError

    def fail(self, error: BaseException) -> None:
        """Hand an error to the client, if it still waits."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Lane:
    """The jobs that wait for one model, in order, and how long they typically take."""

    def __init__(self) -> None:
        self.waiting: list[Job] = []
        self.typical_s = 1.0

    def check_room(self, name: str, *, large: bool, size: int) -> None:
        """Raise QueueFullError when `size` jobs wait already; large ones are counted apart."""
        ahead = sum(job.needs.large == large for job in self.waiting)
        if ahead >= size:
            # By then half of the queue is done, at the pace of the latest jobs.
            pause_s = max(1, math.ceil(self.typical_s * ahead / 2))
            raise QueueFullError(name, waiting=ahead, retry_after_s=pause_s)


class Scheduler:
    """One lane per model over one pool of `streams` threads; the lanes take turns.

    A job begins when a stream is free and its bytes are within the budget. A large one also waits for other
    large ones, and those behind it may pass, so that a few huge photos do not hold up all others.
    """

    def __init__(
        self, executor: Executor, memory: Memory, *, streams: int, queue_size: int, deadline_s: float
    ) -> None:
        self._executor = executor
        self._memory = memory
        self._streams = streams
        self._queue_size = queue_size
        self._deadline_s = deadline_s
        self._lanes: OrderedDict[str, Lane] = OrderedDict()
        self._running: dict[Job, asyncio.Task[None]] = {}
        self._closed = False

    async def run(self, model: str, work: Callable[[Job], T], *, needs: Needs | None = None) -> T:
        """The result of `work`.

        Raises QueueFullError, DeadlineError when `deadline_s` pass first, and DrainingError when the
        scheduler is closed meanwhile. Work that has begun goes on until its next `Job.go_on`, and its result
        is dropped.
        """
        self.check_open()
        lane = self._lanes.setdefault(model, Lane())
        job = Job(work, needs or Needs(), asyncio.get_running_loop().create_future())
        lane.check_room(model, large=job.needs.large, size=self._queue_size)
        lane.waiting.append(job)
        self._dispatch()
        try:
            async with self.deadline(model):
                result: T = await job.answer
        finally:
            job.answer.cancel()
            if job in lane.waiting:
                lane.waiting.remove(job)
        return result

    @asynccontextmanager
    async def deadline(self, model: str) -> AsyncIterator[None]:
        """Raises DeadlineError when the block takes longer than a request may."""
        try:
            async with asyncio.timeout(self._deadline_s):
                yield
        except TimeoutError as error:
            raise DeadlineError(model, self._deadline_s) from error

    def check_open(self) -> None:
        """Raises DrainingError after `close`."""
        if self._closed:
            raise DrainingError

    def waiting(self) -> dict[str, int]:
        """Model -> number of requests that wait for it."""
        return {name: len(lane.waiting) for name, lane in self._lanes.items()}

    def close(self) -> None:
        """Refuse whatever waits and whatever comes; work that has begun goes on."""
        self._closed = True
        for lane in self._lanes.values():
            while lane.waiting:
                lane.waiting.pop(0).fail(DrainingError())

    def _dispatch(self) -> None:
        while len(self._running) < self._streams and (found := self._next()) is not None:
            lane, job = found
            self._running[job] = asyncio.create_task(self._compute(lane, job))

    def _next(self) -> tuple[Lane, Job] | None:
        for name, lane in self._lanes.items():
            job = next((job for job in lane.waiting if self._may_begin(job.needs)), None)
            if job is not None:
                lane.waiting.remove(job)
                self._lanes.move_to_end(name)
                return lane, job
        return None

    def _may_begin(self, needs: Needs) -> bool:
        if not self._running:  # Even beyond the budget, because otherwise it could wait for ever.
            return True
        large = sum(job.needs.large for job in self._running)
        if needs.large and large >= max(1, self._streams // 2):
            return False
        return self._memory.fits(needs.n_bytes)

    async def _compute(self, lane: Lane, job: Job) -> None:
        hold = Hold(self._memory)
        hold.add(job.needs.n_bytes)
        try:
            result = await asyncio.get_running_loop().run_in_executor(self._executor, job.begin)
        except asyncio.CancelledError:  # The pool was shut down before a thread was free for this job.
            job.fail(DrainingError())
            raise
        except Exception as error:  # The client gets it; the others go on.
            job.fail(error)
        else:
            if not job.answer.done():
                job.answer.set_result(result)
        finally:
            hold.release()
            del self._running[job]
            if job.begun_at is not None:
                lane.typical_s += 0.2 * (monotonic() - job.begun_at - lane.typical_s)
            self._dispatch()
