"""The authors' checkpoints as weights of the zoo: checked both ways, written whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch

from tiekd._version import __version__
from tiekd.errors import CheckpointError, DataError
from tiekd.files import sha256_of
from tiekd.models.base import DepthModel
from tiekd.models.checkpoint import write
from tiekd.models.reference import Misfit, likely_architectures, misfit, renamed
from tiekd.models.reference_file import ReferenceFile
from tiekd.models.registry import build
from tiekd.zoo import WEIGHTS_SUFFIX, ZooRow, make_home, read_zoo
from tiekd.zoo import row as zoo_row

ORIGIN_KEY = "tiekd.origin"
"""The key under which a converted file's metadata tell where it comes from, as JSON."""
_UNUSED_BINS = "decode_head.conv_out.0.weight"


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
