"""Puts a street together: ground, buildings, vehicles, people, vegetation, furniture, things overhead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.synth import buildings, furniture, people, vegetation, vehicles
from tiekd.synth.light import Light, sample_light
from tiekd.synth.materials import ROAD, Materials, vary
from tiekd.synth.mesh import Mesh, Soup
from tiekd.synth.plan import Plan, sample_plan
from tiekd.synth.road import Course, build_ground, sample_course

_REACH_M = 130.0


@dataclass(slots=True)
class Scene:
    """World geometry, its materials `[n, N_COLUMNS]`, its light, and the ground under the camera."""

    soup: Soup
    materials: NDArray[np.float64]
    light: Light
    plan: Plan
    ground_y: float
    ground_slope: float


def build_scene(rng: np.random.Generator) -> Scene:
    """Draw one street scene; the camera stands at x = z = 0 and looks along +z."""
    plan, light = sample_plan(rng), sample_light(rng)
    builder = _Builder(rng, plan, sample_course(rng, plan), light)
    builder.run()
    course = builder.course
    slope = float(np.tan(np.interp(0.0, course.s, course.slope)))
    return Scene(builder.mesh.soup(), builder.materials.table(), light, plan, 0.0, slope)


class _Builder:
    """The state that placing things shares: random source, plan, course, mesh and materials."""

    def __init__(self, rng: np.random.Generator, plan: Plan, course: Course, light: Light) -> None:
        self.rng, self.plan, self.course, self.light = rng, plan, course, light
        self.mesh, self.materials = Mesh(), Materials(rng)
        self.distances = [float(plan.junction_s)]

    def run(self) -> None:
        build_ground(self.mesh, self.course, self.plan, self.materials, self.rng, self.light.wetness)
        if self.plan.junction_s > 0:
            self._junction()
        for side in (-1.0, 1.0):
            if self.plan.buildings:
                self._buildings(side)
            self._parked(side)
            self._plants(side)
            self._furniture(side)
            self._borders(side)
            self._pedestrians(side)
        self._traffic()
        self._cyclists()
        self._overhead()
        self._backdrop()

    def put(self, mesh: Mesh, s: float, d: float, *, lift: float = 0.0, turn: float = 0.0) -> None:
        """Place an object at a distance along the road and an offset from its centre line."""
        self.mesh.add(mesh, self.course.pose(s, d, lift, turn))

    def _level(self, side: float) -> float:
        strips = self.plan.strips_left if side < 0 else self.plan.strips_right
        return sum(rise for _, rise, _ in strips if abs(rise) > 0.02)

    def _at_junction(self, s: float, margin: float = 0.0) -> bool:
        return abs(s - self.plan.junction_s) < 9.0 + margin

    def _vehicle(self, *, heavy: float, lit: bool) -> tuple[Mesh, float, float]:
        if self.rng.random() < heavy:
            if self.rng.random() < 0.78:
                return vehicles.lorry(self.rng, self.materials)
            return vehicles.bus(self.rng, self.materials, tram=False)
        return vehicles.car(self.rng, self.materials, lit=lit)

    def _traffic(self) -> None:
        rng, plan = self.rng, self.plan
        lanes_right = max(1, plan.n_lanes // 2)
        for lane in range(plan.n_lanes):
            with_us = lane >= plan.n_lanes - lanes_right
            d = (lane + 0.5) * plan.lane_width - plan.half_road
            ego = abs(d - plan.ego_d) < 1.6
            density = plan.traffic if with_us else plan.oncoming
            jam = rng.random() < 0.22
            s = (
                float(rng.uniform(5.5, 14) if jam else rng.exponential(18) + 6.0)
                if ego
                else float(rng.uniform(-9, 12))
            )
            first = not ego and abs(d - plan.ego_d) < 1.6 * plan.lane_width and rng.random() < plan.beside
            while s < _REACH_M:
                heavy = 0.75 if first else (plan.heavy if s < 70 else 0.5 * plan.heavy)
                if density > 0.4 or first:
                    mesh, length, width = self._vehicle(heavy=heavy, lit=with_us)
                    if first:
                        s = float(rng.uniform(-2.0, 9.0)) - 0.5 * length * float(rng.random() < 0.4)
                    shy = float(rng.normal(0, 0.2))
                    clear = abs(d + shy - plan.ego_d) - 0.5 * width
                    if clear > 0.55 or s > 4.5:
                        place = s + 0.5 * length
                        self.put(
                            mesh,
                            place,
                            d + shy,
                            turn=float(rng.normal(0, 0.03)) + (0.0 if with_us else np.pi),
                        )
                    s += length
                first = False
                s += float(rng.uniform(1.5, 6) if jam else 3 + rng.exponential(140.0 / (density + 0.8)))
        if plan.tram_d and rng.random() < 0.6:
            mesh, length, _ = vehicles.bus(rng, self.materials, tram=True)
            self.put(mesh, float(rng.uniform(15, 60)) + 0.5 * length, -plan.tram_d, turn=np.pi)

    def _parked(self, side: float) -> None:
        rng, plan = self.rng, self.plan
        strips = plan.strips_left if side < 0 else plan.strips_right
        lane = bool(strips) and strips[0][1] == 0.0 and plan.kind != "highway"
        if plan.parked < 1 or (plan.kind == "rural") or rng.random() < 0.2:
            return
        offset = plan.half_road + (1.0 if lane else -0.6 if rng.random() < 0.5 else 0.4)
        lift = 0.0 if lane or offset < plan.half_road else 0.5 * self._level(side)
        s = float(rng.uniform(-6, 6))
        while s < 110:
            mesh, length, width = self._vehicle(heavy=0.06, lit=False)
            clear = abs(side * offset - plan.ego_d) - 0.5 * width
            if not self._at_junction(s, 4.0) and (clear > 0.5 or s > 7):
                turn = (np.pi if (side < 0) != (rng.random() < 0.2) else 0.0) + float(rng.normal(0, 0.03))
                self.put(
                    mesh, s + 0.5 * length, side * offset + float(rng.normal(0, 0.1)), lift=lift, turn=turn
                )
            s += length + (
                float(rng.uniform(0.5, 1.5))
                if rng.random() < plan.parked / 18
                else float(rng.exponential(110 / plan.parked))
            )

    def _buildings(self, side: float) -> None:
        rng, plan = self.rng, self.plan
        edge = plan.edge(side)
        low, high = plan.building_height
        base, setback = float(rng.uniform(low, high)), float(rng.uniform(*plan.setback))
        s = float(rng.uniform(-25, -8))
        while s < 190:
            width, depth = float(rng.uniform(6, 24)), float(rng.uniform(7, 14))
            height = float(np.clip(base * np.exp(rng.normal(0, 0.2)), 3, 40))
            here = setback + float(abs(rng.normal(0, 0.6))) * (plan.setback[1] > 0.5)
            place = s + 0.5 * width
            if not self._at_junction(place, 0.5 * width) and rng.random() < plan.buildings:
                mesh = buildings.house(rng, self.materials, width=width, depth=depth, height=height)
                self.put(
                    mesh, place, side * (edge + here), lift=self._level(side), turn=0.0 if side > 0 else np.pi
                )
            s += width + (float(rng.exponential(9)) if rng.random() < plan.gaps else 0.0)

    def _plants(self, side: float) -> None:
        rng, plan = self.rng, self.plan
        edge, street = plan.edge(side), bool(rng.random() < 0.6) and plan.kind != "canyon"
        for _ in range(rng.poisson(plan.trees * 0.8)):
            s = float(rng.uniform(1, 90) if rng.random() < 0.8 else rng.uniform(60, 170))
            d = max(plan.half_road + 0.9, edge - 0.6) if street else edge + 0.6 + float(rng.exponential(4))
            if plan.buildings and not street:
                d = edge + float(rng.uniform(0, max(plan.setback[1] * 0.5, 0.5)))
            if not self._at_junction(s):
                self.put(
                    vegetation.tree(rng, self.materials, distance_m=s),
                    s,
                    side * d,
                    lift=self._level(side),
                    turn=float(rng.uniform(0, 6)),
                )
        for _ in range(rng.poisson(plan.bushes)):
            s, d = float(rng.uniform(2, 80)), edge + 0.4 + float(rng.exponential(2.5))
            if not self._at_junction(s):
                self.put(
                    vegetation.bush(rng, self.materials, distance_m=s), s, side * d, lift=self._level(side)
                )

    def _furniture(self, side: float) -> None:
        rng, plan = self.rng, self.plan
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
                float(rng.normal(0, 0.2))
                if faces
                else (0.0 if side > 0 else np.pi) + float(rng.normal(0, 0.1))
            )
            self.put(make(rng, self.materials), s, side * d, lift=self._level(side) * 0.8, turn=turn)

    def _borders(self, side: float) -> None:
        """Walls, fences, hedges and guard rails along the edge, in pieces that follow the road."""
        rng, plan = self.rng, self.plan
        edge, level = plan.edge(side), self._level(side)
        if rng.random() < plan.rail:
            for s in np.arange(-8, 130, 12.0):
                rail = furniture.guard_rail(rng, self.materials, length=12.0)
                self.put(rail, s + 6, side * (edge - 0.3), lift=level, turn=0.0 if side > 0 else np.pi)
        if rng.random() < plan.fence and plan.setback[1] > 0.5:
            hedge, s = rng.random() < 0.35, float(rng.uniform(-8, 0))
            while s < 100:
                length = float(rng.uniform(5, 18))
                if rng.random() < 0.75 and not self._at_junction(s + 0.5 * length, 0.5 * length):
                    piece = (
                        vegetation.bush(rng, self.materials, distance_m=max(s, 3.0), length=length)
                        if hedge
                        else buildings.wall(rng, self.materials, length=length)
                    )
                    self.put(piece, s + 0.5 * length, side * (edge + 0.3), lift=level)
                s += length

    def _pedestrians(self, side: float) -> None:
        rng, plan = self.rng, self.plan
        wide = max(plan.edge(side) - plan.half_road, 0.5)
        for _ in range(rng.poisson(plan.people)):
            s, d = float(rng.uniform(4, 55)), plan.half_road + float(rng.uniform(0.2, wide))
            lift = self._level(side)
            if rng.random() < 0.12:
                s, d, lift = s + 4, float(rng.uniform(0, plan.half_road)), 0.0
            self.put(
                people.person(rng, self.materials),
                s,
                side * d,
                lift=lift,
                turn=float(rng.choice([0, 0, np.pi, np.pi, 1.57, -1.57]) + rng.normal(0, 0.3)),
            )

    def _cyclists(self) -> None:
        rng, plan = self.rng, self.plan
        for _ in range(rng.poisson(0.15 * plan.people)):
            side = float(rng.choice([-1.0, 1.0]))
            turn = (0.0 if side > 0 else np.pi) + float(rng.normal(0, 0.1))
            self.put(
                people.cyclist(rng, self.materials),
                float(rng.uniform(6, 50)),
                side * (plan.half_road - 0.6),
                turn=turn,
            )

    def _overhead(self) -> None:
        rng, plan = self.rng, self.plan
        if rng.random() < plan.bridge:
            span = max(plan.edge(-1.0), plan.edge(1.0)) + 0.8
            structure = furniture.bridge(rng, self.materials, half_span=span)
            self.put(structure, float(rng.uniform(9, 75)), 0.0, turn=float(rng.normal(0, 0.2)))

    def _junction(self) -> None:
        """A crossing street with its own traffic."""
        rng, plan = self.rng, self.plan
        material = self.materials.add(
            ROAD,
            vary(rng, (0.075, 0.075, 0.08), 0.4),
            color2=(0.5, 0.5, 0.5),
            casts=False,
            params=(4.0, 2, 1, 3, 5, 0, 0, 0.4, self.light.wetness, -999, 0, 0.3),
        )
        half = 6.0
        for side in (-1.0, 1.0):
            near, far = side * plan.half_road, side * (plan.half_road + 70)
            s, lift = plan.junction_s, self._level(side) + 0.015
            corners = [
                self.course.points(s + ds, d, lift)
                for ds, d in ((-half, near), (half, near), (half, far), (-half, far))
            ]
            self.mesh.quads([corners], material, [[[-4, 0], [4, 0], [4, 70], [-4, 70]]])
        for _ in range(rng.poisson(3.0)):
            direction = float(rng.choice([-1.0, 1.0]))
            mesh, _, _ = self._vehicle(heavy=plan.heavy, lit=False)
            d = float(rng.uniform(-1, 1) ** 3 * 30)
            self.put(mesh, plan.junction_s - direction * 2.0, d, turn=direction * 0.5 * np.pi)

    def _backdrop(self) -> None:
        """Woods, far houses and hills that close the view."""
        rng, plan = self.rng, self.plan
        for side in (-1.0, 1.0):
            if rng.random() < plan.forest:
                d = plan.edge(side) + float(rng.uniform(4, 60))
                for s in np.arange(10, 190, 30.0):
                    if rng.random() < 0.8:
                        self.put(vegetation.wood(rng, self.materials, length=32.0), s + 15, side * d)
        if rng.random() < 0.7:
            turn = float(rng.uniform(0.9, 2.2))
            for d in np.arange(-60, 61, 30.0):
                self.put(
                    vegetation.wood(rng, self.materials, length=34.0),
                    float(rng.uniform(140, 230)),
                    d,
                    turn=turn,
                )
        if rng.random() < 0.5:
            leaf = vegetation.leaves(rng, self.materials, density=-1.0)
            for _ in range(int(rng.integers(2, 6))):
                size = (float(rng.uniform(60, 200)), float(rng.uniform(8, 45)), 60.0)
                self.mesh.blob(
                    (rng.uniform(-260, 260), -2.0, rng.uniform(290, 400)),
                    size,
                    leaf,
                    rng,
                    rough=0.06,
                    rings=10,
                    sides=24,
                )
