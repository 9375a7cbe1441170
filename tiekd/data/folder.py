"""Any folder of pictures, with depth beside them if a split says so (16-bit PNG, metres x 256)."""

from __future__ import annotations

import os
from pathlib import Path

from tiekd.data.frames import FrameSource
from tiekd.errors import DataError

DEPTH_SCALE = 256.0
MAX_PIXELS = 640 * 480
"""What photos are scaled down to before they are labelled and learned from; phones take forty times that."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
_NOT_PICTURES = "labels.json"
"""A folder with this file holds teacher labels; see `tiekd.estimators.labels`."""


def folder_source(root: Path) -> FrameSource:
    """The pictures under `root`; paths of a split are relative to it."""
    return FrameSource("folder", root, root, root, DEPTH_SCALE, "none", max_pixels=MAX_PIXELS)


def list_pictures(root: Path) -> list[str]:
    """Paths of all pictures below `root`, relative to it, sorted; hidden folders and labels are left out.

    Raises DataError when there is none.
    """
    found = []
    for folder, below, files in os.walk(root):
        below[:] = [] if _NOT_PICTURES in files else [name for name in below if not name.startswith(".")]
        if _NOT_PICTURES not in files:
            paths = (Path(folder, name) for name in files if not name.startswith("."))
            found += [path.relative_to(root).as_posix() for path in paths if path.suffix.lower() in SUFFIXES]
    if not found:
        raise DataError(
            f"{root} holds no picture.", hint=f"Put {', '.join(sorted(SUFFIXES))} files there or below."
        )
    return sorted(found)
