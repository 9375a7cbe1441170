"""Makes a gallery: photos, ground truth and the depth of models, stored for the viewer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs import png, png16
from tiekd.codecs.photo import encode_jpeg, open_photo
from tiekd.data.frames import Frame as SplitFrame
from tiekd.data.frames import FrameSource
from tiekd.errors import ConfigError
from tiekd.estimators import About, Estimator, Picture
from tiekd.files import write_bytes, write_text
from tiekd.gallery.grid import encode_grid
from tiekd.gallery.labels import method_label
from tiekd.gallery.model import IMAGE_FOLDER
from tiekd.gallery.shipped import INDEX, FrameEntry, GalleryIndex, MethodEntry, RangeEntry
from tiekd.methods import GROUND_TRUTH, METHODS, OTHER
from tiekd.types import DepthMap


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a gallery is stored.

    n_frames: number of frames, taken evenly over the split. jpeg_quality: of the photos; the models get the
    photos as they are stored. keep_bits: significant bits of a depth that is predicted for every pixel; fewer
    bits make smaller files, and 10 are exact to 0.1 %. Ground truth, and depth on the coarser grid of a
    network, are stored without loss. focal: give the focal length of each frame to the models
    that can use it.
    """

    gallery_id: str = "demo"
    title: str = "Synthetic street"
    n_frames: int = 20
    jpeg_quality: int = 88
    keep_bits: int = 10
    focal: bool = True

    def __post_init__(self) -> None:
        if not 4 <= self.keep_bits <= 16:
            raise ConfigError(f"keep_bits must be 4..16, got {self.keep_bits}.", hint="10 is exact to 0.1 %.")
        if self.n_frames < 1:
            raise ConfigError(f"A gallery needs at least one frame, got {self.n_frames}.", hint="Try 20.")


def build_gallery(
    source: FrameSource,
    frames: Sequence[SplitFrame],
    models: Sequence[Estimator],
    out: Path,
    *,
    options: BuildOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> GalleryIndex:
    """Write a gallery to `out`, with `gallery.json` as its last file, and return the content of that file.

    Raises DataError when a frame cannot be read or `out` cannot be written, and ConfigError for models of the
    same name.
    """
    chosen = options or BuildOptions()
    names = [method_id(model.about) for model in models]
    if len(set(names)) < len(names):
        raise ConfigError(f"Two of the models have one name: {', '.join(names)}.", hint="Leave one out.")
    picked = pick_evenly(frames, chosen.n_frames)
    entries = []
    for number, frame in enumerate(picked):
        entries.append(_write_frame(out, f"{number:04d}", source, frame, models=models, options=chosen))
        if progress:
            progress(number + 1, len(picked))
    spans = [model.about.depth_range for model in models]
    index = GalleryIndex(
        id=chosen.gallery_id,
        title=chosen.title,
        depth_range=RangeEntry(
            min_m=min((span.min_m for span in spans), default=1e-3),
            max_m=max((span.max_m for span in spans), default=80.0),
        ),
        depth_scale=png16.DEPTH_SCALE,
        methods=_methods(models, with_truth=any(frame.depth for frame in picked)),
        frames=entries,
    )
    text = json.dumps(index.model_dump(exclude_none=True), indent=1, ensure_ascii=False)
    write_text(out / INDEX, text + "\n")
    return index


def pick_evenly(frames: Sequence[SplitFrame], count: int) -> list[SplitFrame]:
    """`count` frames, evenly over the list. All of them if there are fewer."""
    steps = np.linspace(0, len(frames) - 1, min(count, len(frames)))
    return [frames[round(step)] for step in steps]


def keep_significant(stored: NDArray[np.uint16], bits: int) -> NDArray[np.uint16]:
    """Round whole numbers to `bits` significant bits. 0 stays 0, and no other number becomes 0."""
    values = stored.astype(np.int64)
    exponent = np.maximum(np.floor(np.log2(np.maximum(values, 1))).astype(np.int64) + 1 - bits, 0)
    half = (1 << exponent) >> 1
    rounded = (values + half) >> exponent << exponent
    return np.asarray(np.minimum(rounded, 65535), np.uint16)


def frame_title(image: str) -> str:
    """A short title of a frame: folder and number of its path, without the parts that all frames share."""
    parts = [part for part in Path(image).with_suffix("").parts if part not in {"image_02", "data"}]
    return " · ".join(part.removesuffix("_sync") for part in parts[-2:])


def _write_frame(
    out: Path,
    frame_id: str,
    source: FrameSource,
    frame: SplitFrame,
    *,
    models: Sequence[Estimator],
    options: BuildOptions,
) -> FrameEntry:
    if frame.depth:
        picture, truth = source.read_both(frame)
        write_bytes(out / GROUND_TRUTH / f"{frame_id}.png", png16.encode(truth, small=True))
    else:
        picture = source.read_photo(frame)
    jpeg = encode_jpeg(picture.pixels, quality=options.jpeg_quality, small=True)
    write_bytes(out / IMAGE_FOLDER / f"{frame_id}.jpg", jpeg)
    photo = open_photo(jpeg).load()
    fx_px = (frame.focal_px or source.focal_px) if options.focal else None
    for model in models:
        focal_px = fx_px if model.about.train_fx_px else None
        depth = model.estimate(Picture(photo, frame), fx_px=focal_px)
        data = _encoded(depth, keep_bits=options.keep_bits)
        write_bytes(out / method_id(model.about) / f"{frame_id}.png", data)
    return FrameEntry(
        id=frame_id,
        title=frame_title(frame.image),
        width=photo.size[1],
        height=photo.size[0],
        image=f"{IMAGE_FOLDER}/{frame_id}.jpg",
    )


def _encoded(depth: DepthMap, *, keep_bits: int) -> bytes:
    """A 16-bit PNG of a predicted depth. It holds the network's grid if that is coarser than the photo."""
    grid = encode_grid(depth)
    if grid is not None:
        return grid
    stored = keep_significant(png16.to_uint16(depth.depth_m), keep_bits)
    return png.encode_grey16(stored, small=True)


def method_id(about: About) -> str:
    """The folder of a model's answers: its name without the slashes that a name of a hub has."""
    return re.sub(r"[/\\]", "_", about.name)


def _methods(models: Sequence[Estimator], *, with_truth: bool) -> list[MethodEntry]:
    truth = [MethodEntry(id=GROUND_TRUTH, label="Ground truth", family=GROUND_TRUTH)] if with_truth else []
    return truth + [_method(model.about) for model in models]


def _method(about: About) -> MethodEntry:
    card = about.card
    if card is None:
        return MethodEntry(id=method_id(about), label=about.name, family=OTHER)
    family = METHODS[card.method].family
    return MethodEntry(id=method_id(about), label=method_label(card), family=family, model=card.name)
