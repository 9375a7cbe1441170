"""Whether labels are of the teacher that a recipe names, and what a run then says about its teacher."""

import json
import shutil

import pytest
import yaml
from training_kit import run
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.errors import ConfigError
from tiekd.estimators.labels import LabelInfo
from tiekd.models.registry import load
from tiekd.training.teacher import is_taught_by

ROW = "tiekd_mobilenetv2.demo"


def made_by(teacher, architecture=None):
    return LabelInfo(
        teacher=teacher, teacher_sha256="", max_depth_m=80, crop="none", teacher_architecture=architecture
    )


@pytest.mark.parametrize(
    ("teacher", "architecture", "expected"),
    [
        ("bts_resnet50.kitti", None, True),
        ("bts_resnet50.kitti", "bts_resnet50", True),
        ("my fine-tuned one", "bts_resnet50", True),
        ("adabins_efficientnet_b5.kitti", None, False),
        ("bts_like.own", "adabins_tf_efficientnet_lite0", False),
        # A student of BTS as a teacher is not BTS.
        ("tiekd_mobilenetv2.bts_kitti", None, False),
        ("tiekd_mobilenetv2.bts_kitti", "densedepth_dpm_mobilenetv2", False),
        ("labels:gt_kd_bts,scale=819.1875", None, True),
        ("labels:gt_kd_adabins,scale=819.1875", None, False),
        ("labels:kd,scale=256", None, None),
        ("teacher_resnet50.own", None, None),
        ("", None, None),
        ("hf:owner/depth-model", None, False),
        ("onnx:bts.v2.onnx,normalise=unit", None, True),
        ("onnx:net.onnx", None, False),
    ],
)
def test_the_network_or_the_name_tells_whose_labels_they_are(teacher, architecture, expected):
    assert is_taught_by(made_by(teacher, architecture), "bts") is expected


def test_a_teacher_that_is_no_network_of_ours_is_known_by_its_name():
    assert is_taught_by(made_by("hf:owner/zoedepth-nyu"), "zoedepth") is True
    assert is_taught_by(made_by("x", "bts_resnet50"), "zoedepth") is False


@pytest.fixture
def labels_of(tiny_labels, tmp_path):
    """The tiny labels as if another teacher had made them: the folder."""

    def make(teacher):
        folder = shutil.copytree(tiny_labels, tmp_path / f"labels{len(list(tmp_path.iterdir()))}")
        sidecar = json.loads((folder / "labels.json").read_text())
        sidecar |= {"teacher": teacher, "teacher_sha256": "ab" * 32}
        (folder / "labels.json").write_text(json.dumps(sidecar))
        return str(folder)

    return make


def test_labels_of_another_teacher_are_refused_until_they_are_forced(tiny_recipe, labels_of, tmp_path):
    settings = {"data__labels": labels_of("bts_resnet50.kitti"), "optim__steps": 1}
    with pytest.raises(
        ConfigError, match=rf"{ROW} has the teacher adabins, .* by bts_resnet50\.kitti"
    ) as caught:
        run(tiny_recipe(ROW, **settings), tmp_path / "refused")
    assert "--force" in caught.value.hint
    run(tiny_recipe(ROW, **settings, data__any_teacher=True), tmp_path / "forced")
    card = load(tmp_path / "forced" / "best.safetensors").card
    assert (card.teacher, card.taught_by.name, card.taught_by.sha256) == (
        "bts_resnet50.kitti", "bts_resnet50.kitti", "ab" * 32,
    )  # fmt: skip
    told = json.loads((tmp_path / "forced" / "data.json").read_text())
    assert told["teacher"] == {"name": "bts_resnet50.kitti", "sha256": "ab" * 32}
    again = tiny_recipe(ROW, **settings, data__any_teacher=True)
    assert run(again, tmp_path / "forced", resume=True).finished


def test_force_is_a_setting_of_the_recipe_as_it_ran():
    for words, expected in ((["--force"], True), ([], False)):
        done = CliRunner().invoke(app, ["train", ROW, "--print-config", *words])
        assert yaml.safe_load(done.stdout)["data"]["any_teacher"] is expected


@pytest.mark.parametrize(
    ("maker", "named"),
    [("adabins_tf_efficientnet_lite0.demo", "adabins"), ("labels:kd,scale=256", "adabins")],
)
def test_the_card_names_the_teacher_of_the_row_where_it_is_that_or_may_be(
    tiny_recipe, labels_of, tmp_path, maker, named
):
    run(tiny_recipe(ROW, data__labels=labels_of(maker), optim__steps=1), tmp_path / "run")
    card = load(tmp_path / "run" / "best.safetensors").card
    assert (card.teacher, card.taught_by.name) == (named, maker)


def test_a_recipe_without_a_teacher_takes_any_and_names_it(tiny_recipe, labels_of, tmp_path):
    recipe = tiny_recipe(ROW, data__labels=labels_of("hf:owner/net"), teacher=None, optim__steps=1)
    run(recipe, tmp_path / "run")
    assert load(tmp_path / "run" / "best.safetensors").card.teacher == "hf:owner/net"
    run(tiny_recipe("baseline_mobilenetv2.demo", optim__steps=1), tmp_path / "baseline")
    card = load(tmp_path / "baseline" / "best.safetensors").card
    assert (card.teacher, card.taught_by) == (None, None)
    assert json.loads((tmp_path / "baseline" / "data.json").read_text())["teacher"] is None
