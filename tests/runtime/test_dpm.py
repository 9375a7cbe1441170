"""A DPM in numpy under the pixels of a photo: the same numbers as `tiekd.bins` and torch's resize give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tiekd import bins
from tiekd.errors import ConfigError
from tiekd.runtime.dpm import Distribution, PhotoDpm, entropy
from tiekd.types import DepthMap, DepthRange

EDGES = np.linspace(1, 21, 11, dtype=np.float32)
GRID, PADDED, SCALED, PHOTO = (8, 16), (32, 64), (30, 61), (45, 92)
PLAIN = DepthMap(depth_m=np.ones(PHOTO, np.float32), depth_range=DepthRange(1, 21), model="some")


def random_dpm(*shape: int) -> np.ndarray:
    logits = np.random.default_rng(len(shape)).normal(size=(10, *shape))
    mass = np.exp(2 * logits)
    return (mass / mass.sum(axis=0)).astype(np.float32)


def photo_dpm(dpm: np.ndarray, *, align_corners: bool = True) -> PhotoDpm:
    sizes = {"network_size": SCALED, "padded_size": PADDED, "align_corners": align_corners}
    return PhotoDpm(replace(PLAIN, dpm=dpm, bin_edges_m=EDGES, **sizes))


def stretched(grid: torch.Tensor, *, align_corners: bool) -> np.ndarray:
    """Maps `[C, h, w]` of the network's grid over the photo, as torch does it."""
    options = {"mode": "bilinear", "align_corners": align_corners}
    padded = F.interpolate(grid[None], PADDED, **options)
    return F.interpolate(padded[..., : SCALED[0], : SCALED[1]], PHOTO, **options)[0].numpy()


def test_what_a_distribution_says_is_what_bins_says() -> None:
    dpm = random_dpm(6)
    ours = [Distribution(EDGES, dpm[:, i].astype(np.float64)) for i in range(6)]
    maps, edges = torch.from_numpy(dpm)[None, :, None], torch.from_numpy(EDGES)
    for name, theirs in (
        ("expectation_m", bins.expectation(maps, edges)),
        ("mode_m", bins.mode(maps, edges)),
        ("entropy_nats", bins.entropy(maps)),
    ):
        np.testing.assert_allclose([getattr(one, name) for one in ours], theirs.flatten(), rtol=1e-5)
    np.testing.assert_array_equal(ours[0].centers_m, bins.bin_centers(edges))


def test_entropy_takes_bins_without_mass() -> None:
    dpm = random_dpm(3, 4)
    dpm[:4] = 0
    dpm /= dpm.sum(axis=0)
    np.testing.assert_allclose(entropy(dpm), bins.entropy(torch.from_numpy(dpm)[None])[0, 0], atol=1e-5)


@pytest.mark.parametrize("align_corners", [True, False])
def test_maps_are_stretched_over_the_photo_as_torch_does(align_corners: bool) -> None:
    dpm = random_dpm(*GRID)
    ours = photo_dpm(dpm, align_corners=align_corners)
    grid = torch.from_numpy(dpm)
    theirs = stretched(grid, align_corners=align_corners)
    np.testing.assert_allclose(ours.slice(3), theirs[3], atol=1e-6)
    np.testing.assert_allclose(ours.section(20), theirs[:, 20], atol=1e-6)
    for x, y in ((0, 0), (91, 44), (17, 33)):
        np.testing.assert_allclose(ours.at(x, y).probability, theirs[:, y, x], atol=1e-6)
    uncertain = stretched(bins.entropy(grid[None])[0], align_corners=align_corners)[0]
    np.testing.assert_allclose(ours.entropy(), uncertain, atol=1e-5)
    assert (ours.n_bins, ours.size) == (10, PHOTO)


def test_places_that_do_not_exist_are_refused() -> None:
    dpm = photo_dpm(random_dpm(*GRID))
    for wrong, words in (
        (lambda: dpm.at(92, 0), r"x=92 is outside 0\.\.91"),
        (lambda: dpm.at(0, 45), r"y=45 is outside 0\.\.44"),
        (lambda: dpm.section(-1), r"row=-1 is outside 0\.\.44"),
        (lambda: dpm.slice(10), r"bin=10 is outside 0\.\.9"),
    ):
        with pytest.raises(ConfigError, match=words):
            wrong()


def test_a_depth_map_must_hold_a_dpm_and_its_sizes() -> None:
    with pytest.raises(ConfigError, match="some has no distribution"):
        PhotoDpm(PLAIN)
    with pytest.raises(ConfigError, match="which size the network saw"):
        PhotoDpm(replace(PLAIN, dpm=random_dpm(*GRID), bin_edges_m=EDGES))
