"""Vehicles have realistic sizes, from which networks learn scale, and smoothly shaded surfaces."""

import numpy as np
import pytest

from tiekd.synth import buses, cars, lorries
from tiekd.synth.camera import sample_camera
from tiekd.synth.materials import Materials
from tiekd.synth.plan import sample_plan


def extent(mesh):
    points = mesh.soup().corners.reshape(-1, 3)
    return points.min(0), points.max(0)


def drawn(make, n=40):
    for seed in range(n):
        rng = np.random.default_rng(seed)
        yield make(rng, Materials(rng))


@pytest.mark.parametrize("fine", [True, False])
def test_most_cars_have_the_size_of_a_car(fine):
    sizes = []
    for mesh, length, width in drawn(lambda rng, materials: cars.car(rng, materials, lit=False, fine=fine)):
        low, high = extent(mesh)
        assert low[1] == pytest.approx(0.0, abs=0.02)
        assert high[2] - low[2] == pytest.approx(length, abs=0.15)
        assert width <= high[0] - low[0] < width + 0.6
        sizes.append((high[1], width, length))
    usual = [1.38 < h < 1.62 and 1.64 < w < 1.87 and 3.5 < n < 4.85 for h, w, n in sizes]
    assert np.mean(usual) > 0.55


def test_vans_are_taller_than_cars():
    heights = [
        extent(mesh)[1][1]
        for mesh, *_ in drawn(lambda rng, materials: cars.car(rng, materials, lit=False, van=True))
    ]
    assert min(heights) > 1.7
    assert max(heights) < 3.1


def test_tankers_are_long_and_leave_a_gap_beneath():
    for mesh, length, width in drawn(lambda rng, materials: lorries.lorry(rng, materials, tanker=True), n=12):
        low, high = extent(mesh)
        assert 11 < length < 17
        assert 2.3 <= width <= 2.56
        assert 2.7 < high[1] < 4.3
        assert low[1] == pytest.approx(0.0, abs=0.05)
        points = mesh.soup().corners.reshape(-1, 3)
        skin = points[(np.abs(points[:, 2] + 0.2 * length) < 0.25 * length) & (np.abs(points[:, 0]) > 1.0)]
        assert (skin[:, 1] > 1.1).any()


def test_normals_of_bent_skins_are_unit_and_look_outwards():
    for make in (
        lambda rng, materials: cars.car(rng, materials, lit=False),
        lambda rng, materials: buses.bus(rng, materials, tram=False),
    ):
        for mesh, length, width in drawn(make, n=6):
            soup = mesh.soup()
            length_of = np.sqrt((soup.normals**2).sum(-1))
            bent = np.abs(length_of - 1.0).max(1) < 1e-6
            assert bent.sum() > 200
            middle = soup.corners.mean(1)
            shell = bent & (np.abs(middle[:, 0]) > 0.45 * width) & (np.abs(middle[:, 2]) < 0.3 * length)
            outwards = np.sign(middle[:, 0]) * soup.normals[:, :, 0].mean(1)
            assert shell.sum() > 20
            assert (outwards[shell] > -0.05).mean() > 0.9


def test_the_camera_stands_like_kittis_and_in_any_lane():
    rng = np.random.default_rng(3)
    cameras = [sample_camera(rng, width_px=1242, height_px=375) for _ in range(400)]
    pitch = np.degrees([np.arcsin(camera.rotation[1, 2]) for camera in cameras])
    height = np.array([camera.eye[1] for camera in cameras])
    assert pitch.std() == pytest.approx(0.45, rel=0.15)
    assert height.min() >= 1.5
    assert height.max() <= 1.8
    assert height.std() == pytest.approx(0.045, rel=0.15)
    lanes = set()
    for _ in range(300):
        plan = sample_plan(rng)
        assert 2.75 <= plan.lane_width <= 3.75
        from_right = (plan.half_road - plan.ego_d) / plan.lane_width
        if plan.lanes_with == 3 and plan.kind == "city":
            lanes.add(int(from_right))
    assert lanes == {0, 1, 2}
