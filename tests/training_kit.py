"""What tests of training share: a tiny data set in KITTI's layout, and recipes that train in seconds."""

from __future__ import annotations

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
