"""Depth in 16-bit PNG: stored integer = metres x scale, 0 = no depth (KITTI's convention with scale 256)."""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tiekd.codecs.png import encode_grey16, read_note
from tiekd.codecs.png_read import MAX_PIXELS, decode_plain
from tiekd.errors import DamagedError, DataError
from tiekd.files import read_regular

DEPTH_SCALE = 256
"""Stored integer per metre, unless somebody declares another."""
_STATED = "depth_scale="


def to_uint16(depth_m: NDArray[np.floating[Any]], *, scale: float = DEPTH_SCALE) -> NDArray[np.uint16]:
    """Stored integers `[H, W]` of `depth_m` `[H, W]` in metres; 0 where depth is not finite or not positive.

    A valid depth never becomes 0, and depth beyond the format's reach (256 m at scale 256) stays at 65535.
    """
    with np.errstate(over="ignore"):  # What is too large for float32 is no depth.
        scaled = np.asarray(depth_m, np.float32) * np.float32(scale)
    scaled[~np.isfinite(scaled)] = 0
    invalid = scaled <= 0
    # In place: a map of many pixels would take several times its memory.
    np.clip(np.rint(scaled, out=scaled), 1, 65535, out=scaled)
    scaled[invalid] = 0
    return scaled.astype(np.uint16)


def to_metres(stored: NDArray[np.uint16], *, scale: float = DEPTH_SCALE) -> NDArray[np.float32]:
    """Depth `[H, W]` in metres, 0 = none, from stored integers `[H, W]`."""
    return stored.astype(np.float32) / np.float32(scale)


def encode(
    depth_m: NDArray[np.floating[Any]],
    *,
    scale: float = DEPTH_SCALE,
    small: bool = False,
    states_scale: bool = False,
) -> bytes:
    """A 16-bit PNG of `depth_m` `[H, W]` in metres; `small` takes its time for a smaller file.

    `states_scale` writes the scale into the file, for `stated_scale`.
    """
    note = f"{_STATED}{scale:g}" if states_scale else ""
    return encode_grey16(to_uint16(depth_m, scale=scale), small=small, note=note)


def stated_scale(path: Path) -> float | None:
    """The scale that `encode` wrote into a PNG, None where a file states none. Raises OSError."""
    note = read_note(path) or ""
    try:
        scale = float(note.removeprefix(_STATED)) if note.startswith(_STATED) else 0.0
    except ValueError:
        return None
    return scale if scale > 0 and math.isfinite(scale) else None


def decode(source: bytes | Path, *, where: str = "") -> NDArray[np.uint16]:
    """Stored integers `[H, W]` of a 16-bit greyscale PNG, from its bytes or its path.

    `where` names it in errors. Raises DataError when it is missing, broken, or not 16-bit grey.
    """
    where = where or ("The picture" if isinstance(source, bytes) else str(source))
    try:
        data = source if isinstance(source, bytes) else read_regular(source)
        plain = decode_plain(data)
        if plain is not None and plain.ndim == 2:
            return plain
        with Image.open(BytesIO(data), formats=("PNG",)) as image:
            mode = image.mode
            check_size(image, where)
            # Older Pillows open 16-bit grey as 32-bit "I".
            stored = np.asarray(image) if mode in {"I;16", "I;16B", "I"} else None
    except FileNotFoundError as error:
        raise DataError(f"There is no file {where}.", hint="Check the path.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{where} has far too many pixels.", hint="Scale it down first.") from error
    except UnidentifiedImageError as error:
        raise DamagedError(
            f"{where} is not a PNG.", hint="Depth is stored as 16-bit greyscale PNG."
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DamagedError(
            f"{where} can't be read: {error}.", hint="The file is damaged; write it again."
        ) from error
    if stored is None:
        raise not_grey16(where, mode)
    return stored.astype(np.uint16)


def check_size(image: Image.Image, where: str) -> None:
    """Raise DataError if a stored depth map has more pixels than `MAX_PIXELS`."""
    if image.width * image.height > MAX_PIXELS:
        raise DataError(
            f"{where} has {image.width}x{image.height} pixels, more than {MAX_PIXELS / 1e6:.0f} million.",
            hint="Scale it down first.",
        )


def not_grey16(where: str, mode: str) -> DataError:
    """The error for a PNG with other pixels than 16-bit grey; `mode` as Pillow calls them."""
    return DataError(
        f"{where} is a PNG of mode {mode}, not 16-bit greyscale.",
        hint="Depth is stored as 16-bit greyscale PNG; colour pictures hold no depth.",
    )


def read_metres(path: Path, *, scale: float = DEPTH_SCALE) -> NDArray[np.float32]:
    """Depth `[H, W]` in metres, 0 = none, of a 16-bit grey PNG file. Raises what `decode` raises."""
    return to_metres(decode(path), scale=scale)
