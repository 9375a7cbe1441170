"""The authors' checkpoints: their key names to ours, and the intermediate tensors that parity fixtures store.

The only module that knows their names. Published files hold every tensor that their code built, some of which
it never uses; those may be there or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tiekd.errors import CheckpointError
from tiekd.models.adabins import AdaptiveBinsHead
from tiekd.models.base import DepthModel
from tiekd.models.heads import DPMHead

NEVER_USED = (
    "decode_head.conv_depth.",
    "decode_head.conv_out.0.",
    "decode_head.upsample_custom2.",
    "backbone.original_model.bn2.",
)
"""Built by the authors' code but without effect in some or all models (parity README §5)."""

_ENCODERS = {
    "mobilenetv2": r"backbone\.",
    "resnet18": "backbone.",
    "resnet50": "backbone.",
    "efficientnet_b5_ap": "backbone.original_model.",
}
_RULES = (
    (r"decoder\.bottleneck\.", "decode_head.conv_list.0."),
    (
        r"decoder\.up\.(\d+)\.conv_([ab])\.",
        lambda m: f"decode_head.conv_list.{int(m[1]) + 1}.conv{m[2].upper()}.",
    ),
    (r"decoder\.doublings\.0\.conv_([ab])\.", lambda m: f"decode_head.upsample_custom.conv{m[1].upper()}."),
    (r"decoder\.doublings\.1\.conv_([ab])\.", lambda m: f"decode_head.upsample_custom2.conv{m[1].upper()}."),
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


def load_reference(model: DepthModel, state_dict: Mapping[str, Tensor]) -> DepthModel:
    """Fill `model` with a state dict under the authors' names, strictly both ways; returns the model.

    Raises CheckpointError when tensors are missing, unknown or of another shape, or when the model is not a
    published architecture.
    """
    wanted = model.state_dict()
    names = {key: reference_key(model, key) for key in wanted}
    faults = [f"missing {theirs}" for theirs in names.values() if theirs not in state_dict]
    known = set(names.values())
    faults += [f"unknown {key}" for key in state_dict if key not in known and not key.startswith(NEVER_USED)]
    faults += [
        f"{theirs} is {tuple(state_dict[theirs].shape)}, not {tuple(wanted[ours].shape)}"
        for ours, theirs in names.items()
        if theirs in state_dict and state_dict[theirs].shape != wanted[ours].shape
    ]
    if faults:
        shown = "; ".join(faults[:4]) + (f"; and {len(faults) - 4} more" if len(faults) > 4 else "")
        raise CheckpointError(
            f"The state dict is not one of {model.card.architecture}: {shown}.",
            hint="Build the architecture, depth range and number of bins that the file was trained with.",
        )
    model.load_state_dict({ours: state_dict[theirs] for ours, theirs in names.items()})
    return model


def reference_key(model: DepthModel, key: str) -> str:
    """The authors' name of one of our state dict keys; CheckpointError when they have no such network."""
    part, _, rest = key.partition(".")
    if part == "encoder":
        return _encoder_key(model, rest.removeprefix("pyramid."))
    if part == "head":
        return "decode_head." + _head_key(model.head, rest)
    for pattern, replacement in _RULES:
        theirs, n = re.subn("^" + pattern, replacement, key)
        if n:
            return theirs.replace(".norm.", ".bn.")
    raise _unpublished(model)


def taps(model: DepthModel, image: Tensor) -> dict[str, Tensor]:
    """Intermediate tensors of one forward pass of a student or AdaBins, under the fixtures' names."""
    found: dict[str, Tensor] = {"input": image}
    with _recorded(model, found), torch.no_grad():
        prediction = model(image)
    if prediction.dpm_logits is not None:
        adaptive = isinstance(model.head, AdaptiveBinsHead)
        found["adabins.softmax" if adaptive else "dpm"] = prediction.dpm_logits.softmax(dim=1)
    return found


def _encoder_key(model: DepthModel, key: str) -> str:
    name = model.encoder.name
    if name not in _ENCODERS:
        raise _unpublished(model)
    if name != "mobilenetv2":
        return _ENCODERS[name] + key
    stem = re.sub(r"^conv_stem\.", "backbone.conv1.conv.", re.sub(r"^bn1\.", "backbone.conv1.bn.", key))
    if stem != key:
        return stem
    _, stage, block, layer, field = key.split(".")
    order = ("conv_dw", "conv_pw") if stage == "0" else ("conv_pw", "conv_dw", "conv_pwl")
    if layer.startswith("bn"):
        index, kind = int(layer[2:]) - 1, "bn"
    else:
        index, kind = order.index(layer), "conv"
    return f"backbone.layer{int(stage) + 1}.{block}.conv.{index}.{kind}.{field}"


def _head_key(head: nn.Module, key: str) -> str:
    if isinstance(head, AdaptiveBinsHead):
        ours = next(prefix for prefix in _ADABINS_HEAD if key.startswith(prefix))
        return _ADABINS_HEAD[ours] + key.removeprefix(ours)
    return key.replace("conv.", "conv_out.0." if isinstance(head, DPMHead) else "conv_depth.")


def _unpublished(model: DepthModel) -> CheckpointError:
    return CheckpointError(
        f"{model.card.architecture} is not a published architecture.",
        hint="Known: densedepth_* and densedepth_dpm_* of mobilenetv2, resnet18 and resnet50, and "
        "adabins_efficientnet_b5.",
    )


@contextmanager
def _recorded(model: DepthModel, found: dict[str, Tensor]) -> Iterator[None]:
    """Forward hooks that write the outputs of the tapped parts into `found`."""
    decoder, head = model.decoder, model.head
    parts: dict[str, nn.Module] = {"decoder.conv_list.0": decoder.bottleneck}
    parts |= {f"decoder.conv_list.{i + 1}": block for i, block in enumerate(decoder.up)}
    parts |= dict(
        zip(("decoder.upsample_custom", "decoder.upsample_custom2"), decoder.doublings, strict=False)
    )
    if isinstance(head, AdaptiveBinsHead):
        parts |= {"adabins.dec_final_conv": head.conv_in, "adabins.regressor": head.regressor}
        parts |= {"adabins.patch_tokens": head.transformer}
    else:
        parts |= {"dpm.logits" if isinstance(head, DPMHead) else "conv_depth": head.get_submodule("conv")}

    def record(name: str, value: Tensor) -> None:
        found[name] = value.transpose(0, 1) if name == "adabins.patch_tokens" else value

    hooks = [
        part.register_forward_hook(lambda _part, _args, out, name=name: record(name, out))
        for name, part in parts.items()
    ]
    hooks.append(
        model.encoder.register_forward_hook(
            lambda _part, _args, out: found.update({f"backbone.{i}": level for i, level in enumerate(out)})
        )
    )
    if isinstance(head, AdaptiveBinsHead):
        hooks.append(
            head.conv_out.register_forward_pre_hook(
                lambda _part, args: record("adabins.range_attention", args[0])
            )
        )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
