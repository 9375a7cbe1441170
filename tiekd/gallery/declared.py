"""What somebody declares of a folder of results: its scale, its unit, that it is the truth.

One grammar serves the command line, the environment, addresses and config files:

    METHOD=scale=1000,label=My net        METHOD=disparity=389.6        METHOD=truth

`,`, `=` and `%` inside a name or a label are written as %2C, %3D and %25.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any
from urllib.parse import quote, unquote

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from tiekd.errors import ConfigError
from tiekd.faults import fault_lines
from tiekd.limits import DepthScale, Stated
from tiekd.types import DepthRange

EXAMPLE = "For example mine=scale=1000, or disp=disparity=389.6,label=My net."


def _halves(value: Any) -> Any:
    """`A:B` in text as two numbers."""
    halves = value.split(":") if isinstance(value, str) else value
    if isinstance(halves, list) and len(halves) != 2:
        raise ValueError("two numbers with : between are needed here")
    return halves


def _rising(span: tuple[float, float]) -> tuple[float, float]:
    if not 0 < span[0] < span[1]:
        raise ValueError("MIN:MAX in metres is needed here, with 0 < MIN < MAX")
    return span


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a label is one line of text")
    return text


Pair = Annotated[tuple[float, float], BeforeValidator(_halves)]
Label = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line)]
_KINDS = ("disparity", "inverse", "magma", "colors")
_READINGS = ("scale", *_KINDS)
"""The fields that say together how numbers become metres."""


class Declared(Stated):
    """What is declared of one folder. None: what its files and its name say."""

    scale: DepthScale | None = Field(default=None, description="stored number of one metre, of floats too")
    disparity: Annotated[float, Field(gt=0, le=1e9)] | None = Field(
        default=None,
        description="the numbers are disparity in pixels: focal length in pixels × baseline in metres",
    )
    inverse: Pair | None = Field(
        default=None, description="A:B: the numbers are inverse depth, 1 / metres = A × number + B"
    )
    magma: Annotated[Pair, AfterValidator(_rising)] | None = Field(
        default=None, description="MIN:MAX: its colours are magma_r over this range in metres"
    )
    colors: bool | None = Field(default=None, description="its pictures are shown as colours only")
    ignore: bool | None = Field(default=None, description="it is not shown")
    truth: bool | None = Field(default=None, description="it is ground truth")
    label: Label | None = Field(default=None, description="its name on the page")

    @model_validator(mode="after")
    def _one_reading(self) -> Declared:
        kinds = [name for name in _KINDS if getattr(self, name)]
        if self.scale is not None and {"magma", "colors"} & set(kinds):
            kinds.insert(0, "scale")
        if len(kinds) > 1:
            raise ValueError(f"{kinds[0]} and {kinds[1]} can't both hold")
        if self.inverse is not None and self.inverse[0] == 0:
            raise ValueError("inverse=A:B needs an A that is not 0")
        return self

    @property
    def magma_range(self) -> DepthRange | None:
        """The range of its magma_r pictures."""
        return DepthRange(*self.magma) if self.magma else None

    def under(self, other: Declared) -> Declared:
        """This, where `other` says nothing. How the numbers are read is one statement, never a mixture."""
        own, above = self.model_dump(exclude_none=True), other.model_dump(exclude_none=True)
        if any(name in above for name in _READINGS):
            own = {name: value for name, value in own.items() if name not in _READINGS}
        return Declared(**own | above)

    def __str__(self) -> str:
        stated = self.model_dump(exclude_none=True)
        return ",".join(name if value is True else f"{name}={_text(value)}" for name, value in stated.items())


NOTHING = Declared()


def parse_declared(text: str) -> tuple[str, Declared]:
    """Folder and declaration of `METHOD=key=value,…`. Raises ConfigError with every fault."""
    name, equals, settings = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"{text!r} is not METHOD=SETTINGS.", hint=EXAMPLE)
    pairs = [part.partition("=") for part in settings.split(",") if part.strip()]
    stated = {key.strip(): unquote(value) if given else True for key, given, value in pairs}
    if len(stated) < len(pairs):
        twice = next(key for key in stated if [one.strip() for one, _, _ in pairs].count(key) > 1)
        raise ConfigError(f"What is declared of {unquote(name)}: {twice} is stated twice.", hint=EXAMPLE)
    return unquote(name), declare(unquote(name), stated)


def declare(name: str, stated: Mapping[str, Any]) -> Declared:
    """The declaration of a folder from its fields. Raises ConfigError with every fault."""
    try:
        return Declared.model_validate(stated)
    except ValidationError as error:
        said = "; ".join(fault_lines(error, Declared))
        raise ConfigError(f"What is declared of {name}: {said}.", hint=EXAMPLE) from error


def parse_all(texts: Iterable[str]) -> dict[str, Declared]:
    """Declarations by folder; a later one of the same folder adds to an earlier. Raises ConfigError."""
    found: dict[str, Declared] = {}
    for name, declared in map(parse_declared, texts):
        found[name] = found.get(name, NOTHING).under(declared)
    return found


def unused(declared: Iterable[str], folders: Collection[str]) -> list[str]:
    """A sentence for each folder of which something is declared and which is not there, with a near name."""
    sentences = []
    for name in sorted(set(declared) - set(folders)):
        near = get_close_matches(name, folders, n=1)
        instead = f" Is it {near[0]!r}?" if near else ""
        sentences.append(f"There is no folder {name!r}; what is declared of it is not used.{instead}")
    return sentences


def declared_text(name: str, declared: Declared) -> str:
    """The text that `parse_declared` reads as this declaration."""
    return f"{quoted(name)}={declared}"


def quoted(text: str) -> str:
    """A name or a label as it is written in a declaration."""
    return quote(text, safe=" /:+()[]")


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ":".join(map(_text, value))
    if isinstance(value, bool):
        return str(int(value))
    # All digits: the text is also the name under which a reading is kept.
    return f"{value!r}".removesuffix(".0") if isinstance(value, float) else quoted(value)
