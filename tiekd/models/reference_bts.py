"""Checkpoints of the BTS repository (cleinc/bts, ResNet-50): the same network under other names."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_ENCODER = "encoder.base_model."
_CLASSIFIER = _ENCODER + "fc."
_LAST = "decode_head.conv_depth."
_BEGINNINGS = ((_ENCODER, "backbone."), ("decoder.get_depth.0.", _LAST), ("decoder.", "decode_head."))
"""(their beginning, that of the TIE-KD authors): the first that fits a key is replaced."""


def from_bts_repository(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], int | None]:
    """Translate a state dict of the BTS repository to the names of the TIE-KD authors.

    Their last convolution has no bias; ours gets a bias of 0. The ImageNet classifier in their encoder is
    left out. Returns the tensors and how many were left out, or any other state dict unchanged and None.
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
