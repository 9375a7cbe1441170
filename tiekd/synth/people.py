"""People and cyclists, facing +z, standing on y = 0."""

from __future__ import annotations

import numpy as np

from tiekd.synth.materials import PERSON, PLAIN, WHEEL, Materials, random_color
from tiekd.synth.mesh import Mesh, Pose


def _clothes(rng: np.random.Generator, materials: Materials, height: float) -> int:
    skin = float(rng.uniform(0.08, 0.55))
    return materials.add(
        PERSON,
        random_color(rng, low=0.01, high=0.3, saturation=0.4),
        color2=random_color(rng, low=0.01, high=0.7, saturation=0.9),
        color3=(skin, skin * 0.65, skin * 0.45),
        params=(0.5 * height, 0.84 * height, 0.95 * height),
        mottle=0.2,
        frequency=4.0,
    )


def person(rng: np.random.Generator, materials: Materials, *, seated: bool = False) -> Mesh:
    """A standing or walking adult or child, or a rider."""
    height = float(np.clip(rng.normal(1.72, 0.12), 1.1, 1.95))
    skin, mesh = _clothes(rng, materials, height), Mesh()
    width, stride = height * float(rng.uniform(0.1, 0.14)), float(rng.normal(0, 0.17)) * height
    hip, neck = 0.5 * height, 0.82 * height
    parts: list[tuple[tuple[float, float, float], tuple[float, float, float], float, float]] = []
    for sign in (-1.0, 1.0):
        foot_z = 0.35 * height * 0.5 if seated else sign * stride
        foot_y = 0.12 * height if seated else 0.0
        parts.append(((sign * 0.5 * width, foot_y, foot_z), (sign * 0.5 * width, hip, 0.0), 0.05, 0.08))
        hand = (
            sign * 1.1 * width,
            0.65 * height if seated else 0.45 * height,
            0.45 if seated else -sign * 0.8 * stride,
        )
        parts.append(((sign * 1.1 * width, 0.8 * height, 0.05), hand, 0.045, 0.03))
    for start, end, r0, r1 in parts:
        _limb(mesh, start, end, r0, r1, skin)
    mesh.blob(
        (0, 0.5 * (hip + neck), 0.0),
        (1.15 * width, 0.58 * (neck - hip), 0.7 * width),
        skin,
        rng,
        rough=0.05,
        rings=6,
        sides=8,
    )
    mesh.blob(
        (0, 0.92 * height, 0.02),
        (0.05 * height, 0.07 * height, 0.057 * height),
        skin,
        rng,
        rough=0.03,
        rings=5,
        sides=7,
    )
    return _height_mapped(mesh)


def _limb(
    mesh: Mesh, start: tuple[float, ...], end: tuple[float, ...], r0: float, r1: float, material: int
) -> None:
    mesh.tube(start, end, r0, material, end_radius=r1, sides=6)


def _height_mapped(mesh: Mesh) -> Mesh:
    """The mesh with texture coordinates (x, height), by which the material PERSON finds clothes and face."""
    soup = mesh.soup()
    result = Mesh()
    result.triangles(soup.corners, soup.corners[..., :2], soup.material, soup.normals)
    return result


def cyclist(rng: np.random.Generator, materials: Materials) -> Mesh:
    """A rider on a bicycle."""
    mesh = Mesh()
    mesh.add(person(rng, materials, seated=True), Pose(0, 0.28, -0.1))
    frame = materials.add(PLAIN, random_color(rng, saturation=0.9), gloss=0.2)
    rim = materials.add(WHEEL, (0.02, 0.02, 0.02), color2=(0.2, 0.2, 0.2), params=(0.34,))
    for z in (-0.52, 0.52):
        mesh.tube((-0.02, 0.34, z), (0.02, 0.34, z), 0.34, frame, sides=14, caps=rim)
    bars = (
        ((0, 0.34, -0.52), (0, 0.85, -0.2)),
        ((0, 0.85, -0.2), (0, 0.85, 0.4)),
        ((0, 0.34, 0.52), (0, 1.0, 0.38)),
        ((0, 0.4, 0.0), (0, 0.85, 0.4)),
        ((-0.28, 1.02, 0.36), (0.28, 1.02, 0.36)),
    )
    for start, end in bars:
        mesh.tube(start, end, 0.025, frame, sides=5)
    return mesh
