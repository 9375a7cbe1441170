"""A network as a graph of `torch.export`, which runs without this project's code."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.export import ExportedProgram

from tiekd.errors import ConfigError
from tiekd.export.parity import Depth, Parity, measure
from tiekd.models.base import DepthModel


def export_network(model: DepthModel, *, size: tuple[int, int], batch: int = 1) -> ExportedProgram:
    """The graph of a network for normalised images `[batch, 3, H, W]` of one size (height, width).

    The graph answers with a `Prediction`, as the network does. Raises ConfigError for a network in training
    mode and InputSizeError for a size that the network can't take.
    """
    if model.training:
        raise ConfigError(
            f"{model.card.name} is in training mode, in which its answers vary.",
            hint="Call eval() on it first.",
        )
    weight = next(model.parameters())
    image = torch.zeros(batch, 3, *size, dtype=weight.dtype, device=weight.device)
    return torch.export.export(model, (image,))


def compare(program: ExportedProgram, model: DepthModel, images: Iterable[Tensor]) -> Parity:
    """How far the depth of a graph is from that of its network, over normalised `images` `[B, 3, H, W]`.

    Raises DataError where the two can't be compared.
    """
    return measure(_answers(program, model, images))


def _answers(
    program: ExportedProgram, model: DepthModel, images: Iterable[Tensor]
) -> Iterable[tuple[Depth, Depth]]:
    graph = program.module()
    for image in images:
        with torch.inference_mode():
            exported, own = graph(image).depth, model(image).depth
        yield from zip(exported.cpu().numpy(), own.cpu().numpy(), strict=True)
