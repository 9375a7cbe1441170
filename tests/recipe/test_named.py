"""What is left to be said on the command line is told at once, with the command that makes the labels."""

from __future__ import annotations

import pytest

from tiekd.errors import ConfigError
from tiekd.recipe import load_recipe
from tiekd.recipe.named import check_named
from tiekd.training.datamodule import open_data


@pytest.mark.parametrize(
    ("row", "message", "command"),
    [
        (
            "tiekd_mobilenetv2.bts_nyu",
            "names no data and no labels; the method tiekd learns from teacher labels",
            "`tiekd label bts_resnet50.nyu --data nyu:ROOT --split nyu_train.txt --out DIR`",
        ),
        (
            "tiekd_mobilenetv2.demo",
            "names no data and no labels",
            "--split train.txt --crop none --shrink 4 --use-focal",
        ),
        ("own_student", "no labels", "`tiekd label TEACHER --data folder:ROOT --crop none"),
        ("bts_resnet50.kitti", "names no data.", "Say --data kitti:ROOT."),
    ],
)
def test_data_and_labels_that_are_not_named(row, message, command):
    with pytest.raises(ConfigError) as caught:
        check_named(load_recipe(row))
    assert message in str(caught.value)
    assert command in caught.value.hint


def test_only_what_is_missing_is_told(tmp_path):
    row, said = "tiekd_resnet18.adabins_kitti", {"data.source": f"kitti:{tmp_path}"}
    with pytest.raises(ConfigError, match="names no labels") as caught:
        check_named(load_recipe(row, values=said))
    assert f"adabins_efficientnet_b5.kitti --data kitti:{tmp_path} --split" in caught.value.hint
    check_named(load_recipe(row, values={**said, "data.labels": "labels"}))


def test_a_recipe_for_the_other_published_data_set_is_refused(tiny_world):
    recipe = load_recipe("baseline_resnet18.nyu", values={"data.source": f"kitti:{tiny_world}"})
    with pytest.raises(ConfigError, match="The recipe is for nyu and the data is kitti") as caught:
        open_data(recipe)
    assert "-o dataset=kitti" in caught.value.hint
