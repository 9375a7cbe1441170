"""Grouping, seeds and the recovered gap, against hand-computed numbers."""

from __future__ import annotations

import pytest

from tiekd.errors import ConfigError, UnknownNameError
from tiekd.evaluate import Subject
from tiekd.report import Result, tabulate


def result(name, abs_rel, *, seed=0, method="tiekd", teacher="adabins", mark="f1", where="", **optim):
    recipe = {
        "optim": {"steps": 600, **optim},
        "run": {"seed": seed, "threads": seed + 1},
        "data": {"source": f"kitti:{seed}", "labels": f"labels{seed}"},
        "rows": ["{method}.demo"],
    }
    subject = Subject(
        name=name, method=method, teacher=teacher, encoder="mobilenetv2_100", seed=seed, recipe=recipe
    )
    return Result(
        subject=subject, protocol="kitti-garg", fingerprint=mark, n_images=5,
        metrics={"abs_rel": abs_rel, "rmse": 10 * abs_rel, "delta1": 1 - abs_rel}, where=where or name,
    )  # fmt: skip


TEACHER = result("adabins_lite0.demo", 0.10, method="teacher", teacher=None)
BASELINE = result("baseline_mobilenetv2.demo", 0.20, method="baseline", teacher=None)


def labels(table):
    return [row.label for row in table.rows]


def test_seeds_of_one_recipe_are_one_row():
    (table,) = tabulate([result("tiekd.demo", value, seed=n) for n, value in enumerate((0.1, 0.2, 0.3))])
    (row,) = table.rows
    assert row.seeds == [0, 1, 2]
    assert row.metrics["abs_rel"].mean == pytest.approx(0.2)
    assert row.metrics["abs_rel"].sd == pytest.approx(0.1)
    (alone,) = tabulate([result("tiekd.demo", 0.1)])[0].rows
    assert alone.metrics["abs_rel"].sd is None


def test_seeds_of_an_older_tiekd_lack_the_keys_that_came_since():
    from tiekd.recipe import load_recipe

    new = load_recipe("tiekd_mobilenetv2.demo").model_dump(mode="json")
    old = {**new, "data": {key: value for key, value in new["data"].items() if key != "trim_px"}}
    other = {**new, "data": {**new["data"], "trim_px": [0, 0, 0, 4]}}
    results = []
    for seed, recipe in enumerate((new, old, other)):
        one = result("tiekd.demo", 0.1 + seed / 10, seed=seed).model_dump()
        results.append(Result(**{**one, "subject": {**one["subject"], "recipe": recipe}}))
    first, second = tabulate(results)[0].rows
    assert (first.seeds, second.seeds) == ([0, 1], [2])
    assert second.label == "tiekd.demo (data.trim_px=[0, 0, 0, 4])"


def test_another_recipe_of_the_same_name_is_another_row_that_says_so():
    short, long = result("tiekd.demo", 0.3), result("tiekd.demo", 0.1, steps=900)
    shipped = Result(
        **{
            **short.model_dump(),
            "subject": Subject(name="tiekd.demo", method="tiekd"),
            "metrics": {"rmse": 1},
        }
    )
    (table,) = tabulate([short, long, shipped])
    assert labels(table) == [
        "tiekd.demo (optim.steps=600)",
        "tiekd.demo (optim.steps=900)",
        "tiekd.demo (weights alone)",
    ]


def test_tables_hold_what_compares_only():
    tables = tabulate([result("a", 0.1), result("b", 0.2, mark="f2"), result("c", 0.3)])
    assert [(table.fingerprint, labels(table)) for table in tables] == [("f1", ["a", "c"]), ("f2", ["b"])]


def test_one_result_given_twice_counts_once_and_two_that_differ_are_told():
    (table,) = tabulate([result("a", 0.1, where="x"), result("a", 0.1, where="y")])
    assert len(table.rows[0].results) == 1
    with pytest.raises(ConfigError, match="x and y are both a, seed 0, and differ"):
        tabulate([result("a", 0.1, where="x"), result("a", 0.2, where="y")])


def test_the_share_of_the_gap():
    student, worse = result("tiekd.demo", 0.125), result("reskd.demo", 0.225, method="reskd_ssim")
    (table,) = tabulate([student, worse, BASELINE, TEACHER])
    assert labels(table) == ["adabins_lite0.demo", "baseline_mobilenetv2.demo", "tiekd.demo", "reskd.demo"]
    top, bottom, first, last = table.rows
    assert top.recovered == bottom.recovered == {}
    assert first.recovered == {name: pytest.approx(0.75) for name in ("abs_rel", "rmse", "delta1")}
    assert last.recovered["abs_rel"] == pytest.approx(-0.25)
    assert first.reference == "baseline_mobilenetv2.demo → adabins_lite0.demo"


def test_no_gap_where_the_teacher_is_no_better_or_is_not_clear():
    weak = result("adabins_lite0.demo", 0.25, method="teacher", teacher=None)
    (table,) = tabulate([result("tiekd.demo", 0.2), BASELINE, weak])
    assert table.rows[-1].recovered == {}
    other = result("bts_lite0.demo", 0.12, method="teacher", teacher=None)
    (table,) = tabulate([result("tiekd.demo", 0.15), BASELINE, TEACHER, other])
    assert table.rows[-1].reference.endswith("adabins_lite0.demo")
    for student in (result("tiekd.demo", 0.15, teacher="dpt"), result("tiekd.demo", 0.15, teacher=None)):
        (table,) = tabulate([student, BASELINE, TEACHER, other])
        assert table.rows[-1].recovered == {}
    (table,) = tabulate(
        [result("tiekd.demo", 0.16, teacher="dpt"), BASELINE, TEACHER, other],
        teacher="bts_lite0.demo", baseline="baseline_mobilenetv2.demo",
    )  # fmt: skip
    assert table.rows[-1].recovered["abs_rel"] == pytest.approx(0.5)
    with pytest.raises(UnknownNameError, match="row of the report 'bts'"):
        tabulate([TEACHER], teacher="bts")


def test_no_other_teacher_and_no_other_encoder_spans_a_gap():
    (table,) = tabulate([result("tiekd.demo", 0.15, teacher="dpt"), BASELINE, TEACHER])
    assert table.rows[-1].recovered == {}
    resnet = BASELINE.model_copy(
        update={"subject": BASELINE.subject.model_copy(update={"encoder": "resnet50"})}
    )
    (table,) = tabulate([result("tiekd.demo", 0.15), resnet, TEACHER])
    assert table.rows[-1].recovered == {}
    unknown = result("tiekd.demo", 0.15, teacher=None)
    unknown = unknown.model_copy(update={"subject": unknown.subject.model_copy(update={"encoder": None})})
    (table,) = tabulate([unknown, resnet, TEACHER])
    assert table.rows[-1].recovered["abs_rel"] == pytest.approx(0.5)


def test_agreement_with_different_labels_is_left_out():
    def compared(name, teacher, agreement):
        one = result(name, 0.1)
        return one.model_copy(
            update={
                "labels": {"teacher": teacher, "made": teacher},
                "metrics": {**one.metrics, "abs_rel_T": agreement},
            }
        )

    (table,) = tabulate([compared("a", "bts", 0.1), compared("b", "bts", 0.2), result("c", 0.3)])
    assert table.teachers == ["bts"]
    assert [row.metrics.get("abs_rel_T") and row.metrics["abs_rel_T"].mean for row in table.rows] == [
        0.1,
        0.2,
        None,
    ]
    (table,) = tabulate([compared("a", "bts", 0.1), compared("b", "adabins", 0.2)])
    assert table.teachers == ["bts", "adabins"]
    assert "abs_rel_T" not in table.columns
    assert table.rows[0].metrics["abs_rel"].mean == 0.1


def test_where_peoples_own_pictures_lie_tells_them_apart():
    def own(source, labels, dataset):
        one = result("own", 0.1).model_dump()
        one["subject"]["recipe"] |= {"dataset": dataset, "data": {"source": source, "labels": labels}}
        return Result(**one)

    for dataset, n_rows in (("own", 3), ("demo", 1)):
        (table,) = tabulate(
            [own("folder:a", "x", dataset), own("folder:b", "x", dataset), own("folder:a", "y", dataset)]
        )
        assert len(table.rows) == n_rows
    assert labels(tabulate([own("folder:a", "x", "own"), own("folder:a", "y", "own")])[0]) == [
        "own (data.labels=x)", "own (data.labels=y)",
    ]  # fmt: skip


def test_a_metric_that_a_seed_lacks_has_no_mean():
    lacking = result("a", 0.1, seed=1)
    lacking.metrics["abs_rel"] = None
    (row,) = tabulate([result("a", 0.1), lacking])[0].rows
    assert "abs_rel" not in row.metrics
    assert row.metrics["rmse"].mean == pytest.approx(1.0)
