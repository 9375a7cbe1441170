"""The table of methods: its entries are whole, and a new entry needs no other edit."""

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.http.schemas import ModelEntry
from server.inference.residency import Resident
from tiekd.card import ModelCard
from tiekd.errors import ConfigError
from tiekd.evaluate import Subject
from tiekd.gallery.labels import method_label
from tiekd.gallery.shipped import MethodEntry
from tiekd.methods import FAMILIES, METHODS, PARTS, Method
from tiekd.models.families import NETWORKS
from tiekd.recipe import Recipe, load_recipe
from tiekd.report.collect import Result
from tiekd.report.table import tabulate

STYLES = (Path(__file__).resolve().parent.parent / "static" / "viewer" / "viewer.css").read_text()
NEW = Method("New-KD", "reskd", {"mse_loss": 1.0, "ssim_loss": 0.5}, "densedepth")


def card(method: str, **fields) -> ModelCard:
    given = {"name": "m", "architecture": "densedepth_resnet18", "encoder": "resnet18", "dataset": "kitti"}
    return ModelCard(**given, max_depth_m=80.0, method=method, **fields)


@pytest.fixture
def new(monkeypatch) -> Method:
    """One more entry in the table, and nothing else."""
    monkeypatch.setitem(METHODS, "newkd", NEW)
    return NEW


@pytest.mark.parametrize("name", METHODS)
def test_an_entry_is_whole(name) -> None:
    method = METHODS[name]
    assert re.fullmatch("[a-z0-9]+(_[a-z0-9]+)*", name), "recipes read names out of the names of rows"
    assert method.label
    assert [other for other in METHODS.values() if other.label == method.label] == [method]
    assert method.family in FAMILIES
    assert method.weights
    assert method.network in NETWORKS
    assert all(part in PARTS and weight > 0 for part, weight in method.weights.items())
    assert len({PARTS[part].of_truth for part in method.weights}) == 1, "a recipe reads truth or labels"
    assert method.role == "student" or not method.needs_labels


@pytest.mark.parametrize(
    "name", [name for name in METHODS if {"dpm_loss", "depth_loss"} & METHODS[name].weights.keys()]
)
@pytest.mark.parametrize(("dataset", "n_bins", "top_rows"), [("kitti", 257, 110), ("nyu", 49, 0)])
def test_parts_of_tie_kd_are_trained_on_the_published_bins_and_rows(name, dataset, n_bins, top_rows) -> None:
    assert METHODS[name].network == "densedepth_dpm", "the cases of published.yaml are for this network"
    recipe = load_recipe(f"{name}_mobilenetv2.bts_{dataset}")
    told = (recipe.network.n_bins, recipe.loss.top_crop_rows)
    assert told == (n_bins, top_rows), f"published.yaml must name {name} beside tiekd in its cases"


def test_who_teaches_and_who_is_to_be_beaten() -> None:
    assert [name for name, method in METHODS.items() if method.role == "teacher"] == ["teacher"]
    assert [name for name, method in METHODS.items() if method.is_baseline] == ["baseline"]


def test_every_family_has_a_colour_and_a_method() -> None:
    assert {method.family for method in METHODS.values()} == set(FAMILIES) - {"ground_truth", "other"}
    for family in FAMILIES:
        assert re.search(rf"--{family}: light-dark\(#\w+, #\w+\)", STYLES)
        assert re.search(rf'\[data-family="{family}"\] {{\s*--family: var\(--{family}\)', STYLES)


def test_a_new_entry_is_a_recipe(new) -> None:
    recipe = load_recipe("newkd_mobilenetv2.bts_kitti")
    assert (recipe.method, recipe.teacher, recipe.dataset) == ("newkd", "bts", "kitti")
    assert recipe.architecture == "densedepth_mobilenetv2"
    assert recipe.weights == new.weights
    assert recipe.needs_labels
    assert load_recipe("newkd_mobilenetv2.demo").method == "newkd"


def test_a_new_entry_is_known_to_cards_and_their_schema(new) -> None:
    assert card("newkd").role == "student"
    for model in (ModelCard, Recipe):
        assert model.model_json_schema()["properties"]["method"]["enum"] == list(METHODS)


def test_a_new_entry_has_label_and_colour_in_galleries_and_the_api(new) -> None:
    assert method_label(card("newkd", teacher="bts")) == "New-KD · BTS"
    described = ModelEntry.model_validate(Resident(card("newkd"), None).describe())
    assert (described.method, described.label, described.family) == ("newkd", "New-KD", "reskd")


def test_a_new_entry_has_a_place_in_reports(new) -> None:
    subjects = [("newkd", 0.2), ("baseline", 0.3), ("teacher", 0.1)]
    results = [result(method, abs_rel) for method, abs_rel in subjects]
    (table,) = tabulate(results)
    assert [row.method for row in table.rows] == ["teacher", "baseline", "newkd"]
    assert table.rows[-1].recovered["abs_rel"] == pytest.approx(0.5)


def result(method: str, abs_rel: float) -> Result:
    subject = Subject(name=method, method=method)
    return Result(
        subject=subject, protocol="frame", fingerprint="f", n_images=1, metrics={"abs_rel": abs_rel}
    )


def test_a_method_that_is_not_in_the_table_is_a_fault_that_names_near_ones() -> None:
    with pytest.raises(
        ValidationError, match=r"there is no such method \(did you mean reskd_ssim or reskd_si"
    ):
        card("reskd_sim")
    with pytest.raises(ConfigError, match=r"there is no such method \(there are teacher, baseline, .*'zzz'"):
        load_recipe("tiekd_mobilenetv2.demo", overrides=["method=zzz"])


def test_a_gallery_with_an_unknown_colour_is_refused() -> None:
    entry = {"id": "a", "label": "A", "family": "purple"}
    with pytest.raises(ValidationError, match=r"no such colour family \(there are ground_truth, teacher"):
        MethodEntry.model_validate_json(json.dumps(entry))
