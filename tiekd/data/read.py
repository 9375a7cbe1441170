"""Read the files of a data set: pictures and 16-bit depth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tiekd.errors import DataError
from tiekd.runtime import png16


def read_image(path: Path) -> NDArray[np.uint8]:
    """RGB `[H, W, 3]` of a picture file. Raises DataError for a missing or broken file."""
    with _opened(path) as picture:
        return np.asarray(_decoded(picture, path).convert("RGB"), dtype=np.uint8)


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) from the header alone. Raises DataError for a missing or broken file."""
    with _opened(path) as picture:
        return picture.height, picture.width


def read_depth_png(path: Path, *, scale: float) -> NDArray[np.float32]:
    """Depth `[H, W]` in metres of a 16-bit grey PNG of `scale` steps per metre; 0 = none.

    Raises DataError for a missing or broken file and for one that is not 16-bit grey.
    """
    return png16.to_metres(png16.decode(path), scale=scale)


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


def _decoded(picture: Image.Image, path: Path) -> Image.Image:
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DataError(f"{path} is damaged: {error}", hint="Fetch or write the file again.") from error
    return picture
