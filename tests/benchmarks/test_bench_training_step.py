"""The benchmark of the training step runs, and both of its forms take the same step."""

import json

import bench_training_step as bench
import pytest
import torch
from training_kit import TINY_STUDENT

from tiekd.recipe import load_recipe


def tiny(row, **changes):
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    return load_recipe(row, values={**TINY_STUDENT, "data.train_focal_px": None, **dotted})


def weights(network):
    return torch.cat([parameter.detach().double().flatten() for parameter in network.parameters()])


def test_it_measures_a_student(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "make_recipe", lambda _student, _options: tiny(bench.ROWS["demo"]))
    report = tmp_path / "report.json"
    (row,) = bench.main(["demo", "--rounds", "2", "--json", str(report)])
    assert (row.student, row.batch, row.height, row.width) == ("demo", 2, 32, 48)
    assert row.speedup > 0
    assert min(row.seconds) > 0
    assert row.loss_difference < 1e-5
    assert row.gradient_difference < 1e-2  # rounding decides signs within SSIM, see docs/benchmarks.md
    assert [kept["speedup"] for kept in json.loads(report.read_text())] == [row.speedup]
    assert "| `demo` | 2 x 32x48 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "changes",
    [
        {"network__frozen_norms": "encoder"},
        {"loss__top_crop_rows": 24, "loss__sigma_m": 2.0, "optim__ema_decay": None},
    ],
)
def test_ours_is_the_step_line_by_line(changes):
    # In float64: rounding decides the sign of a covariance of nothing, which SSIM takes the magnitude of.
    recipe = tiny(bench.ROWS["demo"], **changes)
    theirs, ours = bench.both_forms(recipe)
    for form in (theirs, ours):
        form.network.double()
    ours.task.double()
    if theirs.averaged is not None:
        theirs.averaged.double()
    batch = bench.make_batch(recipe)
    batch.teacher_depth = batch.teacher_depth.double()
    start = weights(theirs.network)
    theirs.step(batch)
    ours.step(batch)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-9)
    our_slope, slope = (bench.gradient(form.network) for form in (ours, theirs))
    assert (our_slope - slope).norm() < 1e-6 * slope.norm()
    averages = (theirs.averaged, ours.task.averaged)
    models = averages if recipe.optim.ema_decay else (theirs.network, ours.network)
    moved, apart = weights(models[0]) - start, weights(models[1]) - weights(models[0])
    # AdamW takes slopes of nothing for the sign that they have.
    assert apart.norm() < 1e-3 * moved.norm()


def test_the_published_student_keeps_its_proportions():
    options = bench._parse(["published", "--size", "176x352"])
    recipe = bench.make_recipe("published", options)
    assert (recipe.loss.top_crop_rows, recipe.optim.batch_size, recipe.view.size) == (55, 2, (176, 352))
    whole = bench.make_recipe("published", bench._parse(["published", "--size", "352x704"]))
    assert whole.loss == load_recipe(bench.ROWS["published"]).loss
