"""L_DPM with the Gaussian target against the normal CDF over all bins, in float64 and at its limits."""

from __future__ import annotations

import math

import pytest
import torch

from tiekd.bins import DepthBins, bin_centers, expectation, target_dpm
from tiekd.errors import ConfigError
from tiekd.losses import functional as losses
from tiekd.losses import modules
from tiekd.types import DepthRange

BINS = DepthBins(40, DepthRange(0.001, 10.0))
HOLES = torch.tensor([0.0, math.nan, -2.0, math.inf, -math.inf], dtype=torch.float64)
SIGMAS = [1e-4, 0.05, 0.5, 3.0, 10.0]


def rand(*shape, seed=0, low=0.0, high=1.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(*shape, generator=generator, dtype=dtype)


def edges_of(adaptive):
    edges = BINS.edges(dtype=torch.float64)
    return torch.stack([edges, (edges / 10) ** 2 * 9 + 0.1]) if adaptive else edges


def dense_target(teacher, edges, sigma_m):
    """Mass by the normal CDF over all bins, from its definition: no window and no tails apart."""
    edges = (edges if edges.ndim == 2 else edges.expand(len(teacher), -1))[:, :, None, None]
    labelled = torch.isfinite(teacher) & (teacher > 0)
    inside = torch.where(labelled, teacher, 1.0).clamp(edges[:, :1], edges[:, -1:])
    mass = torch.special.ndtr((edges - inside) / sigma_m).diff(dim=1)
    return mass / mass.sum(dim=1, keepdim=True) * labelled


def dense_loss(dpm, teacher, edges, sigma_m):
    target = dense_target(teacher, edges, sigma_m)
    terms = target * torch.log(target / (dpm + 1e-7) + 1e-7)
    return torch.where(dpm == 0, 0.0, terms).sum(dim=1, keepdim=True)


def teachers():
    """Depths inside and beyond the range, at its ends, on an edge, and every kind of hole."""
    teacher = rand(2, 1, 6, 9, seed=3, low=0.01, high=13)
    teacher[0, 0, 0, :5] = HOLES
    teacher[1, 0, 0, :4] = torch.tensor([1e-6, 0.001, 10.0, 1e4])
    teacher[1, 0, 1, 0] = BINS.edges(dtype=torch.float64)[7]
    return teacher


@pytest.fixture
def small_tiles(monkeypatch):
    """Seven pixels at a time, so that tiny maps take several tiles, the last one not full."""
    monkeypatch.setattr("tiekd.bins._TILE_VALUES_PER_THREAD", 7 * BINS.n_bins // torch.get_num_threads())


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("sigma_m", SIGMAS)
@pytest.mark.parametrize("adaptive", [False, True])
def test_loss_and_gradient_are_those_of_the_dense_form(sigma_m, adaptive):
    edges, teacher = edges_of(adaptive), teachers()
    logits = rand(2, BINS.n_bins, 6, 9, seed=4, low=-6, high=6)
    logits[0, 3, 2] = -800  # a softmax gives these bins exactly nothing
    got, want = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    loss, depth = losses.dpm_loss_and_depth(got, teacher, edges, sigma_m=sigma_m, target="gaussian")
    dpm = want.softmax(dim=1)
    expected = dense_loss(dpm, teacher, edges, sigma_m), expectation(dpm, edges)
    torch.testing.assert_close((loss, depth), expected, rtol=1e-9, atol=1e-11)
    weights = rand(*teacher.shape, seed=5)
    gradients = [
        torch.autograd.grad(one, leaf, weights)[0] for one, leaf in ((loss, got), (expected[0], want))
    ]
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-11)
    of_probabilities = losses.dpm_loss(dpm.detach(), teacher, edges, sigma_m=sigma_m, target="gaussian")
    torch.testing.assert_close(of_probabilities, loss.detach(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("sigma_m", SIGMAS)
def test_the_target_is_the_mass_between_the_edges(sigma_m, adaptive):
    edges, teacher = edges_of(adaptive), teachers()
    found = target_dpm(teacher, edges, sigma_m=sigma_m, target="gaussian")
    torch.testing.assert_close(found, dense_target(teacher, edges, sigma_m), rtol=1e-9, atol=1e-15)
    labelled = torch.isfinite(teacher) & (teacher > 0)
    torch.testing.assert_close(found.sum(dim=1, keepdim=True), labelled.double())
    in_float32 = target_dpm(teacher.float(), edges.float(), sigma_m=sigma_m, target="gaussian")
    assert in_float32.min() >= 0
    if sigma_m > 1e-3:  # of the rounding of metres to float32
        torch.testing.assert_close(in_float32.double(), found, rtol=2e-3, atol=1e-6)


def test_float32_keeps_the_digits_of_a_far_tail():
    # The CDF itself is 1 in float32 from 5.4 sigmas on, so its differences would be 0 there.
    edges, sigma_m = torch.arange(0.0, 17.0), 1.0
    found = target_dpm(torch.full((1, 1, 1, 1), 8.5), edges, sigma_m=sigma_m, target="gaussian").flatten()
    tail = [0.5 * (math.erfc(z / math.sqrt(2)) - math.erfc((z + 1) / math.sqrt(2))) for z in (0.5, 4.5, 6.5)]
    for bins_from_the_middle, share in zip((1, 5, 7), tail, strict=True):
        assert found[8 + bins_from_the_middle].item() == pytest.approx(share, rel=1e-4)
        assert found[8 - bins_from_the_middle].item() == pytest.approx(share, rel=1e-4)


def test_gradients_are_right():
    edges, teacher = BINS.edges(dtype=torch.float64), rand(1, 1, 2, 3, low=0.1, high=12)
    teacher[0, 0, 0, 0] = 0
    logits = rand(1, BINS.n_bins, 2, 3, seed=1, low=-2, high=2).requires_grad_()

    def both(x):
        return losses.dpm_loss_and_depth(x, teacher, edges, sigma_m=0.5, target="gaussian")

    assert torch.autograd.gradcheck(both, (logits,), atol=1e-7)
    dpm = logits.detach().softmax(dim=1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: losses.dpm_loss(x, teacher, edges, sigma_m=0.5, target="gaussian"),
        (dpm,),
        eps=1e-8,
        atol=1e-5,
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_pixels_without_a_label_cost_nothing_and_get_no_gradient(dtype):
    teacher = rand(1, 1, 12, 14, seed=2, low=0.5, high=9)
    holes = torch.zeros_like(teacher, dtype=torch.bool)
    holes[0, 0, 3, :5] = holes[0, 0, 11, 13] = True
    teacher[0, 0, 3, :5], teacher[0, 0, 11, 13] = HOLES, 0.0
    logits = rand(1, BINS.n_bins, 12, 14, seed=4, low=-3, high=3).to(dtype).requires_grad_()
    teacher = teacher.to(torch.promote_types(dtype, torch.float32))
    edges = BINS.edges(dtype=teacher.dtype)
    parts = losses.tiekd_loss_from_logits(logits, teacher, edges, sigma_m=0.5, target="gaussian")
    assert all(part.isfinite() for part in parts.values())
    (gradient,) = torch.autograd.grad(parts["loss"], logits)
    assert gradient.isfinite().all()
    assert not gradient.masked_select(holes).any()
    assert gradient.masked_select(~holes).ne(0).any()
    # What the holes hold makes no difference.
    filled = losses.tiekd_loss_from_logits(
        logits, teacher.masked_fill(holes, 0), edges, sigma_m=0.5, target="gaussian"
    )
    torch.testing.assert_close(parts, filled, rtol=0, atol=0)
    loss_map = losses.dpm_loss_from_logits(logits, teacher, edges, sigma_m=0.5, target="gaussian")
    assert parts["dpm_loss"].item() == pytest.approx(loss_map[~holes].mean().item(), rel=1e-5)


def test_nothing_but_holes_is_a_loss_of_zero_and_never_a_nan():
    logits = rand(1, BINS.n_bins, 1, 5, seed=4).requires_grad_()
    teacher = HOLES.view(1, 1, 1, 5)
    parts = losses.tiekd_loss_from_logits(
        logits, teacher, BINS.edges(dtype=torch.float64), sigma_m=0.5, target="gaussian"
    )
    assert [part.item() for part in parts.values()] == [0, 0, 0]
    parts["loss"].backward()
    assert logits.grad is not None
    assert not logits.grad.any()


def test_depth_beyond_the_range_counts_as_its_end():
    edges = BINS.edges()
    beyond = torch.tensor([1e-4, 1e4]).view(1, 1, 1, 2)
    ends = torch.tensor([0.001, 10.0]).view(1, 1, 1, 2)
    found, expected = (target_dpm(x, edges, sigma_m=0.5, target="gaussian") for x in (beyond, ends))
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_a_sigma_far_below_a_bin_gives_one_bin_all_the_mass():
    edges = edges_of(adaptive=True)
    teacher = rand(2, 1, 3, 4, seed=7, low=0.2, high=9)
    found = target_dpm(teacher, edges, sigma_m=1e-5, target="gaussian")
    assert ((found > 1e-6).sum(dim=1) == 1).all()
    inside = torch.stack([torch.bucketize(t, e) - 1 for t, e in zip(teacher, edges, strict=True)])
    assert torch.equal(found.argmax(dim=1, keepdim=True), inside)


def test_the_loss_of_the_target_itself_is_zero_and_its_mean_is_the_depth():
    teacher = rand(1, 1, 4, 5, low=3, high=7)
    edges = BINS.edges(dtype=torch.float64)
    target = target_dpm(teacher, edges, sigma_m=0.3, target="gaussian")
    loss = losses.dpm_loss(target, teacher, edges, sigma_m=0.3, target="gaussian")
    torch.testing.assert_close(loss, torch.zeros_like(loss), rtol=0, atol=1e-5)
    torch.testing.assert_close(expectation(target, edges), teacher, rtol=0, atol=1e-6)
    assert bin_centers(edges).shape == (40,)


def test_every_form_of_the_loss_knows_the_target():
    logits, teacher = rand(1, BINS.n_bins, 13, 17, low=-2, high=2), rand(1, 1, 13, 17, seed=1, low=1, high=9)
    edges = BINS.edges(dtype=torch.float64)
    dpm, how = logits.softmax(dim=1), {"sigma_m": 0.5, "target": "gaussian"}
    parts = losses.tiekd_loss(dpm, expectation(dpm, edges), teacher, edges, dpm_weight=0.3, **how)
    assert parts["dpm_loss"] == pytest.approx(dense_loss(dpm, teacher, edges, 0.5).mean().item())
    published = losses.tiekd_loss(dpm, expectation(dpm, edges), teacher, edges, sigma_m=0.5, dpm_weight=0.3)
    assert published["dpm_loss"] != pytest.approx(parts["dpm_loss"].item(), rel=1e-3)
    assert published["depth_loss"] == pytest.approx(parts["depth_loss"].item())
    for same in (
        losses.tiekd_loss_from_logits(logits, teacher, edges, dpm_weight=0.3, **how),
        modules.TIEKDLoss(dpm_weight=0.3, **how)(logits, teacher, edges),
    ):
        torch.testing.assert_close(same, parts)
    alone = modules.DPMLoss(**how)(logits, teacher, edges)
    torch.testing.assert_close(alone, parts["dpm_loss"])


def test_an_unknown_target_is_refused():
    with pytest.raises(ConfigError, match="no target DPM 'normal'"):
        losses.dpm_loss(
            torch.ones(1, 40, 1, 1) / 40, torch.ones(1, 1, 1, 1), BINS.edges(), sigma_m=1, target="normal"
        )
