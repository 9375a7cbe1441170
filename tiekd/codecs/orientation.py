"""Which way up a photo is, by its EXIF or XMP. Only the one entry is read, whatever else the file says.

Pillow reads every entry of the EXIF with the data that it points to. In this way a file of 64 KB can fill
hundreds of megabytes.
"""

from __future__ import annotations

import re
import struct
from io import SEEK_CUR
from typing import Any, BinaryIO

from PIL import Image

from tiekd.codecs.png import SIGNATURE

_TAG = 0x0112
_INTEGERS = {1: "B", 3: "H", 4: "I"}
"""EXIF's types of whole numbers."""
_MOST_ENTRIES = 1000
_NOTES = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt"})
_EXIF_HEAD = re.compile(rb"^(Exif\x00\x00){1,2}")
_IN_XMP = re.compile(rb"tiff:Orientation(?:=\"|>)([0-9])")
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPPING = {_UPRIGHT[orientation] for orientation in (5, 6, 7, 8)}


def upright_by(image: Image.Image) -> Image.Transpose | None:
    """How a picture is turned upright, by what Pillow has read of its file so far. None: not at all."""
    info: dict[Any, Any] = image.info
    exif = info.get("exif")
    if exif is None and "Raw profile type exif" in info:
        exif = _unhexed(info["Raw profile type exif"])
    found = _in_exif(exif or b"")
    if found is None:
        xmp = info.get("XML:com.adobe.xmp") or info.get("xmp") or b""
        said = _IN_XMP.search(xmp.encode() if isinstance(xmp, str) else xmp)
        found = int(said[1]) if said else None
    return _UPRIGHT.get(found) if found else None


def swaps_sides(method: Image.Transpose | None) -> bool:
    """Whether height and width change places."""
    return method in _SWAPPING


def notes_follow_pixels(png: BinaryIO) -> bool:
    """Whether an open PNG holds chunks that may state its orientation behind its pixels.

    Only the heads of chunks are read. The file is left at the place where it was.
    """
    here, behind = png.tell(), False
    try:
        png.seek(len(SIGNATURE))
        while len(head := png.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            behind |= kind == b"IDAT"
            if behind and kind in _NOTES:
                return True
            png.seek(length + 4, SEEK_CUR)
    finally:
        png.seek(here)
    return False


def _in_exif(exif: bytes) -> int | None:
    """The orientation in the first directory of an EXIF block. Damaged EXIF says nothing about the pixels."""
    tiff = _EXIF_HEAD.sub(b"", exif)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    found = None
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for number in range(min(entries, _MOST_ENTRIES)):
            at = start + 2 + 12 * number
            tag, kind, count = struct.unpack_from(order + "HHI", tiff, at)
            if tag == _TAG and kind in _INTEGERS and count == 1:
                (found,) = struct.unpack_from(order + _INTEGERS[kind], tiff, at + 8)
    except struct.error:  # The entries before the damage count.
        pass
    return found


def _unhexed(profile: str) -> bytes:
    """The EXIF that ImageMagick writes into PNG text: name and length, then hexadecimal digits."""
    try:
        return bytes.fromhex("".join(profile.split("\n")[3:]))
    except ValueError:
        return b""
