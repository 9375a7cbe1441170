"""KITTI's left colour camera, with random changes of its position and focal length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.datasets import KITTI_FOCAL_PX

KITTI_WIDTH_PX, KITTI_HEIGHT_PX = 1242, 375
KITTI_CENTER_PX = (609.5593, 172.854)


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera.

    intrinsics: (fx, fy, cx, cy) in pixels, pixel centres at whole numbers.
    rotation: `[3, 3]`, camera directions (x right, y down, z forward) to world (x right, y up, z forward).
    eye: `[3]` metres, position in the world.
    """

    width_px: int
    height_px: int
    intrinsics: tuple[float, float, float, float]
    rotation: NDArray[np.float64]
    eye: NDArray[np.float64]

    def to_camera(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert world points `[..., 3]` to the frame of the camera."""
        result: NDArray[np.float64] = (points - self.eye) @ self.rotation
        return result

    def sampled(self, samples: int) -> tuple[float, float, float, float]:
        """Intrinsics of a grid with `samples` times as many pixels per row and column of the same picture."""
        fx, fy, cx, cy = self.intrinsics
        # Pixel centres are whole numbers, so the left edge of the picture is at -0.5 in both grids.
        shift = 0.5 * (samples - 1)
        return fx * samples, fy * samples, cx * samples + shift, cy * samples + shift


def sample_camera(
    rng: np.random.Generator,
    *,
    width_px: int,
    height_px: int,
    ground_slope: float = 0.0,
    ground_y: float = 0.0,
    focal_jitter: float = 0.0,
) -> Camera:
    """Draw a camera: KITTI's, scaled to the size of the picture, on a ground with a slope (rise over run).

    Standard deviations are 0.45° of pitch (at most 2°), 0.3° of roll (at most 1°), 1.5° of yaw (at most 4°)
    and 4.5 cm of height, around 1.65 m (from 1.5 to 1.8 m). That of the logarithm of the focal length is
    `focal_jitter`.
    """
    scale = width_px / KITTI_WIDTH_PX
    focal = KITTI_FOCAL_PX * scale * float(np.exp(rng.normal(0, focal_jitter)))
    cx = (KITTI_CENTER_PX[0] + 0.5 + rng.normal(0, 2)) * scale - 0.5
    cy = (KITTI_CENTER_PX[1] + 0.5 + rng.normal(0, 2)) * height_px / KITTI_HEIGHT_PX - 0.5
    pitch = np.radians(np.clip(rng.normal(0, 0.45), -2, 2)) + np.arctan(ground_slope)
    roll, yaw = (
        np.radians(np.clip(rng.normal(0, 0.3), -1, 1)),
        np.radians(np.clip(rng.normal(0, 1.5), -4, 4)),
    )
    height = np.clip(1.65 + rng.normal(0, 0.045), 1.5, 1.8)
    return Camera(
        width_px,
        height_px,
        (focal, focal, cx, cy),
        _rotation(float(pitch), float(roll), float(yaw)),
        np.array([0.0, ground_y + height, 0.0]),
    )


def _rotation(pitch: float, roll: float, yaw: float) -> NDArray[np.float64]:
    """Rotation `[3, 3]` from camera to world. Positive pitch looks up, positive yaw looks to the right."""
    flip = np.diag([1.0, -1.0, 1.0])
    cp, sp, cr, sr, cw, sw = (
        np.cos(pitch),
        np.sin(pitch),
        np.cos(roll),
        np.sin(roll),
        np.cos(yaw),
        np.sin(yaw),
    )
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_y = np.array([[cw, 0, sw], [0, 1, 0], [-sw, 0, cw]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1.0]])
    result: NDArray[np.float64] = about_y @ about_x @ about_z @ flip
    return result
