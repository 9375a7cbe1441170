"""Local planar guidance against hand-computed numbers, and what BTS requires of encoder and image."""

from __future__ import annotations

import math

import pytest
import torch

from tiekd.errors import ConfigError
from tiekd.models.bts import LocalPlanarDecoder, LocalPlanarGuidance, PlaneEstimator
from tiekd.models.registry import create_model


def plane(*normal_and_distance):
    return torch.tensor(normal_and_distance, dtype=torch.float32).view(1, 4, 1, 1)


def test_a_plane_across_the_ray_has_one_depth():
    assert torch.equal(LocalPlanarGuidance(4)(plane(0, 0, 1, 7)), torch.full((1, 1, 4, 4), 7.0))


def test_u_runs_along_the_width_and_v_along_the_height():
    wide = LocalPlanarGuidance(2)(plane(0.6, 0, 0.8, 1))[0, 0]
    expected = [1 / (0.8 - 0.6 / 4), 1 / (0.8 + 0.6 / 4)]
    torch.testing.assert_close(wide, torch.tensor([expected, expected]))
    assert torch.equal(LocalPlanarGuidance(2)(plane(0, 0.6, 0.8, 1))[0, 0], wide.T)


def test_every_cell_keeps_its_own_plane():
    planes = torch.cat([plane(0, 0, 1, 3), plane(0, 0, 1, 5)], dim=3)
    depth = LocalPlanarGuidance(8)(planes)
    assert depth.shape == (1, 1, 8, 16)
    assert (depth[..., :8] == 3).all()
    assert (depth[..., 8:] == 5).all()


def test_planes_are_unit_normals_within_sixty_degrees_and_the_range():
    torch.manual_seed(0)
    estimator = PlaneEstimator(16, 8, 10.0)
    torch.nn.init.normal_(estimator.plane.weight, std=9.0)
    planes = estimator(torch.randn(2, 16, 20, 20))
    assert planes.shape == (2, 4, 20, 20)
    torch.testing.assert_close(planes[:, :3].norm(dim=1), torch.ones(2, 20, 20))
    assert planes[:, 2].min() >= math.cos(math.pi / 3) - 1e-6
    assert planes[:, 2].min() < 0.6
    assert planes[:, 3].min() >= 0
    assert 9 < planes[:, 3].max() <= 10


def test_an_encoder_without_five_levels_is_refused():
    with pytest.raises(ConfigError, match=r"strides \(2, 4, 8, 16, 32\), the encoder has \(4, 8, 8, 8\)"):
        LocalPlanarDecoder((24, 32, 96, 320), (4, 8, 8, 8), width=128, max_m=80.0)


def test_padding_is_cut_off_again():
    torch.manual_seed(0)
    model = create_model("bts_test_resnet", width=128, max_depth_m=10.0).eval()
    image = torch.randn(1, 3, 70, 99)
    padded = torch.nn.functional.pad(image, (0, 29, 0, 26), mode="replicate")
    with torch.no_grad():
        got, whole = model(image), model(padded)
    assert got.raw_depth.shape == got.depth.shape == (1, 1, 70, 99)
    assert torch.equal(got.raw_depth, whole.raw_depth[..., :70, :99])
    assert (model.card.size_multiple, model.card.align_corners) == (32, True)
    assert create_model("bts_resnet50").card.align_corners is False


def test_wrong_widths_are_named():
    with pytest.raises(ConfigError, match=r"width: .*greater than or equal to 128"):
        create_model("bts_test_resnet", width=64)
