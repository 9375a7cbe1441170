"""Triangles of basic shapes. They are compiled because a street has thousands of boxes, tubes and leaves.

Every shape is returned as corners `[n,3,3]`, normals `[n,3,3]` and texture coordinates `[n,3,2]`. Normals of
flat shapes are 0 until `fill_flat_normals` sets them, once per scene.
"""

from __future__ import annotations

from math import cos, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.jit import inline, jit

Array = NDArray[np.float64]
Parts = tuple[Array, Array, Array]
Point = tuple[float, float, float]

_CORNERS = np.array(
    [[-1, -1, -1], [1, -1, -1], [1, -1, 1], [-1, -1, 1], [-1, 1, -1], [1, 1, -1], [1, 1, 1], [-1, 1, 1.0]]
)
_FACES = np.array([[0, 1, 5, 4], [2, 3, 7, 6], [4, 5, 6, 7], [1, 0, 3, 2], [1, 2, 6, 5], [3, 0, 4, 7]])


@jit
def split(quads: Array, normals: Array, uv: Array) -> Parts:
    """Split quadrilaterals `[n,4,3]` into triangles.

    Empty `normals` make them flat. Empty `uv` makes texture coordinates metres along the edges.
    """
    n = quads.shape[0]
    corners, bent, texture = np.empty((2 * n, 3, 3)), np.zeros((2 * n, 3, 3)), np.zeros((2 * n, 3, 2))
    for q in range(n):
        width, height = 0.0, 0.0
        if uv.shape[0] == 0:
            for c in range(3):
                width += (quads[q, 1, c] - quads[q, 0, c]) ** 2
                height += (quads[q, 3, c] - quads[q, 0, c]) ** 2
            width, height = sqrt(width), sqrt(height)
        for half in range(2):
            for k in range(3):
                corner = 0 if k == 0 else half + k
                for c in range(3):
                    corners[2 * q + half, k, c] = quads[q, corner, c]
                    if normals.shape[0] > 0:
                        bent[2 * q + half, k, c] = normals[q, corner, c]
                if uv.shape[0] > 0:
                    texture[2 * q + half, k, 0] = uv[q, corner, 0]
                    texture[2 * q + half, k, 1] = uv[q, corner, 1]
                else:
                    texture[2 * q + half, k, 0] = width if corner in (1, 2) else 0.0
                    texture[2 * q + half, k, 1] = height if corner >= 2 else 0.0
    return corners, bent, texture


@jit
def grid(points: Array, normals: Array, uv: Array) -> Parts:
    """Triangles, row by row, of a lattice `[rows, columns, c]` of points, normals (or empty) and texture."""
    rows, columns = points.shape[0] - 1, points.shape[1] - 1
    flat = normals.shape[0] == 0
    quads, coordinates = np.empty((rows * columns, 4, 3)), np.empty((rows * columns, 4, 2))
    bent = np.empty((0 if flat else rows * columns, 4, 3))
    for i in range(rows):
        for j in range(columns):
            for k in range(4):
                a, b = i + (k >= 2), j + (k in (1, 2))
                quads[i * columns + j, k] = points[a, b]
                coordinates[i * columns + j, k] = uv[a, b]
                if not flat:
                    bent[i * columns + j, k] = normals[a, b]
    return split(quads, bent, coordinates)


@jit
def box(center: Point, size: Point, heading: float) -> Parts:
    """A box, turned about the y axis through its centre."""
    quads = np.empty((6, 4, 3))
    ch, sh = cos(heading), sin(heading)
    for f in range(6):
        for k in range(4):
            corner = _CORNERS[_FACES[f, k]]
            x, y, z = 0.5 * size[0] * corner[0], 0.5 * size[1] * corner[1], 0.5 * size[2] * corner[2]
            quads[f, k, 0] = center[0] + ch * x + sh * z
            quads[f, k, 1] = center[1] + y
            quads[f, k, 2] = center[2] - sh * x + ch * z
    return split(quads, np.empty((0, 4, 3)), np.empty((0, 4, 2)))


@inline
def _across(axis: Array) -> tuple[Array, Array]:
    """Two unit vectors perpendicular to a unit vector and to each other."""
    side = np.zeros(3)
    if abs(axis[2]) < 0.8:
        side[0], side[1] = axis[1], -axis[0]
    else:
        side[0], side[2] = -axis[2], axis[0]
    side /= sqrt((side * side).sum())
    return side, np.cross(axis, side)


@jit
def tube(start: Point, end: Point, start_radius: float, end_radius: float, sides: int) -> Parts:
    """The side surface of a cylinder or cone."""
    a = np.array(start)
    axis = np.array(end) - a
    length = sqrt((axis * axis).sum()) + 1e-9
    side, other = _across(axis / length)
    points, normals, uv = (
        np.empty((2, sides + 1, 3)),
        np.empty((2, sides + 1, 3)),
        np.empty((2, sides + 1, 2)),
    )
    for k in range(sides + 1):
        angle = 2.0 * pi * k / sides
        out = cos(angle) * side + sin(angle) * other
        for tip in range(2):
            points[tip, k] = a + tip * axis + out * (end_radius if tip else start_radius)
            normals[tip, k] = out
            uv[tip, k, 0], uv[tip, k, 1] = angle * start_radius, tip * length
    return grid(points, normals, uv)


@jit
def discs(start: Point, end: Point, start_radius: float, end_radius: float, sides: int) -> Parts:
    """Both ends of a cylinder or cone. Texture coordinates are metres from the middle."""
    a, b = np.array(start), np.array(end)
    axis = b - a
    side, other = _across(axis / (sqrt((axis * axis).sum()) + 1e-9))
    corners, uv = np.zeros((2 * sides, 3, 3)), np.zeros((2 * sides, 3, 2))
    for tip in range(2):
        radius = end_radius if tip else start_radius
        for k in range(sides):
            corners[tip * sides + k, 0] = b if tip else a
            for j in range(2):
                angle = 2.0 * pi * (k + j) / sides
                out = cos(angle) * side + sin(angle) * other
                corners[tip * sides + k, 1 + j] = (b if tip else a) + radius * out
                uv[tip * sides + k, 1 + j, 0] = radius * cos(angle)
                uv[tip * sides + k, 1 + j, 1] = radius * sin(angle)
    return corners, np.zeros((2 * sides, 3, 3)), uv


@jit
def blob(center: Point, radii: Point, bumps: Array) -> Parts:
    """An ellipsoid with a rough surface: `bumps` `[rings+1, sides+1]` scale its radius, not at the poles."""
    rings, sides = bumps.shape[0] - 1, bumps.shape[1] - 1
    points, normals, uv = (
        np.empty((rings + 1, sides + 1, 3)),
        np.empty((rings + 1, sides + 1, 3)),
        np.empty((rings + 1, sides + 1, 2)),
    )
    for i in range(rings + 1):
        polar = pi * i / rings
        for j in range(sides + 1):
            angle = 2.0 * pi * j / sides
            reach = 1.0 if i in (0, rings) else bumps[i, j % sides]
            unit = (sin(polar) * cos(angle), cos(polar), sin(polar) * sin(angle))
            for c in range(3):
                points[i, j, c] = center[c] + unit[c] * reach * radii[c]
                normals[i, j, c] = unit[c] / radii[c]
            uv[i, j, 0], uv[i, j, 1] = angle * radii[0], polar * radii[1]
    return grid(points, normals, uv)


@jit
def cards(place: Array, a: Array, b: Array, normals: Array, shift: Array) -> Parts:
    """Diamonds around `place` `[n,3]`: half diagonals `a` and `b`, one normal each, shifted texture."""
    n = place.shape[0]
    quads, bent, uv = np.empty((n, 4, 3)), np.empty((n, 4, 3)), np.empty((n, 4, 2))
    for i in range(n):
        size = sqrt((a[i] * a[i]).sum())
        for k in range(4):
            sa, sb = (k - 1.0) * (1.0 - k % 2), (2.0 - k) * (k % 2)
            for c in range(3):
                quads[i, k, c] = place[i, c] + sa * a[i, c] + sb * b[i, c]
                bent[i, k, c] = normals[i, c]
            uv[i, k, 0], uv[i, k, 1] = shift[i, 0] + sa * size, shift[i, 1] + sb * size
    return split(quads, bent, uv)


@jit
def placed(corners: Array, normals: Array, rotation: Array, offset: Array) -> tuple[Array, Array]:
    """Corners after rotation and translation, and normals after rotation."""
    moved, turned = np.empty_like(corners), np.empty_like(normals)
    for t in range(corners.shape[0]):
        for k in range(3):
            for c in range(3):
                p, q = offset[c], 0.0
                for j in range(3):
                    p += rotation[c, j] * corners[t, k, j]
                    q += rotation[c, j] * normals[t, k, j]
                moved[t, k, c], turned[t, k, c] = p, q
    return moved, turned


@jit
def fill_flat_normals(corners: Array, normals: Array) -> None:
    """Set the normals of triangles that have none to the normal of their plane (not of unit length)."""
    for t in range(corners.shape[0]):
        if normals[t, 0, 0] != 0.0 or normals[t, 0, 1] != 0.0 or normals[t, 0, 2] != 0.0:
            continue
        a, b = corners[t, 1] - corners[t, 0], corners[t, 2] - corners[t, 0]
        for k in range(3):
            normals[t, k, 0] = a[1] * b[2] - a[2] * b[1]
            normals[t, k, 1] = a[2] * b[0] - a[0] * b[2]
            normals[t, k, 2] = a[0] * b[1] - a[1] * b[0]


@jit
def smooth_normals(points: Array) -> Array:
    """Unit normals of a lattice `[rows, columns, 3]`, computed from the neighbours of each point."""
    rows, columns = points.shape[0], points.shape[1]
    normals = np.empty_like(points)
    for i in range(rows):
        for j in range(columns):
            a = points[min(i + 1, rows - 1), j] - points[max(i - 1, 0), j]
            b = points[i, min(j + 1, columns - 1)] - points[i, max(j - 1, 0)]
            n = np.cross(a, b)
            normals[i, j] = n / (sqrt((n * n).sum()) + 1e-12)
    return normals
