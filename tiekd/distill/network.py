"""A recipe's network, as it is before the first step."""

from __future__ import annotations

from typing import Any

from tiekd.distill.recipe import Recipe
from tiekd.models.base import DepthModel
from tiekd.models.checkpoint import fill, read_checkpoint
from tiekd.models.registry import create_model
from tiekd.zoo import resolve


def build_network(recipe: Recipe, *, train_focal_px: float | None, load_weights: bool = True) -> DepthModel:
    """The recipe's network with random weights, its encoder's or all of them from where the recipe says.

    Raises ConfigError for options the architecture does not know, and what loading the weights raises.
    """
    bins: dict[str, Any] = (
        {"n_bins": recipe.network.n_bins} if recipe.network.n_bins and not recipe.is_regression else {}
    )
    name = recipe.name or f"{recipe.method}_{recipe.network.encoder}.{recipe.dataset}"
    uses_sigma = "dpm_loss" in recipe.weights
    camera: dict[str, Any] = {"train_fx_px": train_focal_px} if train_focal_px else {}
    if recipe.data.max_pixels:
        camera["max_pixels"] = recipe.data.max_pixels
    if knows_its_frame(recipe):
        camera["frame_px"] = recipe.view.size
    network = create_model(
        recipe.architecture,
        encoder_weights=recipe.network.encoder_weights if load_weights else None,
        method=recipe.method,
        teacher=recipe.taught_by,
        dataset=recipe.dataset,
        min_depth_m=recipe.data.min_depth_m,
        max_depth_m=recipe.data.max_depth_m,
        sigma_m=recipe.loss.sigma_m if uses_sigma else None,
        **camera,
        **bins,
        **recipe.network.options,
    )
    network.describe(name=name)
    start = recipe.network.start_from
    if start and load_weights:
        fill(network, read_checkpoint(resolve(start))[1], where=start)
    elif recipe.network.start_depth_m:
        network.start_at(recipe.network.start_depth_m)
    return network


def knows_its_frame(recipe: Recipe) -> bool:
    """Whether a network is told positions and sees them in views of one scale and size only."""
    return bool(recipe.network.options.get("position_channels")) and recipe.view.zoom == (1.0, 1.0)
