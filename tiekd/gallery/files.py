"""Sorts the files of one method into depth and pictures, and says what of its folder can't be shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tiekd.codecs.depth_file import SUFFIXES, UNREADABLE
from tiekd.codecs.depth_names import says_other
from tiekd.gallery.decoders import ARRAY_SUFFIXES, Probe
from tiekd.gallery.known import Known
from tiekd.gallery.layout import Parts
from tiekd.gallery.walk import FOLLOW, PICTURE_SUFFIXES, READABLE, Boundary, Found, walk

_BEST_FIRST = (*SUFFIXES, *(ending for ending in PICTURE_SUFFIXES if ending not in SUFFIXES))
_MOST_TOLD = 3
_READ = "Depth is read from .npy, .npz, .pfm, .tiff (floats) and .png (16 bits)."


@dataclass(slots=True)
class Folder:
    """The files of a method, by their names without ending. `note`: what of it is not shown, and why.

    Where a frame has files of several kinds, the first kind here is shown.
    """

    name: str
    arrays: dict[str, Path] = field(default_factory=dict)
    grey16: dict[str, Path] = field(default_factory=dict)
    pictures: dict[str, Path] = field(default_factory=dict)
    probes: dict[Path, Probe] = field(default_factory=dict)
    note: str = ""
    links: set[Path] = field(default_factory=set)
    times: dict[str, int] = field(default_factory=dict)
    """As in `Found`."""

    @property
    def kinds(self) -> tuple[dict[str, Path], dict[str, Path], dict[str, Path]]:
        """Its files, those that keep most of the depth first."""
        return self.arrays, self.grey16, self.pictures


def read_folder(name: str, parts: Parts, boundary: Boundary, known: Known, *, quick: bool = False) -> Folder:
    """Sort the files of a method's folders and their sub-folders by what their headers say.

    quick: by the headers of a few of them; the others are guessed to be of the same kind.
    """
    found = Found()
    for prefix, path in parts:
        walk(path, boundary, prefix=prefix, found=found)
    folder = Folder(name, links=found.links, times=found.times)
    unclear: dict[str, Path] = {}
    samples: dict[str, list[Probe]] = {}
    for stem, ending, file in named(found, READABLE):
        link = bool(found.links) and file in found.links
        if quick and not link:
            seen = known.guess(file, samples.setdefault(ending, []))
        else:
            seen = known.probe(file, boundary if link else None)
        folder.probes[file] = seen
        if ending in ARRAY_SUFFIXES:
            folder.arrays.setdefault(stem, file)
        elif seen.kind == "grey16":
            folder.grey16.setdefault(stem, file)
        elif seen.kind or ending not in SUFFIXES:
            folder.pictures.setdefault(stem, file)
        else:
            unclear.setdefault(stem, file)
    # A damaged PNG is taken for what the others of its method are.
    kin = folder.grey16 if len(folder.grey16) >= len(folder.pictures) else folder.pictures
    for stem, file in unclear.items():
        kin.setdefault(stem, file)
    aside = _set_aside(folder)
    folder.note = " ".join([*left_out(found, boundary), *_unread(found, folder), *aside])
    return folder


def named(found: Found, suffixes: Collection[str]) -> Iterator[tuple[str, str, Path]]:
    """Name, ending and path of the files with such endings, those that keep most depth first."""
    files = ((ending_of(name), name, path) for name, path in found.files.items())
    chosen = [one for one in files if one[0] in suffixes]
    for ending, name, path in sorted(chosen, key=lambda one: (_BEST_FIRST.index(one[0]), one[1])):
        yield name[: -len(ending)], ending, path


def ending_of(name: str) -> str:
    """The ending of a file's name in small letters, with its dot; "" without one."""
    last = name[name.rfind("/") + 1 :]
    dot = last.rfind(".")
    return last[dot:].lower() if 0 < dot < len(last) - 1 else ""


def _set_aside(folder: Folder) -> list[str]:
    """Take confidence, masks and the like, which have files of their own, out of a method's depth."""
    depth = {**folder.arrays, **folder.grey16}
    last = {stem: re.split(r"[_\-. /]", stem)[-1] for stem in depth}
    aside = [stem for stem, word in last.items() if not word.isdecimal() and says_other(word)]
    if not aside or len(aside) == len(depth):
        return []
    for stem in aside:
        folder.arrays.pop(stem, None)
        folder.grey16.pop(stem, None)
    return [f"No depth by their names: {_some(aside)}."]


def left_out(found: Found, boundary: Boundary) -> list[str]:
    """What of a folder was not entered, and which of its files are links out of it, in sentences."""
    told = [f"{name or 'It'} {reason}." for name, reason in found.closed.items()]
    if len(told) > _MOST_TOLD:
        told[_MOST_TOLD:] = [f"The same of {len(told) - _MOST_TOLD} more."]
    links = [name for name, path in found.files.items() if path in found.links and not boundary.holds(path)]
    if links:
        told.append(f"Links that lead out of the folder: {_some(links)}. {FOLLOW}")
    return told


def _some(names: Sequence[str]) -> str:
    """How many there are, and the first."""
    return names[0] if len(names) == 1 else f"{len(names)}, like {names[0]}"


def _unread(found: Found, folder: Folder) -> list[str]:
    """What is said of files with other endings: all if nothing is shown, else those known to hold depth."""
    shown = {stem for files in folder.kinds for stem in files}
    if not found.files and not found.closed:
        return ["It holds no files."]
    counted = Counter(endings(found, shown))
    kinds = [
        f"{count} × {ending or 'no ending'}" + (f" ({UNREADABLE[ending]})" if ending in UNREADABLE else "")
        for ending, count in counted.most_common()
        if ending not in READABLE and (ending in UNREADABLE or not shown)
    ]
    if len(kinds) > _MOST_TOLD:
        kinds[_MOST_TOLD:] = [f"{len(kinds) - _MOST_TOLD} more kinds"]
    return [f"Can't be read: {', '.join(kinds)}. {_READ}"] if kinds else []


def endings(found: Found, shown: Collection[str]) -> list[str]:
    """The endings of the files whose frames are not shown by another file."""
    return [ending for name in found.files if name[: len(name) - len(ending := ending_of(name))] not in shown]
