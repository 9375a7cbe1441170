"""No number that a person can state is taken without a range: recipes, cards, teachers, settings, options."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
import typer
from pydantic import BaseModel, ValidationError
from typer.testing import CliRunner

from server.settings import Settings
from tiekd.card import ModelCard
from tiekd.cli.main import app
from tiekd.data.settings import PhotoSettings, ViewSettings
from tiekd.data.truth import StoredAs
from tiekd.errors import ConfigError
from tiekd.estimators.base import Conversion
from tiekd.estimators.labels.sidecar import LabelInfo
from tiekd.estimators.onnx import OnnxOptions
from tiekd.estimators.stored import StoredScale
from tiekd.limits import MOST_PROCESSES, MOST_THREADS
from tiekd.recipe import load_recipe
from tiekd.recipe.settings import DataSettings, LossSettings, NetworkSettings, OptimSettings, RunSettings

NOT_NUMBERS = [float("nan"), float("inf"), float("-inf")]
MODELS = [
    DataSettings, LossSettings, NetworkSettings, OptimSettings, RunSettings, ViewSettings, PhotoSettings,
    ModelCard, Conversion, OnnxOptions, StoredScale, LabelInfo, StoredAs, Settings,
]  # fmt: skip


OUTSIDE = r"is not in the range|should be (less|greater) than or equal to"
"""typer says it in one way or the other."""


def faulty(model: type[BaseModel], values: dict[str, Any]) -> set[str]:
    try:
        model.model_validate(values)
    except ValidationError as error:
        return {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
    return set()


def floats_of(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if "float" in str(field.annotation)]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_a_model_takes_finite_numbers_only(model, value):
    names = floats_of(model)
    shapes = {"weights": {"dpm_loss": value}, "betas": (value, 0.9), "zoom": (value, 1.0)}
    given = {name: shapes.get(name, value) for name in names}
    assert set(names) - faulty(model, given) == set()


@pytest.mark.parametrize(
    "override",
    [
        "run.threads=0", "run.threads=10000", "data.workers=-1", "data.workers=10000", "optim.lr=-1",
        "optim.lr=.inf", "optim.steps=0", "optim.steps=-5", "optim.batch_size=0", "data.max_depth_m=0",
        "data.max_depth_m=-80", "data.max_depth_m=1e30", "network.n_bins=1", "network.n_bins=1000000000",
        "run.seed=-1", "data.train_focal_px=1e300", "loss.sigma_m=-1", "loss.sigma_m=1e-9",
        "loss.sigma_m=.nan", "optim.grad_clip=.inf", "optim.betas=[.nan,0.9]", "view.zoom=[.nan,1.0]",
        "loss.weights={dpm_loss: .inf}", "network.options={dropout: .nan}",
    ],
)  # fmt: skip
def test_a_recipe_refuses_what_cannot_be(override):
    with pytest.raises(ConfigError) as caught:
        load_recipe("tiekd_mobilenetv2.demo", overrides=[override])
    key = override.partition("=")[0]
    assert key.rpartition(".")[2] in str(caught.value) or "dropout" in str(caught.value)


def test_a_loss_needs_a_part_and_a_weight_of_zero_switches_one_off():
    def weights(given):
        return dict(load_recipe("tiekd_mobilenetv2.demo", overrides=[f"loss.weights={given}"]).weights)

    assert weights("{dpm_loss: 1, depth_loss: 0}") == {"dpm_loss": 1}
    assert weights("{dpm_loss: 0, depth_loss: 2}") == {"depth_loss": 2}
    assert weights("null") == {"dpm_loss": 1, "depth_loss": 9}
    for empty in ("{}", "{dpm_loss: 0}", "{dpm_loss: 0, depth_loss: 0.0}"):
        with pytest.raises(ConfigError, match="leave no part of the loss"):
            weights(empty)


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    for below in command.list_commands(typer.Context(command)):
        yield from commands(command.get_command(typer.Context(command), below), f"{name} {below}".strip())


def number_of(command: Any, option: Any) -> type | None:
    """int or float, if that is what an option takes."""
    said = get_type_hints(command.callback)[option.name]
    return next((kind for kind in (int, float) if kind in (said, *get_args(said))), None)


CHECKED_BELOW = {"keep_bits"}
"""Options whose range belongs to what they call, see `test_gallery_build_refuses_what_can_not_be_meant`."""
OPTIONS = [
    (f"{name} {option.opts[0]}", command, option)
    for name, command in commands(typer.main.get_command(app), "")
    for option in command.params
    if number_of(command, option) and option.name not in CHECKED_BELOW
]


@pytest.mark.parametrize(("name", "command", "option"), OPTIONS, ids=[one[0] for one in OPTIONS])
def test_a_numeric_option_has_a_range(name, command, option):
    whole = number_of(command, option) is int
    wrong = ["-1", "100000000000000"] if whole else ["nan", "inf", "-inf", "-1", "1e30"]
    if option.name in ("threads", "workers"):
        wrong.append(str(max(MOST_PROCESSES, MOST_THREADS) + 1))
    for value in wrong:
        *words, flag = name.split()
        done = CliRunner().invoke(app, [*words, f"{flag}={value}"])
        assert done.exit_code == 2, value
        assert re.search(OUTSIDE, " ".join(done.output.replace("│", " ").split())), (value, done.output)


def test_there_are_options_of_both_kinds():
    assert len(OPTIONS) >= 18
    assert {number_of(command, option) for _, command, option in OPTIONS} == {int, float}


def test_a_wrong_number_names_the_range_and_starts_nothing(tmp_path):
    told = ["train", "tiekd_mobilenetv2.demo", "--out", str(tmp_path / "run")]
    for words, said in (
        (["--threads", "10000"], "256"),
        (["--seed", "-3"], "0"),
        (["-o", "run.threads=10000"], "less than or equal to 256"),
        (["-o", "loss.sigma_m=.nan"], "loss.sigma_m"),
    ):
        done = CliRunner().invoke(app, [*told, *words])
        assert done.exit_code == 2
        assert said in done.output
    assert not (tmp_path / "run").exists()
    shown = CliRunner().invoke(app, ["train", "own_student", "--print-config", "--json", "-"])
    assert json.loads(shown.output)["run"]["threads"] is None


@pytest.mark.parametrize(
    "override",
    [
        "data.max_depth_m=true", "loss.sigma_m=yes", "optim.steps=on", "optim.betas=[true,0.9]",
        "loss.weights={dpm_loss: true}", "data.shrink=true", "data.trim_px=[0,0,0,false]", "run.seed=false",
        "view.flip=true", "photo.gain=false", "view.size=[true,416]", "network.train_fx_px=true",
        "network.options={bottleneck_channels: true}",
    ],
)  # fmt: skip
def test_true_and_false_are_no_numbers(override: str) -> None:
    with pytest.raises(ConfigError, match="a number is needed here, not true or false"):
        load_recipe("own_student", overrides=[override])


def test_true_and_false_stay_what_they_are_where_they_belong() -> None:
    recipe = load_recipe("own_student", overrides=["data.cache=false", "network.channels_last=true"])
    assert (recipe.data.cache, recipe.network.channels_last) == (False, True)
    assert LabelInfo(
        teacher="t", teacher_sha256="", max_depth_m=80, crop="none", clamp=True, flip_tta=True
    ).clamp


@pytest.mark.parametrize(("model", "field"), [(ModelCard, "max_depth_m"), (LabelInfo, "fx_px")])
def test_true_is_no_number_in_a_stored_file(model: type[BaseModel], field: str) -> None:
    with pytest.raises(ValidationError, match="a number is needed here"):
        model.model_validate({field: True})


def test_no_view_has_a_million_pixels_a_side() -> None:
    with pytest.raises(ConfigError, match="1 fault"):
        load_recipe("own_student", overrides=["view.size=[1000000,1000000]"])
