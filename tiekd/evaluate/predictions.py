"""What is evaluated: a network, or a folder of predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from tiekd.data.crops import Box
from tiekd.data.frames import Frame
from tiekd.data.read import read_depth_png
from tiekd.errors import DataError
from tiekd.evaluate.protocol import Protocol


class Predicts(Interface):
    """Depth in metres for a window of a frame; 0 where there is none."""

    def __call__(self, frame: Frame, image: NDArray[np.uint8], window: Box) -> NDArray[np.float32]:
        """Depth `[window.height, window.width]` of `image` RGB `[H, W, 3]`, the whole frame."""
        ...


def network_predictions(name_or_path: str | Path, protocol: Protocol, *, device: str = "auto") -> Predicts:
    """The answers of a zoo row or a file of weights, made as `protocol` says.

    Raises what `tiekd.zoo.resolve` and `tiekd.load` raise.
    """
    from tiekd.teachers import NetworkTeacher

    network = NetworkTeacher(name_or_path, flip_tta=protocol.flip_tta, device=device)
    return lambda frame, image, window: network.depth(frame, image[window.region[1:]])


class StoredPredictions:
    """Predictions in 16-bit PNG (metres x 256), under a frame's image path, its ground-truth path, or either
    one with "/" as "_"; of the frame's size or of the window's.

    Raises DataError for a missing file and for one of another size or kind.
    """

    def __init__(self, root: Path, *, depth_scale: float = 256.0) -> None:
        if not root.is_dir():
            raise DataError(
                f"{root} is not a folder of predictions.", hint="Give the folder that holds the PNGs."
            )
        self.root, self.depth_scale = root, depth_scale

    def check(self, frames: Sequence[Frame]) -> None:
        """Raise DataError unless every frame has its file."""
        missing = [frame for frame in frames if self._look_for(frame) is None]
        if missing:
            names = missing[0].stored_names()
            raise DataError(
                f"{self.root} holds no prediction for {len(missing)} of {len(frames)} frames, "
                f"the first is {missing[0].image}.",
                hint=f"Name it {names[0]} or {names[0].replace('/', '_')}.",
            )

    def __call__(self, frame: Frame, image: NDArray[np.uint8], window: Box) -> NDArray[np.float32]:
        """Depth of the window, cut out if the file covers the frame."""
        self.check([frame])
        path = self._look_for(frame)
        assert path is not None
        depth = read_depth_png(path, scale=self.depth_scale)
        if depth.shape == image.shape[:2]:
            return depth[window.region]
        if depth.shape != (window.height, window.width):
            crop = f" and its crop {window.width}x{window.height}"
            raise DataError(
                f"{path} is {depth.shape[1]}x{depth.shape[0]}; the frame is {image.shape[1]}x{image.shape[0]}"
                + (crop if window[2:] != image.shape[:2] else "")
                + ".",
                hint="Clamp the depth, resize it to such a size, and write it again.",
            )
        return depth

    def _look_for(self, frame: Frame) -> Path | None:
        return next((self.root / name for name in frame.stored_names() if (self.root / name).is_file()), None)
