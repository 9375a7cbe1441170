"""The answers of several models to one picture, as they come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from server.inference.memory import Hold
from tiekd.errors import ImageError, TiekdError

T = TypeVar("T")
Outcome = tuple[str, T | TiekdError]
"""A model, and its answer or its error."""


class Several(Generic[T]):
    """The answer of each of `models` in their order; where one fails, its error, and the others go on.

    At most `ahead` models are asked beyond the answer that is taken, so that little is computed for a client
    that does not take it. Whoever has one closes it: that ends what is asked and gives `hold` back.
    """

    def __init__(
        self, models: Sequence[str], ask: Callable[[str], Awaitable[T]], *, ahead: int, hold: Hold
    ) -> None:
        self._models = deque(models)
        self._ask = ask
        self._ahead = ahead
        self._hold = hold
        self._asked: deque[tuple[str, asyncio.Future[T]]] = deque()
        self._early: list[Outcome[T]] = []

    async def begin(self) -> None:
        """Wait until a model has answered. Raises the first error when none does.

        A fault of the picture (ImageError) is the fault of every model, so it is raised at once.
        """
        while (found := await self._next()) is not None:
            self._early.append(found)
            if not isinstance(found[1], TiekdError):
                return
        for _, outcome in self._early[:1]:
            assert isinstance(outcome, TiekdError)
            raise outcome

    async def __aiter__(self) -> AsyncIterator[Outcome[T]]:
        while self._early:
            yield self._early.pop(0)
        while (found := await self._next()) is not None:
            yield found

    def close(self) -> None:
        """Ask nothing more, and give back what was held."""
        self._models.clear()
        for _, answer in self._asked:
            answer.cancel()
        self._hold.release()

    async def _next(self) -> Outcome[T] | None:
        self._ask_ahead()
        if not self._asked:
            return None
        name, answer = self._asked[0]
        try:
            outcome: T | TiekdError = await answer
        except ImageError:
            raise
        except TiekdError as error:
            outcome = error
        self._asked.popleft()
        self._ask_ahead()  # The next are computed while this one is sent.
        return name, outcome

    def _ask_ahead(self) -> None:
        while self._models and len(self._asked) < self._ahead:
            name = self._models.popleft()
            self._asked.append((name, asyncio.ensure_future(self._ask(name))))
