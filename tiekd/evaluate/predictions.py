"""What is evaluated: a network or another teacher, or a folder of predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs import png16
from tiekd.codecs.resample import scale_nearest
from tiekd.data.crops import Box
from tiekd.data.frames import Frame
from tiekd.errors import ConfigError, DataError
from tiekd.estimators.labels import LabelFolder
from tiekd.evaluate.protocol import Protocol

if TYPE_CHECKING:
    from tiekd.estimators import DeclaredFolderTeacher, FolderTeacher, Teacher


class Predicts(Interface):
    """Depth in metres for a window of a frame; 0 where there is none."""

    def __call__(self, frame: Frame, image: NDArray[np.uint8], window: Box) -> NDArray[np.float32]:
        """Depth `[window.height, window.width]` of `image` RGB `[H, W, 3]`, the whole frame."""
        ...


class TeacherPredictions:
    """The answers of anything that `tiekd.estimators.open_teacher` opens, made as `protocol` says.

    A network is shown the window; stored depth may be of its size or of the frame's. `labels` is the folder
    where it is one of ours. Raises what `open_teacher` raises, and ConfigError for labels that were made
    with another flip test.
    """

    def __init__(self, name_or_path: str | Path, protocol: Protocol, *, device: str = "auto") -> None:
        from tiekd.estimators import DeclaredFolderTeacher, FolderTeacher, open_teacher

        self.teacher = open_teacher(
            str(name_or_path), flip_tta=protocol.flip_tta, device=device, far_m=protocol.max_depth_m
        )
        self.labels: LabelFolder | None = None
        self._predict = answers_of(self.teacher)
        if isinstance(self.teacher, DeclaredFolderTeacher):
            self._predict = _of_files(self.teacher)
        elif isinstance(self.teacher, FolderTeacher):
            _check_flip(self.teacher, protocol)
            self.labels = self.teacher.labels
            self._predict = _of_labels(self.teacher.labels)

    def __call__(self, frame: Frame, image: NDArray[np.uint8], window: Box) -> NDArray[np.float32]:
        """Depth of the window."""
        return self._predict(frame, image, window)


def answers_of(teacher: Teacher) -> Predicts:
    """What a teacher that is open already says of the window, which is all that it is shown."""
    return lambda frame, image, window: teacher.depth(frame, image[window.region[1:]])


def label_of_window(
    labels: LabelFolder, frame: Frame, size: Sequence[int], window: Box
) -> NDArray[np.float32]:
    """The label of a frame of `size` (height, width), cut to the window. Raises what `labels.read` raises."""
    if labels.info.crop == "kb":
        return labels.read(frame, (window.height, window.width))
    whole = labels.read(frame, labels.info.shown_size(size[0], size[1]))
    return scale_nearest(whole, (size[0], size[1]))[window.region]


def _of_labels(labels: LabelFolder) -> Predicts:
    return lambda frame, image, window: label_of_window(labels, frame, image.shape, window)


def _of_files(teacher: DeclaredFolderTeacher) -> Predicts:
    return lambda frame, image, window: _cut(
        teacher.read(frame), f"The depth of {frame.image} in {teacher.root}", image, window
    )


def _check_flip(teacher: FolderTeacher, protocol: Protocol) -> None:
    if teacher.flip_tta != protocol.flip_tta:
        raise ConfigError(
            f"The labels in {teacher.labels.root} were made {'with' if teacher.flip_tta else 'without'} the "
            f"flip test, {protocol.name} is {'without' if teacher.flip_tta else 'with'} it.",
            hint=f"Say {'--flip-tta' if teacher.flip_tta else '--no-flip-tta'}; the fingerprint shows it.",
        )


def _cut(depth: NDArray[np.float32], what: str, image: NDArray[np.uint8], window: Box) -> NDArray[np.float32]:
    """The window of stored depth, which may cover the frame. Raises DataError for another size."""
    if depth.shape == image.shape[:2]:
        return depth[window.region]
    if depth.shape != (window.height, window.width):
        crop = f" and its crop {window.width}x{window.height}" if window[2:] != image.shape[:2] else ""
        raise DataError(
            f"{what} is {depth.shape[1]}x{depth.shape[0]}; the frame is {image.shape[1]}x{image.shape[0]}"
            f"{crop}.",
            hint="Clamp the depth, resize it to such a size, and write it again.",
        )
    return depth


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
        return _cut(png16.read_metres(path, scale=self.depth_scale), str(path), image, window)

    def _look_for(self, frame: Frame) -> Path | None:
        return next((self.root / name for name in frame.stored_names() if (self.root / name).is_file()), None)
