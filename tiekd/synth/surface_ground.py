"""Roads, their markings, grass and leaves (compiled)."""

from __future__ import annotations

from math import cos, floor, sin

from tiekd.synth.jit import inline
from tiekd.synth.look import Look, Row, cells, gray, periodic, shaded, toward
from tiekd.synth.materials import COLOR1, COLOR2, COLOR3, GLOSS, PARAM, SEED
from tiekd.synth.noise import band, clamp, fbm, hash2, mix, value_noise


@inline
def road(m: Row, u: float, v: float, fp: float) -> Look:
    """Asphalt, cobbles or concrete with paint, wear, rails and puddles.

    Parameters: half width, lanes, style of the lines, length of a dash, of a gap, distance of the side line
    from the edge (0 = none), paving (0 asphalt, 1 cobbles, 2 concrete), wear of the paint, wetness, place of
    the zebra crossing along the road, offset of the tram rails (0 = none), strength of stains and patches.
    """
    seed = int(m[SEED])
    paving = m[PARAM + 6]
    if paving == 1.0:
        look = cells(m, u, v, fp, 0.16, 0.14, 0.012)
    elif paving == 2.0:
        look = cells(m, u, v, fp, 3.6, 5.0, 0.015)
    else:
        look = shaded(m, COLOR1, u, v, fp)
        grain = (
            1.0 + 0.5 * fbm(u, v, seed + 7, 14.0, fp) + m[PARAM + 11] * fbm(u, v * 0.25, seed + 3, 0.45, fp)
        )
        crack = abs(value_noise(u * 0.8, v * 0.5, seed + 9) - 0.5)
        grain *= 1.0 - 0.5 * band(crack, 0.0, 0.006, fp) * clamp(1.5 - 20.0 * fp, 0.0, 1.0)
        patch = hash2(floor(u / 1.7), floor(v / 4.3), seed + 5)
        grain *= mix(
            1.0,
            0.65 + 0.8 * hash2(floor(u / 1.7), floor(v / 4.3), seed + 6),
            1.0 if patch < m[PARAM + 11] * 0.4 else 0.0,
        )
        look = (look[0] * grain, look[1] * grain, look[2] * grain, look[3], look[4])
    paint = _markings(m, u, v, fp)
    worn = clamp(1.25 - 0.9 * m[PARAM + 7] * (0.6 + fbm(u, v, seed + 11, 2.5, fp)), 0.0, 1.0)
    look = toward(look, m, COLOR2, paint * worn, look[3])
    if m[PARAM + 10] > 0.0:
        for rail in (-0.72, 0.72):
            look = gray(look, 0.18, band(abs(u), m[PARAM + 10] + rail, 0.04, fp), 0.35)
    wet = m[PARAM + 8] * clamp(0.55 + 1.3 * fbm(u, v, seed + 13, 0.25, fp), 0.0, 1.0)
    dark = 1.0 - 0.55 * wet
    return look[0] * dark, look[1] * dark, look[2] * dark, look[3] + 0.35 * wet, 0.0


@inline
def _markings(m: Row, u: float, v: float, fp: float) -> float:
    """Coverage of paint: centre line, lane lines, edge lines and a zebra crossing."""
    half, lanes, style = m[PARAM], m[PARAM + 1], m[PARAM + 2]
    period = m[PARAM + 3] + m[PARAM + 4]
    dash = band(periodic(v, period), 0.5 * m[PARAM + 3], 0.5 * m[PARAM + 3], fp)
    paint = 0.0
    lane = 2.0 * half / lanes
    nearest = floor((u + half) / lane + 0.5)
    if 0.0 < nearest < lanes and style > 0.0:
        center = nearest * lane - half
        middle = abs(center) < 0.3
        solid = 1.0 if (middle and style >= 2.0) else dash
        if middle and style >= 3.0:
            paint = max(band(u, center - 0.12, 0.06, fp), band(u, center + 0.12, 0.06, fp))
        else:
            paint = band(u, center, 0.07, fp) * solid
    if m[PARAM + 5] > 0.0:
        paint = max(paint, band(abs(u), half - m[PARAM + 5], 0.07, fp))
    if abs(v - m[PARAM + 9]) < 1.6:
        paint = max(paint, band(periodic(u, 1.0), 0.5, 0.25, fp))
    if abs(v - m[PARAM + 9] + 2.9) < 0.2 and u > 0.0:
        paint = 1.0
    return paint


@inline
def grass(m: Row, u: float, v: float, fp: float) -> Look:
    """Blades, dry patches and furrows. Parameters: strength and direction (radians) of the furrows."""
    seed = int(m[SEED])
    broad = clamp(0.5 + fbm(u, v, seed, 0.13, fp), 0.0, 1.0)
    blades = 1.0 + 0.75 * fbm(u * 2.0, v, seed + 4, 5.0, fp)
    dry = clamp(2.2 * fbm(u, v, seed + 8, 0.6, fp) - 0.35, 0.0, 1.0)
    row = 1.0 + m[PARAM] * sin(6.2832 * (u * cos(m[PARAM + 1]) + v * sin(m[PARAM + 1])) / 0.8) * clamp(
        1.5 - 4.0 * fp, 0.0, 1.0
    )
    gain = max(blades * row, 0.1)
    r = mix(mix(m[COLOR1], m[COLOR2], broad), m[COLOR3], dry)
    g = mix(mix(m[COLOR1 + 1], m[COLOR2 + 1], broad), m[COLOR3 + 1], dry)
    b = mix(mix(m[COLOR1 + 2], m[COLOR2 + 2], broad), m[COLOR3 + 2], dry)
    return r * gain, g * gain, b * gain, 0.0, 0.0


@inline
def foliage(m: Row, u: float, v: float, fp: float) -> Look:
    """Leaves, light and dark."""
    seed = int(m[SEED])
    t = clamp(0.5 + 0.9 * fbm(u, v, seed, 3.0, fp) + 0.5 * fbm(u, v, seed + 4, 0.31, 0.0), 0.0, 1.0)
    gain = 1.0 + 0.5 * fbm(u, v, seed + 8, 9.0, fp)
    gain = gain if gain > 0.15 else 0.15
    return (
        mix(m[COLOR1], m[COLOR2], t) * gain,
        mix(m[COLOR1 + 1], m[COLOR2 + 1], t) * gain,
        mix(m[COLOR1 + 2], m[COLOR2 + 2], t) * gain,
        m[GLOSS],
        0.0,
    )
