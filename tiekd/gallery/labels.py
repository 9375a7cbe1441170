"""What galleries call the answers of a model."""

from __future__ import annotations

from tiekd.card import ModelCard
from tiekd.methods import METHODS
from tiekd.models.families import NETWORKS


def method_label(card: ModelCard) -> str:
    """A model's label: that of its method, and of the teacher's network (a teacher's own)."""
    method = METHODS[card.method]
    named = card.architecture if method.role == "teacher" else card.teacher or ""
    network = named.split("_")[0]
    if network in NETWORKS:
        network = NETWORKS[network].label
    return f"{method.label} · {network}" if network else method.label
