"""Objects along both sides of a street: houses, plants, furniture, borders, people."""

from __future__ import annotations

import numpy as np

from tiekd.synth import buildings, furniture, people, vegetation
from tiekd.synth.site import Site


def line(site: Site, side: float) -> None:
    """Place everything on one side (±1) of the street, except vehicles."""
    if site.plan.buildings:
        _houses(site, side)
    _plants(site, side)
    _things(site, side)
    _borders(site, side)
    _pedestrians(site, side)


def _houses(site: Site, side: float) -> None:
    rng, plan = site.rng, site.plan
    edge = plan.edge(side)
    low, high = plan.building_height
    base, setback = float(rng.uniform(low, high)), float(rng.uniform(*plan.setback))
    s = float(rng.uniform(-25, -8))
    while s < 190:
        width, depth = float(rng.uniform(6, 24)), float(rng.uniform(7, 14))
        height = float(np.clip(base * np.exp(rng.normal(0, 0.2)), 3, 40))
        here = setback + float(abs(rng.normal(0, 0.6))) * (plan.setback[1] > 0.5)
        place = s + 0.5 * width
        if not site.at_junction(place, 0.5 * width) and rng.random() < plan.buildings:
            mesh = buildings.house(rng, site.materials, width=width, depth=depth, height=height)
            site.put(
                mesh, place, side * (edge + here), lift=site.level(side), turn=0.0 if side > 0 else np.pi
            )
        s += width + (float(rng.exponential(9)) if rng.random() < plan.gaps else 0.0)


def _plants(site: Site, side: float) -> None:
    rng, plan = site.rng, site.plan
    edge, street = plan.edge(side), bool(rng.random() < 0.6) and plan.kind != "canyon"
    for _ in range(rng.poisson(plan.trees * 0.8)):
        s = float(rng.uniform(1, 90) if rng.random() < 0.8 else rng.uniform(60, 170))
        d = max(plan.half_road + 0.9, edge - 0.6) if street else edge + 0.6 + float(rng.exponential(4))
        if plan.buildings and not street:
            d = edge + float(rng.uniform(0, max(plan.setback[1] * 0.5, 0.5)))
        if not site.at_junction(s):
            site.put(
                vegetation.tree(rng, site.materials, distance_m=s),
                s,
                side * d,
                lift=site.level(side),
                turn=float(rng.uniform(0, 6)),
            )
    for _ in range(rng.poisson(plan.bushes)):
        s, d = float(rng.uniform(2, 80)), edge + 0.6 + float(rng.exponential(4.0))
        if not site.at_junction(s):
            site.put(vegetation.bush(rng, site.materials, distance_m=s), s, side * d, lift=site.level(side))


def _things(site: Site, side: float) -> None:
    rng, plan = site.rng, site.plan
    kinds = (furniture.lamp, furniture.post, furniture.sign, furniture.signal, furniture.clutter)
    share = np.array(
        [0.2, 0.2, 0.2, 0.06, 0.34] if plan.kind != "junction" else [0.15, 0.15, 0.25, 0.2, 0.25]
    )
    wide = plan.edge(side) - plan.half_road
    for _ in range(rng.poisson(plan.furniture)):
        make = kinds[int(rng.choice(5, p=share))]
        s = float(rng.uniform(3, 70) if rng.random() < 0.85 else rng.uniform(60, 140))
        d = plan.half_road + (0.45 if rng.random() < 0.5 else float(rng.uniform(0.3, max(wide, 0.7))))
        faces = make in (furniture.sign, furniture.signal)
        turn = (
            float(rng.normal(0, 0.2)) if faces else (0.0 if side > 0 else np.pi) + float(rng.normal(0, 0.1))
        )
        site.put(make(rng, site.materials), s, side * d, lift=site.level(side) * 0.8, turn=turn)


def _borders(site: Site, side: float) -> None:
    """Walls, fences, hedges and guard rails along the edge, in short pieces that follow the road."""
    rng, plan = site.rng, site.plan
    edge, level = plan.edge(side), site.level(side)
    if rng.random() < plan.rail:
        for s in np.arange(-8, 130, 12.0):
            rail = furniture.guard_rail(rng, site.materials, length=12.0)
            site.put(rail, s + 6, side * (edge - 0.3), lift=level, turn=0.0 if side > 0 else np.pi)
    if rng.random() < plan.fence and plan.setback[1] > 0.5:
        hedge, s = rng.random() < 0.35, float(rng.uniform(-8, 0))
        while s < 100:
            length = float(rng.uniform(5, 18))
            if rng.random() < 0.75 and not site.at_junction(s + 0.5 * length, 0.5 * length):
                piece = (
                    vegetation.bush(rng, site.materials, distance_m=max(s, 3.0), length=length)
                    if hedge
                    else buildings.wall(rng, site.materials, length=length)
                )
                site.put(piece, s + 0.5 * length, side * (edge + 0.3), lift=level)
            s += length


def _pedestrians(site: Site, side: float) -> None:
    rng, plan = site.rng, site.plan
    wide = max(plan.edge(side) - plan.half_road, 0.5)
    for _ in range(rng.poisson(plan.people)):
        s, d = float(rng.uniform(4, 55)), plan.half_road + float(rng.uniform(0.2, wide))
        lift = site.level(side)
        if rng.random() < 0.12:
            s, d, lift = s + 4, float(rng.uniform(0, plan.half_road)), 0.0
        site.put(
            people.person(rng, site.materials),
            s,
            side * d,
            lift=lift,
            turn=float(rng.choice([0, 0, np.pi, np.pi, 1.57, -1.57]) + rng.normal(0, 0.3)),
        )
