"""Which file of a folder belongs to which frame, by the names that programs give to their results.

A file is named after the path of the frame's picture, or of its ground truth. These names are understood:

* the path itself, as folders or with any other sign for "/", in small or capital letters, with or without
  leading zeros: `scene/rgb_00045.png`, `scene__rgb_45.PNG`;
* the path without the parts that only say how a data set is laid out: `DRIVE_FRAME.png` of KITTI;
* either one inside more folders, or after the end of the data set's own path: `data_nyu_scene_rgb_00045.png`;
* the file name alone, where no two frames share it;
* each of these with words of depth after it: `scene_rgb_00045_depth.png`.

Where several files or several frames fit, nothing is chosen.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path, PurePosixPath

from tiekd.codecs.depth_file import SUFFIXES
from tiekd.codecs.depth_names import without_depth_words
from tiekd.data.folder import SUFFIXES as PICTURES
from tiekd.data.frames import Frame, FrameSource
from tiekd.datasets import LAYOUTS
from tiekd.errors import DataError

Words = tuple[str, ...]
"""The words and numbers of a name, in small letters and without leading zeros."""

_ROOT_WORDS = frozenset({"data", "dataset", "datasets", "input", "train", "val", "test"})
"""What a flattened path may begin with, besides the kind of the data and the end of its root."""


class StoredFiles:
    """The files of depth below a folder.

    what: what they are, for messages. with_truth: the path of the ground truth may name a file, too. Until
    `assign` is called, only the plain names of `Frame.stored_names` are found.
    """

    def __init__(self, root: Path, what: str, *, with_truth: bool) -> None:
        self.root, self.what, self.with_truth = root, what, with_truth
        self._found: dict[str, Path] = {}

    def find(self, frame: Frame) -> Path:
        """The file of a frame. Raises DataError where there is none, or more than one."""
        path = self._found.get(frame.image)
        if path is None:
            endings = [*SUFFIXES, *(suffix.upper() for suffix in SUFFIXES)]
            names = [f"{stem}{ending}" for stem in self._stems(frame) for ending in endings]
            path = self._only((name for name in names if (self.root / name).is_file()), frame.image)
        if path is None:
            raise self._missing([frame], 1)
        return path

    def assign(self, source: FrameSource, frames: Sequence[Frame], *, need_all: bool = True) -> None:
        """Find the files of all frames. Raises DataError for names that fit twice and, if `need_all`, for
        missing files.
        """
        by_stem: dict[str, list[str]] = defaultdict(list)
        for name in _listed(self.root):
            by_stem[_stem(name)].append(name)
        found: dict[str, Path] = {}
        for frame in frames:
            plain = (file for stem in self._stems(frame) for file in by_stem.get(stem, ()))
            if path := self._only(plain, frame.image):
                found[frame.image] = path
        wanted = {frame.image for frame in frames} - set(found)
        if wanted:
            taken = set(found.values())
            files = [name for names in by_stem.values() for name in names if self.root / name not in taken]
            names = _Names(source, frames, with_truth=self.with_truth)
            found |= self._by_words(files, names, wanted)
        missing = [frame for frame in frames if frame.image not in found]
        if missing and need_all:
            raise self._missing(missing, len(frames), kind=source.kind)
        self._found = found

    def paths(self) -> list[Path]:
        """Every file of depth, in the order of their names."""
        return [self.root / name for name in sorted(_listed(self.root))]

    def _stems(self, frame: Frame) -> list[str]:
        """The plain names of a frame, without an ending."""
        named = frame if self.with_truth else Frame(frame.image)
        return list(dict.fromkeys(map(_stem, named.stored_names())))

    def _by_words(self, files: Sequence[str], names: _Names, wanted: set[str]) -> dict[str, Path]:
        """Image -> file, by the words of the names."""
        before: dict[Words, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        alone: dict[str, list[str]] = defaultdict(list)
        for file in files:
            for named in dict.fromkeys((file, without_depth_words(_stem(file)))):
                prefix, images = names.whose(named)
                for image in self._one_of(images, file, wanted):
                    before[prefix][image].append(file)
                by_name = () if images else self._one_of(names.alone.get(words_of(named), ()), file, wanted)
                for image in by_name:
                    alone[image].append(file)
                if images or by_name:
                    break
        # What stands before the paths is the same for all frames; where it differs, it is part of a name.
        prefix = max(before, key=lambda words: (len(before[words]), -len(words)), default=())
        fitting = before.pop(prefix, {})
        rivals = [by for words, by in before.items() if words[: len(prefix)] != prefix]
        found = {}
        for image in wanted:
            own = [*fitting.get(image, ()), *(file for by in rivals for file in by.get(image, ()))]
            path = self._only(own if image in fitting else alone.get(image, ()), image)
            if path:
                found[image] = path
        return found

    def _only(self, files: Iterable[str], image: str) -> Path | None:
        """The one file of `files`, counted by where links lead. Raises DataError for several."""
        distinct = list({os.path.realpath(self.root / file): file for file in files}.values())
        if len(distinct) > 1:
            raise DataError(
                f"{self.root} holds several files that can be the {self.what} of {image}: "
                f"{', '.join(distinct[:4])}.",
                hint="Leave one of them, or give the folder that holds one for each frame.",
            )
        return self.root / distinct[0] if distinct else None

    def _one_of(self, images: Iterable[str], file: str, wanted: set[str]) -> list[str]:
        """The one wanted image that a file fits, if any. Raises DataError if it fits several."""
        chosen = [image for image in images if image in wanted]
        if len(chosen) > 1:
            raise DataError(
                f"{self.root / file} can be the {self.what} of {chosen[0]} or of {chosen[1]}.",
                hint=f"Name it after the whole path: {Frame(chosen[0]).stored_names()[-1]}.",
            )
        return chosen

    def _missing(self, missing: Sequence[Frame], n_frames: int, kind: str | None = None) -> DataError:
        first, which = missing[0].image, f"{len(missing)} of {n_frames} frames, the first is "
        short = PurePosixPath("_".join(identifying_parts(first, kind)))
        names = [*Frame(first).stored_names(), str(short.with_suffix(".png")), str(short.with_suffix(".npy"))]
        return DataError(
            f"{self.root} holds no {self.what} for {which if n_frames > 1 else ''}{first}.",
            hint=f"Name it {' or '.join(dict.fromkeys(names))}; {', '.join(SUFFIXES)} are read.",
        )


class _Names:
    """The words by which a file can name each of `frames`. alone: those of the file name alone -> images."""

    def __init__(self, source: FrameSource, frames: Sequence[Frame], *, with_truth: bool) -> None:
        self._root, self._may_lead = words_of(str(source.root.resolve())), _ROOT_WORDS | {source.kind}
        self._whole: dict[Words, list[str]] = defaultdict(list)
        self.alone: dict[Words, list[str]] = defaultdict(list)
        for frame in {frame.image: frame for frame in frames}.values():
            paths = [path for path in (frame.image, frame.depth if with_truth else None) if path]
            for words in {words for path in paths for words in _spellings(path, source.kind)}:
                self._whole[words].append(frame.image)
            for words in {words_of(PurePosixPath(path).name) for path in paths}:
                self.alone[words].append(frame.image)

    def whose(self, file: str) -> tuple[Words, list[str]]:
        """The words before the longest path of a frame with which a file's name ends, and its images."""
        *folders, name = PurePosixPath(file).parts
        n_above = [0]
        for folder in folders:
            n_above.append(n_above[-1] + len(_words(folder)))
        words = (*(word for folder in folders for word in _words(folder)), *words_of(name))
        for start in range(len(words)):
            images = self._whole.get(words[start:])
            if images and self._may_precede(words[max(n for n in n_above if n <= start) : start]):
                return words[:start], images
        return (), []

    def _may_precede(self, words: Words) -> bool:
        """Whether the path of a frame may follow these words without a "/" between them.

        `home` may not: `home_office` is another scene than `office`.
        """
        return not words or self._may_lead.issuperset(words) or self._root[-len(words) :] == words


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def words_of(path: str) -> Words:
    """The words of a path without its ending; `a.jpg.png` has two."""
    while (suffix := PurePosixPath(path).suffix.lower()) in PICTURES or suffix in SUFFIXES:
        path = path[: -len(suffix)]
    return _words(path)


def identifying_parts(path: str, kind: str | None) -> list[str]:
    """The parts of a path without those that only say how the data of that kind are laid out."""
    return [part for part in PurePosixPath(path).parts if not _is_redundant(part, kind)]


def _spellings(path: str, kind: str) -> Iterator[Words]:
    """The words of a path, with and without each of its redundant parts."""
    *folders, name = PurePosixPath(path).parts
    choices = [((), _words(part)) if _is_redundant(part, kind) else (_words(part),) for part in folders]
    for chosen in product(*choices):
        yield (*(word for words in chosen for word in words), *words_of(name))


def _is_redundant(part: str, kind: str | None) -> bool:
    pattern = LAYOUTS[kind].redundant if kind else ""
    return bool(pattern and re.fullmatch(pattern, part))


@lru_cache(maxsize=4096)
def _words(text: str) -> Words:
    found = re.findall(r"\d+|[^\W\d_]+", text.casefold())
    return tuple(word.lstrip("0") or "0" if word.isdecimal() else word for word in found)


def _listed(root: Path) -> Iterator[str]:
    """Names of the files below `root` whose endings are those of depth; links to folders are followed."""
    seen = set()
    for folder, below, files in os.walk(root, followlinks=True):
        place = os.path.realpath(folder)
        # Two links may lead to one folder, or a link to a folder above itself.
        below[:] = [] if place in seen else sorted(name for name in below if not name.startswith("."))
        if place not in seen:
            for name in sorted(files):
                if not name.startswith(".") and PurePosixPath(name).suffix.lower() in SUFFIXES:
                    yield Path(folder, name).relative_to(root).as_posix()
        seen.add(place)
