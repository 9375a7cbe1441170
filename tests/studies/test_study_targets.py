"""`make study STUDY=targets`: runs that differ in their target and seed only, and a table by range."""

from __future__ import annotations

import json
from pathlib import Path

from studies import demo, targets
from tiekd.recipe import load_recipe
from tiekd.targets import TARGETS

RESULTS = Path(targets.__file__).parents[1] / "benchmarks" / "results" / "targets"
METHODS = list(targets.ROWS)


def test_the_runs_differ_in_method_target_and_seed_only():
    runs = targets.target_runs(30)
    assert len({run.name for run in runs}) == len(runs) == len(METHODS) * len(TARGETS) * 3
    assert len({run.method for run in runs}) == len(METHODS) * len(TARGETS)
    recipes = [load_recipe(run.row, values=run.changed) for run in runs]
    for recipe in recipes:
        assert recipe.network.start_from == targets.START
        assert recipe.optim.steps == recipe.val_every == 30
        assert recipe.loss.sigma_m == 0.5
    alike = [
        recipe.model_dump(exclude={"name": True, "method": True, "loss": {"target"}, "run": {"seed"}})
        for recipe in recipes
    ]
    assert all(one == alike[0] for one in alike)
    told = {(recipe.method, recipe.loss.target, recipe.run.seed) for recipe in recipes}
    assert told == {(m, t, s) for m in ("tiekd", "tiekd_dpm") for t in TARGETS for s in (1, 2, 3)}


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
    result_file(tmp_path, f"{row}.gaussian", 1, 0.8)
    header, rule, *rows = targets.summary(tmp_path).splitlines()
    assert header == "| method | target | seeds | AbsRel | δ1 | δ1, 0–6 m | δ1, 6–12 m |"
    assert rule.count("|") == header.count("|")
    assert rows[0] == (
        f"| {METHODS[0]} | published | 2 | 0.100 ± 0.000 | 0.600 ± 0.141 | 0.600 ± 0.141 | 0.660 ± 0.141 |"
    )
    assert rows[1] == f"| {METHODS[0]} | gaussian | 1 | 0.100 | 0.800 | 0.800 | 0.860 |"
    assert len(rows) == 2, "a method without a run has no line"


def test_the_document_shows_what_was_evaluated():
    document = (RESULTS.parents[2] / "docs" / "study.md").read_text(encoding="utf-8")
    assert targets.summary(RESULTS) in document
