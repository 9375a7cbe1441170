"""A cache of decoded frames in memory-mapped arrays, so that training need not decode pictures again.

A cache is a folder with `images.u8` (planar RGB), `depth.u16` and `teacher.u16` (in the steps of the files
they come from, 0 = none) and `cache.json`, which is written last. Depth that may lie between such steps is in
`depth.f32` and `teacher.f32`, in metres. All frames are padded to the largest size. The name of the folder is
a digest of everything that it was made from. Runs with the same frames share a cache, and a changed file or
label makes a new one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor

from tiekd.data.dataset import LooseFrames
from tiekd.data.transforms import Layers
from tiekd.data.truth import AS_USUAL
from tiekd.files import arriving_folder, digest_of, state_of, write_errors

VERSION = 5
Progress = Callable[[int, int], None]


class CachedFrames:
    """The frames of a cache folder that `cached` made."""

    def __init__(self, folder: Path, meta: dict[str, Any]) -> None:
        self.sizes: list[tuple[int, int]] = [(h, w) for h, w in meta["sizes"]]
        self.focals_px: list[float] = meta["focals_px"]
        n, (height, width) = len(self.sizes), meta["canvas"]
        # Mode "c" (copy on write), because torch warns about read-only memory. Nothing writes to it.
        self._images = np.memmap(folder / "images.u8", np.uint8, "c", shape=(n, 3, height, width))
        self._steps_m = meta["layers"]
        self._depths = {
            name: np.memmap(folder / _file(name, step_m), _dtype(step_m), "r", shape=(n, 1, height, width))
            for name, step_m in meta["layers"].items()
        }

    def __len__(self) -> int:
        return len(self.sizes)

    def size_of(self, index: int) -> tuple[int, int]:
        """(height, width) of a frame."""
        return self.sizes[index]

    def __getitem__(self, index: int) -> Layers:
        height, width = self.sizes[index]
        image = torch.from_numpy(self._images[index, :, :height, :width])
        return Layers(
            image, self._layer("depth", index), self._layer("teacher", index), self.focals_px[index]
        )

    def _layer(self, name: str, index: int) -> Tensor | None:
        if name not in self._depths:
            return None
        height, width = self.sizes[index]
        stored = self._depths[name][index, :, :height, :width].astype(np.float32)
        return torch.from_numpy(stored * np.float32(self._steps_m[name] or 1))


def cache_key(loose: LooseFrames, label_digest: str) -> str:
    """16 hex digits of what a cache depends on: frames, sizes and times of files, crop, scale, labels."""
    source, seen = loose.source, loose.seen
    read_as = f"{source.kind} {source.depth_scale} {source.focal_px}"
    made = f"{VERSION} {read_as} {seen.crop} {seen.shrink} {loose.with_depth} {label_digest}"
    made += f" {source.stored!r}" if source.stored != AS_USUAL else ""
    made += f" {seen.max_pixels}" if seen.max_pixels else ""
    made += f" {seen.trim_px}" if any(seen.trim_px) else ""
    parts = [made]
    for frame in loose.frames:
        paths = [source.image_path(frame)]
        depth = source.depth_path(frame)
        paths += [depth] if depth and loose.with_depth else []
        parts += [f"{state_of(path, name=str(path)).rstrip()} {frame.focal_px}\n" for path in paths]
    return digest_of(parts, digits=16)


def cached(
    loose: LooseFrames, *, folder: Path, label_digest: str = "", progress: Progress | None = None
) -> CachedFrames:
    """The frames of `loose` from a cache below `folder`, which is made first if there is none.

    Raises DataError when the folder cannot be written or a frame cannot be read. An unfinished cache is never
    used.
    """
    target = folder / cache_key(loose, label_digest)
    meta_file = target / "cache.json"
    if not meta_file.is_file():
        hint = "Set data.cache_dir to a folder with room, or data.cache=false."
        with write_errors(f"the cache {target}", hint=hint):
            folder.mkdir(parents=True, exist_ok=True)
            # One process of a run fills the cache; the others wait for the lock and then find it finished.
            with FileLock(folder / f".{target.name}.lock"):
                if not meta_file.is_file():
                    _fill(loose, target, progress)
    return CachedFrames(target, json.loads(meta_file.read_text(encoding="utf-8")))


def _fill(loose: LooseFrames, target: Path, progress: Progress | None) -> None:
    with arriving_folder(target) as part:
        meta = _write_arrays(loose, part, progress)
        (part / "cache.json").write_text(json.dumps(meta), encoding="utf-8")


def _write_arrays(loose: LooseFrames, part: Path, progress: Progress | None) -> dict[str, Any]:
    layers = _layers(loose)
    canvas = _canvas(loose)
    sizes, focals = [], []
    with (part / "images.u8").open("wb") as images:
        files = {name: (part / _file(name, step_m)).open("wb") for name, step_m in layers.items()}
        try:
            for index in range(len(loose)):
                frame = loose[index]
                height, width = (int(n) for n in frame.image.shape[-2:])
                sizes.append((height, width))
                focals.append(frame.focal_px)
                images.write(_on_canvas(frame.image.numpy(), canvas).tobytes())
                for name, file in files.items():
                    steps = _steps(getattr(frame, name), (height, width), step_m=layers[name])
                    file.write(_on_canvas(steps, canvas).tobytes())
                if progress:
                    progress(index + 1, len(loose))
        finally:
            for file in files.values():
                file.close()
    return {"version": VERSION, "canvas": canvas, "sizes": sizes, "focals_px": focals, "layers": layers}


def _layers(loose: LooseFrames) -> dict[str, float]:
    """Name of each depth layer in the cache -> metres of one stored step; 0 for floats in metres."""
    # The depth of a cell can be a mean, which lies between two steps.
    in_steps = loose.seen.shrink == 1
    pngs = all(Path(frame.depth).suffix.lower() == ".png" for frame in loose.frames if frame.depth)
    layers = {"depth": 1 / loose.source.depth_scale if in_steps and pngs else 0.0} if loose.with_depth else {}
    return layers | ({"teacher": loose.labels.step_m if in_steps else 0.0} if loose.labels else {})


def _file(name: str, step_m: float) -> str:
    return f"{name}.u16" if step_m else f"{name}.f32"


def _dtype(step_m: float) -> type[np.uint16 | np.float32]:
    return np.uint16 if step_m else np.float32


def _canvas(loose: LooseFrames) -> tuple[int, int]:
    sizes = [loose.size_of(index) for index in range(len(loose))]
    return max(height for height, _ in sizes), max(width for _, width in sizes)


def _steps(depth: Tensor | None, size: tuple[int, int], *, step_m: float) -> NDArray[np.uint16 | np.float32]:
    if depth is None:
        return np.zeros((1, *size), _dtype(step_m))
    if not step_m:
        return depth.numpy()
    return np.clip(np.round(depth.numpy() / np.float32(step_m)), 0, 65535).astype(np.uint16)


def _on_canvas(layer: np.ndarray[Any, Any], canvas: tuple[int, int]) -> np.ndarray[Any, Any]:
    missing = (canvas[0] - layer.shape[1], canvas[1] - layer.shape[2])
    return layer if missing == (0, 0) else np.pad(layer, ((0, 0), (0, missing[0]), (0, missing[1])))
