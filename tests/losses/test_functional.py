"""Losses against hand-computed numbers, naive forms, identical inputs, empty masks and numeric gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tiekd.bins import DepthBins, expectation, target_dpm
from tiekd.errors import ConfigError
from tiekd.losses import functional as losses
from tiekd.losses import modules
from tiekd.types import DepthRange

BINS = DepthBins(12, DepthRange(0.001, 10.0))


def rand(*shape, seed=0, low=0.0, high=1.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(*shape, generator=generator, dtype=dtype)


def maps(seed=0):
    return rand(2, 1, 13, 17, seed=seed, low=1, high=9), rand(2, 1, 13, 17, seed=seed + 1, low=1, high=9)


# ---- L_DPM ----------------------------------------------------------------------------------------------


def naive_dpm_loss(dpm, teacher_depth, bin_edges, sigma_m):
    target = target_dpm(teacher_depth, bin_edges, sigma_m=sigma_m)
    terms = target * torch.log(target / (dpm + 1e-7) + 1e-7)
    return torch.where(dpm == 0, 0.0, terms).sum(dim=1, keepdim=True)


@pytest.mark.parametrize("sigma_m", [0.05, 0.15, 0.8, 5.0])
@pytest.mark.parametrize("adaptive", [False, True])
def test_dpm_loss_equals_the_naive_form_everywhere(sigma_m, adaptive):
    edges = BINS.edges(dtype=torch.float64)
    if adaptive:
        edges = torch.stack([edges, (edges / 10) ** 2 * 10])
    teacher = rand(2, 1, 6, 40, seed=3, low=-1, high=40)
    teacher[0, 0, 0, :4] = torch.tensor([0.0, 0.001, 10.0, 1e4])
    dpm = rand(2, 12, 6, 40, seed=4, low=-6, high=6).softmax(dim=1)
    dpm[0, 3, 2] = 0
    got, naive = dpm.clone().requires_grad_(), dpm.clone().requires_grad_()
    loss = losses.dpm_loss(got, teacher, edges, sigma_m=sigma_m)
    expected = naive_dpm_loss(naive, teacher, edges, sigma_m)
    assert loss.shape == (2, 1, 6, 40)
    torch.testing.assert_close(loss, expected)
    weights = rand(2, 1, 6, 40, seed=5)
    loss.backward(weights)
    expected.backward(weights)
    torch.testing.assert_close(got.grad, naive.grad)


def naive_from_logits(dpm_logits, teacher_depth, bin_edges, sigma_m):
    dpm = dpm_logits.softmax(dim=1)
    return naive_dpm_loss(dpm, teacher_depth, bin_edges, sigma_m), expectation(dpm, bin_edges)


@pytest.fixture
def small_tiles(monkeypatch):
    """Seven pixels of twelve bins at a time, so that tiny maps take several tiles, the last one not full."""
    monkeypatch.setattr("tiekd.bins._TILE_VALUES_PER_THREAD", 84 // torch.get_num_threads() or 1)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("sigma_m", [0.05, 0.15, 0.8, 5.0])
@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("rows", [0, 2])
def test_one_softmax_gives_the_loss_and_the_depth(sigma_m, adaptive, channels_last, rows):
    edges = BINS.edges(dtype=torch.float64)
    if adaptive:
        edges = torch.stack([edges, (edges / 10) ** 2 * 10])
    teacher = rand(2, 1, 5, 9, seed=3, low=-1, high=25)
    logits = rand(2, 12, 5, 9, seed=4, low=-6, high=6)
    logits[0, 3, 2] = -800  # a softmax gives these bins exactly nothing
    if channels_last:
        logits = logits.contiguous(memory_format=torch.channels_last)
    logits.requires_grad_()
    seen, teacher = losses.top_crop(logits, teacher, rows=rows)
    got = losses.dpm_loss_and_depth(seen, teacher, edges, sigma_m=sigma_m)
    want = naive_from_logits(seen, teacher, edges, sigma_m)
    torch.testing.assert_close(got, want)
    weights = rand(*teacher.shape, seed=5), rand(*teacher.shape, seed=6)
    for chosen in ([0, 1], [0], [1]):  # together, and each alone
        gradients = [
            torch.autograd.grad(
                [o[i] for i in chosen], logits, [weights[i] for i in chosen], retain_graph=True
            )
            for o in (got, want)
        ]
        torch.testing.assert_close(*gradients)
    alone = losses.dpm_loss_from_logits(seen, teacher, edges, sigma_m=sigma_m)
    assert torch.equal(alone, got[0])


def test_a_bin_is_dropped_exactly_where_the_softmax_gives_nothing():
    # The last values above nothing are subnormal: with one a bin costs the most, with the next nothing.
    logits = torch.zeros(1, 12, 1, 400)
    logits[0, 5] = torch.linspace(-86, -106, 400)
    teacher = torch.full((1, 1, 1, 400), 4.5)
    want, _ = naive_from_logits(logits, teacher, BINS.edges(), 0.5)
    got = losses.dpm_loss_from_logits(logits, teacher, BINS.edges(), sigma_m=0.5)
    torch.testing.assert_close(got, want)
    assert want.max() - want.min() > 1


def test_dpm_loss_refuses_a_second_derivative():
    logits, teacher = rand(1, 12, 2, 3).requires_grad_(), rand(1, 1, 2, 3, high=9)
    loss = losses.dpm_loss_from_logits(logits, teacher, BINS.edges(), sigma_m=0.5)
    with pytest.raises(ConfigError, match="differentiated twice"):
        torch.autograd.grad(loss.sum(), logits, create_graph=True)


def test_dpm_loss_stands_aside_for_a_compiler():
    logits, teacher = rand(1, 12, 2, 3), rand(1, 1, 2, 3, high=9)
    plain = losses.dpm_loss_from_logits(logits, teacher, BINS.edges(), sigma_m=0.5)
    compiled = torch.compile(losses.dpm_loss_from_logits, backend="eager")
    assert torch.equal(compiled(logits, teacher, BINS.edges(), sigma_m=0.5), plain)


class MapsOfBins(TorchDispatchMode):
    """Notes the sizes of all tensors of at least so many elements that operations make."""

    def __init__(self, least):
        super().__init__()
        self.least, self.made = least, []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        known = {x.untyped_storage().data_ptr() for x in tree_leaves((args, kwargs)) if torch.is_tensor(x)}
        for x in tree_leaves(made):
            if torch.is_tensor(x) and x.untyped_storage().data_ptr() not in known:
                size = x.untyped_storage().nbytes() // x.element_size()
                self.made += [size] * (size >= self.least)
        return made


@pytest.mark.usefixtures("small_tiles")
def test_training_makes_one_map_of_all_bins():
    logits, (_, teacher) = rand(2, 12, 13, 17).requires_grad_(), maps()
    with MapsOfBins(least=logits.numel() * 2 // 3) as maps_of_bins:
        parts = losses.tiekd_loss_from_logits(logits, teacher, BINS.edges(), sigma_m=0.15)
        assert not maps_of_bins.made
        parts["loss"].backward()
    assert maps_of_bins.made == [logits.numel()]


def test_dpm_loss_of_the_target_itself_is_zero():
    teacher = rand(1, 1, 4, 5, low=1, high=9)
    target = target_dpm(teacher, BINS.edges(dtype=torch.float64), sigma_m=0.8)
    loss = losses.dpm_loss(target, teacher, BINS.edges(dtype=torch.float64), sigma_m=0.8)
    torch.testing.assert_close(loss, torch.zeros_like(loss), rtol=0, atol=1e-5)


def test_dpm_loss_out_of_reach_pulls_to_uniform():
    edges = BINS.edges(dtype=torch.float64)
    teacher = torch.full((1, 1, 1, 1), 500.0, dtype=torch.float64)
    uniform = torch.full((1, 12, 1, 1), 1 / 12, dtype=torch.float64)
    assert losses.dpm_loss(uniform, teacher, edges, sigma_m=0.5).abs().item() < 2e-6
    certain = torch.zeros(1, 12, 1, 1, dtype=torch.float64)
    certain[0, 3] = 1
    # Only the bin that the student believes in counts: (1/12) log(1/12).
    want = math.log(1 / 12 / (1 + 1e-7) + 1e-7) / 12
    assert losses.dpm_loss(certain, teacher, edges, sigma_m=0.5).item() == pytest.approx(want, rel=1e-12)


def test_dpm_loss_gradients_are_right():
    edges, teacher = BINS.edges(dtype=torch.float64), rand(1, 1, 2, 3, low=0, high=30)
    logits = rand(1, 12, 2, 3, seed=1, low=-2, high=2).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: losses.dpm_loss_and_depth(x, teacher, edges, sigma_m=0.5), (logits,), atol=1e-7
    )
    dpm = logits.detach().softmax(dim=1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: losses.dpm_loss(x, teacher, edges, sigma_m=0.5), (dpm,), eps=1e-8, atol=1e-5
    )


def test_dpm_loss_gives_the_teacher_and_the_bins_no_gradient():
    dpm = rand(1, 12, 2, 3).softmax(dim=1).requires_grad_()
    teacher = rand(1, 1, 2, 3, low=1, high=9).requires_grad_()
    edges = BINS.edges(dtype=torch.float64).requires_grad_()
    losses.dpm_loss(dpm, teacher, edges, sigma_m=0.5).sum().backward()
    assert dpm.grad is not None
    assert teacher.grad is None
    assert edges.grad is None


def test_dpm_loss_lifts_half_precision():
    logits, teacher = rand(1, 12, 4, 5, low=-2, high=2), rand(1, 1, 4, 5, low=1, high=9)
    exact = losses.dpm_loss_from_logits(logits, teacher, BINS.edges(dtype=torch.float64), sigma_m=0.5)
    half = logits.bfloat16().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = losses.dpm_loss_and_depth(half, teacher.float(), BINS.edges(), sigma_m=0.5)
    torch.testing.assert_close(got[0].double(), exact, rtol=0.02, atol=0.02)
    lifted = half.detach().float().requires_grad_()
    want = losses.dpm_loss_and_depth(lifted, teacher.float(), BINS.edges(), sigma_m=0.5)
    torch.testing.assert_close(got, want, rtol=0, atol=0)  # float32 throughout
    for loss, depth in (got, want):
        (loss.sum() + depth.sum()).backward()
    torch.testing.assert_close(half.grad, lifted.grad.bfloat16(), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("teacher", "edges", "fault"),
    [
        ((1, 1, 4, 4), 13, "needs a teacher depth"),
        ((1, 4, 5), 13, "needs a teacher depth"),
        ((1, 1, 4, 5), 12, "12 bins"),
    ],
)
def test_dpm_loss_refuses_shapes_that_would_broadcast(teacher, edges, fault):
    with pytest.raises(ConfigError, match=fault):
        losses.dpm_loss(
            torch.ones(1, 12, 4, 5) / 12, torch.ones(teacher), torch.linspace(0, 1, edges), sigma_m=1
        )


@pytest.mark.parametrize("sigma_m", [0.0, -1.0, math.nan])
def test_dpm_loss_refuses_a_sigma_that_is_not_positive(sigma_m):
    with pytest.raises(ConfigError, match="sigma_m must be positive"):
        losses.dpm_loss(torch.ones(1, 12, 1, 1) / 12, torch.ones(1, 1, 1, 1), BINS.edges(), sigma_m=sigma_m)


# ---- SSIM -----------------------------------------------------------------------------------------------


def test_ssim_of_a_map_with_itself_is_one():
    depth, _ = maps()
    torch.testing.assert_close(losses.ssim(depth, depth), torch.ones_like(depth))


def test_ssim_of_constant_maps_is_the_luminance_term():
    five, six = (torch.full((1, 1, 25, 25), value, dtype=torch.float64) for value in (5.0, 6.0))
    centre = losses.ssim(five, six)[0, 0, 12, 12].item()
    # In the middle the window's mass is 1, up to its rounding to float32, and nothing varies.
    assert centre == pytest.approx((60 + 1e-4) / (61 + 1e-4), rel=2e-3)


def test_ssim_does_not_tell_correlated_from_anti_correlated():
    depth, _ = maps()
    mirrored = 10 - depth
    own = losses.ssim(depth, mirrored)
    assert (own > 0).all()
    assert losses.ssim_loss(depth, mirrored) < losses.ssim_loss(depth, maps(5)[0])


def test_ssim_gradient_is_right():
    depth, target = (m[:, :, :7, :8].contiguous() for m in maps())
    assert torch.autograd.gradcheck(lambda x: losses.ssim_loss(x, target), (depth.requires_grad_(),))


def test_ssim_under_autocast_stays_in_float32():
    depth, target = (m.float() for m in maps())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = losses.ssim_loss(depth.bfloat16(), target)
        exact = losses.ssim_loss(depth, target)
    assert exact == losses.ssim_loss(depth, target)
    assert rough.dtype == torch.float32


# ---- SI, MSE --------------------------------------------------------------------------------------------


def test_silog_by_hand():
    depth = torch.tensor([1.0, 2.0, 7.0]).view(1, 1, 1, 3).double()
    target = torch.tensor([2.0, 2.0, 0.0]).view(1, 1, 1, 3).double()
    first = math.log(1.001 / 2.001)
    want = math.sqrt(2 * (first / 2) ** 2 + 0.15 * (first / 2) ** 2)
    assert losses.silog_loss(depth, target).item() == pytest.approx(want, rel=1e-12)


def test_silog_honours_the_mask():
    depth, target = maps()
    mask = torch.zeros_like(depth, dtype=torch.bool)
    mask[:, :, 3:9, 2:8] = True
    inside = losses.silog_loss(depth[:, :, 3:9, 2:8], target[:, :, 3:9, 2:8])
    torch.testing.assert_close(losses.silog_loss(depth, target, mask), inside)
    with pytest.raises(ConfigError, match="valid_mask must be bool"):
        losses.silog_loss(depth, target, mask.double())


def test_silog_does_not_see_scale_but_for_its_mean_share():
    depth, _ = maps()
    want = math.sqrt(0.15) * math.log(2)
    assert losses.silog_loss(2 * depth, depth).item() == pytest.approx(want, rel=1e-2)


@pytest.mark.parametrize("valid", [0, 1])
def test_silog_of_almost_nothing_is_finite(valid):
    depth, target = maps()
    mask = torch.zeros_like(depth, dtype=torch.bool)
    mask.view(-1)[:valid] = True
    value = losses.silog_loss(depth.requires_grad_(), target, mask)
    value.backward()
    assert torch.isfinite(value)
    assert (value > 0) == (valid > 0)
    assert torch.isfinite(depth.grad).all()


def test_silog_of_identical_maps_has_no_gradient_instead_of_nan():
    depth, _ = maps()
    value = losses.silog_loss(depth.requires_grad_(), depth.detach())
    value.backward()
    assert value == 0
    assert torch.equal(depth.grad, torch.zeros_like(depth))


def test_silog_gradient_is_right():
    depth, target = (m[:, :, :3, :4].contiguous() for m in maps())
    assert torch.autograd.gradcheck(lambda x: losses.silog_loss(x, target), (depth.requires_grad_(),))


def test_mse_keeps_pixels_without_label():
    depth = torch.tensor([1.0, 3.0]).view(1, 1, 1, 2)
    assert losses.mse_loss(depth, torch.tensor([0.0, 1.0]).view(1, 1, 1, 2)) == 2.5


@pytest.mark.parametrize("loss", [losses.ssim_loss, losses.mse_loss, losses.silog_loss])
def test_maps_of_unequal_shape_are_refused(loss):
    with pytest.raises(ConfigError, match="two maps"):
        loss(torch.ones(1, 1, 4, 4), torch.ones(1, 4, 4))


# ---- bins chamfer ---------------------------------------------------------------------------------------


def naive_chamfer(centers, depth):
    distance = (centers[:, None] - depth[depth >= 1e-3][None]) ** 2
    return distance.min(dim=1).values.mean() + distance.min(dim=0).values.mean()


@pytest.mark.parametrize("n_bins", [1, 2, 9])
def test_chamfer_equals_brute_force(n_bins):
    centers = rand(2, n_bins, seed=7, high=10).requires_grad_()
    depth, _ = maps()
    depth[0, 0, :5] = 0
    got = losses.bins_chamfer_loss(centers, depth)
    want = (naive_chamfer(centers[0], depth[0]) + naive_chamfer(centers[1], depth[1])) / 2
    torch.testing.assert_close(got, want)
    torch.testing.assert_close(
        *(torch.autograd.grad(value, centers, retain_graph=True)[0] for value in (got, want))
    )


def test_chamfer_takes_shared_bins_and_skips_images_without_depth():
    depth, _ = maps()
    depth[1] = 0
    centers = rand(5, high=10)
    torch.testing.assert_close(losses.bins_chamfer_loss(centers, depth), naive_chamfer(centers, depth[0]))
    empty = losses.bins_chamfer_loss(centers.requires_grad_(), torch.zeros_like(depth))
    empty.backward()
    assert empty == 0
    assert torch.equal(centers.grad, torch.zeros_like(centers))


# ---- together -------------------------------------------------------------------------------------------


def test_tiekd_loss_is_the_weighted_sum_of_its_parts():
    logits, (_, teacher) = rand(2, 12, 13, 17, low=-2, high=2), maps()
    edges = BINS.edges(dtype=torch.float64)
    dpm = logits.softmax(dim=1)
    parts = losses.tiekd_loss(dpm, expectation(dpm, edges), teacher, edges, sigma_m=0.5, dpm_weight=0.25)
    assert set(parts) == {"loss", "dpm_loss", "depth_loss"}
    torch.testing.assert_close(parts["dpm_loss"], naive_dpm_loss(dpm, teacher, edges, 0.5).mean())
    torch.testing.assert_close(parts["depth_loss"], losses.ssim_loss(expectation(dpm, edges), teacher))
    torch.testing.assert_close(parts["loss"], 10 * (0.25 * parts["dpm_loss"] + 0.75 * parts["depth_loss"]))
    from_logits = losses.tiekd_loss_from_logits(logits, teacher, edges, sigma_m=0.5, dpm_weight=0.25)
    torch.testing.assert_close(from_logits, parts)


def test_top_crop_drops_rows_of_all():
    wide, tall = torch.arange(12.0).view(1, 1, 4, 3), torch.arange(8.0).view(1, 2, 4, 1)
    cropped = losses.top_crop(wide, tall, rows=3)
    assert [tuple(x.shape) for x in cropped] == [(1, 1, 1, 3), (1, 2, 1, 1)]
    assert torch.equal(cropped[0], wide[:, :, 3:])
    assert torch.equal(losses.top_crop(wide, rows=0)[0], wide)
    for rows in (4, -1):
        with pytest.raises(ConfigError, match=f"drop {rows} rows"):
            losses.top_crop(wide, rows=rows)


def test_modules_agree_with_functions():
    logits, (depth, teacher) = rand(2, 12, 13, 17, low=-2, high=2).float(), (m.float() for m in maps())
    edges = BINS.edges()
    centers = 0.5 * (edges[1:] + edges[:-1])
    mask = teacher > 4
    full = losses.tiekd_loss_from_logits(logits, teacher, edges, sigma_m=0.5, dpm_weight=0.3)
    pairs = [
        (modules.SSIMLoss()(depth, teacher), losses.ssim_loss(depth, teacher, precise=True)),
        (modules.MSELoss()(depth, teacher), losses.mse_loss(depth, teacher)),
        (modules.SILogLoss()(depth, teacher, mask), losses.silog_loss(depth, teacher, mask)),
        (modules.DPMLoss(sigma_m=0.5)(logits, teacher, edges), full["dpm_loss"]),
        (modules.BinsChamferLoss()(edges, teacher), losses.bins_chamfer_loss(centers, teacher)),
        (modules.TIEKDLoss(sigma_m=0.5, dpm_weight=0.3)(logits, teacher, edges)["loss"], full["loss"]),
    ]
    for module, function in pairs:
        assert torch.equal(module, function)
