"""Labels of models in galleries."""

from __future__ import annotations

from tiekd.card import ModelCard
from tiekd.methods import METHODS
from tiekd.models.families import NETWORKS


def method_label(card: ModelCard) -> str:
    """Label of a model: that of its method, with the network of the teacher (for a teacher, its own)."""
    method = METHODS[card.method]
    named = card.architecture if method.role == "teacher" else card.teacher or ""
    network = named.split("_")[0]
    if network in NETWORKS:
        network = NETWORKS[network].label
    return f"{method.label} · {network}" if network else method.label
