"""The look of a surface point, and common steps of all procedural surfaces (compiled).

A look is (r, g, b, gloss, emission) with linear colours. Arguments: m is the row of the material, (u, v) are
texture coordinates in metres, fp is the footprint of a pixel on the surface in metres.
"""

from __future__ import annotations

from math import floor

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.jit import inline
from tiekd.synth.materials import COLOR1, COLOR2, EMISSION, FREQUENCY, GLOSS, MOTTLE, SEED
from tiekd.synth.noise import band, clamp, fbm, hash2, mix

Row = NDArray[np.float64]
Look = tuple[float, float, float, float, float]


@inline
def shaded(m: Row, color: int, u: float, v: float, fp: float) -> Look:
    """One colour of the row, mottled by noise."""
    gain = 1.0 + m[MOTTLE] * 1.6 * fbm(u, v, int(m[SEED]), m[FREQUENCY], fp)
    gain = gain if gain > 0.1 else 0.1
    return m[color] * gain, m[color + 1] * gain, m[color + 2] * gain, m[GLOSS], m[EMISSION]


@inline
def toward(look: Look, m: Row, color: int, t: float, gloss: float) -> Look:
    """Blend a look towards one colour of the row."""
    return (
        mix(look[0], m[color], t),
        mix(look[1], m[color + 1], t),
        mix(look[2], m[color + 2], t),
        mix(look[3], gloss, t),
        look[4],
    )


@inline
def gray(look: Look, value: float, t: float, gloss: float) -> Look:
    """Blend a look towards a grey value."""
    return (
        mix(look[0], value, t),
        mix(look[1], value, t),
        mix(look[2], value, t),
        mix(look[3], gloss, t),
        look[4],
    )


@inline
def periodic(x: float, period: float) -> float:
    """`x` modulo `period`, in `[0, period)`."""
    return x - floor(x / period) * period


@inline
def cells(m: Row, u: float, v: float, fp: float, width: float, height: float, joint: float) -> Look:
    """Bricks, slabs, cobbles or tiles: courses shifted by half, and each stone with its own shade."""
    course = floor(v / height)
    shifted = u + 0.5 * width * (course - 2.0 * floor(course / 2.0))
    column = floor(shifted / width)
    look = shaded(m, COLOR1, u, v, fp)
    fade = clamp(1.4 - fp / (0.5 * height), 0.0, 1.0)
    gain = 1.0 + fade * 0.55 * (hash2(int(column), int(course), int(m[SEED])) - 0.5)
    look = (look[0] * gain, look[1] * gain, look[2] * gain, look[3], look[4])
    line = max(band(periodic(shifted, width), 0.0, joint, fp), band(periodic(v, height), 0.0, joint, fp))
    return toward(look, m, COLOR2, line * fade, 0.02)
