"""Finds files in downloads: in folders, and in zip archives without unpacking them."""

from __future__ import annotations

import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile, ZipFile, ZipInfo

from tiekd.codecs.whole import has_ends
from tiekd.data.prepare.wanted import Wanted
from tiekd.errors import DataError

_CHUNK = 1 << 20


class Stored(Protocol):
    """A file that a download holds."""

    @property
    def n_bytes(self) -> int:
        """Size of the placed file in bytes."""
        ...

    @property
    def exact(self) -> bool:
        """Whether `n_bytes` is exact. Otherwise it is an estimate."""
        ...

    @property
    def name(self) -> str:
        """Name of the file in the download."""
        ...

    @property
    def order(self) -> tuple[str, int]:
        """Key by which files are sorted before they are placed, so that archives are read front to back."""
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
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def order(self) -> tuple[str, int]:
        """The path."""
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
    def name(self) -> str:
        """Path in the archive."""
        return self.info.filename

    @property
    def order(self) -> tuple[str, int]:
        """The archive and the position in it."""
        return str(self.archive.filename), self.info.header_offset

    def write(self, target: Path) -> None:
        """Unpack it. `zipfile` compares its checksum."""
        try:
            with self.archive.open(self.info) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file, _CHUNK)
        # zipfile raises RuntimeError for an encrypted file, NotImplementedError for an unknown compression.
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise DataError(
                f"{self.info.filename} in {self.archive.filename} can't be unpacked: {error}",
                hint="Download the archive again.",
            ) from error


class Downloads:
    """A folder of downloads, or a single archive. Raises DataError when it is neither.

    found_archives: names of the archives that were searched. damaged: file -> why it cannot be used.
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
        """The wanted file; None if it is not there. Truncated files in folders are not used."""
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
        """The first names of the folder, for messages."""
        names = sorted(path.name + "/" * path.is_dir() for path in self.place.iterdir())
        return ", ".join(names[:most]) + (", …" if len(names) > most else "") if names else "nothing"

    def _loose(self, path: Path) -> LooseFile | None:
        try:
            status = path.stat()
        except OSError:
            return None
        if not has_ends(path):
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
