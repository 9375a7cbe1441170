"""Large objects across or behind the street: bridges, a crossing street, woods and hills."""

from __future__ import annotations

import numpy as np

from tiekd.synth import furniture, traffic, vegetation
from tiekd.synth.materials import ROAD, vary
from tiekd.synth.site import Site


def overhead(site: Site) -> None:
    """Place a bridge or gantry over the road, with the chance of the plan."""
    rng, plan = site.rng, site.plan
    if rng.random() < plan.bridge:
        span = max(plan.edge(-1.0), plan.edge(1.0)) + 0.8
        structure = furniture.bridge(rng, site.materials, half_span=span)
        s = float(rng.uniform(9, 75))
        site.put(structure, s, 0.0, turn=float(rng.normal(0, 0.2)))
        if rng.random() < 0.6:
            for side in (-1.0, 1.0):
                d = side * (plan.edge(side) + float(rng.uniform(2, 12)))
                for k in range(2):
                    row = vegetation.wood(rng, site.materials, length=16.0)
                    site.put(row, s + 14.0 + 16.0 * k, d)


def junction(site: Site) -> None:
    """Place a crossing street with its own traffic."""
    rng, plan = site.rng, site.plan
    material = site.materials.add(
        ROAD,
        vary(rng, (0.075, 0.075, 0.08), 0.4),
        color2=(0.5, 0.5, 0.5),
        casts=False,
        params=(4.0, 2, 1, 3, 5, 0, 0, 0.4, site.light.wetness, -999, 0, 0.3),
    )
    half = 6.0
    for side in (-1.0, 1.0):
        near, far = side * plan.half_road, side * (plan.half_road + 70)
        s, lift = plan.junction_s, site.level(side) + 0.015
        corners = [
            site.course.points(s + ds, d, lift)
            for ds, d in ((-half, near), (half, near), (half, far), (-half, far))
        ]
        site.mesh.quads([corners], material, [[[-4, 0], [4, 0], [4, 70], [-4, 70]]])
    for _ in range(rng.poisson(3.0)):
        direction = float(rng.choice([-1.0, 1.0]))
        mesh, _, _ = traffic.any_vehicle(site, heavy=plan.heavy, lit=False)
        d = float(rng.uniform(-1, 1) ** 3 * 30)
        site.put(mesh, plan.junction_s - direction * 2.0, d, turn=direction * 0.5 * np.pi)


def backdrop(site: Site) -> None:
    """Place woods and hills that close the view."""
    rng, plan = site.rng, site.plan
    for side in (-1.0, 1.0):
        if rng.random() < plan.forest:
            d = plan.edge(side) + float(rng.uniform(4, 60))
            for s in np.arange(10, 190, 30.0):
                if rng.random() < 0.8:
                    site.put(vegetation.wood(rng, site.materials, length=32.0), s + 15, side * d)
    if rng.random() < 0.7:
        turn = float(rng.uniform(0.9, 2.2))
        for d in np.arange(-60, 61, 30.0):
            site.put(
                vegetation.wood(rng, site.materials, length=34.0),
                float(rng.uniform(140, 230)),
                d,
                turn=turn,
            )
    if rng.random() < 0.5:
        leaf = vegetation.leaves(rng, site.materials, density=-1.0)
        for _ in range(int(rng.integers(2, 6))):
            size = (float(rng.uniform(60, 200)), float(rng.uniform(8, 45)), 60.0)
            site.mesh.blob(
                (rng.uniform(-260, 260), -2.0, rng.uniform(290, 400)),
                size,
                leaf,
                rng,
                rough=0.06,
                rings=10,
                sides=24,
            )
