"""One budget of bytes for everything that requests hold: bodies, pixels while they are computed, answers."""

from __future__ import annotations

from server.inference.errors import MemoryFullError


class Memory:
    """How many bytes all requests hold, and how many they may. It is used on the event loop only."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.held_bytes = 0

    def fits(self, more_bytes: int) -> bool:
        """Whether so many bytes more are within the limit."""
        return self.held_bytes + more_bytes <= self.limit_bytes


class Hold:
    """The bytes that one request or one job holds, until `release`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._held_bytes = 0

    def ask(self, more_bytes: int) -> None:
        """Hold more bytes. Raises MemoryFullError when there is no room for them."""
        if more_bytes and not self._memory.fits(more_bytes):
            raise MemoryFullError(self._memory.held_bytes)
        self.add(more_bytes)

    def add(self, more_bytes: int) -> None:
        """Hold more bytes, room or not: they are there already, or nothing would ever go on without them."""
        self._held_bytes += more_bytes
        self._memory.held_bytes += more_bytes

    def release(self) -> None:
        """Hold nothing any more."""
        self._memory.held_bytes -= self._held_bytes
        self._held_bytes = 0
