"""The photos that a call names (files, folders, shell patterns), and the files that the answers go to."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tiekd.data.folder import SUFFIXES, Pictures, find_pictures
from tiekd.errors import ConfigError, DataError
from tiekd.places import at_home

_MOST_SHOWN = 5
_WILD = re.compile(r"[*?\[]")
_ENDINGS = f"Known endings: {', '.join(sorted(SUFFIXES))}."


@dataclass(slots=True)
class Photos:
    """Photos with the files for their answers, in the order of the call, and what is not taken of folders.

    left_out: how many pictures of each ending nothing here reads. n_others: files that are no pictures,
    hidden files, and files in the folder of the answers.
    """

    pairs: list[tuple[Path, Path]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    n_others: int = 0

    def warning(self) -> str:
        """What is not taken; "" if nothing is."""
        others = f"Left out {self.n_others} other or hidden files." if self.n_others else ""
        return " ".join(filter(None, [Pictures([], self.left_out).warning(), others]))


@dataclass(frozen=True, slots=True)
class _Named:
    """A photo, and the folder below which its place is kept in the answers."""

    path: Path
    below: Path


def find_photos(named: Sequence[str], out: Path, *, suffix: str) -> Photos:
    """The photos of a call. Answers go to `out`, and their names end in `suffix`.

    The answer to a file has its name; to a file in a folder, or found by a pattern, also the folders between
    them. Where two answers would have one name, all photos keep their folders below the one that they share,
    and photos that differ in their ending alone keep it. Raises DataError for a folder or a pattern without
    pictures, and ConfigError where an answer would replace a photo or another answer.
    """
    found, left_out, n_others = [], Counter[str](), 0
    for text in named:
        photos, unread, others = _expand(at_home(text), out, suffix)
        found += photos
        left_out.update(unread)
        n_others += others
    targets = [out / name for name in _answer_names(found, suffix)]
    pairs = list(zip([one.path for one in found], targets, strict=True))
    _check(pairs)
    return Photos(pairs, dict(left_out), n_others)


def _expand(text: str, out: Path, suffix: str) -> tuple[list[_Named], dict[str, int], int]:
    """Photos of one argument, how many pictures of each ending can't be read, and how many other files."""
    place = Path(text)
    if place.is_dir():
        return _in_folder(place, out, suffix)
    if os.path.lexists(place) or not _WILD.search(text):
        return [_Named(place, place.parent)], {}, 0
    n_fixed = next(i for i, part in enumerate(place.parts) if _WILD.search(part))
    below, pattern = Path(*place.parts[:n_fixed]), str(Path(*place.parts[n_fixed:]))
    files = sorted(path for path in below.glob(pattern) if path.is_file())
    shown = [path for path in files if not any(part[0] == "." for part in path.relative_to(below).parts)]
    photos = [_Named(path, below) for path in shown if path.suffix.lower() in SUFFIXES]
    if not photos:
        raise DataError(f"No picture matches {text}.", hint=_ENDINGS)
    return photos, {}, len(files) - len(photos)


def _in_folder(folder: Path, out: Path, suffix: str) -> tuple[list[_Named], dict[str, int], int]:
    place, answers = Path(os.path.realpath(folder)), Path(os.path.realpath(out))
    if suffix in SUFFIXES and answers == place:
        raise ConfigError(
            f"The answers would lie among the photos of {folder}, and be taken for photos next time.",
            hint="Choose another --out.",
        )
    pictures = find_pictures(folder)
    paths = [folder / name for name in pictures.names]
    if answers != place and answers.is_relative_to(place):
        paths = [path for path in paths if not Path(os.path.realpath(path)).is_relative_to(answers)]
    if not paths:
        raise DataError(f"{folder} holds no picture. {pictures.warning()}".rstrip(), hint=_ENDINGS)
    n_files = sum(len(files) for _, _, files in os.walk(folder))
    n_others = max(0, n_files - len(paths) - sum(pictures.left_out.values()))
    return [_Named(path, folder) for path in paths], pictures.left_out, n_others


def _answer_names(found: Sequence[_Named], suffix: str) -> Iterator[Path]:
    """Names of the answers, relative to the folder that they go to."""
    names = [one.path.relative_to(one.below) for one in found]
    if _meet(names, found):
        paths = [one.path.parent.resolve() / one.path.name for one in found]
        shared = os.path.commonpath([path.parent for path in paths])
        names = [path.relative_to(shared) for path in paths]
    counts = Counter(name.with_suffix("") for name in names)
    for name in names:
        ending = name.suffix if counts[name.with_suffix("")] > 1 else ""
        yield name.with_name(f"{name.stem}{ending}{suffix}")


def _meet(names: Sequence[Path], found: Sequence[_Named]) -> bool:
    """Whether photos from different folders have one name."""
    folders: dict[Path, Path] = {}
    stems = (name.with_suffix("") for name in names)
    return any(
        folders.setdefault(stem, one.below) != one.below for stem, one in zip(stems, found, strict=True)
    )


def _check(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Raise ConfigError where an answer would replace another one, or a photo."""
    counts = Counter(target for _, target in pairs)
    twice = sorted(str(target) for target, count in counts.items() if count > 1)
    if twice:
        shown = ", ".join(twice[:_MOST_SHOWN]) + (", …" if len(twice) > _MOST_SHOWN else "")
        raise ConfigError(f"Several photos would be written to {shown}.", hint="Name each photo once.")
    photos = {photo.resolve() for photo, _ in pairs}
    lost = [target for _, target in pairs if target.resolve() in photos]
    if lost:
        raise ConfigError(
            f"{lost[0]} is one of the photos; its depth would replace it.", hint="Choose another --out."
        )
