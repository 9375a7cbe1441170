"""Cars and vans, facing +z, standing on y = 0."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.body import Body, Skin, loft, wheels
from tiekd.synth.materials import CAR_END, CAR_SIDE, GLASS, PLAIN, Color, Materials, random_color, vary
from tiekd.synth.mesh import Mesh

_PAINTS: tuple[Color, ...] = (
    (0.5, 0.51, 0.52),
    (0.3, 0.31, 0.32),
    (0.22, 0.23, 0.24),
    (0.1, 0.1, 0.11),
    (0.05, 0.052, 0.055),
    (0.012, 0.012, 0.014),
    (0.012, 0.012, 0.014),
    (0.7, 0.7, 0.68),
    (0.75, 0.75, 0.74),
    (0.015, 0.025, 0.09),
    (0.25, 0.012, 0.015),
    (0.03, 0.05, 0.035),
    (0.14, 0.12, 0.09),
    (0.02, 0.05, 0.2),
    (0.4, 0.02, 0.015),
    (0.5, 0.17, 0.02),
    (0.6, 0.4, 0.04),
    (0.25, 0.33, 0.4),
)


def _sample_body(rng: np.random.Generator, *, van: bool) -> Body:
    """Draw a hatchback, saloon, estate, SUV, small van, van or pick-up (`kind` 0 to 6)."""
    u = rng.uniform
    kind = int(rng.choice([4, 5, 5]) if van else rng.choice(7, p=[0.33, 0.19, 0.24, 0.06, 0.06, 0.1, 0.02]))
    length = float(
        [u(3.6, 4.2), u(4.3, 4.8), u(4.3, 4.8), u(4.2, 4.7), u(4.0, 4.5), u(4.8, 6.2), u(4.9, 5.3)][kind]
    )
    height = float(
        [u(1.4, 1.55), u(1.4, 1.48), u(1.42, 1.55), u(1.6, 1.78), u(1.75, 1.9), u(1.95, 2.7), u(1.7, 1.8)][
            kind
        ]
    )
    width = float(u(1.65, 1.85) + (0.05 if kind >= 3 else 0.0) + (0.13 if kind == 5 else 0.0))
    half = 0.5 * length
    bonnet = float(u(0.85, 0.98) + 0.25 * (kind in (3, 6)) + 0.2 * (kind in (4, 5)))
    shoulder = bonnet + float(u(0.0, 0.08))
    hood = float(u(0.9, 1.25) if kind < 4 else u(0.45, 0.85) if kind < 6 else u(1.1, 1.3))
    base = half - hood
    roof_front = base - float(u(0.55, 0.9)) * (height - shoulder) / 0.55
    tail = [u(0.02, 0.2), u(0.75, 1.0), u(0.02, 0.15), u(0.02, 0.2), 0.03, 0.02, u(1.5, 1.9)][kind]
    rear_base = -half + float(tail)
    roof_rear = rear_base + float(
        [u(0.4, 0.7), u(0.5, 0.8), u(0.25, 0.5), u(0.2, 0.5), 0.08, 0.05, 0.15][kind]
    )
    deck = shoulder - 0.05 if kind == 1 else (0.95 if kind == 6 else shoulder)
    windows = 2 if kind == 6 or (kind in (4, 5) and u() < 0.65) else 1
    return Body(
        length,
        width,
        height,
        bonnet,
        shoulder,
        base,
        min(roof_front, base - 0.15),
        roof_rear,
        rear_base,
        float(deck),
        windows,
        float(u(0.29, 0.34) + 0.04 * (kind in (3, 6))),
    )


def car(
    rng: np.random.Generator, materials: Materials, *, lit: bool, van: bool = False, fine: bool = True
) -> tuple[Mesh, float, float]:
    """A car as (mesh, length, width).

    van: draw a van only. lit: its lamps may be on. fine: round the body, for a car near the camera.
    """
    body = _sample_body(rng, van=van)
    color = (
        vary(rng, _PAINTS[int(rng.integers(len(_PAINTS)))], 0.3)
        if rng.random() < 0.95
        else random_color(rng, high=0.3, saturation=0.5)
    )
    half, low = 0.5 * body.length, float(rng.uniform(0.18, 0.28))
    gloss, dirt = float(rng.uniform(0.15, 0.55)), float(rng.uniform(0.0, 0.2))
    painted = partial(materials.add, color=color, gloss=gloss, mottle=dirt)
    axles = (half - float(rng.uniform(0.75, 0.9)), -half + float(rng.uniform(0.65, 0.9)))
    paint = painted(PLAIN)
    side = painted(CAR_SIDE, params=_side_params(body, axles, low))
    ends = _ends(rng, painted, body, lit=lit)
    glass = materials.add(GLASS, (0.015, 0.018, 0.02), gloss=float(rng.uniform(0.35, 0.7)))
    mesh = Mesh()
    skin = Skin(_tops(body, paint, glass, ends), side, paint, glass)
    loft(mesh, body, _outline(body, low), skin, low, fine=fine)
    wheels(mesh, materials, rng, axles, body.wheel, 0.5 * body.width, 0.2)
    for x in (-1.0, 1.0):
        mirror = (x * (0.5 * body.width + 0.09), body.shoulder + 0.08, body.screen_base - 0.35)
        if fine:
            mesh.blob(mirror, (0.11, 0.08, 0.07), paint, rng, rough=0.0, rings=5, sides=7)
        else:
            mesh.box(mirror, (0.2, 0.14, 0.1), paint)
    if rng.random() < 0.06:
        mesh.box((0, body.height + 0.15, 0.0), (0.9, 0.3, 1.6), paint)
    return mesh, body.length, body.width


def _side_params(body: Body, axles: tuple[float, float], low: float) -> tuple[float, ...]:
    """Parameters of the material CAR_SIDE: wheels, belt, roof, corners of the windows, sill."""
    pillar = 0.5 * (body.roof_front + body.roof_rear) + 0.1
    return (
        *axles,
        body.wheel,
        body.shoulder,
        body.height,
        body.screen_base,
        body.roof_front,
        body.roof_rear,
        body.rear_base,
        pillar,
        body.windows,
        low,
    )


def _ends(rng: np.random.Generator, painted: Callable[..., int], body: Body, *, lit: bool) -> tuple[int, int]:
    """Materials of front and rear. `painted` adds a material with the colour of the car."""
    lamp = float(rng.uniform(0.65, 0.8)) * body.bonnet / 0.9
    tall = rng.random() < 0.5
    plastic = float(rng.choice([0.3, 0.36, 0.55]))

    def end(rear: float, lamp_y: float, size: tuple[float, float], plate_y: float) -> int:
        wide, high = size
        on = float(lit and rng.random() < 0.5)
        half = 0.45 * body.width
        return painted(CAR_END, params=(half, rear, lamp_y, high, plate_y, on, 0.0, wide, plastic))

    front = (float(rng.uniform(0.14, 0.22)), float(rng.uniform(0.06, 0.1)))
    back = (0.09, float(rng.uniform(0.14, 0.22))) if tall else (float(rng.uniform(0.15, 0.24)), 0.075)
    plate = float(rng.choice([0.48, 0.72]))
    return end(0.0, lamp, front, 0.42), end(1.0, lamp + 0.08, back, plate)


def _outline(body: Body, low: float) -> NDArray[np.float64]:
    """Side profile `[12, 2]` (z, y) in metres, from the front bumper over the roof to the rear."""
    half = 0.5 * body.length
    return np.array(
        [
            [half - 0.06, low],
            [half, 0.42],
            [half - 0.06, 0.68 * body.bonnet],
            [half - 0.28, 0.9 * body.bonnet],
            [body.screen_base, body.bonnet + 0.04],
            [body.roof_front, body.height - 0.03],
            [0.5 * (body.roof_front + body.roof_rear), body.height],
            [body.roof_rear, body.height - 0.04],
            [body.rear_base, body.deck + 0.02],
            [-half + 0.06, body.deck - 0.05],
            [-half, 0.5],
            [-half + 0.05, low + 0.04],
        ]
    )


def _tops(body: Body, paint: int, glass: int, ends: tuple[int, int]) -> NDArray[np.int64]:
    """Materials `[11]` of the strips between the points of the outline."""
    nose, tail = ends
    back = glass if body.windows == 1 else paint
    deck = tail if body.rear_base < -0.5 * body.length + 0.3 else paint
    return np.array([nose, nose, paint, paint, glass, paint, paint, back, deck, tail, tail])
