"""Finding files in downloads as they come: folders, and zip archives that nobody unpacked."""

from __future__ import annotations

import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile, ZipFile, ZipInfo

from tiekd.codecs.png import read_note
from tiekd.data.prepare.wanted import Wanted
from tiekd.errors import DataError

_CHUNK = 1 << 20
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


class Stored(Protocol):
    """A file that a download holds."""

    @property
    def n_bytes(self) -> int:
        """Its size once it is placed."""
        ...

    @property
    def exact(self) -> bool:
        """Whether `n_bytes` is more than an estimate."""
        ...

    @property
    def order(self) -> tuple[str, int]:
        """Where it lies; files are fetched in this order, so that archives are read from front to back."""
        ...

    def write(self, target: Path) -> None:
        """Write the content to `target`. Raises DataError for damaged content, OSError for a full disk."""
        ...


@dataclass(frozen=True, slots=True)
class LooseFile:
    """A file in a folder."""

    path: Path
    n_bytes: int
    device: int
    exact: bool = True

    @property
    def order(self) -> tuple[str, int]:
        """By path."""
        return str(self.path), 0

    def write(self, target: Path) -> None:
        """Copy it."""
        shutil.copyfile(self.path, target)


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A file in a zip."""

    archive: ZipFile
    info: ZipInfo
    exact: bool = True

    @property
    def n_bytes(self) -> int:
        """Unpacked."""
        return self.info.file_size

    @property
    def order(self) -> tuple[str, int]:
        """By place in the archive."""
        return str(self.archive.filename), self.info.header_offset

    def write(self, target: Path) -> None:
        """Unpack it; its checksum is compared."""
        try:
            with self.archive.open(self.info) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file, _CHUNK)
        # RuntimeError: it is encrypted.
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise DataError(
                f"{self.info.filename} in {self.archive.filename} can't be unpacked: {error}",
                hint="Download the archive again.",
            ) from error


class Downloads:
    """A folder of downloads, or a single archive. Raises DataError when it is neither.

    `found_archives` are the archives that were searched, `damaged` is what could not be used, and why.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.damaged: dict[str, str] = {}
        self.found_archives: set[str] = set()
        self._open: dict[str, ZipFile | None] = {}
        self._single = _open_zip(place) if place.is_file() else None
        if self._single is None and not place.is_dir():
            raise DataError(f"{place} is not there.", hint="Give the folder that holds the downloads.")
        zips = [] if self._single else [*place.glob("*/*.zip"), *place.glob("*.zip")]
        self._zips = {path.name: path for path in zips}

    def find(self, wanted: Wanted) -> Stored | None:
        """The wanted file, whole if it lies in a folder; None when it is nowhere."""
        if self._single is None:
            for name in wanted.names:
                if found := self._loose(self.place / name):
                    return found
        archive = self._single or self._archive(wanted.archive)
        if archive is None:
            return None
        self.found_archives.add(wanted.archive)
        infos = (archive.NameToInfo.get(name) for name in wanted.names)
        return next((ZipMember(archive, info) for info in infos if info is not None), None)

    def close(self) -> None:
        """Close the archives."""
        for archive in (self._single, *self._open.values()):
            if archive:
                archive.close()

    def listing(self, most: int = 5) -> str:
        """What the folder holds, for messages."""
        names = sorted(path.name + "/" * path.is_dir() for path in self.place.iterdir())
        return ", ".join(names[:most]) + (", …" if len(names) > most else "") if names else "nothing"

    def _loose(self, path: Path) -> LooseFile | None:
        try:
            status = path.stat()
        except OSError:
            return None
        if not is_whole(path):
            self.damaged[str(path)] = "is cut short"
            return None
        return LooseFile(path, status.st_size, status.st_dev)

    def _archive(self, name: str) -> ZipFile | None:
        if name not in self._open:
            self._open[name] = None
            if name in self._zips:
                try:
                    self._open[name] = _open_zip(self._zips[name])
                except DataError as error:
                    self.damaged[str(self._zips[name])] = str(error).removeprefix(f"{self._zips[name]} ")
        return self._open[name]


def _open_zip(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except BadZipFile as error:
        with path.open("rb") as file:
            begun = file.read(2) == b"PK"
        wrong = "is cut short: its table of contents is missing" if begun else "is not a zip archive"
        raise DataError(f"{path} {wrong}.", hint="Download it again.") from error
    except OSError as error:
        raise DataError(
            f"{path} can't be read: {error.strerror}.", hint="Check its permissions and the disk."
        ) from error


def is_whole(path: Path) -> bool:
    """Whether a PNG or JPEG has both of its ends, which a download or copy that was cut short has not."""
    try:
        if path.suffix == ".png":
            return read_note(path) is not None
        with path.open("rb") as file:
            begins = file.read(2)
            file.seek(-2, 2)
            return begins == _JPEG_START and file.read(2) == _JPEG_END
    except OSError:
        return False
