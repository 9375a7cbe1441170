"""The synthetic street world: photos with exact dense depth, for training without real data.

Names are imported on first use, so that importing this package is fast and does not need numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiekd.synth.dataset import WorldOptions, WrittenWorld, write_dataset
    from tiekd.synth.render import Frame, render_frame

_HOMES = {
    "Frame": "tiekd.synth.render",
    "WorldOptions": "tiekd.synth.dataset",
    "WrittenWorld": "tiekd.synth.dataset",
    "render_frame": "tiekd.synth.render",
    "write_dataset": "tiekd.synth.dataset",
}

__all__ = ["Frame", "WorldOptions", "WrittenWorld", "render_frame", "write_dataset"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tiekd.synth' has no attribute {name!r}")
