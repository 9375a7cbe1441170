"""The errors tiekd raises on purpose.

    TiekdError
    ├── ConfigError            a recipe, setting or argument is wrong
    ├── UnknownNameError       no model, format, colour map or protocol of that name (knows near names)
    │   └── NotFoundError      a server has no model, gallery, method or frame of that name
    ├── DataError              a file of the user's is missing, unreadable or of the wrong shape
    │   └── ImageError         a picture can't be used: `reason` is "type", "size" or "decode"
    ├── CheckpointError        a weight file is truncated, unsafe or of another architecture
    ├── InputSizeError         an image size that a network can't take
    ├── WeightsUnavailableError  the row is known but its weights are not on this machine
    ├── RunFailedError         a run whose input was fine and that still can't go on
    │   └── NotFiniteError     a loss, a gradient or an answer of the network is NaN or infinite
    └── UnavailableError       something optional is missing: a package, a device, a network

A message says what was wrong, with the value, and a `hint` says what to do about it. The command line
prints both and exits with 2; the server turns them into problem+json.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal


class TiekdError(Exception):
    """Base of every error raised on purpose; `hint` tells the reader what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(TiekdError):
    """A recipe, a setting or an argument is wrong."""


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """At most three of the known names that are spelt much like `name`, the nearest first."""
    return get_close_matches(name, sorted(set(known)), n=3, cutoff=0.4)


class UnknownNameError(TiekdError):
    """A name that is not in a list of known names; suggests the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(set(known))
        self.near = near_names(name, names)
        if self.near:
            hint = f"Did you mean {' or '.join(self.near)}?"
        else:
            listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
            hint = f"Known: {listed or 'none'}."
        super().__init__(f"Unknown {kind} {name!r}.", hint=hint)
        self.kind = kind
        self.name = name


class NotFoundError(UnknownNameError):
    """A model, a gallery, a method or a frame that is not here. A server answers 404, not 400."""


class DataError(TiekdError):
    """A file of the user's is missing, unreadable or of the wrong shape."""


class ImageError(DataError):
    """A picture can't be used; `reason` says whether its type, its size or its content is at fault."""

    def __init__(self, message: str, *, reason: Literal["type", "size", "decode"], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class CheckpointError(TiekdError):
    """A weight file is truncated, unsafe or belongs to another architecture."""


class InputSizeError(TiekdError):
    """An image size that a network can't take; the message gives the allowed range."""


class WeightsUnavailableError(TiekdError):
    """A zoo row is known but its weights are not on this machine."""


class RunFailedError(TiekdError):
    """A run whose input was fine and that still can't go on; the command line exits with 1."""


class NotFiniteError(RunFailedError):
    """A loss, a gradient or an answer of the network is NaN or infinite."""


class UnavailableError(TiekdError):
    """Something optional is missing: a package, a device or a network."""
