"""What can be known before a run: its cost, its faults, its whole recipe."""

from __future__ import annotations

import json
import shutil
import signal

import pytest
import torch
from training_kit import TINY_STUDENT, rows, run
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.data.dataset import ViewKey
from tiekd.errors import ConfigError, DataError, UnavailableError
from tiekd.recipe import load_recipe
from tiekd.training.datamodule import open_data
from tiekd.training.dry_run import dry_run
from tiekd.training.network import build_network
from tiekd.training.step import DistillTask

ROW = "baseline_mobilenetv2.demo"


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_dry_run_tells_the_cost_and_writes_nothing(tiny_recipe, tiny_world, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = shutil.copytree(tiny_world, tmp_path / "world")
    before = files(tmp_path)
    recipe = tiny_recipe(
        ROW, data__source=f"kitti:{root}", data__cache=True, optim__steps=60, optim__coarse_share=0.5,
        optim__batch_size=4, optim__accumulate=2, run__val_every=20,
    )  # fmt: skip
    cost = dry_run(recipe, tmp_path / "run")
    assert files(tmp_path) == before
    network = build_network(recipe, train_focal_px=60.0)
    assert cost.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert (cost.frames, cost.val_frames, cost.steps, cost.epochs) == (6, 2, 60, 40.0)
    assert min(cost.step_ms, cost.load_ms, cost.val_frame_ms) > 0
    step_ms = cost.step_ms + 4 * cost.load_ms
    hours = (step_ms * (60 - 0.75 * 30) + 3 * 2 * (cost.val_frame_ms + cost.load_ms)) / 3.6e6
    assert cost.hours == pytest.approx(hours, abs=1e-3)
    assert cost.peak_memory_mb > 50


def test_a_dry_run_computes_with_the_threads_of_the_run(tiny_recipe, monkeypatch):
    told = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    dry_run(tiny_recipe(ROW, run__threads=3))
    assert told == [3]


def test_a_dry_run_finds_the_faults_that_a_run_would(tiny_recipe, tmp_path):
    with pytest.raises(ConfigError, match="learns from teacher labels"):
        dry_run(tiny_recipe("tiekd_mobilenetv2.demo"))
    with pytest.raises(DataError, match="No split file"):
        dry_run(tiny_recipe(ROW, data__train_split="nowhere.txt"))
    (tmp_path / "best.safetensors").write_text("")
    with pytest.raises(ConfigError, match="already holds a run"):
        dry_run(tiny_recipe(ROW), tmp_path)


def test_a_dry_run_ends_at_once_when_it_is_told_to(tiny_recipe, monkeypatch):
    step, heard, before = DistillTask.training_step, [], signal.getsignal(signal.SIGTERM)

    def listening(self, batch, batch_idx):
        heard.append(signal.getsignal(signal.SIGTERM))
        return step(self, batch, batch_idx)

    monkeypatch.setattr(DistillTask, "training_step", listening)
    dry_run(tiny_recipe(ROW))
    assert set(heard) == {signal.SIG_DFL}
    assert signal.getsignal(signal.SIGTERM) is before


def test_weights_and_biases_is_asked_for_before_any_work(tiny_recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("tiekd.training.pictures.find_spec", lambda name: None)
    recipe = tiny_recipe(ROW, run__wandb="depth", data__source=None)
    for start in (lambda: dry_run(recipe), lambda: run(recipe, tmp_path / "run")):
        with pytest.raises(UnavailableError, match=r"run\.wandb=depth needs the package wandb"):
            start()


def test_overfitting_repeats_a_few_frames_as_they_are(tiny_recipe):
    data = open_data(tiny_recipe(ROW, data__overfit=2, photo={"noise": 20}, view__flip=0.5))
    assert data.n_frames == 2
    frames = {key.frame for key in data.train.stream}
    assert frames <= {0, 1}
    first, later = (data.train.dataset[ViewKey(epoch, 1)] for epoch in (0, 7))
    assert torch.equal(first.image, later.image)


def tiekd(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def test_the_command_line_of_all_this(tiny_world, tmp_path):
    overrides = [word for k, v in TINY_STUDENT.items() for word in ("-o", f"{k}={json.dumps(v)}")]
    words = ("train", ROW, "--data", f"kitti:{tiny_world}", *overrides, "--seed", "5", "--overfit", "1")
    config = tmp_path / "printed.yaml"
    config.write_text(tiekd(*words, "--print-config").stdout)
    recipe = load_recipe(str(config))
    assert (recipe.run.seed, recipe.data.overfit, recipe.name) == (5, 1, ROW)
    assert tiekd("train", config, "--print-config").stdout == config.read_text()
    said = tiekd(*words, "--dry-run", "--json", tmp_path / "cost.json").stdout
    assert f"{ROW}: densedepth_test_resnet" in said
    assert "learns from ground truth by 1 silog_loss" in said
    assert "between steps (data.workers=0)" in said
    assert "1 frames, 2 steps of 2: 4 epochs; 2 validation frames every 2 steps" in said
    assert json.loads((tmp_path / "cost.json").read_text())["steps"] == 2
    assert "Say --out DIR" in tiekd(*words, code=2).output
    assert "Nothing to train is named" in tiekd("train", "--out", tmp_path / "run", code=2).output
    assert not (tmp_path / "run").exists()
    tiekd("train", config, "--out", tmp_path / "run")
    assert rows(tmp_path / "run")


def test_the_dry_run_of_a_dpm_names_its_target(tiny_world, tiny_labels):
    values = TINY_STUDENT | {"loss.target": "gaussian", "loss.sigma_m": 0.7}
    overrides = [word for k, v in values.items() for word in ("-o", f"{k}={json.dumps(v)}")]
    said = tiekd(
        "train", "tiekd_mobilenetv2.demo", "--data", f"kitti:{tiny_world}", "--labels", tiny_labels,
        *overrides, "--dry-run",
    ).stdout  # fmt: skip
    assert "by 1 dpm_loss + 9 depth_loss, gaussian target of 0.7 m" in said


def test_a_forced_dry_run_names_the_teacher_of_the_labels(tiny_world, tiny_labels, tmp_path):
    labels = shutil.copytree(tiny_labels, tmp_path / "labels")
    sidecar = json.loads((labels / "labels.json").read_text()) | {"teacher": "bts_resnet50.kitti"}
    (labels / "labels.json").write_text(json.dumps(sidecar))
    overrides = [word for k, v in TINY_STUDENT.items() for word in ("-o", f"{k}={json.dumps(v)}")]
    said = tiekd(
        "train", "tiekd_mobilenetv2.demo", "--data", f"kitti:{tiny_world}", "--labels", labels, *overrides,
        "--dry-run", "--force",
    ).stdout  # fmt: skip
    assert "learns from labels of bts_resnet50.kitti by" in said
