"""Thins dense depth to the points that a laser scanner with 64 rings would measure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Angles of the Velodyne HDL-64E on KITTI's car.
_TOP_DEG, _BOTTOM_DEG, _RINGS = 2.0, -24.8, 64
_AZIMUTH_STEP_DEG = 0.17
_RANGE_M = 80.0
_ABOVE_CAMERA_M, _BEHIND_CAMERA_M = 0.08, 0.27


def sparse_scan(
    depth_m: NDArray[np.float32], intrinsics: tuple[float, float, float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Keep the depth of pixels that a rotating 64-ring scanner beside the camera hits. The rest becomes 0.

    depth_m: float32 `[H, W]` in metres, 0 = none. Some points are lost at random, more of them far away.
    """
    fx, fy, cx, cy = intrinsics
    height, width = depth_m.shape
    x = (np.arange(width) - cx) / fx
    y = ((np.arange(height) - cy) / fy)[:, None]
    z = depth_m.astype(np.float64)
    forward = z + _BEHIND_CAMERA_M
    up = -y * z + _ABOVE_CAMERA_M * -1.0
    across = x * z
    elevation = np.degrees(np.arctan2(up, np.hypot(forward, across)))
    azimuth = np.degrees(np.arctan2(across, forward))
    ring = (_TOP_DEG - elevation) / ((_TOP_DEG - _BOTTOM_DEG) / (_RINGS - 1))
    step = azimuth / _AZIMUTH_STEP_DEG
    # A pixel is hit when a ring and a step of the rotation pass through it. The gradients are the sizes of a
    # pixel in rings and in steps.
    pitch_ring = np.abs(np.gradient(ring, axis=0)).clip(1e-3)
    hit = np.abs(ring - np.round(ring)) < 0.5 * np.minimum(pitch_ring, 0.6)
    hit &= np.abs(step - np.round(step)) < 0.5 * np.abs(np.gradient(step, axis=1)).clip(1e-3, 0.6)
    hit &= (ring > -0.5) & (ring < _RINGS - 0.5) & (z > 0) & (z < _RANGE_M)
    hit &= rng.random(depth_m.shape) > 0.05 + 0.3 * (z / _RANGE_M) ** 2
    return np.where(hit, depth_m, np.float32(0.0)).astype(np.float32)
