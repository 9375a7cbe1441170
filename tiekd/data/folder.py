"""The pictures of a folder, for data without a list of frames."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tiekd.errors import DataError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
UNREAD = frozenset(
    {".heic", ".heif", ".avif", ".tif", ".tiff", ".gif", ".jp2", ".jxl"}
    | {".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw"}
)
"""Endings of pictures that are not taken from a folder: formats of phones and cameras, and others."""
_NOT_PICTURES = "labels.json"
"""A folder with this file holds teacher labels; see `tiekd.estimators.labels`."""
_HIDDEN = "__MACOSX"
"""The folder that macOS adds to archives. It holds no pictures, only files with the names of pictures."""


class Pictures(NamedTuple):
    """The pictures below a folder: sorted paths relative to it, and how many of each ending are not taken."""

    names: list[str]
    left_out: dict[str, int]

    def warning(self) -> str:
        """What is left out, and what to do; "" if nothing is."""
        if not self.left_out:
            return ""
        counts = ", ".join(f"{count} {suffix}" for suffix, count in sorted(self.left_out.items()))
        return f"Left out {counts}: convert them to .jpg or .png, or they are not used."


def find_pictures(root: Path) -> Pictures:
    """All pictures below `root`, without hidden files and folders of labels.

    Symbolic links to folders are followed. A picture that several paths lead to counts once.
    """
    names: list[str] = []
    left_out: Counter[str] = Counter()
    files = [Path(folder, name) for folder, below in _folders(root) for name in below]
    seen: set[str] = set()
    for path in sorted(files, key=lambda path: path.is_symlink()):
        suffix, place = path.suffix.lower(), os.path.realpath(path)
        if place in seen or suffix not in SUFFIXES | UNREAD:
            continue
        seen.add(place)
        if suffix in SUFFIXES:
            names.append(path.relative_to(root).as_posix())
        else:
            left_out[suffix] += 1
    return Pictures(sorted(names), dict(left_out))


def list_pictures(root: Path) -> list[str]:
    """The names of `find_pictures`. Raises DataError when there is no picture."""
    found = find_pictures(root)
    if not found.names:
        raise DataError(
            f"{root} holds no picture. {found.warning()}".rstrip(),
            hint=f"Put {', '.join(sorted(SUFFIXES))} files there or below.",
        )
    return found.names


def _folders(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Every folder at or below `root` once, with the names of its files. Real folders come before links."""
    above = {os.path.realpath(folder) for folder in (root, *root.resolve().parents)}
    seen: set[str] = set()
    starts = [str(root)]
    while starts:
        start = starts.pop(0)
        place = os.path.realpath(start)
        if place in seen or (start != str(root) and place in above):
            continue
        for folder, below, files in os.walk(start):
            seen.add(os.path.realpath(folder))
            if _NOT_PICTURES in files:
                below.clear()
                continue
            shown = sorted(name for name in below if not _is_hidden(name))
            links = [name for name in shown if Path(folder, name).is_symlink()]
            starts += [f"{folder}/{name}" for name in links]
            real = [name for name in shown if name not in links]
            below[:] = [name for name in real if os.path.realpath(f"{folder}/{name}") not in seen]
            yield folder, [name for name in files if not _is_hidden(name)]


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == _HIDDEN
