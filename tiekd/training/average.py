"""The running average of a network's weights, which is validated and shipped instead of the last weights."""

from __future__ import annotations

import copy

import torch
from torch import nn

from tiekd.models.base import DepthModel


def make_average(network: DepthModel) -> DepthModel:
    """A copy of `network` that no gradient reaches."""
    return copy.deepcopy(network).requires_grad_(False)


def decay_after(step: int, highest: float) -> float:
    """The share of the old average that stays after step number `step` (from 0).

    A young average follows fast, because the first steps are far from where the run will end.
    """
    return min(highest, (1 + step) / (10 + step))


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move every tensor of `average` towards `model`'s by 1 - `decay`; copy counters, which have no mean."""
    for kept, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new.to(kept.dtype), 1 - decay)
        else:
            kept.copy_(new)
