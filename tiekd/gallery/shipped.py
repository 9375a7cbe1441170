"""Galleries in our own layout: `gallery.json`, `image/FRAME.jpg`, `METHOD/FRAME.png` in metres x scale."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tiekd.assets import asset_root
from tiekd.errors import DataError
from tiekd.faults import NameIn, faults_as
from tiekd.files import open_regular
from tiekd.gallery.known import Known
from tiekd.gallery.model import IMAGE_FOLDER, Frame, Gallery, LazyFrames, Listing, version_of
from tiekd.gallery.stored import Method, Stored, method_of
from tiekd.gallery.walk import FOLLOW, LEADS_OUT, Boundary, time_of
from tiekd.methods import FAMILIES
from tiekd.types import DepthRange

INDEX = "gallery.json"
_MOST_BYTES = 1 << 26
FamilyName = Annotated[str, NameIn("colour family", FAMILIES)]


class RangeEntry(BaseModel):
    """The depth range of a gallery in metres."""

    model_config = ConfigDict(extra="forbid")
    min_m: float = Field(gt=0)
    max_m: float = Field(gt=0)


class MethodEntry(BaseModel):
    """A method of a gallery. `id` is the name of its folder."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[^/\\]+$")
    label: str
    family: FamilyName
    model: str | None = None


class FrameEntry(BaseModel):
    """A frame of a gallery. `image` is a path relative to the folder of the gallery."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[^/\\]+$")
    title: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    image: str | None = None


class GalleryIndex(BaseModel):
    """The content of `gallery.json`."""

    model_config = ConfigDict(extra="forbid")
    id: str
    title: str
    depth_range: RangeEntry
    depth_scale: float = Field(gt=0)
    methods: list[MethodEntry]
    frames: list[FrameEntry]


def shipped_galleries() -> list[Path]:
    """Folders of the galleries that are part of the project."""
    return sorted(index.parent for index in (asset_root() / "models" / "demo").glob(f"*/{INDEX}"))


def open_gallery(
    folder: Path, *, follow_links: bool = False, known: Known | None = None, quick: bool = False
) -> Gallery:
    """Open a gallery in our own layout. Frames list their missing and damaged files as faults.

    What links out of the folder lead to is shown only with `follow_links`. known: what was found out before
    of its files. quick: look at the files of a frame when somebody asks for it.

    Raises DataError when `gallery.json` is missing or wrong.
    """
    boundary = Boundary.around(folder, follow_links=follow_links)
    if not boundary.holds(folder / INDEX):
        raise DataError(f"{folder / INDEX} is {LEADS_OUT}.", hint=FOLLOW)
    try:
        with open_regular(folder / INDEX) as file:
            text = file.read(_MOST_BYTES)
    except OSError as error:
        raise DataError(f"Can't read {folder / INDEX}: {error.strerror}.", hint="Check the path.") from error
    with faults_as(DataError, f"The gallery {folder / INDEX}", model=GalleryIndex, hint="Build it again."):
        index = GalleryIndex.model_validate_json(text)
    n_frames = len(index.frames)
    methods = tuple(
        method_of(
            one.id,
            Stored("depth", one.label, one.family, one.model, {"16-bit PNG": n_frames}, index.depth_scale),
        )
        for one in index.methods
    )
    entries = {entry.id: entry for entry in index.frames}
    files = {one.id: {frame: f"{one.id}/{frame}.png" for frame in entries} for one in methods}
    make = partial(_frame, entries=entries, methods=methods, boundary=boundary, known=known or Known())
    frames = LazyFrames(list(entries), make) if quick else tuple(map(make, entries))
    span = DepthRange(index.depth_range.min_m, index.depth_range.max_m)
    places = (folder, folder / INDEX, folder / IMAGE_FOLDER, *(folder / one.id for one in methods))
    times = {str(place): time_of(place) for place in places if place.exists()}
    listing = Listing(span, methods, frames)
    return Gallery(index.id, index.title, listing, files, boundary=boundary, times=times)


def _frame(
    frame_id: str,
    entries: Mapping[str, FrameEntry],
    methods: tuple[Method, ...],
    boundary: Boundary,
    known: Known,
) -> Frame:
    folder, entry = boundary.folder, entries[frame_id]
    missing, broken, paths = [], {}, []
    for method in methods:
        path = folder / method.id / f"{entry.id}.png"
        if not path.exists():
            missing.append(method.id)
            continue
        paths.append(path)
        found = known.probe(path, boundary)
        if found.fault or found.kind not in method.decoder.kinds:
            broken[method.id] = found.fault or f"{path.name} is not a 16-bit grey picture."
    photo: Path | None = folder / (entry.image or f"{IMAGE_FOLDER}/{entry.id}.jpg")
    if photo and not (photo.is_file() and boundary.holds(photo)):
        photo = None
    return Frame(
        id=entry.id,
        title=entry.title,
        width=entry.width,
        height=entry.height,
        photo=photo,
        missing=tuple(missing),
        broken=broken,
        version=version_of([*paths, photo] if photo else paths),
    )
