"""Houses and walls along the street. In the local frame the façade is the plane x = 0 and faces -x."""

from __future__ import annotations

import numpy as np

from tiekd.synth.materials import BRICK, FACADE, FENCE, PLAIN, Color, Materials, random_color, vary
from tiekd.synth.mesh import Mesh

_WALLS: tuple[Color, ...] = (
    (0.6, 0.57, 0.5),
    (0.62, 0.5, 0.3),
    (0.45, 0.43, 0.4),
    (0.35, 0.14, 0.09),
    (0.5, 0.3, 0.2),
    (0.3, 0.31, 0.33),
    (0.55, 0.55, 0.56),
)


def house(
    rng: np.random.Generator, materials: Materials, *, width: float, depth: float, height: float
) -> Mesh:
    """A building of full `width` (z), `depth` (x, away from the street) and eaves `height`."""
    u = rng.uniform
    wall = vary(rng, _WALLS[int(rng.integers(len(_WALLS)))], 0.4)
    shop = height > 6 and u() < 0.4
    params = (
        u(2.6, 3.4),
        u(1.5, 4.2),
        u(0.3, 0.8),
        u(0.4, 0.7),
        u(3.0, 4.2) if shop else u(0.5, 3.0),
        float(u() < 0.3),
        u(0.04, 0.15),
        width,
        height,
        float(u() < 0.3),
        u(0, 0.15),
        float(shop),
    )
    front = materials.add(
        FACADE,
        wall,
        color2=random_color(rng, low=0.05, high=0.8, saturation=0.1),
        color3=random_color(rng, high=0.3, saturation=0.25),
        params=params,
        mottle=float(u(0.03, 0.25)),
        frequency=float(u(0.3, 2)),
    )
    mesh = Mesh()
    _walls(mesh, width, depth, height, front)
    _roof(mesh, materials, rng, width, depth, height, front)
    _relief(mesh, materials, rng, params, width, height, shop=shop)
    return mesh


def _walls(mesh: Mesh, width: float, depth: float, height: float, wall: int) -> None:
    """Four walls. They reach below the ground, so that a slope shows no gap."""
    half, base = 0.5 * width, -1.5
    corners = np.array(
        [
            [[0, base, -half], [0, base, half], [0, height, half], [0, height, -half]],
            [[depth, base, half], [depth, base, -half], [depth, height, -half], [depth, height, half]],
            [[0, base, -half], [depth, base, -half], [depth, height, -half], [0, height, -half]],
            [[0, base, half], [depth, base, half], [depth, height, half], [0, height, half]],
        ]
    )
    uv = np.array([[[0, base], [s, base], [s, height], [0, height]] for s in (width, width, depth, depth)])
    mesh.quads(corners, wall, uv)


def _roof(
    mesh: Mesh,
    materials: Materials,
    rng: np.random.Generator,
    width: float,
    depth: float,
    height: float,
    wall: int,
) -> None:
    """A flat roof with a parapet, or a gabled one along or across the street, with eaves and chimneys."""
    over = float(rng.uniform(0.1, 0.6))
    tile = (
        random_color(rng, low=0.02, high=0.25, saturation=0.4)
        if rng.random() < 0.5
        else vary(rng, (0.25, 0.07, 0.04), 0.4)
    )
    roof = materials.add(BRICK, tile, color2=vary(rng, tile, 0.6), params=(0.3, 0.35, 0.03))
    style = rng.random()
    if style < 0.3 or height > 16:
        mesh.box((0.5 * depth, height + 0.15, 0), (depth + 2 * over, 0.3, width + 0.1), roof)
        return
    rise, along = float(rng.uniform(0.3, 0.9)) * 0.5 * min(depth, 12.0), bool(style < 0.8)
    rise = rise if along else min(rise, 0.6 * width)
    _gabled(mesh, width, depth, height, rise, over, (roof, wall), along=along)
    if rng.random() < 0.6:
        place = (0.5 * depth, height + rise, rng.uniform(-0.4, 0.4) * width)
        mesh.box(place, (0.7, 1.6, 0.7), wall)
    if rng.random() < 0.4 and along:
        for z in rng.uniform(-0.4, 0.4, int(rng.integers(1, 4))) * width:
            mesh.box((0.22 * depth, height + 0.3 * rise, z), (0.25 * depth, 0.7 * rise, 1.3), wall)


def _gabled(
    mesh: Mesh,
    width: float,
    depth: float,
    height: float,
    rise: float,
    over: float,
    materials: tuple[int, int],
    *,
    along: bool,
) -> None:
    """A gabled roof with eaves of `over` metres. `along`: the ridge runs along the street, not across it."""
    half, ridge = 0.5 * width, height + rise
    if along:
        drop = over * 2 * rise / depth
        eaves = [[-over, height - drop], [depth + over, height - drop]]
        quads = [
            [
                [x, y, -half - 0.2],
                [x, y, half + 0.2],
                [0.5 * depth, ridge, half + 0.2],
                [0.5 * depth, ridge, -half - 0.2],
            ]
            for x, y in eaves
        ]
        gables = [[[0, height, z], [depth, height, z], [0.5 * depth, ridge, z]] for z in (-half, half)]
        gable_uv = [[[0, height], [depth, height], [0.5 * depth, ridge]]] * 2
    else:
        drop = over * 2 * rise / width
        quads = [
            [[-over, height - drop, z], [depth, height - drop, z], [depth, ridge, 0], [-over, ridge, 0]]
            for z in (-half - over, half + over)
        ]
        gables = [[[x, height, -half], [x, height, half], [x, ridge, 0]] for x in (0.0, depth)]
        gable_uv = [[[0, height], [width, height], [half, ridge]]] * 2
    roof, wall = materials
    mesh.quads(np.array(quads), roof)
    mesh.triangles(np.array(gables), np.array(gable_uv), wall)


def _relief(
    mesh: Mesh,
    materials: Materials,
    rng: np.random.Generator,
    params: tuple[float, ...],
    width: float,
    height: float,
    *,
    shop: bool,
) -> None:
    """Balconies, bays, awnings, steps and sills that stand out of the façade."""
    u = rng.uniform
    floor, bay, ground = params[0], params[1], params[4]
    plain = materials.add(PLAIN, random_color(rng, low=0.1, high=0.7, saturation=0.1))
    accent = materials.add(PLAIN, random_color(rng, low=0.03, high=0.5, saturation=0.5))
    rail = materials.add(
        FENCE, random_color(rng, low=0.02, high=0.3, saturation=0.1), params=(0.12, 0.035, 0.5, 0.04)
    )
    floors = max(0, int((height - ground) / floor))
    if u() < 0.35:
        _balconies(mesh, rng, (floor, bay, ground), width, floors, (plain, rail, accent))
    elif u() < 0.25 and floors:
        out, z = float(u(0.4, 0.9)), u(-0.3, 0.3) * width
        tall = floors * floor
        mesh.box((-0.5 * out, ground + 0.5 * floors * floor, z), (out, tall, min(2.5, 0.5 * width)), plain)
    if shop and u() < 0.5:
        out, y = float(u(0.8, 2.0)), ground - 0.8
        z0, z1 = -0.45 * width, 0.45 * width
        mesh.quads([[[0, y + 0.5, z0], [0, y + 0.5, z1], [-out, y, z1], [-out, y, z0]]], accent)
    if u() < 0.5:
        z = u(-0.4, 0.4) * width
        mesh.box((-0.4, 0.1, z), (0.8, 0.3, 1.6), plain)
    for z in (-0.48 * width, 0.47 * width):
        if u() < 0.5:
            mesh.tube((-0.08, 0, z), (-0.08, height, z), 0.06, plain, sides=5)


def _balconies(
    mesh: Mesh,
    rng: np.random.Generator,
    grid: tuple[float, float, float],
    width: float,
    floors: int,
    materials: tuple[int, int, int],
) -> None:
    """Balconies on half of the columns.

    grid: height of a floor, width of a bay, and height of the first floor above the ground, in metres.
    """
    (floor, bay, ground), (plain, rail, accent) = grid, materials
    out, columns = float(rng.uniform(0.6, 1.5)), max(1, int(width / bay))
    for column in rng.permutation(columns)[: max(1, columns // 2)]:
        z = (column + 0.5) * bay - 0.5 * width
        for k in range(floors):
            y = ground + k * floor + 0.1
            mesh.box((-0.5 * out, y, z), (out, 0.16, 0.85 * bay), plain)
            front = rail if rng.uniform() < 0.6 else accent
            mesh.box((-out, y + 0.5, z), (0.04, 0.95, 0.85 * bay), front)


def wall(rng: np.random.Generator, materials: Materials, *, length: float) -> Mesh:
    """A garden wall, fence, railing, hoarding or hedge-high boarding along z; x is its thickness."""
    u = rng.uniform
    mesh, kind, height = Mesh(), rng.random(), float(u(0.5, 2.2))
    tone = random_color(rng, low=0.05, high=0.6, saturation=0.25)
    if kind < 0.4:
        brick = materials.add(
            BRICK, tone, color2=vary(rng, tone, 0.5), params=(u(0.2, 0.6), u(0.07, 0.3), 0.012), mottle=0.3
        )
        mesh.box((0, 0.5 * height - 0.4, 0), (0.25, height + 0.8, length), brick)
        mesh.box((0, height + 0.03, 0), (0.35, 0.07, length), brick)
        return mesh
    if kind < 0.85:
        bars = materials.add(FENCE, tone, params=(u(0.1, 0.2), u(0.03, 0.12), u(0.6, 1.0), 0.07))
        mesh.quads(
            [
                [
                    [0, 0, -0.5 * length],
                    [0, 0, 0.5 * length],
                    [0, height, 0.5 * length],
                    [0, height, -0.5 * length],
                ]
            ],
            bars,
        )
        post = materials.add(PLAIN, tone)
        for z in np.arange(-0.5 * length, 0.5 * length, 2.5):
            mesh.box((0, 0.5 * height, z), (0.1, height + 0.1, 0.1), post)
        if u() < 0.5:
            mesh.box((0, 0.0, 0), (0.2, 0.7, length), post)
        return mesh
    board = materials.add(PLAIN, tone, mottle=0.3)
    mesh.box((0, 0.5 * height, 0), (0.12, height, length), board)
    return mesh
