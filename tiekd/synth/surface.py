"""Look of a surface at a point, for every kind of material (compiled)."""

from __future__ import annotations

from math import cos, sin, sqrt

from tiekd.synth.jit import inline
from tiekd.synth.look import Look, Row, cells, gray, periodic, shaded, toward
from tiekd.synth.materials import (
    BAND,
    BOARD,
    BRICK,
    CAR_END,
    CAR_SIDE,
    COLOR1,
    COLOR2,
    FACADE,
    FENCE,
    FOLIAGE,
    GLASS,
    GRASS,
    KIND,
    PARAM,
    PERSON,
    ROAD,
    SEED,
    SIGN,
    STRIPES,
    WHEEL,
)
from tiekd.synth.noise import band, value_noise
from tiekd.synth.surface_ground import foliage, grass, road
from tiekd.synth.surface_town import board, facade, person, sign
from tiekd.synth.surface_vehicle import car_end, car_side, window_band


@inline
def opaque(m: Row, u: float, v: float) -> bool:
    """Whether the material is there. Foliage, fences and signs have holes or a shape of their own.

    Parameters of foliage: frequency of the holes in 1/m, their threshold. Of a fence: distance and width of
    the posts, distance and width of the rails. Of a sign: see `sign`.
    """
    kind = m[KIND]
    if kind == FOLIAGE:
        return bool(value_noise(u * m[PARAM], v * m[PARAM], int(m[SEED])) > m[PARAM + 1])
    if kind == FENCE:
        return bool(periodic(u, m[PARAM]) < m[PARAM + 1] or periodic(v, m[PARAM + 2]) < m[PARAM + 3])
    if kind == SIGN:
        if m[PARAM] == 0.0:
            return u * u + v * v <= 1.0
        if m[PARAM] == 1.0:
            return max(-2.0 * v, abs(u) * 1.73 + v) <= 1.0
    return True


@inline
def surface(m: Row, u: float, v: float, fp: float) -> Look:  # noqa: PLR0911, PLR0912
    """Colour, gloss and emission of a material at texture coordinates `u`, `v` (metres).

    Kinds without a function of their own have these parameters. Bricks: width, height, half width of a joint.
    Stripes: period, angle in radians. Wheel: radius.
    """
    kind = int(m[KIND])
    if kind == ROAD:
        return road(m, u, v, fp)
    if kind == FACADE:
        return facade(m, u, v, fp)
    if kind == GRASS:
        return grass(m, u, v, fp)
    if kind == FOLIAGE:
        return foliage(m, u, v, fp)
    if kind == CAR_SIDE:
        return car_side(m, u, v, fp)
    if kind == CAR_END:
        return car_end(m, u, v, fp)
    if kind == BRICK:
        return cells(m, u, v, fp, m[PARAM], m[PARAM + 1], m[PARAM + 2])
    if kind == BOARD:
        return board(m, u, v, fp)
    if kind == BAND:
        return window_band(m, u, v, fp)
    if kind == SIGN:
        return sign(m, u, v)
    if kind == PERSON:
        return person(m, u, v, fp)
    look = shaded(m, COLOR1, u, v, fp)
    if kind == STRIPES:
        along = u * cos(m[PARAM + 1]) + v * sin(m[PARAM + 1])
        return toward(
            look, m, COLOR2, band(periodic(along, m[PARAM]), 0.25 * m[PARAM], 0.25 * m[PARAM], fp), look[3]
        )
    if kind == WHEEL:
        r = sqrt(u * u + v * v) / m[PARAM]
        spoke = 0.5 + 0.5 * value_noise(7.0 * u / (abs(v) + 0.05), 0.0, int(m[SEED]))
        return gray(look, m[COLOR2] * spoke, band(r, 0.0, 0.62, fp / m[PARAM]), 0.25)
    if kind == GLASS:
        haze = 0.6 + 0.8 * value_noise(u * 2.5, v * 2.5, int(m[SEED]))
        return look[0] * haze, look[1] * haze, look[2] * haze, look[3], 0.0
    return look
