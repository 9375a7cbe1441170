"""Recipes that build on others, and cases: who overrules whom, and what is said about a wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tiekd.errors import ConfigError
from tiekd.recipe import load_recipe
from tiekd.recipe.composition import compose, recipes_of

BASE = """
rows: ["{method}_{encoder}.{teacher}_{dataset}"]
method: tiekd
dataset: kitti
network: {encoder: resnet18, options: {a: 1, b: 1}}
optim: {steps: 1, lr: 1}
cases:
  - when: {dataset: nyu}
    optim: {steps: 2, lr: 2}
  - when: {method: [baseline, tiekd], encoder: resnet18}
    loss: {sigma_m: 3}
"""
OWN = """
extends: base.yaml
network: {options: {b: 2}}
optim: {lr: 7}
cases:
  - when: {teacher: bts}
    optim: {lr: 8}
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "own.yaml").write_text(OWN)
    return str(tmp_path / "own.yaml")


def test_a_file_overrules_what_it_builds_on_key_by_key(own):
    document = compose(own, [])
    assert document["network"] == {"encoder": "resnet18", "options": {"a": 1, "b": 2}}
    assert document["optim"] == {"steps": 1, "lr": 7}
    assert document["loss"] == {"sigma_m": 3}
    assert not {"rows", "extends", "cases", "when"} & document.keys()


def test_cases_are_chosen_by_what_the_overrides_say_and_overruled_by_them(own):
    assert compose(own, [("dataset", "nyu")])["optim"] == {"steps": 2, "lr": 7}
    assert compose(own, [("dataset", "nyu"), ("teacher", "bts")])["optim"] == {"steps": 2, "lr": 8}
    assert compose(own, [("teacher", "bts"), ("optim.lr", 9)])["optim"]["lr"] == 9
    assert "loss" not in compose(own, [("network.encoder", "resnet50")])
    assert "loss" not in compose(own, [("method", "reskd_si")])


def test_composing_leaves_the_files_as_they_are(own):
    first = compose(own, [("network.options.a", 5)])
    assert compose(own, []) == compose(own, []) != first


def test_an_own_recipe_builds_on_a_shipped_one(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("extends: published\nteacher: bts\noptim: {steps: 10}\n")
    recipe, published = load_recipe(str(own)), load_recipe("tiekd_mobilenetv2.bts_kitti")
    assert (recipe.optim.steps, recipe.rows) == (10, ())
    assert recipe.model_dump(exclude={"name", "rows", "optim"}) == published.model_dump(
        exclude={"name", "rows", "optim"}
    )


def test_the_recipe_in_the_guide_is_one(tmp_path):
    guide = Path(__file__).resolve().parents[2] / "docs" / "training.md"
    (block,) = re.findall(r"```yaml\n(.*?)```", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    (tmp_path / "own.yaml").write_text(block)
    recipe = load_recipe(str(tmp_path / "own.yaml"), overrides=["network.encoder=resnet18"])
    assert (recipe.teacher, recipe.data.max_depth_m, recipe.optim.steps) == ("bts", 10.0, 5000)
    assert recipe.loss.sigma_m == 0.3
    assert load_recipe(str(tmp_path / "own.yaml"), overrides=["dataset=kitti"]).data.crop == "kb"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: own.yaml", "build on each other"),
        ("extends: publishd", "neither a shipped recipe nor a YAML file beside it"),
        ("extends: nowhere.yaml", "neither a shipped recipe nor a YAML file beside it"),
        ("cases: {optim: {steps: 3}}", "asks for None"),
        ("cases: [3]", "asks for None"),
        ("cases: [{when: {methd: tiekd}}]", "asks for {'methd': 'tiekd'}"),
        ("cases: [{optim: {steps: 3}}]", "asks for None"),
    ],
)
def test_a_wrong_composition_is_told(tmp_path, text, said):
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        load_recipe(str(tmp_path / "own.yaml"))
    assert caught.value.hint


def test_rows_that_no_recipe_trains_match_none():
    assert recipes_of("tiekd_mobilenetv2.adabins_sintel") == []
    assert recipes_of("midas_large.kitti") == []
    assert [path.stem for path, _ in recipes_of("tiekd_efficientnet_lite0.bts_nyu")] == ["published"]
