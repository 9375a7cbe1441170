"""A student of a folder of photos: for which focal length it is metric, as far as anybody has said."""

import json

import numpy as np
import pytest
from label_kit import RampTeacher
from PIL import Image
from training_kit import run
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.data.frames import list_frames, open_source, with_focal
from tiekd.estimators.labels import LabelInfo, write_labels
from tiekd.models.registry import load
from tiekd.recipe import load_recipe
from tiekd.training.datamodule import open_data
from tiekd.training.network import build_network


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Four photos of 160x120 pixels, of which nobody has said the focal length."""
    folder = tmp_path_factory.mktemp("own") / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(4):
        pixels = rng.integers(0, 255, (120, 160, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def recipe(tiny_models, photos, tmp_path):
    """Makes a recipe for labels with the fields `stated`: `recipe({"fx_px": 90}, "key=value")`."""

    def make(stated, *overrides):
        source = open_source(f"folder:{photos}")
        frames = list_frames(source, None)
        info = LabelInfo(
            teacher="ramp", teacher_sha256="0" * 64, max_depth_m=64, crop="none", max_pixels=4800, **stated
        )
        labels = tmp_path / f"labels{len(list(tmp_path.iterdir()))}"
        write_labels(RampTeacher(), with_focal(source, frames, info.fx_px), frames, labels, info)
        values = {
            "network.start_from": str(tiny_models["tiny_dpm"]), "data.source": f"folder:{photos}",
            "data.labels": str(labels), "data.max_pixels": 4800, "data.hold_out_every": 2,
            "data.cache": False, "data.workers": 0, "view.size": [64, 64], "optim.steps": 1,
            "run.val_every": 1,
        }  # fmt: skip
        return load_recipe("own_student", values=values, overrides=overrides)

    return make


def stamped(recipe):
    """What a run of the recipe states in data.json and in its card."""
    data = open_data(recipe)
    told = data.summary()["train_fx_px"]
    assert build_network(recipe, train_focal_px=data.train_focal_px).card.train_fx_px == told
    return told


def test_a_focal_length_that_nobody_stated_stays_unknown(recipe):
    assert load_recipe("own_student").network.start_from == "tiekd_mobilenetv2.demo"
    assert stamped(recipe({})) is None


def test_a_stated_focal_length_is_that_of_the_pictures_as_they_are_seen(recipe):
    # Photos of 160x120 are scaled down to 80x60 (4,800 pixels).
    assert stamped(recipe({"fx_px": 90.0})) == pytest.approx(45.0)
    assert stamped(recipe({"fx_px": 90.0, "use_focal": True})) == pytest.approx(45.0)
    assert stamped(recipe({}, "network.train_fx_px=70")) == 70
    assert stamped(recipe({"fx_px": 90.0}, "network.train_fx_px=70")) == 70


def test_a_split_can_state_it(recipe, photos, tmp_path):
    split = tmp_path / "split.txt"
    split.write_text("".join(f"{number}.png None 100\n" for number in range(4)))
    assert stamped(recipe({}, f"data.train_split={split}")) == pytest.approx(50.0)


def test_the_file_of_a_run_refuses_fx_in_a_sentence_until_it_is_stated(recipe, photos, tmp_path):
    for name, overrides in (("unknown", ()), ("stated", ("network.train_fx_px=40",))):
        run(recipe({}, *overrides), tmp_path / name)
    assert json.loads((tmp_path / "unknown" / "data.json").read_text())["train_fx_px"] is None
    assert load(tmp_path / "unknown" / "best.safetensors").card.train_fx_px is None

    def predict(name, *words):
        out = ("--out", str(tmp_path / f"{name}{len(words)}"), "--format", "npy")
        model = str(tmp_path / name / "best.safetensors")
        done = CliRunner().invoke(app, ["predict", model, str(photos / "0.png"), *out, *words])
        file = tmp_path / f"{name}{len(words)}" / "0.npy"
        return done, np.load(file) if file.is_file() else None

    assert predict("unknown")[0].exit_code == 0
    done, answer = predict("unknown", "--fx", "80")
    assert (done.exit_code, answer) == (2, None)
    assert "doesn't say for which focal length it is metric" in done.stderr
    assert "tiekd label --fx" in done.stderr
    # The network sees the photo at 80x60, where the 160 pixels are 80: twice its own.
    np.testing.assert_allclose(predict("stated", "--fx", "160")[1], 2 * predict("stated")[1], rtol=1e-5)
