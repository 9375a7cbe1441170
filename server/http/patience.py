"""How long the server waits for a client that sends or reads slowly."""

from __future__ import annotations

from dataclasses import dataclass

from server.settings import Settings
from tiekd.errors import TiekdError


@dataclass(frozen=True, slots=True)
class Patience:
    """A time, and a pace in bytes per second that earns more of it."""

    seconds: float
    bytes_per_s: int

    @classmethod
    def with_transfers(cls, settings: Settings) -> Patience:
        """For a body that arrives and for an answer that is taken."""
        return cls(settings.transfer_timeout_s, settings.min_bytes_per_s)

    def allowed_s(self, moved: int) -> float:
        """Seconds that a transfer may have taken by the time that `moved` bytes have moved."""
        return self.seconds + moved / self.bytes_per_s


class SlowClientError(TiekdError):
    """A header or a body did not arrive in time."""

    def __init__(self, what: str, waited_s: float) -> None:
        super().__init__(
            f"The {what} of the request did not arrive within {waited_s:.3g} s.",
            hint="Send it again over a faster connection, or send a smaller photo.",
        )
