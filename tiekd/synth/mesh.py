"""Triangle soups: objects are built in their own frame (x right, y up, z forward; metres), then placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, sin

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tiekd.synth import shapes

Array = NDArray[np.float64]
Point = Sequence[float] | Array
_NO_NORMALS, _NO_UV = np.empty((0, 4, 3)), np.empty((0, 4, 2))


@dataclass(frozen=True, slots=True)
class Pose:
    """Where an object stands: position in metres, heading about the y axis and slope along it, in radians."""

    x: float
    y: float
    z: float
    heading: float = 0.0
    slope: float = 0.0

    def apply(self, points: Array) -> Array:
        """Local points `[..., 3]` to world points."""
        result: Array = points @ self.rotation().T + np.array([self.x, self.y, self.z])
        return result

    def rotate(self, vectors: Array) -> Array:
        """Local directions `[..., 3]` to world directions."""
        result: Array = vectors @ self.rotation().T
        return result

    def rotation(self) -> Array:
        """Local to world, `[3, 3]`."""
        ch, sh, cs, ss = cos(self.heading), sin(self.heading), cos(self.slope), sin(self.slope)
        return np.array([[ch, -sh * ss, sh * cs], [0.0, cs, ss], [-sh, -ch * ss, ch * cs]])


@dataclass(slots=True)
class Soup:
    """Triangles: corners `[n,3,3]` metres, normals `[n,3,3]`, texture `[n,3,2]` metres, material `[n]`."""

    corners: Array
    normals: Array
    uv: Array
    material: NDArray[np.int64]


class Mesh:
    """Collects triangles; every method adds a shape."""

    def __init__(self) -> None:
        self._parts: list[tuple[Array, Array, Array, NDArray[np.int64]]] = []

    def triangles(
        self,
        corners: ArrayLike,
        uv: ArrayLike,
        material: int | NDArray[np.int64],
        normals: Array | None = None,
    ) -> None:
        """Triangles `[n,3,3]` with texture coordinates `[n,3,2]`; no `normals` (kept as 0): flat."""
        points = np.array(corners, dtype=np.float64).reshape(-1, 3, 3)
        bent = np.zeros_like(points) if normals is None else np.array(normals).reshape(-1, 3, 3)
        self._append((points, bent, np.array(uv, dtype=np.float64).reshape(-1, 3, 2)), material)

    def quads(
        self,
        corners: ArrayLike,
        material: int | NDArray[np.int64],
        uv: ArrayLike | None = None,
        normals: Array | None = None,
    ) -> None:
        """Quadrilaterals `[n,4,3]`; without `uv` the coordinates are metres along the first two edges."""
        points = np.array(corners, dtype=np.float64).reshape(-1, 4, 3)
        bent = _NO_NORMALS if normals is None else np.array(normals, dtype=np.float64).reshape(-1, 4, 3)
        texture = _NO_UV if uv is None else np.array(uv, dtype=np.float64).reshape(-1, 4, 2)
        self._append(shapes.split(points, bent, texture), _twice(material))

    def lattice(
        self, points: Array, uv: Array, material: int | NDArray[np.int64], *, smooth: bool = False
    ) -> None:
        """A bent sheet `[rows, columns, 3]` with texture `[rows, columns, 2]`; materials per cell, by row."""
        points = np.array(points, dtype=np.float64)
        normals = shapes.smooth_normals(points) if smooth else _NO_NORMALS
        self._append(shapes.grid(points, normals, np.array(uv, dtype=np.float64)), _twice(material))

    def sheet(self, points: Array, uv: Array, normals: Array, material: int | NDArray[np.int64]) -> None:
        """A bent sheet like `lattice`, with a normal `[rows, columns, 3]` given at every point."""
        arrays = (np.ascontiguousarray(value, dtype=np.float64) for value in (points, normals, uv))
        self._append(shapes.grid(*arrays), _twice(material))

    def box(self, center: Point, size: Point, material: int, heading: float = 0.0) -> None:
        """A box of full `size` (x, y, z), turned about y through its centre."""
        self._append(shapes.box(_floats(center), _floats(size), float(heading)), material)

    def tube(
        self,
        start: Point,
        end: Point,
        radius: float,
        material: int,
        *,
        end_radius: float | None = None,
        sides: int = 8,
        caps: int | None = None,
    ) -> None:
        """A cylinder or cone between two points; `caps` is the material of its ends."""
        shape = (
            _floats(start),
            _floats(end),
            float(radius),
            float(radius if end_radius is None else end_radius),
        )
        self._append(shapes.tube(*shape, sides), material)
        if caps is not None:
            self._append(shapes.discs(*shape, sides), caps)

    def blob(
        self,
        center: Point,
        radii: Point,
        material: int,
        rng: np.random.Generator,
        *,
        rough: float = 0.15,
        rings: int = 6,
        sides: int = 9,
    ) -> None:
        """A lumpy ellipsoid."""
        bumps = 1.0 + rough * rng.uniform(-1.7, 1.7, (rings + 1, sides + 1))
        self._append(shapes.blob(_floats(center), _floats(radii), bumps), material)

    def cards(self, place: Array, a: Array, b: Array, normals: Array, shift: Array, material: int) -> None:
        """Diamonds around `place [n,3]`: half diagonals, normals and texture offsets, one row each."""
        self._append(shapes.cards(place, a, b, normals, shift), material)

    def add(self, other: Mesh, pose: Pose) -> None:
        """Place another mesh."""
        if other._parts:
            corners, normals, uv, material = other._joined()
            offset = np.array([pose.x, pose.y, pose.z])
            moved, turned = shapes.placed(corners, normals, pose.rotation(), offset)
            self._parts.append((moved, turned, uv, material))

    def soup(self) -> Soup:
        """Everything as one soup; flat triangles get their normals here, all at once."""
        corners, normals, uv, material = self._joined()
        shapes.fill_flat_normals(corners, normals)
        return Soup(corners, normals, uv, material)

    def _append(self, parts: shapes.Parts, material: int | NDArray[np.int64]) -> None:
        n = len(parts[0])
        indices = np.full(n, material) if isinstance(material, int) else np.asarray(material, dtype=np.int64)
        self._parts.append((*parts, indices))

    def _joined(self) -> tuple[Array, Array, Array, NDArray[np.int64]]:
        corners, normals, uv, material = zip(*self._parts, strict=True)
        return np.concatenate(corners), np.concatenate(normals), np.concatenate(uv), np.concatenate(material)


def _floats(point: Point) -> tuple[float, float, float]:
    x, y, z = point
    return float(x), float(y), float(z)


def _twice(material: int | NDArray[np.int64]) -> int | NDArray[np.int64]:
    """Materials of quadrilaterals for their triangles."""
    return material if isinstance(material, int) else np.repeat(np.asarray(material, dtype=np.int64), 2)
