"""The renderer gives the same frame every time, with exact depth."""

import numpy as np
import pytest

from tiekd.errors import ConfigError
from tiekd.synth import render_frame
from tiekd.synth.camera import KITTI_FOCAL_PX, Camera, sample_camera
from tiekd.synth.light import sample_light
from tiekd.synth.materials import PLAIN, Materials
from tiekd.synth.mesh import Mesh, Pose
from tiekd.synth.plan import sample_plan
from tiekd.synth.render import trace
from tiekd.synth.scene import Scene

WIDTH, HEIGHT = 207, 64


def scene_of(mesh):
    rng = np.random.default_rng(0)
    materials = Materials(rng)
    materials.add(PLAIN, (0.3, 0.3, 0.3))
    return Scene(mesh.soup(), materials.table(), sample_light(rng), sample_plan(rng), 0.0, 0.0)


def jittered_camera():
    return sample_camera(np.random.default_rng(4), width_px=WIDTH, height_px=HEIGHT)


def rays(camera: Camera):
    fx, fy, cx, cy = camera.intrinsics
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    return np.stack([(x - cx) / fx, (y - cy) / fy, np.ones_like(x)], -1) @ camera.rotation.T


def test_depth_of_a_plane_is_exact_under_jitter():
    mesh = Mesh()
    mesh.quads([[[-900, 0, -5], [900, 0, -5], [900, 0, 900], [-900, 0, 900]]], 0)
    camera = jittered_camera()
    _, depth_m = trace(scene_of(mesh), camera)
    down = rays(camera)[..., 1]
    expected = np.where(down < 0, -camera.eye[1] / np.minimum(down, -1e-9), 0)
    expected[expected > 250] = 0
    seen = (depth_m > 0) & (expected > 0)
    assert seen.mean() > 0.3
    np.testing.assert_allclose(depth_m[seen], expected[seen], rtol=1e-6)
    assert (depth_m[down >= 0] == 0).all()


def test_points_back_projected_from_a_box_lie_on_its_surface():
    mesh, pose = Mesh(), Pose(1.0, 1.2, 9.0, 0.4)
    box = Mesh()
    box.box((0, 0, 0), (2.0, 2.4, 4.0), 0)
    mesh.add(box, pose)
    camera = jittered_camera()
    _, depth_m = trace(scene_of(mesh), camera)
    hit = depth_m > 0
    assert hit.sum() > 300
    points = camera.eye + rays(camera)[hit] * depth_m[hit][:, None]
    back = Pose(0, 0, 0, -0.4)
    local = back.rotate(points - np.array([1.0, 1.2, 9.0])) / np.array([1.0, 1.2, 2.0])
    np.testing.assert_allclose(np.abs(local).max(1), 1.0, atol=1e-5)


def test_the_nearer_surface_wins_whatever_the_order():
    for near_first in (True, False):
        mesh = Mesh()
        for z in (5.0, 20.0) if near_first else (20.0, 5.0):
            mesh.quads([[[-99, -99, z], [99, -99, z], [99, 99, z], [-99, 99, z]]], 0)
        camera = Camera(WIDTH, HEIGHT, (120.0, 120.0, 103.0, 32.0), np.diag([1.0, -1, 1]), np.zeros(3))
        _, depth_m = trace(scene_of(mesh), camera)
        np.testing.assert_allclose(depth_m, 5.0, rtol=1e-6)


def test_a_surface_through_the_near_plane_is_clipped_not_lost():
    mesh = Mesh()
    mesh.triangles([[[-500, 0, -50], [500, 0, -50], [0, 0, 500]]], np.zeros((1, 3, 2)), 0)
    camera = Camera(WIDTH, HEIGHT, (60.0, 60.0, 103.0, 32.0), np.diag([1.0, -1, 1]), np.array([0, 1.5, 0]))
    _, depth_m = trace(scene_of(mesh), camera)
    np.testing.assert_allclose(depth_m[63], 1.5 * 60 / 31, rtol=1e-6)


def test_a_frame_depends_only_on_seed_and_number():
    first = render_frame(5, 3, width_px=WIDTH, height_px=HEIGHT)
    render_frame(9, 1, width_px=WIDTH, height_px=HEIGHT)
    again = render_frame(5, 3, width_px=WIDTH, height_px=HEIGHT)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.depth_m, again.depth_m)
    other = render_frame(5, 4, width_px=WIDTH, height_px=HEIGHT)
    assert (first.image != other.image).mean() > 0.5


def test_frames_look_like_streets():
    frames = [render_frame(2, i, width_px=WIDTH, height_px=HEIGHT) for i in range(8)]
    for frame in frames:
        assert frame.image.shape == (HEIGHT, WIDTH, 3)
        assert frame.image.dtype == np.uint8
        assert frame.depth_m.dtype == np.float32
        assert frame.image.std() > 15
        assert (frame.depth_m[HEIGHT // 2 :] > 0).mean() > 0.95
        assert frame.fx_px == pytest.approx(KITTI_FOCAL_PX * WIDTH / 1242)
    lower = np.concatenate([frame.depth_m[HEIGHT // 2 :].ravel() for frame in frames])
    assert 6 < np.median(lower[lower > 0]) < 20


@pytest.mark.parametrize(
    ("seed", "index", "width", "height"), [(0, 0, 0, 64), (0, 0, 64, 5000), (-1, 0, 64, 64), (0, -1, 64, 64)]
)
def test_unusable_requests_are_refused(seed, index, width, height):
    with pytest.raises(ConfigError) as caught:
        render_frame(seed, index, width_px=width, height_px=height)
    assert caught.value.hint
