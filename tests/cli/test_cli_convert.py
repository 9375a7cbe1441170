"""`tiekd convert` from the shell's side: what it prints, writes and refuses."""

from __future__ import annotations

import json

import pytest
import reference_kit as kit
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.files import sha256_of

ROW = "tiekd_mobilenetv2.bts_kitti"


def tiekd(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    return kit.use_zoo(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return kit.save_checkpoint(tmp_path_factory.mktemp("checkpoint") / "epoch_24.pth", kit.weights())


def test_a_converted_row_is_available_and_predicts(checkpoint, home):
    assert tiekd("models", "--available").stdout == "No model matches.\n"
    done = tiekd("convert", checkpoint, "--to", ROW, "--json", "-")
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["written"] == str(home / f"{ROW}.safetensors")
    assert result["sha256"] == sha256_of(home / f"{ROW}.safetensors")
    (row,) = json.loads(tiekd("models", "--available", "--json", "-").stdout)["models"]
    assert (row["name"], row["weights"]) == (ROW, result["written"])

    import numpy as np

    from tiekd.runtime.predictor import Predictor

    answer = Predictor(ROW, device="cpu")(np.full((40, 64, 3), 90, np.uint8))
    assert answer.depth_m.shape == (40, 64)
    assert answer.model == ROW


def test_without_a_row_those_that_fit_are_listed(checkpoint, home):
    done = tiekd("convert", checkpoint)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "densedepth_dpm_mobilenetv2 with 257 bins" in lines[0]
    assert [line.strip() for line in lines[1:4]] == [
        f"tiekd_mobilenetv2.{teacher}_kitti" for teacher in ("adabins", "bts", "depthformer")
    ]
    assert lines[-1].endswith("--to tiekd_mobilenetv2.adabins_kitti")
    assert not home.exists()


def test_the_only_row_that_fits_is_taken(tmp_path, home):
    path = kit.save_checkpoint(tmp_path / "nyu.pth", kit.weights(49), meta={})
    done = tiekd("convert", path, "-o", tmp_path / "mine.safetensors")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"tiekd_mobilenetv2.bts_nyu -> {tmp_path / 'mine.safetensors'}\n")
    assert not home.exists()


def test_faults_are_one_line_and_all_of_them_as_json(tmp_path, checkpoint, home):
    weights = kit.weights()
    first, second, *_ = weights
    del weights[first], weights[second]
    path = kit.save_checkpoint(tmp_path / "cut.pth", weights)
    report = tmp_path / "faults.json"
    done = tiekd("convert", path, "--to", ROW, "--json", report)
    assert done.exit_code == 2
    line, hint = done.stderr.splitlines()
    assert line == f"{path} doesn't fit {ROW}, 2 missing: missing {first}; missing {second}."
    assert hint.startswith("It fits no published row")
    result = json.loads(report.read_text())
    assert (result["written"], result["missing"], result["misshapen"]) == (None, [first, second], [])
    done = tiekd("convert", checkpoint, "--to", "tiekd_mobilenetv2.bts_nyu", "--json", report)
    assert done.exit_code == 2
    assert json.loads(report.read_text())["misshapen"][0]["found"] == [257, 8, 1, 1]
    assert not home.exists()
