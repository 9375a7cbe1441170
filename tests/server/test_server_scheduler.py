import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.http.problems import ServiceError
from server.inference.scheduler import Scheduler


class Gate:
    """Work that begins, says so, and ends when it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.runs = 0

    def __call__(self) -> str:
        self.runs += 1
        self.begun.set()
        assert self.go.wait(10)
        return "done"


def run(scenario, *, queue_size: int = 2, deadline_s: float = 10, workers: int = 1):
    """Run `scenario(scheduler, gate)` with a scheduler over real threads."""

    async def main():
        with ThreadPoolExecutor(workers) as pool:
            gate = Gate()
            try:
                return await scenario(Scheduler(pool, queue_size=queue_size, deadline_s=deadline_s), gate)
            finally:
                gate.go.set()

    return asyncio.run(main())


async def begun(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.begun.wait, 10)


def test_work_is_done_off_the_event_loop_and_its_wait_is_told() -> None:
    async def scenario(scheduler, _gate):
        return await scheduler.run("m", threading.current_thread), threading.current_thread()

    (thread, waited_ms), loop_thread = run(scenario)
    assert thread is not loop_thread
    assert 0 <= waited_ms < 5000


def test_an_error_reaches_the_one_who_waits_and_the_lane_goes_on() -> None:
    async def scenario(scheduler, _gate):
        with pytest.raises(ZeroDivisionError):
            await scheduler.run("m", lambda: 1 / 0)
        return (await scheduler.run("m", lambda: 5))[0]

    assert run(scenario) == 5


def test_a_full_queue_refuses_and_says_when_to_come_back() -> None:
    async def scenario(scheduler, gate):
        first = asyncio.create_task(scheduler.run("m", gate))
        await begun(gate)
        waiting = [asyncio.create_task(scheduler.run("m", lambda: "later")) for _ in range(2)]
        await asyncio.sleep(0)
        assert scheduler.waiting() == {"m": 2}
        with pytest.raises(ServiceError) as caught:
            await scheduler.run("m", lambda: "too many")
        gate.go.set()
        answers = await asyncio.gather(first, *waiting)
        return caught.value, [answer for answer, _ in answers]

    error, answers = run(scenario)
    assert error.status == 503
    assert int(error.headers["Retry-After"]) >= 1
    assert answers == ["done", "later", "later"]


def test_a_deadline_that_passes_ends_the_wait_and_the_work_is_never_begun() -> None:
    late = Gate()

    async def scenario(scheduler, gate):
        running = asyncio.create_task(scheduler.run("m", gate))
        await begun(gate)
        with pytest.raises(ServiceError) as caught:
            await scheduler.run("m", late)
        with pytest.raises(ServiceError):
            await running
        gate.go.set()
        await asyncio.sleep(0.05)
        return caught.value

    error = run(scenario, deadline_s=0.15)
    assert error.status == 504
    assert late.runs == 0


def test_who_leaves_makes_room_and_costs_no_work() -> None:
    left = Gate()

    async def scenario(scheduler, gate):
        running = asyncio.create_task(scheduler.run("m", gate))
        await begun(gate)
        leaving = asyncio.create_task(scheduler.run("m", left))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert scheduler.waiting() == {"m": 0}
        gate.go.set()
        await running
        await asyncio.sleep(0.02)

    run(scenario, queue_size=1)
    assert left.runs == 0


def test_models_do_not_wait_for_each_other_where_there_are_threads() -> None:
    async def scenario(scheduler, gate):
        slow = asyncio.create_task(scheduler.run("slow", gate))
        await begun(gate)
        answer, _ = await scheduler.run("quick", lambda: "quick")
        assert not slow.done()
        return answer

    assert run(scenario, workers=2) == "quick"
