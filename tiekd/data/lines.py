"""Lists of frames as text: one reader for every verb.

A line is "image [ground truth [focal length]]". People write such lists by hand, with a shell, on Windows or
for other programs. So names may have blanks, paths may start from the working folder, and KITTI's lists may
have the form of monodepth2.
"""

from __future__ import annotations

import codecs
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tiekd.errors import DataError

_FORM = 'A line is "image [depth [focal]]". Names with blanks need double quotes, or tabs between the words.'
_WORD = re.compile(r"""(?<!\S)(?:"([^"]*)"|'([^']*)')(?!\S)|(\S+)""")
_MOST_WORDS = 3
_ENDINGS = (".png", ".jpg", ".jpeg")
_NO_DEPTH = frozenset({"none", "-", "null"})
"""Words that people write for a picture without ground truth."""
_SIDES = {"l": "image_02", "r": "image_03"}
"""Cameras in monodepth2's lists."""


class Line(NamedTuple):
    """One line of a list: its number, the paths as the data set has them, and the focal length in pixels."""

    number: int
    image: str
    depth: str | None = None
    focal_px: float | None = None


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders of a data set of the layout `kind`, in which the files of a list are looked for."""

    kind: str
    image: Path
    depth: Path


class _Words(NamedTuple):
    image: str
    depth: str | None
    focal: str | None


def read_lines(path: Path, roots: Roots | None = None) -> list[Line]:
    """The lines of a list, without empty ones and comments ("# …").

    With `roots`, names with blanks are recognised by the files that exist; without, blanks separate words.
    Raises DataError for a file that is not text, and for a line that cannot be read.
    """
    lines = []
    texts = (text.strip() for text in re.split(r"\r\n|\r|\n", _text(path)))
    for number, text in enumerate(texts, 1):
        if text and not re.match(r"#(\s|$)", text):
            lines.append(_line(text, roots, number, f"{path}:{number}"))
    return lines


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except OSError as error:
        message = f"Can't read the split file {path}: {error.strerror}."
        raise DataError(message, hint="Check the path.") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"Can't read the split file {path}: {error}", hint="It must be text. Save it as UTF-8."
        ) from error
    if "\0" in text:
        raise DataError(f"The split file {path} is UTF-16 or no text.", hint="Save it as UTF-8.")
    return text


def _line(text: str, roots: Roots | None, number: int, where: str) -> Line:
    words = [next(filter(None, found.groups()), "") for found in _WORD.finditer(text)]
    if _is_monodepth2(words):
        image, depth = _of_monodepth2(words, roots, where)
        return Line(number, image, depth)
    chosen = _chosen(text, words, roots)
    if chosen is None:
        raise DataError(f"{where} has {len(words)} words, and no file fits them.", hint=_FORM)
    image = _inside(chosen.image, roots.image if roots else None)
    if roots and roots.kind == "kitti":
        image = _with_ending(image, roots.image)
    depth = _inside(chosen.depth, roots.depth if roots else None) if chosen.depth else None
    if ".." in Path(image).parts or (depth and ".." in Path(depth).parts):
        raise DataError(f"{where} leaves the data set with '..'.", hint="Use paths inside the data set.")
    return Line(number, image, depth, _focal(chosen.focal, where))


def _focal(word: str | None, where: str) -> float | None:
    if word is None:
        return None
    focal = _number(word)
    if focal is None or not focal > 0:
        raise DataError(
            f"{where}: {word!r} is not a focal length.", hint=f"Give pixels, e.g. 721.5377. {_FORM}"
        )
    return focal


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _chosen(text: str, words: list[str], roots: Roots | None) -> _Words | None:
    """The reading of a line whose files exist, else the words between blanks; None if these are too many."""
    plain = _as_words(words) if len(words) <= _MOST_WORDS else None
    if roots is None or (plain and _exist(plain, roots)):
        return plain
    readings = [*_tabbed(text), *([] if '"' in text else _with_blanks(text))]
    found = next((reading for reading in readings if _exist(reading, roots)), None)
    if found or (plain and _has_image(plain, roots)):
        return found or plain
    return next((reading for reading in readings if _has_image(reading, roots)), plain)


def _as_words(words: list[str]) -> _Words:
    image, depth, focal = [*words, None, None][:_MOST_WORDS]
    return _Words(image or "", None if depth is None or depth.casefold() in _NO_DEPTH else depth, focal)


def _tabbed(text: str) -> Iterator[_Words]:
    parts = [part.strip().strip('"') for part in text.split("\t") if part.strip()]
    if "\t" in text and len(parts) <= _MOST_WORDS:
        yield _as_words(parts)


def _with_blanks(text: str) -> Iterator[_Words]:
    """Every reading in which names have blanks: the longest image first."""
    ends = [found.end() for found in re.finditer(r"\S+", text)]
    for end in reversed(ends):
        image, rest = text[:end], text[end:].strip()
        before, _, last = rest.rpartition(" ")
        if before and _number(last):
            yield _as_words([image, before.strip(), last])
        yield _as_words([image, rest]) if rest else _as_words([image])


def _exist(words: _Words, roots: Roots) -> bool:
    if not _has_image(words, roots) or (words.focal is not None and _number(words.focal) is None):
        return False
    return not words.depth or (roots.depth / _inside(words.depth, roots.depth)).is_file()


def _has_image(words: _Words, roots: Roots) -> bool:
    return (roots.image / _inside(words.image, roots.image)).is_file()


def _inside(word: str, root: Path | None) -> str:
    """A path as the data set has it, "/" between its parts.

    It may be absolute, start from the working folder, or have backslashes or another form of its accents,
    where only that leads to a file.
    """
    usual = word.lstrip("/")
    if root is None or not (root / usual).is_file():
        word = word.replace("\\", "/")
        usual = word.lstrip("/")
    if root is None or (root / usual).is_file():
        return str(PurePosixPath(usual))
    if Path(word).is_file():
        for whole in (os.path.abspath, os.path.realpath):
            if Path(whole(word)).is_relative_to(whole(root)):
                return Path(whole(word)).relative_to(whole(root)).as_posix()
    forms = (unicodedata.normalize(form, usual) for form in ("NFC", "NFD"))
    return str(PurePosixPath(next((form for form in forms if (root / form).is_file()), usual)))


def other_endings(image: str) -> list[str]:
    """Names that a picture of KITTI may have instead: many convert .png to .jpg, as monodepth2 asks for."""
    path = PurePosixPath(image)
    return [str(path.with_suffix(end)) for end in _ENDINGS if path.suffix in _ENDINGS and end != path.suffix]


def _with_ending(image: str, root: Path) -> str:
    return next((name for name in (image, *other_endings(image)) if (root / name).is_file()), image)


def _is_monodepth2(words: list[str]) -> bool:
    return len(words) == _MOST_WORDS and words[1].isdecimal() and words[2] in _SIDES


def _of_monodepth2(words: list[str], roots: Roots | None, where: str) -> tuple[str, str | None]:
    """Picture and ground truth of "<date>/<drive>_sync FRAME l|r"; the latter only if its file exists."""
    if roots is None or roots.kind != "kitti":
        raise DataError(
            f'{where} has the form of monodepth2\'s lists, "folder frame l", which only kitti:ROOT knows.',
            hint="Write the paths: <date>/<drive>_sync/image_02/data/N.png "
            "<drive>_sync/proj_depth/groundtruth/image_02/N.png",
        )
    folder, frame = PurePosixPath(words[0].replace("\\", "/")), f"{int(words[1]):010d}"
    camera = _SIDES[words[2]]
    image = f"{folder}/{camera}/data/{frame}"
    depth = f"{folder.name}/proj_depth/groundtruth/{camera}/{frame}.png"
    return _with_ending(f"{image}.png", roots.image), depth if (roots.depth / depth).is_file() else None
