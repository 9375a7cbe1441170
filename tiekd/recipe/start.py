"""Recipes that go on from other weights: what those say about the network, the recipe need not."""

from __future__ import annotations

from typing import Any

from tiekd.errors import ConfigError
from tiekd.zoo import read_card, resolve

FAMILIES = ("densedepth_dpm", "densedepth", "adabins", "bts", "depthformer")


def take_network(document: dict[str, Any]) -> None:
    """Fill in what a recipe's network is made of where the recipe doesn't say and `start_from` does.

    `document` is the recipe as read, changed in place. Raises ConfigError for a network that no recipe
    trains, and what `tiekd.zoo.resolve` and `read_card` raise.
    """
    network = document.get("network")
    start = network.get("start_from") if isinstance(network, dict) else None
    if not isinstance(network, dict) or not isinstance(start, str):
        return
    card = read_card(resolve(start))
    family = next((name for name in FAMILIES if card.architecture.startswith(f"{name}_")), None)
    if family is None:
        raise ConfigError(
            f"network.start_from={start} is a {card.architecture}, which recipes can't train.",
            hint=f"Start from a network of the families {', '.join(FAMILIES)}.",
        )
    taken = {
        "architecture": family,
        "encoder": card.architecture.removeprefix(f"{family}_"),
        "options": card.options,
        "n_bins": card.n_bins,
    }
    for key, value in taken.items():
        network.setdefault(key, value)
    data = document.setdefault("data", {})
    if isinstance(data, dict):
        data.setdefault("shrink", card.options.get("image_pool", 1))
