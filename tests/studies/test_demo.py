"""`make demo`: the order of its stages, and what it puts into the zoo."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from studies import demo
from tiekd.errors import ConfigError
from tiekd.files import sha256_of
from tiekd.models.registry import create_model, load, save
from tiekd.recipe import load_recipe
from tiekd.zoo import parse_zoo, read_zoo

ZOO = Path(__file__).resolve().parents[2] / "models" / "zoo.yaml"


@pytest.fixture
def plan(tmp_path):
    return demo.DemoPlan(
        world=tmp_path / "world", runs=tmp_path / "runs", models=tmp_path / "models", frames=4, seed=0,
        workers=1, threads=1, teacher_weights="lite.whl", student_weights="mobile.whl",
    )  # fmt: skip


@pytest.fixture
def trained(plan):
    """A tiny baseline that says it had a teacher, where a run would have left it."""
    row = "baseline_mobilenetv2.demo"
    model = create_model("densedepth_test_resnet", output_stride=4, image_pool=2, dataset="demo")
    model.describe(name=row, method="baseline", teacher="adabins")
    plan.weights(row).parent.mkdir(parents=True)
    save(model, plan.weights(row))
    (plan.runs / row / "recipe.yaml").write_text("optim: {steps: 4}\n")
    (plan.runs / row / "metrics.csv").write_text("step,val_abs_rel\n2,0.3\n4,\n4,0.2\n")
    return row


def test_stages_run_in_order_whatever_order_is_asked(monkeypatch):
    called = []
    for name in ("render_world", "train_students", "label_frames", "measure", "ship"):
        monkeypatch.setattr(demo, name, lambda _, name=name: called.append(name))
    monkeypatch.setattr(demo, "train_row", lambda _, row: called.append(row))
    demo.run()
    assert called == ["render_world", demo.TEACHER, "label_frames", "train_students", "measure", "ship"]
    called.clear()
    demo.run(stages="ship,labels")
    assert called == ["label_frames", "ship"]
    with pytest.raises(ConfigError, match="no stage trane"):
        demo.run(stages="trane")


def test_only_the_distilled_students_get_labels_and_each_its_encoder(plan, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        demo, "fit", lambda recipe, out, resume: asked.update({recipe.name: (recipe, out, resume)})
    )
    demo.train_row(plan, demo.TEACHER)
    demo.train_students(plan)
    assert set(asked) == {demo.TEACHER, *demo.STUDENTS}
    for row, (recipe, out, resume) in asked.items():
        assert (out, resume, recipe.run.threads) == (plan.runs / row, True, 1)
        assert recipe.network.encoder_weights == ("lite.whl" if row == demo.TEACHER else "mobile.whl")
        assert recipe.data.labels == (str(plan.labels) if load_recipe(row).needs_labels else None)


def test_what_ships_is_small_and_says_what_its_recipe_says(plan, trained):
    file = demo.small_file(plan, trained)
    assert file.parent == plan.runs / trained
    assert file.stat().st_size < 0.35 * plan.weights(trained).stat().st_size
    assert load(file).card.teacher is None
    assert load(file).card.frame_px == (376, 1240)


def test_a_row_trained_elsewhere_has_the_file_that_shipped(plan, trained):
    (plan.runs / trained / "metrics.csv").write_text("step,val_abs_rel\n2,0.3\n")
    assert demo.small_file(plan, trained) == plan.shipped(trained)


def test_a_file_is_measured_once(plan, trained, tiny_world, monkeypatch):
    monkeypatch.setattr(demo, "STUDENTS", (trained,))
    monkeypatch.setattr(demo, "PROTOCOL", "frame")  # the tiny world is smaller than KITTI's crop
    here = plan.model_copy(update={"world": tiny_world})
    demo.measure(here)
    found = demo.read_measured(here)
    assert found[trained]["sha256"] == sha256_of(demo.small_file(here, trained))
    assert found[trained]["metrics"]["abs_rel"] > 0
    monkeypatch.setattr(demo, "evaluate", lambda *_: pytest.fail("measured again"))
    demo.measure(here)
    assert demo.read_measured(here) == found


def test_the_line_of_the_zoo_says_what_the_file_is(plan, trained):
    file = put_into_zoo(plan, trained)
    line = demo.zoo_line(plan, trained, {"abs_rel": 0.1, "rmse": 4.0, "delta1": 0.9})
    row = parse_zoo(f"rows:\n{line}\n", where="test").row(trained)
    assert row.card == load(file).card
    assert (row.file, row.sha256) == (f"demo/{trained}.safetensors", sha256_of(file))
    assert row.measured == {"kitti-garg": {"abs_rel": 0.1, "rmse": 4.0, "delta1": 0.9}}
    assert row.parameters == sum(p.numel() for p in load(file).parameters())


def test_only_our_rows_are_replaced():
    text = ZOO.read_text(encoding="utf-8")
    new = demo.with_demo_rows(text, ['  - {"name": "x.demo"}', '  - {"name": "y.demo"}'])
    before, after = (yaml.safe_load(t)["rows"] for t in (text, new))
    assert [row for row in after if not row["name"].endswith(".demo")] == [
        row for row in before if not row["name"].endswith(".demo")
    ]
    assert [row["name"] for row in after if row["name"].endswith(".demo")] == ["x.demo", "y.demo"]
    with pytest.raises(ConfigError, match="has no line"):
        demo.with_demo_rows("rows: []\n", [])


def put_into_zoo(plan, row):
    """The file of a row that shipped earlier."""
    plan.shipped(row).parent.mkdir(parents=True)
    return shutil.copy(demo.small_file(plan, row), plan.shipped(row))


@pytest.fixture
def built(plan, trained, monkeypatch):
    """A zoo without rows of ours, the demo's only student `trained`; what galleries were built of."""
    monkeypatch.setattr(demo, "STUDENTS", (trained,))
    monkeypatch.setattr(demo.DemoPlan, "frames_of", lambda _, split: (None, [split]))
    plan.models.mkdir()
    (plan.models / "zoo.yaml").write_text(demo.with_demo_rows(ZOO.read_text(encoding="utf-8"), []))
    digest = sha256_of(demo.small_file(plan, trained))
    measured = {trained: {"sha256": digest, "metrics": {"abs_rel": 0.125}}}
    (plan.runs / demo.MEASURED).write_text(json.dumps(measured))
    calls = []
    monkeypatch.setattr(demo, "build_gallery", lambda *args, **_: calls.append(args))
    return calls


def test_shipping_rewrites_zoo_readme_and_gallery(plan, trained, built):
    demo.ship(plan)
    row = read_zoo(plan.models / "zoo.yaml").row(trained)
    assert row.measured == {"kitti-garg": {"abs_rel": 0.125}}
    assert row.sha256 == sha256_of(plan.shipped(trained))
    assert "0.125" in (plan.models / "README.md").read_text()
    assert built[0][1] == ["test.txt"]
    assert built[0][3] == plan.models / "demo" / "gallery"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "stale", ["{}", '{"baseline_mobilenetv2.demo": {"sha256": "another", "metrics": {}}}']
)
def test_no_file_ships_with_the_numbers_of_another(plan, trained, stale):
    (plan.runs / demo.MEASURED).write_text(stale)
    with pytest.raises(ConfigError, match="has not been measured"):
        demo.ship(plan)
    assert not plan.shipped(trained).exists()


def test_a_row_that_was_trained_elsewhere_stays_in_the_zoo(plan, trained, built):
    demo.ship(plan)
    first = (plan.models / "zoo.yaml").read_text()
    shutil.rmtree(plan.runs / trained)
    (plan.runs / demo.MEASURED).unlink()
    demo.ship(plan)
    assert (plan.models / "zoo.yaml").read_text() == first
    assert len(built[1][2]) == 1
