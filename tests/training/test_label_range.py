"""The range and sigma that a run takes from its labels, and what a person says instead."""

from __future__ import annotations

import json

import pytest
import yaml
from label_kit import RampTeacher
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.data.frames import open_source, read_split
from tiekd.errors import ConfigError
from tiekd.estimators.labels import LabelInfo, write_labels
from tiekd.recipe import load_recipe
from tiekd.training.folder import _differences
from tiekd.training.labels import take_label_range


@pytest.fixture
def labels(tiny_world, tmp_path):
    """A folder of labels up to 20 m."""
    folder = tmp_path / "labels"
    source = open_source(f"kitti:{tiny_world}")
    info = LabelInfo(teacher="ramp", teacher_sha256="", max_depth_m=20, crop="none")
    write_labels(RampTeacher(0.3), source, read_split(tiny_world / "train.txt")[:1], folder, info)
    return folder


def used(labels, *overrides, recipe="own_student"):
    told = load_recipe(str(recipe), overrides=overrides, values={"data.labels": str(labels)})
    taken = take_label_range(told)
    # Once taken, nothing is taken again; a resumed run finds no difference.
    again = type(taken).model_validate(taken.model_dump())
    assert take_label_range(again) == again == taken
    assert list(_differences(taken.model_dump(mode="json"), again.model_dump(mode="json"))) == []
    return taken.data.max_depth_m, pytest.approx(taken.loss.sigma_m)


def test_what_nobody_states_comes_from_the_labels(labels):
    assert used(labels) == (20, 0.5 * 20 / 80)


def test_what_the_user_says_stands(labels, tmp_path):
    assert used(labels, "loss.sigma_m=0.3") == (20, 0.3)
    # The default sigma goes with the range that is used, whoever states it.
    assert used(labels, "data.max_depth_m=40") == (40, 0.25)
    assert used(labels, "data.max_depth_m=40", "loss.sigma_m=0.3") == (40, 0.3)
    # The default values, too, if a person says them.
    assert used(labels, "data.max_depth_m=80", "loss.sigma_m=0.5") == (80, 0.5)
    own = tmp_path / "own.yaml"
    own.write_text("extends: own_student\nloss: {sigma_m: 0.3}\n")
    assert used(labels, recipe=own) == (20, 0.3)
    own.write_text("extends: own_student\ndata: {max_depth_m: 40}\n")
    assert used(labels, "loss.sigma_m=0.3", recipe=own) == (40, 0.3)


def test_a_sigma_that_does_not_fit_the_labels_range_is_one_sentence(labels):
    with pytest.raises(ConfigError, match="sigma_m=30 does not fit") as caught:
        used(labels, "loss.sigma_m=30")
    assert "20 m" in caught.value.hint
    # It is not judged before the range is known.
    assert load_recipe("own_student", overrides=["loss.sigma_m=0.02"]).loss.sigma_m == 0.02


@pytest.mark.parametrize("stated", [[], ["-o", "loss.sigma_m=0.3"], ["-o", "data.max_depth_m=40"]])
def test_print_config_shows_what_will_be_used(labels, stated):
    told = ["train", "own_student", "--data", "folder:photos", "--labels", str(labels), *stated]
    shown = CliRunner().invoke(app, [*told, "--print-config"])
    document = yaml.safe_load(shown.output)
    assert (document["data"]["max_depth_m"], document["loss"]["sigma_m"]) == used(labels, *stated[1:])
    assert document["data"]["range_from_labels"] is False
    assert json.loads(CliRunner().invoke(app, [*told, "--print-config", "--json", "-"]).output) == document


def test_a_printed_recipe_still_takes_its_range_from_labels(labels, tmp_path):
    """What is printed before the labels are known does not state what they will decide."""
    printed = tmp_path / "own.yaml"
    printed.write_text(CliRunner().invoke(app, ["train", "own_student", "--print-config"]).output)
    assert used(labels, recipe=printed) == used(labels)
    stated = ["train", "own_student", "-o", "data.max_depth_m=40", "--print-config"]
    printed.write_text(CliRunner().invoke(app, stated).output)
    assert used(labels, recipe=printed) == (40, 0.25)
