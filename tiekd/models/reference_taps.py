"""Intermediate tensors of the published networks, under their names in the parity fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tiekd.models.adabins import AdaptiveBinsHead
from tiekd.models.base import DepthModel
from tiekd.models.bts import LocalPlanarDecoder
from tiekd.models.decoder import PyramidDecoder
from tiekd.models.depthformer import HahiDecoder
from tiekd.models.heads import DPMHead


def taps(model: DepthModel, image: Tensor) -> dict[str, Tensor]:
    """Run a published network once and return its intermediate tensors under the fixtures' names."""
    found: dict[str, Tensor] = {"input": image}
    with _recorded(model, found), torch.no_grad():
        prediction = model(image)
    if prediction.dpm_logits is not None:
        adaptive = isinstance(model.head, AdaptiveBinsHead)
        found["adabins.softmax" if adaptive else "dpm"] = prediction.dpm_logits.softmax(dim=1)
    return found


def _parts(model: DepthModel) -> dict[str, nn.Module]:
    """The modules with outputs that are stored unchanged."""
    decoder, head = model.decoder, model.head
    if isinstance(head, AdaptiveBinsHead):
        parts = {"adabins.dec_final_conv": head.conv_in, "adabins.regressor": head.regressor}
    else:
        name = "dpm.logits" if isinstance(head, DPMHead) else "conv_depth"
        prefix = "bts." if isinstance(decoder, LocalPlanarDecoder) else ""
        parts = {prefix + name: head.get_submodule("conv")}
    if isinstance(decoder, LocalPlanarDecoder):
        parts |= {f"bts.{name}": decoder.get_submodule(name) for name in ("bn5", "bn4_2", "conv3", "conv2")}
        parts |= {f"bts.reduc{n}x{n}": decoder.get_submodule(f"plane{n}") for n in (8, 4, 2)}
        blocks = decoder.aspp.blocks
        parts |= {"bts.daspp_3": blocks[0], "bts.daspp_24": blocks[-1], "bts.daspp_conv": decoder.aspp}
        parts |= {"bts.reduc1x1": decoder.share1, "bts.conv1": decoder.conv1}
    if isinstance(decoder, HahiDecoder):
        parts |= {"neck.self_attn": decoder.neck.self_attention}
        parts |= {"neck.multi_att": decoder.neck.cross_attention}
        decoder = decoder.pyramid
    if isinstance(decoder, PyramidDecoder):
        parts |= {"decoder.conv_list.0": decoder.bottleneck}
        parts |= {f"decoder.conv_list.{i + 1}": block for i, block in enumerate(decoder.up)}
        names = ("decoder.upsample_custom", "decoder.upsample_custom2")
        parts |= dict(zip(names, decoder.doublings, strict=False))
    return parts


@contextmanager
def _recorded(model: DepthModel, found: dict[str, Tensor]) -> Iterator[None]:
    """Write the outputs of the tapped parts into `found` while the block runs."""
    decoder, head = model.decoder, model.head

    def record(name: str, value: Tensor) -> None:
        found[name] = value

    hooks = [
        part.register_forward_hook(lambda _part, _args, out, name=name: record(name, out))
        for name, part in _parts(model).items()
    ]
    pyramids: dict[str, nn.Module] = {"backbone": model.encoder}
    if isinstance(decoder, HahiDecoder):
        pyramids["neck"] = decoder.neck
    hooks += [
        part.register_forward_hook(
            lambda _part, _args, out, name=name: found.update(
                {f"{name}.{i}": level for i, level in enumerate(out)}
            )
        )
        for name, part in pyramids.items()
    ]
    if isinstance(head, AdaptiveBinsHead):
        hooks.append(
            head.transformer.register_forward_hook(
                lambda _part, _args, out: record("adabins.patch_tokens", out.transpose(0, 1))
            )
        )
        hooks.append(
            head.conv_out.register_forward_pre_hook(
                lambda _part, args: record("adabins.range_attention", args[0])
            )
        )
    if isinstance(decoder, LocalPlanarDecoder):
        hooks += [
            guide.register_forward_hook(
                lambda part, _args, out: record(f"bts.lpg{part.ratio}x{part.ratio}", out.squeeze(1))
            )
            for guide in (decoder.guide8, decoder.guide4, decoder.guide2)
        ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
