"""`make study STUDY=bias` and `STUDY=optimum` write what docs/method.md §4.2 shows."""

from __future__ import annotations

import json

import pytest
import torch

from studies import bias, optimum
from tiekd.targets import TARGETS


def test_the_bias_is_drawn_and_printed(tmp_path, capsys):
    bias.run(out=tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").read_text() == bias.figure()
    printed = capsys.readouterr().out
    assert printed == bias.table() + "\n"
    assert "| 2 | 2.91 | 2.00 |" in printed


def test_the_optimum_of_l_dpm_is_the_mean_of_its_target():
    depth = torch.tensor([2.0, 40.0, 0.0]).view(1, 1, 1, 3)
    found = {target: optimum.optimum_of_dpm_loss(depth, target) for target in TARGETS}
    assert found["published"].abs_rel_near == pytest.approx(4.08 / 2 - 1, abs=0.005)
    assert found["published"].abs_rel == pytest.approx(found["published"].abs_rel_near / 2, rel=0.01)
    assert found["gaussian"].abs_rel_near == pytest.approx(2.01 / 2 - 1, abs=0.003)


def test_l_depth_pulls_tiekd_towards_the_label(tmp_path, monkeypatch):
    monkeypatch.setattr(optimum, "WORLD", optimum.WorldOptions(seed=22, width_px=64, height_px=32))
    file = tmp_path / "optimum.json"
    optimum.run(frames=1, steps="1,12", results=file)
    document = json.loads(file.read_text())
    errors = {(one["loss"], one["target"], one["steps"]): one["abs_rel"] for one in document["found"]}
    assert len(errors) == 6
    assert errors["TIE-KD", "published", 12] < errors["TIE-KD", "published", 1]
    assert errors["TIE-KD", "gaussian", 1] < errors["TIE-KD", "published", 1]
    assert errors["L_DPM alone", "gaussian", 0] < errors["L_DPM alone", "published", 0]
