"""Placing files: what is there stays, the rest is linked, copied or unpacked, and what lacks is told."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from tiekd.data.prepare.downloads import Downloads, LooseFile, Stored, is_whole
from tiekd.data.prepare.wanted import Wanted
from tiekd.errors import ConfigError, DataError
from tiekd.files import arriving, cannot_write

Mode = Literal["hardlink", "link", "copy"]
_LINKS: dict[str, Callable[[Path, Path], None]] = {"hardlink": os.link, "link": os.symlink}
_LOCK = ".prepare.lock"
_BLOCK = 4096
"""What files occupy is a multiple of this, on nearly every disk."""
Found = dict[str, Stored | None]
"""Target -> where the downloads have it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What placing will take: files by how they are placed, bytes to be written, bytes free."""

    n_linked: int
    n_written: int
    n_bytes: int
    free_bytes: int
    no_links: str = ""
    """Why files are copied though links were asked for."""


@dataclass(slots=True)
class Prepared:
    """What was done, in frames: `placed` now, `kept` from before, `incomplete` for want of a file.

    missing: the files that lack. damaged: files of downloads that can't be used, and why. searched: the
    official archives that were there. n_bytes: what was written.
    """

    root: Path
    placed: int
    kept: int
    incomplete: int
    n_bytes: int
    missing: list[Wanted]
    damaged: dict[str, str]
    splits: list[str]
    searched: frozenset[str] = frozenset()

    def missing_by_archive(self) -> dict[str, list[Wanted]]:
        """The missing files under the official archive that holds each."""
        names = sorted({wanted.archive for wanted in self.missing})
        return {name: [w for w in self.missing if w.archive == name] for name in names}


def place(
    wanted: Sequence[Wanted],
    found: Found,
    root: Path,
    splits: Sequence[Path],
    *,
    mode: Mode,
    announce: Callable[[Estimate], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Place the files of `found` under `root`, and the lists beside them.

    Files appear whole or not at all, and whole ones that are there stay, so an interrupted call is resumed by
    the next. `announce` is told what it will take. Raises ConfigError when another call is at work in `root`
    or another list of the same name is there; DataError when the disk can't hold it, when `root` can't be
    written, and when it holds another file where one belongs.
    """
    check_lists(splits, root)
    with _writing(root), _alone_in(root):
        kept = {w.target for w in wanted if _is_there(root / w.target, found[w.target])}
        todo = {w.target: stored for w in wanted if (stored := found[w.target]) and w.target not in kept}
        links = _Links(mode, root)
        estimate = _estimate(list(todo.values()), links, root)
        if announce:
            announce(estimate)
        damaged = _place_all(todo, root, links, progress)
        for split in splits:
            _put(root / split.name, split.read_bytes())
    lacking = [w for w in wanted if w.target in damaged or not (w.target in todo or w.target in kept)]
    incomplete = {w.frame for w in lacking}
    fresh = {w.frame for w in wanted if w.target in todo} - incomplete
    return Prepared(
        root,
        placed=len(fresh),
        kept=len({w.frame for w in wanted} - fresh - incomplete),
        incomplete=len(incomplete),
        n_bytes=estimate.n_bytes,
        missing=lacking,
        damaged=damaged,
        splits=[split.name for split in splits],
    )


def check_lists(splits: Sequence[Path], root: Path) -> None:
    """Raise ConfigError unless every list can lie in `root` under its name."""
    names = Counter(split.name for split in splits)
    twice = next((name for name, count in names.items() if count > 1), None)
    if twice:
        raise ConfigError(f"Two lists are called {twice}.", hint="Both can't lie in --out; rename one.")
    for split in splits:
        there = root / split.name
        if there.is_file() and there.read_bytes() != split.read_bytes():
            raise ConfigError(f"{there} is another list than {split}.", hint="Rename one of them.")


def check_some(wanted: Sequence[Wanted], found: Found, downloads: Downloads, out: Path, form: str) -> None:
    """Raise DataError when a folder holds nothing of what is asked for, unless that was placed before."""
    if not wanted or any(found[w.target] or (out / w.target).is_file() for w in wanted):
        return
    kinds = {w.is_depth for w in wanted}
    what = "files" if len(kinds) == 2 else "depth maps" if True in kinds else "pictures"
    seen = f"It holds {downloads.listing()}." if downloads.place.is_dir() else ""
    told = [f"{file} {wrong.rstrip('.')}." for file, wrong in downloads.damaged.items()]
    none = f"{downloads.place} has none of the {len(wanted)} {what} that the lists name."
    raise DataError(" ".join(filter(None, [none, seen, *told[:1]])), hint=f"Expected {form}.")


def _is_there(path: Path, stored: Stored | None) -> bool:
    """Whether a file has been placed. Raises DataError for a whole one that is another."""
    if not path.is_file():
        return False
    if stored is None or not stored.exact:
        return is_whole(path)
    n_bytes = path.stat().st_size
    if n_bytes == stored.n_bytes:
        return True
    if is_whole(path):
        raise DataError(
            f"{path} is another file than the download's: {n_bytes} bytes, not {stored.n_bytes}.",
            hint="Give another --out, or delete it.",
        )
    return False


class _Links:
    """Whether and how files of folders are linked instead of copied: tried once per disk."""

    def __init__(self, mode: Mode, root: Path) -> None:
        self.mode, self.root = mode, root
        self.link = _LINKS.get(mode)
        self.refused = ""
        self._works: dict[int, bool] = {}

    def can(self, stored: Stored) -> bool:
        """Whether this file will be linked."""
        if self.link is None or not isinstance(stored, LooseFile):
            return False
        if stored.device not in self._works:
            self._works[stored.device] = self._try(stored.path)
        return self._works[stored.device]

    def _try(self, path: Path) -> bool:
        probe = self.root / ".link.part"
        probe.unlink(missing_ok=True)
        try:
            self.make(path, probe)
        except OSError as error:
            self.refused = error.strerror or str(error)
            return False
        probe.unlink()
        return True

    def make(self, path: Path, target: Path) -> None:
        """Link `target` to `path`. Raises OSError where the disk knows no such links."""
        assert self.link is not None
        self.link(path.resolve(), target)


def _estimate(todo: Sequence[Stored], links: _Links, root: Path) -> Estimate:
    """Raises DataError when the disk can't hold it."""
    written = [stored for stored in todo if not links.can(stored)]
    n_bytes = sum(-(-stored.n_bytes // _BLOCK) * _BLOCK for stored in written)
    free = shutil.disk_usage(root).free
    if n_bytes > free:
        raise DataError(
            f"This takes {n_bytes / 1e9:.1f} GB, and {root} has {free / 1e9:.1f} GB left.",
            hint="Make room, or give an --out on another disk"
            + (" (links need none: unpack the archives there, see --mode)." if links.link else "."),
        )
    return Estimate(len(todo) - len(written), len(written), n_bytes, free, links.refused)


def _place_all(
    todo: dict[str, Stored], root: Path, links: _Links, progress: Callable[[int, int], None] | None
) -> dict[str, str]:
    """Place every file; the damaged ones, and why they are. Raises OSError when `root` can't be written."""
    damaged = {}
    for done, (target, stored) in enumerate(sorted(todo.items(), key=lambda item: item[1].order), 1):
        try:
            _place_one(root / target, stored, links)
        except DataError as error:
            damaged[target] = str(error)
        if progress:
            progress(done, len(todo))
    return damaged


def _place_one(target: Path, stored: Stored, links: _Links) -> None:
    """Raises DataError for a damaged file, OSError for one that can't be written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with arriving(target, alone=True) as part:
        if isinstance(stored, LooseFile) and links.can(stored):
            links.make(stored.path, part)
        else:
            stored.write(part)


def _put(target: Path, content: bytes) -> None:
    with arriving(target, alone=True) as part:
        part.write_bytes(content)


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Turn the operating system's refusals into a DataError."""
    try:
        yield
    except OSError as error:
        hint = "What is placed stays; make room or give another --out, then run the same command again."
        raise cannot_write(error.filename or root, error, hint=hint) from error


@contextmanager
def _alone_in(root: Path) -> Iterator[None]:
    """Raises ConfigError when another call is at work in `root`."""
    root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / _LOCK, timeout=0):
            yield
    except Timeout as error:
        raise ConfigError(
            f"Another `tiekd data prepare` is at work in {root}.", hint="Wait until it is done."
        ) from error
