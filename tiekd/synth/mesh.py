"""Triangle soups: objects are built in their own frame (x right, y up, z forward; metres), then placed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_SPLIT = np.array([[0, 1, 2], [0, 2, 3]])
_BOX_FACES = np.array([[0, 1, 5, 4], [2, 3, 7, 6], [4, 5, 6, 7], [1, 0, 3, 2], [1, 2, 6, 5], [3, 0, 4, 7]])
_BOX_CORNERS = np.array(
    [[-1, -1, -1], [1, -1, -1], [1, -1, 1], [-1, -1, 1], [-1, 1, -1], [1, 1, -1], [1, 1, 1], [-1, 1, 1]]
)


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
        rotated = self.rotate(points)
        placed: Array = rotated + np.array([self.x, self.y, self.z])
        return placed

    def rotate(self, vectors: Array) -> Array:
        """Local directions `[..., 3]` to world directions."""
        ch, sh, cs, ss = np.cos(self.heading), np.sin(self.heading), np.cos(self.slope), np.sin(self.slope)
        rotation = np.array([[ch, -sh * ss, sh * cs], [0.0, cs, ss], [-sh, -ch * ss, ch * cs]])
        result: Array = vectors @ rotation.T
        return result


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
        points = np.asarray(corners, dtype=np.float64).reshape(-1, 3, 3)
        if normals is None:
            normals = np.zeros_like(points)
        coordinates = np.asarray(uv, dtype=np.float64).reshape(-1, 3, 2)
        indices = np.broadcast_to(np.asarray(material, dtype=np.int64), (len(points),))
        self._parts.append((points, normals, coordinates, indices))

    def quads(
        self,
        corners: ArrayLike,
        material: int | NDArray[np.int64],
        uv: ArrayLike | None = None,
        normals: Array | None = None,
    ) -> None:
        """Quadrilaterals `[n,4,3]`; without `uv` the coordinates are metres along the first two edges."""
        points = np.asarray(corners, dtype=np.float64).reshape(-1, 4, 3)
        if uv is None:
            width = np.linalg.norm(points[:, 1] - points[:, 0], axis=1)
            height = np.linalg.norm(points[:, 3] - points[:, 0], axis=1)
            zero = np.zeros_like(width)
            coordinates = np.stack([zero, zero, width, zero, width, height, zero, height], 1).reshape(
                -1, 4, 2
            )
        else:
            coordinates = np.asarray(uv, dtype=np.float64).reshape(-1, 4, 2)
        per_triangle = material if isinstance(material, int) else np.repeat(np.asarray(material), 2)
        flat = None if normals is None else normals[:, _SPLIT].reshape(-1, 3, 3)
        self.triangles(
            points[:, _SPLIT].reshape(-1, 3, 3), coordinates[:, _SPLIT].reshape(-1, 3, 2), per_triangle, flat
        )

    def box(self, center: ArrayLike, size: ArrayLike, material: int, heading: float = 0.0) -> None:
        """A box of full `size` (x, y, z), turned about y through its centre."""
        corners = Pose(0, 0, 0, heading).rotate(_BOX_CORNERS * (0.5 * np.asarray(size, dtype=np.float64)))
        self.quads((corners + np.asarray(center))[_BOX_FACES], material)

    def tube(
        self,
        start: ArrayLike,
        end: ArrayLike,
        radius: float,
        material: int,
        *,
        end_radius: float | None = None,
        sides: int = 8,
        caps: int | None = None,
    ) -> None:
        """A cylinder or cone between two points with smooth normals; `caps` is the material of its ends."""
        a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
        axis = b - a
        length = float(np.linalg.norm(axis)) + 1e-9
        axis = axis / length
        ax, ay, az = axis.tolist()
        side = np.array([ay, -ax, 0.0]) if abs(az) < 0.8 else np.array([-az, 0.0, ax])
        side /= np.sqrt(side @ side)
        sx, sy, sz = side.tolist()
        other = np.array([ay * sz - az * sy, az * sx - ax * sz, ax * sy - ay * sx])
        angle, plane = _circle(sides)
        ring = plane @ np.stack([side, other])
        r1 = radius if end_radius is None else end_radius
        low, high = a + ring * radius, b + ring * r1
        u = angle * radius
        zero, top = np.zeros(sides), np.full(sides, length)
        uv = np.stack([u[:-1], zero, u[1:], zero, u[1:], top, u[:-1], top], 1)
        normals = np.stack([ring[:-1], ring[1:], ring[1:], ring[:-1]], 1)
        self.quads(np.stack([low[:-1], low[1:], high[1:], high[:-1]], 1), material, uv, normals)
        if caps is not None:
            for center, rim, r in ((a, low, radius), (b, high, r1)):
                fan = np.stack([np.broadcast_to(center, (sides, 3)), rim[:-1], rim[1:]], 1)
                self.triangles(fan, np.stack([np.zeros((sides, 2)), plane[:-1], plane[1:]], 1) * r, caps)

    def blob(
        self,
        center: ArrayLike,
        radii: ArrayLike,
        material: int,
        rng: np.random.Generator,
        *,
        rough: float = 0.15,
        rings: int = 6,
        sides: int = 9,
    ) -> None:
        """A lumpy ellipsoid."""
        unit, angles = _sphere(rings, sides)
        bumps = 1.0 + rough * rng.normal(size=(rings + 1, sides + 1, 1)).clip(-2, 2)
        bumps[:, -1], bumps[0], bumps[-1] = bumps[:, 0], 1.0, 1.0
        size = np.asarray(radii, dtype=np.float64)
        points = unit * bumps * size + np.asarray(center)
        self.quads(_grid(points), material, _grid(angles * size[:2]), _grid(unit / size))

    def add(self, other: Mesh, pose: Pose) -> None:
        """Place another mesh."""
        if other._parts:
            corners, normals, uv, material = other._joined()
            self._parts.append((pose.apply(corners), pose.rotate(normals), uv, material))

    def soup(self) -> Soup:
        """Everything as one soup; flat triangles get their normals here, all at once."""
        corners, normals, uv, material = self._joined()
        flat = ~normals.any((1, 2))
        points = corners[flat]
        normals[flat] = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])[:, None]
        return Soup(corners, normals, uv, material)

    def _joined(self) -> tuple[Array, Array, Array, NDArray[np.int64]]:
        corners, normals, uv, material = zip(*self._parts, strict=True)
        return np.concatenate(corners), np.concatenate(normals), np.concatenate(uv), np.concatenate(material)


def _grid(values: Array) -> Array:
    """`[r+1, s+1, c]` lattice to `[r*s, 4, c]` quadrilaterals."""
    cells = np.stack([values[:-1, :-1], values[:-1, 1:], values[1:, 1:], values[1:, :-1]], 2)
    return cells.reshape(-1, 4, values.shape[-1])


def grid_quads(values: Array) -> Array:
    """A lattice `[rows, columns, c]` as quadrilaterals `[(rows-1)*(columns-1), 4, c]`."""
    return _grid(values)


@cache
def _circle(sides: int) -> tuple[Array, Array]:
    """Angles `[sides+1]` and points `[sides+1, 2]` of a unit circle."""
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    return angle, np.stack([np.cos(angle), np.sin(angle)], 1)


@cache
def _sphere(rings: int, sides: int) -> tuple[Array, Array]:
    """Lattices of points on a unit sphere `[rings+1, sides+1, 3]` and of their two angles."""
    polar, angle = np.meshgrid(
        np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, sides + 1), indexing="ij"
    )
    unit = np.stack([np.sin(polar) * np.cos(angle), np.cos(polar), np.sin(polar) * np.sin(angle)], -1)
    return unit, np.stack([angle, polar], -1)
