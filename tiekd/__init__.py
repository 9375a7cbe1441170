"""tiekd: distillation of networks for monocular depth, with training, evaluation, a server and a viewer.

Public names are imported on first use (PEP 562). `import tiekd` therefore does not import torch, and an
exported model can be served on a machine without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tiekd._version import __version__

if TYPE_CHECKING:
    from tiekd.models.registry import create_model, list_models, load
    from tiekd.runtime.predictor import Predictor

_HOMES = {
    "create_model": "tiekd.models.registry",
    "list_models": "tiekd.models.registry",
    "load": "tiekd.models.registry",
    "Predictor": "tiekd.runtime.predictor",
}
_SUBPACKAGES = frozenset(
    {"bins", "codecs", "data", "errors", "estimators", "evaluate", "gallery", "losses", "metrics", "models"}
    | {"recipe", "render", "runtime", "synth", "training", "types", "zoo"}
)

__all__ = ["Predictor", "__version__", "create_model", "list_models", "load"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _SUBPACKAGES:
        return import_module(f"tiekd.{name}")
    raise AttributeError(f"module 'tiekd' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBPACKAGES})
