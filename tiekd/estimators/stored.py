"""Depth that is already on disk as a teacher: our own label folders, and other people's by declared scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tiekd.codecs import png16
from tiekd.codecs.arrays import read_map
from tiekd.data.check import Fault
from tiekd.data.frames import Frame, FrameSource, NetworkCrop
from tiekd.data.seen import Seen
from tiekd.errors import ConfigError, DataError
from tiekd.estimators.base import DEFAULT_MAX_DEPTH_M
from tiekd.estimators.labels import LabelFolder
from tiekd.files import digest_of, state_of

_ROUNDING = 1.001


class FolderTeacher:
    """Labels that `tiekd label` wrote. Raises DataError when the folder is none or a label is missing.

    Raises ConfigError where they are asked to be metric for each frame's own camera and were not made so.
    """

    def __init__(self, root: Path, *, use_focal: bool = False) -> None:
        self.labels = LabelFolder(root)
        info = self.labels.info
        if use_focal and not info.use_focal:
            raise ConfigError(
                f"The labels in {root} were made without --use-focal.", hint="Label with their teacher again."
            )
        self.name, self.max_depth_m = info.teacher, info.max_depth_m
        self.flip_tta, self.use_focal = info.flip_tta, info.use_focal
        self.digest = self.labels.digest()

    def depth(self, frame: Frame, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The label of `frame`, at the size of `image`."""
        return self.labels.read(frame, (image.shape[0], image.shape[1]))


class StoredScale(BaseModel):
    """What the numbers in a folder mean: metres x `scale`, none beyond `max_depth_m`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale: float = Field(gt=0)
    max_depth_m: float = Field(default=DEFAULT_MAX_DEPTH_M, gt=0)


class DeclaredFolderTeacher:
    """16-bit PNG or npy files under a frame's image path, or that with "/" as "_", in a declared scale.

    use_focal: say that they are metric for each frame's own camera; nothing is scaled. Raises DataError for a
    folder that is not there, and on access for a missing or broken file, one of another size than the
    picture, and one whose numbers can't be metres in that scale.
    """

    flip_tta = False

    def __init__(self, root: Path, declared: StoredScale, *, use_focal: bool = False) -> None:
        if not root.is_dir():
            raise DataError(
                f"{root} is not a folder of labels.", hint="Give the folder that holds the files."
            )
        self.root, self.declared, self.use_focal = root, declared, use_focal
        self.name = f"labels:{root.name},scale={declared.scale:g}"
        self.max_depth_m = declared.max_depth_m
        self.digest = _digest(root)

    def depth(self, frame: Frame, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The depth on disk, which must be of the size of `image`."""
        depth = self.read(frame)
        if depth.shape != image.shape[:2]:
            raise DataError(
                f"{self._find(frame)} is {list(depth.shape)}, what is shown of its picture "
                f"{list(image.shape[:2])}.",
                hint="If it covers the whole, unscaled picture, say --crop none --max-pixels 0.",
            )
        return depth

    def read(self, frame: Frame) -> NDArray[np.float32]:
        """The depth on disk, of whatever size."""
        path = self._find(frame)
        depth = _read_numbers(path) / np.float32(self.declared.scale)
        if not np.isfinite(depth).all() or not (depth > 0).all():
            raise DataError(
                f"{path} has pixels without depth (zero, negative or not finite).",
                hint="Labels must be dense: fill the holes, or take a network as the teacher.",
            )
        if depth.max() > self.max_depth_m * _ROUNDING:
            raise DataError(
                f"{path} reaches {depth.max():.1f} m at scale {self.declared.scale:g}, beyond the declared "
                f"{self.max_depth_m:g} m.",
                hint="Declare the right scale (stored number per metre) or max_depth_m.",
            )
        return depth

    def _find(self, frame: Frame) -> Path:
        names = [*Frame(frame.image).stored_names(), *Frame(frame.image).stored_names(".npy")]
        for name in names:
            if (self.root / name).is_file():
                return self.root / name
        raise DataError(
            f"{self.root} holds no label for {frame.image}.", hint=f"Name it {' or '.join(names)}."
        )


def fault_of_declared(
    teacher: DeclaredFolderTeacher, crop: NetworkCrop, source: FrameSource, frame: Frame
) -> Fault | None:
    """What is wrong with the depth that others stored for `crop` of a frame."""
    try:
        teacher.depth(frame, Seen(source.max_pixels, crop).cut(source.read_image(frame)))
    except DataError as error:
        return Fault("label", frame.image, str(error))
    return None


def _read_numbers(path: Path) -> NDArray[np.float32]:
    if path.suffix == ".png":
        return png16.decode(path).astype(np.float32)
    return np.asarray(read_map(path), np.float32)


def _digest(root: Path) -> str:
    """Over names, sizes and times of all files, as 16 hex digits."""
    files = sorted(path for suffix in ("png", "npy") for path in root.rglob(f"*.{suffix}"))
    return digest_of((state_of(path, name=str(path.relative_to(root))) for path in files), digits=16)
