"""Names to networks: `create_model`, `list_models`, and `load`/`save` of files that name their network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tiekd.card import ModelCard
from tiekd.errors import CheckpointError, ConfigError, UnknownNameError
from tiekd.faults import fault_lines
from tiekd.models.adabins import PUBLISHED_OPTIONS as ADABINS_PUBLISHED
from tiekd.models.adabins import AdaBinsOptions, build_adabins
from tiekd.models.base import DepthModel
from tiekd.models.bts import BtsOptions, build_bts
from tiekd.models.checkpoint import fill, read_checkpoint, save
from tiekd.models.decoder import DecoderOptions
from tiekd.models.densedepth import PUBLISHED_PRESETS, build_densedepth
from tiekd.models.depthformer import DepthFormerOptions, build_depthformer
from tiekd.models.encoders import known_encoders

__all__ = ["architecture_names", "build", "create_model", "faults_of", "list_models", "load", "save"]

_FROM_NETWORK = {"architecture", "options", "encoder", "size_multiple", "min_size_px"}
"""Fields of a card that follow from the network and can't be chosen."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A family of networks: `<prefix><encoder>`."""

    prefix: str
    options: type[BaseModel]
    build: Callable[..., DepthModel]
    method: str
    n_bins: int | None
    presets: dict[str, dict[str, Any]]
    """Published encoders -> their options; fields of the card such as `n_bins` may be among them."""
    encoders: dict[str, str]
    """Published encoders that are called otherwise inside this family."""


_DPM_PRESETS = {name: {**preset, "n_bins": 257} for name, preset in PUBLISHED_PRESETS.items()}
ARCHITECTURES = (
    Architecture("densedepth_dpm_", DecoderOptions, build_densedepth, "tiekd", 128, _DPM_PRESETS, {}),
    Architecture("densedepth_", DecoderOptions, build_densedepth, "baseline", None, PUBLISHED_PRESETS, {}),
    Architecture(
        "adabins_", AdaBinsOptions, build_adabins, "teacher", 256,
        {"efficientnet_b5": ADABINS_PUBLISHED}, {"efficientnet_b5": "efficientnet_b5_ap"},
    ),
    Architecture("bts_", BtsOptions, build_bts, "teacher", None, {"resnet50": {"align_corners": False}}, {}),
    Architecture(
        "depthformer_", DepthFormerOptions, build_depthformer, "teacher", None, {"swin_large": {}}, {}
    ),
)  # fmt: skip
"""Longest prefix first; the first that fits a name wins."""


def list_models(pattern: str = "*") -> list[str]:
    """Zoo rows and published architectures whose name matches `pattern` (shell style), sorted.

    Each of their families also goes with other encoders, see `create_encoder`; BTS asks for strides 2 to 32.
    """
    from tiekd.zoo import read_zoo

    names = {*architecture_names(), *(row.name for row in read_zoo().rows)}
    return sorted(name for name in names if fnmatchcase(name, pattern))


def architecture_names() -> list[str]:
    """The published architectures."""
    return [arch.prefix + encoder for arch in ARCHITECTURES for encoder in arch.presets]


def create_model(
    name: str, *, pretrained: bool = False, encoder_weights: str | Path | None = None, **options: Any
) -> DepthModel:
    """Build the network of an architecture (`densedepth_dpm_mobilenetv2_100`) or of a zoo row.

    pretrained: load the row's own weights. encoder_weights: None, "imagenet" or a file, see `create_encoder`.
    options: those of the architecture (`tiekd.models.decoder`, `adabins`) and fields of the card, such as
    `n_bins`, `max_depth_m`, `method`, `teacher`, `dataset` (its name: `DepthModel.describe`).
    Raises UnknownNameError, ConfigError naming every bad option at once, WeightsUnavailableError.
    """
    if "." in name:
        return _from_zoo(name, pretrained=pretrained, encoder_weights=encoder_weights, options=options)
    if pretrained:
        raise ConfigError(
            f"{name!r} is an architecture and has no weights of its own.",
            hint="Name a row of the zoo (`tiekd models`), or use encoder_weights='imagenet'.",
        )
    return build(_new_card(name, options), encoder_weights=encoder_weights)


def build(card: ModelCard, *, encoder_weights: str | Path | None = None) -> DepthModel:
    """The network that a card describes, with random weights (or the encoder's).

    Raises UnknownNameError for its architecture and ConfigError for its options.
    """
    arch, encoder = _parse(card.architecture)
    if (card.n_bins is None) != (arch.n_bins is None):
        raise ConfigError(
            f"{arch.prefix}* {'has no' if arch.n_bins is None else 'needs'} n_bins, got {card.n_bins}.",
            hint="densedepth_dpm_* and adabins_* have bins, the others have none.",
        )
    try:
        options = arch.options.model_validate(card.options)
    except ValidationError as error:
        raise _config_error(card.architecture, fault_lines(error, arch.options)) from error
    return arch.build(card, options, encoder=arch.encoders.get(encoder, encoder), weights=encoder_weights)


def faults_of(name: str, options: dict[str, Any]) -> list[str]:
    """What is wrong with an architecture's name or with options for it, found without building it."""
    try:
        _new_card(name, options)
    except (ConfigError, UnknownNameError) as error:
        return [f"{error} {error.hint}"]
    return []


def load(path: str | Path) -> DepthModel:
    """The network saved in a safetensors file, in float32 and in eval mode; its card travels in the file.

    Raises DataError when there is no such file, CheckpointError when it is truncated, foreign or doesn't fit.
    """
    card, tensors = read_checkpoint(Path(path))
    try:
        model = build(card)
    except (ConfigError, UnknownNameError) as error:
        raise CheckpointError(
            f"{path} describes a network that can't be built: {error}", hint=error.hint
        ) from error
    fill(model, tensors, where=str(path))
    return model.eval()


def _parse(name: str) -> tuple[Architecture, str]:
    for arch in ARCHITECTURES:
        encoder = name.removeprefix(arch.prefix)
        if encoder != name and (encoder in arch.presets or encoder in known_encoders()):
            return arch, encoder
    family = next((arch.prefix for arch in ARCHITECTURES if name.startswith(arch.prefix)), None)
    if family is not None:
        raise UnknownNameError("encoder", name.removeprefix(family), known_encoders())
    raise UnknownNameError("model", name, architecture_names())


def _new_card(name: str, options: dict[str, Any]) -> ModelCard:
    arch, encoder = _parse(name)
    given = {**arch.presets.get(encoder, {}), **options}
    chosen = set(ModelCard.model_fields) - _FROM_NETWORK
    if arch.n_bins is None:
        chosen.discard("n_bins")
    card_fields = {key: given.pop(key) for key in chosen & set(given)}
    defaults = {
        "name": name,
        "method": arch.method,
        "dataset": "kitti",
        "max_depth_m": 80.0,
        "n_bins": arch.n_bins,
    }
    faults: list[str] = []
    resolved: dict[str, Any] = {}
    try:
        resolved = arch.options.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        faults += fault_lines(error, arch.options)
    try:
        card = ModelCard.model_validate(
            {**defaults, **card_fields, "architecture": name, "options": resolved}
            | {"encoder": arch.encoders.get(encoder, encoder)}
        )
    except ValidationError as error:
        raise _config_error(name, faults + fault_lines(error, ModelCard)) from error
    if faults:
        raise _config_error(name, faults)
    return card


def _from_zoo(
    name: str, *, pretrained: bool, encoder_weights: str | Path | None, options: dict[str, Any]
) -> DepthModel:
    from tiekd import zoo

    row = zoo.row(name)
    if options:
        raise ConfigError(
            f"The zoo row {name!r} fixes its own options, got {', '.join(sorted(options))}.",
            hint=f"Build the architecture {row.architecture!r} with other options.",
        )
    if pretrained:
        return load(zoo.resolve(name))
    return build(
        ModelCard.model_validate(row.model_dump(include=set(ModelCard.model_fields))),
        encoder_weights=encoder_weights,
    )


def _config_error(name: str, faults: list[str]) -> ConfigError:
    arch, _ = _parse(name)
    return ConfigError(
        f"{name}: {'; '.join(faults)}.",
        hint=f"Options: {', '.join(sorted(arch.options.model_fields))}; and fields of tiekd.card.ModelCard.",
    )
