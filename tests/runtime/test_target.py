"""The target DPM in numpy is the one that students are trained on (`tiekd.bins`)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tiekd import bins
from tiekd.errors import ConfigError
from tiekd.runtime.target import TargetDpm, bin_edges, target_dpm
from tiekd.targets import TARGETS, TargetName, target_reach_m
from tiekd.types import DepthMap, DepthRange

KITTI, NYU = DepthRange(1e-3, 80.0), DepthRange(1e-3, 10.0)
PUBLISHED = [(KITTI, 257, 0.5), (KITTI, 257, 0.8), (NYU, 257, 0.15), (NYU, 49, 0.15), (KITTI, 257, 0.15)]
OTHERS = [(KITTI, 16, 0.7), (KITTI, 64, 3.0), (DepthRange(2e-3, 160.0), 257, 0.5), (KITTI, 2, 0.5)]


def depths(span: DepthRange, n: int = 4000) -> np.ndarray:
    """Both ends of the range, their outside, and depths between them, near ones more often."""
    draw = np.random.default_rng(0)
    inside = np.exp(draw.uniform(np.log(span.min_m), np.log(span.max_m), n))
    ends = [0, span.min_m, span.max_m, 1.05 * span.max_m, 2 * span.max_m]
    return np.concatenate([inside, draw.uniform(span.min_m, span.max_m, n), ends]).astype(np.float32)


def in_torch(
    depth_m: np.ndarray, span: DepthRange, n_bins: int, sigma_m: float, target: TargetName = "published"
) -> np.ndarray:
    depth, edges = torch.from_numpy(depth_m).view(1, 1, 1, -1), bins.DepthBins(n_bins, span).edges()
    return bins.target_dpm(depth, edges, sigma_m=sigma_m, target=target)[0, :, 0].numpy()


def depth_map(depth_m: np.ndarray, span: DepthRange = KITTI) -> DepthMap:
    return DepthMap(depth_m=depth_m, depth_range=span, model="some")


@pytest.mark.parametrize(("span", "n_bins", "sigma_m"), PUBLISHED + OTHERS)
def test_it_is_the_target_of_training(span: DepthRange, n_bins: int, sigma_m: float) -> None:
    depth_m = depths(span)
    edges = bin_edges(n_bins, span)
    ours = target_dpm(depth_m, edges, sigma_m=sigma_m)
    theirs = in_torch(depth_m, span, n_bins, sigma_m)
    assert ours.shape == theirs.shape == (n_bins, len(depth_m))
    assert ours.dtype == edges.dtype == np.float32
    # torch and numpy may round an edge to neighbours in float32. Where that takes a bin over the border of
    # the density's reach, the bin has mass in one of the two and none in the other.
    centers = 0.5 * (edges[:-1] + edges[1:])
    from_border = np.abs(np.abs(centers[:, None] - depth_m) - target_reach_m(sigma_m)).min(axis=0)
    clear = from_border > 2 * np.spacing(edges[-1])
    assert clear.mean() > 0.99
    np.testing.assert_allclose(ours[:, clear], theirs[:, clear], rtol=5e-5, atol=5e-6)
    np.testing.assert_array_equal(ours[:, clear] == 0, theirs[:, clear] == 0)


@pytest.mark.parametrize(("span", "n_bins", "sigma_m"), [*PUBLISHED, *OTHERS, (KITTI, 257, 0.002)])
def test_the_gaussian_target_is_that_of_training(span: DepthRange, n_bins: int, sigma_m: float) -> None:
    holes = np.float32([0, -3, np.nan, np.inf])
    depth_m = np.concatenate([depths(span), holes])
    ours = target_dpm(depth_m, bin_edges(n_bins, span), sigma_m=sigma_m, target="gaussian")
    theirs = in_torch(depth_m, span, n_bins, sigma_m, "gaussian")
    assert ours.dtype == np.float32
    # A step of float32 at the far end moves this much of the mass over an edge.
    moved = 0.4 * np.spacing(np.float32(span.max_m)) / sigma_m
    np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2 * moved + 1e-6)
    np.testing.assert_array_equal(ours[:, -4:], 0)
    np.testing.assert_allclose(ours[:, :-4].sum(axis=0)[depth_m[:-4] > 0], 1, rtol=1e-5)


@pytest.mark.parametrize(("span", "n_bins", "sigma_m"), PUBLISHED + OTHERS)
def test_edges_are_those_of_training(span: DepthRange, n_bins: int, sigma_m: float) -> None:
    theirs = bins.DepthBins(n_bins, span).edges().numpy()
    np.testing.assert_allclose(bin_edges(n_bins, span), theirs, rtol=0, atol=np.spacing(theirs[-1]))


def test_a_depth_out_of_reach_of_every_bin_is_uniform() -> None:
    far = target_dpm(np.float32([200.0]), bin_edges(257, KITTI), sigma_m=0.5)
    np.testing.assert_allclose(far, 1 / 257, rtol=1e-6)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("span", "n_bins", "sigma_m"), PUBLISHED)
def test_maps_are_read_from_a_table(
    span: DepthRange, n_bins: int, sigma_m: float, target: TargetName
) -> None:
    """A map differs from its pixels by what the target changes within one step of the table."""
    depth_m = depths(span, 1000)[:2000].reshape(40, 50)
    found = TargetDpm(depth_map(depth_m, span), n_bins=n_bins, sigma_m=sigma_m, target=target)
    assert found.size == (40, 50)
    columns = np.stack([found.section(row) for row in range(40)], axis=1)
    np.testing.assert_allclose(columns.sum(axis=0), 1, atol=1e-5)
    some = n_bins // 3
    np.testing.assert_allclose(found.slice(some), columns[some], atol=0.1)
    assert np.abs(found.slice(some) - columns[some]).mean() < 1e-4
    pixel = found.at(7, 3)
    assert pixel.probability.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(pixel.probability, columns[:, 3, 7], atol=1e-6)
    np.testing.assert_array_equal(pixel.bin_edges_m, found.bin_edges_m)
    entropy = bins.entropy(torch.from_numpy(columns)[None])[0, 0].numpy()
    assert np.abs(found.entropy() - entropy).mean() < 2e-3


@pytest.mark.parametrize("target", TARGETS)
def test_where_there_is_no_depth_there_is_no_distribution(target: TargetName) -> None:
    depth_m = np.full((4, 5), 9, np.float32)
    depth_m[1, :4] = [0, np.nan, np.inf, -1]
    found = TargetDpm(depth_map(depth_m), n_bins=20, sigma_m=2, target=target)
    for x in range(4):
        with pytest.raises(ConfigError, match=f"no depth at x={x}, y=1"):
            found.at(x, 1)
    assert found.at(4, 1).probability.sum() == pytest.approx(1)
    section = found.section(1)
    np.testing.assert_array_equal(section[:, :4], 0)
    np.testing.assert_allclose(section[:, 4].sum(), 1, rtol=1e-5)
    for values in (found.slice(2), found.entropy()):
        assert np.isfinite(values).all()
        np.testing.assert_array_equal(values[1, :4], 0)
        assert values[0, 0] > 0


def test_wrong_bins_widths_and_places_are_refused() -> None:
    some = depth_map(np.full((4, 5), 9, np.float32))
    for sigma_m in (0, -1, float("nan")):
        with pytest.raises(ConfigError, match="sigma_m must be positive, got"):
            TargetDpm(some, sigma_m=sigma_m)
    for sigma_m in (0.01, 81):
        with pytest.raises(ConfigError, match=rf"sigma_m={sigma_m:g} .* 0\.018 to 80 m works"):
            TargetDpm(some, sigma_m=sigma_m)
    with pytest.raises(ConfigError, match="no target DPM 'normal'"):
        TargetDpm(some, target="normal")
    with pytest.raises(ConfigError, match="n_bins must be at least 2, got 1"):
        TargetDpm(some, n_bins=1)
    found = TargetDpm(some, n_bins=8, sigma_m=3)
    for wrong, words in (
        (lambda: found.at(5, 0), r"x=5 is outside 0\.\.4"),
        (lambda: found.at(0, -1), r"y=-1 is outside 0\.\.3"),
        (lambda: found.section(4), r"row=4 is outside 0\.\.3"),
        (lambda: found.slice(8), r"bin=8 is outside 0\.\.7"),
    ):
        with pytest.raises(ConfigError, match=words):
            wrong()
