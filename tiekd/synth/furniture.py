"""Objects beside and over the street: lamps, signs, traffic lights, small objects, guard rails, bridges."""

from __future__ import annotations

import numpy as np

from tiekd.synth.materials import BOARD, BRICK, FENCE, PLAIN, SIGN, STRIPES, Color, Materials, random_color
from tiekd.synth.mesh import Mesh

_RED: Color = (0.5, 0.015, 0.02)
_WHITE: Color = (0.7, 0.7, 0.7)
_SIGNS: tuple[tuple[float, Color, Color], ...] = (
    (0.0, _WHITE, _RED),
    (1.0, _WHITE, _RED),
    (0.0, (0.02, 0.08, 0.4), _WHITE),
    (2.0, (0.02, 0.08, 0.4), _WHITE),
    (2.0, (0.75, 0.6, 0.05), (0.02, 0.02, 0.02)),
    (0.0, _RED, _WHITE),
)


def lamp(rng: np.random.Generator, materials: Materials) -> Mesh:
    """A street lamp with an arm towards -x."""
    u = rng.uniform
    mesh, height, arm = Mesh(), float(u(4, 11)), float(u(0.0, 2.5))
    metal = materials.add(PLAIN, random_color(rng, low=0.03, high=0.4, saturation=0.1), gloss=0.1)
    mesh.tube((0, 0, 0), (0, height, 0), 0.09, metal, end_radius=0.05, sides=7)
    mesh.tube((0, height, 0), (-arm, height + 0.3, 0), 0.04, metal, sides=5)
    mesh.box((-arm - 0.3, height + 0.3, 0), (0.7, 0.14, 0.3), metal)
    return mesh


def post(rng: np.random.Generator, materials: Materials) -> Mesh:
    """A bare pole, mast or telegraph post."""
    mesh, height = Mesh(), float(rng.uniform(2.5, 10))
    wood = materials.add(PLAIN, random_color(rng, low=0.03, high=0.35, saturation=0.2), mottle=0.4)
    mesh.tube((0, 0, 0), (0, height, 0), float(rng.uniform(0.04, 0.16)), wood, sides=7)
    return mesh


def sign(rng: np.random.Generator, materials: Materials) -> Mesh:
    """A traffic sign on a pole, facing -z."""
    mesh, height, size = Mesh(), float(rng.uniform(1.8, 3.2)), float(rng.uniform(0.25, 0.5))
    shape, face, border = _SIGNS[int(rng.integers(len(_SIGNS)))]
    metal = materials.add(PLAIN, (0.3, 0.3, 0.31), gloss=0.1)
    plate = materials.add(
        SIGN,
        face,
        color2=border,
        color3=(0.03, 0.03, 0.03) if face == _WHITE else _WHITE,
        params=(shape,),
        gloss=0.06,
    )
    mesh.tube((0, 0, 0), (0, height + size, 0), 0.035, metal, sides=6)
    corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1.0]])
    quad = np.concatenate([corner * size, np.full((4, 1), -0.05)], 1) + np.array([0, height, 0])
    mesh.quads(quad[None], plate, corner[None])
    return mesh


def signal(rng: np.random.Generator, materials: Materials) -> Mesh:
    """A traffic light, sometimes on an arm over the road (towards -x)."""
    mesh = Mesh()
    metal = materials.add(PLAIN, random_color(rng, low=0.02, high=0.2, saturation=0.1))
    dark = materials.add(PLAIN, (0.01, 0.012, 0.01))
    colors: tuple[Color, ...] = ((0.05, 0.6, 0.2), (0.7, 0.4, 0.03), (0.8, 0.03, 0.02))
    on = int(rng.integers(3))
    arm = float(rng.uniform(2, 5)) if rng.random() < 0.4 else 0.0
    height = 5.3 if arm else 2.6
    mesh.tube((0, 0, 0), (0, height + 0.6, 0), 0.07, metal, sides=7)
    places = [(0.0, 2.6)] + ([(-arm, 5.2)] if arm else [])
    if arm:
        mesh.tube((0, height, 0), (-arm, height + 0.2, 0), 0.06, metal, sides=6)
    for x, y in places:
        mesh.box((x, y, -0.1), (0.32, 0.95, 0.25), dark)
        for k, color in enumerate(colors):
            bright = 4.0 if k == on else 0.0
            lens = materials.add(PLAIN, color if k == on else (0.03, 0.03, 0.03), emission=bright)
            mesh.tube(
                (x, y - 0.3 + 0.3 * k, -0.23), (x, y - 0.3 + 0.3 * k, -0.25), 0.1, lens, sides=10, caps=lens
            )
    return mesh


def clutter(rng: np.random.Generator, materials: Materials) -> Mesh:
    """A bollard, bin, box, bench, hoarding, shelter, barrier or cone."""
    u = rng.uniform
    mesh, kind = Mesh(), int(rng.integers(7))
    color = random_color(rng, low=0.02, high=0.6, saturation=0.7)
    skin = materials.add(PLAIN, color, mottle=0.25, gloss=0.05)
    if kind == 0:
        mesh.tube((0, 0, 0), (0, u(0.6, 1.1), 0), float(u(0.05, 0.15)), skin, sides=8, caps=skin)
    elif kind == 1:
        mesh.box((0, 0.55, 0), (0.6, 1.1, 0.6), skin)
    elif kind == 2:
        high = float(u(0.8, 2.2))
        mesh.box((0, 0.5 * high, 0), (u(0.3, 0.6), high, u(0.4, 1.6)), skin)
    elif kind == 3:
        mesh.box((0, 0.45, 0), (0.45, 0.06, 1.6), skin)
        mesh.box((0.22, 0.7, 0), (0.05, 0.4, 1.6), skin)
        for z in (-0.6, 0.6):
            mesh.box((0, 0.22, z), (0.4, 0.45, 0.07), skin)
    elif kind == 4:
        board = materials.add(
            BOARD,
            random_color(rng),
            color2=random_color(rng),
            color3=random_color(rng),
            params=(u(0.15, 0.5), 0.7, 0.3, 1.5),
        )
        high, wide = float(u(1.2, 2.8)), float(u(1.0, 3.5))
        mesh.box((0, 0.8 + 0.5 * high, 0), (0.15, high, wide), board)
        for z in (-0.4, 0.4):
            mesh.box((0, 0.4, z * wide), (0.1, 0.9, 0.1), skin)
    elif kind == 5:
        glass = materials.add(FENCE, color, params=(1.3, 0.08, 2.3, 0.08))
        mesh.box((0, 2.4, 0), (1.6, 0.12, 4.0), skin)
        mesh.box((0.75, 1.2, 0), (0.05, 2.3, 4.0), glass)
    else:
        warn = materials.add(STRIPES, (0.6, 0.04, 0.02), color2=(0.7, 0.7, 0.68), params=(0.4, u(0.4, 1.2)))
        mesh.box((0, 0.6, 0), (u(0.05, 0.3), u(0.3, 1.0), u(0.3, 2.0)), warn)
    return mesh


def guard_rail(rng: np.random.Generator, materials: Materials, *, length: float) -> Mesh:
    """A steel or concrete guard rail along z."""
    mesh = Mesh()
    if rng.random() < 0.25:
        concrete = materials.add(PLAIN, random_color(rng, low=0.15, high=0.4, saturation=0.05), mottle=0.3)
        mesh.box((0, 0.4, 0), (0.35, 0.9, length), concrete)
        return mesh
    steel = materials.add(
        PLAIN, random_color(rng, low=0.15, high=0.45, saturation=0.05), gloss=0.15, mottle=0.25
    )
    for y in (0.56, 0.7):
        mesh.box((0, y, 0), (0.08, 0.11, length), steel)
    mesh.box((0.02, 0.63, 0), (0.03, 0.3, length), steel)
    for z in np.arange(-0.5 * length, 0.5 * length, 4.0):
        mesh.box((0.08, 0.35, z), (0.08, 0.8, 0.12), steel)
    return mesh


def bridge(rng: np.random.Generator, materials: Materials, *, half_span: float) -> Mesh:
    """A bridge or gantry across the road (along x), centred on the road."""
    u = rng.uniform
    mesh, clear = Mesh(), float(u(4.6, 7.5))
    concrete = materials.add(
        PLAIN, random_color(rng, low=0.06, high=0.4, saturation=0.08), mottle=0.35, frequency=0.5
    )
    if u() < 0.35:
        _gantry(mesh, rng, materials, half_span, clear, concrete)
        return mesh
    wide, thick = float(u(4, 16)), float(u(0.7, 1.8))
    mesh.box((0, clear + 0.5 * thick, 0), (2 * half_span + 60, thick, wide), concrete)
    rail = materials.add(
        FENCE, random_color(rng, low=0.02, high=0.3, saturation=0.1), params=(0.15, 0.04, 0.9, 0.08)
    )
    for z in (-0.5 * wide, 0.5 * wide):
        mesh.box(
            (0, clear + thick + 0.5, z), (2 * half_span + 60, 1.0, 0.05), rail if u() < 0.6 else concrete
        )
    stone = materials.add(
        BRICK,
        random_color(rng, low=0.05, high=0.4, saturation=0.15),
        color2=(0.08, 0.08, 0.08),
        params=(0.6, 0.3, 0.015),
    )
    if u() < 0.5:
        for x in (-1.0, 1.0):
            mesh.box((x * (half_span + 3), 0.5 * clear, 0), (6.0, clear, wide), stone)
    else:
        for x in (-half_span, half_span):
            for z in (-0.3, 0.3):
                mesh.tube((x, -1, z * wide), (x, clear, z * wide), float(u(0.4, 0.8)), concrete, sides=12)
    return mesh


def _gantry(
    mesh: Mesh, rng: np.random.Generator, materials: Materials, half_span: float, clear: float, post: int
) -> None:
    """A lattice beam on two posts with direction signs."""
    metal = materials.add(
        FENCE, random_color(rng, low=0.1, high=0.4, saturation=0.1), params=(0.8, 0.12, 0.6, 0.1)
    )
    board = materials.add(
        BOARD, (0.02, 0.09, 0.35), color2=_WHITE, color3=_WHITE, params=(0.35, 0.8, 0.2, 99.0)
    )
    mesh.box((0, clear + 0.5, 0), (2 * half_span, 0.9, 0.5), metal)
    for x in (-half_span, half_span):
        mesh.box((x, 0.5 * clear, 0), (0.35, clear + 1.6, 0.35), post)
    for x in rng.uniform(-0.7, 0.7, int(rng.integers(1, 4))) * half_span:
        mesh.box((x, clear + 0.9, -0.35), (rng.uniform(2, 5), rng.uniform(1.5, 3), 0.12), board)
