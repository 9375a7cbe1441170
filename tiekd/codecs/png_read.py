"""A quick way to read plainly stored PNGs: KITTI's frames and ground truth, and what this project writes.

Their rows are all unfiltered or all differences to the left ("Sub"), which sums undo for a whole picture at
once; and Intel's ISA-L inflates at twice the speed of zlib. Together that takes half of Pillow's time.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from tiekd.codecs.png import SIGNATURE

MAX_PIXELS = 64_000_000
"""No larger picture is decoded unless the caller allows it."""

_BYTES_PER_PIXEL = {(8, 2): 3, (16, 0): 2}
"""Of the kinds that are read here, by bit depth and colour type: 8-bit RGB and 16-bit grey."""
_UNFILTERED, _SUB = 0, 1
_HARMLESS = {b"IHDR", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs", b"tIME", b"tEXt"}


def decode_plain(data: bytes, *, max_pixels: int = MAX_PIXELS) -> NDArray[Any] | None:
    """Pixels of an 8-bit RGB `[H, W, 3]` or 16-bit grey `[H, W]` PNG.

    None for bytes that are damaged, larger than `max_pixels`, stored in any other way, or not to be shown as
    they are stored (orientation, transparency): Pillow reads those, or says what is wrong with them.
    """
    try:
        return _decode(data, max_pixels)
    except (struct.error, isal_zlib.error):  # type: ignore[misc]  # isal's stub calls it an instance
        return None


def _decode(data: bytes, max_pixels: int) -> NDArray[Any] | None:
    body = _body(data)
    if body is None:
        return None
    width, height, bit_depth, color_type, *_, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    pixel_bytes = _BYTES_PER_PIXEL.get((bit_depth, color_type))
    if pixel_bytes is None or interlaced or not 0 < width * height <= max_pixels:
        return None
    n_bytes = height * (1 + width * pixel_bytes)
    inflater = isal_zlib.decompressobj()
    raw = inflater.decompress(body, n_bytes + 1)
    if len(raw) != n_bytes or not inflater.eof:
        return None
    rows = np.frombuffer(raw, np.uint8).reshape(height, -1)
    filters = rows[:, 0]
    if filters[0] not in (_UNFILTERED, _SUB) or (filters != filters[0]).any():
        return None
    pixels = rows[:, 1:].reshape(height, width, pixel_bytes)
    if filters[0] == _SUB:
        pixels = np.cumsum(pixels, axis=1, dtype=np.uint8)
    elif pixel_bytes == 3:
        pixels = pixels.copy()  # The bytes that it is a view of can't be written to.
    return pixels if pixel_bytes == 3 else pixels.view(">u2")[..., 0].astype(np.uint16)


def _body(data: bytes) -> bytes | None:
    """The compressed part of a whole PNG that holds nothing else of consequence, else None."""
    if not data.startswith(SIGNATURE):
        return None
    parts, start, kind = [], len(SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, start)
        content = data[start + 8 : start + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, start + 8 + length)
        # Pillow looks for an orientation in "Raw profile type exif".
        if kind not in _HARMLESS or (kind == b"tEXt" and content.startswith(b"Raw profile")):
            return None
        if isal_zlib.crc32(content, isal_zlib.crc32(kind)) != checksum:
            return None
        if kind == b"IDAT":
            parts.append(content)
        start += 12 + length
    return b"".join(parts) if data[12:16] == b"IHDR" else None
