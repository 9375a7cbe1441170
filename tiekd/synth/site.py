"""A street under construction: what all modules share that place objects on it."""

from __future__ import annotations

import numpy as np

from tiekd.synth.light import Light
from tiekd.synth.materials import Materials
from tiekd.synth.mesh import Mesh
from tiekd.synth.plan import Plan
from tiekd.synth.road import Course

REACH_M = 130.0
"""Farthest distance along the road at which traffic is placed."""
_CROSSING_M = 9.0


class Site:
    """A street under construction."""

    def __init__(self, rng: np.random.Generator, plan: Plan, course: Course, light: Light) -> None:
        self.rng, self.plan, self.course, self.light = rng, plan, course, light
        self.mesh, self.materials = Mesh(), Materials(rng)
        self.taken: list[tuple[float, float, float]] = []

    def put(self, mesh: Mesh, s: float, d: float, *, lift: float = 0.0, turn: float = 0.0) -> None:
        """Place an object at a distance along the road and an offset from its centre line (metres)."""
        self.mesh.add(mesh, self.course.pose(s, d, lift, turn))

    def level(self, side: float) -> float:
        """Height of the pavement above the carriageway, in metres, on a side (±1)."""
        strips = self.plan.strips_left if side < 0 else self.plan.strips_right
        return sum(rise for _, rise, _ in strips if abs(rise) > 0.02)

    def at_junction(self, s: float, margin: float = 0.0) -> bool:
        """Whether the crossing street is at this distance along the road."""
        return abs(s - self.plan.junction_s) < _CROSSING_M + margin

    def take(self, side: float, start: float, end: float) -> None:
        """Mark a part of a side as taken, so that no vehicle is placed into the object there."""
        self.taken.append((side, start, end))

    def is_taken(self, side: float, start: float, end: float) -> bool:
        """Whether a part of a side is already taken."""
        return any(side == which and start < last and end > first for which, first, last in self.taken)
