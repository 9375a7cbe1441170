"""Which sigma fits which target DPM, and that the limits are where the targets stop to work."""

from __future__ import annotations

import math
import re

import pytest
import torch

from tiekd import bins
from tiekd.errors import ConfigError
from tiekd.targets import TARGETS, check_sigma, fault_of_sigma, sigma_limits, target_reach_m
from tiekd.types import DepthRange
from tiekd.zoo import read_zoo

GRIDS = [(257, DepthRange(1e-3, 80.0)), (49, DepthRange(1e-3, 10.0)), (3, DepthRange(0.5, 3.0))]


def entropies(sigma_m, target, n_bins, span):
    """Entropy of the target at depths all over the range, in nats."""
    depths = torch.linspace(span.min_m, span.max_m, 20 * n_bins + 1, dtype=torch.float64).view(1, 1, 1, -1)
    edges = bins.DepthBins(n_bins, span).edges(dtype=torch.float64)
    return bins.entropy(bins.target_dpm(depths, edges, sigma_m=sigma_m, target=target))


@pytest.mark.parametrize(("n_bins", "span"), GRIDS)
def test_the_smallest_sigma_of_the_published_target_is_where_it_turns_uniform(n_bins, span):
    least, most = sigma_limits("published", n_bins=n_bins, depth_range=span)
    assert most == span.max_m
    uniform = math.log(n_bins)
    assert target_reach_m(least) == pytest.approx((span.max_m - span.min_m) / n_bins / 2)
    assert entropies(least * 1.01, "published", n_bins, span).max() < uniform - 1e-3
    assert entropies(least * 0.9, "published", n_bins, span).max() == pytest.approx(uniform)


@pytest.mark.parametrize(("n_bins", "span"), GRIDS)
def test_the_gaussian_target_is_sound_down_to_its_smallest_sigma(n_bins, span):
    least, most = sigma_limits("gaussian", n_bins=n_bins, depth_range=span)
    assert 0 < least < 1e-4 < most == span.max_m
    for sigma_m in (least, most):
        found = entropies(sigma_m, "gaussian", n_bins, span)
        assert found.isfinite().all()
    assert entropies(least, "gaussian", n_bins, span).max() <= math.log(2) + 1e-9


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("n_bins", "span"), GRIDS)
def test_the_message_names_a_range_that_works(target, n_bins, span):
    for sigma_m in (1e-9, 1e9):
        fault = fault_of_sigma(sigma_m, target, n_bins=n_bins, depth_range=span)
        assert fault is not None
        assert f"sigma_m={sigma_m:g}" in fault
        assert target in fault
        least, _, most, *_ = fault.rpartition("; ")[2].split()
        for works in (float(least), float(most)):
            assert fault_of_sigma(works, target, n_bins=n_bins, depth_range=span) is None
        with pytest.raises(ConfigError, match=re.escape(fault)):
            check_sigma(sigma_m, target, n_bins=n_bins, depth_range=span)


@pytest.mark.parametrize("sigma_m", [0.0, -1.0, math.nan, math.inf, -math.inf])
def test_a_sigma_is_a_positive_number(sigma_m):
    for target in TARGETS:
        with pytest.raises(ConfigError, match=r"sigma_m must be (positive|finite), got"):
            check_sigma(sigma_m, target, n_bins=257, depth_range=GRIDS[0][1])
        with pytest.raises(ConfigError, match=r"sigma_m must be (positive|finite), got"):
            target_reach_m(sigma_m, target)


def test_an_unknown_target_is_refused_with_those_that_are_known():
    for call in (
        lambda name: target_reach_m(0.5, name),
        lambda name: sigma_limits(name, n_bins=9, depth_range=GRIDS[0][1]),
        lambda name: bins.target_dpm(torch.ones(1, 1, 1, 1), torch.arange(4.0), sigma_m=1, target=name),
    ):
        with pytest.raises(ConfigError, match="no target DPM 'gauss'") as refused:
            call("gauss")
        assert refused.value.hint == "Known: published, gaussian."


@pytest.mark.parametrize("row", ["tiekd_mobilenetv2.adabins_kitti", "tiekd_dpm_mobilenetv2.adabins_nyu"])
def test_the_published_sigmas_fit(row):
    card = next(one for one in read_zoo() if one.name == row)
    for target in TARGETS:
        check_sigma(card.sigma_m, target, n_bins=card.n_bins, depth_range=card.depth_range)
