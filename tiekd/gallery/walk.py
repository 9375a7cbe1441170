"""Finds the files of a folder of results. Hidden files are none, and nothing outside the folder is served."""

from __future__ import annotations

import os
import stat
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tiekd.codecs.depth_file import SUFFIXES
from tiekd.errors import DataError

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
READABLE = frozenset({*PICTURE_SUFFIXES, *SUFFIXES})
LEADS_OUT = "a link that leads out of the folder"
FOLLOW = "`tiekd serve --follow-links` follows links."
ABOVE = "is a link to a folder above itself"
_HIDDEN = frozenset({"__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "Thumbs.db", "desktop.ini"})
_MOST_FILES = 200_000
JUST_NOW_NS = 2_000_000_000
"""What changed so lately may change again without another time, so it is looked at again."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """The folder of a gallery. Its links may lead out of it only with `follow_links`."""

    folder: Path
    root: Path
    follow_links: bool = False

    @classmethod
    def around(cls, folder: Path, *, follow_links: bool = False) -> Boundary:
        """The boundary of a folder, which may itself be a link."""
        return cls(folder, folder.resolve(), follow_links)

    def holds(self, path: Path) -> bool:
        """Whether what `path` leads to may be served."""
        if self.follow_links:  # Links may lead out, a path with ".." may not.
            return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(self.folder))
        return Path(os.path.realpath(path)).is_relative_to(self.root)

    def fault(self, path: Path) -> str:
        """Why a file can't be served, in one sentence; "" if it can. Nothing is opened."""
        return fault_of(path) or ("" if self.holds(path) else f"{path.name} is {LEADS_OUT}. {FOLLOW}")


def fault_of(path: Path) -> str:
    """Why `path` is no file that can be opened, in one sentence; "" if it is one."""
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        return f"{path.name} can't be read: {error.strerror}."
    return "" if regular else f"{path.name} is not a file."


@dataclass(slots=True)
class Found:
    """The files of one folder and its sub-folders, by their path in it, and what was not looked into."""

    files: dict[str, Path] = field(default_factory=dict)
    links: set[Path] = field(default_factory=set)
    """Those of the files that are links. All others lie inside."""
    closed: dict[str, str] = field(default_factory=dict)
    """Sub-folder -> why it is left out."""
    times: dict[str, int] = field(default_factory=dict)
    """Every folder that was looked into, and its time of change in nanoseconds; see `time_of`."""


def folders_in(root: Path) -> list[Path]:
    """The folders in `root`, links to folders too, without hidden ones. Raises DataError."""
    try:
        entries = sorted(root.iterdir())
    except OSError as error:
        raise DataError(f"Can't read {root}: {error.strerror}.", hint="Check the path.") from error
    return [entry for entry in entries if not is_hidden(entry.name) and _is_folder(entry)]


def dead_links_in(root: Path) -> list[Path]:
    """The links in `root` that lead to nothing, without hidden ones; none where that can't be seen."""
    try:
        links = [one for one in root.iterdir() if one.is_symlink() and not is_hidden(one.name)]
        return [link for link in links if not link.exists()]
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # It may not be looked at.
        return False


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # It may not be looked at.
        return False


def is_hidden(name: str) -> bool:
    """Whether people mean no result by this name: caches, folders of archives and of desktops."""
    return name.startswith(".") or name in _HIDDEN


def is_text(name: str) -> bool:
    """Whether a name from the disk is one line of UTF-8, so that pages, logs and JSON can hold it."""
    return (name.isascii() and name.isprintable()) or legible(name) == name


def legible(name: str) -> str:
    """A name from the disk with a sign in place of what is no text."""
    decoded = os.fsencode(name).decode("utf-8", "replace")
    return "".join("\ufffd" if unicodedata.category(sign) == "Cc" else sign for sign in decoded)


def walk(folder: Path, boundary: Boundary, *, prefix: str = "", found: Found | None = None) -> Found:
    """Every file in `folder` and below, added to `found`; `prefix` stands before their names.

    No folder is entered twice, nor one above, so links in a circle end.
    A folder whose name has the ending of a picture is taken for a file, so that its frame can tell the fault.
    """
    found = found or Found()
    if leads_above(folder):
        found.closed[prefix.rstrip("/")] = ABOVE
        return found
    entered = {_place(above) for above in _above(folder)}
    waiting = [(folder, prefix)]
    while waiting:
        current, prefix = waiting.pop()
        try:
            if not boundary.holds(current):
                found.closed[prefix.rstrip("/")] = f"is {LEADS_OUT}, and {FOLLOW[:-1]}"
                continue
            if (place := _place(current)) in entered:
                continue
            entered.add(place)
            found.times[str(current)] = time_of(current)
            inner = _sort(current, prefix, found)
        except OSError as error:
            found.closed[prefix.rstrip("/")] = f"can't be read: {error.strerror}"
            continue
        waiting.extend(inner)
        if len(found.files) > _MOST_FILES:
            found.closed[""] = f"holds more than {_MOST_FILES} files, the others are left out"
            break
    return found


def time_of(folder: Path) -> int:
    """When a folder's list of names changed, in nanoseconds; 0 if that was so lately that it may change again
    without another time. Raises OSError.
    """
    changed_ns = folder.stat().st_mtime_ns
    return changed_ns if time.time_ns() - changed_ns > JUST_NOW_NS else 0


def leads_above(folder: Path) -> bool:
    """Whether a folder is a link to one that it lies in. It would hold itself, again and again."""
    try:
        return _place(folder) in {_place(above) for above in _above(folder)}
    except OSError:  # It may not be looked at, which its reader tells.
        return False


def _above(folder: Path) -> set[Path]:
    """The folders in which a folder lies, by its name and, if that is a link, by what it leads to."""
    return {*folder.absolute().parents, *folder.resolve().parents}


def _place(folder: Path) -> tuple[int, int]:
    """What two ways to one folder have in common. Raises OSError."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def _sort(folder: Path, prefix: str, found: Found) -> Iterator[tuple[Path, str]]:
    """Note the files of a folder, and return its sub-folders. Raises OSError."""
    inner = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if is_hidden(entry.name):
                continue
            path = folder / entry.name
            if not is_text(entry.name):
                found.closed[prefix + legible(entry.name)] = "has a name that is no text"
                continue
            if _leads_to_folder(entry) and path.suffix.lower() not in READABLE:
                inner.append((path, f"{prefix}{entry.name}/"))
            else:
                found.files[prefix + entry.name] = path
                if entry.is_symlink():
                    found.links.add(path)
    return reversed(inner)
