"""A gallery: methods, frames, and for each pair of them a file and its decoder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs import png16
from tiekd.errors import DataError, NotFoundError
from tiekd.files import digest_of, state_of
from tiekd.gallery.declared import Declared, declared_text
from tiekd.gallery.decoders import PictureDecoder, read_picture
from tiekd.gallery.stored import IGNORED, Method
from tiekd.gallery.walk import FOLLOW, LEADS_OUT, Boundary
from tiekd.methods import FAMILIES, GROUND_TRUTH
from tiekd.types import DepthRange

IMAGE_FOLDER = "image"
"""Folder of the photos. No method can have this name."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `sizes`: (width, height) of methods whose size differs from that of the frame.

    version: changes when one of its files does.
    """

    id: str
    title: str
    width: int
    height: int
    photo: Path | None = None
    missing: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    version: str = ""

    def describe(self) -> dict[str, Any]:
        """The frame as JSON of the API. Only methods with faults are listed."""
        described: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "width": self.width,
            "height": self.height,
            "has_image": self.photo is not None,
            "version": self.version,
        }
        described |= {"missing": list(self.missing)} if self.missing else {}
        described |= {"broken": dict(self.broken)} if self.broken else {}
        return described | (
            {"sizes": {name: list(size) for name, size in self.sizes.items()}} if self.sizes else {}
        )


class LazyFrames(Sequence[Frame]):
    """Frames that are made when somebody asks for them, and then kept."""

    def __init__(self, ids: Sequence[str], make: Callable[[str], Frame]) -> None:
        self.ids = ids
        self._make = make
        self._made: dict[int, Frame] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Frame: ...
    @overload
    def __getitem__(self, place: slice) -> list[Frame]: ...
    def __getitem__(self, place: int | slice) -> Frame | list[Frame]:
        """The frame at a place."""
        if isinstance(place, slice):
            return [self[at] for at in range(len(self.ids))[place]]
        at = range(len(self.ids))[place]
        if at not in self._made:
            self._made[at] = self._make(self.ids[at])
        return self._made[at]


@dataclass(frozen=True, slots=True)
class Listing:
    """The methods and frames of a gallery.

    found: folder -> what of it could not be read, and why. hidden: methods that are not shown in the way in
    which they are read now; a declaration may change that.
    """

    depth_range: DepthRange
    methods: tuple[Method, ...]
    frames: Sequence[Frame]
    found: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[Method, ...] = ()

    @property
    def truth(self) -> str:
        """The method that holds the ground truth: the first of that family in metres, or ""."""
        held = (m.id for m in self.methods if m.family == GROUND_TRUTH and m.decoder.unit == "m")
        return next(held, "")

    @property
    def left_out(self) -> dict[str, str]:
        """Folder -> why it, or a part of it, is not shown, besides what is ignored on purpose."""
        reasons = {method.id: method.hidden for method in self.hidden if method.hidden != IGNORED}
        both = {**self.found, **reasons}
        return both | {
            name: f"{reason} {self.found[name]}" for name, reason in reasons.items() if name in self.found
        }

    def read_as(self, declared: Mapping[str, Declared]) -> Listing:
        """The listing after a further declaration of some of its folders. Raises NotFoundError."""
        known = {method.id: method for method in (*self.methods, *self.hidden)}
        for name in declared:
            if name not in known:
                raise NotFoundError("folder", name, known)
        read = [
            method.read_as(declared[name]) if name in declared else method for name, method in known.items()
        ]
        return replace(self, methods=shown(read), hidden=tuple(method for method in read if method.hidden))


def shown(methods: Iterable[Method]) -> tuple[Method, ...]:
    """Those that are shown, ground truth first and each family together."""
    kept = [method for method in methods if not method.hidden]
    return tuple(sorted(kept, key=lambda method: FAMILIES.index(method.family)))


class Gallery:
    """A gallery as it was on disk when it was opened. Open it again to see changes."""

    def __init__(
        self,
        gallery_id: str,
        title: str,
        listing: Listing,
        files: Mapping[str, Mapping[str, str]],
        *,
        boundary: Boundary,
        times: Mapping[str, int] | None = None,
    ) -> None:
        """files: method -> frame -> path in the gallery's folder. times: its folders, see `Found.times`."""
        self.id = gallery_id
        self.title = title
        self.listing = listing
        self.reading = ""
        """What was declared in `read_as`."""
        self.files = files
        self.times = times or {}
        self._boundary = boundary
        self._methods = {method.id: method for method in listing.methods}
        frames = listing.frames
        ids = frames.ids if isinstance(frames, LazyFrames) else [frame.id for frame in frames]
        self._places = {frame_id: place for place, frame_id in enumerate(ids)}

    @property
    def root(self) -> Path:
        """The folder as it was named."""
        return self._boundary.folder

    @property
    def place(self) -> Path:
        """The folder that holds the gallery's files."""
        return self._boundary.root

    def summary(self) -> dict[str, Any]:
        """The gallery as JSON in a list of galleries."""
        methods = [method.id for method in self.listing.methods]
        return {"id": self.id, "title": self.title, "n_frames": len(self.listing.frames), "methods": methods}

    @cached_property
    def has_photos(self) -> bool:
        """Whether there is a photo of any frame."""
        return any(frame.photo for frame in self.listing.frames)

    @cached_property
    def listing_version(self) -> str:
        """A tag that changes when the listing does, and when all files have been read."""
        if isinstance(frames := self.listing.frames, LazyFrames):
            return digest_of([json.dumps([self._describe(range(0)), *frames.ids])], digits=16)
        return digest_of([json.dumps(self._describe(range(len(self.listing.frames))))], digits=16)

    def describe(self, places: range | None = None) -> dict[str, Any]:
        """The gallery as JSON of the API, with the frames at these places, or all."""
        n_frames = len(self.listing.frames)
        page = range(n_frames) if places is None else places
        return self._describe(page) | {
            "n_frames": n_frames,
            "offset": page.start,
            "has_images": self.has_photos,
            "version": self.listing_version,
        }

    def state(self) -> dict[str, Any]:
        """What tells whether the listing has changed, as JSON of the API."""
        return {"version": self.listing_version, "n_frames": len(self.listing.frames)}

    def places(self, around: int, size: int, *, frame_id: str | None = None) -> range:
        """`size` places around that of a frame, else around the place `around`, as far as there are any."""
        found = self._places.get(frame_id or "", around)
        n_frames = len(self.listing.frames)
        start = max(0, min(found - size // 2, n_frames - size))
        return range(start, min(start + size, n_frames))

    def _describe(self, places: range) -> dict[str, Any]:
        span = self.listing.depth_range
        left_out = [{"name": name, "reason": reason} for name, reason in self.listing.left_out.items()]
        described = {
            "id": self.id,
            "title": self.title,
            "depth_range": {"min_m": span.min_m, "max_m": span.max_m},
            "methods": [method.describe() for method in self.listing.methods],
            "frames": [self.listing.frames[place].describe() for place in places],
        }
        return described | ({"left_out": left_out} if left_out else {})

    @cached_property
    def folders(self) -> dict[str, Method]:
        """Its folders of methods by their names, those that are shown first."""
        return {method.id: method for method in (*self.listing.methods, *self.listing.hidden)}

    def folder(self, name: str) -> Method:
        """A folder of a method, shown or not. Raises NotFoundError."""
        if name not in self.folders:
            raise NotFoundError("folder", name, self.folders)
        return self.folders[name]

    def files_of(self, name: str) -> list[str]:
        """Ids of the frames of which a folder holds a file, in order."""
        held = self.files.get(name, {})
        return [frame_id for frame_id in self._places if frame_id in held]

    def file(self, name: str, frame_id: str) -> Path:
        """The file of a frame in a folder, shown or not. Raises the errors of `path`."""
        path = self.files.get(name, {}).get(frame_id)
        if path is None or name in self.frame(frame_id).missing:
            raise NotFoundError(f"frame of {name}", frame_id, self.files_of(name))
        return self._inside(self.root / path)

    def names_changed(self) -> bool:
        """Whether files came or went since it was opened, by the times of its folders."""
        return any(_time_of(folder) != changed_ns for folder, changed_ns in self.times.items())

    def files_changed(self) -> bool:
        """Whether a file of a frame changed since then. It looks at all of them."""
        return any(self._version_of(frame) != frame.version for frame in self.listing.frames)

    def _version_of(self, frame: Frame) -> str:
        having = (name for name in self.files if frame.id in self.files[name] and name not in frame.missing)
        paths = [self.root / self.files[name][frame.id] for name in having]
        return version_of([*paths, frame.photo] if frame.photo else paths)

    def read_as(self, declared: Mapping[str, Declared]) -> Gallery:
        """The same files after a further declaration of some of its folders. Raises NotFoundError."""
        if not declared:
            return self
        read = copy(self)
        for derived in ("listing_version", "folders"):
            read.__dict__.pop(derived, None)
        read.listing = self.listing.read_as(declared)
        read._methods = {method.id: method for method in read.listing.methods}
        read.reading = "*".join(declared_text(name, declared[name]) for name in sorted(declared))
        return read

    def method(self, method_id: str) -> Method:
        """The method with this id. Raises NotFoundError."""
        if method_id not in self._methods:
            raise NotFoundError("method", method_id, self._methods)
        return self._methods[method_id]

    def frame(self, frame_id: str) -> Frame:
        """The frame with this id. Raises NotFoundError."""
        if frame_id not in self._places:
            raise NotFoundError("frame", frame_id, self._places)
        return self.listing.frames[self._places[frame_id]]

    def path(self, method_id: str, frame_id: str) -> Path:
        """The file of a frame of a method. Raises NotFoundError, also when the method has no such frame.

        Raises DataError for a file that may not be served; it may have changed since the gallery was opened.
        """
        self.frame(frame_id)
        self.method(method_id)
        return self.file(method_id, frame_id)

    def photo(self, frame_id: str) -> Path:
        """The colour photo of a frame. Raises NotFoundError when there is none, and DataError like `path`."""
        photo = self.frame(frame_id).photo
        if photo is None:
            has = [frame.id for frame in self.listing.frames if frame.photo]
            raise NotFoundError("photo of frame", frame_id, has)
        return self._inside(photo)

    def photo_bytes(self, frame_id: str) -> bytes:
        """The colour photo of a frame as it is stored. Raises the errors of `photo`, also if it is none."""
        return read_picture(self.photo(frame_id))

    def depth(self, method_id: str, frame_id: str) -> NDArray[np.uint16]:
        """Depth `[H, W]` of a method's frame: metres x 256, 0 = none.

        Raises NotFoundError, and DataError for a damaged file or a method that shows colours, not depth.
        """
        path, decoder = self.path(method_id, frame_id), self.method(method_id).decoder
        if isinstance(decoder, PictureDecoder):
            raise DataError(
                f"{method_id} holds colour pictures, not depth.",
                hint="Ask for .png, or declare their range if they are magma_r pictures.",
            )
        frame = self.frame(frame_id)
        return decoder.depth(path, (frame.height, frame.width))

    def rgb(self, method_id: str, frame_id: str) -> NDArray[np.uint8]:
        """RGB `[H, W, 3]` of a method whose pictures hold no depth. Raises the errors of `depth`."""
        path, decoder = self.path(method_id, frame_id), self.method(method_id).decoder
        if not isinstance(decoder, PictureDecoder):
            raise DataError(f"{method_id} holds depth, not colours.", hint="Ask for .u16.")
        return decoder.rgb(path)

    def _inside(self, path: Path) -> Path:
        if not self._boundary.holds(path):
            raise DataError(f"{path.name} is {LEADS_OUT}.", hint=FOLLOW)
        return path

    def version(self, path: Path, method_id: str | None = None) -> str:
        """A tag that changes when the file, or the way to read it, changes. Raises DataError."""
        try:
            state = state_of(path, name=str(path))
        except OSError as error:
            raise DataError(f"{path.name} no longer exists.", hint="Open the gallery again.") from error
        how = self.method(method_id).decoder if method_id else None
        return digest_of([state, f"{how} {png16.DEPTH_SCALE}"], digits=20)


def _time_of(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return -1


def version_of(paths: Iterable[Path]) -> str:
    """A short tag that changes when one of these files does."""
    states = []
    for path in paths:
        try:
            states.append(state_of(path, name=str(path)))
        except OSError:
            states.append(f"{path} is gone\n")
    return digest_of(states, digits=8)


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts `frame2` before `frame10`. Different names have different keys."""
    parts = re.findall(r"\d+|\D+", name)
    found = [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts]
    # Without the last entry `0` and `00` would be equal. It is less than any part, so short names stay first.
    return [*found, (-1, 0, name)]
