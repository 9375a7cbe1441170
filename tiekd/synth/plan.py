"""The plan of a street as data: its kind, widths, densities and chances, drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

Strip = tuple[float, float, str]

KINDS = ("canyon", "residential", "city", "rural", "highway", "junction")
_SHARE = (0.22, 0.22, 0.24, 0.1, 0.1, 0.12)


@dataclass(slots=True)
class Plan:
    """One street. Lengths are in metres, chances from 0 to 1, densities per 100 m of road (and side).

    s is a distance along the road from the camera, d a distance to the right of the centre line.
    """

    kind: str
    n_lanes: int
    lane_width: float
    ego_d: float
    curvature: float
    grade: float
    strips_left: list[Strip]
    strips_right: list[Strip]
    land: str
    open_land: bool = False
    paving: int = 0
    line_style: int = 1
    edge_line: float = 0.0
    tram_d: float = 0.0
    crossing_s: float = -999.0
    junction_s: float = -999.0
    parked: float = 0.0
    lanes_with: int = 1
    queue: float = 0.1
    traffic: float = 3.0
    oncoming: float = 3.0
    heavy: float = 0.15
    beside: float = 0.2
    buildings: float = 0.0
    building_height: tuple[float, float] = (6.0, 12.0)
    setback: tuple[float, float] = (0.0, 1.0)
    gaps: float = 0.15
    trees: float = 3.0
    bushes: float = 2.0
    people: float = 3.0
    furniture: float = 6.0
    fence: float = 0.3
    rail: float = 0.0
    bridge: float = 0.05
    forest: float = 0.3
    edges: dict[str, float] = field(default_factory=dict)

    @property
    def half_road(self) -> float:
        """Half the width of the carriageway in metres."""
        return 0.5 * self.n_lanes * self.lane_width

    def edge(self, side: float) -> float:
        """Distance from the centre line to the end of the pavement or verge on a side (±1)."""
        strips = self.strips_left if side < 0 else self.strips_right
        return self.half_road + sum(width for width, _, _ in strips)


def sample_plan(rng: np.random.Generator) -> Plan:
    """Draw a street."""
    kind = str(rng.choice(KINDS, p=_SHARE))
    u = rng.uniform
    n_lanes = {
        "canyon": 2,
        "residential": 2,
        "city": int(rng.choice([2, 3, 4, 4, 6])),
        "rural": 2,
        "highway": int(rng.choice([4, 6])),
        "junction": int(rng.choice([2, 3, 4])),
    }[kind]
    lane = float({"highway": u(3.4, 3.75), "rural": u(2.75, 3.6)}.get(kind, u(2.75, 3.6)))
    divided = kind in ("city", "highway", "junction") and u() < 0.45
    if divided:
        n_lanes = int(rng.choice([2, 3, 3, 4]))
    plan = Plan(kind, n_lanes, lane, 0.0, 0.004, 0.025, _strips(rng, kind), _strips(rng, kind), "grass")
    plan.lanes_with = n_lanes if divided else max(1, n_lanes // 2)
    if divided:
        plan.strips_left = [(float(u(0.6, 6.0)), float(u(0.06, 0.15)), "grass")]
    ego_lane = int(rng.integers(0, plan.lanes_with))
    first = plan.half_road - plan.lanes_with * lane
    plan.ego_d = first + (ego_lane + 0.5) * lane + float(rng.normal(0, 0.22))
    if kind in ("canyon", "residential") and u() < 0.25:
        plan.ego_d = float(rng.normal(0, 0.3))
    _fill(rng, plan)
    return plan


def _strips(rng: np.random.Generator, kind: str) -> list[Strip]:
    """Strips beside the carriageway, from the kerb outwards: (width, step up, surface)."""
    u = rng.uniform
    parking: list[Strip] = [(u(1.9, 2.4), 0.0, str(rng.choice(["asphalt", "slabs"])))]
    pavement: list[Strip] = [(u(0.8, 3.5), u(0.06, 0.17), str(rng.choice(["slabs", "slabs", "asphalt"])))]
    green: list[Strip] = [(u(0.8, 5.0), u(0.03, 0.15), "grass")]
    if kind == "canyon":
        return (parking if u() < 0.5 else []) + pavement
    if kind == "residential":
        return (
            (parking if u() < 0.6 else [])
            + (green if u() < 0.25 else [])
            + pavement
            + (green if u() < 0.4 else [])
        )
    if kind in ("city", "junction"):
        return (
            (parking if u() < 0.35 else [])
            + (green if u() < 0.4 else [])
            + [(u(1.5, 6.0), u(0.06, 0.17), "slabs")]
        )
    if kind == "highway":
        return [(u(0.5, 3.0), 0.0, "asphalt"), (u(1.0, 4.0), 0.0, "grass")]
    return [(u(0.3, 3.0), 0.0, str(rng.choice(["grass", "gravel"])))]


def _fill(rng: np.random.Generator, plan: Plan) -> None:
    """Draw densities and chances: first those of all kinds, then those of the kind."""
    u, kind = rng.uniform, plan.kind
    quiet, fast = kind in ("canyon", "residential"), kind in ("rural", "highway")
    plan.traffic, plan.oncoming, plan.people = u(0, 6), u(0, 6), u(0, 7)
    plan.trees, plan.bushes, plan.furniture = u(0, 8), u(0, 6), u(2, 12)
    plan.paving = int(rng.choice([0, 1, 2], p=[0.82, 0.12, 0.06])) if quiet else int(u() < 0.05) * 2
    styles = [0.35, 0.4, 0.15, 0.1] if quiet else [0.05, 0.6, 0.2, 0.15]
    plan.line_style = int(rng.choice([0, 1, 2, 3], p=styles))
    plan.edge_line = float(u(0.15, 0.4)) if u() < (0.85 if fast else 0.25) else 0.0
    if u() < 0.3 and not fast:
        plan.crossing_s = float(u(6, 40))
    _FILLERS[kind](rng, plan)


def _canyon(rng: np.random.Generator, plan: Plan) -> None:
    """An old town's lane between tall houses."""
    u = rng.uniform
    plan.buildings, plan.gaps, plan.building_height, plan.setback = 1.0, u(0, 0.2), (6, 22), (0.0, 0.6)
    plan.parked, plan.trees, plan.beside, plan.fence = u(4, 16), u(0, 3), 0.2, 0.15


def _residential(rng: np.random.Generator, plan: Plan) -> None:
    """Houses behind front gardens, cars at the kerb."""
    u = rng.uniform
    plan.buildings, plan.gaps = u(0.8, 1.0), u(0.1, 0.5)
    plan.building_height, plan.setback = (4, 10), (1.0, 8.0)
    plan.parked, plan.trees, plan.beside, plan.fence = u(3, 14), u(2, 10), 0.2, 0.65


def _city(rng: np.random.Generator, plan: Plan) -> None:
    """A main street, sometimes with tram rails."""
    u = rng.uniform
    plan.buildings, plan.gaps = u(0.3, 1), u(0.2, 0.8)
    plan.building_height, plan.setback = (5, 26), (1.0, 22.0)
    plan.parked, plan.traffic, plan.heavy, plan.beside = u(0, 8), u(1, 6), 0.2, 0.3
    plan.queue = 0.35
    plan.tram_d = float(u(1.5, 2.0)) if u() < 0.25 else 0.0
    plan.bridge, plan.rail = 0.3, 0.15 * float(u() < 0.5)


def _junction(rng: np.random.Generator, plan: Plan) -> None:
    """A main street that another one crosses."""
    _city(rng, plan)
    plan.junction_s = float(rng.uniform(10, 45))


def _rural(rng: np.random.Generator, plan: Plan) -> None:
    """A winding road through fields and woods."""
    u = rng.uniform
    plan.buildings, plan.gaps, plan.setback = 0.3 * float(u() < 0.5), 0.8, (4, 20)
    plan.trees, plan.bushes, plan.forest = u(1, 14), u(2, 14), 0.8
    plan.curvature, plan.grade = 0.007, 0.04
    plan.land, plan.open_land, plan.rail = str(rng.choice(["field", "grass"])), True, 0.25
    plan.furniture, plan.people = u(1, 6), u(0, 1)


def _highway(rng: np.random.Generator, plan: Plan) -> None:
    """A wide road with guard rails, woods and many lorries."""
    u = rng.uniform
    plan.trees, plan.bushes, plan.forest, plan.curvature = u(1, 8), u(2, 12), 0.9, 0.002
    plan.land, plan.open_land, plan.rail, plan.heavy, plan.beside = "grass", True, 0.85, 0.3, 0.35
    plan.bridge, plan.traffic, plan.people, plan.fence = 0.35, u(2, 9), 0.0, 0.25
    plan.queue = 0.3


_FILLERS: dict[str, Callable[[np.random.Generator, Plan], None]] = {
    "canyon": _canyon,
    "residential": _residential,
    "city": _city,
    "rural": _rural,
    "highway": _highway,
    "junction": _junction,
}
