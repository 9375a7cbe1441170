"""If a recipe starts from other weights, missing network settings come from those weights.

A missing range of depths comes from the data set.
"""

from __future__ import annotations

from typing import Any

from tiekd.datasets import DATASETS
from tiekd.errors import ConfigError
from tiekd.models.families import NETWORKS, split_architecture
from tiekd.zoo import read_card, resolve


def take_network(document: dict[str, Any]) -> None:
    """Copy the network settings that the recipe leaves out from the weights in `start_from`.

    A recipe with another encoder can't start from these weights. It then takes the shape of their decoder,
    with the usual widths, and starts from the encoder's ImageNet weights. `document` is the recipe as read,
    changed in place. Raises ConfigError for a network that no recipe trains, and what `tiekd.zoo.resolve` and
    `read_card` raise.
    """
    network = document.get("network")
    start = network.get("start_from") if isinstance(network, dict) else None
    if not isinstance(network, dict) or not isinstance(start, str):
        return
    card = read_card(resolve(start))
    parts = split_architecture(card.architecture)
    if parts is None:
        raise ConfigError(
            f"network.start_from={start} is a {card.architecture}, which recipes can't train.",
            hint=f"Start from a network of the families {', '.join(NETWORKS)}.",
        )
    taken = {
        "architecture": parts[0],
        "encoder": parts[1],
        "options": card.options,
        "n_bins": card.n_bins,
    }
    if network.get("encoder", parts[1]) != parts[1]:
        network["start_from"] = None
        # Widths belong to the levels of an encoder, of which others have more or fewer.
        taken["options"] = {name: value for name, value in card.options.items() if name != "decoder_channels"}
        taken["encoder_weights"] = "imagenet"
    for key, value in taken.items():
        network.setdefault(key, value)
    data = document.setdefault("data", {})
    if isinstance(data, dict):
        data.setdefault("shrink", card.options.get("image_pool", 1))


def take_range(document: dict[str, Any]) -> None:
    """Fill in the data set's range of depths where the recipe states none.

    `document` is the recipe as read, changed in place. Data sets that are not in DATASETS have no range.
    """
    dataset, data = document.get("dataset"), document.setdefault("data", {})
    entry = DATASETS.get(dataset) if isinstance(dataset, str) else None
    if entry is None or not isinstance(data, dict):
        return
    data.setdefault("min_depth_m", entry.min_depth_m)
    if not data.get("range_from_labels"):
        data.setdefault("max_depth_m", entry.max_depth_m)
