"""Files of weights: safetensors with the model card in the metadata, written whole and read strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tiekd.card import ModelCard
from tiekd.errors import CheckpointError, DataError
from tiekd.files import arriving, cannot_write
from tiekd.models.base import DepthModel

_SCALE = "::scale"
"""The key of a tensor's scales is the tensor's key with this at its end."""
_LARGEST_INT8 = 127
_LEAST_QUANTISED = 4096
"""Smaller tensors (depthwise kernels, the stem, small heads) save little space and lose most accuracy."""


def save(model: DepthModel, path: str | Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write weights and card to a safetensors file, whole or not at all.

    dtype: how matrices and kernels are stored. `torch.float16` halves them. `torch.int8` stores the large
    ones as whole numbers with one scale for each output channel, and the others as float16. Vectors
    (statistics of norms, biases) always stay float32: they are small, and variances would underflow.
    Raises DataError when the file can't be written.
    """
    tensors: dict[str, Tensor] = {}
    for key, value in model.state_dict().items():
        tensors |= _stored(key, value.detach().cpu().contiguous(), dtype)
    write(tensors, model.card, path=Path(path))


def write(
    tensors: Mapping[str, Tensor], card: ModelCard, *, path: Path, origin: Mapping[str, str] | None = None
) -> None:
    """Write tensors and card to a safetensors file, whole or not at all. Equal content gives equal bytes.

    origin: more metadata. Raises DataError when the file can't be written.
    """
    try:
        with arriving(path) as part:
            save_file(dict(tensors), part, metadata={**(origin or {}), **card.to_metadata()})
            _sort_metadata(part)
    except (OSError, SafetensorError) as error:
        hint = "Choose a folder that exists and is writable, on a disk with room."
        raise cannot_write(path, error, hint=hint) from error


def read_checkpoint(path: Path) -> tuple[ModelCard, dict[str, Tensor]]:
    """Read card and tensors of a safetensors file. Tensors become float32, whatever they are stored as.

    Raises DataError when there is no such file and CheckpointError when it is cut short, not ours, or holds
    NaN.
    """
    if not path.is_file():
        raise DataError(
            f"There is no weights file {path}.", hint="Check the path; weights end in .safetensors."
        )
    try:
        with safe_open(str(path), framework="pt") as file:
            card = ModelCard.from_metadata(file.metadata(), where=str(path))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not a whole safetensors file: {error}",
            hint="It may be cut short; copy or fetch it again.",
        ) from error
    restored = {
        key: _restored(value, tensors.get(f"{key}{_SCALE}"))
        for key, value in tensors.items()
        if not key.endswith(_SCALE)
    }
    check_finite(restored, where=str(path))
    return card, restored


def check_finite(tensors: Mapping[str, Tensor], *, where: str) -> None:
    """Raise CheckpointError that names the first of the weights that hold NaN or infinity."""
    # A sum is not finite if a value is not, and takes a fraction of the time that looking at each one takes.
    reals = {key: value for key, value in tensors.items() if value.is_floating_point()}
    suspect = {key: value for key, value in reals.items() if not torch.isfinite(value.sum())}
    broken = [key for key, value in suspect.items() if not torch.isfinite(value).all()]
    if broken:
        first = reals[broken[0]]
        n_bad = int((~torch.isfinite(first)).sum())
        more = f", and in {len(broken) - 1} more tensors" if len(broken) > 1 else ""
        raise CheckpointError(
            f"The weights of {where} hold NaN or infinity in {n_bad} of the {first.numel()} values of "
            f"{broken[0]}{more}.",
            hint="Its training has failed, or the file is damaged: take another one.",
        )


def fill(model: DepthModel, tensors: dict[str, Tensor], *, where: str) -> None:
    """Load `tensors` into `model`. Raises CheckpointError unless all keys and shapes agree."""
    wanted = model.state_dict()
    faults = [f"missing {key}" for key in wanted if key not in tensors]
    faults += [f"unexpected {key}" for key in tensors if key not in wanted]
    faults += [
        f"{key} is {tuple(tensors[key].shape)}, not {tuple(value.shape)}"
        for key, value in wanted.items()
        if key in tensors and tensors[key].shape != value.shape
    ]
    if faults:
        shown = "; ".join(faults[:4]) + (f"; and {len(faults) - 4} more" if len(faults) > 4 else "")
        raise CheckpointError(
            f"The tensors in {where} don't fit {model.card.architecture}: {shown}.",
            hint="The file was written by another architecture or with other options.",
        )
    model.load_state_dict(tensors)


def _sort_metadata(path: Path) -> None:
    """Sort the metadata in the header of a safetensors file: safetensors writes them in a random order."""
    with path.open("r+b") as file:
        n_bytes = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(n_bytes))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) > n_bytes:
            return  # A longer header would overwrite the first tensor; the random order does no harm.
        file.seek(8)
        file.write(text.ljust(n_bytes))


def _stored(key: str, value: Tensor, dtype: torch.dtype) -> dict[str, Tensor]:
    """What a file of `dtype` holds of a tensor: the tensor in some type, or whole numbers and their scale."""
    if not value.is_floating_point():
        return {key: value}
    if value.ndim <= 1 or dtype != torch.int8:
        return {key: value.to(dtype if value.ndim > 1 else torch.float32)}
    if value.numel() < _LEAST_QUANTISED:
        return {key: value.half()}
    scale = value.abs().amax(dim=tuple(range(1, value.ndim)), keepdim=True) / _LARGEST_INT8
    whole = (value / scale.clamp_min(torch.finfo(scale.dtype).tiny)).round()
    return {key: whole.to(torch.int8), f"{key}{_SCALE}": scale}


def _restored(value: Tensor, scale: Tensor | None) -> Tensor:
    if scale is not None:
        return value.float() * scale
    return value.float() if value.is_floating_point() else value
