"""Façades, shops, boards, signs and clothes (compiled)."""

from __future__ import annotations

from math import floor, sqrt

from tiekd.synth.jit import inline
from tiekd.synth.look import Look, Row, cells, gray, periodic, shaded, toward
from tiekd.synth.materials import COLOR1, COLOR2, COLOR3, EMISSION, PARAM, SEED
from tiekd.synth.noise import band, clamp, fbm, hash2, value_noise


@inline
def facade(m: Row, u: float, v: float, fp: float) -> Look:
    """Floors of windows with frames and shutters above a ground floor.

    Parameters: height of a floor, width of a bay, width and height of a window as shares of these, height of
    the ground floor, 1 for bricks, width of a frame, width and height of the façade, 1 for shutters, share of
    bright windows, 1 for shops.
    """
    seed = int(m[SEED])
    bricks = m[PARAM + 5] > 0.0
    look = cells(m, u, v, fp, 0.25, 0.08, 0.006) if bricks else shaded(m, COLOR1, u, v, fp)
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
        return toward(look, m, COLOR2, 0.6 if v > m[PARAM + 8] - 0.35 else 0.0, 0.02)
    wx, wy = 0.5 * m[PARAM + 2], 0.5 * m[PARAM + 3]
    pane = band(x, 0.0, wx, fp / bay) * band(y, 0.0, wy, fp / floor_h)
    frame = band(x, 0.0, wx + m[PARAM + 6] / bay, fp / bay) * band(
        y, 0.0, wy + m[PARAM + 6] / floor_h, fp / floor_h
    )
    look = toward(look, m, COLOR2, frame, 0.03)
    if m[PARAM + 9] > 0.0:
        shutter = band(abs(x), wx * 1.5, wx * 0.5, fp / bay) * band(y, 0.0, wy, fp / floor_h)
        look = toward(look, m, COLOR3, shutter, 0.02)
    chance = hash2(int(column), int(row), seed + 17)
    dark = 0.012 + 0.05 * chance
    if chance < m[PARAM + 10]:
        dark = 0.3
    if y > wy - 2.0 * wy * hash2(int(column), int(row), seed + 18) and chance > 0.6:
        dark = 0.35
    cross = max(band(x, 0.0, 0.03 / bay, fp / bay), band(y, 0.12 * wy, 0.03 / floor_h, fp / floor_h))
    look = gray(look, dark, pane, 0.35 if dark < 0.2 else 0.1)
    return toward(look, m, COLOR2, pane * cross, 0.03)


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
        look = gray(look, 0.06 if door else 0.02, opening, 0.1 if door else 0.35)
        return gray(look, 0.12, band(v, 0.0, 0.5, fp), 0.02)
    width = 2.0 * m[PARAM + 1]
    column = floor(u / width)
    x = u - column * width
    if v > ground - 0.75:
        look = toward(look, m, COLOR3, 1.0, 0.05)
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
        return gray(look, 0.8 if m[COLOR3] + m[COLOR3 + 1] < 0.5 else 0.03, letter * on, 0.05)
    pane = band(x, 0.5 * width, 0.5 * width - 0.12, fp) * (1.0 if v > 0.35 * hash2(column, 1, seed) else 0.0)
    goods = value_noise(u * 2.3, v * 2.3, seed + 29)
    value = 0.02 + 0.22 * goods * goods * hash2(floor(u * 1.4), floor(v * 1.6), seed + 31)
    return gray(look, value, pane, 0.3)


@inline
def board(m: Row, u: float, v: float, fp: float) -> Look:
    """A panel with rows of letters and a stripe: lorry sides, hoardings, direction signs.

    Parameters: size of the letters, share of words, height of the first row, height of the stripe, strength
    of the ribs.
    """
    seed = int(m[SEED])
    look = shaded(m, COLOR1, u, v, fp)
    size = m[PARAM]
    line = floor((v - m[PARAM + 2]) / (1.7 * size))
    inside = periodic(v - m[PARAM + 2], 1.7 * size)
    cell = floor(u / (0.62 * size))
    word = hash2(floor(cell / 7.0), int(line), seed + 1)
    letter = hash2(int(cell), int(line), seed + 2)
    stroke = hash2(floor(u / (0.21 * size)), floor(v / (0.25 * size)), seed + 3)
    on = 1.0 if (word < m[PARAM + 1] and letter > 0.12 and stroke > 0.42 and inside < size) else 0.0
    look = toward(look, m, COLOR2, on, look[3])
    rib = 1.0 - 0.12 * m[PARAM + 4] * band(periodic(u, 0.5), 0.25, 0.03, fp)
    look = (look[0] * rib, look[1] * rib, look[2] * rib, look[3], look[4])
    return toward(look, m, COLOR3, band(v, m[PARAM + 3], 0.25 * size, fp), look[3])


@inline
def sign(m: Row, u: float, v: float) -> Look:
    """A traffic sign with a border and a simple symbol; u and v are in [-1, 1].

    Parameter: shape (0 disc, 1 triangle, 2 panel).
    """
    look = shaded(m, COLOR1, u, v, 0.0)
    edge = sqrt(u * u + v * v)
    if m[PARAM] == 1.0:
        edge = max(-2.0 * v, abs(u) * 1.73 + v)
    elif m[PARAM] == 2.0:
        edge = max(abs(u), abs(v))
    symbol = hash2(floor(u * 2.5 + 9.0), floor(v * 2.5 + 9.0), int(m[SEED]))
    if edge < 0.55 and symbol > 0.55:
        return m[COLOR3], m[COLOR3 + 1], m[COLOR3 + 2], 0.05, m[EMISSION]
    return toward(look, m, COLOR2, clamp((edge - 0.7) * 12.0, 0.0, 1.0), 0.05)


@inline
def person(m: Row, u: float, v: float, fp: float) -> Look:
    """Shoes, trousers, jacket, face and hair. Parameters: heights at which the last three begin."""
    color = COLOR1 if v < m[PARAM] else COLOR2
    if v > m[PARAM + 1]:
        color = COLOR3
    look = shaded(m, color, u, v, fp)
    return gray(look, 0.02, 1.0 if (v > m[PARAM + 2] or v < 0.08) else 0.0, 0.02)
