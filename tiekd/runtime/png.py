"""A small, fast PNG writer: 8-bit palette, 8-bit RGB and 16-bit grey.

Rows are filtered with "Sub" in numpy and deflated with Intel's ISA-L at its fastest level. On depth maps that
is dozens of times faster than Pillow at about the same size.
"""

from __future__ import annotations

import struct
from typing import Literal

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE = 0, 2, 3
_SUB = 1


def encode_grey16(values: NDArray[np.uint16], *, level: Literal[0, 1, 2, 3] = 1) -> bytes:
    """A 16-bit greyscale PNG of `values` `[H, W]`."""
    rows = values.astype(">u2").view(np.uint8).reshape(values.shape[0], -1)
    return _encode(rows, values.shape[1], bit_depth=16, color_type=_GREY, pixel_bytes=2, level=level)


def encode_rgb(pixels: NDArray[np.uint8]) -> bytes:
    """An 8-bit RGB PNG of `pixels` `[H, W, 3]`."""
    rows = np.ascontiguousarray(pixels).reshape(pixels.shape[0], -1)
    return _encode(rows, pixels.shape[1], bit_depth=8, color_type=_RGB, pixel_bytes=3, level=1)


def encode_palette(index: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """An 8-bit palette PNG: pixels `index` `[H, W]` into the colours `palette` `[n <= 256, 3]`."""
    colours = _chunk(b"PLTE", np.ascontiguousarray(palette).tobytes())
    rows = np.ascontiguousarray(index)
    return _encode(
        rows, index.shape[1], bit_depth=8, color_type=_PALETTE, pixel_bytes=1, level=1, before=colours
    )


def _encode(
    rows: NDArray[np.uint8],
    width: int,
    *,
    bit_depth: int,
    color_type: int,
    pixel_bytes: int,
    level: int,
    before: bytes = b"",
) -> bytes:
    height = rows.shape[0]
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _SUB
    filtered[:, 1 : 1 + pixel_bytes] = rows[:, :pixel_bytes]
    np.subtract(rows[:, pixel_bytes:], rows[:, :-pixel_bytes], out=filtered[:, 1 + pixel_bytes :])
    header = struct.pack(">IIBBBBB", width, height, bit_depth, color_type, 0, 0, 0)
    data = isal_zlib.compress(filtered, level)
    return b"".join((SIGNATURE, _chunk(b"IHDR", header), before, _chunk(b"IDAT", data), _chunk(b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = isal_zlib.crc32(data, isal_zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(data)), kind, data, struct.pack(">I", checksum)))
