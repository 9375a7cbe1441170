"""Trees, bushes, hedges and far woods: many small cards with leaves around dark solid cores."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tiekd.synth.materials import FOLIAGE, PLAIN, Color, Materials, vary
from tiekd.synth.mesh import Mesh

Array = NDArray[np.float64]


def leaves(rng: np.random.Generator, materials: Materials, *, density: float = 0.45) -> int:
    """Add a foliage material, from green to dry and from light to nearly black. Returns its index."""
    green = vary(rng, (0.05, 0.075, 0.022), 0.5)
    if rng.random() < 0.12:
        green = vary(rng, (0.1, 0.06, 0.018), 0.4)
    second: Color = vary(rng, green, 0.5)
    return materials.add(
        FOLIAGE, green, color2=second, params=(float(rng.uniform(5.0, 14.0)), density), gloss=0.02
    )


def crown(
    mesh: Mesh,
    rng: np.random.Generator,
    center: ArrayLike,
    radii: ArrayLike,
    material: int,
    core: int,
    *,
    cards: int,
    card_m: float,
    cores: int = 6,
) -> None:
    """Add leaf cards on the surfaces of several ellipsoids, with solid cores inside."""
    middle, size = np.asarray(center, dtype=np.float64), np.asarray(radii, dtype=np.float64)
    n_lumps = int(rng.integers(5, 11))
    offset = _unit(rng, n_lumps) * rng.uniform(0.25, 0.75, (n_lumps, 1))
    lump = rng.uniform(0.35, 0.62, n_lumps)
    for k in range(min(n_lumps, cores)):
        mesh.blob(middle + offset[k] * size, size * lump[k] * 0.72, core, rng, rough=0.3, rings=4, sides=6)
    mesh.blob(middle, size * 0.55, core, rng, rough=0.25, rings=4, sides=6)
    which = rng.integers(0, n_lumps, cards)
    outward = _unit(rng, cards)
    place = (
        middle
        + (offset[which] + outward * (lump[which] * rng.uniform(0.7, 1.1, cards) ** 0.5)[:, None]) * size
    )
    _cards(mesh, rng, place, outward, card_m, material)


def _unit(rng: np.random.Generator, n: int) -> Array:
    vectors = rng.normal(size=(n, 3))
    return np.asarray(vectors / np.sqrt((vectors * vectors).sum(1, keepdims=True)))


def _cards(
    mesh: Mesh, rng: np.random.Generator, place: Array, outward: Array, card_m: float, material: int
) -> None:
    """Add square cards at `place`, turned at random. The normals `outward` make a crown look round."""
    n = len(place)
    a = _unit(rng, n)
    b = np.cross(a, _unit(rng, n))
    b /= np.sqrt((b * b).sum(1, keepdims=True)) + 1e-9
    size = card_m * rng.uniform(0.6, 1.4, (n, 1))
    normals = outward + 0.5 * _unit(rng, n) + np.array([0, 0.3, 0])
    mesh.cards(place, a * size, b * size, normals, rng.uniform(0, 50, (n, 2)), material)


def tree(rng: np.random.Generator, materials: Materials, *, distance_m: float) -> Mesh:
    """A broad-leaved tree, a conifer or a slim street tree. Far trees have fewer and larger cards."""
    u = rng.uniform
    mesh, height = Mesh(), float(np.clip(rng.normal(8.5, 3.5), 3.0, 20.0))
    leaf, core = leaves(rng, materials), leaves(rng, materials, density=-1.0)
    bark = materials.add(PLAIN, vary(rng, (0.07, 0.055, 0.04), 0.5), mottle=0.6, frequency=5.0)
    cards = int(np.clip(9000 / (distance_m + 6.0), 50, 650))
    card_m = float(np.clip(0.16 + 0.011 * distance_m, 0.2, 1.0))
    clear = height * float(u(0.12, 0.45))
    width = height * float(u(0.22, 0.48))
    lean = rng.normal(0, 0.04 * height, 2)
    trunk = 0.022 * height + 0.05
    top = np.array([lean[0], clear + 0.3 * (height - clear), lean[1]])
    mesh.tube((0, -0.5, 0), top, trunk, bark, end_radius=0.5 * trunk, sides=7)
    if u() < 0.15:
        for k, t in enumerate(np.linspace(0.0, 1.0, 5)):
            y = clear + t * (height - clear)
            crown(
                mesh,
                rng,
                (lean[0], y, lean[1]),
                (width * 0.7 * (1.05 - t), 0.16 * height, width * 0.7 * (1.05 - t)),
                leaf,
                core,
                cards=cards // (4 + k),
                card_m=card_m * 0.8,
            )
        return mesh
    for _ in range(int(rng.integers(2, 5))):
        branch = np.array([*rng.normal(0, 0.4 * width, 2), 0.0])[[0, 2, 1]] + np.array(
            [0, clear + 0.5 * (height - clear), 0]
        )
        mesh.tube(top * 0.8, branch, 0.4 * trunk, bark, end_radius=0.1 * trunk, sides=5)
    middle = np.array([lean[0], 0.5 * (height + clear), lean[1]])
    crown(mesh, rng, middle, (width, 0.5 * (height - clear), width), leaf, core, cards=cards, card_m=card_m)
    return mesh


def bush(rng: np.random.Generator, materials: Materials, *, distance_m: float, length: float = 0.0) -> Mesh:
    """A bush, or with a `length` a hedge along z."""
    mesh, height = Mesh(), float(rng.uniform(0.6, 3.0))
    leaf, core = leaves(rng, materials, density=0.4), leaves(rng, materials, density=-1.0)
    cards = int(np.clip(2500 / (distance_m + 5.0), 30, 260))
    card_m = float(np.clip(0.1 + 0.01 * distance_m, 0.13, 0.8))
    if length <= 0.0:
        width = height * float(rng.uniform(0.5, 1.2))
        crown(
            mesh,
            rng,
            (0, 0.45 * height, 0),
            (width, 0.5 * height, width),
            leaf,
            core,
            cards=cards,
            card_m=card_m,
        )
        return mesh
    width = float(rng.uniform(0.3, 0.7))
    mesh.box((0, 0.45 * height, 0), (2 * width - 0.1, 0.9 * height, length), core)
    n = int(min(cards * length / 2.0, 900))
    place = np.stack(
        [rng.choice([-1.0, 1.0], n) * width, rng.uniform(0, height, n), rng.uniform(-0.5, 0.5, n) * length], 1
    )
    top = rng.random(n) < 0.3
    place[top] = np.stack(
        [rng.uniform(-width, width, top.sum()), np.full(top.sum(), 0.95 * height), place[top][:, 2]], 1
    )
    outward = np.stack([np.sign(place[:, 0]), top.astype(float), 0 * place[:, 0]], 1)
    _cards(mesh, rng, place, outward, card_m, leaf)
    return mesh


def wood(rng: np.random.Generator, materials: Materials, *, length: float) -> Mesh:
    """The edge of a distant wood, along z."""
    mesh = Mesh()
    leaf, core = leaves(rng, materials), leaves(rng, materials, density=-1.0)
    height = float(rng.uniform(5, 16))
    for z in np.arange(-0.5 * length, 0.5 * length, 0.55 * height):
        tall = height * float(rng.uniform(0.6, 1.15))
        crown(
            mesh,
            rng,
            (rng.normal(0, 2), 0.5 * tall, z),
            (0.4 * tall, 0.55 * tall, 0.4 * tall),
            leaf,
            core,
            cards=60,
            card_m=0.09 * tall,
            cores=2,
        )
    return mesh
