"""Time to make training samples: the straightforward pipeline against ours, from files and from the cache.

    python benchmarks/bench_loader.py                            # twelve rendered frames of 375x1242
    python benchmarks/bench_loader.py --data kitti:DIR --split train.txt --frames 50    # your own

A sample is what the published KITTI recipe makes of three PNGs (image, ground truth, teacher label). It takes
the 352x1216 crop and a random window of 352x704. Rotation, flip and change of colours happen with probability
0.5 each. Straightforward: every step over whole arrays, as written below, with normalisation at the end.
Ours: `tiekd.data`, whose samples are normalised on the device. The cost of this on a CPU is printed
separately. The forms take turns on the same views; seconds are CPU seconds of one process on one core. Labels
are artificial, with the real size and scale.

Files are stored in two ways. "plain" is the way of KITTI's own files: each row as differences to the left
pixel. "filtered" is the way of Pillow: each row with the filter that suits it. Our fast reader reads only
plain files and leaves the others to Pillow.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import measuring
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from tiekd.codecs.png import encode_grey16, encode_rgb
from tiekd.data.cache import cached
from tiekd.data.dataset import LooseFrames, ViewDataset, ViewKey, collate, keep_freed_memory
from tiekd.data.frames import Frame, FrameSource, list_frames, open_source
from tiekd.data.seen import Seen
from tiekd.data.transforms import IMAGE_MEAN, IMAGE_STD, normalise
from tiekd.datasets import LAYOUTS
from tiekd.estimators.labels import FULL_SCALE, LabelFolder, LabelInfo
from tiekd.estimators.labels.sidecar import begin
from tiekd.recipe import Recipe, load_recipe
from tiekd.synth.dataset import WorldOptions, write_dataset
from tiekd.types import Sample

RECIPE = "tiekd_mobilenetv2.adabins_kitti"
STORED = ("plain", "filtered")
HEAD = measuring.head(
    "files", "ours", "straightforward:", "ours:", "speed-up:", "images/s and core:", "ours:"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One way of ours against the straightforward form. Pairs are (straightforward, ours), for one core."""

    stored: str
    ours: str
    height: int
    width: int
    frames: int
    kilobytes: float
    """Size of the three files of a frame."""
    ms: tuple[float, float]
    images_per_s: tuple[float, float]
    speedup: float
    normalise_ms: float
    threads: int
    rounds: int
    machine: str
    date: str


# ---- line by line ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """The random choices of a view."""

    angle_deg: float
    flip: bool
    top: int
    left: int
    coloured: bool
    gain: NDArray[np.float32]
    gamma: float


def draw(rng: np.random.Generator, recipe: Recipe, frame_size: tuple[int, int]) -> Drawn:
    """Draw the same numbers as `tiekd.data`, in its order, so that both forms make the same views."""
    view, photo = recipe.view, recipe.photo
    rng.random()  # zoom, which the recipe does not use
    angle_deg = rng.uniform(-view.rotate_deg, view.rotate_deg)
    turned = rng.random() < view.rotate
    flip = rng.random() < view.flip
    share_y, share_x = rng.random(2)
    coloured = rng.random() < photo.probability
    gain = np.exp(rng.uniform(-photo.gain, photo.gain))
    channels = np.exp(rng.uniform(-photo.channel_gain, photo.channel_gain, 3))
    rng.random()  # contrast, which the recipe does not use
    return Drawn(
        angle_deg=angle_deg if turned else 0.0,
        flip=flip,
        top=round(share_y * (frame_size[0] - view.size[0])),
        left=round(share_x * (frame_size[1] - view.size[1])),
        coloured=coloured,
        gain=(gain * channels).astype(np.float32),
        gamma=float(np.exp(rng.uniform(-photo.gamma, photo.gamma))),
    )


def straightforward(paths: tuple[Path, Path, Path], drawn: Drawn, recipe: Recipe) -> Sample:
    """Make a sample from the files of image, ground truth and label. Its image is normalised."""
    image = Image.open(paths[0]).convert("RGB")
    depth = Image.fromarray(np.asarray(Image.open(paths[1]), np.float32) / LAYOUTS["kitti"].depth_scale)
    label = Image.fromarray(np.asarray(Image.open(paths[2]), np.float32) * (80.0 / FULL_SCALE))
    if recipe.data.crop == "kb":
        top, left = image.height - 352, (image.width - 1216) // 2
        image = image.crop((left, top, left + 1216, top + 352))
        depth = depth.crop((left, top, left + 1216, top + 352))
    height, width = recipe.view.size
    if drawn.angle_deg:
        center = (drawn.left + width / 2, drawn.top + height / 2)
        image = image.rotate(drawn.angle_deg, Image.Resampling.BILINEAR, center=center)
        depth = depth.rotate(drawn.angle_deg, Image.Resampling.NEAREST, center=center)
        label = label.rotate(drawn.angle_deg, Image.Resampling.NEAREST, center=center)
    region = np.s_[drawn.top : drawn.top + height, drawn.left : drawn.left + width]
    layers = [np.asarray(layer)[region] for layer in (image, depth, label)]
    if drawn.flip:
        layers = [layer[:, ::-1] for layer in layers]
    pixels = layers[0].astype(np.float32)
    if drawn.coloured:
        pixels = np.clip(pixels * drawn.gain, 0, 255)
        pixels = 255 * (pixels / 255) ** np.float32(drawn.gamma)
    pixels = (pixels - np.asarray(IMAGE_MEAN, np.float32)) / np.asarray(IMAGE_STD, np.float32)
    truth, teacher = (torch.from_numpy(layer.copy())[None] for layer in layers[1:])
    valid = (truth > 0) & (truth < recipe.data.max_depth_m)
    return Sample(torch.from_numpy(pixels.transpose(2, 0, 1).copy()), truth, valid, teacher)


def stacked(samples: list[Sample]) -> Sample:
    names = ("image", "depth", "valid_mask", "teacher_depth")
    return Sample(*(torch.stack([getattr(sample, name) for sample in samples]) for name in names))


# ---- the files ------------------------------------------------------------------------------------------


def store(source: FrameSource, frames: list[Frame], out: Path, *, crop: str, stored: str) -> LooseFrames:
    """Copy frames to `out`, stored in one of the two ways, and write labels for them."""
    copies = open_source(f"kitti:{_made(out, source)}")
    info = LabelInfo(teacher="made up", teacher_sha256="", max_depth_m=80, crop=crop)
    begin(out / "labels", info)
    labels = LabelFolder(out / "labels")
    for frame in frames:
        image, depth = source.read_image(frame), source.read_depth(frame)
        label = info.to_stored(_made_up_label(info.seen.cut(image)))
        truth = np.round(depth * LAYOUTS["kitti"].depth_scale).astype(np.uint16)
        depth_path = copies.depth_path(frame)
        assert depth_path is not None
        for path, pixels in (
            (copies.image_path(frame), image), (depth_path, truth), (labels.path(frame), label)
        ):  # fmt: skip
            path.parent.mkdir(parents=True, exist_ok=True)
            if stored == "filtered":
                Image.fromarray(pixels).save(path)
            else:
                path.write_bytes(encode_rgb(pixels) if pixels.ndim == 3 else encode_grey16(pixels))
    return LooseFrames(copies, frames, seen=Seen(crop=crop), labels=labels)


def _made(out: Path, source: FrameSource) -> Path:
    if source.kind != "kitti":
        raise SystemExit(f"--data takes kitti:DIR, not {source.kind}:…")
    (out / "input").mkdir(parents=True)
    return out


def _made_up_label(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Depth in metres that grows upwards and has the texture of the picture, as it must not compress well."""
    height = image.shape[0]
    return 4 + 60 * np.linspace(1, 0, height, dtype=np.float32)[:, None] ** 2 + image.mean(axis=2) / 32


def paths_of(frames: LooseFrames, index: int) -> tuple[Path, Path, Path]:
    frame = frames.frames[index]
    depth = frames.source.depth_path(frame)
    assert depth is not None
    assert isinstance(frames.labels, LabelFolder)
    return frames.source.image_path(frame), depth, frames.labels.path(frame)


# ---- in turns -------------------------------------------------------------------------------------------


def main(argv: list[str] | None = None) -> list[Row]:
    """Measure what the command line asks for, print a table, and write the rows to the file of --json."""
    options = _parse(argv)
    recipe = load_recipe(
        RECIPE, values={"data.crop": options.crop, "view.size": list(options.view), "loss.top_crop_rows": 0}
    )
    measuring.start(options, HEAD)
    keep_freed_memory()  # as loader processes do; it makes both forms faster
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        source, frames = _frames(options, Path(folder))
        for stored in options.stored:
            loose = store(source, frames, Path(folder) / stored, crop=options.crop, stored=stored)
            for row in measure(loose, recipe, Path(folder) / "cache", stored=stored, rounds=options.rounds):
                measuring.keep_row(
                    row, options.json, what=("stored", "ours", "height", "width", "frames", "threads")
                )
                print(_line(row), flush=True)
                rows.append(row)
    print(f"\nNormalising on this CPU takes another {rows[-1].normalise_ms:.2f} ms an image.")
    return rows


def _frames(options: argparse.Namespace, folder: Path) -> tuple[FrameSource, list[Frame]]:
    if options.data is None:
        world = WorldOptions(seed=0, sparse="lidar", frames_per_drive=options.frames)
        write_dataset(folder / "world", frames=options.frames, options=world, shares=(1, 0, 0))
        options.data, options.split = f"kitti:{folder / 'world'}", "train.txt"
    source = open_source(options.data)
    frames = [frame for frame in list_frames(source, options.split) if frame.depth]
    return source, frames[: options.frames]


def measure(loose: LooseFrames, recipe: Recipe, cache: Path, *, stored: str, rounds: int) -> list[Row]:
    """Measure the straightforward form, ours from files and ours from the cache: one epoch each per round."""
    n = len(loose)
    size = loose[0].image.shape[-2:]
    ways = {"from files": loose, "cached": cached(loose, folder=cache, label_digest=stored)}

    def epoch_of_theirs(epoch: int) -> None:
        drawn = (draw(generator(recipe, epoch, i), recipe, (size[0], size[1])) for i in range(n))
        stacked([straightforward(paths_of(loose, i), one, recipe) for i, one in enumerate(drawn)])

    def epoch_of_ours(views: ViewDataset, epoch: int) -> None:
        collate([views[ViewKey(epoch, i)] for i in range(n)])

    ours = [partial(epoch_of_ours, our_views(store, recipe)) for store in ways.values()]
    turns = measuring.take_turns(
        [_in_order(form) for form in (epoch_of_theirs, *ours)], rounds=rounds, memory=False
    )
    ms = [1000 * seconds / n for seconds in turns.cpu_s]
    batch = collate([our_views(loose, recipe)[ViewKey(0, i)] for i in range(n)])
    normalising = measuring.take_turns([lambda: normalise(batch.image)], rounds=rounds, memory=False).cpu_s[0]
    files = [path for i in range(n) for path in paths_of(loose, i)]
    return [
        Row(
            stored=stored, ours=way, height=size[0], width=size[1], frames=n,
            kilobytes=sum(path.stat().st_size for path in files) / 1024 / n,
            ms=(ms[0], ms[form]), images_per_s=(1000 / ms[0], 1000 / ms[form]), speedup=turns.speedup(form),
            normalise_ms=1000 * normalising / n, **measuring.circumstances(rounds),
        )
        for form, way in enumerate(ways, start=1)
    ]  # fmt: skip


def generator(recipe: Recipe, epoch: int, index: int) -> np.random.Generator:
    return np.random.default_rng((recipe.run.seed, epoch, index))


def our_views(frames: object, recipe: Recipe) -> ViewDataset:
    return ViewDataset(
        frames, view=recipe.view, shrink=1, photo=recipe.photo, train_focal_px=None,
        max_depth_m=recipe.data.max_depth_m, seed=recipe.run.seed,
    )  # fmt: skip


def _in_order(form: Callable[[int], None]) -> measuring.Form:
    """A form that makes the next epoch each time it is called."""
    epochs = itertools.count()
    return lambda: form(next(epochs))


def _line(row: Row) -> str:
    return measuring.line(
        f"{row.stored}, {row.kilobytes:.0f} KB",
        row.ours,
        *(f"{ms:.1f} ms" for ms in row.ms),
        measuring.times(row.speedup),
        *(f"{rate:.0f}" for rate in row.images_per_s),
    )


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = measuring.parser(__doc__, rounds=5)
    parser.add_argument("--data", metavar="kitti:DIR", help="frames of your own; default: render some")
    parser.add_argument("--split", default="train.txt")
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--crop", choices=("kb", "none"), default="kb")
    parser.add_argument("--view", type=measuring.size, default=(352, 704), metavar="HxW")
    parser.add_argument("--stored", nargs="+", choices=STORED, default=list(STORED))
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
