"""Buses, coaches and trams, facing +z, standing on y = 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.body import Body, Skin, large_paint, loft, wheels
from tiekd.synth.materials import BAND, CAR_END, GLASS, PLAIN, Materials
from tiekd.synth.mesh import Mesh


def bus(rng: np.random.Generator, materials: Materials, *, tram: bool) -> tuple[Mesh, float, float]:
    """A bus, coach or tram: (mesh, length, width)."""
    u = rng.uniform
    length, width, height = float(u(14, 30) if tram else u(9, 13)), 2.5, float(u(3.0, 3.5))
    color, stripe = large_paint(rng), large_paint(rng)
    low, sill = 0.3, float(u(1.0, 1.4))
    params = (sill, height - float(u(0.4, 0.7)), u(1.2, 2.4), u(3.0, 6.0), u(0.4, 0.9), u(0.0, 0.3))
    side = materials.add(BAND, color, color3=stripe, params=params, gloss=0.2)
    paint = materials.add(PLAIN, color, gloss=0.2)
    glass = materials.add(GLASS, (0.015, 0.018, 0.02), gloss=0.5)
    half, mesh = 0.5 * length, Mesh()
    nose, tail = (
        materials.add(
            CAR_END, color, gloss=0.2, params=(0.48 * width, rear, 0.85, 0.1, 0.6, 0.0, 0.0, 0.16, 0.4)
        )
        for rear in (0.0, 1.0)
    )
    body = Body(length, width, height, sill, sill + 0.1, half, half - 0.2, -half, -half, sill, 1)
    tops = np.array([nose, glass, paint, paint, paint, glass if u() < 0.7 else paint, tail])
    loft(mesh, body, _outline(half, height, sill, low), Skin(tops, side, paint, glass), low)
    if tram:
        mesh.box((0, height + 0.2, 0), (1.6, 0.4, 0.6 * length), paint)
    else:
        wheels(mesh, materials, rng, (half - 2.6, -half + 2.8), 0.48, 0.5 * width, 0.3)
    return mesh, length, width


def _outline(half: float, height: float, sill: float, low: float) -> NDArray[np.float64]:
    """Side profile `[8, 2]` (z, y) in metres, from the front over the roof to the rear."""
    return np.array(
        [
            [half - 0.03, low],
            [half, sill - 0.1],
            [half - 0.15, height - 0.4],
            [half - 0.5, height],
            [-half + 0.2, height],
            [-half, height - 0.5],
            [-half, sill],
            [-half, low],
        ]
    )
