"""One client's connection: how long it may take over what it sends and over what it is sent.

uvicorn limits only the time that a connection is idle. Here are the limits that need nothing of the app: the
number of connections, the time and size of a header, and the time of a client that does not take its answer
or goes on with a body that was answered. `server.process.Server` looks at every connection twice a second.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from server.http.openapi import PROBLEM_TYPE
from server.http.patience import Patience, SlowClientError
from server.http.problems import problem, problem_of
from server.http.schemas import Problem
from server.inference.errors import TryLaterError
from server.settings import Settings

MAX_HEADER_BYTES = 32 * 1024
"""A request's line and header fields together; up to twice as much may pass, more is answered 431."""
MAX_FRAMING_BYTES = 64 * 1024
"""Of a body in chunks, and one more for every eight bytes of the body. Each chunk costs time."""
Due = Literal["header", "rest of a body", "reader"]
"""What a client is to do next."""


class Config(uvicorn.Config):
    """uvicorn's own settings, and ours, which each connection reads."""

    def __init__(self, app: Any, settings: Settings, **options: Any) -> None:
        super().__init__(
            app,
            http=Connection,
            timeout_keep_alive=settings.keep_alive_s,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
            **options,
        )
        self.settings = settings


class TooManyConnectionsError(TryLaterError):
    """As many connections as may be open are open."""

    def __init__(self, most: int, *, retry_after_s: int = 2) -> None:
        super().__init__(f"{most} connections to the server are open already.", retry_after_s=retry_after_s)


@dataclass(frozen=True, slots=True)
class _Wait:
    """What a client is to do, in which request, since when, and its count of bytes then."""

    what: Due
    request: object
    since: float
    count: int


class _Counted(h11.Connection):
    """HTTP that counts the bytes of bodies."""

    body_bytes = 0

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        event = super().next_event()
        if isinstance(event, h11.Data):
            self.body_bytes += len(event.data)
        return event


class Connection(H11Protocol, asyncio.BufferedProtocol):
    """uvicorn's connection with limits; `end_if_overdue` enforces those of time.

    It reads through a buffer of its own, in small pieces: h11 limits only what has not arrived whole.
    """

    config: Config

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._settings = self.config.settings
        self._wait: _Wait | None = None
        self._arrived = 0
        self._piece = bytearray(MAX_HEADER_BYTES)
        self._framing = 0.0
        self.conn: _Counted = _Counted(h11.SERVER, MAX_HEADER_BYTES)

    @property
    def busy(self) -> bool:
        """Whether a request has begun and its answer is not yet on its way, whole."""
        answers = self.cycle is not None and not self.cycle.response_complete
        return answers or self.transport.get_write_buffer_size() > 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Begin; one connection too many is told so and closed."""
        super().connection_made(transport)
        if len(self.connections) > self._settings.max_connections:
            error = TooManyConnectionsError(self._settings.max_connections)
            self._refuse(problem_of(error), {"Retry-After": str(error.retry_after_s)})

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - as asyncio calls it
        """Where the next piece of what arrives shall be put."""
        return self._piece

    def buffer_updated(self, nbytes: int) -> None:
        """Count what has arrived, and hand it on."""
        self._arrived += nbytes
        before, goes_on = self.conn.body_bytes, self.conn.their_state is h11.SEND_BODY
        self.data_received(bytes(self._piece[:nbytes]))
        of_body = self.conn.body_bytes - before
        self._framing = self._framing + nbytes - of_body - of_body / 8 if goes_on else 0
        if self._framing > MAX_FRAMING_BYTES and not self.transport.is_closing():
            self._refuse(problem(400, "The body comes in too many small chunks.", hint="Send larger ones."))

    def resume_writing(self) -> None:
        """Note that the client has taken nearly all that was written."""
        self._wait = None
        super().resume_writing()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: a client that asks for another protocol is answered in this one."""

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or a header that is too long."""
        hint = getattr(sys.exception(), "error_status_hint", 400)
        if hint == 431:
            said = problem(431, f"The header is longer than {MAX_HEADER_BYTES} bytes.", hint="Send less.")
        else:
            said = problem(400, msg, hint="Send a request of HTTP/1.1.")
        self._refuse(said)

    def end_if_overdue(self) -> None:
        """Close the connection if its client has taken too long over what it is to do."""
        what, count = self._expected()
        if what is None:
            self._wait = None
            return
        now, wait = self.loop.time(), self._wait
        if wait is None or (wait.what, wait.request) != (what, self.cycle):
            self._wait = _Wait(what, self.cycle, now, count)
        elif now - wait.since > self._patience(what).allowed_s(count - wait.count):
            self.logger.info("A client was too slow (%s); its connection is closed.", what)
            self._end(what)

    def _expected(self) -> tuple[Due | None, int]:
        """What the client is to do next, and a count that grows with each byte of it."""
        unread = self.transport.get_write_buffer_size()
        if unread and (self.flow.write_paused or self.transport.is_closing()):
            return "reader", -unread
        if self.cycle is None or self.conn.their_state is h11.IDLE:
            # uvicorn limits the time in which a connection that was used is idle.
            began = self.cycle is None or self.conn.trailing_data[0]
            return ("header", 0) if began else (None, 0)
        if self.cycle.response_complete and self.conn.their_state is h11.SEND_BODY:
            return "rest of a body", self._arrived
        return None, 0

    def _patience(self, what: Due) -> Patience:
        transfers = Patience.with_transfers(self._settings)
        return replace(transfers, seconds=self._settings.header_timeout_s) if what == "header" else transfers

    def _end(self, what: Due) -> None:
        if what == "header" and self.conn.trailing_data[0]:
            self._refuse(problem_of(SlowClientError("header", self._settings.header_timeout_s)))
        elif what == "header":
            self.transport.close()
        else:
            self.transport.abort()

    def _refuse(self, body: Problem, headers: Mapping[str, str] | None = None) -> None:
        """Answer a request in the place of the app, and close."""
        if self.cycle is not None and not self.cycle.response_complete:
            if self.cycle.response_started:
                self.transport.abort()  # Part of the app's answer has been sent already.
                return
            self.cycle.disconnected = True  # What the app answers now is dropped.
            self.cycle.message_event.set()
        data = body.json_bytes()
        fields = {"Content-Type": PROBLEM_TYPE, "Content-Length": len(data), "Connection": "close"}
        lines = [f"HTTP/1.1 {body.status} {body.title}"]
        lines += [f"{name}: {value}" for name, value in (fields | dict(headers or {})).items()]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("ascii") + data)
        self.transport.close()
