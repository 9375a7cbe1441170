"""Depth that is already on disk: our own label folders, other people's depth, and folders of predictions.

Stored depth stays as it was made. Whether it is asked for with a flip test, a focal length or a distribution
changes nothing; `terms` says how it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tiekd.codecs import png16
from tiekd.codecs.depth_file import SUFFIXES, read_depth_file
from tiekd.data.check import Fault
from tiekd.data.crops import Box
from tiekd.data.frames import Frame, FrameSource, NetworkCrop
from tiekd.data.seen import Seen
from tiekd.errors import ConfigError, DataError
from tiekd.estimators.base import DEFAULT_MAX_DEPTH_M, About, Picture, Terms, Window, range_up_to
from tiekd.estimators.labels import FULL_SCALE, LabelFolder
from tiekd.files import digest_of, state_of
from tiekd.places import Place
from tiekd.types import DepthMap, DepthRange

_ROUNDING = 1.001
_ENDINGS = (".png", ".npy", *(ending for ending in SUFFIXES if ending not in {".png", ".npy"}))
"""The first that a frame has is taken."""


class StoredScale(BaseModel):
    """What the numbers in a folder mean: metres x `scale`, none beyond `max_depth_m`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale: float = Field(gt=0)
    max_depth_m: float = Field(default=DEFAULT_MAX_DEPTH_M, gt=0)


def open_stored(name: Place) -> StoredLabels | StoredDepth:
    """A folder that `tiekd label` wrote, or with `scale=…` one of other people's depth.

    Raises DataError when it is not such a folder and ConfigError for options that can't be.
    """
    place = Path(name.place)
    return StoredDepth(place, name.parsed(StoredScale)) if name.options else StoredLabels(place)


class StoredLabels:
    """Labels that `tiekd label` wrote. Raises DataError when the folder holds none or a label is missing."""

    def __init__(self, root: Path) -> None:
        self.labels = LabelFolder(root)
        info = self.labels.info
        span = DepthRange(info.max_depth_m / FULL_SCALE, info.max_depth_m)
        self.about = About(
            name=info.teacher, digest=self.labels.digest(), depth_range=span, folder=self.labels.root
        )

    def estimate(self, picture: Picture, **_asked: object) -> DepthMap:
        """The label of the picture's frame, at the picture's size."""
        frame = _frame_of(picture, self.labels.root)
        if picture.window is None:
            depth_m = self.labels.read(frame, picture.size)
        else:
            depth_m = self.labels.read_window(frame, picture.window)
        return DepthMap(depth_m=depth_m, depth_range=self.about.depth_range, model=self.about.name)

    def terms(self, asked: Terms) -> Terms:
        """How the labels were made. Raises ConfigError when they should have been made with --use-focal."""
        info = self.labels.info
        if asked.use_focal and not info.use_focal:
            raise ConfigError(
                f"The labels in {self.labels.root} were made without --use-focal.",
                hint="Label with their teacher again.",
            )
        return Terms(info.flip_tta, info.use_focal)

    def check(self, source: FrameSource, frames: Sequence[Frame]) -> None:
        """Raise DataError unless every frame has a label of the picture that is there now."""
        self.labels.check(source, frames)


class StoredDepth:
    """Depth files under a frame's image path, or that with "/" as "_", in a declared scale.

    Raises DataError for a folder that is not there, and on access for a missing or broken file, one of
    another size than the picture, and one whose numbers can't be metres in that scale.
    """

    def __init__(self, root: Path, declared: StoredScale) -> None:
        if not root.is_dir():
            raise DataError(
                f"{root} is not a folder of labels.", hint="Give the folder that holds the files."
            )
        self.root, self.declared = root, declared
        self.about = About(
            name=f"labels:{root.name},scale={declared.scale:g}",
            digest=_digest(root),
            depth_range=range_up_to(declared.max_depth_m),
            folder=root,
        )

    def estimate(self, picture: Picture, **_asked: object) -> DepthMap:
        """The depth on disk, which must be of the picture's size or of that of the frame it was cut from."""
        frame = _frame_of(picture, self.root)
        depth_m = self.read(frame)
        if picture.window is not None:
            depth_m = _cut(depth_m, f"The depth of {frame.image} in {self.root}", picture.window)
        elif depth_m.shape != picture.size:
            raise DataError(
                f"{self._find(frame)} is {list(depth_m.shape)}, what is shown of its picture "
                f"{list(picture.size)}.",
                hint="If it covers the whole, unscaled picture, say --crop none --max-pixels 0.",
            )
        return DepthMap(depth_m=depth_m, depth_range=self.about.depth_range, model=self.about.name)

    def terms(self, asked: Terms) -> Terms:
        """--use-focal states that the depth is metric for each frame's own camera; nothing is scaled."""
        return Terms(None, asked.use_focal)

    def check(self, source: FrameSource, frames: Sequence[Frame]) -> None:
        """Files are looked for when they are read."""

    def read(self, frame: Frame) -> NDArray[np.float32]:
        """The depth on disk, of whatever size."""
        path = self._find(frame)
        depth = read_depth_file(path).values / np.float32(self.declared.scale)
        if not np.isfinite(depth).all() or not (depth > 0).all():
            raise DataError(
                f"{path} has pixels without depth (zero, negative or not finite).",
                hint="Labels must be dense: fill the holes, or take a network as the teacher.",
            )
        if depth.max() > self.declared.max_depth_m * _ROUNDING:
            raise DataError(
                f"{path} reaches {depth.max():.1f} m at scale {self.declared.scale:g}, beyond the declared "
                f"{self.declared.max_depth_m:g} m.",
                hint="Declare the right scale (stored number per metre) or max_depth_m.",
            )
        return depth

    def _find(self, frame: Frame) -> Path:
        names = [name for ending in _ENDINGS for name in Frame(frame.image).stored_names(ending)]
        for name in names:
            if (self.root / name).is_file():
                return self.root / name
        raise DataError(
            f"{self.root} holds no label for {frame.image}.",
            hint=f"Name it {' or '.join(names[:4])}; {', '.join(SUFFIXES)} are read.",
        )


class StoredPredictions:
    """Predictions in 16-bit PNG (metres x 256), under a frame's image path, its ground-truth path, or either
    one with "/" as "_"; of the frame's size or of the picture's. 0 is no depth.

    Raises DataError for a missing file and for one of another size or kind.
    """

    def __init__(self, root: Path, *, depth_scale: float = 256.0) -> None:
        if not root.is_dir():
            raise DataError(
                f"{root} is not a folder of predictions.", hint="Give the folder that holds the PNGs."
            )
        self.root, self.depth_scale = root, depth_scale
        span = DepthRange(1 / depth_scale, FULL_SCALE / depth_scale)
        self.about = About(name=root.resolve().name, digest="", depth_range=span, folder=root)

    def estimate(self, picture: Picture, **_asked: object) -> DepthMap:
        """The prediction, cut to the picture if the file covers the frame."""
        frame = _frame_of(picture, self.root)
        path = self._look_for(frame)
        if path is None:
            raise self._missing([frame], 1)
        window = picture.window or Window(picture.size, Box(0, 0, *picture.size))
        depth_m = _cut(png16.read_metres(path, scale=self.depth_scale), str(path), window)
        return DepthMap(depth_m=depth_m, depth_range=self.about.depth_range, model=self.about.name)

    def terms(self, asked: Terms) -> Terms:  # noqa: ARG002 - whatever is asked
        """How they were made is not known."""
        return Terms(None, use_focal=False)

    def check(self, source: FrameSource, frames: Sequence[Frame]) -> None:  # noqa: ARG002 - by names alone
        """Raise DataError unless every frame has its file."""
        missing = [frame for frame in frames if self._look_for(frame) is None]
        if missing:
            raise self._missing(missing, len(frames))

    def _missing(self, missing: Sequence[Frame], n_frames: int) -> DataError:
        name = missing[0].stored_names()[0]
        return DataError(
            f"{self.root} holds no prediction for {len(missing)} of {n_frames} frames, the first is "
            f"{missing[0].image}.",
            hint=f"Name it {name} or {name.replace('/', '_')}.",
        )

    def _look_for(self, frame: Frame) -> Path | None:
        return next((self.root / name for name in frame.stored_names() if (self.root / name).is_file()), None)


def fault_of_declared(
    stored: StoredDepth, crop: NetworkCrop, source: FrameSource, frame: Frame
) -> Fault | None:
    """What is wrong with the depth that others stored for `crop` of a frame."""
    try:
        shown = Seen(source.max_pixels, crop).cut(source.read_image(frame))
        stored.estimate(Picture(shown, frame))
    except DataError as error:
        return Fault("label", frame.image, str(error))
    return None


def _frame_of(picture: Picture, root: Path) -> Frame:
    if picture.frame is None:
        raise ConfigError(
            f"{root} holds depth of the frames of a data set, not of any photo.",
            hint="Take a network, or use tiekd eval or tiekd label.",
        )
    return picture.frame


def _cut(depth: NDArray[np.float32], what: str, window: Window) -> NDArray[np.float32]:
    """The window of stored depth, which may cover the frame. Raises DataError for another size."""
    (height, width), box = window
    if depth.shape == (height, width):
        return depth[box.region]
    if depth.shape != (box.height, box.width):
        crop = f" and its crop {box.width}x{box.height}" if box[2:] != (height, width) else ""
        raise DataError(
            f"{what} is {depth.shape[1]}x{depth.shape[0]}; the frame is {width}x{height}{crop}.",
            hint="Clamp the depth, resize it to such a size, and write it again.",
        )
    return depth


def _digest(root: Path) -> str:
    """Over names, sizes and times of all files, as 16 hex digits."""
    files = sorted(path for suffix in SUFFIXES for path in root.rglob(f"*{suffix}"))
    return digest_of((state_of(path, name=str(path.relative_to(root))) for path in files), digits=16)
