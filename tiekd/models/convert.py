"""The authors' checkpoint files to ours: read without running any code, checked both ways, written whole.

Published files are what mmcv saves: a dict of `meta` (texts and numbers) and `state_dict`, pickled.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tiekd._version import __version__
from tiekd.errors import CheckpointError, DataError
from tiekd.models.base import DepthModel
from tiekd.models.checkpoint import write
from tiekd.models.encoder_weights import why_unreadable
from tiekd.models.reference import Misfit, likely_architectures, misfit, renamed
from tiekd.models.registry import build
from tiekd.zoo import WEIGHTS_SUFFIX, ZooRow, make_home, read_zoo, sha256_of
from tiekd.zoo import row as zoo_row

ORIGIN_KEY = "tiekd.origin"
"""The key under which a converted file's metadata tell where it comes from, as JSON."""
_WRAPPERS = ("state_dict", "model_state_dict", "model")
_EMA = "ema_"
"""What mmcv's EMAHook puts before the names of its copies; the weights to use have the plain names."""
_COUNTS = ("num_batches_tracked", "relative_position_index")
"""How the names of tensors of whole numbers end."""
_UNUSED_BINS = "decode_head.conv_out.0.weight"
_MAX_DEPTH = re.compile(r"\bmax_depth['\"]?\s*[=:]\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """A checkpoint of the authors' as it was read: finite float32 tensors under their names.

    notes: what was done to the tensors and what was left out. max_depth_m: what the configuration inside the
    file says, or None.
    """

    path: Path
    sha256: str
    tensors: dict[str, Tensor]
    notes: tuple[str, ...]
    max_depth_m: float | None


@dataclass(frozen=True, slots=True)
class Converted:
    """A file of weights that was written for a row of the zoo."""

    row: str
    path: Path
    sha256: str
    source_sha256: str
    notes: tuple[str, ...]


class MisfitError(CheckpointError):
    """A checkpoint that does not belong to a row; `faults` names every tensor that is wrong."""

    def __init__(self, message: str, *, faults: Misfit, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.faults = faults


def read_reference(path: str | Path) -> ReferenceFile:
    """Read a checkpoint of the authors' without running any code that it may carry.

    Raises DataError when there is no such file and CheckpointError when it is cut short, holds more than
    tensors and plain values, no network, or numbers that are not finite.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"There is no checkpoint {file}.", hint="Check the path; the authors' end in .pth.")
    loaded = _load_safely(file)
    state_dict = _unwrapped(loaded, file)
    tensors, notes = _cleaned(state_dict, file)
    return ReferenceFile(
        path=file,
        sha256=sha256_of(file),
        tensors=tensors,
        notes=notes,
        max_depth_m=_stated_max_depth(loaded),
    )


def fitting_rows(file: ReferenceFile) -> list[ZooRow]:
    """The published rows that a checkpoint can be, in the zoo's order.

    Rows that share a network can't be told apart by their tensors. Raises CheckpointError (MisfitError where
    there is a nearest network) when there is none.
    """
    likely = likely_architectures(file.tensors)
    rows = [row for row in read_zoo() if row.architecture in likely and row.file is None]
    if not rows:
        raise CheckpointError(
            f"{file.path} is not of a published network; its tensors are called "
            f"{', '.join(list(file.tensors)[:3])}, …",
            hint="tiekd converts the checkpoints of the TIE-KD repository, see `tiekd models`.",
        )
    # Many rows share a network, which is compared once, under the first of them.
    checked: dict[str, tuple[ZooRow, Misfit]] = {}
    fitting = []
    for row in rows:
        network = json.dumps([row.architecture, row.n_bins, row.options])
        if network not in checked:
            checked[network] = row, _misfit_of(row, file)
        if not checked[network][1] and _range_agrees(row, file):
            fitting.append(row)
    if not fitting:
        nearest, faults = min(checked.values(), key=lambda pair: len(pair[1]))
        _raise_misfit(file, nearest.name, faults, hint="It may be cut, pruned, or of another code base.")
    return fitting


def convert(file: ReferenceFile, *, to: str, out: str | Path | None = None) -> Converted:
    """Write a checkpoint as the weights of the zoo row `to`, by default where they are looked for.

    Raises UnknownNameError, CheckpointError (MisfitError when tensors are at fault) and DataError when the
    file can't be written; an older file stays as it was then.
    """
    row = zoo_row(to)
    model = _on_paper(row)
    faults = _misfit_of(row, file, model=model)
    if faults:
        _raise_misfit(file, to, faults, hint=_instead(file))
    if not _range_agrees(row, file):
        raise CheckpointError(
            f"{file.path} was trained up to {file.max_depth_m:g} m, {to} goes up to {row.max_depth_m:g} m.",
            hint=_instead(file),
        )
    target = _target(row, out)
    origin = {
        "source": file.path.name,
        "source_sha256": file.sha256,
        "converted_by": f"tiekd {__version__}",
        "notes": list(file.notes),
    }
    tensors = {key: value.contiguous() for key, value in renamed(model, file.tensors).items()}
    write(tensors, model.card, path=target, origin={ORIGIN_KEY: json.dumps(origin)})
    return Converted(
        row=to, path=target, sha256=sha256_of(target), source_sha256=file.sha256, notes=file.notes
    )


def _target(row: ZooRow, out: str | Path | None) -> Path:
    if out is None:
        return make_home() / f"{row.name}{WEIGHTS_SUFFIX}"
    target = Path(out)
    if target.suffix != WEIGHTS_SUFFIX or target.is_dir():
        raise DataError(
            f"Can't write weights to {target}.", hint=f"Name a file that ends in {WEIGHTS_SUFFIX}."
        )
    return target


def _on_paper(row: ZooRow) -> DepthModel:
    """The network of a row with shapes and names, but without memory for its weights."""
    with torch.device("meta"):
        return build(row.card)


def _misfit_of(row: ZooRow, file: ReferenceFile, *, model: DepthModel | None = None) -> Misfit:
    faults = misfit(model or _on_paper(row), file.tensors)
    bins = file.tensors.get(_UNUSED_BINS)
    siblings = {other.n_bins for other in read_zoo() if other.encoder == row.encoder and other.n_bins}
    if row.n_bins is None and bins is not None and bins.shape[0] in siblings:
        # A student with a distribution also holds an untrained regression layer, which would be taken.
        shape = tuple(bins.shape)
        extra = ((_UNUSED_BINS, shape, (256, *shape[1:])),)
        return Misfit(faults.missing, faults.unknown, faults.misshapen + extra)
    return faults


def _range_agrees(row: ZooRow, file: ReferenceFile) -> bool:
    return file.max_depth_m in (None, row.max_depth_m)


def _instead(file: ReferenceFile) -> str:
    try:
        names = [row.name for row in fitting_rows(file)]
    except CheckpointError:
        return "It fits no published row; it may be cut, pruned, or of another code base."
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"It can be {shown}; `tiekd convert {file.path}` lists them."


def _raise_misfit(file: ReferenceFile, name: str, faults: Misfit, *, hint: str) -> None:
    raise MisfitError(f"{file.path} doesn't fit {name}, {faults.describe()}.", faults=faults, hint=hint)


@contextmanager
def _numbers_allowed() -> Iterator[None]:
    """Let numpy's scalars through, which mmcv keeps in `meta` (best scores); they carry no code."""
    scalar = np.float64(0).__reduce__()[0]
    kinds = [type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8", "?")]
    allowed: list[Any] = [
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        np.dtype,
        *kinds,
    ]
    with torch.serialization.safe_globals(allowed):
        yield


def _load_safely(path: Path) -> object:
    with path.open("rb") as stream:
        start = stream.read(256).lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise CheckpointError(
            f"{path} is a web page, not a checkpoint.",
            hint="The page asks for a click: open the link in a browser and download the file there.",
        )
    try:
        with _numbers_allowed():
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        wanted = re.search(r"(?:GLOBAL |global |class |function )`?([A-Za-z_][\w.]+)", str(error))
        if wanted is None or "truncated" in str(error):
            raise _unreadable(path, error) from error
        raise CheckpointError(
            f"{path} holds more than tensors and plain values ({wanted[1]}); nothing of it was run.",
            hint="Don't load it by other means unless you trust its origin; ask for a plain state dict.",
        ) from error
    except Exception as error:
        # Of a damaged or foreign file torch may say anything, even that an assertion failed.
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{path} is not a whole checkpoint: {why_unreadable(error)}.",
        hint="It may be cut short; download it again and compare its size.",
    )


def _unwrapped(loaded: object, path: Path) -> Mapping[Any, Any]:
    """The state dict in what a file holds."""
    if isinstance(loaded, Mapping):
        inner = next((loaded[key] for key in _WRAPPERS if isinstance(loaded.get(key), Mapping)), loaded)
        if any(isinstance(value, Tensor) for value in inner.values()):
            return inner
        if {"optimizer", "param_groups"} & set(loaded):
            raise CheckpointError(
                f"{path} holds the state of an optimizer, but no network.",
                hint="Take the file with a `state_dict`, e.g. latest.pth or epoch_24.pth of the same run.",
            )
    raise CheckpointError(
        f"{path} holds no network: no `state_dict` of tensors.", hint="Take the file that the authors link."
    )


def _cleaned(state_dict: Mapping[Any, Any], path: Path) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Finite float32 tensors without `module.` and without averages kept beside the weights, and notes."""
    tensors: dict[str, Tensor] = {}
    n_averages, lower = 0, set()
    for given, value in state_dict.items():
        key = str(given).removeprefix("module.")
        if not isinstance(value, Tensor) or not (value.is_floating_point() or key.endswith(_COUNTS)):
            raise CheckpointError(
                f"{path}: {key} is no tensor of floating-point numbers.",
                hint="Only checkpoints as trained are read, neither quantised nor packed ones.",
            )
        if key.startswith(_EMA):
            n_averages += 1
            continue
        if key in tensors:
            raise CheckpointError(
                f"{path} holds {key} twice, with and without `module.`.", hint="Keep one of them."
            )
        if value.is_floating_point() and value.dtype != torch.float32:
            lower.add(str(value.dtype).removeprefix("torch."))
            value = value.float()  # noqa: PLW2901 - the same tensor
        tensors[key] = value
    broken = [key for key, value in tensors.items() if not bool(torch.isfinite(value).all())]
    if broken:
        raise CheckpointError(
            f"{path} holds numbers that are not finite in {len(broken)} tensors, the first is {broken[0]}.",
            hint="The training diverged or the file is damaged; take another one.",
        )
    notes = [f"converted {' and '.join(sorted(lower))} to float32"] if lower else []
    if n_averages:
        notes.append(f"left out {n_averages} copies named {_EMA}*")
    return tensors, tuple(notes)


def _stated_max_depth(loaded: object) -> float | None:
    """The far end of the depth range in the configuration that mmcv stores as text, if it names only one."""
    meta = loaded.get("meta") if isinstance(loaded, Mapping) else None
    config = meta.get("config") if isinstance(meta, Mapping) else None
    if not isinstance(config, str):
        return None
    stated = {float(value) for value in _MAX_DEPTH.findall(config)}
    return stated.pop() if len(stated) == 1 else None
