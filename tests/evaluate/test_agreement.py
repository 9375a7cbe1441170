"""Agreement with the teacher (`*_T`): the published numbers, and labels of every layout."""

from __future__ import annotations

import json
import math

import golden_recipes as recipes
import numpy as np
import pytest
from estimator_kit import Known
from training_kit import write_kitti

from tiekd.data.frames import open_source, read_split
from tiekd.errors import DataError
from tiekd.estimators.labels import LabelFolder, LabelInfo, write_labels
from tiekd.evaluate import evaluate, get_protocol
from tiekd.metrics import TEACHER_METRICS, teacher_metrics

GOLDEN = json.loads((recipes.HERE / "metrics" / "metrics.json").read_text())
CASES = [case for case in GOLDEN["kitti"] + GOLDEN["nyu"] if "tiekd16" in case["crops"]["garg"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}{case['seed']}")
def test_agreement_is_the_published_one(case):
    _, pred, label = recipes.metric_triple(
        case["kind"], case["seed"], case["H"], case["W"], case["max_depth"]
    )
    assert recipes.digest(label) == case["digest"]["kd_raw"]
    info = LabelInfo(teacher="t", teacher_sha256="0" * 64, max_depth_m=case["max_depth"], crop="kb")
    rows = get_protocol("nyu" if case["kind"] == "nyu" else "kitti-tiekd").teacher_top_rows
    got = teacher_metrics(pred, info.to_metres(label), top_rows=rows)
    for name in TEACHER_METRICS:
        theirs = case["crops"]["garg"]["tiekd16"][name.replace("delta", "a")]
        # The authors' NYU code divides by 65525 instead of 65535.
        rtol = 2e-3 if case["kind"] == "nyu" else 1e-5
        np.testing.assert_allclose(got[name], theirs, rtol=rtol, err_msg=name)


def test_agreement_by_hand():
    teacher = np.array([[10, 10], [2, 0], [4, 80]], np.float32)
    got = teacher_metrics(np.array([[1, 1], [3, 9], [4, 80]], np.float32), teacher, top_rows=1)
    assert set(got) == set(TEACHER_METRICS)
    assert got["abs_rel_T"] == pytest.approx(0.5 / 3)
    assert got["rmse_T"] == pytest.approx(math.sqrt(1 / 3))
    assert got["delta1_T"] == pytest.approx(2 / 3)
    assert math.isnan(teacher_metrics(teacher, np.zeros_like(teacher))["abs_rel_T"])
    with pytest.raises(DataError, match="the teacher's depth"):
        teacher_metrics(teacher, teacher[:2])


def ramp(factor=1.0):
    """Answers 5 m at the top of the frame to 50 m at its bottom, times `factor`, for any part of it."""

    def answer(picture):
        rows = np.linspace(5, 50, 375, dtype=np.float32)[-picture.size[0] :, None]
        return np.float32(factor) * np.repeat(rows, picture.size[1], axis=1)

    return Known(answer, name="ramp")


@pytest.fixture(scope="module")
def kitti(tmp_path_factory):
    root = write_kitti(tmp_path_factory.mktemp("kitti"), {"test": 2}, size=(375, 1242))
    return open_source(f"kitti:{root}"), read_split(root / "test.txt")


@pytest.mark.parametrize(
    ("crop", "shrink", "preset"),
    [("kb", 1, "kitti-tiekd"), ("none", 1, "kitti-garg"), ("none", 1, "frame"), ("none", 2, "kitti-tiekd")],
)
def test_labels_of_every_layout_meet_the_prediction(kitti, tmp_path, crop, shrink, preset):
    source, frames = kitti
    info = LabelInfo(teacher="ramp", teacher_sha256="0" * 64, max_depth_m=80.0, crop=crop, shrink=shrink)
    write_labels(ramp(), source, frames, tmp_path, info)

    found = evaluate(ramp(1.1), source, frames, get_protocol(preset), labels=LabelFolder(tmp_path))
    assert found.metrics["abs_rel_T"] == pytest.approx(0.1, abs=1e-3)
    assert set(TEACHER_METRICS) <= set(found.per_image[0])
    assert found.fingerprint == evaluate(ramp(1.1), source, frames, get_protocol(preset)).fingerprint


def test_labels_that_do_not_fit_are_told(kitti, tmp_path):
    source, frames = kitti
    info = LabelInfo(teacher="ramp", teacher_sha256="0" * 64, max_depth_m=80.0, crop="kb")
    write_labels(ramp(), source, frames[:1], tmp_path, info)
    labels = LabelFolder(tmp_path)
    ones = Known(lambda picture: np.ones(picture.size, np.float32))
    with pytest.raises(DataError, match="is 1216x352, its frame needs 1242x375"):
        evaluate(ones, source, frames[:1], get_protocol("frame"), labels=labels)
    with pytest.raises(DataError, match=r"1 of 2 frames have no label in .*png"):
        evaluate(ones, source, frames, get_protocol("kitti-tiekd"), labels=labels)
