"""Computes the colour of every pixel: sun with shadows, sky, occlusion, reflections, haze (compiled).

Indices of `light`, the vector of `Light.vector`: 0-2 direction to the sun, 3-5 sun, 6-8 zenith, 9-11 horizon,
12-14 light from the ground, 15 haze per metre, 16-18 haze, 19 cloud cover, 20 cloud seed, 21 softness of
shadows, 22 gain of the visible sky.
"""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.jit import inline, jit
from tiekd.synth.noise import clamp, fbm, mix, value_noise
from tiekd.synth.surface import surface

Floats = NDArray[np.float64]
Map = NDArray[np.float32]
Rgb = tuple[float, float, float]


@inline
def sky(light: Floats, dx: float, dy: float, dz: float) -> Rgb:
    """Colour of the sky in a direction: gradient, clouds and glow around the sun."""
    up = clamp(dy, 0.0, 1.0)
    t = 1.0 - (1.0 - up) ** 5
    r, g, b = mix(light[9], light[6], t), mix(light[10], light[7], t), mix(light[11], light[8], t)
    if light[19] > 0.05:
        scale = 1.0 / (up + 0.12)
        density = 0.5 + fbm(dx * scale, dz * scale, int(light[20]), 1.1, 0.0)
        cover = clamp((density - 1.0 + light[19]) * 3.0, 0.0, 1.0)
        shade = (0.75 + 0.5 * density) * (0.6 * light[10] + 0.4)
        r, g, b = mix(r, shade, cover), mix(g, shade, cover), mix(b, shade * 1.03, cover)
    towards = max(dx * light[0] + dy * light[1] + dz * light[2], 0.0)
    glow = 0.22 * towards**8 + 0.9 * towards**90 + 8.0 * towards**1500
    return r + glow * light[3], g + glow * light[4], b + glow * light[5]


@inline
def _environment(light: Floats, dx: float, dy: float, dz: float) -> Rgb:
    """Colour that a glossy surface reflects from a direction: sky, or dark ground below an uneven skyline."""
    skyline = 0.12 + 0.3 * value_noise(dx * 3.0 + 5.0, dz * 3.0 + 5.0, int(light[20]))
    if dy < skyline:
        t = clamp((skyline - dy) * 8.0, 0.0, 1.0)
        dark = 0.16 if dy < 0.0 else 0.1
        r, g, b = sky(light, dx, skyline, dz)
        return (
            mix(r, dark * light[9] + light[12] * 0.3, t),
            mix(g, dark * light[10] + light[13] * 0.3, t),
            mix(b, dark * light[11] + light[14] * 0.3, t),
        )
    return sky(light, dx, dy, dz)


@inline
def _texel(axes: Floats, k: int, x: float, y: float, z: float) -> float:
    return float(axes[k, 0] * x + axes[k, 1] * y + axes[k, 2] * z + axes[k, 3])


@inline
def _lit(near: Map, far: Map, axes: Floats, soft: float, x: float, y: float, z: float) -> float:
    """Share of the sunlight that reaches a point: four filtered samples of the finest map that covers it."""
    for level in range(2):
        top = near if level == 0 else far
        n = top.shape[0]
        tx, ty = _texel(axes[level], 0, x, y, z), _texel(axes[level], 1, x, y, z)
        if tx < 4 or ty < 4 or tx > n - 5 or ty > n - 5:
            continue
        # The offset, about a texel's size, keeps surfaces from throwing shadows on themselves.
        height = _texel(axes[level], 2, x, y, z) + (0.06 if level == 0 else 0.3)
        reach = soft if level == 0 else 0.3 + 0.2 * soft
        total = 0.0
        for k in range(4):
            sx, sy = tx + reach * (k % 2 - 0.5) * 2.0, ty + reach * (k // 2 - 0.5) * 2.0
            ix, iy = int(sx), int(sy)
            ax, ay = sx - ix, sy - iy
            a = (1.0 - ax) * (height >= top[iy, ix]) + ax * (height >= top[iy, ix + 1])
            b = (1.0 - ax) * (height >= top[iy + 1, ix]) + ax * (height >= top[iy + 1, ix + 1])
            total += (1.0 - ay) * a + ay * b
        return 0.25 * total
    return 1.0


@inline
def _openness(above: Map, axes: Floats, x: float, y: float, z: float) -> float:
    """Share of the sky that a point sees, from 12 heights around it. It is low in corners and under cars."""
    n = above.shape[0]
    tx, ty = _texel(axes, 0, x, y, z), _texel(axes, 1, x, y, z)
    if tx < 16 or ty < 16 or tx > n - 17 or ty > n - 17:
        return 0.85
    blocked = 0.0
    for k in range(12):
        reach = 0.6 if k < 4 else (2.0 if k < 8 else 6.0)
        q = k % 4
        ox, oy = (
            (reach, 0.35 * reach)
            if q == 0
            else (
                (-0.35 * reach, reach)
                if q == 1
                else ((-reach, -0.35 * reach) if q == 2 else (0.35 * reach, -reach))
            )
        )
        rise = above[int(ty + oy + 0.5), int(tx + ox + 0.5)] - y - 0.05
        if rise > 0.0:
            blocked += rise / (rise + 0.31 * reach + 0.12)
    return 1.0 - 0.8 * blocked / 12.0


# This function is long because it is an inner loop. Split it only if a measurement shows no loss of speed.
@inline
def _pixel(
    t: int,
    depth: float,
    rx: float,
    ry: float,
    pixel_rad: float,
    corners: Floats,
    normals: Floats,
    uv: Floats,
    dual: Floats,
    row: Floats,
    rotation: Floats,
    eye: Floats,
    light: Floats,
    near: Map,
    far: Map,
    above: Map,
    axes: Floats,
) -> Rgb:
    """Colour of triangle `t` at depth `depth` on the camera ray (rx, ry, 1)."""
    wx = rotation[0, 0] * rx + rotation[0, 1] * ry + rotation[0, 2]
    wy = rotation[1, 0] * rx + rotation[1, 1] * ry + rotation[1, 2]
    wz = rotation[2, 0] * rx + rotation[2, 1] * ry + rotation[2, 2]
    length = sqrt(wx * wx + wy * wy + wz * wz)
    px, py, pz = eye[0] + depth * wx, eye[1] + depth * wy, eye[2] + depth * wz
    qx, qy, qz = px - corners[t, 0, 0], py - corners[t, 0, 1], pz - corners[t, 0, 2]
    b1 = qx * dual[t, 0, 0] + qy * dual[t, 0, 1] + qz * dual[t, 0, 2]
    b2 = qx * dual[t, 1, 0] + qy * dual[t, 1, 1] + qz * dual[t, 1, 2]
    b0 = 1.0 - b1 - b2
    u = b0 * uv[t, 0, 0] + b1 * uv[t, 1, 0] + b2 * uv[t, 2, 0]
    v = b0 * uv[t, 0, 1] + b1 * uv[t, 1, 1] + b2 * uv[t, 2, 1]
    nx = b0 * normals[t, 0, 0] + b1 * normals[t, 1, 0] + b2 * normals[t, 2, 0]
    ny = b0 * normals[t, 0, 1] + b1 * normals[t, 1, 1] + b2 * normals[t, 2, 1]
    nz = b0 * normals[t, 0, 2] + b1 * normals[t, 1, 2] + b2 * normals[t, 2, 2]
    size = sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
    dx, dy, dz = wx / length, wy / length, wz / length
    facing = (nx * dx + ny * dy + nz * dz) / size
    flip = -1.0 / size if facing > 0.0 else 1.0 / size
    nx, ny, nz, facing = nx * flip, ny * flip, nz * flip, abs(facing)
    distance = depth * length
    r, g, b, gloss, emission = surface(row, u, v, distance * pixel_rad / max(facing, 0.25) ** 0.7)
    sun = max(nx * light[0] + ny * light[1] + nz * light[2], 0.0)
    foliage = 1.0 if row[0] == 7.0 else 0.0  # leaves let light through, so they are bright on both sides
    sun = mix(sun, 0.25 + 0.5 * sun, foliage)
    if sun > 0.0:
        lift = 0.05 + 0.0006 * distance
        sun *= _lit(near, far, axes, light[21], px + nx * lift, py + ny * lift, pz + nz * lift)
    open_sky = _openness(above, axes[2], px + 0.35 * nx, py + 0.1 * ny, pz + 0.35 * nz)
    open_sky *= 0.55 + 0.45 * open_sky
    up = 0.5 + 0.5 * ny
    out_r = r * (sun * light[3] + open_sky * mix(light[12], 0.5 * (light[6] + light[9]), up))
    out_g = g * (sun * light[4] + open_sky * mix(light[13], 0.5 * (light[7] + light[10]), up))
    out_b = b * (sun * light[5] + open_sky * mix(light[14], 0.5 * (light[8] + light[11]), up))
    if gloss > 0.04:
        fresnel = gloss * (0.12 + 0.88 * (1.0 - facing) ** 4)
        back = 2.0 * facing
        ex, ey, ez = dx + back * nx, dy + back * ny, dz + back * nz
        mr, mg, mb = _environment(light, ex, ey, ez)
        rough = 1.0 if row[0] == 1.0 else 0.0  # roads, also wet ones, reflect without a sharp image
        most = mix(2.5, 0.9, rough)
        mr, mg, mb = min(mr, most), min(mg, most), min(mb, most)
        towards = max(ex * light[0] + ey * light[1] + ez * light[2], 0.0)
        shine = mix(3.0 * towards**60, 0.12 * towards**12, rough) * (1.0 if sun > 0.05 else 0.0)
        fresnel *= 0.35 + 0.65 * open_sky
        out_r = mix(out_r, mr, fresnel) + fresnel * shine * light[3]
        out_g = mix(out_g, mg, fresnel) + fresnel * shine * light[4]
        out_b = mix(out_b, mb, fresnel) + fresnel * shine * light[5]
    clear = exp(-light[15] * distance)
    return (
        mix(light[16], out_r + emission * r, clear),
        mix(light[17], out_g + emission * g, clear),
        mix(light[18], out_b + emission * b, clear),
    )


@jit
def shade(
    inv_depth: Floats,
    seen: NDArray[np.int32],
    corners: Floats,
    normals: Floats,
    uv: Floats,
    dual: Floats,
    material: NDArray[np.int64],
    materials: Floats,
    intrinsics: tuple[float, float, float, float],
    rotation: Floats,
    eye: Floats,
    light: Floats,
    near: Map,
    far: Map,
    above: Map,
    axes: Floats,
    samples: int,
    out: NDArray[np.float32],
) -> None:
    """Fill the linear colour `out` `[H,W,3]` from a visibility buffer with `samples` x `samples` per pixel.

    Within a pixel every triangle is shaded once, at its first sample. So edges are smooth at little cost.
    `rotation` turns camera rays into world directions; geometry is in world coordinates.
    """
    fx, fy, cx, cy = intrinsics
    height, width = out.shape[0], out.shape[1]
    n = samples * samples
    ids, colors = np.zeros(n, np.int32), np.zeros((n, 3))
    pixel_rad = samples / fx
    for row in range(height):
        for col in range(width):
            r, g, b = 0.0, 0.0, 0.0
            for k in range(n):
                y, x = row * samples + k // samples, col * samples + k % samples
                t = seen[y, x]
                ids[k] = t
                known = -1
                for j in range(k):
                    if ids[j] == t:
                        known = j
                        break
                if known >= 0:
                    colors[k] = colors[known]
                else:
                    rx, ry = (x - cx) / fx, (y - cy) / fy
                    if t < 0:
                        wx = rotation[0, 0] * rx + rotation[0, 1] * ry + rotation[0, 2]
                        wy = rotation[1, 0] * rx + rotation[1, 1] * ry + rotation[1, 2]
                        wz = rotation[2, 0] * rx + rotation[2, 1] * ry + rotation[2, 2]
                        norm = 1.0 / sqrt(wx * wx + wy * wy + wz * wz)
                        color = sky(light, wx * norm, wy * norm, wz * norm)
                        color = color[0] * light[22], color[1] * light[22], color[2] * light[22]
                    else:
                        color = _pixel(
                            t,
                            1.0 / inv_depth[y, x],
                            rx,
                            ry,
                            pixel_rad,
                            corners,
                            normals,
                            uv,
                            dual,
                            materials[material[t]],
                            rotation,
                            eye,
                            light,
                            near,
                            far,
                            above,
                            axes,
                        )
                    colors[k, 0], colors[k, 1], colors[k, 2] = color
                # Limited, so that one bright sample does not make the edge of a highlight rough.
                r += min(colors[k, 0], 6.0)
                g += min(colors[k, 1], 6.0)
                b += min(colors[k, 2], 6.0)
            out[row, col, 0], out[row, col, 1], out[row, col, 2] = r / n, g / n, b / n
