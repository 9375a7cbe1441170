"""Reports from files on disk, as `tiekd report` makes them."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import pytest
import yaml
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.errors import DataError
from tiekd.metrics import METRICS
from tiekd.report import build_report, collect


def tiekd(*words, code=0):
    result = CliRunner().invoke(app, ["report", *map(str, words)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def evaluation(path, name, abs_rel, *, method="tiekd", seed=None, **fields):
    document = {
        "subject": {"name": name, "method": method, "teacher": "adabins", "encoder": "e", "seed": seed},
        "protocol": "kitti-garg",
        "fingerprint": "00112233",
        "n_images": 4,
        "metrics": {**dict.fromkeys(METRICS, 0.5), "abs_rel": abs_rel, "rmse_log": None},
        "by_range": [
            {"from_m": 0.0, "to_m": 6.0, "abs_rel": abs_rel},
            {"from_m": 6.0, "to_m": 12.0, "abs_rel": None},
        ],
        **fields,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def run_folder(folder, weights, *, best_by="abs_rel", seed=3, rows=((100, 0.4, 0.6), (200, 0.3, 0.5))):
    folder.mkdir(parents=True)
    shutil.copy(weights, folder / "best.safetensors")
    recipe = {"run": {"seed": seed, "best_by": best_by}, "data": {"val_split": "val.txt"}}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    head = ["step", "loss", *(f"val_{name}" for name in METRICS)]
    lines = [",".join(head), "50,1.0" + "," * len(METRICS)]
    for step, abs_rel, delta1 in rows:
        values = {"abs_rel": abs_rel, "delta1": delta1}
        lines.append(",".join([str(step), "", *(str(values.get(name, 0.5)) for name in METRICS)]))
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    return folder


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_a_report_of_evaluations(tmp_path):
    files = [
        evaluation(tmp_path / "t.json", "adabins_x", 0.1, method="teacher"),
        evaluation(tmp_path / "b.json", "baseline_x", 0.2, method="baseline"),
        evaluation(tmp_path / "s0.json", "tiekd_<x>|y", 0.14, seed=0),
        evaluation(tmp_path / "s1.json", "tiekd_<x>|y", 0.16, seed=1),
    ]
    out = tmp_path / "out"
    document = json.loads(tiekd(*files, "--out", out, "--json", "-", "--title", "Study").stdout)
    (table,) = document["tables"]
    student = table["rows"][2]
    assert student["seeds"] == [0, 1]
    assert student["metrics"]["abs_rel"] == {
        "mean": pytest.approx(0.15),
        "sd": pytest.approx(0.0141421, rel=1e-4),
    }
    assert student["gap_recovered"]["abs_rel"] == pytest.approx(0.5)
    assert "rmse_log" not in student["metrics"]

    text = (out / "report.md").read_text()
    assert text.startswith("# Study\n")
    assert "| tiekd_<x>\\|y | 0, 1 | 50% | 0.1500 ± 0.0141 |" in text
    assert "## kitti-garg, 4 images (00112233)" in text
    for name in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (out / name).read_text().startswith("<svg")

    page = (out / "report.html").read_text()
    tags = Tags(page)
    assert tags.found.count("tr") == 4
    assert tags.found.count("svg") == 4
    assert "tiekd_&lt;x&gt;|y" in page
    assert not {"src", "href"} & set(tags.attributes)
    assert "prefers-color-scheme: dark" in page
    said = tiekd(*files, "--out", out).stdout
    assert "0.1500 ± 0.0141" in said
    assert str(out / "report.html") in said


def test_a_run_is_told_by_its_evaluations_else_by_its_best_validation(tmp_path, tiny_models):
    run = run_folder(tmp_path / "run", tiny_models["tiny_base"])
    found = collect([run])
    (result,) = found.results
    assert (result.protocol, result.subject.name, result.subject.seed) == ("validation", "tiny_base", 3)
    assert result.metrics["abs_rel"] == 0.3
    assert [point for line in found.curves for point in line.points] == [(100.0, 0.4), (200.0, 0.3)]
    by_delta = run_folder(tmp_path / "run2", tiny_models["tiny_base"], best_by="delta1", seed=4)
    assert collect([by_delta]).results[0].metrics["abs_rel"] == 0.4
    made = build_report(collect([run, by_delta]))
    assert "Validation while training" in made.html()
    assert made.tables[0].protocol == "validation"

    (run / "train.json").write_text('{"steps": 2}')
    evaluation(run / "eval.json", "tiny_base", 0.25, seed=3)
    (result,) = collect([run]).results
    assert (result.protocol, result.metrics["abs_rel"]) == ("kitti-garg", 0.25)
    assert len(collect([run, run, run / "eval.json"]).results) == 2
    (table,) = build_report(collect([run, run / "eval.json"])).tables
    assert table.rows[0].seeds == [3]


def test_runs_share_a_table_if_they_were_validated_on_the_same(tmp_path, tiny_models):
    told = {
        "a": ("ground truth", {"validation frames": "v", "teacher labels": "x"}),
        "b": ("ground truth", {"validation frames": "v", "teacher labels": "y"}),
        "c": ("teacher labels", {"validation frames": "v", "teacher labels": "x"}),
        "d": ("teacher labels", {"validation frames": "v", "teacher labels": "y"}),
        "e": ("ground truth", {"validation frames": "w", "teacher labels": "x"}),
    }
    runs = []
    for seed, (name, (validated_on, digests)) in enumerate(told.items()):
        runs.append(run_folder(tmp_path / name, tiny_models["tiny_base"], seed=seed))
        data = {"validated_on": validated_on, "digests": digests}
        (runs[-1] / "data.json").write_text(json.dumps(data))
    tables = build_report(collect(runs)).tables
    assert [[seed for row in table.rows for seed in row.seeds] for table in tables] == [[0, 1], [2], [3], [4]]
    (runs[0] / "data.json").write_text("[]")
    with pytest.raises(DataError, match=r"data\.json"):
        collect(runs)


def test_seeds_with_other_ranges_share_what_all_have(tmp_path):
    near, far = ({"from_m": low, "to_m": low + 10.0, "abs_rel": 0.2} for low in (0.0, 10.0))
    files = [
        evaluation(tmp_path / f"{seed}.json", "a", 0.1, seed=seed, by_range=bands)
        for seed, bands in enumerate(([near, far], [{**near, "abs_rel": 0.4}]))
    ]
    assert "by_depth.svg" in "".join(build_report(collect(files)).charts[0])
    evaluation(tmp_path / "1.json", "a", 0.1, seed=1, by_range=[])
    assert "by_depth.svg" not in "".join(build_report(collect(files)).charts[0])


def test_whose_labels_the_agreement_is_with_is_said(tmp_path):
    metrics = {"abs_rel": 0.1, "abs_rel_T": 0.05}
    files = [
        evaluation(
            tmp_path / f"{name}.json",
            name,
            0.1,
            metrics=metrics,
            labels={"teacher": teacher, "made": teacher},
        )
        for name, teacher in (("a", "bts"), ("b", "adabins"))
    ]
    one, both = (build_report(collect(chosen)).markdown() for chosen in (files[:1], files))
    assert "_T: against labels of bts." in one
    assert "0.0500" in one
    assert "_T left out: against different labels, of bts, adabins." in both
    assert "0.0500" not in both


def test_what_is_no_result_is_told(tmp_path, tiny_models):
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "cut.json").write_text('{"protocol": ')
    fresh = run_folder(tmp_path / "fresh", tiny_models["tiny_base"], rows=())
    cases = [
        (tmp_path / "empty", "holds neither a run nor an evaluation"),
        (tmp_path / "nowhere", "There is no"),
        (tmp_path / "x.json", "is not a result of `tiekd eval`"),
        (tmp_path / "cut.json", "Can't read"),
        (fresh, "has no metrics.csv with a validation yet"),
    ]
    for path, said in cases:
        with pytest.raises(DataError, match=said):
            collect([path])
        assert said in tiekd(path, "--out", tmp_path / "out", code=2).output
    (fresh / "best.safetensors").unlink()
    (fresh / "metrics.csv").write_text("step,val_abs_rel\n1,0.5\n")
    with pytest.raises(DataError, match=r"has no best\.safetensors yet"):
        collect([fresh])
    assert not (tmp_path / "out").exists()
