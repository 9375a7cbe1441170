"""Checkpoints of the BTS repository (cleinc/bts, ResNet-50): the same network under other names."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_ENCODER = "encoder.base_model."
_CLASSIFIER = _ENCODER + "fc."
_LAST = "decode_head.conv_depth."
_BEGINNINGS = ((_ENCODER, "backbone."), ("decoder.get_depth.0.", _LAST), ("decoder.", "decode_head."))
"""Theirs -> those of the TIE-KD authors; the first that fits counts."""


def from_bts_repository(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], int | None]:
    """A state dict with that repository's names changed into those of the TIE-KD authors.

    Its last convolution has no bias, which is one of 0. Also gives how many tensors were left out (of the
    ImageNet classifier that its encoder keeps), or None for a state dict that is not theirs and stays as is.
    """
    if not any(key.startswith(_ENCODER) for key in tensors):
        return dict(tensors), None
    used = {key: value for key, value in tensors.items() if not key.startswith(_CLASSIFIER)}
    renamed = {_renamed(key): value for key, value in used.items()}
    if _LAST + "weight" in renamed:
        renamed.setdefault(_LAST + "bias", torch.zeros(renamed[_LAST + "weight"].shape[0]))
    return renamed, len(tensors) - len(used)


def _renamed(key: str) -> str:
    for theirs, name in _BEGINNINGS:
        if key.startswith(theirs):
            return name + key.removeprefix(theirs)
    return key
