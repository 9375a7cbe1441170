"""JSON configurations of the second published viewer: what they mean here, and what has no counterpart.

A configuration names folders of pictures and how to look at them. It becomes a gallery of this server and an
address of its page. docs/results.md has the table of the fields.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from tiekd.errors import ConfigError, NotFoundError
from tiekd.faults import fault_lines, faults_as
from tiekd.files import open_regular
from tiekd.gallery import Declared, Gallery
from tiekd.limits import Stated

log = logging.getLogger("tiekd.server")
_MOST_BYTES = 1 << 20
_HINT = "The file is a configuration of the published viewer; docs/results.md lists its fields."
_USUAL_PANE = 600
"""Width of a pane on a usual screen, for the zoom at which a crop fills it."""
LINK_FIELDS = ("index", "indexes", "hides", "diffIndex", "pageZoom", "crop")
"""Fields that a link may state too; the link wins."""
WITHOUT = (
    "type", "title", "preloadSize", "canvasLeftColor", "canvasRightColor", "canvasWheelColor",
    "canvasThickness", "SSIMWindowSize", "PSNRGridWidth", "PSNRGridHeight", "PSNRGridSize", "pageZoomDelta",
    "showingPSNRVisualizer", "zoomMode", "zoomAreaWidthRatio", "zoomAreaHeightRatio", "zoomAreaWidth",
    "zoomAreaHeight", "zoomAreaColor", "zoomAlpha", "zoomAreaThickness", "zoomAreaDelta", "mobile",
    "configHelp", "configPath",
)  # fmt: skip
"""Fields of that viewer that mean nothing here. Whoever states one is told so."""


def _whole_numbers(value: Any) -> Any:
    """`1.2.3`, with `.`, `,` or `*` between, as the numbers that it lists."""
    return [part for part in re.split(r"[.,*]", value) if part] if isinstance(value, str) else value


Places = Annotated[list[Annotated[int, Field(ge=0)]], BeforeValidator(_whole_numbers)]


class _Target(Stated):
    model_config = ConfigDict(extra="allow")
    path: str = Field(min_length=1)
    label: str | None = None
    hide: bool = False
    ignore: bool = False
    groundTruth: bool = False  # noqa: N815  # These are the names in the files.
    files: list[str] | None = None


class _Stated(Stated):
    """The fields with a counterpart, as a file or a link states them."""

    model_config = ConfigDict(extra="allow")
    index: int | None = Field(default=None, ge=0)
    indexes: Places | None = None
    hides: Places | None = None
    diffIndex: int | None = Field(default=None, ge=-1)  # noqa: N815
    pageZoom: float | None = Field(default=None, gt=0, le=64)  # noqa: N815
    crop: str | None = None


class _File(_Stated):
    targets: list[_Target] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a link leads: the query of the page, and what of the link it can't hold, in sentences."""

    query: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """One configuration, with the folder that holds its targets."""

    name: str
    folder: Path
    file: _File

    @property
    def without(self) -> list[str]:
        """The fields of the file that have no counterpart here."""
        extra = self.file.model_extra or {}
        ours = [name for name in extra if (name, extra[name]) != ("type", "default")]
        ours += [f"targets.{name}" for target in self.file.targets for name in target.model_extra or {}]
        return list(dict.fromkeys(ours))

    def landing(self, gallery: Gallery, link: Mapping[str, str]) -> Landing:
        """Where a link with these fields leads. A value that can't be meant is named and left out."""
        stated = {name: link[name] for name in LINK_FIELDS if name in link}
        notes: list[str] = []
        try:
            asked = _Stated.model_validate(stated)
        except ValidationError as error:
            notes = [f"Left out of the link: {line}." for line in fault_lines(error, _Stated)]
            for fault in error.errors():
                stated.pop(str(fault["loc"][0]), None)
            asked = _Stated.model_validate(stated)
        own = {name: getattr(self.file, name) for name in LINK_FIELDS}
        values = own | {name: getattr(asked, name) for name in stated}
        landing = _Lander(self, gallery, link, values).land()
        return Landing(landing.query, (*notes, *landing.notes))


@dataclass(slots=True)
class _Lander:
    config: Config
    gallery: Gallery
    link: Mapping[str, str]
    values: Mapping[str, Any]

    def land(self) -> Landing:
        notes = self._notes()
        used = {name for target in self.config.file.targets for name in _params(target.path)}
        named = [(target, self._folder(target, notes)) for target in self.config.file.targets]
        known = [(at, target, name) for at, (target, name) in enumerate(named) if name and not target.ignore]
        hides = self.values["hides"] or []
        shown = [name for at, target, name in known if not target.hide and at not in hides]
        truth = next((name for _, target, name in known if target.groundTruth), None)
        frames = self._frames(truth or next((name for _, _, name in known), None), known, notes)
        query = [("gallery", quote(self.gallery.id)), *self._places(frames, len(shown), notes)]
        if shown:
            query.append(("targets", "*".join(quote(name, safe="") for name in shown)))
        query += [("truth", quote(truth, safe=""))] if truth in shown else []
        labels = [
            f"{quote(name, safe='')}={quote(str(Declared(label=target.label)), safe='=,:')}"
            for _, target, name in known
            if target.label and target.label != name
        ]
        query += [("as", "*".join(labels))] if labels else []
        passed = [key for key in self.link if key not in {*LINK_FIELDS, *WITHOUT, *used, "config"}]
        query += [(key, quote(self.link[key], safe=",.*:")) for key in passed]
        return Landing("?" + "&".join(f"{key}={value}" for key, value in query), tuple(notes))

    def _notes(self) -> list[str]:
        without = [*self.config.without, *(name for name in WITHOUT if name in self.link)]
        if not without:
            return []
        return [f"Without a counterpart here: {', '.join(dict.fromkeys(without))}."]

    def _folder(self, target: _Target, notes: list[str]) -> str | None:
        """The folder of a target, if the gallery has it. A link can't name any other place."""
        missing = [name for name in _params(target.path) if name not in self.link]
        if missing:
            notes.append(f"The path {target.path} needs {missing[0]}=… in the address.")
            return None
        name = PurePosixPath(_filled(target.path, self.link)).name
        if name not in self.gallery.folders:
            notes.append(f"There is no folder {name} ({target.path}).")
            return None
        return name

    def _frames(
        self, reference: str | None, known: Sequence[tuple[int, _Target, str]], notes: list[str]
    ) -> list[int]:
        """The places in the gallery of the frames that the configuration counts, in its order."""
        if reference is None:
            return []
        unread = [name for _, target, name in known if target.files and name != reference]
        if unread:
            notes.append(f"Frames are counted by {reference}; files of {', '.join(unread)} are not used.")
        listed = next((target.files for _, target, name in known if name == reference), None)
        place_of = {frame.id: place for place, frame in enumerate(self.gallery.listing.frames)}
        if listed is None:
            frames = sorted(self.gallery.files_of(reference), key=_by_first_number)
            return [place_of[frame] for frame in frames]
        frame_of = _frames_by_file(self.gallery.files.get(reference, {}), reference)
        found = [frame_of.get(name) or frame_of.get(_without_ending(name)) for name in map(_plain, listed)]
        absent = [name for name, frame in zip(listed, found, strict=True) if frame is None]
        if absent:
            several = f"{len(absent)} files of {reference} are not there, like {absent[0]}."
            one = f"The file {absent[0]} of {reference} is not there."
            notes.append(several if len(absent) > 1 else one)
        return [place_of[frame] for frame in found if frame is not None]

    def _places(self, frames: Sequence[int], n_shown: int, notes: list[str]) -> Iterable[tuple[str, str]]:
        walk, index, diff = (self.values[name] for name in ("indexes", "index", "diffIndex"))
        missing = [at for at in [*(walk or []), *([index] if index is not None else [])] if at >= len(frames)]
        if missing:
            notes.append(f"There is no frame {missing[0]}; there are {len(frames)}.")
        inside = [frames[at] for at in walk or [] if at < len(frames)]
        if index is not None and index < len(frames):
            yield "index", str(frames[index])
        if inside:
            yield "indexes", "*".join(map(str, inside))
        crop = _crop(self.values["crop"], notes)
        if crop and crop.diff is not None:
            diff = crop.diff
        if diff is not None and diff >= n_shown:
            notes.append(f"There is no target {diff} for a difference; {n_shown} are on show.")
        elif diff is not None and diff >= 0:
            yield "diff", str(diff + 1)
        if crop:
            yield "box", ",".join(map(str, crop.box))
            yield "at", f"{crop.box[0] + crop.box[2] / 2:g},{crop.box[1] + crop.box[3] / 2:g}"
        zoom = self.values["pageZoom"] or (crop and max(1, min(8, round(_USUAL_PANE / crop.box[2]))))
        if zoom:
            yield "zoom", f"{zoom:g}"


@dataclass(frozen=True, slots=True)
class _Crop:
    box: tuple[int, int, int, int]
    diff: int | None


def _crop(text: str | None, notes: list[str]) -> _Crop | None:
    """A crop like `x10y20w300h200`, `d1` for a difference. That viewer downloads it; here it is marked."""
    if not text:
        return None
    found = {letter: int(number) for letter, number in re.findall(r"([xywhdp])(-?\d+)", text)}
    if not {"x", "y", "w", "h"} <= found.keys() or min(found[side] for side in "wh") < 1:
        notes.append(f"crop={text} is not x…y…w…h…, so it is left out.")
        return None
    notes.append("crop: the box is marked and in the middle; nothing is downloaded.")
    return _Crop((found["x"], found["y"], found["w"], found["h"]), found.get("d"))


class Configs:
    """The configurations of one server by their names. Making it raises ConfigError with file and field."""

    def __init__(self, files: Sequence[Path], results: Sequence[Path]) -> None:
        self._configs = {path.stem: _read(path, results) for path in files}
        for name, config in self._configs.items():
            if config.without:
                log.warning("%s has fields without a counterpart here: %s.", name, ", ".join(config.without))

    @property
    def names(self) -> list[str]:
        """Their names, in the order of the settings."""
        return list(self._configs)

    @property
    def folders(self) -> list[Path]:
        """The folders of results that they need."""
        return list(dict.fromkeys(config.folder for config in self._configs.values()))

    def get(self, name: str) -> Config:
        """The configuration of this name, with or without `.json`. Raises NotFoundError."""
        found = self._configs.get(name.removesuffix(".json"))
        if found is None:
            raise NotFoundError("configuration", name, self._configs)
        return found


def _read(path: Path, results: Sequence[Path]) -> Config:
    try:
        with open_regular(path) as file:
            stated = json.loads(file.read(_MOST_BYTES))
    except OSError as error:
        raise ConfigError(f"Can't read the configuration {path}: {error.strerror}.", hint=_HINT) from error
    except ValueError as error:
        raise ConfigError(f"The configuration {path} is no JSON: {error}.", hint=_HINT) from error
    if not isinstance(stated, dict):
        raise ConfigError(f'The configuration {path} is no JSON object {{"targets": […]}}.', hint=_HINT)
    with faults_as(ConfigError, f"The configuration {path}", model=_File, hint=_HINT):
        file_ = _File.model_validate(stated)
    return Config(path.stem, _folder_of(path, file_, results), file_)


def _folder_of(path: Path, file: _File, results: Sequence[Path]) -> Path:
    """The folder that holds all targets: one of `results`, or beside the file. Raises ConfigError.

    `..` before a target counts for nothing, so that no file leads to other places.
    """
    parents: dict[PurePosixPath, int] = {}
    for number, target in enumerate(file.targets):
        pure = PurePosixPath(*(part for part in target.path.strip("/").split("/") if part != ".."))
        if target.path.rstrip("/").endswith("..") or _params(str(pure.parent)):
            raise ConfigError(
                f"The configuration {path}: targets.{number}.path: the last part must name a folder, and "
                f"only that may be a {{param}} (got {target.path!r}).",
                hint=_HINT,
            )
        parents.setdefault(pure.parent, number)
    if len(parents) > 1:
        raise ConfigError(
            f"The configuration {path}: targets.{max(parents.values())}.path: all targets must lie in one "
            f"folder, these lie in {', '.join(map(str, parents))}.",
            hint="Put the folders of the methods, or links to them, into one folder.",
        )
    (parent,) = parents
    names = [PurePosixPath(_filled(one.path, {})).name for one in file.targets if not _params(one.path)]
    beside = [path.resolve().parent / parent, path.resolve().parent.parent / parent]
    for folder in [*results, *beside]:
        if folder.is_dir() and (not names or any((folder / name).is_dir() for name in names)):
            return folder
    raise ConfigError(
        f"The configuration {path}: targets.0.path: there is no folder {file.targets[0].path!r} beside the "
        "file, nor one of this name in --results.",
        hint="Name the folder that holds the targets with --results.",
    )


def _params(path: str) -> list[str]:
    """The names in braces; a brace after a backslash is one of the name."""
    return re.findall(r"(?<!\\)\{(\w+)\}", path)


def _filled(path: str, link: Mapping[str, str]) -> str:
    filled = re.sub(r"(?<!\\)\{(\w+)\}", lambda found: link[found[1]], path)
    return filled.replace("\\{", "{").replace("\\}", "}")


def _by_first_number(name: str) -> tuple[float, str]:
    """That viewer's order: by the first number in a name, then by its letters."""
    found = re.search(r"\d+", name)
    return float(found[0]) if found else float("inf"), name.casefold()


def _frames_by_file(files: Mapping[str, str], method: str) -> dict[str, str]:
    """The frame of each file of a method, by the file's path in its folder and by the frame's own name."""
    by_name: dict[str, str] = {}
    for frame, path in files.items():
        inner = f"/{path}".replace(f"/{method}/", "/", 1).removeprefix("/")
        by_name |= {frame: frame, inner: frame, _without_ending(inner): frame}
    return by_name


def _plain(name: str) -> str:
    return str(PurePosixPath(name.lstrip("/")))


def _without_ending(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))
