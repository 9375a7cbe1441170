"""Depth that is already on disk: our own label folders, and other people's depth.

Stored depth stays as it was made. Whether it is asked for with a flip test, a focal length or a distribution
changes nothing; `terms` says how it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.depth_file import read_depth_file
from tiekd.data.check import Fault
from tiekd.data.frames import Frame, FrameSource, NetworkCrop
from tiekd.data.seen import Seen
from tiekd.errors import ConfigError, DataError
from tiekd.estimators.base import DEFAULT_MAX_DEPTH_M, About, Picture, Terms, Window, range_up_to
from tiekd.estimators.labels import FULL_SCALE, LabelFolder
from tiekd.estimators.stored_files import StoredFiles
from tiekd.files import digest_of, state_of
from tiekd.limits import DepthScale, Metres, Stated
from tiekd.places import Place
from tiekd.types import DepthMap, DepthRange

_ROUNDING = 1.001
_SIDEWAYS = (
    "The picture may be turned by its EXIF orientation, and this depth not. Depth belongs to the upright "
    "picture: turn it as well."
)


class StoredScale(Stated):
    """What the numbers in a folder mean: metres x `scale`, none beyond `max_depth_m`."""

    scale: DepthScale
    max_depth_m: Metres = DEFAULT_MAX_DEPTH_M


@dataclass(frozen=True, slots=True)
class StoredAt:
    """In which scale stored numbers are read: `scale` is the number of one metre.

    is_stated: the user has said so, by `stated_by` (the option, up to the number).
    """

    scale: float
    is_stated: bool
    stated_by: str


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
        frame = frame_of(picture, self.labels.root)
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
    """Depth files that `StoredFiles` finds by a frame's image path, in a declared scale; 0 is no depth.

    Raises DataError for a folder that is not there, and on access for a missing or broken file, one of
    another size than the picture, and one whose numbers can't be metres in that scale.
    """

    def __init__(self, root: Path, declared: StoredScale) -> None:
        if not root.is_dir():
            raise DataError(
                f"{root} is not a folder of labels.", hint="Give the folder that holds the files."
            )
        self.root, self.declared = root, declared
        self.files = StoredFiles(root, "label", with_truth=False)
        self.about = About(
            name=f"labels:{root.name},scale={declared.scale:g}",
            digest=_digest(self.files),
            depth_range=range_up_to(declared.max_depth_m),
            folder=root,
        )

    def estimate(self, picture: Picture, **_asked: object) -> DepthMap:
        """The depth on disk, which must be of the picture's size or of that of the frame it was cut from.

        Only a window of a frame, for which evaluations ask, may have pixels without depth.
        """
        frame = frame_of(picture, self.root)
        depth_m = self.read(frame)
        if picture.window is not None:
            depth_m = cut(depth_m, f"The depth of {frame.image} in {self.root}", picture.window)
        elif not depth_m.all():
            raise DataError(
                f"{self.files.find(frame)} has pixels without depth (zero, negative or not finite).",
                hint="Labels must be dense: fill the holes, or take a network as the teacher.",
            )
        elif depth_m.shape != picture.size:
            raise DataError(
                f"{self.files.find(frame)} is {list(depth_m.shape)}, what is shown of its picture "
                f"{list(picture.size)}.",
                hint=_SIDEWAYS
                if depth_m.shape[::-1] == picture.size
                else "If it covers the whole, unscaled picture, say --crop none --max-pixels 0.",
            )
        return DepthMap(depth_m=depth_m, depth_range=self.about.depth_range, model=self.about.name)

    def terms(self, asked: Terms) -> Terms:
        """--use-focal states that the depth is metric for each frame's own camera; nothing is scaled."""
        return Terms(None, asked.use_focal)

    def check(self, source: FrameSource, frames: Sequence[Frame]) -> None:
        """Raise DataError unless every frame has its file."""
        self.files.assign(source, frames)

    def scale_of(self, _frame: Frame) -> StoredAt:
        """Stored number per metre."""
        return StoredAt(self.declared.scale, is_stated=True, stated_by="scale=")

    def read(self, frame: Frame) -> NDArray[np.float32]:
        """The depth on disk, of whatever size; 0 where it is zero, negative or not finite."""
        path = self.files.find(frame)
        depth: NDArray[np.float32] = read_depth_file(path).values / np.float32(self.declared.scale)
        if depth.max() > self.declared.max_depth_m * _ROUNDING:
            raise DataError(
                f"{path} reaches {depth.max():.1f} m at scale {self.declared.scale:g}, beyond the declared "
                f"{self.declared.max_depth_m:g} m.",
                hint="Declare the right scale (stored number per metre) or max_depth_m.",
            )
        return depth


def fault_of_declared(
    stored: StoredDepth, crop: NetworkCrop, source: FrameSource, frame: Frame
) -> Fault | None:
    """What is wrong with the depth that others stored for `crop` of a frame."""
    try:
        shown = Seen(source.max_pixels, crop).cut(source.read_photo(frame))
        stored.estimate(Picture(shown, frame))
    except DataError as error:
        return Fault("label", frame.image, str(error))
    return None


def frame_of(picture: Picture, root: Path) -> Frame:
    """The frame of a picture. Raises ConfigError for a picture of no data set: `root` has no depth of it."""
    if picture.frame is None:
        raise ConfigError(
            f"{root} holds depth of the frames of a data set, not of any photo.",
            hint="Take a network, or use tiekd eval or tiekd label.",
        )
    return picture.frame


def cut(depth: NDArray[np.float32], what: str, window: Window) -> NDArray[np.float32]:
    """The window of stored depth, which may cover the frame. Raises DataError for another size."""
    (height, width), box = window
    if depth.shape == (height, width):
        return depth[box.region]
    if depth.shape != (box.height, box.width):
        crop = f" and its crop {box.width}x{box.height}" if box[2:] != (height, width) else ""
        raise DataError(
            f"{what} is {depth.shape[1]}x{depth.shape[0]}; the frame is {width}x{height}{crop}.",
            hint=_SIDEWAYS
            if depth.shape[::-1] == (height, width)
            else "Clamp the depth, resize it to such a size, and write it again.",
        )
    return depth


def _digest(files: StoredFiles) -> str:
    """Over names, sizes and times of all files, as 16 hex digits."""
    states = (state_of(path, name=str(path.relative_to(files.root))) for path in files.paths())
    return digest_of(states, digits=16)
