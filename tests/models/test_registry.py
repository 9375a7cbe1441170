"""Networks built from names and options, and the size limits of the demo networks."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tiekd.errors import ConfigError, UnknownNameError, WeightsUnavailableError
from tiekd.models import registry
from tiekd.models.decoder import n_skips
from tiekd.models.registry import architecture_names, create_model, list_models
from tiekd.zoo import Zoo, ZooRow

DEMO = {"image_pool": 2, "output_stride": 4, "norm": "batch", "position_channels": True}


def cost(model):
    """(GFLOP at 352x1216 with two per multiply-add, millions of parameters)."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, 3, 352, 1216))
    return counter.get_total_flops() / 1e9, sum(value.numel() for value in model.parameters()) / 1e6


def test_demo_networks_stay_within_their_budget():
    widths = {"decoder_channels": (96, 64, 48, 32)}
    student = create_model("densedepth_dpm_mobilenetv2_100", n_bins=128, **DEMO, **widths)
    gflop, millions = cost(student)
    assert 2 < gflop < 10
    assert 1 < millions < 3
    assert student.card.n_bins >= 64
    teacher = create_model(
        "adabins_tf_efficientnet_lite0", n_bins=64, decoder_channels=(128, 96, 64, 32), embed_dim=32, **DEMO
    )
    gflop, millions = cost(teacher)
    assert 2 < gflop < 20
    assert 2 < millions < 7


def test_published_presets_have_the_published_size():
    # The authors' counts (17,647,618 and 78,254,641) less the tensors that they build and never use.
    student = create_model("densedepth_dpm_mobilenetv2")
    assert sum(value.numel() for value in student.parameters()) == 17_647_618 - (128 * 9 + 1)
    assert student.card.n_bins == 257
    teacher = create_model("adabins_efficientnet_b5")
    assert sum(value.numel() for value in teacher.parameters()) == 78_254_641 - (128 * 9 + 1) - 2 * 2048
    assert (teacher.card.encoder, teacher.card.method) == ("efficientnet_b5_ap", "teacher")


def test_every_wrong_option_is_named_at_once():
    with pytest.raises(ConfigError) as caught:
        create_model(
            "densedepth_dpm_mobilenetv2_100",
            widht=3,
            norm="group",
            output_stride=3,
            n_bins=1,
            max_depth_m=-1.0,
        )
    for part in ("widht: there is no such key", "norm", "output_stride", "n_bins", "max_depth_m"):
        assert part in str(caught.value)
    assert "decoder_channels" in caught.value.hint


def test_regression_has_no_bins_and_a_network_no_second_card():
    with pytest.raises(ConfigError, match="n_bins: there is no such key"):
        create_model("densedepth_mobilenetv2_100", n_bins=64)
    with pytest.raises(ConfigError, match="architecture: there is no such key"):
        create_model("densedepth_mobilenetv2_100", architecture="bts")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"decoder_channels": (64, 32)}, "2 widths, but 4 skips"),
        ({"image_pool": 4, "output_stride": 1, "decoder_channels": (8,)}, "1 widths, but 4 skips"),
    ],
)
def test_widths_that_do_not_fit_the_encoder(options, fault):
    with pytest.raises(ConfigError, match=fault):
        create_model("densedepth_mobilenetv2_100", **options)


def test_an_output_coarser_than_the_deepest_level_is_refused():
    with pytest.raises(ConfigError, match="output_stride 4 can't be reached from strides \\(1, 2\\)"):
        n_skips((1, 2), 4)


def test_unknown_names_suggest_near_ones():
    with pytest.raises(UnknownNameError) as caught:
        create_model("densedepht_mobilenetv2")
    assert "densedepth_mobilenetv2" in caught.value.hint
    with pytest.raises(UnknownNameError, match="Unknown encoder 'resnet19'") as encoder:
        create_model("densedepth_dpm_resnet19")
    assert encoder.value.near[0] == "resnet18"
    assert len(set(encoder.value.near)) == len(encoder.value.near)
    with pytest.raises(UnknownNameError) as far:
        create_model("#")
    assert "bts_resnet50" in far.value.hint


def test_the_card_says_how_to_build_it_again():
    model = create_model("densedepth_dpm_test_resnet", n_bins=8, max_depth_m=10.0, dataset="nyu", **DEMO)
    again = registry.build(model.card)
    assert again.card == model.card
    assert {k: v.shape for k, v in again.state_dict().items()} == {
        k: v.shape for k, v in model.state_dict().items()
    }
    assert (model.card.max_depth_m, model.card.dataset, model.card.size_multiple) == (10, "nyu", 4)


def test_the_architecture_decides_whatever_the_card_calls_its_encoder():
    card = create_model("densedepth_dpm_test_resnet", n_bins=8, **DEMO).card
    family = card.model_copy(update={"encoder": "mobilenetv2"})
    assert registry.build(family).encoder.name == "test_resnet"
    for wrong in ({"n_bins": None}, {"architecture": "densedepth_test_resnet"}):
        with pytest.raises(ConfigError, match="n_bins, got"):
            registry.build(card.model_copy(update=wrong))
    assert registry.build(create_model("adabins_test_resnet", embed_dim=8, n_heads=2).card).card.n_bins == 256
    with pytest.raises(ConfigError, match=r"needs n_bins, got None"):
        registry.build(card.model_copy(update={"architecture": "adabins_test_resnet", "n_bins": None}))


def test_describe_changes_words_but_not_the_network():
    model = create_model("densedepth_test_resnet", **DEMO)
    model.describe(name="mine", method="reskd_ssim", teacher="adabins")
    assert (model.card.name, model.card.method, model.card.teacher) == ("mine", "reskd_ssim", "adabins")
    with pytest.raises(ConfigError, match="max_depth_m, n_bins"):
        model.describe(n_bins=4, max_depth_m=10.0)
    with pytest.raises(ConfigError, match=r"The model card has 1 fault:\n  method: .*magic"):
        model.describe(method="magic")


def test_pretrained_needs_a_row():
    with pytest.raises(ConfigError, match="no weights of its own"):
        create_model("densedepth_mobilenetv2", pretrained=True)


@pytest.fixture
def one_row_zoo(monkeypatch):
    """A zoo of one row, whatever ships."""
    card = create_model("densedepth_test_resnet", **DEMO).card
    row = ZooRow.model_validate({**card.model_dump(), "name": "baseline_tiny.demo"})
    monkeypatch.setattr("tiekd.zoo.read_zoo", lambda path=None: Zoo(rows=(row,)))
    return row


def test_rows_of_the_zoo_are_models_too(one_row_zoo):
    assert list_models("baseline_*") == ["baseline_tiny.demo"]
    assert set(architecture_names()) < set(list_models())
    model = create_model("baseline_tiny.demo")
    assert model.card.name == "baseline_tiny.demo"
    with pytest.raises(ConfigError, match="fixes its own options, got dropout"):
        create_model("baseline_tiny.demo", dropout=0.5)
    with pytest.raises(WeightsUnavailableError):
        create_model("baseline_tiny.demo", pretrained=True)
    with pytest.raises(UnknownNameError):
        create_model("baseline_huge.demo")
