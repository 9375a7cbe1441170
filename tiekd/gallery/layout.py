"""Which folders of results are methods: `METHOD/…/FRAME`, or `SEQUENCE/METHOD/FRAME` where that is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from tiekd.errors import DataError
from tiekd.files import open_regular
from tiekd.gallery.model import IMAGE_FOLDER, natural_key
from tiekd.gallery.walk import (
    ABOVE,
    READABLE,
    Boundary,
    dead_links_in,
    folders_in,
    is_text,
    leads_above,
    legible,
    time_of,
)

_LOOKED_AT = 8
_PARTS, _PART_BYTES = 4, 1024
"""Photos of one length are compared in so many places: enough to tell one picture from another."""
_NO_PHOTOS = (
    f"There are no photos. They lie in a folder {IMAGE_FOLDER} beside the methods, or, if these folders are "
    f"sequences with methods in them, in a folder {IMAGE_FOLDER} in each."
)
Parts = list[tuple[str, Path]]
"""Folders that hold files of one method, each with what stands before the names of its frames."""


@dataclass(slots=True)
class Layout:
    """The photos and the methods of a folder of results. left_out: what of it is neither, and why."""

    photos: Parts
    methods: dict[str, Parts] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)


def layout_of(folder: Path, boundary: Boundary) -> Layout:
    """Find the methods. Raises DataError if the folder can't be read."""
    found = Layout([])
    named = _named(folder, found)
    found.left_out |= {legible(link.name): "It is a link to nothing." for link in dead_links_in(folder)}
    hold_folders = _hold_folders(named, boundary)
    if not hold_folders or not _have_own_photos(named, boundary):
        if hold_folders and not any((path / IMAGE_FOLDER).is_dir() for path in named):
            found.left_out[IMAGE_FOLDER] = _NO_PHOTOS
        found.photos = [("", folder / IMAGE_FOLDER)]
        found.methods = {path.name: [("", path)] for path in named if path.name != IMAGE_FOLDER}
        return found
    for sequence in named:
        for path in _named(sequence, found, prefix=f"{sequence.name}/"):
            parts = found.photos if path.name == IMAGE_FOLDER else found.methods.setdefault(path.name, [])
            parts.append((f"{sequence.name}/", path))
    found.methods = {name: found.methods[name] for name in sorted(found.methods, key=natural_key)}
    return found


def _named(folder: Path, found: Layout, *, prefix: str = "") -> list[Path]:
    """The folders in a folder that may hold results, in order. Adds the others to what is left out."""
    paths = sorted(folders_in(folder), key=lambda path: natural_key(path.name))
    found.times[str(folder)] = time_of(folder)
    named = []
    for path in paths:
        if not is_text(path.name):
            found.left_out[prefix + legible(path.name)] = "Its name is no text."
        elif leads_above(path):
            found.left_out[prefix + path.name] = f"It {ABOVE}."
        else:
            named.append(path)
    return named


def _hold_folders(folders: Sequence[Path], boundary: Boundary) -> bool:
    """Whether all folders may be sequences: each holds several folders, and no files of results."""
    if not folders or any(path.name == IMAGE_FOLDER or not boundary.holds(path) for path in folders):
        return False
    try:
        return all(len(folders_in(path)) > 1 and not _has_files(path) for path in folders)
    except (DataError, OSError):  # It is no sequence that can be read, then.
        return False


def _has_files(folder: Path) -> bool:
    return any(one.suffix.lower() in READABLE for one in folder.iterdir())


def _have_own_photos(sequences: Sequence[Path], boundary: Boundary) -> bool:
    """Whether each has photos of its own. Methods that each keep a copy of the photos are no sequences."""
    folders = [path / IMAGE_FOLDER for path in sequences]
    if not all(folder.is_dir() and boundary.holds(folder) for folder in folders):
        return False
    try:
        photos = [_photos(folder, boundary) for folder in folders[:_LOOKED_AT]]
        return all(_differ(one, other) for one, other in combinations(photos, 2))
    except OSError:
        return False


def _photos(folder: Path, boundary: Boundary) -> dict[str, tuple[Path, int]]:
    """The photos in a folder by their names, with their lengths in bytes. Raises OSError."""
    files = [one for one in folder.iterdir() if one.suffix.lower() in READABLE and not boundary.fault(one)]
    return {path.name: (path, path.stat().st_size) for path in files}


def _differ(one: dict[str, tuple[Path, int]], other: dict[str, tuple[Path, int]]) -> bool:
    shared = sorted(one.keys() & other.keys())
    if not shared or any(one[name][1] != other[name][1] for name in shared):
        return True
    return any(_parts_of(*one[name]) != _parts_of(*other[name]) for name in shared[:_LOOKED_AT])


def _parts_of(photo: Path, n_bytes: int) -> list[bytes]:
    """The bytes of a file in a few places of it. Raises OSError."""
    parts = []
    with open_regular(photo) as file:
        for place in range(_PARTS):
            file.seek(n_bytes * place // _PARTS)
            parts.append(file.read(_PART_BYTES))
    return parts
