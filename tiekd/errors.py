"""The errors tiekd raises on purpose.

    TiekdError
    ├── ConfigError            a recipe, setting or argument is wrong
    ├── UnknownNameError       no model, format, colour map or protocol has that name; suggests similar ones
    │   └── NotFoundError      a server has no model, gallery, method or frame of that name
    ├── DataError              a file of the user is missing, unreadable or of the wrong shape
    │   ├── DamagedError       a file is not whole, or not what its name says
    │   └── ImageError         a picture cannot be used: `reason` is "type", "size" or "decode"
    ├── CheckpointError        a weight file is truncated, unsafe or of another architecture
    │   └── ChecksumError      it is not the file that the zoo promises
    ├── InputSizeError         a network cannot take an image of this size
    ├── WeightsUnavailableError  the row is known, but its weights are not on this machine
    ├── RunFailedError         a run failed although its input was valid
    │   └── NotFiniteError     a loss, a gradient or an output of the network is NaN or infinite
    └── UnavailableError       something optional is missing: a package, a device, a network

A message states what was wrong, with the value. A `hint` states what to do. The command line prints both and
exits with 2 (RunFailedError: 1); the server turns them into problem+json.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal


class TiekdError(Exception):
    """Base of all errors that tiekd raises on purpose. `hint` states what the reader can do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(TiekdError):
    """A recipe, a setting or an argument is wrong."""


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """At most three known names with a spelling similar to `name`, the most similar first."""
    return get_close_matches(name, sorted(set(known)), n=3, cutoff=0.4)


class UnknownNameError(TiekdError):
    """A name is not in a list of known names. The hint suggests similar names."""

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
    """A server has no model, gallery, method or frame of that name. It answers 404, not 400."""


class DataError(TiekdError):
    """A file of the user is missing, unreadable or of the wrong shape."""


class DamagedError(DataError):
    """A file is not whole, or not what its name says, so that it cannot be read."""


class ImageError(DataError):
    """A picture cannot be used because of its type, its size or its content (`reason`)."""

    def __init__(self, message: str, *, reason: Literal["type", "size", "decode"], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class CheckpointError(TiekdError):
    """A weight file is truncated, unsafe or belongs to another architecture."""


class ChecksumError(CheckpointError):
    """A row's weight file is not the one that the zoo promises: its sha256 differs."""


class InputSizeError(TiekdError):
    """A network cannot take an image of this size. The message states the allowed range."""


class WeightsUnavailableError(TiekdError):
    """A zoo row is known, but its weights are not on this machine."""


class RunFailedError(TiekdError):
    """A run failed although its input was valid. The command line exits with 1."""


class NotFiniteError(RunFailedError):
    """A loss, a gradient or an output of the network is NaN or infinite."""


class UnavailableError(TiekdError):
    """Something optional is missing: a package, a device or a network."""
