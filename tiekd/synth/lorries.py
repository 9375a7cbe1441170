"""Lorries with their loads, facing +z, standing on y = 0."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tiekd.synth.body import Body, Skin, large_paint, loft, wheels
from tiekd.synth.materials import (
    BOARD,
    CAR_END,
    CAR_SIDE,
    GLASS,
    PLAIN,
    STRIPES,
    Color,
    Materials,
    random_color,
)
from tiekd.synth.mesh import Mesh
from tiekd.synth.tankers import tank


class _Bed(NamedTuple):
    """Place of the load in metres: middle (z), length, width, height of the deck and of the load's top."""

    middle: float
    length: float
    width: float
    deck: float
    top: float


def lorry(
    rng: np.random.Generator, materials: Materials, *, plain: bool = False, tanker: bool = False
) -> tuple[Mesh, float, float]:
    """A lorry with a box, canvas, tank, flat bed or tipper, as (mesh, length, width).

    plain: no writing or dirt on the load. tanker: a large lorry with a tank.
    """
    u = rng.uniform
    large = tanker or bool(rng.random() < 0.6)
    width, cab_length = float(u(2.42, 2.55) if large else u(2.0, 2.25)), float(u(1.7, 2.3))
    cab_height = float(u(2.8, 3.8) if large else u(2.1, 2.5))
    load = float((u(9.5, 12.5) if tanker or u() < 0.55 else u(5.5, 8.5)) if large else u(2.8, 4.5))
    gap = float(u(0.5, 1.1)) if load > 9 else 0.12
    length = cab_length + gap + load
    front, mesh = 0.5 * length, Mesh()
    color = large_paint(rng)
    _cab(mesh, materials, front, width, cab_length, cab_height, color)
    middle, deck = -front + 0.5 * load, float(u(0.95, 1.25) if large else u(0.75, 0.95))
    bed = _Bed(middle, load, width, deck, float(u(3.4, 3.95) if large else u(2.3, 3.0)))
    _load(mesh, materials, rng, bed, plain=plain, tanker=tanker)
    _chassis(mesh, materials, rng, bed, (front, front - cab_length), large=large)
    _tail(mesh, materials, bed, -front - 0.02, lit=bool(u() < 0.6))
    return mesh, length, width


def _chassis(
    mesh: Mesh,
    materials: Materials,
    rng: np.random.Generator,
    bed: _Bed,
    cab: tuple[float, float],
    *,
    large: bool,
) -> None:
    """Frame, axles, mudguards and parts under the deck. `cab`: front and rear of the cab (z)."""
    front, behind_cab = cab
    rear = bed.middle - 0.5 * bed.length
    dark = materials.add(PLAIN, (0.012, 0.012, 0.014), mottle=0.4)
    mesh.box((0, bed.deck - 0.2, 0.5 * (rear + front) - 0.3), (0.9, 0.25, front - rear - 0.8), dark)
    mesh.box((0, bed.deck - 0.06, bed.middle), (bed.width - 0.1, 0.12, bed.length - 0.05), dark)
    n_axles = 3 if bed.length > 9 else (2 if bed.length > 6 else 1)
    radius, half = 0.5 if large else 0.36, 0.5 * bed.width - 0.04
    axles = [rear + 1.3 + 1.3 * k for k in range(n_axles)] + [front - 1.3]
    if bed.length > 9:
        axles.append(behind_cab - 1.1)
    wheels(mesh, materials, rng, tuple(axles), radius, half, 0.32)
    for z in axles[:-1]:
        for x in (-1.0, 1.0):
            mesh.box((x * (half - 0.17), 2 * radius + 0.06, z), (0.34, 0.05, 1.9 * radius), dark)
    _underside(mesh, materials, rng, bed, behind_cab)


def _cab(
    mesh: Mesh,
    materials: Materials,
    front: float,
    width: float,
    length: float,
    height: float,
    color: Color,
) -> None:
    """The driver's cab, its nose at z = `front`."""
    low, shoulder, back = 0.45, 0.55 * height, front - length
    screen = (front - 0.1, front - 0.35)
    body = Body(length, width, height, shoulder, shoulder, *screen, back + 0.05, back, shoulder, 1, 0.45)
    paint = materials.add(PLAIN, color, gloss=0.25)
    wheel = (front - 1.2, -99.0, 0.48)
    window = (front - 0.15, front - 0.45, back + 0.5, back + 0.5, back + 0.5)
    params = (*wheel, shoulder, height - 0.5, *window, 1, low)
    side = materials.add(CAR_SIDE, color, gloss=0.25, params=params)
    nose = materials.add(
        CAR_END, color, gloss=0.2, params=(0.47 * width, 0.0, 0.8, 0.1, 0.55, 0.0, 0.0, 0.16, 0.5)
    )
    glass = materials.add(GLASS, (0.015, 0.018, 0.02), gloss=0.5)
    outline = np.array(
        [
            [front, low],
            [front, shoulder],
            [front - 0.25, height - 0.45],
            [front - 0.6, height],
            [back, height],
            [back, low],
        ]
    )
    loft(mesh, body, outline, Skin(np.array([nose, glass, paint, paint, paint]), side, paint, glass), low)
    for x in (-1.0, 1.0):
        mesh.box((x * (0.5 * width + 0.18), shoulder + 0.35, front - 0.15), (0.22, 0.6, 0.15), paint)


def _load(
    mesh: Mesh, materials: Materials, rng: np.random.Generator, bed: _Bed, *, plain: bool, tanker: bool
) -> None:
    """The load on the deck."""
    kind = 2 if tanker else rng.choice(5, p=[0.34, 0.24, 0.18, 0.12, 0.12])
    base = large_paint(rng)
    ink = base if plain else random_color(rng, low=0.01, high=0.5, saturation=0.7)
    size = float(rng.uniform(0.3, 0.9))
    skin = materials.add(
        BOARD,
        base,
        color2=ink,
        color3=ink,
        gloss=float(rng.uniform(0.25, 0.6)) if kind == 2 else 0.04,
        mottle=0.03 if plain else float(rng.uniform(0.05, 0.4)),
        params=(size, rng.uniform(0, 0.7), rng.uniform(0.2, 1.0), rng.uniform(0, 3), float(kind == 1)),
    )
    if kind == 2:
        tank(mesh, materials, rng, middle=bed.middle, length=bed.length, skin=skin)
    elif kind == 3:
        _flat_bed(mesh, materials, rng, bed, skin)
    else:
        height = bed.top - bed.deck
        _body_on_deck(mesh, materials, rng, bed, skin, height if kind != 4 else 0.45 * height + 0.3)


def _flat_bed(mesh: Mesh, materials: Materials, rng: np.random.Generator, bed: _Bed, skin: int) -> None:
    """Low boards around a few crates."""
    mesh.box((0, bed.deck + 0.2, bed.middle), (bed.width, 0.4, bed.length), skin)
    for _ in range(int(rng.integers(0, 5))):
        high = float(rng.uniform(0.2, 1.3))
        crate = materials.add(PLAIN, random_color(rng), mottle=0.3)
        x, z = rng.uniform(-0.5, 0.5), bed.middle + rng.uniform(-0.4, 0.4) * bed.length
        size = (rng.uniform(0.4, 1.4), high, rng.uniform(0.5, 2.5))
        mesh.box((x, bed.deck + 0.4 + 0.5 * high, z), size, crate)


def _body_on_deck(
    mesh: Mesh, materials: Materials, rng: np.random.Generator, bed: _Bed, skin: int, height: float
) -> None:
    """A box, canvas or tipper of this height with its rear, and sometimes a striped bar."""
    mesh.box((0, bed.deck + 0.5 * height, bed.middle), (bed.width, height, bed.length), skin)
    _doors(mesh, materials, rng, bed, height)
    if rng.random() < 0.5:
        warn = materials.add(
            STRIPES, (0.6, 0.03, 0.02), color2=(0.7, 0.65, 0.1), params=(0.3, rng.uniform(0.5, 1.0))
        )
        rear = bed.middle - 0.5 * bed.length - 0.02
        mesh.box((0, bed.deck + 0.15, rear), (bed.width, 0.16, 0.02), warn)


def _doors(mesh: Mesh, materials: Materials, rng: np.random.Generator, bed: _Bed, height: float) -> None:
    """The rear of a box: open and dark above a low tailboard, two doors with bars, or plain."""
    style, rear = rng.random(), bed.middle - 0.5 * bed.length - 0.015
    frame = materials.add(PLAIN, random_color(rng, low=0.1, high=0.6, saturation=0.05), gloss=0.15)
    if style < 0.3:
        inside = materials.add(PLAIN, (0.012, 0.012, 0.014), mottle=0.5)
        mesh.box((0, bed.deck + 0.5 * height, rear), (bed.width - 0.2, height - 0.16, 0.02), inside)
        mesh.box((0, bed.deck + 0.2, rear - 0.02), (bed.width, 0.42, 0.04), frame)
    elif style < 0.75:
        dark = materials.add(PLAIN, (0.02, 0.02, 0.022))
        mesh.box((0, bed.deck + 0.5 * height, rear), (0.03, height, 0.02), dark)
        for x in (-0.32, -0.12, 0.12, 0.32):
            mesh.box((x * bed.width, bed.deck + 0.5 * height, rear), (0.04, 0.94 * height, 0.05), frame)
        for x in (-1.0, 1.0):
            mesh.box(
                (x * (0.5 * bed.width - 0.05), bed.deck + 0.5 * height, rear), (0.1, height, 0.04), frame
            )


def _underside(
    mesh: Mesh, materials: Materials, rng: np.random.Generator, bed: _Bed, behind_cab: float
) -> None:
    """Two fuel tanks behind the cab and, on most lorries, side guards."""
    guard = materials.add(PLAIN, random_color(rng, low=0.1, high=0.6, saturation=0.1))
    if rng.uniform() < 0.7:
        for x in (-1.0, 1.0):
            for y in (0.5, 0.8):
                place = (x * (0.5 * bed.width - 0.05), y, bed.middle + 0.15 * bed.length)
                mesh.box(place, (0.04, 0.1, 0.5 * bed.length), guard)
    for x in (-0.8, 0.8):
        mesh.tube((x, 0.75, behind_cab - 0.5), (x, 0.75, behind_cab - 1.6), 0.28, guard, caps=guard)


def _tail(mesh: Mesh, materials: Materials, bed: _Bed, z: float, *, lit: bool) -> None:
    """The panel with lamps and number plate under the rear of the deck."""
    deck, half = bed.deck, 0.5 * bed.width
    params = (half - 0.06, 1.0, deck - 0.28, 0.07, deck - 0.32, float(lit), deck - 0.02, 0.2, 0.0)
    end = materials.add(CAR_END, (0.03, 0.03, 0.03), params=params)
    low = deck - 0.5
    quad = np.array([[-half, low, z], [half, low, z], [half, deck, z], [-half, deck, z]])
    mesh.quads(quad[None], end, quad[None, :, :2])
