"""One process that serves: uvicorn with our connections, a stop that drains, and an end without delay."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from server.http.connections import Config, Connection
from server.settings import read_settings

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_CHECK_TICKS = 5
"""Connections are looked at in every fifth tick of uvicorn's loop, of 0.1 s each."""
_TICK_S = 0.1
_CUT_S = 1
"""How long uvicorn waits for requests after their connections were cut."""


class Server(uvicorn.Server):
    """Looks after its connections, and drains after a signal: it ends what has begun and refuses what comes.

    The socket still listens meanwhile, so that whoever asks `/readyz` learns why. What is left after
    `settings.grace_s`, or at a second signal, is cut.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._grace_s = config.settings.grace_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Stop; at a second signal, at once. uvicorn would end the process by the signal, not with 0."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Close connections whose clients are too slow."""
        if counter % _CHECK_TICKS == 0:
            for connection in self._connections():
                connection.end_if_overdue()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, cut what is left, and close."""
        self.lifespan.state["drain"]()
        ends, ticks = monotonic() + self._grace_s, 0
        while self._busy() and monotonic() < ends and not self.force_exit:
            await asyncio.sleep(_TICK_S)
            await self.on_tick(ticks := ticks + 1)
        for connection in self._busy():
            connection.transport.abort()
        # With it, uvicorn would not close the app, and would log its end as an error.
        self.force_exit = False
        await super().shutdown(sockets)

    def _connections(self) -> list[Connection]:
        # A connection that became a WebSocket is of another kind.
        return [found for found in self.server_state.connections if isinstance(found, Connection)]

    def _busy(self) -> list[Connection]:
        return [connection for connection in self._connections() if connection.busy]


def prepare(*, access_log: bool) -> Server:
    """The server that the environment describes, with its app made. Raises what `create_app` raises."""
    config = Config(
        "server.app:create_app",
        read_settings(),
        factory=True,
        log_config=_logging(),
        access_log=access_log,
        timeout_graceful_shutdown=_CUT_S,
    )
    config.load()
    # Pillow warns of damage in photos' metadata. Clients send these photos, and their depth does not need it.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    return Server(config)


@contextmanager
def ending_with_the_process() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the process with 0, before the server handles them and after it.

    The end of the block ends the process too, at once: an interpreter that ends as usual waits for threads
    that still compute, or aborts in torch, and takes seconds to tidy up.
    """
    before = {kind: signal.signal(kind, _end) for kind in _SIGNALS}
    try:
        yield
        _end()
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _end(*_signal: object) -> None:
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _logging() -> dict[str, Any]:
    """uvicorn's logging with our own logger beside it, and without what others say of clients' faults."""
    ours = {"handlers": ["default"], "level": "INFO", "propagate": False}
    forms = {"level": "CRITICAL"}  # Each damaged form is answered; a client must not fill the log with them.
    more = {"tiekd": ours, "python_multipart": forms}
    return {**LOGGING_CONFIG, "loggers": {**LOGGING_CONFIG["loggers"], **more}}
