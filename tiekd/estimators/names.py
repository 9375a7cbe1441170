"""The name of an estimator: `PLACE`, or `KIND:PLACE` with `,key=value` for what must be declared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from tiekd.errors import ConfigError, UnknownNameError
from tiekd.faults import faults_as

KINDS = ("hf", "onnx", "labels")
Options = TypeVar("Options", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class EstimatorName:
    """`kind:place,key=value,…` taken apart; `kind` is empty for a zoo row and for a plain path."""

    kind: str
    place: str
    options: dict[str, str]

    def parsed(self, model: type[Options]) -> Options:
        """The options as `model` knows them. Raises ConfigError that names every fault."""
        hint = f"Its options are {', '.join(model.model_fields)}."
        with faults_as(ConfigError, f"{self.kind}:{self.place}", model=model, hint=hint):
            return model.model_validate(self.options)


def parse_name(text: str) -> EstimatorName:
    """Take an estimator's name apart. Raises UnknownNameError for an unknown kind, and ConfigError."""
    if Path(text).exists():
        return EstimatorName("", text, {})
    kind, colon, rest = text.partition(":")
    if not colon or not re.fullmatch(r"\w+", kind):
        return EstimatorName("", text, {})
    if kind not in KINDS:
        raise UnknownNameError("kind of model", kind, KINDS)
    # A comma may be part of a path, so the options begin after the last part without "=".
    parts = rest.split(",")
    n_place = max((i for i, part in enumerate(parts) if "=" not in part), default=0) + 1
    place = ",".join(parts[:n_place])
    if not place:
        raise ConfigError(f"{text!r} names no model.", hint=f"Write {kind}:PLACE.")
    options = dict(part.strip().split("=", 1) for part in parts[n_place:])
    return EstimatorName(kind, place, options)


def split_names(text: str) -> list[str]:
    """The names in a list that is separated by commas; what is declared after a name stays with it."""
    names: list[str] = []
    for part in text.split(","):
        if names and names[-1].partition(":")[0] in KINDS and re.match(r"\s*\w+=", part):
            names[-1] += f",{part}"
        elif part:
            names.append(part)
    return names
