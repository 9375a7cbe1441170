import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.inference.errors import DeadlineError, DrainingError, QueueFullError
from server.inference.memory import Memory
from server.inference.scheduler import Needs, Scheduler


class Gate:
    """Work that begins, says so, and ends when it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.runs = 0

    def __call__(self, _job=None) -> str:
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
                scheduler = Scheduler(
                    pool, Memory(1000), streams=workers, queue_size=queue_size, deadline_s=deadline_s
                )
                return await scenario(scheduler, gate)
            finally:
                gate.go.set()

    return asyncio.run(main())


async def begun(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.begun.wait, 10)


def test_work_is_done_off_the_event_loop_and_its_wait_is_told() -> None:
    async def scenario(scheduler, _gate):
        found = await scheduler.run("m", lambda job: (threading.current_thread(), job.waited_ms))
        return *found, threading.current_thread()

    thread, waited_ms, loop_thread = run(scenario)
    assert thread is not loop_thread
    assert 0 <= waited_ms < 5000


def test_an_error_reaches_the_one_who_waits_and_the_lane_goes_on() -> None:
    async def scenario(scheduler, _gate):
        with pytest.raises(ZeroDivisionError):
            await scheduler.run("m", lambda _job: 1 / 0)
        return await scheduler.run("m", lambda _job: 5)

    assert run(scenario) == 5


def test_a_full_queue_refuses_and_says_when_to_come_back() -> None:
    async def scenario(scheduler, gate):
        first = asyncio.create_task(scheduler.run("m", gate))
        await begun(gate)
        waiting = [asyncio.create_task(scheduler.run("m", lambda _job: "later")) for _ in range(2)]
        await asyncio.sleep(0)
        assert scheduler.waiting() == {"m": 2}
        with pytest.raises(QueueFullError, match="2 requests already wait for m") as caught:
            await scheduler.run("m", lambda _job: "too many")
        gate.go.set()
        answers = await asyncio.gather(first, *waiting)
        return caught.value, answers

    error, answers = run(scenario)
    assert error.retry_after_s >= 1
    assert str(error.retry_after_s) in error.hint
    assert answers == ["done", "later", "later"]


def test_a_deadline_that_passes_ends_the_wait_and_the_work_is_never_begun() -> None:
    late = Gate()

    async def scenario(scheduler, gate):
        running = asyncio.create_task(scheduler.run("m", gate))
        await begun(gate)
        with pytest.raises(DeadlineError, match=r"m had no answer within 0\.15 s"):
            await scheduler.run("m", late)
        with pytest.raises(DeadlineError):
            await running
        gate.go.set()
        await asyncio.sleep(0.05)

    run(scenario, deadline_s=0.15)
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
        answer = await scheduler.run("quick", lambda _job: "quick")
        assert not slow.done()
        return answer

    assert run(scenario, workers=2) == "quick"


def test_one_model_computes_on_all_threads_at_once() -> None:
    async def scenario(scheduler, gate):
        slow = asyncio.create_task(scheduler.run("m", gate))
        await begun(gate)
        answer = await scheduler.run("m", lambda _job: "quick")
        assert not slow.done()
        return answer

    assert run(scenario, workers=2) == "quick"


def test_a_busy_model_does_not_keep_another_one_waiting_for_its_whole_queue() -> None:
    order = []

    async def scenario(scheduler, gate):
        first = asyncio.create_task(scheduler.run("busy", gate))
        await begun(gate)
        busy = [
            asyncio.create_task(scheduler.run("busy", lambda _job: order.append("busy"))) for _ in range(4)
        ]
        while scheduler.waiting() != {"busy": 4}:
            await asyncio.sleep(0)
        other = asyncio.create_task(scheduler.run("m", lambda _job: order.append("m")))
        while scheduler.waiting() != {"busy": 4, "m": 1}:
            await asyncio.sleep(0)
        gate.go.set()
        await asyncio.gather(first, *busy, other)

    run(scenario, queue_size=4)
    assert order.index("m") <= 1, "it is its turn after one of the others"


LARGE = Needs(large=True)


@pytest.mark.parametrize(("workers", "at_once"), [(1, 1), (2, 1), (4, 2)])
def test_large_jobs_take_half_of_the_threads_and_the_others_pass_them(workers, at_once) -> None:
    async def scenario(scheduler, gate):
        larges = [asyncio.create_task(scheduler.run(f"m{i}", gate, needs=LARGE)) for i in range(5)]
        while gate.runs < at_once:
            await asyncio.sleep(0.01)
        if workers > 1:
            assert await scheduler.run("m0", lambda _job: "small") == "small"
        assert gate.runs == at_once
        gate.go.set()
        await asyncio.gather(*larges)
        return gate.runs

    assert run(scenario, workers=workers) == 5


def test_large_jobs_that_wait_leave_room_in_the_queue_for_the_others() -> None:
    async def scenario(scheduler, gate):
        tasks = [asyncio.create_task(scheduler.run("m", gate, needs=LARGE))]
        await begun(gate)
        tasks += [asyncio.create_task(scheduler.run("m", gate, needs=LARGE)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await scheduler.run("m", gate, needs=LARGE)
        tasks.append(asyncio.create_task(scheduler.run("m", lambda _job: "small")))
        await asyncio.sleep(0)
        assert scheduler.waiting() == {"m": 3}
        gate.go.set()
        return (await asyncio.gather(*tasks))[-1]

    assert run(scenario) == "small"


def test_a_job_begins_when_its_bytes_fit_or_when_it_is_alone() -> None:
    async def scenario(scheduler, gate):
        first = asyncio.create_task(scheduler.run("m", gate, needs=Needs(5000)))  # More than the budget.
        await begun(gate)
        order: list[int] = []
        waiting = [
            asyncio.create_task(scheduler.run("m", lambda _job, n=n: order.append(n), needs=Needs(n)))
            for n in (900, 10)
        ]
        await asyncio.sleep(0.05)
        assert scheduler.waiting() == {"m": 2}, "there are free threads, but no room"
        gate.go.set()
        await asyncio.gather(first, *waiting)
        return sorted(order)

    assert run(scenario, workers=3) == [10, 900]


def test_bytes_are_held_until_the_thread_is_done_whoever_leaves() -> None:
    async def main():
        with ThreadPoolExecutor(1) as pool:
            memory, gate = Memory(1000), Gate()
            scheduler = Scheduler(pool, memory, streams=1, queue_size=2, deadline_s=10)
            leaving = asyncio.create_task(scheduler.run("m", gate, needs=Needs(400)))
            await begun(gate)
            next_one = asyncio.create_task(scheduler.run("m", lambda _job: memory.held_bytes, needs=Needs(7)))
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.sleep(0.05)
            assert memory.held_bytes == 400
            assert scheduler.waiting() == {"m": 1}, "the thread is not free before it is done"
            gate.go.set()
            assert await next_one == 7
            await asyncio.sleep(0.01)
            return memory.held_bytes

    assert asyncio.run(main()) == 0


def test_work_ends_at_its_next_step_when_nobody_waits() -> None:
    steps = []

    async def scenario(scheduler, gate):
        def work(job):
            gate()
            job.go_on()
            steps.append("too much")

        leaving = asyncio.create_task(scheduler.run("m", work))
        await begun(gate)
        leaving.cancel()
        await asyncio.sleep(0)
        gate.go.set()
        return await scheduler.run("m", lambda _job: "next")

    assert run(scenario) == "next"
    assert steps == []


def test_who_leaves_while_all_threads_are_busy_costs_no_work() -> None:
    left = Gate()

    async def scenario(scheduler, gate):
        running = asyncio.create_task(scheduler.run("busy", gate))
        await begun(gate)
        leaving = asyncio.create_task(scheduler.run("m", left))  # its lane is free, but no thread is
        while scheduler.waiting() != {"busy": 0, "m": 1}:
            await asyncio.sleep(0)
        leaving.cancel()
        gate.go.set()
        await running
        return await scheduler.run("m", lambda _job: "next")

    assert run(scenario) == "next"
    assert left.runs == 0


def test_a_wait_for_a_free_thread_is_part_of_the_wait() -> None:
    async def scenario(scheduler, gate):
        running = asyncio.create_task(scheduler.run("busy", gate))
        await begun(gate)
        waiting = asyncio.create_task(scheduler.run("m", lambda job: ("done", job.waited_ms)))
        await asyncio.sleep(0.1)
        gate.go.set()
        await running
        return await waiting

    answer, waited_ms = run(scenario)
    assert answer == "done"
    assert waited_ms >= 90


def test_closing_refuses_what_waits_and_what_comes_and_lets_what_has_begun_end() -> None:
    never = Gate()

    async def scenario(scheduler, gate):
        running = asyncio.create_task(scheduler.run("m", gate))
        await begun(gate)
        waiting = asyncio.create_task(scheduler.run("m", never))
        await asyncio.sleep(0)
        scheduler.close()
        with pytest.raises(DrainingError):
            await waiting
        for model in ("m", "another"):
            with pytest.raises(DrainingError) as caught:
                await scheduler.run(model, never)
        gate.go.set()
        return await running, caught.value.retry_after_s

    answer, retry_after_s = run(scenario)
    assert answer == "done"
    assert retry_after_s >= 1
    assert never.runs == 0


def test_a_pool_that_is_shut_down_refuses_the_job_that_has_no_thread_yet() -> None:
    never = Gate()

    async def main():
        pool, gate = ThreadPoolExecutor(1), Gate()
        scheduler = Scheduler(pool, Memory(1000), streams=1, queue_size=2, deadline_s=10)
        running = asyncio.create_task(scheduler.run("busy", gate))
        await begun(gate)
        waiting = asyncio.create_task(scheduler.run("m", never))
        while scheduler.waiting() != {"busy": 0, "m": 1}:
            await asyncio.sleep(0)
        scheduler.close()
        pool.shutdown(wait=False, cancel_futures=True)
        with pytest.raises(DrainingError):
            await asyncio.wait_for(waiting, 5)
        gate.go.set()
        return await running

    assert asyncio.run(main()) == "done"
    assert never.runs == 0
