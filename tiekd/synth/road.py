"""The road: its course through the world, its cross-section, and its surface."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tiekd.synth.materials import BRICK, GRASS, PLAIN, ROAD, Materials, random_color, vary
from tiekd.synth.mesh import Mesh, Pose
from tiekd.synth.plan import Plan

Array = NDArray[np.float64]
_START_M, _END_M, _STEP_M = -30.0, 420.0, 1.0
KERB_M = 0.13


@dataclass(frozen=True, slots=True)
class Course:
    """Centre line of the road: position, heading and slope (radians) at distances `s` along it."""

    s: Array
    x: Array
    y: Array
    z: Array
    heading: Array
    slope: Array

    def pose(self, s: float, d: float, lift: float = 0.0, turn: float = 0.0) -> Pose:
        """Pose at distance `s`, `d` metres right of the centre line, `lift` above the road, with a `turn`."""
        at = min(max((s - _START_M) / _STEP_M, 0.0), len(self.s) - 1.001)
        k, t = int(at), at - int(at)
        x, y, z, heading, slope = (
            float(v[k] + t * (v[k + 1] - v[k])) for v in (self.x, self.y, self.z, self.heading, self.slope)
        )
        return Pose(x + d * cos(heading), y + lift, z - d * sin(heading), heading + turn, slope * cos(turn))

    def points(self, s: ArrayLike, d: ArrayLike, lift: ArrayLike) -> Array:
        """Convert road coordinates to world points `[..., 3]`."""
        along, across = np.asarray(s, dtype=np.float64), np.asarray(d, dtype=np.float64)
        heading = np.interp(along, self.s, self.heading)
        x = np.interp(along, self.s, self.x) + across * np.cos(heading)
        z = np.interp(along, self.s, self.z) - across * np.sin(heading)
        return np.stack([x, np.interp(along, self.s, self.y) + np.asarray(lift), z], -1)


def sample_course(rng: np.random.Generator, plan: Plan) -> Course:
    """Draw a straight, curved or winding road, flat, with a slope or a crest. The camera is at x = z = 0."""
    s = np.arange(_START_M, _END_M + _STEP_M, _STEP_M)
    straight = rng.random() < 0.45
    bend = 0.0 if straight else rng.normal(0, plan.curvature)
    wave = 0.0 if straight else rng.normal(0, 1.2 * plan.curvature)
    length, phase = rng.uniform(60, 200), rng.uniform(0, 2 * np.pi)
    curvature = bend + wave * np.sin(2 * np.pi * s / length + phase)
    heading = np.clip(np.cumsum(curvature) * _STEP_M, -1.1, 1.1)
    heading = heading - np.interp(0, s, heading)
    grade = rng.normal(0, plan.grade) if rng.random() < 0.6 else 0.0
    crest = rng.normal(0, plan.grade * 0.8) if rng.random() < 0.4 else 0.0
    slope = grade + crest * np.sin(2 * np.pi * s / rng.uniform(120, 400))
    x, y, z = (np.cumsum(v) * _STEP_M for v in (np.sin(heading), np.sin(slope), np.cos(heading)))
    x, y, z = (v - np.interp(0, s, v) for v in (x, y, z))
    return Course(s, x - plan.ego_d, y, z, heading, slope)


def build_ground(
    mesh: Mesh, course: Course, plan: Plan, materials: Materials, rng: np.random.Generator, wetness: float
) -> None:
    """Add carriageway, kerbs, pavements, verges and the land beside them."""
    half, along = plan.half_road, _spacing()
    road = _carriageway(plan, materials, rng, wetness)
    kerb = materials.add(
        BRICK,
        random_color(rng, low=0.12, high=0.4, saturation=0.04),
        color2=(0.05, 0.05, 0.05),
        params=(1.0, 0.5, 0.006),
        casts=False,
    )
    _strip(mesh, course, along, -half, half, 0.0, 0.0, road, crown=0.03)
    for side in (-1.0, 1.0):
        edge, level = half, 0.0
        for width, rise, surface in plan.strips_left if side < 0 else plan.strips_right:
            material = _surface(surface, materials, rng, wetness)
            if abs(rise) > 0.02:
                _strip(mesh, course, along, side * edge, side * (edge + 0.02), level, level + rise, kerb)
                level += rise
            _strip(mesh, course, along, side * edge, side * (edge + width), level, level, material)
            edge += width
        land = _surface(plan.land, materials, rng, wetness)
        bank = level + (float(rng.normal(0.0, 1.0)) if plan.open_land else 0.0)
        far = bank + rng.normal(0, 3)
        _strip(mesh, course, along, side * edge, side * (edge + 12), level, bank, land)
        _strip(mesh, course, along, side * (edge + 12), side * (edge + 160), bank, far, land)


def _carriageway(plan: Plan, materials: Materials, rng: np.random.Generator, wetness: float) -> int:
    """Material of the carriageway, with its paint, rails and puddles."""
    asphalt = vary(rng, (0.075, 0.075, 0.08), 0.45)
    paint = float(rng.uniform(0.35, 0.8))
    return materials.add(
        ROAD,
        asphalt,
        color2=(paint, paint, paint * rng.uniform(0.7, 1.0)) if plan.paving == 0 else vary(rng, asphalt, 0.4),
        mottle=float(rng.uniform(0.05, 0.35)),
        frequency=float(rng.uniform(0.3, 2.0)),
        casts=False,
        gloss=float(rng.uniform(0.0, 0.06)),
        params=(
            plan.half_road,
            plan.n_lanes,
            plan.line_style if plan.paving == 0 else 0,
            rng.uniform(2, 6),
            rng.uniform(3, 9),
            plan.edge_line,
            plan.paving,
            rng.uniform(0, 1),
            wetness,
            plan.crossing_s,
            plan.tram_d,
            rng.uniform(0, 0.5),
        ),
    )


def _surface(name: str, materials: Materials, rng: np.random.Generator, wetness: float) -> int:
    """Material of a strip beside the carriageway."""
    if name == "grass":
        green = vary(rng, (0.05, 0.075, 0.022), 0.4)
        return materials.add(
            GRASS, green, color2=vary(rng, green, 0.4), color3=vary(rng, (0.25, 0.2, 0.09), 0.3), casts=False
        )
    if name == "field":
        soil = vary(rng, (0.2, 0.16, 0.07), 0.5) if rng.random() < 0.5 else vary(rng, (0.09, 0.14, 0.03), 0.4)
        return materials.add(
            GRASS,
            soil,
            color2=vary(rng, soil, 0.3),
            color3=vary(rng, soil, 0.5),
            params=(rng.uniform(0, 0.5), rng.uniform(0, 3)),
            casts=False,
        )
    if name == "slabs":
        tone = random_color(rng, low=0.1, high=0.4, saturation=0.06)
        size = float(rng.choice([0.1, 0.2, 0.35, 0.5]))
        return materials.add(
            BRICK,
            tone,
            color2=vary(rng, tone, 0.5),
            params=(size * rng.uniform(1, 2), size, 0.012),
            casts=False,
            gloss=0.3 * wetness,
        )
    if name == "asphalt":
        return materials.add(
            ROAD,
            vary(rng, (0.08, 0.08, 0.08), 0.5),
            casts=False,
            params=(50, 1, 0, 1, 1, 0, 0, 0, wetness, -999, 0, 0.4),
        )
    return materials.add(PLAIN, vary(rng, (0.22, 0.18, 0.13), 0.4), mottle=0.6, frequency=1.5, casts=False)


def _spacing() -> Array:
    """Distances along the road between which its surface is flat. They are closer near the camera."""
    return np.concatenate(
        [np.arange(-12.0, 60.0, 3.0), np.arange(60.0, 150.0, 7.5), np.arange(150.0, 415.0, 20.0)]
    )


def _strip(
    mesh: Mesh,
    course: Course,
    along: Array,
    d0: float,
    d1: float,
    h0: float,
    h1: float,
    material: int,
    *,
    crown: float = 0.0,
) -> None:
    """Add a strip of ground from offset `d0` to `d1`, height `h0` to `h1`; texture is (offset, distance)."""
    columns = np.array([d0, 0.5 * (d0 + d1), d1]) if crown else np.array([d0, d1])
    lift = np.array([h0, 0.5 * (h0 + h1) + crown, h1]) if crown else np.array([h0, h1])
    s, d = np.meshgrid(along, columns, indexing="ij")
    points = course.points(s, d, np.broadcast_to(lift, s.shape))
    # A strip narrower than 5 cm is the face of a kerb; its texture goes up, not across.
    v = s if abs(d1 - d0) > 0.05 else np.stack([s[:, 0], s[:, 0]], 1)
    u = d if abs(d1 - d0) > 0.05 else np.broadcast_to([0.0, KERB_M], s.shape)
    mesh.lattice(points, np.stack([u, v], -1), material)
