"""Tank and silo trailers: a long shiny tank with pipes, ladders and boxes above the wheels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.materials import PLAIN, Materials, random_color
from tiekd.synth.mesh import Mesh

Array = NDArray[np.float64]
_SIDES = 28


def tank(
    mesh: Mesh, materials: Materials, rng: np.random.Generator, *, middle: float, length: float, skin: int
) -> None:
    """A tank along z around `middle`, with its lower edge about 1.1 m above the road, and its fittings."""
    u = rng.uniform
    half, low = 0.5 * length, float(u(0.95, 1.25))
    wide, high = float(u(1.1, 1.27)), float(u(0.85, 1.3))
    silo = bool(length > 7 and rng.random() < 0.45)
    z = np.array(
        [-half, -half + 0.12, -half + 0.35, -0.25 * half, 0.25 * half, half - 0.35, half - 0.12, half]
    )
    size = np.array([0.72, 0.9, 1.0, 1.0, 1.0, 1.0, 0.9, 0.72])
    sag = np.array([0.0, 0.0, 0.0, 0.3, 0.3, 0.0, 0.0, 0.0]) * float(silo)
    _vessel(mesh, z + middle, low + high, np.stack([wide * size, high * size], 1), sag, skin)
    dark = materials.add(PLAIN, (0.012, 0.012, 0.014), mottle=0.3, gloss=0.06)
    steel = materials.add(PLAIN, random_color(rng, low=0.2, high=0.5, saturation=0.05), gloss=0.3)
    for x in (-1.0, 1.0):
        _pipes(mesh, rng, x * (wide - 0.12), middle, half, low, (dark, steel))
    mesh.box((0, 0.85, middle), (0.9, 0.3, 1.96 * half), dark)
    _ladder(mesh, wide - 0.35, middle - half - 0.06, (0.5, low + 1.9 * high), steel)
    top = low + 2.0 * high
    mesh.box((0, top + 0.06, middle), (0.6, 0.04, 1.6 * half), dark)
    for x in (-0.45, 0.45):
        mesh.tube(
            (x, top + 0.3, middle - 0.8 * half), (x, top + 0.3, middle + 0.8 * half), 0.025, steel, sides=5
        )
    for k in np.linspace(-0.6, 0.6, int(rng.integers(2, 5))):
        mesh.tube(
            (0, top - 0.05, middle + k * half), (0, top + 0.2, middle + k * half), 0.28, steel, caps=steel
        )


def _vessel(mesh: Mesh, z: Array, axis: float, radii: Array, sag: Array, skin: int) -> None:
    """A tube of ellipses with `radii` `[n, 2]` along z, whose underside is lower by `sag`, with flat ends."""
    angle = np.linspace(0.0, 2.0 * np.pi, _SIDES + 1)
    out = np.stack([np.sin(angle), -np.cos(angle)], 1)
    x = radii[:, :1] * out[:, 0]
    y = axis + radii[:, 1:] * out[:, 1] - sag[:, None] * np.clip(-out[:, 1], 0.0, 1.0)
    depth = np.broadcast_to(z[:, None], x.shape)
    points = np.stack([x, y, depth], -1)
    swell = np.gradient(radii.mean(1), z)
    normals = np.stack(
        [
            np.broadcast_to(out[:, 0], x.shape),
            np.broadcast_to(out[:, 1], x.shape),
            np.broadcast_to(-swell[:, None], x.shape),
        ],
        -1,
    )
    normals = normals / np.sqrt((normals * normals).sum(-1, keepdims=True))
    mesh.sheet(points, np.stack([depth, y], -1), normals, skin)
    for end in (0, -1):
        rim = points[end]
        centre = np.broadcast_to(np.array([0.0, axis, z[end]]), rim[1:].shape)
        corners = np.stack([centre, rim[:-1], rim[1:]], 1)
        mesh.triangles(corners, corners[..., :2], skin)


def _pipes(
    mesh: Mesh,
    rng: np.random.Generator,
    x: float,
    middle: float,
    half: float,
    low: float,
    materials: tuple[int, int],
) -> None:
    """Hose tubes, a rail and boxes under one side of the tank."""
    dark, steel = materials
    start, end = middle - float(rng.uniform(0.3, 0.85)) * half, middle + float(rng.uniform(0.4, 0.9)) * half
    for y in (low + 0.12, low - 0.13)[: int(rng.integers(1, 3))]:
        mesh.tube((x, y, start), (x, y, end), 0.1, dark, sides=8, caps=dark)
    for z in np.linspace(start, end, 5):
        mesh.box((x, low - 0.1, z), (0.1, 0.5, 0.06), steel)
    mesh.box((x, 0.55, middle + 0.25 * half), (0.04, 0.12, half), steel)
    if rng.random() < 0.6:
        box = dark if rng.random() < 0.5 else steel
        mesh.box((0.9 * x, 0.7, middle + float(rng.uniform(-0.1, 0.6)) * half), (0.5, 0.5, 0.9), box)


def _ladder(mesh: Mesh, x: float, z: float, reach: tuple[float, float], metal: int) -> None:
    """A ladder at the rear, between two heights."""
    low, high = reach
    for side in (-0.18, 0.18):
        mesh.tube((x + side, low, z), (x + side, high, z + 0.1), 0.025, metal, sides=5)
    for y in np.arange(low + 0.2, high, 0.3):
        mesh.tube((x - 0.18, y, z), (x + 0.18, y, z), 0.018, metal, sides=4)
