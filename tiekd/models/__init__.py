"""Networks: encoders, decoders, heads, and the registry that builds, saves and loads them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiekd.models.fold import fold_for_inference

__all__ = ["fold_for_inference"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("tiekd.models.fold"), name)
    raise AttributeError(f"module 'tiekd.models' has no attribute {name!r}")
