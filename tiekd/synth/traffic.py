"""Vehicles and cyclists: in the lanes and parked."""

from __future__ import annotations

import numpy as np

from tiekd.synth import buses, cars, lorries, people
from tiekd.synth.mesh import Mesh
from tiekd.synth.site import REACH_M, Site


def any_vehicle(site: Site, *, heavy: float, lit: bool, fine: bool = True) -> tuple[Mesh, float, float]:
    """A car, or with probability `heavy` a lorry or bus, as (mesh, length, width); `fine` for near cars."""
    if site.rng.random() < heavy:
        if site.rng.random() < 0.8:
            return lorries.lorry(site.rng, site.materials)
        return buses.bus(site.rng, site.materials, tram=False)
    return cars.car(site.rng, site.materials, lit=lit, fine=fine)


def traffic(site: Site) -> None:
    """Place moving and waiting vehicles, lane by lane, and sometimes a tram."""
    plan, rng = site.plan, site.rng
    queue = bool(rng.random() < plan.queue)
    for lane in range(plan.n_lanes):
        _lane(site, lane, queue=queue)
    if plan.tram_d and rng.random() < 0.6:
        mesh, length, _ = buses.bus(rng, site.materials, tram=True)
        site.put(mesh, float(rng.uniform(15, 60)) + 0.5 * length, -plan.tram_d, turn=np.pi)


def _lane(site: Site, lane: int, *, queue: bool) -> None:
    """Fill a lane from behind the camera to far ahead, but never at the place of the camera.

    queue: the lanes in our direction are a traffic jam, with 1.5 to 7 m between vehicles.
    """
    rng, plan = site.rng, site.plan
    with_us = lane >= plan.n_lanes - plan.lanes_with
    d = (lane + 0.5) * plan.lane_width - plan.half_road
    ego = abs(d - plan.ego_d) < 0.5 * plan.lane_width
    side = 1.0 if d > plan.ego_d else -1.0
    density = plan.traffic if with_us else plan.oncoming
    jam = with_us and queue and (ego or rng.random() < 0.85)
    ahead = rng.uniform(5.5, 15) if jam else rng.exponential(30) + 8.0
    s = float(ahead if ego else rng.uniform(-9, 8 if jam else 45))
    near = not ego and abs(d - plan.ego_d) < 1.6 * plan.lane_width
    first = near and rng.random() < plan.beside
    if first:
        s = float(rng.uniform(-9, 6))
    end = 60.0 if jam else REACH_M
    while s < REACH_M and (density > 0.4 or jam or first):
        mesh, length, width = _driver(site, s, first=first, lit=with_us)
        shift = d + float(rng.normal(0, 0.18))
        clear = abs(shift - plan.ego_d) - 0.5 * width
        if (clear > 0.7 or s > 4.5) and (ego or clear > 4.0 or not site.is_taken(side, s, s + length)):
            turn = float(rng.normal(0, 0.02)) + (0.0 if with_us else np.pi)
            site.put(mesh, s + 0.5 * length, shift, turn=turn)
        crawl = jam and s < end
        s += length + float(rng.uniform(1.5, 7) if crawl else 5 + rng.exponential(170.0 / (density + 0.8)))
        first = False


def _driver(site: Site, s: float, *, first: bool, lit: bool) -> tuple[Mesh, float, float]:
    """A vehicle for the place `s`. The `first` one beside the camera is mostly a lorry, often a tanker."""
    rng, plan = site.rng, site.plan
    if first and rng.random() < 0.25:
        return lorries.lorry(rng, site.materials, tanker=True)
    heavy = 0.55 if first else (0.7 * plan.heavy if s < 70 else 0.4 * plan.heavy)
    return any_vehicle(site, heavy=heavy, lit=lit, fine=s < 25)


def parked(site: Site, side: float) -> None:
    """Place parked cars along a side (±1) of the street."""
    rng, plan = site.rng, site.plan
    strips = plan.strips_left if side < 0 else plan.strips_right
    lane = bool(strips) and strips[0][1] == 0.0 and plan.kind != "highway"
    if plan.parked < 1 or (plan.kind == "rural") or rng.random() < 0.2:
        return
    offset = plan.half_road + (1.0 if lane else -0.6 if rng.random() < 0.5 else 0.4)
    lift = 0.0 if lane or offset < plan.half_road else 0.5 * site.level(side)
    s = float(rng.uniform(-6, 6))
    while s < 110:
        mesh, length, width = any_vehicle(site, heavy=0.06, lit=False, fine=s < 18)
        clear = abs(side * offset - plan.ego_d) - 0.5 * width
        free = not site.at_junction(s, 4.0) and not site.is_taken(side, s, s + length)
        if free and (clear > 0.7 or s > 7):
            turn = (np.pi if (side < 0) != (rng.random() < 0.2) else 0.0) + float(rng.normal(0, 0.03))
            site.put(mesh, s + 0.5 * length, side * offset + float(rng.normal(0, 0.1)), lift=lift, turn=turn)
        s += length + (
            float(rng.uniform(0.5, 1.5))
            if rng.random() < plan.parked / 18
            else float(rng.exponential(110 / plan.parked))
        )


def cyclists(site: Site) -> None:
    """Place cyclists near both kerbs."""
    rng, plan = site.rng, site.plan
    for _ in range(rng.poisson(0.15 * plan.people)):
        side = float(rng.choice([-1.0, 1.0]))
        turn = (0.0 if side > 0 else np.pi) + float(rng.normal(0, 0.1))
        site.put(
            people.cyclist(rng, site.materials),
            float(rng.uniform(6, 50)),
            side * (plan.half_road - 0.6),
            turn=turn,
        )
