"""Sides and ends of cars, and the window bands of buses (compiled)."""

from __future__ import annotations

from math import floor

from tiekd.synth.jit import inline
from tiekd.synth.look import Look, Row, gray, periodic, shaded, toward
from tiekd.synth.materials import COLOR1, COLOR3, MOTTLE, PARAM, SEED
from tiekd.synth.noise import band, clamp, hash2, mix, value_noise


@inline
def car_side(m: Row, u: float, v: float, fp: float) -> Look:
    """Doors, windows, wheel arches and the dark sill of a car.

    Parameters: both axles along u, height of the axles, shoulder, roof, base of the windscreen, front of the
    roof, its rear, base of the rear window, pillar, windows (0 none, 1 all, 2 in front of the pillar), sill.
    """
    seed = int(m[SEED])
    look = shaded(m, COLOR1, u, v, fp)
    shoulder, roof = m[PARAM + 3], m[PARAM + 4]
    if v < m[PARAM + 11] + 0.14:
        look = gray(look, 0.02, 0.8, 0.05)
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
            return gray(look, mix(see_through, 0.015, pillar), 1.0, 0.45 * (1.0 - 0.8 * pillar))
    elif v > m[PARAM + 11] + 0.1:
        seam = max(band(u, m[PARAM + 9], 0.008, fp), band(u, m[PARAM + 5] - 0.15, 0.008, fp))
        seam = max(seam, band(u, 0.5 * (m[PARAM + 9] + m[PARAM + 8]) - 0.35, 0.008, fp))
        look = gray(look, 0.01, seam * 0.8, 0.05)
        look = gray(
            look, 0.02, band(v, 0.5 * (shoulder + m[PARAM + 11]) + 0.04, 0.02, fp) * m[MOTTLE] * 4.0, 0.1
        )
    return look


@inline
def car_end(m: Row, u: float, v: float, fp: float) -> Look:
    """Front or rear of a vehicle.

    Parameters: half width, 1 for a rear, height and half height of the lamps, height of the plate, 1 for
    lamps that are on, top of the stripes, half width of the lamps, top of the black plastic of the bumper.
    """
    look = shaded(m, COLOR1, u, v, fp)
    half, rear, lamp_y = m[PARAM], m[PARAM + 1], m[PARAM + 2]
    wide, plastic = m[PARAM + 7], m[PARAM + 8]
    if v < plastic:
        look = gray(look, 0.02, 0.85, 0.05)
    look = gray(look, 0.01, band(v, plastic + 0.14, 0.006, fp) * 0.8, 0.05)
    if m[PARAM + 6] > 0.0 and v < m[PARAM + 6]:
        tone = 0.75 if floor((u + v) / 0.14) % 2.0 == 0.0 else 0.12
        red = 0.55 if tone < 0.5 else 0.7
        look = (red, tone, tone * 0.2 + 0.02, 0.05, 0.0) if v > m[PARAM + 6] - 0.16 else look
    lamp = band(abs(u), half - wide, wide, fp) * band(v, lamp_y, m[PARAM + 3], fp)
    if rear > 0.0:
        glow = lamp * m[PARAM + 5]
        inner = 1.0 if abs(u) < half - wide or v < lamp_y else 0.0
        clear = lamp * inner * (1.0 if hash2(2, 7, int(m[SEED])) < 0.6 else 0.0)
        clear *= band(v, lamp_y - 0.4 * m[PARAM + 3], 0.25 * m[PARAM + 3], fp)
        look = (
            mix(look[0], 0.3, lamp),
            mix(look[1], 0.012, lamp),
            mix(look[2], 0.01, lamp),
            mix(look[3], 0.3, lamp),
            3.0 * glow,
        )
        look = gray(look, 0.4, 0.8 * clear, 0.3)
        look = gray(look, 0.01, band(abs(u), half - 0.03, 0.006, fp) * band(v, lamp_y - 0.2, 0.25, fp), 0.05)
    else:
        grille = band(u, 0.0, half - 0.38, fp) * band(v, lamp_y - 0.08, 0.09, fp)
        bars = 0.02 + 0.1 * (1.0 if periodic(v, 0.05) < 0.015 else 0.0)
        look = gray(gray(look, bars, grille, 0.1), 0.6, lamp, 0.5)
        look = (look[0], look[1], look[2], look[3], 1.5 * lamp * m[PARAM + 5])
    plate = band(u, 0.0, 0.26, fp) * band(v, m[PARAM + 4], 0.055, fp)
    ink = 1.0 if hash2(floor(u / 0.045), floor(v / 0.03), int(m[SEED])) > 0.5 else 0.0
    look = gray(look, 0.75, plate, 0.05)
    return gray(
        look, 0.02, plate * ink * band(v, m[PARAM + 4], 0.035, fp) * clamp(1.5 - 30.0 * fp, 0.0, 1.0), 0.05
    )


@inline
def window_band(m: Row, u: float, v: float, fp: float) -> Look:
    """Side of a bus, tram or van: a band of windows between two heights, with pillars, and a stripe.

    Parameters: lower and upper edge of the windows, distance of the pillars and of the doors, height and half
    width of the stripe.
    """
    look = shaded(m, COLOR1, u, v, fp)
    look = toward(look, m, COLOR3, band(v, m[PARAM + 4], m[PARAM + 5], fp), look[3])
    glass = band(v, 0.5 * (m[PARAM] + m[PARAM + 1]), 0.5 * (m[PARAM + 1] - m[PARAM]), fp)
    pillar = band(periodic(u, m[PARAM + 2]), 0.0, 0.06, fp)
    seat = 0.01 + 0.025 * value_noise(u * 2.0, v * 2.0, int(m[SEED]))
    look = gray(look, seat, glass * (1.0 - pillar), 0.4)
    door = band(periodic(u, m[PARAM + 3]), 0.6, 0.02, fp) * (1.0 - glass)
    return gray(look, 0.02, door, 0.05)
