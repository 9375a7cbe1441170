"""Write files whole or not at all, and tell by digests which file is which.

A new file is first written beside its place, under a hidden name that ends in ".part", and then renamed. A
process that is killed in between leaves the old file as it was and a ".part" file, which `remove_leftovers`
finds.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from tiekd.errors import DataError

PART = ".part"
"""The end of the name of a file that is still being written."""
_LONGEST_WRITE_S = 3600.0
_KINDS = {
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all; makes the folder. Raises DataError.

    A pipe or a device (`/dev/null`) is written to and stays what it is.
    """
    with write_errors(path):
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with arriving(path) as part:
            part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all; makes the folder. Raises DataError."""
    write_bytes(path, text.encode())


def create(path: Path, data: bytes) -> bool:
    """Write `data` to `path` unless the file exists; True if this call wrote it. Raises DataError.

    Of several processes that do this at the same time exactly one gets True.
    """
    if path.is_file():
        return False
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _part_of(path)
        try:
            part.write_bytes(data)
            return _take_name(part, path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


@contextmanager
def arriving(path: Path, *, alone: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; what is written there becomes `path` when the block succeeds.

    For writers that need a path. `alone` promises that no other process writes `path` at this time. Then the
    temporary name is always the same, so that a killed call leaves nothing that the next does not replace.
    Raises OSError.
    """
    part = path.with_name(f".{path.name}{PART}") if alone else _part_of(path)
    part.unlink(missing_ok=True)
    try:
        yield part
        part.replace(path)
    finally:
        # Two hard links to one file do not replace each other: the temporary name stays and must go.
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def arriving_folder(path: Path) -> Iterator[Path]:
    """Give an empty temporary folder beside `path`, which becomes `path` unless that exists by then.

    The temporary folder is removed when the block fails. Raises OSError.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        if not path.exists():
            part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def remove_leftovers(folder: Path, pattern: str, *, older_than_s: float = 0.0) -> None:
    """Remove what killed processes left of files whose name matches `pattern` (shell style).

    `older_than_s` spares the files of processes that still run. Raises OSError.
    """
    for part in folder.glob(f".{pattern}.*"):
        with suppress(FileNotFoundError):
            if not older_than_s or time.time() - part.stat().st_mtime > older_than_s:
                part.unlink()


def keep_newest(folder: Path, pattern: str, most: int, *, beside: str = "") -> None:
    """Remove all but the newest `most` files that match `pattern`, and what processes killed long ago left.

    beside: another ending, whose files go with them. What can't be removed stays, and other processes may do
    the same at the same time.
    """
    times: dict[Path, float] = {}
    for path in folder.glob(pattern):
        with suppress(OSError):
            times[path] = path.stat().st_mtime
    for path in sorted(times, key=times.__getitem__, reverse=True)[most:]:
        for file in (path, path.with_suffix(beside)) if beside else (path,):
            with suppress(OSError):
                file.unlink()
    with suppress(OSError):
        remove_leftovers(folder, "*", older_than_s=_LONGEST_WRITE_S)


def check_writable(folder: Path) -> None:
    """Write and remove an empty file in `folder`. Raises OSError if that is refused."""
    probe = folder / f".probe.{os.getpid()}"
    probe.touch()
    probe.unlink()


def check_target(path: Path) -> None:
    """Raise DataError if `write_bytes` would fail at `path`, as far as that shows beforehand.

    Nothing stays on the disk, and no folder is made.
    """
    with write_errors(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():
            return
        folder = next(folder for folder in path.absolute().parents if folder.exists())
        probe = folder / _part_of(path).name
        probe.touch()
        probe.unlink()


@contextmanager
def write_errors(place: Path | str, *, hint: str | None = None) -> Iterator[None]:
    """Turn an OSError inside the block into the DataError of `cannot_write`."""
    try:
        yield
    except OSError as error:
        raise cannot_write(place, error, hint=hint) from error


def cannot_write(place: Path | str, error: Exception, *, hint: str | None = None) -> DataError:
    """The error for a `place` that could not be written; the usual hint tells a full disk from the rest."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    usual = (
        "Make room on that disk; what was written before is whole."
        if full
        else "Choose a folder you may write to."
    )
    return DataError(f"Can't write {place}: {getattr(error, 'strerror', None) or error}.", hint=hint or usual)


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading. Raises OSError, also for a folder, pipe, socket or device: one may block."""
    _check_regular(path.stat().st_mode)
    # Another file may take the name after this look: opening a pipe then does not wait either.
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    try:
        _check_regular(os.fstat(file.fileno()).st_mode)
    except OSError:
        file.close()
        raise
    return file


def read_regular(path: Path) -> bytes:
    """A file's content. Raises OSError, also for what `open_regular` does not open."""
    with open_regular(path) as file:
        return file.read()


def as_text(name: str) -> str:
    """The name of a file as text that can be written: what is not UTF-8 in it as `\\udcXX`."""
    return name.encode("utf-8", "backslashreplace").decode()


def sha256_of(path: Path) -> str:
    """The sha256 of a file's content, 64 hex digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(parts: Iterable[str | bytes], *, digits: int = 64) -> str:
    """The first `digits` hex digits of the sha256 of `parts`, joined; text as UTF-8."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(as_text(part).encode() if isinstance(part, str) else part)
    return digest.hexdigest()[:digits]


def state_of(path: Path, *, name: str | None = None) -> str:
    """One line that changes when a file does, without reading it: its name (or `name`), size and time.

    Raises OSError.
    """
    status = path.stat()
    return f"{name or path.name} {status.st_size} {status.st_mtime_ns}\n"


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, f"it is a {_KINDS.get(stat.S_IFMT(mode), 'thing')}, not a file")


def _take_name(part: Path, path: Path) -> bool:
    """Give the file `part` the name `path` unless that is taken; True if it was free."""
    try:
        # A hard link fails if the name is taken; a rename would replace the file of another process.
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:
        part.replace(path)  # This file system has no hard links: the last of equal files stays.
    return True


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid4().hex[:8]}{PART}")
