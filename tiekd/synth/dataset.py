"""Writes a synthetic world as a data set in the published KITTI layout."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from tiekd.codecs import png, png16
from tiekd.codecs.whole import is_sound_png
from tiekd.errors import ConfigError, DataError
from tiekd.files import write_bytes, write_errors, write_text
from tiekd.synth.lidar import sparse_scan
from tiekd.synth.render import check_request, focal_px, render_frame

# Must be raised when a change of the code changes rendered files, so that two versions never share a folder.
WORLD_VERSION = 3
_DATE = "2011_01_01"
_SPARSE = ("none", "lidar")
_SPLITS = ("train", "val", "test")
_MOST_JITTER = 0.5
"""With this spread, one focal length in twenty is below 0.37 or above 2.7 times the usual one."""


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """All that determines the files of a data set. `frames_per_drive` frames share a folder and a split."""

    seed: int
    width_px: int = 1242
    height_px: int = 375
    sparse: str = "none"
    frames_per_drive: int = 20
    focal_jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class WrittenWorld:
    """Result of `write_dataset`: frames rendered now, frames kept from before, and frames per split."""

    rendered: int
    kept: int
    splits: dict[str, int]


def write_dataset(
    out: str | Path,
    *,
    frames: int,
    options: WorldOptions,
    workers: int = 1,
    shares: tuple[float, float, float] = (0.9, 0.05, 0.05),
    progress: Callable[[int, int], None] | None = None,
) -> WrittenWorld:
    """Render `frames` frames into `out`. Complete frames that are already there are kept.

    Writes `input/`, `gt_depth/` (16-bit PNG, metres × 256, 0 = none), `train.txt val.txt test.txt` (lines
    "image depth focal") and `world.json`. All frames of a drive are in one split if no split with a share
    stays empty. From three frames on none is empty; one or two frames are for training. Raises ConfigError
    for unusable options and when `out` holds another world, DataError when `out` cannot be written.
    """
    check_request(options.seed, 0, options.width_px, options.height_px)
    if frames < 1 or workers < 1 or options.frames_per_drive < 1:
        raise ConfigError(
            f"frames={frames}, workers={workers}, frames per drive={options.frames_per_drive}.",
            hint="Each must be at least 1.",
        )
    if min(shares) < 0 or abs(sum(shares) - 1.0) > 1e-6:
        raise ConfigError(
            f"Split shares {shares} don't add up to 1.", hint="Give three shares, e.g. 0.9,0.05,0.05."
        )
    if options.sparse not in _SPARSE:
        raise ConfigError(f"Unknown kind of sparse depth {options.sparse!r}.", hint="Use none or lidar.")
    if not 0 <= options.focal_jitter < _MOST_JITTER:
        raise ConfigError(
            f"No camera has a focal jitter of {options.focal_jitter:g}.",
            hint=f"Give a relative spread from 0 to below {_MOST_JITTER:g}, e.g. 0.1.",
        )
    root = Path(out)
    with write_errors(f"the world to {root}", hint="Choose a folder you may write to, with --out."):
        root.mkdir(parents=True, exist_ok=True)
        _claim(root, options)
        kept = 0
        for done, fresh in enumerate(_render_all(root, frames, options, workers), start=1):
            kept += not fresh
            if progress is not None:
                progress(done, frames)
        counts = _write_splits(root, frames, options, shares)
    return WrittenWorld(frames - kept, kept, counts)


def frame_paths(index: int, frames_per_drive: int) -> tuple[str, str]:
    """Paths of a frame's picture (below `input/`) and depth (below `gt_depth/`)."""
    drive = f"{_DATE}_drive_{index // frames_per_drive:04d}_sync"
    name = f"{index % frames_per_drive:010d}.png"
    return f"{_DATE}/{drive}/image_02/data/{name}", f"{drive}/proj_depth/groundtruth/image_02/{name}"


def _claim(root: Path, options: WorldOptions) -> None:
    """Write `world.json`, or check that the folder already holds the same world."""
    record = {"version": WORLD_VERSION, **asdict(options)}
    path = root / "world.json"
    if path.exists():
        try:
            found = json.loads(path.read_text())
        except ValueError as error:
            raise DataError(
                f"{path} is not readable as JSON.", hint="Remove it or choose another --out."
            ) from error
        if found != record:
            raise ConfigError(
                f"{root} holds another world: {found}; requested was {record}.",
                hint="Choose another --out, or repeat its options to resume.",
            )
        return
    if (root / "input").exists() or (root / "gt_depth").exists():
        raise ConfigError(
            f"{root} holds pictures, but no world.json that states their world.",
            hint="Choose another --out.",
        )
    write_text(path, json.dumps(record, indent=1) + "\n")


def _render_all(root: Path, frames: int, options: WorldOptions, workers: int) -> Iterator[bool]:
    """Make all frames in order. Yields for each one whether it was rendered now."""
    job = partial(_make_frame, root, options)
    if workers == 1:
        yield from map(job, range(frames))
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(job, range(frames), chunksize=4)


def _make_frame(root: Path, options: WorldOptions, index: int) -> bool:
    """Render one frame unless both of its files are complete. Returns whether it was rendered."""
    image_name, depth_name = frame_paths(index, options.frames_per_drive)
    image_path, depth_path = root / "input" / image_name, root / "gt_depth" / depth_name
    if is_sound_png(image_path) and is_sound_png(depth_path):
        return False
    frame = render_frame(
        options.seed,
        index,
        width_px=options.width_px,
        height_px=options.height_px,
        focal_jitter=options.focal_jitter,
    )
    depth_m = frame.depth_m
    if options.sparse == "lidar":
        depth_m = sparse_scan(depth_m, frame.intrinsics, np.random.default_rng([options.seed, index, 64]))
    write_bytes(image_path, png.encode_rgb(frame.image))
    write_bytes(depth_path, png16.encode(depth_m))
    return True


def _write_splits(
    root: Path, frames: int, options: WorldOptions, shares: tuple[float, float, float]
) -> dict[str, int]:
    """Write the splits: whole drives, shuffled by the seed, or single frames if there are too few drives."""
    n_drives = -(-frames // options.frames_per_drive)
    sizes, group = _sizes(n_drives, shares), options.frames_per_drive
    # Frames show unrelated streets, so nothing leaks where a drive is parted.
    if any(share and not size for share, size in zip(shares, sizes, strict=True)):
        sizes, group = _filled(_sizes(frames, shares), shares), 1
    order = np.random.default_rng([options.seed, 5]).permutation(sum(sizes))
    ends = np.cumsum([0, *sizes])
    counts = {}
    for name, start, end in zip(_SPLITS, ends[:-1], ends[1:], strict=True):
        chosen = {int(number) for number in order[start:end]}
        lines = [_split_line(i, options) for i in range(frames) if i // group in chosen]
        write_text(root / f"{name}.txt", "".join(f"{line}\n" for line in lines))
        counts[name] = len(lines)
    return counts


def _sizes(n_groups: int, shares: tuple[float, float, float]) -> list[int]:
    """Number of groups in each split; training has at least one."""
    ends = np.rint(np.cumsum(shares) * n_groups).astype(int)
    ends[0] = max(ends[0], 1)
    sizes: list[int] = np.diff(np.maximum(ends, ends[0]), prepend=0).tolist()
    return sizes


def _filled(sizes: list[int], shares: tuple[float, float, float]) -> list[int]:
    """From three frames on, no split with a share is empty: the largest one gives. Fewer are as they are."""
    filled = list(sizes)
    for poor, share in enumerate(shares):
        if share and not filled[poor] and sum(sizes) >= len(_SPLITS):
            filled[filled.index(max(filled))] -= 1
            filled[poor] += 1
    return filled


def _split_line(index: int, options: WorldOptions) -> str:
    focal = focal_px(
        options.seed,
        index,
        width_px=options.width_px,
        height_px=options.height_px,
        focal_jitter=options.focal_jitter,
    )
    return " ".join((*frame_paths(index, options.frames_per_drive), f"{focal:.4f}"))
