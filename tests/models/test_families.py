"""The table of network families: its entries are whole, and a new entry needs no other edit."""

from inspect import signature
from pkgutil import resolve_name

import pytest
from pydantic import BaseModel

from tiekd.card import ModelCard
from tiekd.errors import ConfigError
from tiekd.gallery.labels import method_label
from tiekd.methods import METHODS
from tiekd.models.families import NETWORKS, NetworkFamily, has_bins, split_architecture
from tiekd.models.registry import architecture_names, create_model, list_models, load, save
from tiekd.recipe import load_recipe

NEW = NetworkFamily(
    label="New network",
    method="tiekd",
    options="tiekd.models.decoder:DecoderOptions",
    build="tiekd.models.densedepth:build_densedepth",
    presets={"test_resnet": {"output_stride": 4, "n_bins": 12}},
    n_bins=8,
)


@pytest.fixture
def new(monkeypatch) -> NetworkFamily:
    """One more entry in the table, and nothing else."""
    monkeypatch.setitem(NETWORKS, "newnet", NEW)
    return NEW


@pytest.mark.parametrize("name", NETWORKS)
def test_an_entry_is_whole(name) -> None:
    family = NETWORKS[name]
    assert family.label
    assert [other for other in NETWORKS.values() if other.label == family.label] == [family]
    assert family.method in METHODS
    assert issubclass(resolve_name(family.options), BaseModel)
    assert {"encoder", "weights"} <= set(signature(resolve_name(family.build)).parameters)
    assert set(family.encoders) <= set(family.presets)
    known = set(resolve_name(family.options).model_fields) | set(ModelCard.model_fields)
    assert all(set(preset) <= known for preset in family.presets.values())
    for encoder in family.presets:
        assert split_architecture(f"{name}_{encoder}") == (name, encoder)
        assert has_bins(f"{name}_{encoder}") == (family.n_bins is not None)


def test_a_name_is_split_at_the_longest_family() -> None:
    assert split_architecture("densedepth_dpm_resnet18") == ("densedepth_dpm", "resnet18")
    assert split_architecture("densedepth_resnet18") == ("densedepth", "resnet18")
    assert split_architecture("midas_resnet18") is None
    assert not has_bins("midas_resnet18")


def test_a_new_entry_is_listed_built_saved_and_read_again(new, tmp_path) -> None:
    assert "newnet_test_resnet" in architecture_names()
    assert list_models("newnet_*") == ["newnet_test_resnet"]
    model = create_model("newnet_test_resnet")
    assert (model.card.architecture, model.card.method, model.card.n_bins) == (
        "newnet_test_resnet", "tiekd", 12,
    )  # fmt: skip
    save(model, tmp_path / "new.safetensors")
    assert load(tmp_path / "new.safetensors").card == model.card
    with pytest.raises(ConfigError, match=r"widht: there is no such key"):
        create_model("newnet_test_resnet", widht=3)


def test_a_new_entry_can_be_named_in_recipes_and_started_from(new, tmp_path) -> None:
    recipe = load_recipe(
        "tiekd_mobilenetv2.demo",
        values={"network": {"architecture": "newnet", "encoder": "test_resnet"}, "data.shrink": 1},
    )
    assert recipe.architecture == "newnet_test_resnet"
    assert recipe.has_bins
    save(create_model("newnet_test_resnet"), tmp_path / "new.safetensors")
    start = {"network.start_from": str(tmp_path / "new.safetensors")}
    assert load_recipe("own_student", values=start).architecture == "newnet_test_resnet"
    with pytest.raises(ConfigError, match=r"no such family of networks \(did you mean newnet\?\)"):
        load_recipe("tiekd_mobilenetv2.demo", overrides=["network.architecture=newnt"])


def test_a_new_entry_has_a_label(new) -> None:
    card = create_model("newnet_test_resnet", method="teacher").card
    assert method_label(card) == "Teacher · New network"
