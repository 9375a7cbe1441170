"""Any folder of pictures, with depth beside them if a split says so (16-bit PNG, metres x 256)."""

from __future__ import annotations

from pathlib import Path

from tiekd.data.frames import FrameSource

DEPTH_SCALE = 256.0


def folder_source(root: Path) -> FrameSource:
    """The pictures under `root`; paths of a split are relative to it."""
    return FrameSource("folder", root, root, root, DEPTH_SCALE, "none")
