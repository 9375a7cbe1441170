"""Which folders of results are methods: `METHOD/…/FRAME`, or `SEQUENCE/METHOD/FRAME` where that is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from tiekd.errors import DataError
from tiekd.gallery.model import IMAGE_FOLDER, natural_key
from tiekd.gallery.walk import READABLE, Boundary, folders_in, is_text, legible, time_of

_LOOKED_AT = 8
Parts = list[tuple[str, Path]]
"""Folders that hold files of one method, each with what stands before the names of its frames."""


@dataclass(slots=True)
class Layout:
    """The photos and the methods of a folder of results. strange: folders whose names are no text."""

    photos: Parts
    methods: dict[str, Parts] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)


def layout_of(folder: Path, boundary: Boundary) -> Layout:
    """Find the methods. Raises DataError if the folder can't be read."""
    paths = sorted(folders_in(folder), key=lambda path: natural_key(path.name))
    found = Layout([], strange=[legible(path.name) for path in paths if not is_text(path.name)])
    found.times[str(folder)] = time_of(folder)
    named = [path for path in paths if is_text(path.name)]
    if not _are_sequences(named, boundary):
        found.photos = [("", folder / IMAGE_FOLDER)]
        found.methods = {path.name: [("", path)] for path in named if path.name != IMAGE_FOLDER}
        return found
    for sequence in named:
        found.times[str(sequence)] = time_of(sequence)
        for path in filter(lambda inner: is_text(inner.name), folders_in(sequence)):
            parts = found.photos if path.name == IMAGE_FOLDER else found.methods.setdefault(path.name, [])
            parts.append((f"{sequence.name}/", path))
    found.methods = {name: found.methods[name] for name in sorted(found.methods, key=natural_key)}
    return found


def _are_sequences(folders: Sequence[Path], boundary: Boundary) -> bool:
    """Whether all folders are sequences: photos of its own and a method in each, and no other files.

    Methods that each keep a copy of the photos look the same, so the photos must differ.
    """
    if not folders or any(path.name == IMAGE_FOLDER or not boundary.holds(path) for path in folders):
        return False
    try:
        if not all(_looks_like_one(path, boundary) for path in folders):
            return False
        photos = [_sizes(path / IMAGE_FOLDER) for path in folders[:_LOOKED_AT]]
    except (DataError, OSError):  # It is no sequence that can be read, then.
        return False
    return all(_differ(one, other) for one, other in combinations(photos, 2))


def _looks_like_one(path: Path, boundary: Boundary) -> bool:
    inner = {one.name for one in folders_in(path)}
    if IMAGE_FOLDER not in inner or len(inner) < 2 or not boundary.holds(path / IMAGE_FOLDER):
        return False
    return not any(one.suffix.lower() in READABLE for one in path.iterdir())


def _sizes(folder: Path) -> dict[str, int]:
    files = [path for path in folder.iterdir() if path.suffix.lower() in READABLE and path.is_file()]
    return {path.name: path.stat().st_size for path in files}


def _differ(one: dict[str, int], other: dict[str, int]) -> bool:
    shared = one.keys() & other.keys()
    return any(one[name] != other[name] for name in shared) or not shared
