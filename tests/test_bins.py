"""Bins and distributions over them, against hand-computed numbers."""

from __future__ import annotations

import math

import pytest
import torch

from tiekd import bins
from tiekd.bins import DepthBins
from tiekd.errors import ConfigError
from tiekd.targets import NO_MASS_LOGIT, target_reach_m
from tiekd.types import DepthRange

RANGE = DepthRange(1.0, 9.0)
FOUR = DepthBins(4, RANGE)


def test_n_bins_gives_one_edge_more():
    assert FOUR.edges().tolist() == [1, 3, 5, 7, 9]
    assert FOUR.centers().tolist() == [2, 4, 6, 8]
    assert FOUR.width_m == 2
    kitti = DepthBins(257, DepthRange(0.001, 80.0)).edges()
    assert kitti.shape == (258,)
    assert (kitti[0].item(), kitti[-1].item()) == (pytest.approx(0.001), 80.0)


def test_fewer_than_two_bins_and_empty_ranges_are_refused():
    with pytest.raises(ConfigError, match="n_bins must be at least 2, got 1"):
        DepthBins(1, RANGE)
    with pytest.raises(ConfigError, match=r"min_m=0\.0, max_m=9\.0"):
        DepthRange(0.0, 9.0)
    with pytest.raises(ConfigError, match=r"min_m=9\.0, max_m=1\.0"):
        DepthRange(9.0, 1.0)


def test_adaptive_edges_fill_the_range():
    edges = bins.edges_from_widths(torch.tensor([[1.0, 1, 2], [0, 3, 1]]), RANGE)
    torch.testing.assert_close(edges, torch.tensor([[1.0, 3, 5, 9], [1, 1, 7, 9]]))
    torch.testing.assert_close(bins.bin_centers(edges), torch.tensor([[2.0, 4, 7], [1, 4, 8]]))


@pytest.mark.parametrize("per_image", [False, True])
def test_expectation_mode_and_entropy_by_hand(per_image):
    edges = FOUR.edges().expand(2, -1) if per_image else FOUR.edges()
    dpm = torch.zeros(2, 4, 1, 2)
    dpm[0, :, 0, 0] = torch.tensor([0.5, 0, 0, 0.5])
    dpm[0, 1, 0, 1] = 1
    dpm[1] = 0.25
    assert bins.expectation(dpm, edges).flatten().tolist() == [5, 4, 5, 5]
    assert bins.mode(dpm, edges).flatten().tolist() == [2, 4, 2, 2]
    want = [math.log(2), 0, math.log(4), math.log(4)]
    torch.testing.assert_close(bins.entropy(dpm).flatten(), torch.tensor(want))


@pytest.fixture
def small_tiles(monkeypatch):
    """Two pixels of four bins at a time, so that tiny maps take several tiles, the last one not full."""
    monkeypatch.setattr(bins, "_TILE_VALUES_PER_THREAD", 8 // torch.get_num_threads() or 1)


def logits_and_edges(*, per_image=False, channels_last=False, dtype=torch.float64):
    draw = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(2, 4, 3, 5, generator=draw, dtype=torch.float64)
    if channels_last:
        logits = logits.contiguous(memory_format=torch.channels_last)
    edges = FOUR.edges(dtype=torch.float64)
    if per_image:
        edges = torch.stack([edges, edges**2 / 9])
    return logits.to(dtype).requires_grad_(), edges.to(dtype).requires_grad_()


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("per_image", [False, True])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("crop", [False, True])
def test_expectation_of_logits_is_that_of_their_softmax(per_image, channels_last, crop):
    logits, edges = logits_and_edges(per_image=per_image, channels_last=channels_last)
    seen = logits[..., 1:, 1:4] if crop else logits
    got, want = bins.expectation_of_logits(seen, edges), bins.expectation(seen.softmax(dim=1), edges)
    torch.testing.assert_close(got, want)
    weights = torch.rand(want.shape, generator=torch.Generator().manual_seed(1), dtype=want.dtype)
    gradients = [torch.autograd.grad(depth, (logits, edges), weights) for depth in (got, want)]
    torch.testing.assert_close(*gradients)
    if not crop:
        assert gradients[0][0].is_contiguous(memory_format=torch.channels_last) == channels_last


@pytest.mark.usefixtures("small_tiles")
def test_expectation_of_logits_has_the_right_gradient():
    assert torch.autograd.gradcheck(bins.expectation_of_logits, logits_and_edges(per_image=True))


def test_expectation_of_half_logits_is_exact_even_under_autocast():
    logits, edges = logits_and_edges(dtype=torch.float32)
    half = logits.detach().bfloat16().requires_grad_()
    want = bins.expectation(half.float().softmax(dim=1), edges)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = bins.expectation_of_logits(half, edges.bfloat16().float())
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, want)
    gradient, reference = (torch.autograd.grad(depth.sum(), half)[0] for depth in (got, want))
    assert gradient.dtype == torch.bfloat16
    torch.testing.assert_close(gradient, reference)


def test_expectation_of_logits_refuses_a_second_derivative():
    logits, edges = logits_and_edges()
    with pytest.raises(ConfigError, match="differentiated twice"):
        torch.autograd.grad(bins.expectation_of_logits(logits, edges).sum(), logits, create_graph=True)


def test_a_compiler_sees_one_expectation_instead_of_tiles():
    logits, edges = logits_and_edges()
    compiled = torch.compile(bins.expectation_of_logits, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(logits, edges), bins.expectation_of_logits(logits, edges))


def test_a_distribution_needs_the_edges_of_its_own_bins():
    with pytest.raises(ConfigError, match="4 bins but the bin edges describe 3"):
        bins.expectation(torch.ones(1, 4, 2, 2), torch.linspace(1, 9, 4))
    with pytest.raises(ConfigError, match="4 bins but the bin edges describe 3"):
        bins.expectation_of_logits(torch.ones(1, 4, 2, 2), torch.linspace(1, 9, 4))


def test_target_is_a_softmax_of_the_density():
    target = bins.target_dpm(torch.full((1, 1, 1, 1), 4.0), FOUR.edges(), sigma_m=1.0)
    peak = 1 / math.sqrt(2 * math.pi)
    densities = torch.tensor([peak * math.exp(-2), peak, peak * math.exp(-2), peak * math.exp(-8)])
    torch.testing.assert_close(target.flatten(), densities.softmax(dim=0))


def test_target_gives_bins_out_of_reach_exactly_nothing():
    target = bins.target_dpm(torch.full((1, 1, 1, 1), 2.0), FOUR.edges(), sigma_m=0.2)
    assert target.flatten().tolist() == [1, 0, 0, 0]
    far = bins.target_dpm(torch.full((1, 1, 1, 1), 90.0), FOUR.edges(), sigma_m=0.2)
    assert far.flatten().tolist() == [0.25] * 4


@pytest.mark.parametrize(("sigma_m", "reach_m"), [(0.5, 4.28), (0.8, 6.80), (0.15, 1.30)])
def test_reach_is_the_published_one(sigma_m, reach_m):
    reach = target_reach_m(sigma_m)
    assert reach == pytest.approx(reach_m, abs=0.005)
    near, far = bins.target_logits(
        torch.tensor([reach * 0.9999, reach * 1.0001]).double(), torch.zeros(1), sigma_m=sigma_m
    )
    assert 0 < near < 1e-15
    assert far == NO_MASS_LOGIT


def test_sigma_must_be_positive():
    for call in (
        lambda s: bins.target_dpm(torch.ones(1, 1, 1, 1), FOUR.edges(), sigma_m=s),
        target_reach_m,
    ):
        with pytest.raises(ConfigError, match="sigma_m must be positive, got -1"):
            call(-1)
