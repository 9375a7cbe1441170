"""What the files of a folder are, and how they are read after what somebody declares of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tiekd.codecs import png16
from tiekd.gallery.declared import NOTHING, Declared, quoted
from tiekd.gallery.decoders import Decoder, Grey16Decoder, Inverse, MagmaDecoder, PictureDecoder
from tiekd.methods import GROUND_TRUTH, OTHER
from tiekd.types import DepthRange

IGNORED = "Ignored, as declared."


@dataclass(frozen=True, slots=True)
class Stored:
    """A folder before anybody declares anything of it.

    kind: what its files hold. label, family, model: what its name says (see `Method`). forms: format -> how
    many files. scale: stored number of one metre, if whole. span: range of its magma_r pictures, if known.
    inverse: its names say disparity or inverse depth. renamed: a file's name and the frame it is taken for,
    where the two differ.
    """

    kind: Literal["depth", "pictures"]
    label: str
    family: str = OTHER
    model: str | None = None
    forms: Mapping[str, int] = field(default_factory=dict)
    scale: float = png16.DEPTH_SCALE
    span: DepthRange | None = None
    inverse: bool = False
    renamed: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a gallery, read in one way.

    family: colour family, one of `tiekd.methods.FAMILIES`. model: the row of the zoo that made it, if known.
    asked: the part of what is declared that came with a request. hidden: why it is not shown; "" if it is.
    """

    id: str
    label: str
    family: str
    model: str | None
    decoder: Decoder
    stored: Stored
    declared: Declared = NOTHING
    asked: Declared = NOTHING
    hidden: str = ""

    def describe(self) -> dict[str, object]:
        """The method as JSON of the API."""
        asked = {"read_as": str(self.asked)} if self.asked != NOTHING else {}
        return asked | {
            "id": self.id,
            "label": self.label,
            "family": self.family,
            "model": self.model,
            "unit": self.decoder.unit,
            "precision_m": self.decoder.precision_m,
            "saturated_m": self.decoder.saturated_m,
        }

    def read_as(self, declared: Declared) -> Method:
        """The method after a further declaration, which wins over those before."""
        return replace(method_of(self.id, self.stored, self.declared.under(declared)), asked=declared)


def method_of(name: str, stored: Stored, declared: Declared = NOTHING) -> Method:
    """A folder as it is read after what is declared of it."""
    family = stored.family
    if declared.truth is not None and declared.truth != (family == GROUND_TRUTH):
        family = GROUND_TRUTH if declared.truth else OTHER
    shown = Method(
        id=name,
        label=declared.label or stored.label,
        family=family,
        model=stored.model,
        decoder=_decoder(name, stored, declared),
        stored=stored,
        declared=declared,
    )
    hidden = IGNORED if declared.ignore else _misfit(name, stored, declared)
    return replace(shown, hidden=hidden) if hidden else shown


def _decoder(name: str, stored: Stored, declared: Declared) -> Decoder:
    if stored.kind == "depth":
        inverse = None
        if declared.disparity:
            inverse = Inverse(1 / declared.disparity)
        elif declared.inverse:
            inverse = Inverse(*declared.inverse)
        return Grey16Decoder(declared.scale or stored.scale, declared.scale or 1.0, inverse, quoted(name))
    span = declared.magma_range or stored.span
    return MagmaDecoder(span) if span and not declared.colors else PictureDecoder()


def _misfit(name: str, stored: Stored, declared: Declared) -> str:
    """Why a folder can't be read in the declared way, or can't without a declaration."""
    numbers = [key for key in ("scale", "disparity", "inverse") if getattr(declared, key)]
    drawn = [key for key in ("magma", "colors") if getattr(declared, key)]
    if stored.kind == "pictures" and numbers:
        return f"Its files are pictures of colours, so {numbers[0]} can't be declared of it."
    if stored.kind == "depth" and drawn:
        return f"Its files hold numbers, not colours, so {drawn[0]} can't be declared of it."
    if stored.kind == "depth" and stored.inverse and not numbers:
        return (
            "Its names say disparity or inverse depth. Declare how it becomes metres, under Sources or by "
            f"`tiekd serve --source {name}=disparity=FX*BASELINE`; {name}=scale=256 if it is depth."
        )
    return ""
