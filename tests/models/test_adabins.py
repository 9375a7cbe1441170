"""Adaptive bins: any size with interpolated positions, the published limits with cut ones."""

from __future__ import annotations

import pytest
import torch

from tiekd.bins import DepthBins
from tiekd.errors import ConfigError, InputSizeError
from tiekd.models.adabins import (
    AdaBinsOptions,
    AdaptiveBinsHead,
    AnySizeTokens,
    PublishedTokens,
    build_adabins,
)
from tiekd.models.registry import create_model
from tiekd.types import DepthRange

RANGE = DepthRange(0.001, 80.0)


def head(**options):
    torch.manual_seed(0)
    small = {"embed_dim": 8, "n_heads": 2, "n_layers": 1, "ff_dim": 16, "patch_size": 4, **options}
    return AdaptiveBinsHead(6, n_bins=10, depth_range=RANGE, options=AdaBinsOptions(**small)).eval()


@pytest.mark.parametrize("size", [(3, 5), (4, 4), (9, 30), (40, 17)])
def test_any_size_gives_one_set_of_bins_per_image(size):
    got = head()(torch.randn(2, 6, *size))
    assert got.raw_depth.shape == (2, 1, *size)
    assert got.bin_edges.shape == (2, 11)
    assert not torch.equal(got.bin_edges[0], got.bin_edges[1])


def test_zero_widths_fall_back_to_uniform_bins():
    network = head()
    torch.nn.init.zeros_(network.regressor[-1].weight)
    torch.nn.init.constant_(network.regressor[-1].bias, -1.0)
    edges = network(torch.randn(1, 6, 8, 8)).bin_edges[0]
    torch.testing.assert_close(edges, DepthBins(10, RANGE).edges(), rtol=1e-5, atol=1e-4)


def test_position_codes_are_interpolated_to_the_grid_of_patches():
    tokens = AnySizeTokens(3, 8, (2, 2))
    at_own_size = tokens(torch.zeros(1, 8, 2, 2))[:, 3:]
    assert torch.equal(at_own_size[0], tokens.positions[0].flatten(1).T)
    wide = tokens(torch.zeros(1, 8, 2, 3))[0, 3:].T.view(8, 2, 3)
    torch.testing.assert_close(wide[:, :, 1], tokens.positions[0].mean(dim=2))
    torch.testing.assert_close(wide[:, :, ::2], tokens.positions[0])


@pytest.mark.parametrize("grid", [(1, 8), (20, 26)])
def test_published_tokens_bound_the_image(grid):
    tokens = PublishedTokens(9, 8)
    with pytest.raises(InputSizeError, match=f"{grid[0] * grid[1]} patches.* 9 to 500"):
        tokens(torch.zeros(1, 8, *grid))


def test_published_network_names_the_limit_in_pixels():
    model = create_model(
        "adabins_test_efficientnet", tokens="published", embed_dim=8, n_heads=2, patch_size=16, n_layers=1
    )
    with pytest.raises(InputSizeError, match="1 patches") as caught:
        model.eval()(torch.zeros(1, 3, 32, 32))
    assert "352x1216" in caught.value.hint


def test_bins_are_never_guessed():
    card = create_model("adabins_test_efficientnet", embed_dim=8, n_heads=2).card
    with pytest.raises(ConfigError, match="needs n_bins"):
        build_adabins(card.model_copy(update={"n_bins": None}), AdaBinsOptions(), encoder="test_efficientnet")


def test_heads_must_divide_the_width():
    with pytest.raises(ConfigError, match="embed_dim=10 must be a multiple of n_heads=4"):
        create_model("adabins_test_efficientnet", embed_dim=10)
