"""Text that names where something is: `KIND:PLACE,key=value,…`, with `~` for the home folder.

One function takes all such text apart: data sets (`--data`), estimators and labels. A shell replaces `~` only
at the beginning of a word. After a colon or an equals sign it is replaced here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel

from tiekd.errors import ConfigError, UnknownNameError
from tiekd.faults import faults_as

Options = TypeVar("Options", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Place:
    """`kind:place,key=value,…` taken apart; `kind` is empty where the text states none."""

    kind: str
    place: str
    options: dict[str, str]

    def parsed(self, model: type[Options]) -> Options:
        """The options as `model` knows them. Raises ConfigError that names every fault."""
        hint = f"Its options are {', '.join(model.model_fields)}."
        with faults_as(ConfigError, f"{self.kind}:{self.place}", model=model, hint=hint):
            return model.model_validate(self.options)


def parse_place(text: str, kinds: Collection[str], *, what: str) -> Place:
    """Take `text` apart. Text without "KIND:" is a place of no kind, and has no options.

    what: what a kind is of, for messages. Raises UnknownNameError for a kind that is not in `kinds`, and
    ConfigError for an empty place.
    """
    kind, colon, rest = text.partition(":")
    if not colon or not re.fullmatch(r"\w+", kind):
        return Place("", at_home(text), {})
    if kind not in kinds:
        raise UnknownNameError(f"kind of {what}", kind, kinds)
    parts = rest.split(",")
    n_place = _length_of_path(parts)
    place = ",".join(parts[:n_place])
    if not place:
        raise ConfigError(f"{text!r} names no {what}.", hint=f"Write {kind}:PLACE.")
    wrong = [part for part in parts[n_place:] if "=" not in part]
    if wrong:
        raise ConfigError(
            f"{wrong[0]!r} in {text!r} is not KEY=VALUE.", hint=f"Write {kind}:PLACE,KEY=VALUE."
        )
    return Place(kind, at_home(place), dict(part.strip().split("=", 1) for part in parts[n_place:]))


def _length_of_path(parts: list[str]) -> int:
    """How many of the parts between commas are the path: what exists, else up to the last without "="."""
    for n_parts in range(len(parts), 0, -1):
        if Path(at_home(",".join(parts[:n_parts]))).exists():
            return n_parts
    return max((i for i, part in enumerate(parts) if "=" not in part), default=0) + 1


def at_home(path: str) -> str:
    """`path` with a leading `~` or `~USER` replaced by that home folder, if there is one."""
    if not path.startswith("~"):
        return path
    try:
        return str(Path(path).expanduser())
    except RuntimeError:  # There is no such user: then the path is meant as it is.
        return path


HomePath = Annotated[str, AfterValidator(at_home)]
"""A path in settings, in which `~` is the home folder."""
