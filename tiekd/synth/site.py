"""What placing things on a street shares: random source, plan, course, mesh and materials."""

from __future__ import annotations

import numpy as np

from tiekd.synth.light import Light
from tiekd.synth.materials import Materials
from tiekd.synth.mesh import Mesh
from tiekd.synth.plan import Plan
from tiekd.synth.road import Course

REACH_M = 130.0
_CROSSING_M = 9.0


class Site:
    """A street being built."""

    def __init__(self, rng: np.random.Generator, plan: Plan, course: Course, light: Light) -> None:
        self.rng, self.plan, self.course, self.light = rng, plan, course, light
        self.mesh, self.materials = Mesh(), Materials(rng)
        self.taken: list[tuple[float, float, float]] = []

    def put(self, mesh: Mesh, s: float, d: float, *, lift: float = 0.0, turn: float = 0.0) -> None:
        """Place an object at a distance along the road and an offset from its centre line (metres)."""
        self.mesh.add(mesh, self.course.pose(s, d, lift, turn))

    def level(self, side: float) -> float:
        """Height of the pavement on a side (±1) over the carriageway."""
        strips = self.plan.strips_left if side < 0 else self.plan.strips_right
        return sum(rise for _, rise, _ in strips if abs(rise) > 0.02)

    def at_junction(self, s: float, margin: float = 0.0) -> bool:
        """True where the crossing street runs."""
        return abs(s - self.plan.junction_s) < _CROSSING_M + margin

    def take(self, side: float, start: float, end: float) -> None:
        """Keep a stretch of a side for what stands there, so that parked cars leave it free."""
        self.taken.append((side, start, end))

    def is_taken(self, side: float, start: float, end: float) -> bool:
        """True where something stands close to the lane already."""
        return any(side == which and start < last and end > first for which, first, last in self.taken)
