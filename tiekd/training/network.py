"""A recipe's network, as it is before the first step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from torch import nn

from tiekd.models.base import DepthModel
from tiekd.models.checkpoint import fill, read_checkpoint
from tiekd.models.framing import is_frame
from tiekd.models.registry import create_model
from tiekd.recipe import Recipe
from tiekd.zoo import resolve


def build_network(
    recipe: Recipe,
    *,
    train_focal_px: float | None,
    frame_px: tuple[int, int] | None = None,
    load_weights: bool = True,
) -> DepthModel:
    """The recipe's network: random weights, except for those that the recipe takes from elsewhere.

    With `load_weights` off all weights are random, for a network that a checkpoint will fill. Raises
    ConfigError for options that the architecture does not have, and what loading the weights raises.
    """
    network = create_model(
        recipe.architecture,
        encoder_weights=recipe.network.encoder_weights if load_weights else None,
        **network_arguments(recipe, train_focal_px=train_focal_px, frame_px=frame_px),
    )
    network.describe(name=recipe.name or f"{recipe.method}_{recipe.network.encoder}.{recipe.dataset}")
    start = recipe.network.start_from
    if start and load_weights:
        fill(network, read_checkpoint(resolve(start))[1], where=start)
    elif recipe.network.start_depth_m:
        network.start_at(recipe.network.start_depth_m)
    return network


def check_weights(recipe: Recipe) -> None:
    """Raise what loading the weights of a new run raises: before all data is read, which takes long."""
    build_network(recipe, train_focal_px=recipe.data.train_focal_px)


def freeze_norms(network: DepthModel, which: Literal["none", "encoder", "all"]) -> None:
    """Let batch norms keep their running statistics while the rest of the network trains."""
    frozen = {"none": None, "encoder": network.encoder, "all": network}[which]
    for module in frozen.modules() if frozen is not None else ():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def known_frame_px(recipe: Recipe, frame_sizes: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """The frame size that a network depends on: it sees pixel positions, and whole frames of this size only.

    `frame_sizes` are the (height, width) of the frames in pixels. Views that are a part of a frame, and
    frames of several sizes, teach no such size.
    """
    if not recipe.network.options.get("position_channels") or recipe.view.zoom != (1.0, 1.0):
        return None
    sizes = set(frame_sizes)
    if recipe.view.size is None:
        return sizes.pop() if len(sizes) == 1 else None
    return recipe.view.size if all(is_frame(size, recipe.view.size) for size in sizes) else None


def network_arguments(
    recipe: Recipe, *, train_focal_px: float | None, frame_px: tuple[int, int] | None = None
) -> dict[str, Any]:
    """The arguments of `create_model`: options of the recipe's architecture and fields of its card."""
    given = {
        "n_bins": recipe.network.n_bins if recipe.has_bins else None,
        "max_pixels": recipe.network.max_pixels or recipe.data.max_pixels,
        "frame_px": frame_px,
    }
    return {
        "method": recipe.method,
        "teacher": recipe.taught_by,
        "dataset": recipe.dataset,
        "min_depth_m": recipe.data.min_depth_m,
        "max_depth_m": recipe.data.max_depth_m,
        **recipe.target_dpm,
        "train_fx_px": recipe.network.train_fx_px or train_focal_px,
        **{name: value for name, value in given.items() if value is not None},
        **recipe.network.options,
    }
