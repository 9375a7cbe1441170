"""Renders one frame. It depends only on seed, index, size and focal jitter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.errors import ConfigError
from tiekd.synth.camera import Camera, sample_camera
from tiekd.synth.light import shadow_maps
from tiekd.synth.materials import CASTS
from tiekd.synth.photo import develop
from tiekd.synth.raster import dual_basis, rasterize
from tiekd.synth.scene import Scene, build_scene
from tiekd.synth.shade import shade

MAX_DEPTH_M = 255.0
_SAMPLES = 2
"""Colour has 2x2 samples per pixel. Depth has one: a mean of depths would lie between two objects."""
_STREAMS = 3


@dataclass(slots=True)
class Frame:
    """A rendered picture and its exact depth.

    image: uint8 `[H, W, 3]` RGB.
    depth_m: float32 `[H, W]`, distance along the optical axis in metres, 0 for sky and beyond 255 m.
    intrinsics: (fx, fy, cx, cy) in pixels, pixel centres at whole numbers.
    """

    image: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    intrinsics: tuple[float, float, float, float]

    @property
    def fx_px(self) -> float:
        """Focal length in pixels."""
        return self.intrinsics[0]


def render_frame(
    seed: int, index: int, *, width_px: int = 1242, height_px: int = 375, focal_jitter: float = 0.0
) -> Frame:
    """Render frame `index` of the world `seed`. Raises ConfigError for an impossible size or number."""
    check_request(seed, index, width_px, height_px)
    for_scene, for_camera, for_photo = random_streams(seed, index)
    scene = build_scene(for_scene)
    camera = sample_camera(
        for_camera,
        width_px=width_px,
        height_px=height_px,
        ground_slope=scene.ground_slope,
        ground_y=scene.ground_y,
        focal_jitter=focal_jitter,
    )
    linear, depth_m = trace(scene, camera)
    return Frame(develop(linear, for_photo), depth_m, camera.intrinsics)


def random_streams(seed: int, index: int) -> list[np.random.Generator]:
    """Independent random sources for the scene, the camera and the photo of a frame."""
    return [np.random.default_rng(stream) for stream in np.random.SeedSequence([seed, index]).spawn(_STREAMS)]


def focal_px(seed: int, index: int, *, width_px: int, height_px: int, focal_jitter: float) -> float:
    """Focal length of a frame in pixels, without rendering it."""
    _, for_camera, _ = random_streams(seed, index)
    camera = sample_camera(for_camera, width_px=width_px, height_px=height_px, focal_jitter=focal_jitter)
    return camera.intrinsics[0]


def check_request(seed: int, index: int, width_px: int, height_px: int) -> None:
    """Raise ConfigError when such a frame cannot be rendered."""
    if seed < 0 or index < 0:
        raise ConfigError(
            f"Seed and frame number must not be negative, got {seed} and {index}.", hint="Use 0 or more."
        )
    if not (32 <= width_px <= 4096 and 32 <= height_px <= 4096):
        raise ConfigError(
            f"A frame of {width_px}x{height_px} pixels can't be rendered.",
            hint="Width and height go from 32 to 4096, e.g. --size 1242x375.",
        )


def trace(scene: Scene, camera: Camera) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Linear colour `[H, W, 3]` and depth `[H, W]` in metres of a scene, as a camera sees it."""
    soup, materials = scene.soup, scene.materials
    dual_world = dual_basis(soup.corners)
    points = camera.to_camera(soup.corners)
    dual = dual_world @ camera.rotation
    shape = camera.height_px, camera.width_px
    inv_depth, _ = _visible(points, soup.uv, dual, soup.material, materials, camera.intrinsics, shape)
    depth_m = np.zeros(shape, np.float32)
    hit = inv_depth > 1.0 / MAX_DEPTH_M
    depth_m[hit] = (1.0 / inv_depth[hit]).astype(np.float32)
    fine = camera.sampled(_SAMPLES)
    inv_fine, seen = _visible(
        points, soup.uv, dual, soup.material, materials, fine, (shape[0] * _SAMPLES, shape[1] * _SAMPLES)
    )
    maps = shadow_maps(soup, materials[soup.material, CASTS] > 0, scene.light)
    linear = np.empty((*shape, 3), np.float32)
    shade(
        inv_fine,
        seen,
        soup.corners,
        soup.normals,
        soup.uv,
        dual_world,
        soup.material,
        materials,
        fine,
        camera.rotation,
        camera.eye,
        scene.light.vector(),
        maps.near,
        maps.far,
        maps.above,
        maps.axes,
        _SAMPLES,
        linear,
    )
    return linear, depth_m


def _visible(
    points: NDArray[np.float64],
    uv: NDArray[np.float64],
    dual: NDArray[np.float64],
    material: NDArray[np.int64],
    materials: NDArray[np.float64],
    intrinsics: tuple[float, float, float, float],
    shape: tuple[int, int],
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    inv_depth, seen = np.zeros(shape), np.full(shape, -1, np.int32)
    rasterize(points, uv, dual, material, materials, intrinsics, inv_depth, seen)
    return inv_depth, seen
