"""NYU Depth v2 in the published layout: <scene>/rgb_N.jpg beside <scene>/sync_depth_N.png, millimetres."""

from __future__ import annotations

from pathlib import Path

from tiekd.data.frames import FrameSource

DEPTH_SCALE = 1000.0
FOCAL_PX = 518.8579


def nyu_source(root: Path) -> FrameSource:
    """The NYU data set under `root`."""
    return FrameSource("nyu", root, root, root, DEPTH_SCALE, "none", FOCAL_PX)
