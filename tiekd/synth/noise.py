"""Value noise: pseudo-random numbers at lattice points with smooth interpolation between them (compiled)."""

from __future__ import annotations

from math import floor

from tiekd.synth.jit import inline


@inline
def clamp(x: float, low: float, high: float) -> float:
    """Limit `x` to `[low, high]`."""
    return low if x < low else (high if x > high else x)


@inline
def hash2(ix: int, iy: int, seed: int) -> float:
    """Pseudo-random number in [0, 1) of a lattice point."""
    h = (ix * 374761393 + iy * 668265263 + seed * 974634281) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 668265263) & 0xFFFFFFFF
    return float((h ^ (h >> 15)) & 0xFFFFFF) / 16777216.0


@inline
def value_noise(x: float, y: float, seed: int) -> float:
    """Smooth noise in [0, 1) with one lattice point per unit."""
    fx, fy = floor(x), floor(y)
    ix, iy = int(fx), int(fy)
    tx, ty = x - fx, y - fy
    tx, ty = tx * tx * (3.0 - 2.0 * tx), ty * ty * (3.0 - 2.0 * ty)
    low = hash2(ix, iy, seed) * (1.0 - tx) + hash2(ix + 1, iy, seed) * tx
    high = hash2(ix, iy + 1, seed) * (1.0 - tx) + hash2(ix + 1, iy + 1, seed) * tx
    return low * (1.0 - ty) + high * ty


@inline
def fbm(x: float, y: float, seed: int, frequency: float, footprint: float) -> float:
    """Four octaves of noise around 0. Octaves finer than the `footprint` of a pixel fade out: no aliasing."""
    total, amplitude = 0.0, 0.55
    for octave in range(4):
        weight = clamp(1.7 - 2.6 * frequency * footprint, 0.0, 1.0)
        if weight <= 0.0:
            break
        total += amplitude * weight * (2.0 * value_noise(x * frequency, y * frequency, seed + octave) - 1.0)
        amplitude *= 0.62
        frequency *= 2.4
    return total


@inline
def band(x: float, center: float, half_width: float, footprint: float) -> float:
    """Coverage in [0, 1] of a stripe around `center`, with edges as soft as the footprint of a pixel."""
    soft = 0.5 * footprint + 1e-4
    return clamp((half_width - abs(x - center)) / soft * 0.5 + 0.5, 0.0, 1.0) * min(1.0, half_width / soft)


@inline
def mix(a: float, b: float, t: float) -> float:
    """Linear blend from `a` to `b`."""
    return a + (b - a) * t
