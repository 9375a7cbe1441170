"""The zoo: what is known about every set of weights, and where they are on this machine.

`models/zoo.yaml` is the source, from which the table `models/README.md` is made. Weights are looked for in
`$TIEKD_HOME` (default: the user's data folder) and then among the files that ship with the project.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import platformdirs
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tiekd.assets import asset_root
from tiekd.card import ModelCard
from tiekd.codecs.foreign import SAFETENSORS, WEIGHT_SUFFIXES, foreign_network
from tiekd.errors import (
    CheckpointError,
    ChecksumError,
    ConfigError,
    DataError,
    UnknownNameError,
    WeightsUnavailableError,
)
from tiekd.faults import faults_as
from tiekd.files import sha256_of
from tiekd.places import at_home

HOME_VARIABLE = "TIEKD_HOME"
WEIGHTS_SUFFIX = SAFETENSORS
_LONGEST_HEADER = 100_000_000


class Published(BaseModel):
    """What the authors report for a row (KITTI Eigen split, garg crop of the 352x1216 crop, flip test)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    abs_rel: float = Field(gt=0)
    rmse: float = Field(gt=0, description="metres")


class ZooRow(ModelCard):
    """One row of the zoo: a model card and what is known about its weights.

    published: the authors' figures. measured: name of a protocol -> metrics of our own runs.
    parameters: the size of the network. link: where the authors share the weights.
    viewer_folder: the folder of the published viewer that shows this row's pictures.
    file, sha256: the weights that ship with the project, relative to `models/`, and their digest.
    """

    published: Published | None = None
    measured: dict[str, dict[str, float]] = Field(default_factory=dict)
    parameters: int | None = Field(default=None, gt=0)
    link: str | None = None
    viewer_folder: str | None = None
    file: str | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")

    @property
    def card(self) -> ModelCard:
        """The part of the row that travels with the weights."""
        return ModelCard(**{name: getattr(self, name) for name in ModelCard.model_fields})


class Zoo(BaseModel):
    """All rows, in the order of the file; names are unique."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: tuple[ZooRow, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Zoo:
        names = [row.name for row in self.rows]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"names used more than once: {', '.join(twice)}")
        return self

    def __iter__(self) -> Iterator[ZooRow]:  # type: ignore[override]  # rows, not pydantic's fields
        return iter(self.rows)

    def names(self, pattern: str = "*") -> list[str]:
        """Names of the rows that match a shell pattern, in the order of the file."""
        return [row.name for row in self.rows if fnmatchcase(row.name, pattern)]

    def row(self, name: str) -> ZooRow:
        """The row of that name. Raises UnknownNameError, which suggests near names."""
        for row in self.rows:
            if row.name == name:
                return row
        raise UnknownNameError("model", name, self.names())

    def by_viewer_folder(self) -> dict[str, ZooRow]:
        """Folder of the published viewer -> row."""
        return {row.viewer_folder: row for row in self.rows if row.viewer_folder}


def parse_zoo(text: str, *, where: str) -> Zoo:
    """Read the text of a zoo file. Raises a ConfigError that lists every fault."""
    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{where} is not valid YAML: {error}", hint="Check the line it names.") from error
    rows = document.get("rows") if isinstance(document, dict) else None
    with faults_as(ConfigError, f"The zoo {where}", model=Zoo, hint="See the rows that ship."):
        return Zoo.model_validate({"rows": rows})


def read_zoo(path: Path | None = None) -> Zoo:
    """Read `path`, by default the shipped zoo. Raises ConfigError when it is missing or wrong."""
    file = path or asset_root() / "models" / "zoo.yaml"
    try:
        status = file.stat()
    except OSError as error:
        raise ConfigError(
            f"Can't read the zoo {file}: {error.strerror}.", hint="Install tiekd again."
        ) from error
    return _read_cached(file, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _read_cached(file: Path, _changed_ns: int) -> Zoo:
    return parse_zoo(file.read_text(encoding="utf-8"), where=str(file))


def row(name: str) -> ZooRow:
    """The shipped zoo's row of that name. Raises UnknownNameError."""
    return read_zoo().row(name)


def home() -> Path:
    """The folder of this user's weights: `$TIEKD_HOME`, or the platform's data folder for tiekd."""
    stated = os.environ.get(HOME_VARIABLE)
    return Path(stated).expanduser() if stated else Path(platformdirs.user_data_dir("tiekd", appauthor=False))


def make_home() -> Path:
    """Create `home()` unless it exists. Raises DataError when that is not possible."""
    folder = home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"Can't make the folder {folder}: {error.strerror}.", hint="Set TIEKD_HOME to another one."
        ) from error
    return folder


def find_weights(zoo_row: ZooRow) -> Path | None:
    """The file with a row's weights on this machine, or None."""
    candidates = [home() / f"{zoo_row.name}{WEIGHTS_SUFFIX}"]
    if zoo_row.file:
        candidates.append(asset_root() / "models" / zoo_row.file)
    return next((path for path in candidates if path.is_file()), None)


def resolve(name_or_path: str | Path) -> Path:
    """The file of weights of a row. A path to a file is returned unchanged.

    Raises UnknownNameError; WeightsUnavailableError when the row's weights are not on this machine;
    CheckpointError when the path does not exist, and when it is a folder or another program's file;
    ChecksumError when the row's file has another digest than the zoo states.
    """
    text = at_home(str(name_or_path))
    place = Path(text)
    # A row's name is a row's, also where a folder is named like it.
    if place.is_file() or (place.is_dir() and text not in read_zoo().names()):
        _check_ours(place)
        return place
    if text.endswith(WEIGHT_SUFFIXES) or os.sep in text:
        raise CheckpointError(
            f"There is no file {text}.", hint="Check the path, or give a name of `tiekd models`."
        )
    zoo_row = row(text)
    path = find_weights(zoo_row)
    if path is None:
        raise WeightsUnavailableError(
            f"The weights of {text} are not on this machine.",
            hint=f"`tiekd fetch {text}` gets them or says where they are; see `tiekd models --available`.",
        )
    if zoo_row.sha256 and sha256_of(path) != zoo_row.sha256:
        raise ChecksumError(
            f"{path} is not the file that the zoo promises for {text} (its sha256 differs).",
            hint="Fetch it again, or pass its path to use it all the same.",
        )
    return path


def _check_ours(place: Path) -> None:
    """Raise CheckpointError for a folder and for a file of another program, with what can be done."""
    foreign = foreign_network(place)
    if foreign:
        raise CheckpointError(
            f"{place} is {foreign.what}, not a file of weights that tiekd wrote.", hint=foreign.advice
        )


def read_card(path: Path) -> ModelCard:
    """Read the card inside a file of weights, but not the weights.

    Raises CheckpointError, also for a file that is shorter or longer than its header states.
    """
    broken = CheckpointError(f"{path} is not a whole .safetensors file.", hint="Fetch or save it again.")
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if not 0 < length <= min(_LONGEST_HEADER, path.stat().st_size):
                raise broken
            header = json.loads(file.read(length))
        metadata = header.pop("__metadata__", None)
        ends = [tensor["data_offsets"][1] for tensor in header.values()]
        if path.stat().st_size != 8 + length + max(ends, default=0):
            raise broken
    except OSError as error:
        raise CheckpointError(f"Can't read {path}: {error.strerror}.", hint="Check the path.") from error
    except (struct.error, ValueError, AttributeError, LookupError, TypeError) as error:
        raise broken from error
    return ModelCard.from_metadata(metadata, where=str(path))
