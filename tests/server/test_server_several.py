"""Several models side by side: order, failures, how far ahead is computed, and what closing ends."""

import asyncio

import pytest

from server.inference.memory import Hold, Memory
from server.inference.several import Several
from tiekd.errors import ConfigError, ImageError


class Models:
    """Models that answer when they are told to; `begun` are those that were asked, in order."""

    def __init__(self, *names: str) -> None:
        self.begun: list[str] = []
        self.answers = {name: asyncio.get_running_loop().create_future() for name in names}

    async def ask(self, name: str) -> str:
        self.begun.append(name)
        return await self.answers[name]

    def several(self, *, ahead: int = 2) -> Several[str]:
        self.memory = Memory(100)
        hold = Hold(self.memory)
        hold.ask(60)
        return Several(list(self.answers), self.ask, ahead=ahead, hold=hold)


def run(scenario):
    async def main():
        async with asyncio.timeout(10):
            return await scenario()

    return asyncio.run(main())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_answers_come_in_order_each_before_the_next_is_there() -> None:
    async def scenario():
        models = Models("a", "b", "c")
        several = models.several()
        models.answers["b"].set_result("B")
        models.answers["a"].set_result("A")
        await several.begin()
        found = []
        async for model, answer in several:
            found.append((model, answer))
            if model == "b":
                await settle()
                assert models.begun == ["a", "b", "c"]
                models.answers["c"].set_result("C")
        return found

    assert run(scenario) == [("a", "A"), ("b", "B"), ("c", "C")]


def test_no_more_is_asked_than_ahead_before_an_answer_is_taken() -> None:
    async def scenario():
        models = Models(*"abcd")
        for name in "abcd":
            models.answers[name].set_result(name)
        several = models.several(ahead=2)
        await several.begin()
        await settle()
        seen = [list(models.begun)]
        async for _ in several:
            await settle()
            seen.append(list(models.begun))
        return seen

    assert run(scenario) == [["a", "b", "c"], ["a", "b", "c"], [*"abcd"], [*"abcd"], [*"abcd"]]


def test_a_failure_is_that_model_alone() -> None:
    wrong = ConfigError("a can't.")

    async def scenario():
        models = Models("a", "b")
        models.answers["a"].set_exception(wrong)
        models.answers["b"].set_result("B")
        several = models.several()
        await several.begin()
        return [found async for found in several]

    assert run(scenario) == [("a", wrong), ("b", "B")]


def test_when_all_fail_the_first_error_is_raised() -> None:
    async def scenario():
        models = Models("a", "b")
        for name in "ab":
            models.answers[name].set_exception(ConfigError(f"{name} can't."))
        with pytest.raises(ConfigError, match="a can't"):
            await models.several().begin()

    run(scenario)


def test_a_fault_of_the_picture_ends_it_at_once() -> None:
    async def scenario():
        models = Models("a", "b", "c")
        models.answers["a"].set_exception(ImageError("cut off", reason="decode"))
        several = models.several()
        with pytest.raises(ImageError):
            await several.begin()
        several.close()
        await settle()
        assert models.begun == ["a", "b"]
        assert models.answers["b"].cancelled()

    run(scenario)


def test_closing_ends_what_is_asked_and_gives_the_memory_back() -> None:
    async def scenario():
        models = Models(*"abcd")
        models.answers["a"].set_result("A")
        several = models.several()
        await several.begin()
        assert models.memory.held_bytes == 60
        await settle()
        several.close()
        await settle()
        assert models.memory.held_bytes == 0
        assert models.answers["b"].cancelled()
        assert models.begun == ["a", "b", "c"]

    run(scenario)
