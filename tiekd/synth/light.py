"""Sun, sky, haze and wetness of one scene, and the height maps that give its shadows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.synth.materials import Color
from tiekd.synth.mesh import Soup
from tiekd.synth.raster import rasterize_map

Array = NDArray[np.float64]
NEAR_MAP_M, FAR_MAP_M, MAP_TEXELS = 44.0, 190.0, 900
HEIGHT_MAP_M, HEIGHT_TEXELS = 160.0, 512


@dataclass(frozen=True, slots=True)
class Light:
    """Light of a scene: linear colours, unit direction towards the sun (x right, y up, z forward)."""

    sun_direction: Array
    sun: Color
    sky_zenith: Color
    sky_horizon: Color
    ground_bounce: Color
    haze_per_m: float
    haze: Color
    cloud_cover: float
    cloud_seed: int
    wetness: float
    shadow_softness: float
    sky_gain: float

    def vector(self) -> Array:
        """All numbers in the order that `shade` reads, see its list of indices."""
        return np.array(
            [
                *self.sun_direction,
                *self.sun,
                *self.sky_zenith,
                *self.sky_horizon,
                *self.ground_bounce,
                self.haze_per_m,
                *self.haze,
                self.cloud_cover,
                self.cloud_seed,
                self.shadow_softness,
                self.sky_gain,
            ]
        )


def sample_light(rng: np.random.Generator) -> Light:
    """Draw weather (clear, hazy, cloudy, overcast) and the position of the sun."""
    overcast = rng.random() < 0.22
    elevation = np.radians(rng.uniform(8, 65) if rng.random() < 0.75 else rng.uniform(3, 18))
    azimuth = rng.uniform(0, 2 * np.pi)
    direction = np.array(
        [np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)]
    )
    warmth = float(np.exp(-3.5 * elevation)) * rng.uniform(0.3, 1.0)
    strength = rng.uniform(0.0, 0.5) if overcast else rng.uniform(2.6, 5.5)
    sun = np.array([1.0, 1.0 - 0.25 * warmth, 1.0 - 0.5 * warmth]) * strength
    zenith = np.array([0.75, 0.8, 0.9]) if overcast else np.array([0.34, 0.46, 0.72])
    fill = 1.0 if overcast else float(rng.uniform(0.45, 1.0))
    zenith = zenith * (rng.uniform(0.3, 0.9) * fill)
    horizon = np.array([0.95, 0.98, 1.0]) * (rng.uniform(0.4, 1.1) * fill)
    cover = rng.uniform(0.5, 1.0) if overcast else rng.beta(0.7, 1.5)
    return Light(
        sun_direction=direction,
        sun=_color(sun),
        sky_zenith=_color(zenith),
        sky_horizon=_color(horizon),
        ground_bounce=_color(np.array([0.16, 0.15, 0.13]) * rng.uniform(0.3, 1.0)),
        haze_per_m=float(np.exp(rng.uniform(np.log(1e-4), np.log(2.5e-3 if rng.random() < 0.9 else 1.2e-2)))),
        haze=_color(horizon * rng.uniform(0.5, 1.0)),
        cloud_cover=float(cover),
        cloud_seed=int(rng.integers(1, 9999)),
        wetness=float(rng.uniform(0.4, 1.0)) if rng.random() < 0.18 else 0.0,
        shadow_softness=float(rng.uniform(0.3, 1.6)),
        sky_gain=float(np.exp(rng.uniform(0.4, 2.0))) / fill,
    )


def _color(values: Array) -> Color:
    r, g, b = (float(value) for value in values)
    return r, g, b


@dataclass(slots=True)
class ShadowMaps:
    """Height maps seen from the sun (near and far) and from above.

    near, far, above: float32 `[n, n]`, largest height in metres towards the viewer of the map.
    axes: `[3, 3, 4]`, for each map three affine functions of a world point: texel x, texel y, height.
    """

    near: NDArray[np.float32]
    far: NDArray[np.float32]
    above: NDArray[np.float32]
    axes: Array


def shadow_maps(soup: Soup, casts: NDArray[np.bool_], light: Light) -> ShadowMaps:
    """Render the three maps of a scene. `casts` says which triangles throw shadows."""
    up = light.sun_direction
    # 0.01: not exactly upwards, so that the cross product is never zero, even with the sun at the zenith.
    side = np.cross(up, [0.0, 1.0, 0.01])
    side /= np.linalg.norm(side)
    other = np.cross(side, up)
    frames = [
        _axes(side, other, up, np.array([0.0, 0.0, 0.42 * NEAR_MAP_M]), NEAR_MAP_M, MAP_TEXELS),
        _axes(side, other, up, np.array([0.0, 0.0, 0.42 * FAR_MAP_M]), FAR_MAP_M, MAP_TEXELS),
        _axes(
            np.array([1.0, 0, 0]),
            np.array([0, 0, 1.0]),
            np.array([0, 1.0, 0]),
            np.array([0.0, 0.0, 0.45 * HEIGHT_MAP_M]),
            HEIGHT_MAP_M,
            HEIGHT_TEXELS,
        ),
    ]
    maps = []
    for axes, texels in zip(frames, (MAP_TEXELS, MAP_TEXELS, HEIGHT_TEXELS), strict=True):
        top = np.full((texels, texels), -1e4, dtype=np.float32)
        points = soup.corners @ axes[:, :3].T + axes[:, 3]
        rasterize_map(points, casts, top)
        maps.append(top)
    return ShadowMaps(maps[0], maps[1], maps[2], np.stack(frames))


def _axes(side: Array, other: Array, up: Array, center: Array, extent_m: float, texels: int) -> Array:
    """Affine functions `[3, 4]` to texel x, texel y and height. `center` falls on the middle texel."""
    scale = texels / extent_m
    rows = np.zeros((3, 4))
    for k, (axis, factor) in enumerate(((side, scale), (other, scale), (up, 1.0))):
        rows[k, :3] = axis * factor
        rows[k, 3] = 0.0 if k == 2 else 0.5 * texels - float(axis @ center) * factor
    return rows
