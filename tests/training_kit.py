"""What tests of training share: a tiny data set in KITTI's layout, and recipes that train in seconds."""

from __future__ import annotations

import csv
import multiprocessing
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (64, 96)
FOCAL_PX = 60.0


def write_kitti(root, splits, *, size=SIZE, seed=0):
    """Frames of a sloping plane with a box in front: `splits` maps a split's name to its number of frames."""
    rng = np.random.default_rng(seed)
    number = 0
    for split, count in splits.items():
        lines = []
        for _ in range(count):
            image, depth = plane_with_box(rng, size)
            drive = f"2011_01_01_drive_{number:04d}_sync"
            names = (
                f"2011_01_01/{drive}/image_02/data/{number:010d}.png",
                f"{drive}/proj_depth/groundtruth/image_02/{number:010d}.png",
            )
            for folder, name, pixels in zip(("input", "gt_depth"), names, (image, depth), strict=True):
                path = root / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path, compress_level=1)
            lines.append(f"{names[0]} {names[1]} {FOCAL_PX}")
            number += 1
        (root / f"{split}.txt").write_text("\n".join(lines) + "\n")
    return root


def write_nyu(root, splits, *, seed=0):
    """The same in NYU's layout and size: millimetres up to 10 m, with a border without any."""
    rng = np.random.default_rng(seed)
    for split, count in splits.items():
        lines = []
        for number in range(count):
            image, stored = plane_with_box(rng, (480, 640))
            depth = np.zeros((480, 640), np.uint16)
            depth[8:-8, 8:-8] = (stored[8:-8, 8:-8] / 256 / 7 * 1000).astype(np.uint16)
            room = f"{split}_room_{number % 2:04d}"
            names = [f"{room}/{kind}_{number:05d}" for kind in ("rgb", "sync_depth")]
            (root / room).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(root / f"{names[0]}.jpg")
            Image.fromarray(depth).save(root / f"{names[1]}.png", compress_level=1)
            lines.append(f"/{names[0]}.jpg /{names[1]}.png 518.8579")
        (root / f"nyu_{split}.txt").write_text("\n".join(lines) + "\n")
    return root


def plane_with_box(rng, size):
    height, width = size
    rows = np.arange(height)[:, None] - height // 3
    depth = np.where(rows > 0, 300 / np.maximum(rows, 1), 0.0) * np.ones((1, width))
    depth[depth > 70] = 0
    image = np.tile(np.clip(4 * np.arange(height), 0, 255)[:, None, None], (1, width, 3)) + rng.normal(
        0, 5, (height, width, 3)
    )
    top, left = int(rng.integers(height // 4, height // 2)), int(rng.integers(0, width // 2))
    box = np.s_[top : top + height // 4, left : left + width // 4]
    depth[box], image[box] = rng.uniform(4, 30), rng.uniform(0, 255, 3)
    return np.clip(image, 0, 255).astype(np.uint8), np.round(depth * 256).astype(np.uint16)


TINY = {
    "network.encoder_weights": None,
    "network.frozen_norms": "none",
    "network.options": {"image_pool": 2, "output_stride": 4, "norm": "batch"},
    "data.shrink": 2,
    "view.size": [64, 96],
    "data.train_focal_px": FOCAL_PX,
    "data.workers": 0,
    "data.cache": False,
    "optim.steps": 2,
    "optim.coarse_share": 0.0,
    "optim.batch_size": 2,
    "run.val_every": 2,
    "run.save_every": 1,
    "run.log_every": 1,
}
TINY_TEACHER = {
    **TINY,
    "network.encoder": "test_efficientnet",
    "network.n_bins": 12,
    "network.options": {
        **TINY["network.options"], "embed_dim": 16, "n_layers": 1, "ff_dim": 32, "patch_size": 4
    },
}  # fmt: skip
TINY_STUDENT = {**TINY, "network.encoder": "test_resnet", "network.n_bins": 16}
FILES = ("best.safetensors", "last.safetensors", "last.ckpt", "metrics.csv", "recipe.yaml", "data.json")


def run(recipe, out, **options):
    from tiekd.training.fit import fit

    return fit(recipe, out, interactive=False, **options)


def run_row(row, values, out, resume=False):
    """The same for a process of its own, whose loaders are forked: they end with it, however it ends."""
    multiprocessing.set_start_method("fork", force=True)
    from tiekd.recipe import load_recipe

    run(load_recipe(row, values=values), Path(out), resume=resume)


def rows(out):
    """metrics.csv without the times."""
    with (out / "metrics.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def different(first, second, where=""):
    """Places where two nested documents differ in a bit."""
    import torch

    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        return [place for key in first for place in different(first[key], second[key], f"{where}.{key}")]
    if isinstance(first, list | tuple) and len(first) == len(second):
        pairs = enumerate(zip(first, second, strict=True))
        return [place for i, (a, b) in pairs for place in different(a, b, f"{where}.{i}")]
    same = torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second
    return [] if same else [where]
