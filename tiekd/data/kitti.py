"""KITTI in the published layout: input/<date>/<drive>/…, gt_depth/<drive>/proj_depth/…, metres x 256."""

from __future__ import annotations

from pathlib import Path

from tiekd.data.frames import FrameSource
from tiekd.errors import DataError

DEPTH_SCALE = 256.0
FOCAL_PX = 721.5377


def kitti_source(root: Path) -> FrameSource:
    """The KITTI data set (real or synthetic) under `root`. Raises DataError when `root` has no input/."""
    if not (root / "input").is_dir():
        raise DataError(
            f"{root} holds no input/ folder, so it is not KITTI in the published layout.",
            hint="Expected ROOT/input/<date>/<drive>/image_02/data/N.png; loose pictures are folder:ROOT.",
        )
    return FrameSource("kitti", root, root / "input", root / "gt_depth", DEPTH_SCALE, "kb", FOCAL_PX)
