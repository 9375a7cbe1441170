"""What the numbers in a file of depth tell about how they were written, whatever their unit.

Surfaces are smooth, so neighbouring depths differ little. Where they differ far less once the bits of every
number are put in another order, the file was written with that order.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint16]
LARGEST = 65535
"""The largest number that 16 bits hold. Many programs store it where there is no depth."""
_FLAT = 1e-6
_SMOOTHER = 0.6
"""Numbers in their right order differ from their neighbours by less than this share of what the others do."""
_FEWEST = 100
"""With fewer numbers than this nothing can be told."""
_MANY = 0.002
"""A largest number in more than this share of the numbers is a mark, not a depth."""
_GREY_STEP = 257
"""What 8-bit grey levels are multiplied by when a program stretches them to 16 bits."""
_ROTATED = 8
"""Bits that are rotated left by three make multiples of this, as long as none comes out on the other side."""

_MOSTLY = 0.5
_SWAPPED = (
    "the two bytes of every number are swapped: write the files again with numpy's depth.byteswap(), and "
    "declare the scale that they then have"
)
_TURNED = (
    "the bits of every number are rotated by 3, as in SUN RGB-D: write the files again as "
    "(v >> 3) | (v << 13), which are millimetres, and declare scale=1000"
)


def wrong_bits(stored: NDArray[np.float32], *, whole: bool) -> str:
    """Why the numbers of a file `[H, W]` (0 = none) are not depth in any unit; "" if they can be."""
    known = stored[stored > 0]
    if not whole or known.size < _FEWEST or known.max() > LARGEST:
        return ""
    bits = stored.astype(np.uint16)
    return _grey_levels(bits) or _wrong_order(bits)


def repeated_mark(stored: NDArray[np.float32], *, whole: bool, too_far: bool) -> str:
    """Which number stands for "no depth" in a file `[H, W]` (0 = none); "" if none does.

    It is the largest one, in many pixels: at the end of the 16 bits, or `too_far` and far from all others.
    """
    known = stored[stored > 0]
    largest = float(known.max())
    share = float((known == largest).mean())
    others = known[known < largest]
    apart = too_far and others.size > 0 and largest > 2 * float(others.max())
    if share < _MANY or not (apart or (whole and largest == LARGEST)):
        return ""
    number = f"{largest:.9g}"
    return f"{share:.1%} of its numbers are {number}: if that means no depth, declare missing={number}"


def are_rotated(known: NDArray[np.float32]) -> bool:
    """Whether all numbers are multiples of 8, as the depth of SUN RGB-D up to 8 m is."""
    return bool(known.size >= _FEWEST and (known % _ROTATED == 0).all() and np.unique(known).size > _FEWEST)


def _grey_levels(bits: Bits) -> str:
    known = bits[bits > 0]
    if (known % _GREY_STEP).any() or np.unique(known).size < 3:
        return ""
    return "its numbers are grey levels of 8 bits, stretched to 16: a picture of depth, not depth"


def _wrong_order(bits: Bits) -> str:
    """Which order of the bits makes the numbers smooth, while they are not; "" for none."""
    as_is = _roughness(bits)
    if _roughness(bits.byteswap()) < _SMOOTHER * as_is:
        return _SWAPPED
    # Up to 8 m, no bit comes out on the other side, and SUN RGB-D shows rooms.
    multiples = float((bits[bits > 0] % _ROTATED == 0).mean())
    back = ((bits >> 3) | (bits << 13)).astype(np.uint16)
    return _TURNED if _MOSTLY <= multiples < 1 and _roughness(back) < as_is else ""


def _roughness(bits: Bits) -> float:
    """Mean difference of a number to the next one, as a share of the mean number.

    It is the geometric mean over rows and columns: of few numbers, neighbours are near in one direction only.
    """
    rows, columns = bits[bits > 0], bits.T[bits.T > 0]
    mean = float(rows.mean())
    row, column = (float(np.abs(np.diff(line.astype(np.int32))).mean()) / mean for line in (rows, columns))
    return math.sqrt((row + _FLAT) * (column + _FLAT))
