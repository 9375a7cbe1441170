"""What a surface looks like at a point: procedural colour per material kind (compiled).

Every function takes the material's row, texture coordinates in metres and the pixel's footprint in metres,
and answers (r, g, b, gloss, emission), linear.
"""

from __future__ import annotations

from math import cos, floor, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.jit import inline
from tiekd.synth.materials import (
    BAND,
    BOARD,
    BRICK,
    CAR_END,
    CAR_SIDE,
    COLOR1,
    COLOR2,
    COLOR3,
    EMISSION,
    FACADE,
    FENCE,
    FOLIAGE,
    FREQUENCY,
    GLASS,
    GLOSS,
    GRASS,
    KIND,
    MOTTLE,
    PARAM,
    PERSON,
    ROAD,
    SEED,
    SIGN,
    STRIPES,
    WHEEL,
)
from tiekd.synth.noise import band, clamp, fbm, hash2, mix, value_noise

Row = NDArray[np.float64]
Look = tuple[float, float, float, float, float]


@inline
def _shaded(m: Row, color: int, u: float, v: float, fp: float) -> Look:
    """One of the row's colours, mottled."""
    gain = 1.0 + m[MOTTLE] * 1.6 * fbm(u, v, int(m[SEED]), m[FREQUENCY], fp)
    gain = gain if gain > 0.1 else 0.1
    return m[color] * gain, m[color + 1] * gain, m[color + 2] * gain, m[GLOSS], m[EMISSION]


@inline
def _toward(look: Look, m: Row, color: int, t: float, gloss: float) -> Look:
    """Blend a look towards one of the row's colours."""
    return (
        mix(look[0], m[color], t),
        mix(look[1], m[color + 1], t),
        mix(look[2], m[color + 2], t),
        mix(look[3], gloss, t),
        look[4],
    )


@inline
def _gray(look: Look, value: float, t: float, gloss: float) -> Look:
    return (
        mix(look[0], value, t),
        mix(look[1], value, t),
        mix(look[2], value, t),
        mix(look[3], gloss, t),
        look[4],
    )


@inline
def _periodic(x: float, period: float) -> float:
    return x - floor(x / period) * period


@inline
def _cells(m: Row, u: float, v: float, fp: float, width: float, height: float, joint: float) -> Look:
    """Bricks, slabs, cobbles, tiles: courses shifted by half, every stone its own shade."""
    course = floor(v / height)
    shifted = u + 0.5 * width * (course - 2.0 * floor(course / 2.0))
    column = floor(shifted / width)
    look = _shaded(m, COLOR1, u, v, fp)
    fade = clamp(1.4 - fp / (0.5 * height), 0.0, 1.0)
    gain = 1.0 + fade * 0.55 * (hash2(int(column), int(course), int(m[SEED])) - 0.5)
    look = (look[0] * gain, look[1] * gain, look[2] * gain, look[3], look[4])
    line = max(band(_periodic(shifted, width), 0.0, joint, fp), band(_periodic(v, height), 0.0, joint, fp))
    return _toward(look, m, COLOR2, line * fade, 0.02)


@inline
def _road(m: Row, u: float, v: float, fp: float) -> Look:
    seed = int(m[SEED])
    paving = m[PARAM + 6]
    if paving == 1.0:
        look = _cells(m, u, v, fp, 0.16, 0.14, 0.012)
    elif paving == 2.0:
        look = _cells(m, u, v, fp, 3.6, 5.0, 0.015)
    else:
        look = _shaded(m, COLOR1, u, v, fp)
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
    look = _toward(look, m, COLOR2, paint * worn, look[3])
    if m[PARAM + 10] > 0.0:
        for rail in (-0.72, 0.72):
            look = _gray(look, 0.18, band(abs(u), m[PARAM + 10] + rail, 0.04, fp), 0.35)
    wet = m[PARAM + 8] * clamp(0.55 + 1.3 * fbm(u, v, seed + 13, 0.25, fp), 0.0, 1.0)
    dark = 1.0 - 0.55 * wet
    return look[0] * dark, look[1] * dark, look[2] * dark, look[3] + 0.5 * wet, 0.0


@inline
def _markings(m: Row, u: float, v: float, fp: float) -> float:
    """Coverage of paint: centre line, lane lines, edge lines and a zebra crossing."""
    half, lanes, style = m[PARAM], m[PARAM + 1], m[PARAM + 2]
    period = m[PARAM + 3] + m[PARAM + 4]
    dash = band(_periodic(v, period), 0.5 * m[PARAM + 3], 0.5 * m[PARAM + 3], fp)
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
        paint = max(paint, band(_periodic(u, 1.0), 0.5, 0.25, fp))
    if abs(v - m[PARAM + 9] + 2.9) < 0.2 and u > 0.0:
        paint = 1.0
    return paint


@inline
def _facade(m: Row, u: float, v: float, fp: float) -> Look:
    seed = int(m[SEED])
    bricks = m[PARAM + 5] > 0.0
    look = _cells(m, u, v, fp, 0.25, 0.08, 0.006) if bricks else _shaded(m, COLOR1, u, v, fp)
    streak = 1.0 - 0.25 * clamp(fbm(u, v * 0.12, seed + 2, 1.1, fp), 0.0, 1.0)
    look = (look[0] * streak, look[1] * streak, look[2] * streak, look[3], look[4])
    ground = m[PARAM + 4]
    if v < ground:
        return _shop(m, look, u, v, fp)
    floor_h, bay = m[PARAM], m[PARAM + 1]
    row, column = floor((v - ground) / floor_h), floor(u / bay)
    y = (v - ground - row * floor_h) / floor_h - 0.52
    x = u / bay - column - 0.5
    if v > m[PARAM + 8] - 0.35 or u < 0.5 or u > m[PARAM + 7] - 0.5:
        return _toward(look, m, COLOR2, 0.6 if v > m[PARAM + 8] - 0.35 else 0.0, 0.02)
    wx, wy = 0.5 * m[PARAM + 2], 0.5 * m[PARAM + 3]
    pane = band(x, 0.0, wx, fp / bay) * band(y, 0.0, wy, fp / floor_h)
    frame = band(x, 0.0, wx + m[PARAM + 6] / bay, fp / bay) * band(
        y, 0.0, wy + m[PARAM + 6] / floor_h, fp / floor_h
    )
    look = _toward(look, m, COLOR2, frame, 0.03)
    if m[PARAM + 9] > 0.0:
        shutter = band(abs(x), wx * 1.5, wx * 0.5, fp / bay) * band(y, 0.0, wy, fp / floor_h)
        look = _toward(look, m, COLOR3, shutter, 0.02)
    chance = hash2(int(column), int(row), seed + 17)
    dark = 0.012 + 0.05 * chance
    if chance < m[PARAM + 10]:
        dark = 0.3
    if y > wy - 2.0 * wy * hash2(int(column), int(row), seed + 18) and chance > 0.6:
        dark = 0.35
    cross = max(band(x, 0.0, 0.03 / bay, fp / bay), band(y, 0.12 * wy, 0.03 / floor_h, fp / floor_h))
    look = _gray(look, dark, pane, 0.35 if dark < 0.2 else 0.1)
    return _toward(look, m, COLOR2, pane * cross, 0.03)


@inline
def _shop(m: Row, look: Look, u: float, v: float, fp: float) -> Look:
    """Ground floor: plinth, shop windows, doors and a name board with letters."""
    seed, ground = int(m[SEED]), m[PARAM + 4]
    if m[PARAM + 11] <= 0.0:
        bay = m[PARAM + 1]
        x = u / bay - floor(u / bay) - 0.5
        door = hash2(floor(u / bay), 3, seed + 19) < 0.25
        low = 0.0 if door else 0.34
        opening = band(x, 0.0, 0.5 * m[PARAM + 2], fp / bay) * band(
            v / ground, 0.5 * (low + 0.82), 0.5 * (0.82 - low), fp / ground
        )
        look = _gray(look, 0.06 if door else 0.02, opening, 0.1 if door else 0.35)
        return _gray(look, 0.12, band(v, 0.0, 0.5, fp), 0.02)
    width = 2.0 * m[PARAM + 1]
    column = floor(u / width)
    x = u - column * width
    if v > ground - 0.75:
        look = _toward(look, m, COLOR3, 1.0, 0.05)
        ink = hash2(floor(u / 0.16), 0, seed + 23)
        letter = band(v, ground - 0.38, 0.17 + 0.06 * ink, fp)
        on = (
            1.0
            if (
                ink > 0.35
                and hash2(column, 5, seed) > 0.3
                and hash2(floor(u / 0.05), floor(v / 0.09), seed) > 0.3
            )
            else 0.0
        )
        return _gray(look, 0.8 if m[COLOR3] + m[COLOR3 + 1] < 0.5 else 0.03, letter * on, 0.05)
    pane = band(x, 0.5 * width, 0.5 * width - 0.12, fp) * (1.0 if v > 0.35 * hash2(column, 1, seed) else 0.0)
    goods = value_noise(u * 2.3, v * 2.3, seed + 29)
    value = 0.02 + 0.22 * goods * goods * hash2(floor(u * 1.4), floor(v * 1.6), seed + 31)
    return _gray(look, value, pane, 0.3)


@inline
def _car_side(m: Row, u: float, v: float, fp: float) -> Look:
    seed = int(m[SEED])
    look = _shaded(m, COLOR1, u, v, fp)
    shoulder, roof = m[PARAM + 3], m[PARAM + 4]
    if v < m[PARAM + 11] + 0.14:
        look = _gray(look, 0.02, 0.8, 0.05)
    for wheel in range(2):
        du, dv = u - m[PARAM + wheel], v - m[PARAM + 2]
        if du * du + dv * dv < (m[PARAM + 2] + 0.07) ** 2:
            return 0.006, 0.006, 0.006, 0.01, 0.0
    if v > shoulder + 0.03 and m[PARAM + 10] > 0.0:
        t = clamp((v - shoulder) / (roof - shoulder), 0.0, 1.0)
        front = mix(m[PARAM + 5], m[PARAM + 6], t) - 0.12
        rear = mix(m[PARAM + 8], m[PARAM + 7], t) + 0.14
        if m[PARAM + 10] == 2.0:
            rear = m[PARAM + 9]
        pillar = max(
            band(u, m[PARAM + 9], 0.05, fp), band(u, 0.5 * (m[PARAM + 9] + m[PARAM + 8]) - 0.25, 0.03, fp)
        )
        if rear < u < front and v < roof - 0.09:
            see_through = 0.012 + 0.05 * value_noise(u * 3.0, v * 3.0, seed)
            return _gray(look, mix(see_through, 0.015, pillar), 1.0, 0.45 * (1.0 - 0.8 * pillar))
    elif v > m[PARAM + 11] + 0.1:
        seam = max(band(u, m[PARAM + 9], 0.008, fp), band(u, m[PARAM + 5] - 0.15, 0.008, fp))
        seam = max(seam, band(u, 0.5 * (m[PARAM + 9] + m[PARAM + 8]) - 0.35, 0.008, fp))
        look = _gray(look, 0.01, seam * 0.8, 0.05)
        look = _gray(
            look, 0.02, band(v, 0.5 * (shoulder + m[PARAM + 11]) + 0.04, 0.02, fp) * m[MOTTLE] * 4.0, 0.1
        )
    return look


@inline
def _car_end(m: Row, u: float, v: float, fp: float) -> Look:
    """Front or rear of a vehicle.

    Parameters: half width, rear?, lamp height and half height, plate height, lit?, top of the stripes.
    """
    look = _shaded(m, COLOR1, u, v, fp)
    half, rear, lamp_y = m[PARAM], m[PARAM + 1], m[PARAM + 2]
    if v < m[PARAM + 4] - 0.12:
        look = _gray(look, 0.025, 0.75, 0.05)
    if m[PARAM + 6] > 0.0 and v < m[PARAM + 6]:
        tone = 0.75 if floor((u + v) / 0.14) % 2.0 == 0.0 else 0.12
        red = 0.55 if tone < 0.5 else 0.7
        look = (red, tone, tone * 0.2 + 0.02, 0.05, 0.0) if v > m[PARAM + 6] - 0.16 else look
    lamp = band(abs(u), half - 0.2, 0.16, fp) * band(v, lamp_y, m[PARAM + 3], fp)
    if rear > 0.0:
        glow = lamp * m[PARAM + 5]
        look = (
            mix(look[0], 0.35, lamp),
            mix(look[1], 0.02, lamp),
            mix(look[2], 0.02, lamp),
            look[3],
            2.0 * glow,
        )
    else:
        grille = band(u, 0.0, half - 0.38, fp) * band(v, lamp_y - 0.08, 0.09, fp)
        bars = 0.02 + 0.1 * (1.0 if _periodic(v, 0.05) < 0.015 else 0.0)
        look = _gray(_gray(look, bars, grille, 0.1), 0.6, lamp, 0.5)
        look = (look[0], look[1], look[2], look[3], 1.5 * lamp * m[PARAM + 5])
    plate = band(u, 0.0, 0.26, fp) * band(v, m[PARAM + 4], 0.055, fp)
    ink = 1.0 if hash2(floor(u / 0.045), floor(v / 0.03), int(m[SEED])) > 0.5 else 0.0
    look = _gray(look, 0.75, plate, 0.05)
    return _gray(
        look, 0.02, plate * ink * band(v, m[PARAM + 4], 0.035, fp) * clamp(1.5 - 30.0 * fp, 0.0, 1.0), 0.05
    )


@inline
def _foliage(m: Row, u: float, v: float, fp: float) -> Look:
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


@inline
def _grass(m: Row, u: float, v: float, fp: float) -> Look:
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
def _board(m: Row, u: float, v: float, fp: float) -> Look:
    """A panel with rows of letters and a stripe: lorry sides, hoardings, direction signs."""
    seed = int(m[SEED])
    look = _shaded(m, COLOR1, u, v, fp)
    size = m[PARAM]
    line = floor((v - m[PARAM + 2]) / (1.7 * size))
    inside = _periodic(v - m[PARAM + 2], 1.7 * size)
    cell = floor(u / (0.62 * size))
    word = hash2(floor(cell / 7.0), int(line), seed + 1)
    letter = hash2(int(cell), int(line), seed + 2)
    stroke = hash2(floor(u / (0.21 * size)), floor(v / (0.25 * size)), seed + 3)
    on = 1.0 if (word < m[PARAM + 1] and letter > 0.12 and stroke > 0.42 and inside < size) else 0.0
    look = _toward(look, m, COLOR2, on, look[3])
    rib = 1.0 - 0.12 * m[PARAM + 4] * band(_periodic(u, 0.5), 0.25, 0.03, fp)
    look = (look[0] * rib, look[1] * rib, look[2] * rib, look[3], look[4])
    return _toward(look, m, COLOR3, band(v, m[PARAM + 3], 0.25 * size, fp), look[3])


@inline
def _sign(m: Row, u: float, v: float) -> Look:
    """Disc (0), triangle (1) or panel (2) with border and a simple symbol; u, v in [-1, 1]."""
    look = _shaded(m, COLOR1, u, v, 0.0)
    edge = sqrt(u * u + v * v)
    if m[PARAM] == 1.0:
        edge = max(-2.0 * v, abs(u) * 1.73 + v)
    elif m[PARAM] == 2.0:
        edge = max(abs(u), abs(v))
    symbol = hash2(floor(u * 2.5 + 9.0), floor(v * 2.5 + 9.0), int(m[SEED]))
    if edge < 0.55 and symbol > 0.55:
        return m[COLOR3], m[COLOR3 + 1], m[COLOR3 + 2], 0.05, m[EMISSION]
    return _toward(look, m, COLOR2, clamp((edge - 0.7) * 12.0, 0.0, 1.0), 0.05)


@inline
def _person(m: Row, u: float, v: float, fp: float) -> Look:
    color = COLOR1 if v < m[PARAM] else COLOR2
    if v > m[PARAM + 1]:
        color = COLOR3
    look = _shaded(m, color, u, v, fp)
    return _gray(look, 0.02, 1.0 if (v > m[PARAM + 2] or v < 0.08) else 0.0, 0.02)


@inline
def _band(m: Row, u: float, v: float, fp: float) -> Look:
    """Bus, tram or van side: body, window band between two heights with pillars, a coloured skirt."""
    look = _shaded(m, COLOR1, u, v, fp)
    look = _toward(look, m, COLOR3, band(v, m[PARAM + 4], m[PARAM + 5], fp), look[3])
    glass = band(v, 0.5 * (m[PARAM] + m[PARAM + 1]), 0.5 * (m[PARAM + 1] - m[PARAM]), fp)
    pillar = band(_periodic(u, m[PARAM + 2]), 0.0, 0.06, fp)
    seat = 0.01 + 0.08 * value_noise(u * 2.0, v * 2.0, int(m[SEED]))
    look = _gray(look, seat, glass * (1.0 - pillar), 0.4)
    door = band(_periodic(u, m[PARAM + 3]), 0.6, 0.02, fp) * (1.0 - glass)
    return _gray(look, 0.02, door, 0.05)


@inline
def opaque(m: Row, u: float, v: float) -> bool:
    """False where the material is cut out: between leaves, between bars, outside a sign."""
    kind = m[KIND]
    if kind == FOLIAGE:
        return bool(value_noise(u * m[PARAM], v * m[PARAM], int(m[SEED])) > m[PARAM + 1])
    if kind == FENCE:
        return bool(_periodic(u, m[PARAM]) < m[PARAM + 1] or _periodic(v, m[PARAM + 2]) < m[PARAM + 3])
    if kind == SIGN:
        if m[PARAM] == 0.0:
            return u * u + v * v <= 1.0
        if m[PARAM] == 1.0:
            return max(-2.0 * v, abs(u) * 1.73 + v) <= 1.0
    return True


@inline
def surface(m: Row, u: float, v: float, fp: float) -> Look:  # noqa: PLR0911, PLR0912
    """Colour, gloss and emission of a material at texture coordinates `u, v` (metres)."""
    kind = int(m[KIND])
    if kind == ROAD:
        return _road(m, u, v, fp)
    if kind == FACADE:
        return _facade(m, u, v, fp)
    if kind == GRASS:
        return _grass(m, u, v, fp)
    if kind == FOLIAGE:
        return _foliage(m, u, v, fp)
    if kind == CAR_SIDE:
        return _car_side(m, u, v, fp)
    if kind == CAR_END:
        return _car_end(m, u, v, fp)
    if kind == BRICK:
        return _cells(m, u, v, fp, m[PARAM], m[PARAM + 1], m[PARAM + 2])
    if kind == BOARD:
        return _board(m, u, v, fp)
    if kind == BAND:
        return _band(m, u, v, fp)
    if kind == SIGN:
        return _sign(m, u, v)
    if kind == PERSON:
        return _person(m, u, v, fp)
    look = _shaded(m, COLOR1, u, v, fp)
    if kind == STRIPES:
        along = u * cos(m[PARAM + 1]) + v * sin(m[PARAM + 1])
        return _toward(
            look, m, COLOR2, band(_periodic(along, m[PARAM]), 0.25 * m[PARAM], 0.25 * m[PARAM], fp), look[3]
        )
    if kind == WHEEL:
        r = sqrt(u * u + v * v) / m[PARAM]
        spoke = 0.5 + 0.5 * value_noise(7.0 * u / (abs(v) + 0.05), 0.0, int(m[SEED]))
        return _gray(look, m[COLOR2] * spoke, band(r, 0.0, 0.62, fp / m[PARAM]), 0.25)
    if kind == GLASS:
        haze = 0.6 + 0.8 * value_noise(u * 2.5, v * 2.5, int(m[SEED]))
        return look[0] * haze, look[1] * haze, look[2] * haze, look[3], 0.0
    return look
