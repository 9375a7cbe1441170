"""Portable float maps of one channel: a header in text, then float32 in rows from the bottom to the top.

Pillow reads them too, but shifts every number by a byte where the header ends in a Windows line break.
"""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.arrays import StoredMap
from tiekd.codecs.damage import damage
from tiekd.codecs.png_read import MAX_PIXELS
from tiekd.errors import DamagedError, DataError

_LONGEST_HEADER = 200
_HEADER = re.compile(rb"P([fF])\s+([1-9]\d{0,8})\s+([1-9]\d{0,8})\s+([-+]?[0-9.]+(?:[eE][-+]?\d+)?)(?=\s)")


def open_pfm(file: BinaryIO, *, where: str) -> StoredMap:
    """The map in an open PFM file. Raises DataError for colours, for a factor, and for another length."""
    head = file.read(_LONGEST_HEADER)
    found = _HEADER.match(head)
    if found is None:
        said = "is no PFM" if head else f"can't be read: {damage(head, '.pfm')}"
        raise DataError(f"{where} {said}.", hint="The header of a PFM is Pf, width, height, and 1 or -1.")
    kind, *sizes, scale = found.groups()
    if kind == b"F":
        raise DataError(
            f"{where} is a PFM of three channels, which holds no depth.", hint="Write one channel (Pf)."
        )
    width, height = map(int, sizes)
    if width * height > MAX_PIXELS:
        raise DataError(
            f"{where} has {width}x{height} pixels, more than {MAX_PIXELS / 1e6:.0f} million.",
            hint="Scale it down first.",
        )
    # Programs disagree whether numbers are to be multiplied by the factor.
    if abs(float(scale)) != 1:
        raise DataError(
            f"{where} states a factor of {abs(float(scale)):g}, and programs disagree on what that means.",
            hint="Write it in metres, with a factor of 1 or -1.",
        )
    # One line break ends the header: of one sign or, on Windows, of two.
    start = file.seek(0, 2) - 4 * width * height
    if head[found.end() : start] not in {b"\n", b"\r\n", b"\r", b" "}:
        raise DamagedError(f"{where} is not as long as its header says.", hint="Write or fetch it again.")

    def load() -> NDArray[np.float32]:
        file.seek(start)
        numbers = np.frombuffer(file.read(), ">f4" if float(scale) > 0 else "<f4")
        return numbers.reshape(height, width)[::-1]

    return StoredMap((height, width), whole=False, load=load)
