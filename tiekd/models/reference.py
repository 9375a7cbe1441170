"""The authors' checkpoints: their names of tensors, translated to ours.

Only this module and its neighbours `reference_*` know their names. Published files hold every tensor that the
authors' code builds, also those that it never uses. A file may lack the latter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from tiekd.errors import CheckpointError
from tiekd.models.adabins import AdaptiveBinsHead
from tiekd.models.base import DepthModel
from tiekd.models.bts import ATROUS_RATES, LocalPlanarDecoder
from tiekd.models.decoder import PyramidDecoder
from tiekd.models.depthformer import HahiDecoder
from tiekd.models.heads import DPMHead
from tiekd.models.reference_taps import taps

__all__ = [
    "NEVER_USED", "Misfit", "likely_architectures", "load_reference", "misfit", "reference_key", "renamed",
    "taps",
]  # fmt: skip

NEVER_USED = (
    "decode_head.conv_depth.",
    "decode_head.conv_out.0.",
    "decode_head.upsample_custom2.",
    "backbone.original_model.bn2.",
)
"""Beginnings of names. The authors' code builds these tensors, but they have no effect in some or all models
(docs/method.md §14.6)."""
DERIVED = ".relative_position_index"
"""End of a name. The tensor follows from the size of Swin's windows, so a file need not hold it."""

_ENCODER_MARKS = (
    ("backbone.original_model.conv_stem.weight", "efficientnet_b5"),
    ("backbone.patch_embed.projection.weight", "swin_large"),
    ("backbone.layer1.0.conv.0.conv.weight", "mobilenetv2"),
    ("backbone.layer1.0.conv3.weight", "resnet50"),
    ("backbone.layer1.0.conv2.weight", "resnet18"),
)
"""(key, encoder): the first of these keys that a file holds shows which encoder it is of."""
_DECODER_MARKS = (
    ("neck.", ("depthformer_",)),
    ("decode_head.adaptive_bins_layer.", ("adabins_",)),
    ("decode_head.daspp_", ("bts_",)),
    ("decode_head.conv_list.", ("densedepth_dpm_", "densedepth_")),
)
"""(beginning of a key, families): the first of these that a file holds shows of which families it can be."""
_ENCODERS = {
    "mobilenetv2": "backbone.",
    "resnet18": "backbone.",
    "resnet50": "backbone.",
    "efficientnet_b5_ap": "backbone.original_model.",
}
_Rule = tuple[str, str | Callable[[re.Match[str]], str]]
_PYRAMID_RULES: tuple[_Rule, ...] = (
    (r"bottleneck\.", "decode_head.conv_list.0."),
    (r"up\.(\d+)\.conv_([ab])\.", lambda m: f"decode_head.conv_list.{int(m[1]) + 1}.conv{m[2].upper()}."),
    (r"doublings\.0\.conv_([ab])\.", lambda m: f"decode_head.upsample_custom.conv{m[1].upper()}."),
    (r"doublings\.1\.conv_([ab])\.", lambda m: f"decode_head.upsample_custom2.conv{m[1].upper()}."),
)
_ATROUS = {"norm": "first_bn", "reduce": "aconv_sequence.1", "mid_norm": "aconv_sequence.2"} | {
    "dilated": "aconv_sequence.4"
}
_BTS_RULES: tuple[_Rule, ...] = (
    (r"up(\d)\.0\.", r"decode_head.upconv\1.conv."),
    (r"(conv\d|bn\w+)\.", r"decode_head.\1."),
    (r"aspp\.merge\.", "decode_head.daspp_conv."),
    (
        r"aspp\.blocks\.(\d)\.(\w+)\.",
        lambda m: f"decode_head.daspp_{ATROUS_RATES[int(m[1])]}.atrous_conv.{_ATROUS[m[2]]}.",
    ),
    (r"(?:plane|share)(\d)\.reduce\.", r"decode_head.reduc\1x\1.reduc.inter_"),
    (r"plane(\d)\.plane\.", r"decode_head.reduc\1x\1.reduc.plane_params."),
    (r"share1\.final\.", "decode_head.reduc1x1.reduc.final.0."),
)
_DEPTHFORMER_ENCODER_RULES: tuple[_Rule, ...] = (
    (r"transformer\.pyramid\.norms\.(\d)\.", r"backbone.norm\1."),
    (r"transformer\.pyramid\.patch_embed\.proj\.", "backbone.patch_embed.projection."),
    (r"transformer\.pyramid\.(stages\.\d\.blocks\.\d+\.)attn\.", r"backbone.\1attn.w_msa."),
    (r"transformer\.pyramid\.(stages\.\d\.blocks\.\d+\.)mlp\.fc1\.", r"backbone.\1ffn.layers.0.0."),
    (r"transformer\.pyramid\.(stages\.\d\.blocks\.\d+\.)mlp\.fc2\.", r"backbone.\1ffn.layers.1."),
    (r"transformer\.pyramid\.", "backbone."),
    (r"(conv1|bn1)\.", r"backbone.\1."),
)
_HAHI_RULES: tuple[_Rule, ...] = (
    (r"laterals\.", "neck.lateral_convs."),
    (r"projections\.", "neck.trans_proj."),
    (r"fusions\.", "neck.trans_fusion."),
    (r"stem_projection\.", "neck.conv_proj.0."),
    (r"stem_fusion\.", "neck.conv_fusion.0."),
    (r"level_codes", "neck.level_embed"),
    (r"self_attention\.", "neck.self_attn."),
    (r"cross_attention\.", "neck.multi_att."),
    (r"reference_points\.", "neck.reference_points."),
)
_ADABINS_HEAD = {
    "conv_in": "decode_final_conv",
    "conv_map": "adaptive_bins_layer.conv3x3",
    "embed": "adaptive_bins_layer.patch_transformer.embedding_convPxP",
    "tokens.positions": "adaptive_bins_layer.patch_transformer.positional_encodings",
    "transformer": "adaptive_bins_layer.patch_transformer.transformer_encoder",
    "regressor": "adaptive_bins_layer.regressor",
    "conv_out": "conv_out.0",
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """How a state dict under the authors' names differs from what a network needs. False if it does not.

    missing, unknown: keys. misshapen: (key, shape in the state dict, shape that the network needs).
    """

    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    misshapen: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = ()

    def __len__(self) -> int:
        return len(self.missing) + len(self.unknown) + len(self.misshapen)

    def describe(self, *, each: int = 2) -> str:
        """One line: how many of each kind, and the first `each` of them."""
        kinds = {
            "missing": [f"missing {key}" for key in self.missing],
            "unknown": [f"unknown {key}" for key in self.unknown],
            "of another shape": [f"{key} is {found}, not {wanted}" for key, found, wanted in self.misshapen],
        }
        counts = ", ".join(f"{len(faults)} {kind}" for kind, faults in kinds.items() if faults)
        shown = [fault for faults in kinds.values() for fault in faults[:each]]
        return f"{counts}: {'; '.join(shown)}{'; …' if len(shown) < len(self) else ''}"


def misfit(model: DepthModel, state_dict: Mapping[str, Tensor]) -> Misfit:
    """Compare the keys and shapes of a state dict under the authors' names with what `model` needs.

    Tensors that the authors' code builds and never uses may be there or not. Raises CheckpointError when the
    model is not a published architecture.
    """
    wanted = {reference_key(model, key): tuple(value.shape) for key, value in model.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in state_dict.items()}
    return Misfit(
        missing=tuple(key for key in wanted if key not in found),
        unknown=tuple(
            key
            for key in found
            if key not in wanted and not key.startswith(NEVER_USED) and not key.endswith(DERIVED)
        ),
        misshapen=tuple(
            (key, found[key], shape) for key, shape in wanted.items() if found.get(key, shape) != shape
        ),
    )


def load_reference(model: DepthModel, state_dict: Mapping[str, Tensor]) -> DepthModel:
    """Load a state dict under the authors' names into `model`, and return it in evaluation mode.

    Raises CheckpointError when tensors are missing, unknown or of another shape, or when the model is not a
    published architecture.
    """
    faults = misfit(model, state_dict)
    if faults:
        raise CheckpointError(
            f"The state dict is not one of {model.card.architecture}, {faults.describe()}.",
            hint="Build the architecture, depth range and number of bins that the file was trained with.",
        )
    model.load_state_dict(renamed(model, state_dict))
    return model.eval()


def renamed(model: DepthModel, state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give our names to a state dict of the authors that fits `model`, and leave out what is never used."""
    return {key: state_dict[reference_key(model, key)] for key in model.state_dict()}


def likely_architectures(keys: Collection[str]) -> list[str]:
    """The published architectures that a state dict with these keys of the authors may belong to."""
    encoder = next((name for mark, name in _ENCODER_MARKS if mark in keys), None)
    for mark, prefixes in _DECODER_MARKS:
        if encoder is not None and any(key.startswith(mark) for key in keys):
            return [prefix + encoder for prefix in prefixes]
    return []


def reference_key(model: DepthModel, key: str) -> str:
    """The authors' name of one of our keys. Raises CheckpointError when they have no such network."""
    part, _, rest = key.partition(".")
    if part == "encoder":
        return _encoder_key(model, rest.removeprefix("pyramid."))
    if part == "head":
        return "decode_head." + _head_key(model.head, rest)
    if isinstance(model.decoder, LocalPlanarDecoder):
        return _bts_key(model.decoder, rest)
    if isinstance(model.decoder, HahiDecoder) and rest.startswith("neck."):
        return _renamed(rest.removeprefix("neck."), _HAHI_RULES).replace(".norm.", ".bn.")
    if isinstance(model.decoder, PyramidDecoder | HahiDecoder):
        return _renamed(rest.removeprefix("pyramid."), _PYRAMID_RULES).replace(".norm.", ".bn.")
    raise _unpublished(model)


def _renamed(key: str, rules: tuple[_Rule, ...]) -> str:
    """The key with its beginning replaced by the first rule that fits."""
    for pattern, replacement in rules:
        theirs, n = re.subn("^" + pattern, replacement, key)
        if n:
            return theirs
    raise AssertionError(f"no rule for {key}")


def _bts_key(decoder: LocalPlanarDecoder, key: str) -> str:
    theirs = _renamed(key, _BTS_RULES)
    part, reduction, step = theirs.rpartition(".inter_")
    if not reduction:
        return theirs
    # The authors' names of these layers contain their widths.
    conv = decoder.get_submodule(key.removesuffix(".weight"))
    assert isinstance(conv, nn.Conv2d)
    return f"{part}.inter_{conv.in_channels}_{conv.out_channels}.{step.partition('.')[2]}"


def _encoder_key(model: DepthModel, key: str) -> str:
    name = model.encoder.name
    if isinstance(model.decoder, HahiDecoder) and name == "swin_large":
        return _renamed(key, _DEPTHFORMER_ENCODER_RULES)
    if name not in _ENCODERS:
        raise _unpublished(model)
    return _ENCODERS[name] + (_mobilenet_key(key) if name == "mobilenetv2" else key)


def _mobilenet_key(key: str) -> str:
    """The authors number the layers of a block; timm names them."""
    stem = re.sub(r"^conv_stem\.", "conv1.conv.", re.sub(r"^bn1\.", "conv1.bn.", key))
    if stem != key:
        return stem
    _, stage, block, layer, field = key.split(".")
    order = ("conv_dw", "conv_pw") if stage == "0" else ("conv_pw", "conv_dw", "conv_pwl")
    if layer.startswith("bn"):
        index, kind = int(layer[2:]) - 1, "bn"
    else:
        index, kind = order.index(layer), "conv"
    return f"layer{int(stage) + 1}.{block}.conv.{index}.{kind}.{field}"


def _head_key(head: nn.Module, key: str) -> str:
    if isinstance(head, AdaptiveBinsHead):
        ours = next(prefix for prefix in _ADABINS_HEAD if key.startswith(prefix))
        return _ADABINS_HEAD[ours] + key.removeprefix(ours)
    return key.replace("conv.", "conv_out.0." if isinstance(head, DPMHead) else "conv_depth.")


def _unpublished(model: DepthModel) -> CheckpointError:
    return CheckpointError(
        f"{model.card.architecture} is not a published architecture.",
        hint="Known: densedepth_* and densedepth_dpm_* of mobilenetv2, resnet18 and resnet50, "
        "adabins_efficientnet_b5, bts_resnet50 and depthformer_swin_large.",
    )
