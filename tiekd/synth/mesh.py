"""Triangle meshes. An object is built in its own frame (x right, y up, z forward; metres) and then placed."""

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
    """Position of an object in metres, its heading about the y axis and its slope forwards in radians."""

    x: float
    y: float
    z: float
    heading: float = 0.0
    slope: float = 0.0

    def apply(self, points: Array) -> Array:
        """Convert local points `[..., 3]` to world points."""
        result: Array = points @ self.rotation().T + np.array([self.x, self.y, self.z])
        return result

    def rotate(self, vectors: Array) -> Array:
        """Convert local directions `[..., 3]` to world directions."""
        result: Array = vectors @ self.rotation().T
        return result

    def rotation(self) -> Array:
        """Rotation `[3, 3]` from local to world."""
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
        """Add triangles `[n,3,3]` with texture coordinates `[n,3,2]`. Without `normals` they are flat."""
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
        """Add quadrilaterals `[n,4,3]`. Without `uv`, texture coordinates are metres along two edges."""
        points = np.array(corners, dtype=np.float64).reshape(-1, 4, 3)
        bent = _NO_NORMALS if normals is None else np.array(normals, dtype=np.float64).reshape(-1, 4, 3)
        texture = _NO_UV if uv is None else np.array(uv, dtype=np.float64).reshape(-1, 4, 2)
        self._append(shapes.split(points, bent, texture), _twice(material))

    def lattice(
        self, points: Array, uv: Array, material: int | NDArray[np.int64], *, smooth: bool = False
    ) -> None:
        """Add a bent sheet of points `[rows, columns, 3]`, texture `[rows, columns, 2]`.

        material: one for all cells, or one per cell, row by row. smooth: compute normals from the neighbours.
        """
        points = np.array(points, dtype=np.float64)
        normals = shapes.smooth_normals(points) if smooth else _NO_NORMALS
        self._append(shapes.grid(points, normals, np.array(uv, dtype=np.float64)), _twice(material))

    def sheet(self, points: Array, uv: Array, normals: Array, material: int | NDArray[np.int64]) -> None:
        """Add a bent sheet like `lattice`, with given normals `[rows, columns, 3]`."""
        arrays = (np.ascontiguousarray(value, dtype=np.float64) for value in (points, normals, uv))
        self._append(shapes.grid(*arrays), _twice(material))

    def box(self, center: Point, size: Point, material: int, heading: float = 0.0) -> None:
        """Add a box with edges of `size` (x, y, z), turned about the y axis through its centre."""
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
        """Add a cylinder or cone between two points. `caps`: material of its ends; None leaves them open."""
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
        """Add an ellipsoid with a random rough surface."""
        bumps = 1.0 + rough * rng.uniform(-1.7, 1.7, (rings + 1, sides + 1))
        self._append(shapes.blob(_floats(center), _floats(radii), bumps), material)

    def cards(self, place: Array, a: Array, b: Array, normals: Array, shift: Array, material: int) -> None:
        """Add diamonds around `place` `[n,3]`, with half diagonals `a`, `b`, normals and texture offsets."""
        self._append(shapes.cards(place, a, b, normals, shift), material)

    def add(self, other: Mesh, pose: Pose) -> None:
        """Add another mesh at `pose`."""
        if other._parts:
            corners, normals, uv, material = other._joined()
            offset = np.array([pose.x, pose.y, pose.z])
            moved, turned = shapes.placed(corners, normals, pose.rotation(), offset)
            self._parts.append((moved, turned, uv, material))

    def soup(self) -> Soup:
        """All triangles. Flat triangles get their normals here, all at once, because that is faster."""
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
    """Materials of the triangles of quadrilaterals: each one twice."""
    return material if isinstance(material, int) else np.repeat(np.asarray(material, dtype=np.int64), 2)
