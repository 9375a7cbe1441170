"""Another network for own pictures: any encoder, a compact decoder, and no frozen norms of random weights."""

from __future__ import annotations

import pytest

from tiekd.errors import ConfigError
from tiekd.recipe import load_recipe
from tiekd.recipe.named import check_norms
from tiekd.training.network import build_network


@pytest.mark.parametrize("encoder", ["resnet18", "test_resnet", "test_efficientnet", "convnext_atto"])
def test_an_encoder_is_all_that_has_to_be_named(encoder):
    recipe = load_recipe("own_student", overrides=[f"network.encoder={encoder}"])
    network, shipped = recipe.network, load_recipe("own_student").network
    assert (network.start_from, network.encoder_weights) == (None, "imagenet")
    assert (network.architecture, network.n_bins) == (shipped.architecture, shipped.n_bins)
    same = ("image_pool", "output_stride", "norm", "position_channels", "position_origin")
    assert {key: network.options[key] for key in same} == {key: shipped.options[key] for key in same}
    assert recipe.data.shrink == network.options["image_pool"]
    check_norms(recipe)
    built = build_network(recipe, train_focal_px=None, load_weights=False)
    decoder = sum(weight.numel() for weight in built.decoder.parameters())
    assert decoder < 6e6, "the published decoder has 14 million"
    # What was printed can be trained.
    assert load_recipe("own_student", values={"network": network.model_dump()}).network == network


def test_its_own_encoder_still_starts_from_the_shipped_weights():
    own = load_recipe("own_student")
    named = load_recipe("own_student", overrides=[f"network.encoder={own.network.encoder}"])
    assert own.network.start_from == "tiekd_mobilenetv2.demo"
    assert named == own


def test_norms_of_random_weights_are_not_frozen():
    random = ["network.encoder=resnet18", "network.encoder_weights=null"]
    with pytest.raises(ConfigError, match="its weights are random") as caught:
        check_norms(load_recipe("own_student", overrides=random))
    assert "network.frozen_norms=none" in caught.value.hint
    check_norms(load_recipe("own_student", overrides=[*random, "network.frozen_norms=none"]))
    with pytest.raises(ConfigError, match="its weights are random"):
        check_norms(load_recipe("tiekd_mobilenetv2.demo", values={"network.encoder_weights": None}))
