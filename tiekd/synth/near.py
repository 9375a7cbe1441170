"""Near objects at the edge of the picture: sides of vans and lorries, walls, hedges, poles at 2 to 6 m.

The camera sees about 40 degrees to each side. An object 1.5 to 4 m beside it is cut off by the border of the
picture and shows few features, so its depth is hard to learn. Its surface is often plain, glossy, dark or
over-exposed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tiekd.synth import buses, cars, furniture, lorries, vegetation
from tiekd.synth.materials import BRICK, PLAIN, Color, Materials, random_color, vary
from tiekd.synth.mesh import Mesh
from tiekd.synth.site import Site

_CHANCE = 0.22
_GREYS: tuple[Color, ...] = ((0.75, 0.75, 0.74), (0.4, 0.4, 0.4), (0.02, 0.02, 0.022), (0.2, 0.19, 0.18))


def flanks(site: Site) -> None:
    """Place one object close beside the camera, on each side with a chance of `_CHANCE`."""
    for side in (-1.0, 1.0):
        if site.rng.random() < _CHANCE:
            room = site.plan.edge(side) - side * site.plan.ego_d
            kinds = _BY_ROAD if room > 5.5 else _BY_KERB
            share = np.array([weight for _, weight in kinds])
            place = kinds[int(site.rng.choice(len(kinds), p=share / share.sum()))][0]
            place(site, side)


def _put(site: Site, mesh: Mesh, side: float, gap: float, half_width: float, s: float, turn: float) -> None:
    """Place an object so that its near face is `gap` metres beside the camera."""
    site.put(mesh, s, site.plan.ego_d + side * (gap + half_width), turn=turn)


def _vehicle(site: Site, side: float) -> None:
    """A van, lorry, bus or car that stands or drives beside the camera."""
    rng = site.rng
    plain = bool(rng.random() < 0.2)
    kind = rng.random()
    if kind < 0.4:
        tanker = bool(rng.random() < 0.25)
        mesh, length, width = lorries.lorry(rng, site.materials, plain=plain, tanker=tanker)
    elif kind < 0.55:
        mesh, length, width = buses.bus(rng, site.materials, tram=False)
    elif kind < 0.8:
        mesh, length, width = cars.car(rng, site.materials, lit=False, van=True)
    else:
        mesh, length, width = cars.car(rng, site.materials, lit=False)
    beside = site.plan.lane_width - 0.5 * width + float(rng.normal(0, 0.25))
    gap = float(np.clip(beside, 0.9, 3.0) if rng.random() < 0.7 else rng.uniform(0.9, 2.4))
    start = float(rng.uniform(-0.6 * length, 3.5))
    turn = (np.pi if rng.random() < 0.3 + 0.4 * (side < 0) else 0.0) + float(rng.normal(0, 0.04))
    _put(site, mesh, side, gap, 0.5 * width, start + 0.5 * length, turn)
    site.take(side, start - 1.0, start + length + 1.0)


def _parked_row(site: Site, side: float) -> None:
    """Cars close behind each other along the kerb; the edge of the picture cuts the first one off."""
    rng = site.rng
    gap, s = float(rng.uniform(0.8, 2.2)), float(rng.uniform(-4, 1.5))
    start = s
    for _ in range(int(rng.integers(1, 6))):
        mesh, length, width = cars.car(rng, site.materials, lit=False, van=bool(rng.random() < 0.2))
        turn = (np.pi if side < 0 else 0.0) + float(rng.normal(0, 0.03))
        _put(site, mesh, side, gap, 0.5 * width, s + 0.5 * length, turn)
        s += length + float(rng.uniform(0.5, 1.6))
    site.take(side, start - 1.0, s)


def _wall(site: Site, side: float) -> None:
    """A bare wall, a hoarding or a house corner at the kerb."""
    rng = site.rng
    length, height = (
        float(rng.uniform(4, 30)),
        float(rng.choice([1.3, 2.2, 3.2, 6.0]) * rng.uniform(0.8, 1.3)),
    )
    skin = _plain_skin(rng, site.materials)
    mesh, width = Mesh(), float(rng.uniform(0.3, 6.0) if height > 3 else 0.3)
    mesh.box((0, 0.5 * height - 0.5, 0), (width, height + 1.0, length), skin)
    if rng.random() < 0.5:
        mesh.box((0, height + 0.05, 0), (width + 0.15, 0.1, length + 0.1), _plain_skin(rng, site.materials))
    start = float(rng.uniform(-0.6 * length, 3.0))
    _put(site, mesh, side, float(rng.uniform(1.6, 4.2)), 0.5 * width, start + 0.5 * length, 0.0)
    site.take(side, start - 1.0, start + length + 1.0)


def _hedge(site: Site, side: float) -> None:
    rng = site.rng
    length = float(rng.uniform(5, 25))
    mesh = vegetation.bush(rng, site.materials, distance_m=4.0, length=length)
    start = float(rng.uniform(-0.6 * length, 3.0))
    _put(site, mesh, side, float(rng.uniform(1.6, 4.0)), 0.6, start + 0.5 * length, 0.0)
    site.take(side, start - 1.0, start + length + 1.0)


def _bushes(site: Site, side: float) -> None:
    rng = site.rng
    for _ in range(int(rng.integers(1, 5))):
        s = float(rng.uniform(1.5, 9.0))
        _put(
            site,
            vegetation.bush(rng, site.materials, distance_m=s),
            side,
            float(rng.uniform(1.6, 3.5)),
            0.9,
            s,
            0,
        )
    site.take(side, 0.0, 11.0)


def _poles(site: Site, side: float) -> None:
    """Posts, signs, boxes or a trunk at the kerb."""
    rng = site.rng
    makers = (furniture.post, furniture.lamp, furniture.sign, furniture.clutter)
    for _ in range(int(rng.integers(1, 4))):
        s = float(rng.uniform(2.0, 7.0))
        if rng.random() < 0.25:
            mesh = vegetation.tree(rng, site.materials, distance_m=s)
        else:
            mesh = makers[int(rng.integers(len(makers)))](rng, site.materials)
        _put(site, mesh, side, float(rng.uniform(1.5, 3.5)), 0.2, s, 0.0 if side > 0 else np.pi)


def _plain_skin(rng: np.random.Generator, materials: Materials) -> int:
    """Material of plaster, concrete, painted metal or masonry, often without any texture."""
    tone = vary(rng, _GREYS[int(rng.integers(len(_GREYS)))], 0.4)
    if rng.random() < 0.3:
        tone = random_color(rng, low=0.02, high=0.6, saturation=0.15)
    if rng.random() < 0.3:
        return materials.add(
            BRICK, tone, color2=vary(rng, tone, 0.5), params=(rng.uniform(0.2, 1.2), 0.2, 0.01), mottle=0.25
        )
    dirt = float(rng.choice([0.01, 0.05, 0.25]))
    return materials.add(PLAIN, tone, mottle=dirt, gloss=float(rng.choice([0.0, 0.02, 0.3])), frequency=1.5)


_Placer = Callable[[Site, float], None]
_BY_ROAD: tuple[tuple[_Placer, float], ...] = ((_vehicle, 0.75), (_parked_row, 0.15), (_poles, 0.1))
_BY_KERB: tuple[tuple[_Placer, float], ...] = (
    (_vehicle, 0.3),
    (_parked_row, 0.25),
    (_wall, 0.13),
    (_hedge, 0.09),
    (_bushes, 0.07),
    (_poles, 0.09),
)
