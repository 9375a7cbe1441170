"""Checks the files of a data set. Every file is read to its end, and every fault is reported."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.photo import read_photo
from tiekd.codecs.whole import check_chunks
from tiekd.data.crops import KB_CROP_SIZE
from tiekd.data.frames import Frame, FrameSource, NetworkCrop
from tiekd.data.plausible import implausible, untypical
from tiekd.data.prepare.wanted import archive_of
from tiekd.datasets import LAYOUTS
from tiekd.errors import ConfigError, DataError, RunFailedError

Kind = Literal["missing", "corrupt", "misshapen", "misscaled", "duplicate", "label"]
_SCALES = ", ".join(f"{layout.depth_scale:g} for {kind}" for kind, layout in LAYOUTS.items())
ADVICE: dict[Kind, str] = {
    "missing": "Fetch them, or remove their lines from the list. `tiekd data prepare` places KITTI's and "
    "NYU's files from the official downloads.",
    "corrupt": "Delete these files and run `tiekd data prepare` again, or copy them again. If the download "
    "itself is damaged, download it again.",
    "misshapen": "Restore the original files. Never scale depth or labels without their picture. For "
    "pictures that are not KITTI's, use --crop none.",
    "misscaled": "The values are not depth in the unit of this kind of data (16-bit grey PNG, metres "
    f"times {_SCALES}). Write the depth again, or give the right KIND.",
    "duplicate": "Remove all but one of the lines. A frame that is listed twice counts twice.",
    "label": "Delete these labels and run `tiekd label` again with the same options.",
}
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
    """The faults of a frame, and the median depth of its ground truth in metres if that has no fault."""

    faults: tuple[Fault, ...]
    median_m: float | None = None


@dataclass(slots=True)
class DataCheck:
    """The faults of a data set. `medians_m`: median depth in metres of each depth file without a fault."""

    n_frames: int
    n_without_depth: int
    faults: list[Fault] = field(default_factory=list)
    medians_m: list[float] = field(default_factory=list)

    def by_kind(self) -> dict[Kind, list[Fault]]:
        """The faults by kind, in the order of `ADVICE`, without empty kinds."""
        found = {kind: [fault for fault in self.faults if fault.kind == kind] for kind in ADVICE}
        return {kind: faults for kind, faults in found.items() if faults}

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
            "counts": {kind: len(faults) for kind, faults in self.by_kind().items()},
            "advice": {kind: ADVICE[kind] for kind in self.by_kind()},
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
    result = DataCheck(len(frames), sum(frame.depth is None for frame in frames))
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
                if checked.median_m is not None:
                    result.medians_m.append(checked.median_m)
                if progress:
                    progress(done, len(frames))
        except BrokenProcessPool as error:
            raise RunFailedError(
                "A process that checked files was killed.", hint="Memory may be short: give fewer --workers."
            ) from error
    # One depth map in a wrong unit can look plausible; all of them together do not.
    wrong = untypical(result.medians_m, source)
    result.faults += [Fault("misscaled", "(all ground truth)", wrong)] if wrong else []
    return result


def check_frame(
    source: FrameSource, frame: Frame, *, crop: NetworkCrop, also: AlsoCheck | None = None
) -> FrameCheck:
    """Read the files of one frame and report its faults. The arguments are those of `check_data`."""
    faults: list[Fault] = []
    image, path = None, source.image_path(frame)
    if absent := _absent(source, frame.image, path):
        faults.append(absent)
    else:
        image = _read_picture(path, frame, faults)
    size = image.shape[:2] if image is not None else None
    if size:
        faults += _too_small(frame, (size[0], size[1]), crop)
        further = also(source, frame) if also else None
        faults += [further] if further else []
    median_m = _check_depth(source, frame, size, faults)
    return FrameCheck(tuple(faults), median_m)


def duplicate_lines(split: Path) -> list[Fault]:
    """One fault for each frame that the list names more than once, with the numbers of its lines."""
    words = [line.split() for line in split.read_text(encoding="utf-8").splitlines()]
    names = [line[0].lstrip("/") if line else "" for line in words]
    counts = Counter(name for name in names if name)
    return [
        Fault(
            "duplicate",
            name,
            "lines " + ", ".join(str(n) for n, other in enumerate(names, 1) if other == name),
        )
        for name, count in counts.items()
        if count > 1
    ]


def _absent(source: FrameSource, name: str, path: Path) -> Fault | None:
    if path.is_file():
        return None
    if path.is_symlink():
        return Fault("missing", name, f"its link leads to {path.readlink()}, which does not exist")
    archive = archive_of(source.kind, name)
    return Fault("missing", name, f"officially in {archive}" if archive else f"there is no {path}")


def _read_picture(path: Path, frame: Frame, faults: list[Fault]) -> NDArray[np.uint8] | None:
    """The picture. If it is damaged, None, and a fault is added to `faults`."""
    try:
        return _read_whole(path)
    except DataError as error:
        faults.append(Fault("corrupt", frame.image, str(error)))
        return None


def _read_whole(path: Path) -> NDArray[np.uint8]:
    image = read_photo(path)
    check_chunks(path)
    return image


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


def _check_depth(
    source: FrameSource, frame: Frame, size: tuple[int, ...] | None, faults: list[Fault]
) -> float | None:
    """The median depth of the ground truth in metres; None if there is none or it has a fault."""
    path = source.depth_path(frame)
    if path is None or frame.depth is None:
        return None
    if absent := _absent(source, frame.depth, path):
        faults.append(absent)
        return None
    try:
        depth = source.read_depth(frame)
        check_chunks(path)
    except DataError as error:
        # A readable picture that is not 16-bit grey was stored in another form, so it is not corrupt.
        faults.append(Fault("misscaled" if _is_picture(path) else "corrupt", frame.depth, str(error)))
        return None
    if size and depth.shape != size:
        (height, width), (rows, columns) = depth.shape, size
        faults.append(
            Fault("misshapen", frame.depth, f"{width}x{height} pixels, its picture has {columns}x{rows}")
        )
    if wrong := implausible(depth, source):
        faults.append(Fault("misscaled", frame.depth, wrong))
        return None
    return float(np.median(depth[depth > 0]))


def _is_picture(path: Path) -> bool:
    try:
        _read_whole(path)
    except DataError:
        return False
    return True
