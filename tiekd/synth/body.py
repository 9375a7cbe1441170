"""Shells and wheels of vehicles, made from their side profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.materials import PLAIN, WHEEL, Color, Materials, vary
from tiekd.synth.mesh import Mesh

Array = NDArray[np.float64]
_BEND_M = 0.14
_NUDGE_M = 1e-3
"""Step of the numerical derivatives that give the normals of the sides."""

_LARGE_PAINTS: tuple[Color, ...] = (
    (0.7, 0.7, 0.68),
    (0.7, 0.7, 0.68),
    (0.6, 0.6, 0.6),
    (0.25, 0.26, 0.27),
    (0.05, 0.05, 0.055),
    (0.5, 0.025, 0.02),
    (0.6, 0.4, 0.04),
    (0.03, 0.07, 0.25),
    (0.02, 0.1, 0.07),
    (0.6, 0.57, 0.45),
)


def large_paint(rng: np.random.Generator) -> Color:
    """Paint of a lorry, its load or a bus."""
    return vary(rng, _LARGE_PAINTS[int(rng.integers(len(_LARGE_PAINTS)))], 0.25)


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


@dataclass(frozen=True, slots=True)
class Skin:
    """Materials of a shell.

    tops: one per segment of the profile. side: both sides. paint: window frames and floor. glass: windows, or
    -1 without windows.
    """

    tops: NDArray[np.int64]
    side: int
    paint: int
    glass: int = -1


def _half_width(body: Body, y: Array, z: Array) -> Array:
    """Half width in metres at height `y` and length `z`.

    It is largest at the middle of the doors. The cabin leans inwards, and the ends are rounded.
    """
    cabin = np.clip((y - body.shoulder) / max(body.height - body.shoulder, 0.1), 0.0, 1.2)
    lean = 0.2 if body.height < 1.7 else (0.1 if body.height < 2.8 else 0.02)
    belly = np.clip((0.62 * body.shoulder - y) / body.shoulder, -0.4, 0.6)
    end = np.clip((np.abs(z) - 0.5 * body.length + 0.55) / 0.55, 0.0, 1.0)
    return np.asarray(
        0.5
        * body.width
        * (1.0 - lean * cabin - 0.12 * belly**2)
        * (1.0 - (0.14 if lean > 0.02 else 0.04) * end**2)
    )


def _bent(outline: Array, tops: NDArray[np.int64], glass: int) -> tuple[Array, NDArray[np.int64]]:
    """The outline with cut corners, so that shading is smooth across them, and its materials per segment."""
    points, kinds = [outline[0]], []
    last = len(outline) - 2
    for k, kind in enumerate(tops):
        a, b = outline[k], outline[k + 1]
        cut = min(0.28, _BEND_M / (float(np.hypot(*(b - a))) + 1e-6))
        if k > 0:
            points.append(a + cut * (b - a))
            kinds.append(kind if kind != glass else tops[k - 1])
        if k < last:
            points.append(b - cut * (b - a))
            kinds.append(kind)
    points.append(outline[-1])
    kinds.append(tops[-1])
    return np.stack(points), np.array(kinds)


def _outward(outline: Array) -> Array:
    """Unit normals (z, y) of a profile that runs from the front over the top to the rear."""
    step = outline[1:] - outline[:-1]
    step = step / (np.sqrt((step * step).sum(1, keepdims=True)) + 1e-9)
    mean = np.concatenate([step[:1], step[1:] + step[:-1], step[-1:]])
    normal = np.stack([mean[:, 1], -mean[:, 0]], 1)
    return np.asarray(normal / (np.sqrt((normal * normal).sum(1, keepdims=True)) + 1e-9))


def loft(mesh: Mesh, body: Body, outline: Array, skin: Skin, low: float, *, fine: bool = True) -> None:
    """Add the shell of a vehicle: strips over the top with rounded edges, sides and a floor.

    outline: side profile `[n, 2]` (z, y) in metres, from the front over the roof to the rear. low: height of
    the floor. fine: round corners and edges, for vehicles near the camera.
    """
    tops = skin.tops
    if fine:
        outline, tops = _bent(outline, tops, skin.glass)
    z, y = outline[:, 0], outline[:, 1]
    normal = _outward(outline)
    w = _half_width(body, y, z)
    edge = 0.09 if body.height < 2.0 else 0.05
    angles = np.array([0.0, 0.6, 1.2]) if fine else np.array([0.0, 1.0])
    across = edge * (1.0 - np.sin(angles))[::-1]
    sink, lean = edge * (1.0 - np.cos(angles))[::-1], np.sin(angles)[::-1]
    inner = w[:, None] - across
    x = np.concatenate([-inner, inner[:, ::-1]], 1)
    drop = np.concatenate([sink, sink[::-1]])
    tilt = np.concatenate([-lean, lean[::-1]])
    points = np.stack(
        [x, y[:, None] - drop * normal[:, 1:], z[:, None] - drop * normal[:, :1]],
        -1,
    )
    upright = np.sqrt(1.0 - tilt**2)
    normals = np.stack([np.broadcast_to(tilt, x.shape), upright * normal[:, 1:], upright * normal[:, :1]], -1)
    cells = np.repeat(tops[:, None], x.shape[1] - 1, 1)
    rim = len(angles) - 1
    framed = (np.arange(x.shape[1] - 1) < rim) | (np.arange(x.shape[1] - 1) >= x.shape[1] - 1 - rim)
    cells[(cells == skin.glass) & framed] = skin.paint
    mesh.sheet(points, points[..., :2], normals, cells.ravel())
    for sign in (-1.0, 1.0):
        _flank(mesh, body, points[:, 0 if sign < 0 else -1], sign, skin.side, low)
    floor = np.array([[-w[0], low, z[0]], [w[0], low, z[0]], [w[-1], low, z[-1]], [-w[-1], low, z[-1]]])
    mesh.quads(floor[None], skin.paint)


def _flank(mesh: Mesh, body: Body, top: Array, sign: float, side: int, low: float) -> None:
    """Add one side, from the sill to the edge `top` `[n, 3]`: doors below the shoulder, windows above."""
    y, z = top[:, 1], top[:, 2]
    belt = np.minimum(y, body.shoulder)
    for start, end, shares in ((np.full_like(y, low), belt, (0.0, 0.4, 0.75, 1.0)), (belt, y, (0.0, 1.0))):
        high = start[:, None] + (end - start)[:, None] * np.array(shares)
        along = np.broadcast_to(z[:, None], high.shape)
        half = _half_width(body, high, along)
        rise = (_half_width(body, high + _NUDGE_M, along) - half) / _NUDGE_M
        bend = (_half_width(body, high, along + _NUDGE_M) - half) / _NUDGE_M
        normals = np.stack([np.full_like(half, sign), -rise, -bend], -1)
        normals /= np.sqrt((normals * normals).sum(-1, keepdims=True))
        points = np.stack([sign * half, high, along], -1)
        meets = y <= body.shoulder if shares[1] < 1.0 else y > body.shoulder
        points[meets, -1, 0] = top[meets, 0]
        mesh.sheet(points, points[..., [2, 1]], normals, side)


def wheels(
    mesh: Mesh,
    materials: Materials,
    rng: np.random.Generator,
    axles: tuple[float, ...],
    radius: float,
    half_width: float,
    tread: float,
) -> None:
    """Add two wheels to every axle (z in metres). `tread` is the width of a tyre."""
    tyre = materials.add(PLAIN, (0.012, 0.012, 0.013), mottle=0.2)
    tone = float(rng.choice([0.4, 0.2, 0.05])) * (0.4 if radius > 0.4 else 1.0)
    rim = materials.add(WHEEL, (0.012, 0.012, 0.013), color2=(tone, tone, tone), params=(radius,), gloss=0.05)
    for z in axles:
        for sign in (-1.0, 1.0):
            outer = sign * (half_width + 0.01)
            mesh.tube((outer - sign * tread, radius, z), (outer, radius, z), radius, tyre, sides=14, caps=rim)
