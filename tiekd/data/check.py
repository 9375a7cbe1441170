"""Checks the files of a data set. Every file is read to its end, and every fault is reported."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tiekd.codecs.depth_file import SUFFIXES
from tiekd.codecs.photo import Photo, load_photo
from tiekd.codecs.whole import check_chunks
from tiekd.data.crops import KB_CROP_SIZE
from tiekd.data.folder import UNREAD
from tiekd.data.frames import Frame, FrameSource, NetworkCrop, repeated_frames
from tiekd.data.plausible import Summary, implausible, summarise, untypical
from tiekd.data.prepare.wanted import archive_of
from tiekd.data.truth import Truth
from tiekd.datasets import LAYOUTS, has_own_layout
from tiekd.errors import ConfigError, DamagedError, DataError, ImageError, RunFailedError

Kind = Literal["missing", "corrupt", "unread", "misshapen", "misscaled", "duplicate", "label"]
_SCALES = ", ".join(f"{layout.depth_scale:g} for {kind}" for kind, layout in LAYOUTS.items())
ADVICE: dict[Kind, str] = {
    "missing": "Fetch them, or remove their lines from the list. `tiekd data prepare` places KITTI's and "
    "NYU's files from the official downloads.",
    "corrupt": "Delete these files and run `tiekd data prepare` again, or copy them again. If the download "
    "itself is damaged, download it again.",
    "unread": "These files may be sound, but nothing here reads their form. Convert pictures to .jpg or "
    ".png, and depth to 16-bit .png, or to .npy, .tiff or .pfm of floats in metres.",
    "misshapen": "Restore the original files. Never scale depth or labels without their picture. For "
    "pictures that are not KITTI's, use --crop none.",
    "misscaled": "The values are not depth in the unit of this kind of data (16-bit grey PNG, metres "
    f"times {_SCALES}). Declare the unit (folder:DIR,scale=1000), write the depth again, or give the right "
    "KIND.",
    "duplicate": "Remove all but one of the lines. A frame that is listed twice counts twice.",
    "label": "Delete these labels and run `tiekd label` again with the same options.",
}
OWN_ADVICE: dict[Kind, str] = {
    **ADVICE,
    "missing": "Copy them there, or correct or remove their lines in the list. Names with blanks stand in "
    "double quotes.",
    "corrupt": "These files can't be read to their end. Copy or write them again from where they come from.",
    "misshapen": "Never scale depth or labels without their picture, and give both one orientation.",
}
"""Advice for data that has no official download: `tiekd data prepare` can't make it again."""
LEAST_SIDE_PX = 32
"""No network accepts a smaller picture."""
_CHUNK = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one file."""

    kind: Kind
    file: str
    detail: str


@dataclass(frozen=True, slots=True)
class FrameCheck:
    """The faults of a frame. depth: of its ground truth, if that has no fault. turned: as its picture was."""

    faults: tuple[Fault, ...]
    depth: Summary | None = None
    turned: bool = False


@dataclass(slots=True)
class DataCheck:
    """The faults of a data set.

    advice: by kind of fault. depths: of each ground truth without a fault. n_turned: frames whose ground
    truth is turned upright with the picture, because that has an EXIF orientation.
    """

    n_frames: int
    n_without_depth: int
    advice: dict[Kind, str] = field(default_factory=lambda: ADVICE)
    faults: list[Fault] = field(default_factory=list)
    depths: list[Summary] = field(default_factory=list)
    n_turned: int = 0

    def by_kind(self) -> dict[Kind, list[Fault]]:
        """The faults by kind, in the order of `ADVICE`, without empty kinds."""
        found = {kind: [fault for fault in self.faults if fault.kind == kind] for kind in ADVICE}
        return {kind: faults for kind, faults in found.items() if faults}

    @property
    def medians_m(self) -> list[float]:
        """Median depth in metres of each ground truth without a fault."""
        return [depth.median_m for depth in self.depths]

    @property
    def median_m(self) -> float | None:
        """The median of the medians of all files, in metres."""
        return float(np.median(self.medians_m)) if self.medians_m else None

    def to_json(self) -> dict[str, Any]:
        """The document of `tiekd data check --json`."""
        return {
            "ok": not self.faults,
            "n_frames": self.n_frames,
            "n_without_depth": self.n_without_depth,
            "median_depth_m": self.median_m,
            "n_turned": self.n_turned,
            "counts": {kind: len(faults) for kind, faults in self.by_kind().items()},
            "advice": {kind: self.advice[kind] for kind in self.by_kind()},
            "faults": [asdict(fault) for fault in self.faults],
        }


AlsoCheck = Callable[[FrameSource, Frame], Fault | None]
"""A further check of a frame whose picture has no fault. It must be picklable, because processes run it."""


def check_data(
    source: FrameSource,
    frames: Sequence[Frame],
    *,
    crop: NetworkCrop,
    also: AlsoCheck | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> DataCheck:
    """Read every file of `frames` in `workers` processes and report all faults.

    crop: the part of a picture that the network will see; a smaller picture is a fault. Raises ConfigError
    for fewer than one worker, and RunFailedError when a worker is killed.
    """
    if workers < 1:
        raise ConfigError(f"{workers} workers check nothing.", hint="Give --workers 1 or more.")
    advice = ADVICE if has_own_layout(source.kind) else OWN_ADVICE
    result = DataCheck(len(frames), sum(frame.depth is None for frame in frames), advice)
    job = partial(check_frame, source, crop=crop, also=also)
    with ExitStack() as stack:
        checks: Iterator[FrameCheck] = map(job, frames)
        # "spawn", because a forked process can inherit a lock that a thread of torch holds.
        if workers > 1:
            spawn = multiprocessing.get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(workers, mp_context=spawn))
            checks = pool.map(job, frames, chunksize=_CHUNK)
        try:
            for done, checked in enumerate(checks, 1):
                result.faults += checked.faults
                result.depths += [checked.depth] if checked.depth else []
                result.n_turned += checked.turned
                if progress:
                    progress(done, len(frames))
        except BrokenProcessPool as error:
            raise RunFailedError(
                "A process that checked files was killed.", hint="Memory may be short: give fewer --workers."
            ) from error
    # One depth map in a wrong unit can look plausible; all of them together do not.
    wrong = untypical(result.depths, source)
    result.faults += [Fault("misscaled", "(all ground truth)", wrong)] if wrong else []
    return result


def check_frame(
    source: FrameSource, frame: Frame, *, crop: NetworkCrop, also: AlsoCheck | None = None
) -> FrameCheck:
    """Read the files of one frame and report its faults. The arguments are those of `check_data`."""
    faults: list[Fault] = []
    photo, path = None, source.image_path(frame)
    if absent := _absent(source, frame.image, path):
        faults.append(absent)
    else:
        photo = _read_picture(path, frame, faults)
    if photo:
        height, width = photo.size
        faults += _too_small(frame, (height, width), crop)
        further = also(source, frame) if also else None
        faults += [further] if further else []
    truth = _check_depth(source, frame, photo, faults)
    if truth is None:
        return FrameCheck(tuple(faults))
    return FrameCheck(tuple(faults), summarise(truth), truth.turned)


def duplicate_lines(split: Path, source: FrameSource | None = None) -> list[Fault]:
    """One fault for each frame that the list names more than once, with the numbers of its lines."""
    return [
        Fault("duplicate", image, f"lines {', '.join(map(str, numbers))}")
        for image, numbers in repeated_frames(split, source).items()
    ]


def _absent(source: FrameSource, name: str, path: Path) -> Fault | None:
    if path.is_file():
        return None
    if path.is_symlink():
        return Fault("missing", name, f"its link leads to {path.readlink()}, which does not exist")
    archive = archive_of(source.kind, name)
    return Fault("missing", name, f"officially in {archive}" if archive else f"there is no {path}")


def _read_picture(path: Path, frame: Frame, faults: list[Fault]) -> Photo | None:
    """The picture. If it can't be read, None, and a fault is added to `faults`."""
    try:
        return _read_whole(path)
    except DataError as error:
        unread = isinstance(error, ImageError) and error.reason == "type" and path.suffix.lower() in UNREAD
        faults.append(Fault("unread" if unread else "corrupt", frame.image, str(error)))
        return None


def _read_whole(path: Path) -> Photo:
    photo = load_photo(path)
    check_chunks(path)
    return Photo.of(photo.pixels, photo.turn)  # Damage shows in the pixels.


def _too_small(frame: Frame, size: tuple[int, int], crop: NetworkCrop) -> list[Fault]:
    least = KB_CROP_SIZE if crop == "kb" else (LEAST_SIDE_PX, LEAST_SIDE_PX)
    if size[0] >= least[0] and size[1] >= least[1]:
        return []
    what = "KITTI's crop" if crop == "kb" else "a network"
    return [
        Fault(
            "misshapen",
            frame.image,
            f"{size[1]}x{size[0]} pixels, {what} needs at least {least[1]}x{least[0]}",
        )
    ]


def _check_depth(source: FrameSource, frame: Frame, photo: Photo | None, faults: list[Fault]) -> Truth | None:
    """The ground truth, upright as its picture; None if there is none or it has a fault."""
    path = source.depth_path(frame)
    if path is None or frame.depth is None:
        return None
    if absent := _absent(source, frame.depth, path):
        faults.append(absent)
        return None
    try:
        truth = source.read_truth(frame, photo)
        check_chunks(path)
    except DataError as error:
        faults.append(Fault(_unusable(path, error), frame.depth, str(error)))
        return None
    height, width = truth.depth_m.shape
    if photo and truth.depth_m.shape != photo.size:
        faults.append(Fault("misshapen", frame.depth, f"{width}x{height} pixels, its picture has {photo}"))
    if wrong := implausible(truth, source):
        faults.append(Fault("misscaled", frame.depth, wrong))
        return None
    return truth


def _unusable(path: Path, error: DataError) -> Kind:
    if path.suffix.lower() not in SUFFIXES:
        return "unread"
    return "corrupt" if isinstance(error, DamagedError) else "misscaled"
