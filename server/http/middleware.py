"""What every request passes through: HEAD, headers that protect the page, counters, the limit on bodies."""

from __future__ import annotations

from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.monitoring import Monitoring
from server.http.problems import problem_answer, problem_of
from server.http.uploads import too_large

# 'unsafe-eval' is for browser automation: the page's state is an interface that users' scripts wait on, and
# Playwright evaluates a waiting expression with eval. The page itself uses neither eval nor inline script.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-eval'; img-src 'self' blob: data:; object-src 'none'; "
        "base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
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
            more = True
            while more:
                message = await receive()
                more = message["type"] == "http.request" and message.get("more_body", False)
        refusal = problem_answer(problem_of(too_large(self._limit)))
        await refusal(request.scope, receive, send)
