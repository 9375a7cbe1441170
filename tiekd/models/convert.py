"""The authors' checkpoints as weights of the zoo: compared with the row's network, then written whole."""

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
"""The key in a converted file's metadata that says where the weights come from, as JSON."""
_UNUSED_BINS = "decode_head.conv_out.0.weight"


@dataclass(frozen=True, slots=True)
class Converted:
    """A file of weights that was written for a zoo row. notes: what was changed on the way."""

    row: str
    path: Path
    sha256: str
    source_sha256: str
    notes: tuple[str, ...]


class MisfitError(CheckpointError):
    """A checkpoint does not belong to a row. `faults` names every wrong tensor."""

    def __init__(self, message: str, *, faults: Misfit, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.faults = faults


def fitting_rows(file: ReferenceFile) -> list[ZooRow]:
    """The published rows that a checkpoint fits, in the zoo's order.

    There may be several, because rows that share a network have the same tensors. Raises CheckpointError when
    no row fits, as MisfitError where there is a nearest network.
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
    """Write a checkpoint as the weights of the zoo row `to`. out: by default where the zoo looks for them.

    Raises UnknownNameError; CheckpointError when the file does not fit the row, as MisfitError when the
    tensors are the reason; DataError when the file can't be written. An older file then stays as it was.
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
    """The network of a row with names and shapes, but without memory for its weights."""
    with torch.device("meta"):
        return build(row.card)


def _misfit_of(row: ZooRow, file: ReferenceFile, *, model: DepthModel | None = None) -> Misfit:
    faults = misfit(model or _on_paper(row), file.tensors)
    bins = file.tensors.get(_UNUSED_BINS)
    siblings = {other.n_bins for other in read_zoo() if other.encoder == row.encoder and other.n_bins}
    if row.n_bins is None and bins is not None and bins.shape[0] in siblings:
        # A checkpoint of a student with a DPM also holds an untrained regression layer. That layer would fit
        # a row without a DPM, but its weights mean nothing.
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
