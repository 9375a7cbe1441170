"""Read the files of a data set: pictures and 16-bit depth."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tiekd.codecs import png16
from tiekd.codecs.photo import read_photo, shown_size
from tiekd.codecs.png_read import read_plain
from tiekd.errors import DataError


def read_image(path: Path) -> NDArray[np.uint8]:
    """Upright RGB `[H, W, 3]` of a picture file. Raises DataError for a missing or broken file."""
    pixels = read_plain(path)
    return pixels if pixels is not None and pixels.ndim == 3 else read_photo(path)


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) from the header alone, upright. Raises DataError for a missing or broken file."""
    with _opened(path) as picture:
        return shown_size(picture)


def fitted_size(height: int, width: int, max_pixels: int | None) -> tuple[int, int]:
    """(height, width) scaled down to at most about `max_pixels`, as prediction does; None: as it is."""
    scale = min(1.0, math.sqrt(max_pixels / (height * width))) if max_pixels else 1.0
    return max(1, round(height * scale)), max(1, round(width * scale))


def fit_image(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """RGB `[H, W, 3]` scaled to `size` (height, width)."""
    if image.shape[:2] == size:
        return image
    small = Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(small)


def fit_depth(depth: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Depth `[H, W]` scaled to `size` (height, width) without mixing surfaces."""
    if depth.shape == size:
        return depth
    small = Image.fromarray(depth).resize((size[1], size[0]), Image.Resampling.NEAREST)
    return np.asarray(small, dtype=np.float32)


def read_grey16(path: Path) -> NDArray[np.uint16]:
    """Stored integers `[H, W]` of a 16-bit grey PNG. Raises DataError for a file that is not one."""
    stored = read_plain(path)
    return stored if stored is not None and stored.ndim == 2 else png16.decode(path)


def read_depth_png(path: Path, *, scale: float) -> NDArray[np.float32]:
    """Depth `[H, W]` in metres of a 16-bit grey PNG of `scale` steps per metre; 0 = none.

    Raises DataError for a missing or broken file and for one that is not 16-bit grey.
    """
    return png16.to_metres(read_grey16(path), scale=scale)


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except FileNotFoundError as error:
        raise DataError(
            f"{path} does not exist.", hint="Check the split and the root of the data set."
        ) from error
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path} is not a readable picture: {error}", hint="Fetch or write the file again."
        ) from error
