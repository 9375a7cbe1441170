"""Cars, vans, pick-ups, lorries, tankers, buses and trams: shaped bodies, facing +z, standing on y = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.materials import (
    BAND,
    BOARD,
    CAR_END,
    CAR_SIDE,
    GLASS,
    PLAIN,
    STRIPES,
    WHEEL,
    Color,
    Materials,
    random_color,
    vary,
)
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
)


@dataclass(frozen=True, slots=True)
class Body:
    """Side profile of a car in metres; z runs from the middle towards the front."""

    length: float
    width: float
    height: float
    bonnet: float
    shoulder: float
    screen_base: float
    roof_front: float
    roof_rear: float
    rear_base: float
    deck: float
    windows: int
    wheel: float = 0.31


def _sample_body(rng: np.random.Generator, *, van: bool) -> Body:
    """Hatchback, saloon, estate, SUV, small van, van or pick-up."""
    u = rng.uniform
    kind = int(rng.choice([4, 5, 5]) if van else rng.choice(7, p=[0.28, 0.2, 0.17, 0.12, 0.08, 0.1, 0.05]))
    length = float(
        [u(3.5, 4.2), u(4.3, 4.9), u(4.3, 4.8), u(4.2, 4.8), u(4.0, 4.5), u(4.8, 6.2), u(4.9, 5.4)][kind]
    )
    height = float(
        [u(1.4, 1.55), u(1.38, 1.48), u(1.42, 1.55), u(1.6, 1.85), u(1.75, 1.9), u(1.95, 2.7), u(1.7, 1.85)][
            kind
        ]
    )
    width = float(u(1.65, 1.85) + (0.12 if kind >= 3 else 0.0) + (0.1 if kind == 5 else 0.0))
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


def _half_width(body: Body, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half width at a height: the cabin leans in above the shoulder."""
    t = np.clip((y - body.shoulder) / max(body.height - body.shoulder, 0.1), 0, 1)
    lean = 0.2 if body.height < 1.7 else 0.1
    return np.asarray(0.5 * body.width * (1.0 - lean * t))


def car(
    rng: np.random.Generator, materials: Materials, *, lit: bool, van: bool = False
) -> tuple[Mesh, float, float]:
    """A car, or surely a van: (mesh, length, width)."""
    body = _sample_body(rng, van=van)
    paint = (
        vary(rng, _PAINTS[int(rng.integers(len(_PAINTS)))], 0.3)
        if rng.random() < 0.93
        else random_color(rng, saturation=0.8)
    )
    half, low = 0.5 * body.length, float(rng.uniform(0.18, 0.28))
    gloss, dirt = float(rng.uniform(0.15, 0.55)), float(rng.uniform(0.0, 0.2))
    axle = (half - float(rng.uniform(0.75, 0.9)), -half + float(rng.uniform(0.65, 0.9)))
    pillar = 0.5 * (body.roof_front + body.roof_rear) + 0.1
    rear_roof = body.roof_rear
    body_paint = materials.add(PLAIN, paint, gloss=gloss, mottle=dirt)
    side = materials.add(
        CAR_SIDE,
        paint,
        gloss=gloss,
        mottle=dirt,
        params=(
            *axle,
            body.wheel,
            body.shoulder,
            body.height,
            body.screen_base,
            body.roof_front,
            rear_roof,
            body.rear_base,
            pillar,
            body.windows,
            low,
        ),
    )
    lamp = float(rng.uniform(0.65, 0.8)) * body.bonnet / 0.9
    ends = [
        materials.add(
            CAR_END,
            paint,
            gloss=gloss,
            mottle=dirt,
            params=(
                0.5 * body.width,
                rear,
                y,
                rng.uniform(0.06, 0.12 + 0.1 * rear),
                plate,
                float(lit and rng.random() < 0.5),
                0.0,
            ),
        )
        for rear, y, plate in ((0.0, lamp, 0.42), (1.0, lamp + 0.1, float(rng.choice([0.5, 0.8]))))
    ]
    glass = materials.add(GLASS, (0.015, 0.018, 0.02), gloss=float(rng.uniform(0.35, 0.7)))
    back = glass if body.windows == 1 else body_paint
    deck_front = body.rear_base
    outline = np.array(
        [
            [half - 0.06, low],
            [half, 0.42],
            [half - 0.06, 0.68 * body.bonnet],
            [half - 0.28, 0.9 * body.bonnet],
            [body.screen_base, body.bonnet + 0.04],
            [body.roof_front, body.height - 0.03],
            [0.5 * (body.roof_front + rear_roof), body.height],
            [rear_roof, body.height - 0.04],
            [deck_front, body.deck + 0.02],
            [-half + 0.06, body.deck - 0.05],
            [-half, 0.5],
            [-half + 0.05, low + 0.04],
        ]
    )
    tops = np.array(
        [
            ends[0],
            ends[0],
            body_paint,
            body_paint,
            glass,
            body_paint,
            body_paint,
            back,
            ends[1] if deck_front < -half + 0.3 else body_paint,
            ends[1],
            ends[1],
        ]
    )
    mesh = Mesh()
    _loft(mesh, body, outline, tops, side, low, body_paint)
    _wheels(mesh, materials, rng, axle, body.wheel, 0.5 * body.width, 0.2)
    for x in (-1.0, 1.0):
        mesh.box(
            (x * (0.5 * body.width + 0.09), body.shoulder + 0.08, body.screen_base - 0.35),
            (0.2, 0.14, 0.1),
            body_paint,
        )
    if rng.random() < 0.06:
        mesh.box((0, body.height + 0.15, 0.0), (0.9, 0.3, 1.6), body_paint)
    return mesh, body.length, body.width


def _loft(
    mesh: Mesh,
    body: Body,
    outline: NDArray[np.float64],
    tops: NDArray[np.int64],
    side: int,
    low: float,
    paint: int,
) -> None:
    """Skin of a car: strips over the top, panels at the sides, a dark floor."""
    z, y = outline[:, 0], outline[:, 1]
    nose = 1.0 - 0.1 * np.clip((np.abs(z) - 0.5 * body.length + 0.4) / 0.4, 0, 1)
    w = _half_width(body, y) * nose
    left, right = np.stack([-w, y, z], 1), np.stack([w, y, z], 1)
    across = np.stack([left[:-1], right[:-1], right[1:], left[1:]], 1)
    mesh.quads(across, tops, across[..., :2])
    belt = np.minimum(y, body.shoulder)
    wb = _half_width(body, belt) * nose
    for sign in (-1.0, 1.0):
        base = np.stack([sign * wb * 0.97, np.full_like(z, low), z], 1)
        waist = np.stack([sign * wb, belt, z], 1)
        roof = np.stack([sign * w, y, z], 1)
        for lower, upper in ((base, waist), (waist, roof)):
            panel = np.stack([lower[:-1], lower[1:], upper[1:], upper[:-1]], 1)
            mesh.quads(panel, side, panel[..., [2, 1]])
    floor = np.array([[-w[0], low, z[0]], [w[0], low, z[0]], [w[-1], low, z[-1]], [-w[-1], low, z[-1]]])
    mesh.quads(floor[None], paint)


def _wheels(
    mesh: Mesh,
    materials: Materials,
    rng: np.random.Generator,
    axles: tuple[float, ...],
    radius: float,
    half_width: float,
    tread: float,
) -> None:
    tyre = materials.add(PLAIN, (0.012, 0.012, 0.013), mottle=0.2)
    tone = float(rng.choice([0.45, 0.25, 0.05]))
    rim = materials.add(WHEEL, (0.012, 0.012, 0.013), color2=(tone, tone, tone), params=(radius,))
    for z in axles:
        for sign in (-1.0, 1.0):
            outer = sign * (half_width + 0.01)
            mesh.tube((outer - sign * tread, radius, z), (outer, radius, z), radius, tyre, sides=14, caps=rim)


def lorry(
    rng: np.random.Generator, materials: Materials, *, plain: bool = False
) -> tuple[Mesh, float, float]:
    """A cab with a box, canvas, tank, flat bed, or tipper behind it: (mesh, length, width).

    `plain`: without writing or dirt on its load.
    """
    u = rng.uniform
    large = rng.random() < 0.6
    width, cab_length = float(u(2.35, 2.55) if large else u(2.0, 2.25)), float(u(1.7, 2.3))
    cab_height = float(u(2.7, 3.8) if large else u(2.1, 2.5))
    load = float(u(5.5, 13.0) if large else u(2.8, 5.0))
    length = cab_length + load + 0.5
    front, mesh = 0.5 * length, Mesh()
    color = random_color(rng, low=0.02, high=0.7, saturation=0.5)
    _cab(mesh, materials, front, width, cab_length, cab_height, color)
    dark = materials.add(PLAIN, (0.02, 0.02, 0.022), mottle=0.4)
    middle, deck, radius = -front + 0.5 * load, float(u(0.9, 1.25)), 0.5 if large else 0.38
    mesh.box((0, deck - 0.2, middle + 0.3), (0.9, 0.25, load + 0.6), dark)
    top = float(u(3.2, 3.95) if large else u(2.3, 3.0))
    _load(mesh, materials, rng, (middle, load, width, deck, top), plain=plain)
    n_axles = 3 if load > 9 else (2 if load > 6 else 1)
    axles = (*tuple(-front + 1.1 + 1.25 * k for k in range(n_axles)), front - 1.2)
    _wheels(mesh, materials, rng, axles, radius, 0.5 * width - 0.06, 0.3)
    guard = materials.add(PLAIN, random_color(rng, low=0.1, high=0.6, saturation=0.1))
    if u() < 0.7:
        for x in (-1.0, 1.0):
            for y in (0.5, 0.8):
                mesh.box((x * (0.5 * width - 0.05), y, middle + 0.15 * load), (0.04, 0.1, 0.5 * load), guard)
    for x in (-1.0, 1.0):
        mesh.tube(
            (x * 0.8, 0.75, front - cab_length - 0.5),
            (x * 0.8, 0.75, front - cab_length - 1.6),
            0.28,
            guard,
            caps=guard,
        )
    end = materials.add(
        CAR_END,
        (0.03, 0.03, 0.03),
        params=(0.5 * width, 1.0, deck - 0.22, 0.09, deck - 0.3, float(u() < 0.5), deck - 0.05),
    )
    y0, z = deck - 0.5, -front - 0.02
    quad = np.array(
        [[-0.5 * width, y0, z], [0.5 * width, y0, z], [0.5 * width, deck, z], [-0.5 * width, deck, z]]
    )
    mesh.quads(quad[None], end, quad[None, :, :2])
    return mesh, length, width


def _cab(
    mesh: Mesh,
    materials: Materials,
    front: float,
    width: float,
    length: float,
    height: float,
    color: Color,
) -> None:
    low, shoulder = 0.45, 0.55 * height
    body = Body(
        length,
        width,
        height,
        shoulder,
        shoulder,
        front - 0.1,
        front - 0.35,
        front - length + 0.05,
        front - length,
        shoulder,
        1,
        0.45,
    )
    paint = materials.add(PLAIN, color, gloss=0.25)
    side = materials.add(
        CAR_SIDE,
        color,
        gloss=0.25,
        params=(
            front - 1.2,
            -99.0,
            0.48,
            shoulder,
            height - 0.5,
            front - 0.15,
            front - 0.45,
            front - length + 0.5,
            front - length + 0.5,
            front - length + 0.5,
            1,
            low,
        ),
    )
    nose = materials.add(CAR_END, color, gloss=0.2, params=(0.5 * width, 0.0, 0.8, 0.1, 0.55, 0.0, 0.0))
    glass = materials.add(GLASS, (0.015, 0.018, 0.02), gloss=0.5)
    outline = np.array(
        [
            [front, low],
            [front, shoulder],
            [front - 0.25, height - 0.45],
            [front - 0.6, height],
            [front - length, height],
            [front - length, low],
        ]
    )
    _loft(mesh, body, outline, np.array([nose, glass, paint, paint, paint]), side, low, paint)
    for x in (-1.0, 1.0):
        mesh.box((x * (0.5 * width + 0.18), shoulder + 0.35, front - 0.15), (0.22, 0.6, 0.15), paint)


def _load(
    mesh: Mesh,
    materials: Materials,
    rng: np.random.Generator,
    frame: tuple[float, float, float, float, float],
    *,
    plain: bool,
) -> None:
    """What the lorry carries, over the deck."""
    middle, load, width, deck, top = frame
    kind = rng.choice(5, p=[0.34, 0.22, 0.2, 0.12, 0.12])
    base = random_color(rng, low=0.03, high=0.75, saturation=0.15 if plain or rng.random() < 0.5 else 0.5)
    ink = base if plain else random_color(rng, low=0.01, high=0.6, saturation=0.9)
    size = float(rng.uniform(0.3, 0.9))
    skin = materials.add(
        BOARD,
        base,
        color2=ink,
        color3=ink,
        gloss=0.12 if kind == 2 else 0.04,
        mottle=0.03 if plain else float(rng.uniform(0.05, 0.4)),
        params=(size, rng.uniform(0, 0.7), rng.uniform(0.2, 1.0), rng.uniform(0, 3), float(kind == 1)),
    )
    if kind == 2:
        r = 0.5 * min(width, top - deck)
        center = deck + r
        mesh.tube(
            (0, center, middle - 0.5 * load + 0.4), (0, center, middle + 0.5 * load - 0.4), r, skin, sides=24
        )
        for end, tip in (
            (middle - 0.5 * load + 0.4, middle - 0.5 * load),
            (middle + 0.5 * load - 0.4, middle + 0.5 * load),
        ):
            mesh.tube((0, center, end), (0, center, tip), r, skin, end_radius=0.72 * r, sides=24, caps=skin)
        pipe = materials.add(PLAIN, random_color(rng, low=0.02, high=0.3, saturation=0.1), gloss=0.15)
        for x in (-1.0, 1.0):
            mesh.tube(
                (x * 0.45 * width, deck - 0.05, middle - 0.4 * load),
                (x * 0.45 * width, deck - 0.05, middle + 0.4 * load),
                0.13,
                pipe,
            )
        return
    if kind == 3:
        mesh.box((0, deck + 0.2, middle), (width, 0.4, load), skin)
        for _ in range(int(rng.integers(0, 5))):
            high = float(rng.uniform(0.2, 1.3))
            crate = materials.add(PLAIN, random_color(rng), mottle=0.3)
            mesh.box(
                (rng.uniform(-0.5, 0.5), deck + 0.4 + 0.5 * high, middle + rng.uniform(-0.4, 0.4) * load),
                (rng.uniform(0.4, 1.4), high, rng.uniform(0.5, 2.5)),
                crate,
            )
        return
    height = top - deck if kind != 4 else 0.45 * (top - deck) + 0.3
    mesh.box((0, deck + 0.5 * height, middle), (width, height, load), skin)
    if rng.random() < 0.5:
        warn = materials.add(
            STRIPES, (0.6, 0.03, 0.02), color2=(0.7, 0.65, 0.1), params=(0.3, rng.uniform(0.5, 1.0))
        )
        mesh.box((0, deck + 0.15, middle - 0.5 * load - 0.02), (width, 0.16, 0.02), warn)


def bus(rng: np.random.Generator, materials: Materials, *, tram: bool) -> tuple[Mesh, float, float]:
    """A bus, coach or tram: (mesh, length, width)."""
    u = rng.uniform
    length, width, height = float(u(14, 30) if tram else u(9, 13)), 2.5, float(u(3.0, 3.5))
    color, stripe = random_color(rng, low=0.05, high=0.75, saturation=0.4), random_color(rng, saturation=0.9)
    low, sill = 0.3, float(u(1.0, 1.4))
    params = (sill, height - float(u(0.4, 0.7)), u(1.2, 2.4), u(3.0, 6.0), u(0.4, 0.9), u(0.0, 0.3))
    side = materials.add(BAND, color, color3=stripe, params=params, gloss=0.2)
    paint = materials.add(PLAIN, color, gloss=0.2)
    glass = materials.add(GLASS, (0.015, 0.018, 0.02), gloss=0.5)
    half, mesh = 0.5 * length, Mesh()
    end = [
        materials.add(CAR_END, color, gloss=0.2, params=(0.5 * width, r, 0.85, 0.1, 0.6, 0.0, 0.0))
        for r in (0.0, 1.0)
    ]
    body = Body(length, width, height, sill, sill + 0.1, half, half - 0.2, -half, -half, sill, 1)
    outline = np.array(
        [
            [half - 0.03, low],
            [half, sill - 0.1],
            [half - 0.15, height - 0.4],
            [half - 0.5, height],
            [-half + 0.2, height],
            [-half, height - 0.5],
            [-half, sill],
            [-half, low],
        ]
    )
    _loft(
        mesh,
        body,
        outline,
        np.array([end[0], glass, paint, paint, paint, glass if u() < 0.7 else paint, end[1]]),
        side,
        low,
        paint,
    )
    if tram:
        mesh.box((0, height + 0.2, 0), (1.6, 0.4, 0.6 * length), paint)
    else:
        _wheels(mesh, materials, rng, (half - 2.6, -half + 2.8), 0.48, 0.5 * width, 0.3)
    return mesh, length, width
