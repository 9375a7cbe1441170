"""Makes large folders of results for measurements: many methods, many frames, little disk.

Every file is a hard link to one of a few small pictures, so that listing, opening and reading cost what they
cost with real results, and the disk holds only names.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from tiekd.codecs import png16

_KINDS = 8
"""Different pictures of a method; more links to one file than a file system allows are avoided, too."""


def make_results(folder: Path, *, n_methods: int, n_frames: int, size: tuple[int, int]) -> None:
    """Fill `folder` with `image` and `n_methods` methods of `n_frames` frames of `size` (width, height).

    The first method is `ground_truth`, sparse. Every seventh method lacks a frame, as real ones do.
    """
    width, height = size
    masters = folder / ".masters"
    masters.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("image", *_methods(n_methods)):
        (folder / name).mkdir()
        for kind in range(_KINDS):
            file = masters / f"{name}.{kind}"
            if name == "image":
                Image.fromarray(rng.integers(0, 255, (height, width, 3), np.uint8)).save(
                    file, "JPEG", quality=60
                )
            else:
                file.write_bytes(png16.encode(_depth(rng, size, sparse=name == "ground_truth")))
    for number, name in enumerate(("image", *_methods(n_methods))):
        ending = "jpg" if name == "image" else "png"
        for frame in range(n_frames):
            if number % 7 == 3 and frame == number:
                continue
            os.link(masters / f"{name}.{frame % _KINDS}", folder / name / f"2011_09_26_{frame:010d}.{ending}")
    shutil.rmtree(masters)


def _methods(n_methods: int) -> list[str]:
    return ["ground_truth", *(f"method_{i:02d}" for i in range(1, n_methods))]


def _depth(rng: np.random.Generator, size: tuple[int, int], *, sparse: bool) -> np.ndarray:
    width, height = size
    depth = np.linspace(75, 4, height, dtype=np.float32)[:, None] + rng.normal(0, 1, (height, width))
    if sparse:
        depth[rng.random(depth.shape) > 0.05] = 0
    return depth.clip(0, 80).astype(np.float32)


def main() -> None:
    """Make one folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", type=int, default=40)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--size", default="620x188", help="WIDTHxHEIGHT in pixels")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    make_results(args.folder, n_methods=args.methods, n_frames=args.frames, size=(width, height))


if __name__ == "__main__":
    main()
