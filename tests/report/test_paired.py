"""Differences between two methods on the same frames, with an interval."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.metrics import METRICS
from tiekd.report.paired import RESAMPLES, bootstrap


def evaluation(path, name, abs_rel, *, seed=None, frames=None, **fields):
    """A result of `tiekd eval` with the AbsRel of each frame; RMSE and delta1 follow from it."""
    images = frames or [f"a/{n}.png" for n in range(len(abs_rel))]
    per_image = [
        {"image": image, "n_pixels": 9, "abs_rel": value, "rmse": None if value is None else 10 * value,
         "delta1": None if value is None else 1 - value}
        for image, value in zip(images, abs_rel, strict=True)
    ]  # fmt: skip
    known = [value for value in abs_rel if value is not None]
    document = {
        "subject": {"name": name, "method": None, "seed": seed},
        "protocol": "kitti-garg",
        "fingerprint": "00112233",
        "n_images": len(abs_rel),
        "metrics": {**dict.fromkeys(METRICS, 0.5), "abs_rel": float(np.mean(known))},
        "per_image": per_image,
        **fields,
    }
    path.write_text(json.dumps(document))
    return path


def report(tmp_path, *words, code=0):
    out = str(tmp_path / "out")
    done = CliRunner().invoke(app, ["report", *map(str, words), "--out", out, "--json", "-"])
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout) if code == 0 else done.stderr


@pytest.fixture
def two(tmp_path):
    rng = np.random.default_rng(0)
    hard = rng.uniform(0.05, 0.5, 60)
    return [
        evaluation(tmp_path / "a.json", "a", list(hard)),
        evaluation(tmp_path / "b.json", "b", list(hard - 0.01 + rng.normal(0, 0.01, 60))),
    ]


def test_the_interval_is_that_of_drawn_means():
    rng = np.random.default_rng(3)
    differences = rng.normal(-0.02, 0.05, (400, 2))
    first, second = bootstrap(differences)
    error = differences.std(axis=0, ddof=1) / 20
    for column, found in enumerate((first, second)):
        mean = differences[:, column].mean()
        assert found.difference == pytest.approx(mean)
        assert found.low == pytest.approx(mean - 1.96 * error[column], abs=0.1 * error[column])
        assert found.high == pytest.approx(mean + 1.96 * error[column], abs=0.1 * error[column])


def test_it_is_the_plain_bootstrap_and_the_same_each_time():
    differences = np.random.default_rng(4).exponential(1.0, (7, 1))
    rng = np.random.default_rng(0)
    drawn = [differences[rng.integers(0, 7, 7)].mean() for _ in range(RESAMPLES)]
    (found,) = bootstrap(differences)
    assert [found.low, found.high] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=1e-12)
    assert bootstrap(differences) == [found]
    assert bootstrap(differences, seed=1) != [found]


def test_more_frames_than_are_drawn_at_once():
    differences = np.random.default_rng(5).normal(1.0, 1.0, (3000, 1)).repeat(2, axis=1)
    first, second = bootstrap(differences)
    assert first == second, "all metrics are drawn together"
    error = differences.std(axis=0, ddof=1)[0] / 3000**0.5
    assert first.high - first.low == pytest.approx(2 * 1.96 * error, rel=0.05)


def test_frames_are_paired(tmp_path, two):
    """Frames differ by far more than the methods do: unpaired, nothing could be said."""
    told = report(tmp_path, *two)
    (pair,) = told["tables"][0]["comparisons"]
    assert (pair["first"], pair["second"], pair["n_frames"]) == ("a", "b", 60)
    found = pair["metrics"]["abs_rel"]
    assert -0.015 < found["low"] < found["difference"] < found["high"] < -0.005
    assert pair["metrics"]["rmse"]["difference"] == pytest.approx(10 * found["difference"])
    assert pair["metrics"]["delta1"]["low"] == pytest.approx(-found["high"])
    assert told["bootstrap"] == {"resamples": 10_000, "seed": 0, "level": 0.95}
    assert report(tmp_path, *two) == told
    text = (tmp_path / "out" / "report.md").read_text()
    assert f"| b − a | 60 | {found['difference']:+.4f} [{found['low']:+.4f}, {found['high']:+.4f}] |" in text
    assert "b − a" in (tmp_path / "out" / "report.html").read_text()


def test_the_order_of_frames_does_not_matter(tmp_path, two):
    document = json.loads(two[1].read_text())
    document["per_image"].reverse()
    told = report(tmp_path, *two)
    two[1].write_text(json.dumps(document))
    assert report(tmp_path, *two) == told


def test_seeds_are_averaged_and_frames_without_a_number_left_out(tmp_path):
    files = [
        evaluation(tmp_path / "a.json", "a", [0.2, 0.3, 0.4, None]),
        evaluation(tmp_path / "b0.json", "b", [0.1, 0.2, 0.3, 0.1], seed=0),
        evaluation(tmp_path / "b1.json", "b", [0.3, 0.4, 0.5, 0.1], seed=1),
    ]
    (pair,) = report(tmp_path, *files)["tables"][0]["comparisons"]
    assert pair["n_frames"] == 3
    assert pair["metrics"]["abs_rel"] == {name: pytest.approx(0) for name in ("difference", "low", "high")}


def test_pairs_are_chosen(tmp_path, two):
    more = [evaluation(tmp_path / f"{n}.json", f"m,{n}", [0.1 * n] * 60) for n in range(1, 4)]
    assert report(tmp_path, *two, *more)["tables"][0]["comparisons"] == [], "too many pairs to show"
    told = report(tmp_path, *two, *more, "--compare", "m,1,m,3", "--compare", "b, a")
    pairs = told["tables"][0]["comparisons"]
    assert [(pair["first"], pair["second"]) for pair in pairs] == [("m,1", "m,3"), ("b", "a")]
    assert pairs[0]["metrics"]["abs_rel"]["difference"] == pytest.approx(0.2)
    for words, said in (
        ("a", "does not name two rows"),
        ("a,a", "does not name two rows"),
        ("a,c", "Unknown row with numbers of each frame 'c'"),
    ):
        assert said in report(tmp_path, *two, "--compare", words, code=2)
    other = evaluation(tmp_path / "o.json", "o", [0.1], fingerprint="other")
    assert "No table has both a and o" in report(tmp_path, *two, other, "--compare", "a,o", code=2)


def test_results_without_frames_are_not_compared(tmp_path, two):
    old = evaluation(tmp_path / "old.json", "old", [0.1, 0.2], per_image=[])
    pairs = report(tmp_path, *two, old)["tables"][0]["comparisons"]
    assert [(pair["first"], pair["second"]) for pair in pairs] == [("a", "b")]


def test_a_method_that_was_chosen_on_these_frames_is_named(tmp_path, two):
    chosen = evaluation(tmp_path / "c.json", "c", [0.1] * 60, selected_here=True)
    report(tmp_path, *two, chosen)
    said = "Chosen on these frames, so better here than elsewhere: c."
    assert said in (tmp_path / "out" / "report.md").read_text()
