"""Shells and wheels of vehicles, from their side profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.materials import PLAIN, WHEEL, Materials
from tiekd.synth.mesh import Mesh


@dataclass(frozen=True, slots=True)
class Body:
    """Side profile of a car in metres; z runs from the middle towards the front."""

    length: float
    width: float
    height: float
    bonnet: float
    shoulder: float
    screen_base: float
    roof_front: float
    roof_rear: float
    rear_base: float
    deck: float
    windows: int
    wheel: float = 0.31


def _half_width(body: Body, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half width at a height: the cabin leans in above the shoulder."""
    t = np.clip((y - body.shoulder) / max(body.height - body.shoulder, 0.1), 0, 1)
    lean = 0.2 if body.height < 1.7 else 0.1
    return np.asarray(0.5 * body.width * (1.0 - lean * t))


def loft(
    mesh: Mesh,
    body: Body,
    outline: NDArray[np.float64],
    tops: NDArray[np.int64],
    side: int,
    low: float,
    paint: int,
) -> None:
    """Skin of a car: strips over the top, panels at the sides, a dark floor."""
    z, y = outline[:, 0], outline[:, 1]
    nose = 1.0 - 0.1 * np.clip((np.abs(z) - 0.5 * body.length + 0.4) / 0.4, 0, 1)
    w = _half_width(body, y) * nose
    left, right = np.stack([-w, y, z], 1), np.stack([w, y, z], 1)
    across = np.stack([left[:-1], right[:-1], right[1:], left[1:]], 1)
    mesh.quads(across, tops, across[..., :2])
    belt = np.minimum(y, body.shoulder)
    wb = _half_width(body, belt) * nose
    for sign in (-1.0, 1.0):
        base = np.stack([sign * wb * 0.97, np.full_like(z, low), z], 1)
        waist = np.stack([sign * wb, belt, z], 1)
        roof = np.stack([sign * w, y, z], 1)
        for lower, upper in ((base, waist), (waist, roof)):
            panel = np.stack([lower[:-1], lower[1:], upper[1:], upper[:-1]], 1)
            mesh.quads(panel, side, panel[..., [2, 1]])
    floor = np.array([[-w[0], low, z[0]], [w[0], low, z[0]], [w[-1], low, z[-1]], [-w[-1], low, z[-1]]])
    mesh.quads(floor[None], paint)


def wheels(
    mesh: Mesh,
    materials: Materials,
    rng: np.random.Generator,
    axles: tuple[float, ...],
    radius: float,
    half_width: float,
    tread: float,
) -> None:
    """Two wheels on every axle (z in metres): tyres of width `tread` with rims."""
    tyre = materials.add(PLAIN, (0.012, 0.012, 0.013), mottle=0.2)
    tone = float(rng.choice([0.45, 0.25, 0.05]))
    rim = materials.add(WHEEL, (0.012, 0.012, 0.013), color2=(tone, tone, tone), params=(radius,))
    for z in axles:
        for sign in (-1.0, 1.0):
            outer = sign * (half_width + 0.01)
            mesh.tube((outer - sign * tread, radius, z), (outer, radius, z), radius, tyre, sides=14, caps=rim)
