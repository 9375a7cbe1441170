"""Names to networks: `create_model`, `list_models`, and `load`/`save` of files that name their network."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from pydantic import BaseModel, ValidationError

from tiekd.card import ModelCard
from tiekd.datasets import DATASETS, DEFAULT, usual_focal_px
from tiekd.errors import CheckpointError, ConfigError, UnknownNameError
from tiekd.faults import fault_lines
from tiekd.models.base import DepthModel
from tiekd.models.checkpoint import fill, read_checkpoint, save
from tiekd.models.encoders import known_encoders
from tiekd.models.families import NETWORKS, split_architecture

__all__ = ["architecture_names", "build", "create_model", "faults_of", "list_models", "load", "save"]

_FROM_NETWORK = {"architecture", "options", "encoder", "size_multiple", "min_size_px"}
"""Fields of a card that follow from the network and can't be chosen."""


def list_models(pattern: str = "*") -> list[str]:
    """Zoo rows and published architectures whose name matches `pattern` (shell style), sorted.

    Every family also takes other encoders, see `create_encoder`; BTS needs one with strides 2 to 32.
    """
    from tiekd.zoo import read_zoo

    names = {*architecture_names(), *(row.name for row in read_zoo().rows)}
    return sorted(name for name in names if fnmatchcase(name, pattern))


def architecture_names() -> list[str]:
    """The published architectures."""
    return [f"{name}_{encoder}" for name, family in NETWORKS.items() for encoder in family.presets]


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
    name, encoder = _parse(card.architecture)
    family = NETWORKS[name]
    if (card.n_bins is None) == family.has_bins:
        with_bins = ", ".join(f"{other}_*" for other, entry in NETWORKS.items() if entry.has_bins)
        raise ConfigError(
            f"{name}_* {'needs' if family.has_bins else 'has no'} n_bins, got {card.n_bins}.",
            hint=f"These families have bins: {with_bins}. The others have none.",
        )
    try:
        options = _options_of(name).model_validate(card.options)
    except ValidationError as error:
        raise _config_error(name, card.architecture, fault_lines(error, _options_of(name))) from error
    model: DepthModel = resolve_name(family.build)(
        card, options, encoder=family.encoders.get(encoder, encoder), weights=encoder_weights
    )
    return model


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


def _options_of(family: str) -> type[BaseModel]:
    options: type[BaseModel] = resolve_name(NETWORKS[family].options)
    return options


def _parse(architecture: str) -> tuple[str, str]:
    """Family and encoder of an architecture. Raises UnknownNameError."""
    parts = split_architecture(architecture)
    if parts is None:
        raise UnknownNameError("model", architecture, architecture_names())
    family, encoder = parts
    if encoder not in NETWORKS[family].presets and encoder not in known_encoders():
        raise UnknownNameError("encoder", encoder, known_encoders())
    return family, encoder


def _new_card(name: str, options: dict[str, Any]) -> ModelCard:
    family_name, encoder = _parse(name)
    family = NETWORKS[family_name]
    given = {**family.presets.get(encoder, {}), **options}
    chosen = set(ModelCard.model_fields) - _FROM_NETWORK
    if not family.has_bins:
        chosen.discard("n_bins")
    card_fields = {key: given.pop(key) for key in chosen & set(given)}
    defaults = {
        "name": name,
        "method": family.method,
        "dataset": DEFAULT,
        "max_depth_m": DATASETS[DEFAULT].max_depth_m,
        "n_bins": family.n_bins,
        "train_fx_px": usual_focal_px(given.get("dataset", DEFAULT)),
    }
    faults: list[str] = []
    resolved: dict[str, Any] = {}
    try:
        resolved = _options_of(family_name).model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        faults += fault_lines(error, _options_of(family_name))
    try:
        card = ModelCard.model_validate(
            {**defaults, **card_fields, "architecture": name, "options": resolved}
            | {"encoder": family.encoders.get(encoder, encoder)}
        )
    except ValidationError as error:
        raise _config_error(family_name, name, faults + fault_lines(error, ModelCard)) from error
    if faults:
        raise _config_error(family_name, name, faults)
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


def _config_error(family: str, name: str, faults: list[str]) -> ConfigError:
    options = ", ".join(sorted(_options_of(family).model_fields))
    return ConfigError(
        f"{name}: {'; '.join(faults)}.", hint=f"Options: {options}; and fields of tiekd.card.ModelCard."
    )
