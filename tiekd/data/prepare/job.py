"""Places files: existing ones stay, the rest is linked, copied or unpacked, and missing ones are reported."""

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

from tiekd.codecs.whole import has_ends
from tiekd.data.prepare.downloads import Downloads, LooseFile, Stored
from tiekd.data.prepare.wanted import Wanted
from tiekd.errors import ConfigError, DataError
from tiekd.files import arriving, cannot_write

Mode = Literal["hardlink", "link", "copy"]
_LINKS: dict[str, Callable[[Path, Path], None]] = {"hardlink": os.link, "link": os.symlink}
_LOCK = ".prepare.lock"
_BLOCK = 4096
"""Size of a disk block in bytes on nearly every disk. A file occupies whole blocks."""
Found = dict[str, Stored | None]
"""Target -> the file in the downloads, or None."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What placing needs: files to link, files to write, bytes to write, and free bytes of the disk."""

    n_linked: int
    n_written: int
    n_bytes: int
    free_bytes: int
    no_links: str = ""
    """Why files are copied although links were requested; empty if they are linked."""


@dataclass(slots=True)
class Prepared:
    """Result of a call.

    placed, kept, incomplete: numbers of frames that were placed now, were complete before, or lack a file.
    n_bytes: bytes that were written. missing: files that were not found. damaged: file of the downloads ->
    why it cannot be used. splits: names of the lists. searched: official archives that were found.
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
        """The missing files, grouped by the official archive that holds them."""
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
    """Place the files of `found`, and the lists, under `root`.

    A file appears only when it is complete, and complete files stay. The next call therefore resumes an
    interrupted one. `announce` gets the estimate before anything is placed. Raises ConfigError when another
    call works in `root` or a different list of the same name is there; DataError when the disk is too small,
    when `root` cannot be written, and when a different file is in the place of a wanted one.
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
    """Raise ConfigError if two lists have one name, or `root` holds a different list of that name."""
    names = Counter(split.name for split in splits)
    twice = next((name for name, count in names.items() if count > 1), None)
    if twice:
        raise ConfigError(f"Two lists are called {twice}.", hint="Both can't lie in --out; rename one.")
    for split in splits:
        there = root / split.name
        if there.is_file() and there.read_bytes() != split.read_bytes():
            raise ConfigError(f"{there} is another list than {split}.", hint="Rename one of them.")


def check_some(wanted: Sequence[Wanted], found: Found, downloads: Downloads, out: Path, form: str) -> None:
    """Raise DataError if `downloads` holds none of the wanted files and none was placed before.

    form: the expected names, for the hint.
    """
    if not wanted or any(found[w.target] or (out / w.target).is_file() for w in wanted):
        return
    kinds = {w.is_depth for w in wanted}
    what = "files" if len(kinds) == 2 else "depth maps" if True in kinds else "pictures"
    seen = f"It holds {downloads.listing()}." if downloads.place.is_dir() else ""
    damaged = [f"{file} {wrong.rstrip('.')}." for file, wrong in downloads.damaged.items()]
    none = f"{downloads.place} has none of the {len(wanted)} {what} that the lists name."
    raise DataError(" ".join(filter(None, [none, seen, *damaged[:1]])), hint=f"Expected {form}.")


def _is_there(path: Path, stored: Stored | None) -> bool:
    """Whether `path` is already placed. Raises DataError if it is a complete but different file."""
    if not path.is_file():
        return False
    # Without an exact size of the original, a complete file is taken as placed.
    if stored is None or not stored.exact:
        return has_ends(path)
    n_bytes = path.stat().st_size
    if n_bytes == stored.n_bytes:
        return True
    if has_ends(path):
        raise DataError(
            f"{path} is another file than the download's: {n_bytes} bytes, not {stored.n_bytes}.",
            hint="Give another --out, or delete it.",
        )
    return False


class _Links:
    """Links files of folders instead of copying them, if the disk allows it. It is tried once per disk."""

    def __init__(self, mode: Mode, root: Path) -> None:
        self.mode, self.root = mode, root
        self.link = _LINKS.get(mode)
        self.refused = ""
        self._works: dict[int, bool] = {}

    def can(self, stored: Stored) -> bool:
        """Whether this file can be linked."""
        if self.link is None or not isinstance(stored, LooseFile):
            return False
        if stored.device not in self._works:
            self._works[stored.device] = self._try(stored.path)
        return self._works[stored.device]

    def _try(self, path: Path) -> bool:
        # Only a real attempt tells: links can fail across disks, on network drives and for lack of rights.
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
        """Link `target` to `path`. Raises OSError if the disk does not support it."""
        assert self.link is not None
        self.link(path.resolve(), target)


def _estimate(todo: Sequence[Stored], links: _Links, root: Path) -> Estimate:
    """What placing `todo` needs. Raises DataError if the disk has too little space."""
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
    """Place every file. Returns damaged file -> reason. Raises OSError when `root` cannot be written."""
    damaged = {}
    # One damaged file must not stop the others. They are all reported at the end.
    for done, (target, stored) in enumerate(sorted(todo.items(), key=lambda item: item[1].order), 1):
        try:
            _place_one(root / target, stored, links)
        except DataError as error:
            damaged[target] = str(error)
        if progress:
            progress(done, len(todo))
    return damaged


def _place_one(target: Path, stored: Stored, links: _Links) -> None:
    """Place one file. Raises DataError if it is damaged, OSError if it cannot be written."""
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
    """Turn errors of the operating system into a DataError."""
    try:
        yield
    except OSError as error:
        hint = "What is placed stays; make room or give another --out, then run the same command again."
        raise cannot_write(error.filename or root, error, hint=hint) from error


@contextmanager
def _alone_in(root: Path) -> Iterator[None]:
    """Hold the lock of `root`. Raises ConfigError when another call holds it."""
    root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / _LOCK, timeout=0):
            yield
    except Timeout as error:
        raise ConfigError(
            f"Another `tiekd data prepare` is at work in {root}.", hint="Wait until it is done."
        ) from error
