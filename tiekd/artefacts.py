"""Artefacts: files that an engine needs and that are made from weights, such as an exported graph.

An artefact lies in a folder that is named after everything it depends on. Another file of weights, another
version of the engine or another size is therefore another folder, and a stale artefact is never found.
Artefacts are looked for under `$TIEKD_HOME` and then among the files that ship with the project.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from tiekd import zoo
from tiekd.assets import asset_root
from tiekd.errors import ConfigError, RunFailedError
from tiekd.files import arriving_folder, sha256_of, write_errors

FOLDER = "engines"
"""The folder of all artefacts, under `$TIEKD_HOME` and under the shipped `models/`."""
DIGESTS = "sha256.json"
"""A file beside every artefact: name of each file -> its sha256."""
_NAME = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_+.]*")


@dataclass(frozen=True, slots=True)
class Artefact:
    """The key of an artefact: what it was made from and for.

    weights_sha256: of the file of weights, 64 hex digits.
    engine, precision: their names, such as `torch` and `fp32`.
    version: of the engine, and of whatever else makes an older artefact useless.
    size: (height, width) in pixels of the images that it takes, or None for any.
    file: the name of the file that the engine opens; others may lie beside it.

    Raises ConfigError for a field that can't be part of a path.
    """

    weights_sha256: str
    engine: str
    version: str
    precision: str
    size: tuple[int, int] | None
    file: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9a-f]{64}", self.weights_sha256):
            raise ConfigError(f"{self.weights_sha256!r} is not a sha256.", hint="It has 64 hex digits.")
        for field in ("engine", "version", "precision", "file"):
            # Without "-", which separates them, two different keys never have the same path.
            if not _NAME.fullmatch(getattr(self, field)):
                raise ConfigError(
                    f"{field}={getattr(self, field)!r} can't be part of an artefact's path.",
                    hint="Use letters, digits, '_', '+' and '.'.",
                )

    @property
    def relative_path(self) -> Path:
        """Where the engine's file is, relative to the folder of all artefacts."""
        size = "any" if self.size is None else f"{self.size[0]}x{self.size[1]}"
        kind = "-".join((self.engine, self.version, self.precision, size))
        return Path(self.weights_sha256) / kind / self.file


def artefact_path(key: Artefact) -> Path:
    """Where an artefact is stored on this machine, whether it is there or not."""
    return zoo.home() / FOLDER / key.relative_path


def find_artefact(key: Artefact) -> Path | None:
    """The file that the engine opens, or None where there is no whole artefact of this key."""
    shipped = asset_root() / "models" / FOLDER / key.relative_path
    return next((path for path in (artefact_path(key), shipped) if _is_whole(path)), None)


def store_artefact(key: Artefact, write: Callable[[Path], None]) -> Path:
    """Make an artefact unless it is there already, whole or not at all.

    `write` gets the path of the engine's file in an empty folder, and may write other files beside it. Of
    several processes that ask for the same artefact at once, one makes it and the others wait for it. Raises
    DataError when the folder can't be written, RunFailedError when `write` leaves no file, and what `write`
    raises.
    """
    path = artefact_path(key)
    folder = path.parent
    zoo.make_home()
    with write_errors(folder, hint="Make room there, or set TIEKD_HOME to another folder."):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            here = find_artefact(key)
            if here is not None:
                return here
            shutil.rmtree(folder, ignore_errors=True)  # What is there is damaged.
            with arriving_folder(folder) as part:
                write(part / key.file)
                _note_digests(part, key.file)
    return path


def _note_digests(folder: Path, needed: str) -> None:
    digests = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
    if needed not in digests:
        raise RunFailedError(f"Nothing was written to {needed}.", hint="This is a fault of the export.")
    (folder / DIGESTS).write_text(json.dumps(digests, indent=2), encoding="utf-8")


def _is_whole(path: Path) -> bool:
    """Whether every file of the artefact is there with the content that was written."""
    try:
        digests = json.loads((path.parent / DIGESTS).read_text(encoding="utf-8"))
        return path.name in digests and all(
            sha256_of(path.parent / name) == digest for name, digest in digests.items()
        )
    except (OSError, ValueError, AttributeError):  # Not there, or the list of digests is damaged itself.
        return False
