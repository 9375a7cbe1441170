"""Reading the authors' checkpoint files. Code inside a file is never run.

The published files were saved by mmcv: a pickled dict of `meta` (texts and numbers) and `state_dict`.
"""

from __future__ import annotations

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

from tiekd.errors import CheckpointError, DataError
from tiekd.files import sha256_of
from tiekd.models.encoder_weights import why_unreadable
from tiekd.models.reference_bts import from_bts_repository

_WRAPPERS = ("state_dict", "model_state_dict", "model")
_EMA = "ema_"
"""The names of averages that mmcv's EMAHook keeps begin so. The weights to use have the plain names."""
_COUNTS = ("num_batches_tracked", "relative_position_index")
"""The names of tensors of whole numbers end so."""
_MAX_DEPTH = re.compile(r"\bmax_depth['\"]?\s*[=:]\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """A checkpoint of the authors: finite float32 tensors under the authors' names.

    notes: what was changed and what was left out on reading. max_depth_m: the far end of the depth range in
    metres, as the configuration inside the file states it, or None.
    """

    path: Path
    sha256: str
    tensors: dict[str, Tensor]
    notes: tuple[str, ...]
    max_depth_m: float | None


def read_reference(path: str | Path) -> ReferenceFile:
    """Read a checkpoint of the authors.

    Raises DataError when there is no such file. Raises CheckpointError when it is cut short, holds no
    network, holds more than tensors and plain values, or holds numbers that are not finite.
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


@contextmanager
def _numbers_allowed() -> Iterator[None]:
    """Allow numpy's scalars, in which mmcv stores best scores in `meta`. They carry no code."""
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
        # For a damaged file, or one of another program, torch raises many errors, even AssertionError.
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{path} is not a whole checkpoint: {why_unreadable(error)}.",
        hint="It may be cut short; download it again and compare its size.",
    )


def _unwrapped(loaded: object, path: Path) -> Mapping[Any, Any]:
    """The state dict in what a file holds. Raises CheckpointError when there is none."""
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
    """The tensors as finite float32, without `module.` in their names and without averages; and notes."""
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
    tensors, n_left_out = from_bts_repository(tensors)
    notes = [f"converted {' and '.join(sorted(lower))} to float32"] if lower else []
    if n_averages:
        notes.append(f"left out {n_averages} copies named {_EMA}*")
    if n_left_out is not None:
        notes.append(
            f"renamed from the BTS repository's names, left out {n_left_out} tensors of its classifier; its "
            "KITTI depth also grows with the focal length, times fx / 715.0873"
        )
    return tensors, tuple(notes)


def _stated_max_depth(loaded: object) -> float | None:
    """The far end of the depth range in mmcv's configuration, a text. None unless it states one value."""
    meta = loaded.get("meta") if isinstance(loaded, Mapping) else None
    config = meta.get("config") if isinstance(meta, Mapping) else None
    if not isinstance(config, str):
        return None
    stated = {float(value) for value in _MAX_DEPTH.findall(config)}
    return stated.pop() if len(stated) == 1 else None
