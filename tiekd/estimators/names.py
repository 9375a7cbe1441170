"""The name of an estimator: `PLACE`, or `KIND:PLACE` with `,key=value` for what must be declared."""

from __future__ import annotations

import re
from pathlib import Path

from tiekd.places import Place, parse_place

KINDS = ("hf", "onnx", "labels")


def parse_name(text: str) -> Place:
    """Take an estimator's name apart. Raises UnknownNameError for an unknown kind, and ConfigError."""
    return Place("", text, {}) if Path(text).exists() else parse_place(text, KINDS, what="model")


def split_names(text: str) -> list[str]:
    """The names in a list that is separated by commas; what is declared after a name stays with it."""
    names: list[str] = []
    for part in text.split(","):
        if names and names[-1].partition(":")[0] in KINDS and re.match(r"\s*\w+=", part):
            names[-1] += f",{part}"
        elif part:
            names.append(part)
    return names
