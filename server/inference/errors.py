"""The errors of the service core.

    ServiceError             the service does not answer this request
    ├── NotServedError       a row of the zoo that this service does not serve (knows near names)
    ├── LoadFailedError      a model that could not be loaded
    ├── DeadlineError        no answer within the time limit
    └── TryLaterError        a later request may be answered: `retry_after_s` says when
        ├── NotReadyError    the model is still being loaded
        ├── QueueFullError   too many requests wait for the model
        ├── MemoryFullError  requests hold as many bytes as they may
        └── DrainingError    the service is about to stop

A name that nobody knows is `tiekd.errors.NotFoundError`, and a picture that can't be used is `ImageError`.
Whatever wraps the core maps these classes to the words of its own protocol (HTTP: `server.http.problems`).
"""

from __future__ import annotations

from collections.abc import Iterable

from tiekd.errors import TiekdError, near_names


class ServiceError(TiekdError):
    """The service does not answer this request."""


class NotServedError(ServiceError):
    """The zoo has a row of this name, but this service does not serve it; `near` are served names like it."""

    def __init__(self, model: str, served: Iterable[str]) -> None:
        names = list(served)
        super().__init__(
            f"{model} is a row of the zoo, but this server does not serve it.",
            hint=f"It serves {', '.join(names) or 'no model'}.",
        )
        self.near = near_names(model, names)


class LoadFailedError(ServiceError):
    """The model could not be loaded. The reason is in words that clients may see; the log has all of it."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f"{model} can't be loaded. {reason}", hint="The server's log says more.")


class DeadlineError(ServiceError):
    """The model had no answer within the time limit."""

    def __init__(self, model: str, deadline_s: float) -> None:
        super().__init__(
            f"{model} had no answer within {deadline_s:g} s.",
            hint="The server is busy; try again later or with a smaller photo.",
        )


class TryLaterError(ServiceError):
    """The service can't answer now; the same request may succeed after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, hint=f"Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class NotReadyError(TryLaterError):
    """The model is still being loaded."""

    def __init__(self, model: str, *, retry_after_s: int = 2) -> None:
        super().__init__(f"{model} is still being loaded.", retry_after_s=retry_after_s)


class QueueFullError(TryLaterError):
    """As many requests as may wait for the model already wait."""

    def __init__(self, model: str, *, waiting: int, retry_after_s: int) -> None:
        super().__init__(f"{waiting} requests already wait for {model}.", retry_after_s=retry_after_s)


class MemoryFullError(TryLaterError):
    """All requests together hold as many bytes as they may."""

    def __init__(self, held_bytes: int, *, retry_after_s: int = 2) -> None:
        held_mb = held_bytes / 2**20
        super().__init__(
            f"The requests at work hold {held_mb:.0f} MiB, and there is no room for another.",
            retry_after_s=retry_after_s,
        )


class DrainingError(TryLaterError):
    """The service is about to stop and begins no more work."""

    def __init__(self, *, retry_after_s: int = 5) -> None:
        super().__init__("The server is about to stop.", retry_after_s=retry_after_s)
