"""Making labels: the teacher's depth of each frame, checked and written, one whole file at a time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.photo import image_size
from tiekd.codecs.png import encode_grey16
from tiekd.codecs.whole import has_ends
from tiekd.data.frames import Frame, FrameSource
from tiekd.errors import ConfigError, DataError, InputSizeError
from tiekd.estimators.base import Estimator, Picture
from tiekd.estimators.labels.folder import LabelFolder, origin_note
from tiekd.estimators.labels.holes import without_holes
from tiekd.estimators.labels.shard import Shard
from tiekd.estimators.labels.sidecar import LabelInfo, begin
from tiekd.files import remove_leftovers, sha256_of, write_bytes

_TOO_NEAR = 1 / 500
"""A picture whose farthest pixel lies within this share of the range is in another unit (mm for m, say)."""
_TOO_FAR_SHARE = 0.95
_STALE_S = 600.0
"""Half-written labels that are older than this were left by a killed call; other calls may still run."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many labels a call wrote, how many were there already, and how many pixels it has filled."""

    written: int
    kept: int
    filled_pixels: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the labels still to be written will take, by the measure of one: seconds here, bytes in all."""

    n_labels: int
    seconds: float
    n_bytes: int
    free_bytes: int


def write_labels(
    teacher: Estimator,
    source: FrameSource,
    frames: Sequence[Frame],
    out: Path,
    info: LabelInfo,
    *,
    shard: Shard | None = None,
    progress: Callable[[int, int], None] | None = None,
    announce: Callable[[Estimate], None] | None = None,
) -> Written:
    """Label `frames` (of these the share of `shard`) into the folder `out`.

    Whole labels that are there stay, so an interrupted call is resumed by the next. `announce` gets the
    expected time and disk space once the second label is written.
    Raises ConfigError when `out` holds labels made otherwise or two frames share a name; DataError for files
    that can't be read or written, for too little disk, for pictures that have changed since they were
    labelled, and for a teacher that answers with something other than depth.
    """
    shard = shard or Shard()
    _check_names(frames)
    _check_place(out, source, frames)
    begin(out, info)
    remove_leftovers(out, "*.png", older_than_s=_STALE_S)
    share = shard.of(frames)
    todo = [frame for frame in share if not has_ends(out / frame.label_name)]
    _check_sizes(teacher, source, todo, info)
    missing, n_filled = set(todo), 0
    LabelFolder(out).check_unchanged(source, (frame for frame in share if frame not in missing))
    for done, frame in enumerate(todo, 1):
        began = time.perf_counter()
        n_bytes, n_holes = _write_one(teacher, source, frame, out, info)
        n_filled += n_holes
        # The first one also pays for warming up, so the second is the measure.
        if done == min(2, len(todo)):
            seconds = time.perf_counter() - began
            _plan(out, len(todo) - done, seconds, n_bytes * shard.world_size, announce)
        if progress:
            progress(len(share) - len(todo) + done, len(share))
    return Written(len(todo), len(share) - len(todo), n_filled)


def teach(teacher: Estimator, source: FrameSource, frame: Frame, info: LabelInfo) -> NDArray[np.float32]:
    """The teacher's depth of what a label of `frame` covers, at the label's size.

    Raises DataError for an answer that is not a depth in metres, within the range, at every pixel; with
    `clamp` single pixels are filled.
    """
    return _reduced(_taught(teacher, source, frame, info)[0], info)


def _taught(
    teacher: Estimator, source: FrameSource, frame: Frame, info: LabelInfo
) -> tuple[NDArray[np.float32], int]:
    """The teacher's depth of what is labelled, pixel by pixel, and how many pixels were filled."""
    # All pixels, also of a JPEG that `Seen.cut` could shrink: labels that exist were made so.
    whole = source.read_image(frame)
    image = info.seen.cut(whole)
    focal_px = frame.focal_px or source.focal_px
    if info.use_focal and not focal_px:
        raise DataError(
            f"The focal length of {frame.image} is not known, so its depth can't be scaled by it.",
            hint="Write it in pixels as the third word of the split's lines, or label without --use-focal.",
        )
    if focal_px:
        focal_px = info.seen.cut_focal_px(focal_px, (whole.shape[0], whole.shape[1]))
    # As it is: the sidecar says at which size the picture is labelled, and labels that exist were made so.
    picture = Picture(image, frame, fit="as_is")
    fx_px = focal_px if info.use_focal else None
    depth = teacher.estimate(picture, fx_px=fx_px, flip=info.flip_tta).depth_m
    what = f"The teacher {teacher.about.name} gave no depth for every pixel of {frame.image}"
    if depth.shape != image.shape[:2]:
        raise DataError(
            f"{what}: its answer is {list(depth.shape)}, the picture {list(image.shape[:2])}.",
            hint="Its weights or its declared scale may be wrong; try it on one picture.",
        )
    depth, n_filled = without_holes(depth, far_m=info.max_depth_m, fill=bool(info.clamp), what=what)
    _check_unit(depth, frame, teacher, info)
    return depth, n_filled


def _check_unit(depth: NDArray[np.float32], frame: Frame, teacher: Estimator, info: LabelInfo) -> None:
    beyond = float((depth > info.max_depth_m).mean())
    if beyond > _TOO_FAR_SHARE or depth.max() < info.max_depth_m * _TOO_NEAR:
        raise DataError(
            f"The depth that {teacher.about.name} gave for {frame.image}, {depth.min():.3g} to "
            f"{depth.max():.3g}, can't be metres in a range up to {info.max_depth_m:g} m.",
            hint="Declare the teacher's scale (scale=…) or its range (max_depth_m=…), see docs/teachers.md.",
        )


def _write_one(
    teacher: Estimator, source: FrameSource, frame: Frame, out: Path, info: LabelInfo
) -> tuple[int, int]:
    """Bytes of the label that is written, and how many of its pixels were filled."""
    note = picture_note(source.image_path(frame))
    depth, n_filled = _taught(teacher, source, frame, info)
    content = encode_grey16(info.to_stored(_reduced(depth, info)), note=note)
    write_bytes(out / frame.label_name, content)
    return len(content), n_filled


def picture_note(path: Path) -> str:
    """What a label made now would say about its picture. Raises DataError when it can't be read."""
    try:
        return origin_note(sha256_of(path), path.stat().st_size)
    except OSError as error:
        raise DataError(
            f"Can't read {path}: {error.strerror}.", hint="Check the split and the root of the data set."
        ) from error


def _plan(
    out: Path, n_labels: int, seconds: float, n_bytes: int, announce: Callable[[Estimate], None] | None
) -> None:
    estimate = Estimate(n_labels, n_labels * seconds, n_labels * n_bytes, shutil.disk_usage(out).free)
    if estimate.n_bytes > estimate.free_bytes:
        raise DataError(
            f"The labels still need about {estimate.n_bytes / 1e9:.1f} GB, and {out} has "
            f"{estimate.free_bytes / 1e9:.1f} GB left.",
            hint="Make room, or give an --out on another disk; what is written stays.",
        )
    if announce and n_labels:
        announce(estimate)


def _check_names(frames: Sequence[Frame]) -> None:
    seen: dict[str, Frame] = {}
    for frame in frames:
        other = seen.setdefault(frame.label_name, frame)
        if other.image != frame.image:
            raise ConfigError(
                f"{other.image} and {frame.image} would share the label {frame.label_name}.",
                hint="Rename one of them.",
            )


def _check_sizes(teacher: Estimator, source: FrameSource, frames: Sequence[Frame], info: LabelInfo) -> None:
    """Pictures that are too small for a network of ours, before hours of work rather than after them."""
    card = teacher.about.card
    if card is None or info.crop != "none":
        return
    shown = {frame.image: info.shown_size(*image_size(source.image_path(frame))) for frame in frames}
    small = [name for name, size in shown.items() if min(size) < card.min_size_px]
    if small:
        height, width = shown[small[0]]
        least = f"{card.min_size_px}x{card.min_size_px}"
        raise InputSizeError(
            f"{len(small)} of {len(frames)} pictures are too small for {card.name}, the first is {small[0]}: "
            f"{width}x{height} pixels as it is labelled, {least} are needed.",
            hint="Scale them up, or take them out of the folder or the split.",
        )


def _check_place(out: Path, source: FrameSource, frames: Sequence[Frame]) -> None:
    """Labels beside pictures would be taken for pictures, and the pictures for labels."""
    place, folders = out.resolve(), {source.image_path(frame).parent for frame in frames}
    if any(folder.resolve().is_relative_to(place) for folder in folders):
        raise ConfigError(f"{out} holds the pictures that are labelled.", hint="Give another --out.")


def _reduced(depth: NDArray[np.float32], info: LabelInfo) -> NDArray[np.float32]:
    """Mean over cells; the teacher's depth has been enlarged from its head, so no surfaces mix anew."""
    shrink = info.shrink
    if shrink == 1:
        return depth
    height, width = info.stored_size((depth.shape[0], depth.shape[1]))
    missing = (height * shrink - depth.shape[0], width * shrink - depth.shape[1])
    padded = np.pad(depth, ((0, missing[0]), (0, missing[1])), mode="edge")
    cells: NDArray[np.float32] = padded.reshape(height, shrink, width, shrink).mean(axis=(1, 3))
    return cells
