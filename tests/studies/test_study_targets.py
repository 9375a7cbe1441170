"""`make study STUDY=targets`: runs that differ in their target and seed only, and a table by range."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from studies import bias, demo, targets
from tiekd.bins import DepthBins, bin_centers, expectation, target_dpm
from tiekd.recipe import load_recipe
from tiekd.types import DepthRange

RESULTS = Path(targets.__file__).parents[1] / "benchmarks" / "results" / "targets"
METHODS = list(targets.ROWS)


def test_the_runs_differ_in_method_target_sigma_and_seed_only():
    runs = targets.target_runs(30)
    assert len({run.name for run in runs}) == len(runs) == len(METHODS) * len(targets.ARMS) * 3
    assert len({run.method for run in runs}) == len(METHODS) * len(targets.ARMS)
    recipes = [load_recipe(run.row, values=run.changed) for run in runs]
    for recipe in recipes:
        assert recipe.network.start_from == targets.START
        assert recipe.optim.steps == recipe.val_every == 30
    alike = [
        recipe.model_dump(
            exclude={"name": True, "method": True, "loss": {"target", "sigma_m"}, "run": {"seed"}}
        )
        for recipe in recipes
    ]
    assert all(one == alike[0] for one in alike)
    told = {(recipe.method, recipe.loss.target, recipe.loss.sigma_m, recipe.run.seed) for recipe in recipes}
    arms = (("published", 0.5), ("gaussian", 0.5), ("gaussian", 2.3))
    assert told == {(m, *arm, seed) for m in ("tiekd", "tiekd_dpm") for arm in arms for seed in (1, 2, 3)}


def test_the_wide_gaussian_spreads_like_the_published_target():
    recipe = load_recipe(targets.ROWS["TIE-KD"])
    span = DepthRange(recipe.data.min_depth_m, recipe.data.max_depth_m)
    edges = DepthBins(recipe.n_bins, span).edges(dtype=torch.float64)
    centers = bin_centers(edges).view(1, -1, 1, 1)
    depth = torch.linspace(35, 45, 201, dtype=torch.float64).view(1, 1, 1, -1)  # far from both ends

    def spread_m(arm):
        dpm = target_dpm(depth, edges, sigma_m=arm.sigma_m, target=arm.target)
        return float((dpm * (centers - expectation(dpm, edges)) ** 2).sum(1).sqrt().mean())

    published, wide = targets.ARMS["published"], targets.ARMS["gaussian_2.3m"]
    assert spread_m(published) == pytest.approx(wide.sigma_m, abs=0.05)
    assert spread_m(wide) == pytest.approx(spread_m(published), rel=0.03)
    assert spread_m(published) > 4 * spread_m(targets.ARMS["gaussian"])


def test_its_world_and_runs_go_on_where_they_stopped(tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(demo, "fit", lambda recipe, out, resume: asked.update({out.name: (recipe, resume)}))
    plan = demo.DemoPlan(
        world=tmp_path / "world", runs=tmp_path / "runs", models=tmp_path, frames=20, seed=1, workers=1,
        threads=None, teacher_weights="", student_weights="",
    )  # fmt: skip
    runs = targets.target_runs(30)
    targets.train(plan, runs)
    assert set(asked) == {run.name for run in runs}
    for recipe, resume in asked.values():
        assert (resume, recipe.data.labels) == (True, str(plan.labels))
        assert recipe.network.encoder_weights is None


def result_file(folder, name, seed, delta1):
    bands = [
        {"from_m": low, "to_m": high, "delta1": delta1 + low / 100} for low, high in ((0.0, 6.0), (6.0, 12.0))
    ]
    document = {
        "subject": {"name": name}, "protocol": "p", "fingerprint": "f", "n_images": 1,
        "metrics": {"abs_rel": 0.1, "delta1": delta1}, "by_range": bands,
    }  # fmt: skip
    (folder / f"{name}.seed{seed}.json").write_text(json.dumps(document))


def test_the_table_averages_seeds_by_range(tmp_path):
    row = targets.ROWS[METHODS[0]]
    result_file(tmp_path, f"{row}.published", 1, 0.5)
    result_file(tmp_path, f"{row}.published", 2, 0.7)
    result_file(tmp_path, f"{row}.gaussian_2.3m", 1, 0.8)
    header, rule, *rows = targets.summary(tmp_path).splitlines()
    assert header == "| method | target | sigma | seeds | AbsRel | δ1 | δ1, 0–6 m | δ1, 6–12 m |"
    assert rule.count("|") == header.count("|")
    assert rows[0].startswith(f"| {METHODS[0]} | published | 0.5 m | 2 | 0.100 ± 0.000 | 0.600 ± 0.141 |")
    assert rows[0].endswith("| 0.600 ± 0.141 | 0.660 ± 0.141 |")
    assert rows[1] == f"| {METHODS[0]} | gaussian | 2.3 m | 1 | 0.100 | 0.800 | 0.800 | 0.860 |"
    assert len(rows) == 2, "a method without a run has no line"


def test_the_document_shows_what_was_evaluated():
    document = (RESULTS.parents[2] / "docs" / "study.md").read_text(encoding="utf-8")
    assert targets.summary(RESULTS) in document
    mean_m = [
        f"{bias.Case('KITTI', bias.KITTI, arm.target, arm.sigma_m).mean_m([2.0])[0]:.2f} m"
        for arm in (targets.ARMS[name] for name in ("gaussian_2.3m", "published", "gaussian"))
    ]
    told = "the target of 2 m has a mean of {}, the published one of {}, the narrow Gaussian of {}."
    assert told.format(*mean_m) in " ".join(document.split())
