"""Predictions that any program stored for the frames of a data set, for evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from tiekd.codecs.depth_file import DepthFile, read_depth_file
from tiekd.codecs.png16 import DEPTH_SCALE, stated_scale
from tiekd.data.crops import Box
from tiekd.data.frames import Frame, FrameSource
from tiekd.errors import ConfigError, DataError
from tiekd.estimators.base import About, Picture, Terms, Window, range_up_to
from tiekd.estimators.labels import FULL_SCALE
from tiekd.estimators.stored import StoredAt, cut, frame_of
from tiekd.estimators.stored_files import StoredFiles
from tiekd.types import DepthMap

SCALE_OPTION = "--depth-scale"


class StoredPredictions:
    """Predictions that `StoredFiles` finds, of the frame's size or of the picture's. 0 is no depth.

    depth_scale: stored number per metre. Where it is None, whole numbers have the scale that the file itself
    states (PNG of tiekd do) or else that of the data set's own ground truth, and floats are metres. The data
    set is known once `check` was called. Raises DataError for a folder that is not there, for missing files
    and for those of another size or kind; ConfigError for a scale that can't be.
    """

    def __init__(self, root: Path, *, depth_scale: float | None = None) -> None:
        if not root.is_dir():
            raise DataError(
                f"{root} is not a folder of predictions.", hint="Give the folder that holds the files."
            )
        if depth_scale is not None and not (depth_scale > 0 and math.isfinite(depth_scale)):
            raise ConfigError(
                f"No depth is stored as metres x {depth_scale:g}.",
                hint=f"Give the stored number of one metre, such as {SCALE_OPTION} 1000.",
            )
        self.root, self.depth_scale = root, depth_scale
        self.files = StoredFiles(root, "prediction", with_truth=True)
        self._usual_scale: float = DEPTH_SCALE
        self._scales: dict[str, float] = {}
        span = range_up_to(FULL_SCALE / (depth_scale or DEPTH_SCALE))
        self.about = About(name=root.resolve().name, digest="", depth_range=span, folder=root)

    def scale_of(self, frame: Frame) -> StoredAt:
        """The scale of a file that was read."""
        return StoredAt(self._scales[frame.image], self.depth_scale is not None, f"{SCALE_OPTION} ")

    def estimate(self, picture: Picture, **_asked: object) -> DepthMap:
        """The prediction, cut to the picture if the file covers the frame."""
        frame = frame_of(picture, self.root)
        path = self.files.find(frame)
        window = picture.window or Window(picture.size, Box(0, 0, *picture.size))
        stored = read_depth_file(path, shape=window.frame_size)
        scale = self._scales[frame.image] = self.depth_scale or self._scale(path, stored)
        depth_m = cut(stored.values, str(path), window) / scale
        return DepthMap(depth_m=depth_m, depth_range=self.about.depth_range, model=self.about.name)

    def terms(self, asked: Terms) -> Terms:  # noqa: ARG002 - whatever is asked
        """How they were made is not known."""
        return Terms(None, use_focal=False)

    def check(self, source: FrameSource, frames: Sequence[Frame]) -> None:
        """Raise DataError unless every frame has its file."""
        self.files.assign(source, frames)
        self._usual_scale = source.depth_scale

    def _scale(self, path: Path, stored: DepthFile) -> float:
        if not stored.header.whole:
            return 1.0
        stated = stated_scale(path) if path.suffix.lower() == ".png" else None
        return stated or self._usual_scale
