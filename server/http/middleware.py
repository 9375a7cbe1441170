"""What every request passes through: HEAD, protecting headers, counters, limits on bodies, the stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic, perf_counter

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.monitoring import Monitoring
from server.http.patience import Patience, SlowClientError
from server.http.problems import headers_of, problem_answer, problem_of
from server.http.uploads import too_large
from server.inference.errors import DrainingError
from server.inference.memory import Hold, Memory
from server.inference.service import Service

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STATE_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Answered while the service drains too."""
_DRAINED_BODIES = 4
"""Up to this many times the limit, a body is still read to its end, so that a browser sees the 413."""


class Envelope:
    """Outermost: answers HEAD as GET without a body, adds the headers, counts and times every request."""

    def __init__(self, app: ASGIApp, monitoring: Monitoring) -> None:
        self._app = app
        self._monitoring = monitoring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, began, status = scope["method"], perf_counter(), 500
        if method == "HEAD":
            scope["method"] = "GET"

        async def send_more(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, receive, send_more)
        finally:
            route = getattr(scope.get("route"), "path", None) or "unknown"
            self._monitoring.request(route, method, status, perf_counter() - began)


class Drain:
    """Answers 503 to what comes once the service drains, except where its state is asked for."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != "http" or not self._service.draining:
            await self._app(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        answer: ASGIApp = self._app
        if scope["path"] not in STATE_PATHS:
            error = DrainingError()
            answer = problem_answer(problem_of(error), headers=headers_of(error))
        await answer(scope, receive, send_last)


class BodyPace:
    """Refuses a body that arrives too slowly. Only the time in which the app waits for it counts."""

    def __init__(self, app: ASGIApp, patience: Patience) -> None:
        self._app = app
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        waited_s, arrived, whole = 0.0, 0, False

        async def timed() -> Message:
            nonlocal waited_s, arrived, whole
            if whole:  # What is awaited now is that the client leaves.
                return await receive()
            allowed_s, began = self._patience.allowed_s(arrived), monotonic()
            try:
                async with asyncio.timeout(allowed_s - waited_s):
                    message = await receive()
            except TimeoutError as error:
                raise SlowClientError("body", allowed_s) from error
            waited_s += monotonic() - began
            arrived += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            return message

        await self._app(scope, timed, send)


class BodyMemory:
    """Counts what requests and answers hold in the memory of the service; 503 when there is no room."""

    def __init__(self, app: ASGIApp, memory: Memory) -> None:
        self._app = app
        self._memory = memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hold = Hold(self._memory)
        stated = Request(scope).headers.get("content-length", "")
        # Room for a whole body is taken before it arrives, so that no half body waits for room.
        unused = int(stated) if stated.isdecimal() else 0
        asked, largest = False, 0

        async def counted() -> Message:
            nonlocal unused, asked
            if not asked:
                hold.ask(unused)
                asked = True
            message = await receive()
            n_bytes = len(message.get("body", b""))
            hold.ask(max(0, n_bytes - unused))
            unused = max(0, unused - n_bytes)
            return message

        async def send_held(message: Message) -> None:
            nonlocal largest
            # A file is sent in pieces, and only one of them is in memory.
            more = max(0, len(message.get("body", b"")) - largest)
            hold.add(more)
            largest += more
            await send(message)

        try:
            await self._app(scope, counted, send_held)
        finally:
            hold.release()


class BodyLimit:
    """Refuses bodies of more than `limit_bytes`, by their stated length or by what arrives."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        stated = request.headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > self._limit:
            await self._refuse(request, int(stated), receive, send)
            return
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self._limit:
                raise too_large(self._limit)
            return message

        await self._app(scope, counted, send)

    async def _refuse(self, request: Request, stated: int, receive: Receive, send: Send) -> None:
        waits_for_leave = request.headers.get("expect", "").lower() == "100-continue"
        if stated <= _DRAINED_BODIES * self._limit and not waits_for_leave:
            with suppress(SlowClientError):
                while (await receive()).get("more_body", False):
                    pass
        refusal = problem_answer(problem_of(too_large(self._limit)))
        await refusal(request.scope, receive, send)
