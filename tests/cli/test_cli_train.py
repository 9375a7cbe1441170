"""`tiekd train` where something that it needs is missing."""

from __future__ import annotations

import importlib.util

import pytest
from typer.testing import CliRunner

from tiekd.cli.main import app


@pytest.mark.parametrize(
    ("absent", "said"),
    [
        (["pytorch_lightning"], "Training needs pytorch-lightning, which is not installed."),
        (["tensorboard"], "Training needs tensorboard, which is not installed."),
        (["pytorch_lightning", "tensorboard"], "Training needs pytorch-lightning and tensorboard, which are"),
    ],
)
@pytest.mark.parametrize("words", [["--out", "run"], ["--dry-run"], ["--replay", "failed-step1.safetensors"]])
def test_training_without_its_extra_is_one_sentence_that_names_it(monkeypatch, tmp_path, absent, said, words):
    found = importlib.util.find_spec
    monkeypatch.setattr("tiekd.cli.train.find_spec", lambda name: None if name in absent else found(name))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["train", "tiekd_mobilenetv2.demo", *words])
    assert done.exit_code == 2
    assert said in done.output
    assert "pip install 'tiekd[train]'" in done.output
    # What needs no training goes on.
    shown = CliRunner().invoke(app, ["train", "tiekd_mobilenetv2.demo", "--print-config"])
    assert shown.exit_code == 0
