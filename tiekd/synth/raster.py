"""Visibility: the triangle that each pixel sees, and its depth there (compiled).

Inside a triangle, inverse depth is an affine function of the pixel position. It is computed from the plane of
the triangle and not interpolated between corners, so depth at a pixel centre is exact.
"""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.jit import jit
from tiekd.synth.materials import FENCE, FOLIAGE, KIND, SIGN
from tiekd.synth.surface import opaque

NEAR_M = 0.15
Floats = NDArray[np.float64]


@jit
def dual_basis(corners: Floats) -> Floats:
    """Two vectors per triangle `[n,2,3]`; times (p - corner 0) they give barycentric coordinates 1 and 2."""
    result = np.zeros((corners.shape[0], 2, 3))
    for t in range(corners.shape[0]):
        p, q = corners[t, 1] - corners[t, 0], corners[t, 2] - corners[t, 0]
        pp, qq, pq = (p * p).sum(), (q * q).sum(), (p * q).sum()
        det = pp * qq - pq * pq
        if det > 1e-18:
            for k in range(3):
                result[t, 0, k] = (qq * p[k] - pq * q[k]) / det
                result[t, 1, k] = (pp * q[k] - pq * p[k]) / det
    return result


@jit
def _clip_near(corners: Floats, polygon: Floats) -> int:
    """Clip a triangle at the near plane into `polygon` `[4,3]`. Returns the number of corners."""
    count = 0
    for k in range(3):
        a, b = corners[k], corners[(k + 1) % 3]
        if a[2] >= NEAR_M:
            polygon[count] = a
            count += 1
        if (a[2] >= NEAR_M) != (b[2] >= NEAR_M):
            t = (NEAR_M - a[2]) / (b[2] - a[2])
            polygon[count] = a + t * (b - a)
            count += 1
    return count


@jit
def _row_span(xs: Floats, ys: Floats, count: int, y: float) -> tuple[float, float]:
    """Left and right x where the line at height `y` crosses a convex polygon; left > right if it does not."""
    left, right = 1e30, -1e30
    for k in range(count):
        j = k + 1 if k + 1 < count else 0
        y0, y1 = ys[k], ys[j]
        if (y0 <= y) == (y1 <= y) and y0 != y:
            continue
        x = xs[k] if y1 == y0 else xs[k] + (y - y0) / (y1 - y0) * (xs[j] - xs[k])
        left = min(left, x)
        right = max(right, x)
    return left, right


# This function is long because it is an inner loop. Split it only if a measurement shows no loss of speed.
@jit
def rasterize(
    corners: Floats,
    uv: Floats,
    dual: Floats,
    material: NDArray[np.int64],
    materials: Floats,
    intrinsics: tuple[float, float, float, float],
    inv_depth: Floats,
    seen: NDArray[np.int32],
) -> None:
    """Fill `inv_depth` `[h,w]` (1/m, 0 = nothing) and `seen` `[h,w]` (index of the triangle, -1 = none).

    corners: `[n,3,3]` in the camera frame (x right, y down, z forward). intrinsics: (fx, fy, cx, cy) in
    pixels; pixel centres are whole numbers.
    """
    fx, fy, cx, cy = intrinsics
    height, width = inv_depth.shape
    polygon, xs, ys = np.zeros((4, 3)), np.zeros(4), np.zeros(4)
    for t in range(corners.shape[0]):
        count = _clip_near(corners[t], polygon)
        if count < 3:
            continue
        for k in range(count):
            xs[k] = fx * polygon[k, 0] / polygon[k, 2] + cx
            ys[k] = fy * polygon[k, 1] / polygon[k, 2] + cy
        x_min, x_max, y_min, y_max = xs[0], xs[0], ys[0], ys[0]
        for k in range(1, count):
            x_min, x_max = min(x_min, xs[k]), max(x_max, xs[k])
            y_min, y_max = min(y_min, ys[k]), max(y_max, ys[k])
        if x_max < 0 or x_min > width - 1 or y_max < 0 or y_min > height - 1:
            continue
        a = corners[t, 0]
        e1, e2 = corners[t, 1] - a, corners[t, 2] - a
        nx, ny, nz = (
            e1[1] * e2[2] - e1[2] * e2[1],
            e1[2] * e2[0] - e1[0] * e2[2],
            e1[0] * e2[1] - e1[1] * e2[0],
        )
        d = nx * a[0] + ny * a[1] + nz * a[2]
        if abs(d) < 1e-14:
            continue
        # Plane n·p = d and ray p = z ((col - cx) / fx, (row - cy) / fy, 1): 1/z = g0 + gx col + gy row.
        gx, gy = nx / (d * fx), ny / (d * fy)
        g0 = nz / d - gx * cx - gy * cy
        m = materials[material[t]]
        cut = m[KIND] == FOLIAGE or m[KIND] == FENCE or m[KIND] == SIGN
        for row in range(max(0, ceil(y_min)), min(height - 1, floor(y_max)) + 1):
            left, right = _row_span(xs, ys, count, float(row))
            if left > right:
                continue
            base = g0 + gy * row
            for col in range(ceil(max(0.0, left - 1e-7)), floor(min(width - 1.0, right + 1e-7)) + 1):
                value = base + gx * col
                if value > inv_depth[row, col]:
                    if cut:  # the material has holes, so the triangle counts only where it is opaque
                        z = 1.0 / value
                        px, py, pz = z * (col - cx) / fx - a[0], z * (row - cy) / fy - a[1], z - a[2]
                        b1 = px * dual[t, 0, 0] + py * dual[t, 0, 1] + pz * dual[t, 0, 2]
                        b2 = px * dual[t, 1, 0] + py * dual[t, 1, 1] + pz * dual[t, 1, 2]
                        u = uv[t, 0, 0] + b1 * (uv[t, 1, 0] - uv[t, 0, 0]) + b2 * (uv[t, 2, 0] - uv[t, 0, 0])
                        v = uv[t, 0, 1] + b1 * (uv[t, 1, 1] - uv[t, 0, 1]) + b2 * (uv[t, 2, 1] - uv[t, 0, 1])
                        if not opaque(m, u, v):
                            continue
                    inv_depth[row, col] = value
                    seen[row, col] = t


@jit
def rasterize_map(corners: Floats, keep: NDArray[np.bool_], top: NDArray[np.float32]) -> None:
    """Fill the height map `top` `[n,n]` with the largest third coordinate of the triangles over each texel.

    corners: `[n,3,3]`, of which the first two coordinates are texels. keep: which triangles count.
    """
    n = top.shape[0]
    xs, ys = np.zeros(4), np.zeros(4)
    for t in range(corners.shape[0]):
        if not keep[t]:
            continue
        c = corners[t]
        y_min, y_max = min(c[0, 1], c[1, 1], c[2, 1]), max(c[0, 1], c[1, 1], c[2, 1])
        x_min, x_max = min(c[0, 0], c[1, 0], c[2, 0]), max(c[0, 0], c[1, 0], c[2, 0])
        if x_max < 0 or x_min > n - 1 or y_max < 0 or y_min > n - 1:
            continue
        for k in range(3):
            xs[k], ys[k] = c[k, 0], c[k, 1]
        det = (xs[1] - xs[0]) * (ys[2] - ys[0]) - (xs[2] - xs[0]) * (ys[1] - ys[0])
        highest = max(c[0, 2], c[1, 2], c[2, 2])
        gx, gy = 0.0, 0.0
        if abs(det) > 1e-6:
            h1, h2 = c[1, 2] - c[0, 2], c[2, 2] - c[0, 2]
            gx = (h1 * (ys[2] - ys[0]) - h2 * (ys[1] - ys[0])) / det
            gy = (h2 * (xs[1] - xs[0]) - h1 * (xs[2] - xs[0])) / det
        # Half a texel more on every side, so that thin objects throw shadows too.
        for row in range(max(0, ceil(y_min - 0.5)), min(n - 1, floor(y_max + 0.5)) + 1):
            y = min(max(float(row), y_min), y_max)
            left, right = _row_span(xs, ys, 3, y)
            for col in range(ceil(max(0.0, left - 0.5)), floor(min(n - 1.0, right + 0.5)) + 1):
                value = min(c[0, 2] + gx * (col - xs[0]) + gy * (row - ys[0]), highest)
                top[row, col] = max(top[row, col], value)
