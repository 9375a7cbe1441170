"""Reads the files of a gallery: depth as metres x 256, or colours without depth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from shlex import quote
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs import png, png16
from tiekd.codecs.damage import damage_of
from tiekd.codecs.depth_file import SUFFIXES, probe_depth_file, read_depth_file
from tiekd.codecs.photo import decode_photo, stored_as
from tiekd.errors import DataError
from tiekd.files import open_regular
from tiekd.gallery.grid import GridNote
from tiekd.render import colormap
from tiekd.types import DepthRange

Kind = Literal["grey16", "color", "grey8", "array"]
ARRAY_SUFFIXES = frozenset(SUFFIXES) - {".png"}
"""Endings of files that hold depth and nothing else."""
_MOST_BYTES = 1 << 28
_MANY_PIXELS = 1 << 26
_AGAIN = "Write or copy it again."
_FARTHEST_M = 65535 / png16.DEPTH_SCALE
KIND_WORDS: dict[Kind, str] = {
    "grey16": "a 16-bit picture",
    "color": "a colour picture",
    "grey8": "an 8-bit grey picture",
    "array": "an array",
}


_DEPTHS: dict[Kind | None, str] = {"grey16": "16-bit", "color": "colour", "grey8": "8-bit grey"}


@dataclass(frozen=True, slots=True)
class Probe:
    """The header of a file. `fault` is set if the file cannot be used."""

    kind: Kind | None
    size: tuple[int, int]
    """(width, height) in pixels."""
    fault: str = ""


class Numbers(NamedTuple):
    """What a file of depth holds `[H, W]`, 0 = none. whole: whole numbers, which need a scale."""

    values: NDArray[np.uint16] | NDArray[np.float32]
    whole: bool


def read_numbers(path: Path, shape: tuple[int, int] | None = None) -> Numbers:
    """The numbers in a file of depth; `shape` is the frame's (height, width). Raises DataError."""
    if path.suffix.lower() != ".png":
        found = read_depth_file(path, shape=shape, where=path.name)
        return Numbers(found.values, found.header.whole)
    stored = png16.decode(read_bytes(path), where=path.name)
    note = GridNote.read(png.read_note(path))
    return Numbers(note.enlarged(stored) if note else stored, whole=True)


@dataclass(frozen=True, slots=True)
class Inverse:
    """Numbers that are the inverse of depth: 1 / metres = gain × number + offset."""

    gain: float
    offset: float = 0.0

    def metres(self, numbers: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth in metres `[H, W]`, 0 where there is none: no number, or none in front of the camera."""
        inverse = numbers * np.float32(self.gain) + np.float32(self.offset)
        depth = np.zeros_like(inverse)
        np.divide(1, inverse, out=depth, where=(numbers > 0) & (inverse > 0))
        return depth


@dataclass(frozen=True, slots=True)
class Grey16Decoder:
    """16-bit PNG with `scale` stored integers per metre, or floats with `float_scale` per metre.

    With `inverse` the scaled numbers are not metres but their inverse. A PNG with the grid of its network is
    enlarged (`tiekd.gallery.grid`). folder: what to call the files' folder when something is to be declared.
    """

    scale: float = png16.DEPTH_SCALE
    float_scale: float = 1.0
    inverse: Inverse | None = None
    folder: str = "METHOD"
    unit: ClassVar[Literal["m"]] = "m"
    saturated_m: ClassVar[None] = None
    kinds: ClassVar[frozenset[Kind]] = frozenset({"grey16", "array"})

    @property
    def precision_m(self) -> float | None:
        """Largest error of a stored depth in metres; of inverse depth it is another at every depth."""
        return None if self.inverse else 0.5 / min(self.scale, png16.DEPTH_SCALE)

    def depth(self, path: Path, shape: tuple[int, int] | None = None) -> NDArray[np.uint16]:
        """Depth `[H, W]`, metres x 256, 0 = none; `shape` is the frame's. Raises DataError."""
        stored = read_numbers(path, shape)
        scale = self.scale if stored.whole else self.float_scale
        if (
            stored.whole
            and scale == png16.DEPTH_SCALE
            and not self.inverse
            and stored.values.dtype == np.uint16
        ):
            return stored.values.astype(np.uint16)
        return self._to_metres(stored.values.astype(np.float32) / np.float32(scale), path, scale)

    def _to_metres(self, numbers: NDArray[np.float32], path: Path, scale: float) -> NDArray[np.uint16]:
        """Metres x 256. Raises DataError if most of the depth is farther than that reaches, and for none."""
        metres = self.inverse.metres(numbers) if self.inverse else numbers
        known = metres[metres > 0]
        if self.inverse and not known.size and (numbers > 0).any():
            raise DataError(
                f"{path.name} holds no depth as it is declared: {self.inverse.gain:g} × number + "
                f"{self.inverse.offset:g} = 1 / metres is not above 0 for any of its numbers.",
                hint=self._declare("other numbers", "inverse=A:B"),
            )
        if known.size and float(np.median(known)) > _FARTHEST_M:
            raise DataError(
                f"{path.name} is no depth in metres: most of it is beyond {_FARTHEST_M:.0f} m.",
                hint=self._nearer(scale),
            )
        return png16.to_uint16(metres)

    def _nearer(self, scale: float) -> str:
        """What to do about depth that is too far."""
        if self.inverse:
            return f"The declared conversion does not fit. {self._declare('another', 'SETTINGS')}"
        if scale != 1:
            return f"Its numbers are divided by {scale:g}. {self._declare('another scale', 'scale=NUMBER')}"
        return (
            f"Its numbers are read as metres. {self._declare('millimetres', 'scale=1000')} "
            "Or divide millimetres by 1000 and write the files again."
        )

    def _declare(self, what: str, setting: str) -> str:
        option = quote(f"{self.folder}={setting}")
        return f"Declare {what} by `tiekd serve --source {option}`, or under Sources on the page."


@dataclass(frozen=True, slots=True)
class MagmaDecoder:
    """Colour pictures in magma_r over a fixed range. A colour is decoded to the middle of its depth step.

    The pictures of the published viewer are of this kind: entry j of magma_r means the depth
    min + (j + 0.5) (max - min) / 256. The last entry also stands for all depths beyond the range.
    """

    depth_range: DepthRange
    unit: ClassVar[Literal["m"]] = "m"
    kinds: ClassVar[frozenset[Kind]] = frozenset({"color"})

    @property
    def step_m(self) -> float:
        """Depth step between two colours in metres."""
        return (self.depth_range.max_m - self.depth_range.min_m) / 256

    @property
    def precision_m(self) -> float | None:
        """Largest error of a decoded depth in metres."""
        return self.step_m / 2

    @property
    def saturated_m(self) -> float | None:
        """Depth in metres from which the colour only means "at least this depth"."""
        return self.depth_range.max_m - self.step_m

    def depth(self, path: Path, shape: tuple[int, int] | None = None) -> NDArray[np.uint16]:  # noqa: ARG002
        """Depth `[H, W]`, metres x 256. Raises DataError, also for colours that are not in magma."""
        codes, entries = _magma_codes()
        pixels = _read_rgb(path).astype(np.int32)
        found = (pixels[:, :, 0] << 16) + (pixels[:, :, 1] << 8) + pixels[:, :, 2]
        at = np.minimum(np.searchsorted(codes, found), len(codes) - 1)
        foreign = codes[at] != found
        if foreign.any():
            raise DataError(
                f"{path.name} is not a magma_r picture: {foreign.mean():.1%} of its colours are others.",
                hint="Only lossless pictures that were made with magma_r can be read as depth.",
            )
        metres = self.depth_range.min_m + (np.arange(256) + 0.5) * self.step_m
        return png16.to_uint16(metres)[entries[at]]


@dataclass(frozen=True, slots=True)
class PictureDecoder:
    """Pictures with colours that cannot be converted to metres."""

    unit: ClassVar[Literal["rgb"]] = "rgb"
    precision_m: ClassVar[None] = None
    saturated_m: ClassVar[None] = None
    kinds: ClassVar[frozenset[Kind]] = frozenset({"color", "grey8"})

    def rgb(self, path: Path) -> NDArray[np.uint8]:
        """RGB `[H, W, 3]`. Raises DataError."""
        return _read_rgb(path)


def form_of(suffix: str, kind: Kind | None) -> str:
    """The format of a file by the end of its name, in a few words: `16-bit PNG`, `8-bit grey PNG`, `NPZ`."""
    ending = suffix.lower().removeprefix(".")
    format_ = {"jpg": "JPEG", "jpeg": "JPEG", "tif": "TIFF", "webp": "WebP"}.get(ending, ending.upper())
    return f"{_DEPTHS[kind]} {format_}" if kind in _DEPTHS else format_


Decoder = Grey16Decoder | MagmaDecoder | PictureDecoder


def probe(path: Path, *, shape: tuple[int, int] | None = None) -> Probe:
    """Probe a file, which may be opened, by its header and its end. `shape`: the frame's (height, width)."""
    try:
        if path.suffix.lower() in ARRAY_SUFFIXES:
            height, width = probe_depth_file(path, shape=shape, where=path.name).size
            return Probe("array", (width, height))
        if path.suffix.lower() == ".png" and (seen := _probe_png(path)):
            return seen
        with open_regular(path) as file:
            kind, (height, width) = stored_as(file)
        text = png.read_note(path) if path.suffix.lower() == ".png" else ""
    except DataError as error:
        return Probe(None, (0, 0), str(error))
    # Pillow raises exceptions of many types for damaged files.
    except Exception as error:
        return Probe(None, (0, 0), f"{path.name} can't be read: {_reason(error, path)}. {_AGAIN}")
    if text is None:
        return Probe(None, (width, height), f"{path.name} is cut off before its end. {_AGAIN}")
    note = GridNote.read(text) if kind == "grey16" else None
    return Probe(kind, (note.shown[1], note.shown[0]) if note else (width, height))


def _probe_png(path: Path) -> Probe | None:
    """What Pillow would say of a PNG that is intact at both ends, and many times faster; None for others."""
    header = png.header(path)
    if header is None or header[2][0] * header[2][1] > _MANY_PIXELS:
        return None
    bit_depth, color_type, (height, width) = header
    if color_type != png.GREY:
        return Probe("grey8" if color_type == png.GREY_ALPHA else "color", (width, height))
    if bit_depth <= 8:
        return Probe("grey8", (width, height))
    note = GridNote.read(png.read_note(path))
    return Probe("grey16", (note.shown[1], note.shown[0]) if note else (width, height))


def _reason(error: Exception, path: Path) -> str:
    """The reason of an error without the path of the file, because pages show it to visitors."""
    return error.strerror if isinstance(error, OSError) and error.strerror else damage_of(path)


def _read_rgb(path: Path) -> NDArray[np.uint8]:
    return decode_photo(read_bytes(path), where=path.name)


def read_picture(path: Path) -> bytes:
    """The content of a picture file, not decoded. Raises DataError, also for a file of another kind."""
    data = read_bytes(path)
    try:
        stored_as(BytesIO(data))
    # Pillow raises exceptions of many types for damaged files.
    except Exception as error:
        raise DataError(f"{path.name} can't be read: {_reason(error, path)}.", hint=_AGAIN) from error
    return data


def read_bytes(path: Path) -> bytes:
    """A file's content. Raises DataError, also for a file that is too large for a picture."""
    try:
        with open_regular(path) as file:
            fits = file.seek(0, 2) <= _MOST_BYTES
            file.seek(0)
            data = file.read(_MOST_BYTES) if fits else b""
    except OSError as error:
        raise DataError(f"{path.name} can't be read: {_reason(error, path)}.", hint=_AGAIN) from error
    if not fits:
        raise DataError(f"{path.name} has more than {_MOST_BYTES >> 20} MiB.", hint="Scale it down first.")
    return data


@lru_cache(maxsize=1)
def _magma_codes() -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Sorted 24-bit colours of magma_r and their entries. Of equal colours, the first entry is used."""
    table = colormap("magma_r").astype(np.int32)
    codes, entries = np.unique((table[:, 0] << 16) + (table[:, 1] << 8) + table[:, 2], return_index=True)
    return codes.astype(np.int32), entries.astype(np.uint8)
