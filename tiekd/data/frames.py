"""Lists of frames, and the files of a data set that belong to them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.photo import Photo, load_photo
from tiekd.data.folder import find_pictures, list_pictures
from tiekd.data.lines import Roots, read_lines
from tiekd.data.truth import AS_USUAL, StoredAs, Truth, read_truth
from tiekd.datasets import LAYOUTS
from tiekd.errors import ConfigError, DataError
from tiekd.files import digest_of
from tiekd.places import at_home, parse_place

NetworkCrop = Literal["kb", "none"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a split: paths as written there, and the focal length in pixels of the image file."""

    image: str
    depth: str | None = None
    focal_px: float | None = None

    @property
    def label_name(self) -> str:
        """File name of the teacher's label: the image path with "/" as "_" (docs/method.md §10.3)."""
        return str(Path(self.image).with_suffix(".png")).replace("/", "_")

    def stored_names(self, suffix: str = ".png") -> list[str]:
        """File names under which other programs may store depth of this frame.

        These are the paths of image and ground truth, and both with "/" replaced by "_".
        """
        names = [str(Path(name).with_suffix(suffix)) for name in (self.image, self.depth) if name]
        return [*names, *(name.replace("/", "_") for name in names)]


@dataclass(frozen=True, slots=True)
class FrameSource:
    """The folders of one data set, and how its depth is stored.

    `kind` is the name of its layout in `tiekd.datasets.LAYOUTS`. The fields from `depth_scale` on have the
    meaning that they have there. `stored` is what the user declared.
    """

    kind: str
    root: Path
    image_root: Path
    depth_root: Path
    depth_scale: float
    network_crop: NetworkCrop
    focal_px: float | None = None
    max_pixels: int | None = None
    stored: StoredAs = AS_USUAL

    def image_path(self, frame: Frame) -> Path:
        """Full path of the frame's picture."""
        return self.image_root / frame.image

    def depth_path(self, frame: Frame) -> Path | None:
        """Full path of the frame's ground truth, or None."""
        return self.depth_root / frame.depth if frame.depth else None

    def read_photo(self, frame: Frame) -> Photo:
        """Read the picture. Raises DataError for a missing or broken file, as its pixels do."""
        return load_photo(self.image_path(frame))

    def read_image(self, frame: Frame) -> NDArray[np.uint8]:
        """Read upright RGB `[H, W, 3]`. Raises DataError for a missing or broken file."""
        return self.read_photo(frame).pixels

    def read_truth(self, frame: Frame, photo: Photo | None = None) -> Truth:
        """Read ground truth, upright as its picture `photo` if that is given.

        Raises DataError for a missing or broken file.
        """
        path = self.depth_path(frame)
        if path is None:
            raise DataError(
                f"The split gives no ground truth for {frame.image}.",
                hint="Write the depth file as the second word of the line.",
            )
        truth = read_truth(path, self.stored, usual_scale=self.depth_scale)
        return truth.as_upright(photo) if photo else truth

    def read_depth(self, frame: Frame) -> NDArray[np.float32]:
        """Ground truth `[H, W]` in metres, 0 = none, as in its file. Raises what `read_truth` raises."""
        return self.read_truth(frame).depth_m

    def read_both(self, frame: Frame) -> tuple[Photo, NDArray[np.float32]]:
        """The picture, and ground truth `[H, W]` in metres, both upright.

        Raises DataError for a missing or broken file, and for sizes that differ.
        """
        photo = self.read_photo(frame)
        depth = self.read_truth(frame, photo).depth_m
        if depth.shape != photo.size:
            raise DataError(
                f"{self.depth_path(frame)} is {depth.shape[1]}x{depth.shape[0]}, its picture {photo}.",
                hint="Image and ground truth must be of one size.",
            )
        return photo, depth


def open_source(spec: str) -> FrameSource:
    """Open "KIND:ROOT", where KIND is a layout of `tiekd.datasets`; the fields of `StoredAs` may follow.

    Raises ConfigError for a spec of another form, UnknownNameError for an unknown kind and DataError for a
    root that is not a folder or does not hold what the layout needs.
    """
    named = parse_place(spec, LAYOUTS, what="data")
    if not named.kind:
        raise ConfigError(
            f"{spec!r} does not name a data set.", hint="Write KIND:ROOT, e.g. kitti:data/kitti."
        )
    stored, kind = named.parsed(StoredAs), named.kind
    root, layout = Path(named.place), LAYOUTS[kind]
    if not root.is_dir():
        raise DataError(f"{root} is not a folder.", hint=f"After {kind}: comes the folder of the data.")
    if not (root / layout.image_folder).is_dir():
        raise DataError(
            f"{root} holds no {layout.image_folder}/ folder, so it is not {layout.title} in the published "
            "layout.",
            hint=f"Expected ROOT/{layout.picture}; loose pictures are folder:ROOT.",
        )
    return FrameSource(
        kind=kind,
        root=root,
        image_root=root / layout.image_folder,
        depth_root=root / layout.depth_folder,
        depth_scale=stored.scale or layout.depth_scale,
        network_crop=layout.network_crop,
        focal_px=layout.focal_px,
        max_pixels=layout.max_pixels,
        stored=stored,
    )


def with_focal(source: FrameSource, frames: Iterable[Frame], focal_px: float | None) -> FrameSource:
    """The source with the focal length that a user states for all `frames`; None states nothing.

    Raises ConfigError where the data already have one, and for a focal length that can't be.
    """
    if focal_px is None:
        return source
    if not 0 < focal_px < math.inf:
        raise ConfigError(
            f"fx must be a focal length in pixels, got {focal_px:g}.", hint="Give that of the picture files."
        )
    if source.focal_px or any(frame.focal_px for frame in frames):
        raise ConfigError(
            f"fx={focal_px:g} is stated, and {source.root} has focal lengths of its own.",
            hint="Leave it out, or take the third word out of the split's lines.",
        )
    return replace(source, focal_px=focal_px)


def find_split(source: FrameSource, split: str | Path) -> Path:
    """Path of a split file: as given, or else inside the data set. Raises DataError if it does not exist."""
    for path in (Path(at_home(str(split))), source.root / split):
        if path.is_file():
            return path
    near = sorted(path.name for path in source.root.glob("*.txt"))
    raise DataError(
        f"No split file {str(split)!r}, neither here nor in {source.root}.",
        hint=f"The data set holds {', '.join(near)}." if near else "Give the path of a text file.",
    )


def list_frames(source: FrameSource, split: str | Path | None) -> list[Frame]:
    """The frames of a split. Without a split: all pictures of a data set that needs no split.

    Raises ConfigError when the layout needs a split, and the errors of `read_split`.
    """
    if split is not None:
        return read_split(find_split(source, split), source)
    if LAYOUTS[source.kind].needs_split:
        without = ", ".join(f"{kind}:DIR" for kind, layout in LAYOUTS.items() if not layout.needs_split)
        raise ConfigError(
            f"Which frames of {source.kind}:{source.root}? No split file is given.",
            hint=f"Give --split FILE (data.train_split in a recipe). Only {without} needs no split.",
        )
    return [Frame(name) for name in list_pictures(source.root)]


def left_out(source: FrameSource, split: str | Path | None) -> str:
    """A sentence on the pictures that `list_frames` does not take, because nothing here reads them; or ""."""
    return find_pictures(source.root).warning() if split is None else ""


def read_split(path: Path, source: FrameSource | None = None) -> list[Frame]:
    """The frames of a list, see `tiekd.data.lines`; depth "None" means no ground truth.

    With `source`, files that exist tell how a line is meant. Raises DataError for a line that cannot be read
    and for an empty list.
    """
    frames = [Frame(line.image, line.depth, line.focal_px) for line in read_lines(path, _roots(source))]
    if not frames:
        raise DataError(
            f"The split file {path} names no frame.", hint='Write one "image depth focal" per line.'
        )
    return frames


def repeated_frames(path: Path, source: FrameSource | None = None) -> dict[str, list[int]]:
    """Image -> numbers of its lines, for each frame that a list names more than once."""
    numbers: dict[str, list[int]] = {}
    for line in read_lines(path, _roots(source)):
        numbers.setdefault(line.image, []).append(line.number)
    return {image: found for image, found in numbers.items() if len(found) > 1}


def _roots(source: FrameSource | None) -> Roots | None:
    return Roots(source.kind, source.image_root, source.depth_root) if source else None


def digest_of_names(frames: Iterable[Frame]) -> str:
    """A digest of which pictures these are, in any order: two lists of the same frames have the same."""
    return digest_of(sorted(f"{frame.image}\n" for frame in frames), digits=16)


def check_files(source: FrameSource, frames: list[Frame], *, need_depth: bool) -> None:
    """Raise DataError if a picture is missing, or a ground truth when `need_depth` is set."""
    missing = [source.image_path(frame) for frame in frames if not source.image_path(frame).is_file()]
    if need_depth:
        for frame in frames:
            path = source.depth_path(frame)
            if path is None or not path.is_file():
                missing.append(path or Path(f"(no ground truth given for {frame.image})"))
    if missing:
        raise DataError(
            f"{len(missing)} of the files that the split names are missing, the first is {missing[0]}.",
            hint="Check the root of the data set, or remove these lines from the split.",
        )
