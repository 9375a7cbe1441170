"""Answers for several models at once: their names in a query, and each answer as soon as it is there."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from typing import TypeVar

from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from server.http.answers import header_text
from server.http.openapi import PROBLEM_TYPE
from server.http.problems import problem_of
from server.http.schemas import ModelProblem
from server.inference.service import Service
from server.inference.several import Several
from tiekd.errors import ConfigError, TiekdError

T = TypeVar("T")
MULTIPART = "multipart/mixed"


def named_models(service: Service, text: str) -> list[str]:
    """The models that a query names with commas between them.

    One name stays as it is, also one that has a comma in it. Raises ConfigError for none and for repetition.
    """
    if text in service.residency.residents:
        return [text]
    names = [name for part in text.split(",") if (name := part.strip())]
    if not names:
        raise ConfigError("No model is named.", hint="/api/models lists the models; commas separate names.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{', '.join(twice)} is named more than once.", hint="Name every model once.")
    return names


class _Streamed(StreamingResponse):
    """The answers of several models as they come. What is left is not computed when the client leaves."""

    def __init__(
        self,
        several: Several[T],
        pieces: AsyncIterator[bytes],
        *,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(pieces, headers=headers, media_type=media_type)
        self._close = several.close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it (ASGI)."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._close()


async def streamed(
    several: Several[T], pieces: AsyncIterator[bytes], *, media_type: str, headers: Mapping[str, str]
) -> Response:
    """The answers of several models, once the first is there. Raises as `Several.begin` does."""
    try:
        await several.begin()
    except BaseException:
        several.close()
        raise
    return _Streamed(several, pieces, media_type=media_type, headers=headers)


async def json_list(several: Several[bytes]) -> AsyncIterator[bytes]:
    """One list of JSON, an entry on each line; a model that failed has its problem there."""
    opening = b"[\n"
    async for model, outcome in several:
        entry = model_problem(model, outcome) if isinstance(outcome, TiekdError) else outcome
        yield opening + entry + b"\n"
        opening = b","
    yield b"]"


def model_problem(model: str, error: TiekdError) -> bytes:
    """The problem of one model among several."""
    return ModelProblem(**problem_of(error).model_dump(exclude_unset=True), model=model).json_bytes()


Part = tuple[dict[str, str], bytes]
"""Headers and body of a part."""


class Parts:
    """A body of type multipart/mixed. Each part says its length, so nobody needs to search for boundaries."""

    def __init__(self) -> None:
        self._boundary = uuid.uuid4().hex
        self.media_type = f"{MULTIPART}; boundary={self._boundary}"

    async def of(self, several: Several[Part]) -> AsyncIterator[bytes]:
        """One part for each model; the part of a model that failed is its problem."""
        async for model, outcome in several:
            if isinstance(outcome, TiekdError):
                headers = {"Content-Type": PROBLEM_TYPE, "X-Model": header_text(model)}
                data = model_problem(model, outcome)
            else:
                headers, data = outcome
            stated = {**headers, "Content-Length": str(len(data))}
            lines = [f"--{self._boundary}", *(f"{name}: {value}" for name, value in stated.items())]
            yield "\r\n".join([*lines, "", ""]).encode("ascii")
            yield data
            yield b"\r\n"
        yield f"--{self._boundary}--\r\n".encode("ascii")
