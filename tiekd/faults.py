"""Pydantic's faults as our errors: every fault at once, each with its place, the value and near names."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError

from tiekd.errors import TiekdError

_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class NameIn:
    """For `Annotated[str, NameIn(…)]`: the value must be in a table, as it is when the value is checked.

    what: the kind of thing, for the message. also: names that are allowed besides those of the table.
    """

    what: str
    table: Collection[str]
    also: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return AfterValidator(self._check).__get_pydantic_core_schema__(source, handler)

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "enum": self._names()}

    def _names(self) -> list[str]:
        return [*self.also, *self.table]

    def _check(self, name: str) -> str:
        names = self._names()
        if name not in names:
            raise ValueError(f"there is no such {self.what}{_proposed(name, names)}")
        return name


@contextmanager
def faults_as(
    kind: type[TiekdError], what: str, *, model: type[BaseModel] | None = None, hint: str = ""
) -> Iterator[None]:
    """Turn a ValidationError inside the block into a `kind` that lists every fault of `what`.

    `model` is what was validated; with it the message proposes near names for unknown keys.
    """
    try:
        yield
    except ValidationError as error:
        raise kind(f"{what} has {describe_faults(error, model)}", hint=hint) from error


def describe_faults(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """All faults of a validation of `model`, counted, one per line."""
    lines = fault_lines(error, model)
    count = "1 fault" if len(lines) == 1 else f"{len(lines)} faults"
    return f"{count}:\n  " + "\n  ".join(lines)


def fault_lines(error: ValidationError, model: type[BaseModel] | None = None) -> list[str]:
    """One text per fault of a validation of `model`: where it is, what is wrong, and the value."""
    lines = []
    for fault in error.errors(include_url=False):
        place = ".".join(str(part) for part in fault["loc"])
        before = f"{place}: " if place else ""
        if fault["type"] == "extra_forbidden":
            lines.append(f"{before}there is no such key{_instead(fault['loc'], model)}")
        else:
            # A check of a whole model names the values itself, and may report several faults, one per line.
            whole = fault["type"] == "value_error" and not isinstance(fault["input"], str | float)
            given = "" if whole or fault["type"] == "missing" else f" (got {_shown(fault['input'])})"
            said = fault["msg"].removeprefix("Value error, ").splitlines()
            lines += [f"{before}{one}{given}" for one in said]
    return lines


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _instead(place: tuple[int | str, ...], model: type[BaseModel] | None) -> str:
    """What an unknown key at `place` may stand for: near names, else all names that there are."""
    group = model
    for part in place[:-1]:
        group = _model_in(group.model_fields[part].annotation) if group and isinstance(part, str) else group
    if group is None:
        return ""
    return _proposed(str(place[-1]), group.model_fields)


def _proposed(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=3)
    if near:
        return f" (did you mean {' or '.join(near)}?)"
    return f" (there are {', '.join(known)})"


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation such as `tuple[Row, ...] | None` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, list, tuple):
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None
