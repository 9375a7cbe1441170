"""What a picture's file may ask of a decoder, found out before anything is decoded.

The number of pixels alone bounds little. A JPEG may send the same pixels in thousands of scans, and a decoder
may have to walk through millions of empty parts. The limits lie far above what cameras and programs write.
Nothing here decodes: every step jumps to the next part of the file, and the number of steps is limited, too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import NamedTuple, Never

from tiekd.errors import ImageError

MAX_SCAN_PIXELS = 1_500_000_000
"""Pixels times scans of a JPEG, thirty scans of 50 megapixels. An empty scan of those takes 0.03 s."""
MAX_SCANS = 200
"""Of a JPEG. Programs write about 10, and a file may hold previews of itself."""
MAX_SEGMENTS = 2000
"""Of a JPEG, before its first scan. An extended XMP of 16 MB has 250."""
MAX_TABLE_BYTES = 2**18
"""Of a JPEG, before its first scan: all that is no metadata. A photo has a few thousand at most. Pillow
unpacks quantisation tables in Python."""
MAX_PADDING_BYTES = 4096
"""Of a JPEG, between two segments."""
MAX_CHUNKS = 16_384
"""Of a PNG or WebP. A PNG of 32 MB in chunks of 4 KB has 8,192."""
MAX_EXTRA_CHUNKS = 256
"""Of a PNG: chunks that hold no pixels. Each may be a megabyte of compressed text."""
MAX_BLOCKS = 4096
"""Of a GIF before its first frame. This is a megabyte of comments."""
MAX_RUN_LENGTH_BYTES = 2**20
"""Of a BMP. Pillow decodes run lengths in Python, 4 MB in a second, and no other thread runs meanwhile."""
_MARKER = re.compile(rb"\xff+[\x01-\xfe]")
_OF_COSINES = {0xC0, 0xC1, 0xC2}
_EXIF = b"Exif\x00\x00"
_START_OF_SCAN, _END_OF_IMAGE, _APP1, _APP15 = 0xDA, 0xD9, 0xE1, 0xEF
_PARSED = {_APP1: _EXIF, 0xE2: b"MPF\x00", 0xED: b"Photoshop 3.0\x00"}
"""Metadata that Pillow would walk through, by the code of its segment, and how it begins."""
_METADATA = {*range(0xE0, 0xF0), 0xFE}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_PIXEL_CHUNKS = {b"IDAT", b"fcTL", b"fdAT"}


class Checked(NamedTuple):
    """A file whose cost is known.

    data: as it may be opened; Pillow would read all that the EXIF of a JPEG points to, and walk through other
    metadata that nobody needs here, so they are hidden there. exif: that block, if there is one. shrinks:
    whether it can be decoded at a half, a quarter or an eighth of its size. Every JPEG of cosines can, so all
    but the rare lossless kind.
    """

    data: bytes
    exif: bytes | None = None
    shrinks: bool = False


def checked(data: bytes, *, where: str) -> Checked:
    """The file as it may be opened. Raises ImageError for one beyond the limits.

    One that is damaged or of another type is left to the decoder.
    """
    try:
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data, where)
        for head, check in _CHECKS.items():
            if data.startswith(head):
                check(data, where)
    except struct.error:  # The file ends early, which the decoder notices, too.
        pass
    return Checked(data)


def check_scans(data: bytes, pixels: int, *, where: str) -> None:
    """Raise ImageError for a file of so many pixels that is a JPEG with too many scans for them."""
    scans = data.count(b"\xff\xda") if data.startswith(b"\xff\xd8") else 1
    if scans > MAX_SCANS or scans * pixels > max(MAX_SCAN_PIXELS, pixels):
        _refuse(where, f"is a JPEG of {scans} scans with {pixels / 1e6:.1f} megapixels each")


def _jpeg(data: bytes, where: str) -> Checked:
    at, table_bytes, shrinks = 2, 0, False
    hidden: list[int] = []
    exif: list[bytes] = []
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, at, at + MAX_PADDING_BYTES)
        if found is None:
            if len(data) - at > MAX_PADDING_BYTES:
                _refuse(where, f"has more than {MAX_PADDING_BYTES} bytes between two segments of a JPEG")
            break
        at, code = found.end(), data[found.end() - 1]
        if code in (_START_OF_SCAN, _END_OF_IMAGE):
            break
        if code in _WITHOUT_LENGTH:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        shrinks |= code in _OF_COSINES
        table_bytes += 0 if code in _METADATA else length
        if table_bytes > MAX_TABLE_BYTES:
            _refuse(where, f"is a JPEG of more than {MAX_TABLE_BYTES // 1024} KiB of tables")
        if code in _PARSED and data.startswith(_PARSED[code], at + 2):
            hidden.append(at - 1)
            if code == _APP1:
                exif.append(data[at + 2 + (len(_EXIF) if exif else 0) : at + length])
        at += max(length, 2)
    else:
        _refuse(where, f"is a JPEG of more than {MAX_SEGMENTS} segments")
    if not hidden:
        return Checked(data, None, shrinks)
    opened = bytearray(data)
    for place in hidden:
        opened[place] = _APP15
    return Checked(bytes(opened), b"".join(exif) or None, shrinks)


def _png(data: bytes, where: str) -> None:
    at, extra = 8, 0
    for _ in range(MAX_CHUNKS):
        length, kind = struct.unpack_from(">I4s", data, at)
        extra += kind not in _PIXEL_CHUNKS
        if extra > MAX_EXTRA_CHUNKS:
            _refuse(where, f"is a PNG of more than {MAX_EXTRA_CHUNKS} chunks beside its pixels")
        if kind == b"IEND":
            return
        at += 12 + length
    _refuse(where, f"is a PNG of more than {MAX_CHUNKS} chunks")


def _webp(data: bytes, where: str) -> None:
    at = 12
    for _ in range(MAX_CHUNKS):
        (length,) = struct.unpack_from("<I", data, at + 4)
        at += 8 + length + length % 2
    _refuse(where, f"is a WebP of more than {MAX_CHUNKS} chunks")


def _gif(data: bytes, where: str) -> None:
    (flags,) = struct.unpack_from("B", data, 10)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    in_extension = False
    for _ in range(MAX_BLOCKS):
        (first,) = struct.unpack_from("B", data, at)
        if in_extension:
            at += 1 + first
            in_extension = first != 0
        elif first == ord("!"):
            at, in_extension = at + 2, True
        elif first == 0:
            at += 1
        else:
            return
    _refuse(where, f"is a GIF of more than {MAX_BLOCKS} blocks before its first frame")


def _bmp(data: bytes, where: str) -> None:
    (header_bytes,) = struct.unpack_from("<I", data, 14)
    if header_bytes < 40:
        return
    (compression,) = struct.unpack_from("<I", data, 30)
    if compression in (1, 2) and len(data) > MAX_RUN_LENGTH_BYTES:
        _refuse(where, f"is a run-length BMP of more than {MAX_RUN_LENGTH_BYTES / 2**20:g} MiB")


def _refuse(where: str, what: str) -> Never:
    raise ImageError(
        f"{where} {what}, which takes too long to decode.",
        reason="size",
        hint="Save it again as a plain JPEG or PNG.",
    )


_CHECKS: dict[bytes, Callable[[bytes, str], None]] = {
    b"\x89PNG\r\n\x1a\n": _png,
    b"RIFF": _webp,
    b"GIF87a": _gif,
    b"GIF89a": _gif,
    b"BM": _bmp,
}
