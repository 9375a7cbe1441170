"""SSIM for training, against the published form in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from tiekd.errors import ConfigError
from tiekd.losses import functional as losses


def drawn(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def naive_ssim(depth, target):
    """docs/method.md §6.1 line by line, its window rounded to float32."""
    bell = torch.tensor([math.exp(-((i - 5) ** 2) / 4.5) for i in range(11)])
    bell = bell / bell.sum()
    window = torch.outer(bell, bell)[None, None].double()
    mean_a, mean_b, aa, bb, ab = (
        F.conv2d(x, window, padding=5) for x in (depth, target, depth**2, target**2, depth * target)
    )
    above = (2 * mean_a * mean_b + 1e-4) * (2 * (ab - mean_a * mean_b).abs() + 9e-4)
    spread = (aa - mean_a**2).abs() + (bb - mean_b**2).abs()
    return above / ((mean_a**2 + mean_b**2 + 1e-4) * (spread + 9e-4))


ROWS, COLUMNS = torch.linspace(1, 0.1, 30).double()[:, None], torch.linspace(0, 5, 100)
STREET = (60 * ROWS**2 + COLUMNS).expand(2, 1, -1, -1)
MAPS = {
    "a street of nearly the same depth": (STREET * (0.9 + 0.2 * drawn(2, 1, 30, 100)), STREET),
    "a student that is nearly flat": (30 + 1e-3 * drawn(2, 1, 30, 100), STREET),
    "flat surfaces far away": tuple(70 + drawn(2, 1, 1, 1, seed=i) + 0 * STREET for i in (0, 1)),
    "maps smaller than the window": tuple(9 * drawn(2, 1, 4, 7, seed=i) for i in (0, 1)),
}


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_the_definition_in_either_precision(name, dtype):
    depth, target = (x.float() for x in MAPS[name])  # what float32 can say, and no more
    given, wanted = depth.to(dtype).requires_grad_(), depth.double().requires_grad_()
    got, want = losses.ssim(given, target.to(dtype), precise=True), naive_ssim(wanted, target.double())
    assert got.dtype == dtype
    torch.testing.assert_close(got.double(), want, rtol=1e-6, atol=1e-6)
    pull = drawn(*depth.shape, seed=2)
    slope, naive_slope = (
        torch.autograd.grad(y, x, pull.to(y))[0].double() for y, x in ((got, given), (want, wanted))
    )
    assert (slope - naive_slope).norm() <= 1e-6 * naive_slope.norm()


def test_float32_as_published_loses_a_flat_student():
    depth, target = (x.float() for x in MAPS["a student that is nearly flat"])
    slopes = []
    for precise in (False, True):
        given = depth.clone().requires_grad_()
        losses.ssim_loss(given, target, precise=precise).backward()
        slopes.append(given.grad)
    assert (slopes[0] - slopes[1]).norm() > 0.05 * slopes[1].norm()


def test_an_image_scores_the_same_to_the_bit_in_any_batch():
    depth, target = (x.float() for x in MAPS["a street of nearly the same depth"])
    alone = [losses.ssim(depth[i : i + 1], target[i : i + 1], precise=True) for i in (0, 1)]
    assert torch.equal(losses.ssim(depth, target, precise=True), torch.cat(alone))


def test_its_gradient_is_right_across_blocks_and_borders():
    target = 9 * drawn(1, 1, 3, 60)
    depth = (9 * drawn(1, 1, 3, 60, seed=1)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: losses.ssim(x, target), (depth,))
    upright = depth.detach().mT.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: losses.ssim(x, target.mT), (upright,))


def test_it_gives_the_target_no_gradient_and_no_second_one():
    depth, target = (9 * drawn(1, 1, 5, 6, seed=i).requires_grad_() for i in (0, 1))
    loss = losses.ssim_loss(depth, target, precise=True)
    with pytest.raises(ConfigError, match="differentiated twice"):
        torch.autograd.grad(loss, depth, create_graph=True)
    with pytest.raises(RuntimeError, match="to not have been used"):
        torch.autograd.grad(losses.ssim_loss(depth, target, precise=True), target)


def test_it_stands_aside_for_a_compiler_and_for_half_precision():
    depth, target = (x.float() for x in MAPS["a street of nearly the same depth"])
    want = losses.ssim_loss(depth, target, precise=True)
    compiled = torch.compile(losses.ssim_loss, backend="eager")
    assert torch.equal(compiled(depth, target, precise=True), want)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(losses.ssim_loss(depth, target, precise=True), want)
        rough = losses.ssim_loss(depth.bfloat16(), target, precise=True)
    assert rough.dtype == torch.float32
    assert rough == losses.ssim_loss(depth.bfloat16().float(), target, precise=True)
