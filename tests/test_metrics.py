"""Metrics against hand-computed numbers, and with empty, broken and misshapen maps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tiekd.errors import DataError, UnknownNameError
from tiekd.metrics import METRICS, depth_metrics, mean_over_images, valid_mask
from tiekd.types import DepthRange

KITTI = DepthRange(0.001, 80.0)


def column(*values):
    return np.array(values, dtype=np.float32)[:, None]


def test_metrics_by_hand():
    got = depth_metrics(column(1, 6, 3), column(2, 4, 3), depth_range=KITTI)
    assert set(got) == set(METRICS)
    assert got["abs_rel"] == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert got["sq_rel"] == pytest.approx((0.5 + 1) / 3)
    assert got["rmse"] == pytest.approx(math.sqrt(5 / 3))
    logs = [math.log(0.5), math.log(1.5), 0.0]
    assert got["rmse_log"] == pytest.approx(math.sqrt(sum(x * x for x in logs) / 3))
    assert got["log10"] == pytest.approx(sum(abs(x) for x in logs) / 3 / math.log(10))
    assert got["silog"] == pytest.approx(100 * np.std(logs))
    assert [got[f"delta{i}"] for i in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 2 / 3])


def test_only_truth_strictly_inside_the_range_counts():
    gt = column(0, 0.001, 0.5, 80, 200, np.nan, np.inf)
    assert valid_mask(gt, depth_range=KITTI).ravel().tolist() == [False, False, True] + [False] * 4
    got = depth_metrics(np.full_like(gt, 0.5), gt, depth_range=KITTI)
    assert (got["rmse"], got["delta1"]) == (0, 1)


def test_crop_leaves_out_the_rest():
    gt = np.full((100, 100), 10, dtype=np.float32)
    pred = np.full_like(gt, 99)
    pred[40:99, 3:96] = 10
    assert depth_metrics(pred, gt, depth_range=KITTI, crop="garg")["rmse"] == 0
    assert depth_metrics(pred, gt, depth_range=KITTI, crop="eigen")["rmse"] > 0
    assert depth_metrics(pred, gt, depth_range=KITTI)["rmse"] > 0
    with pytest.raises(UnknownNameError, match="crop 'grag'") as caught:
        depth_metrics(pred, gt, depth_range=KITTI, crop="grag")
    assert "garg" in caught.value.hint


def test_nothing_to_compare_is_nan_and_left_out_of_the_mean():
    empty = depth_metrics(column(1, 2), column(0, 0), depth_range=KITTI)
    assert set(empty) == set(METRICS)
    assert all(math.isnan(value) for value in empty.values())
    exact = depth_metrics(column(1, 2), column(1, 2), depth_range=KITTI)
    half = depth_metrics(column(1, 3), column(1, 2), depth_range=KITTI)
    mean = mean_over_images([exact, empty, half])
    assert mean["abs_rel"] == pytest.approx(0.125)
    assert mean["delta1"] == pytest.approx(0.75)
    assert all(math.isnan(value) for value in mean_over_images([empty]).values())


def test_predictions_of_zero_are_infinitely_wrong_but_silent():
    got = depth_metrics(column(0, 2), column(1, 2), depth_range=KITTI)
    assert got["rmse_log"] == got["log10"] == math.inf
    assert got["silog"] == 0
    assert got["delta3"] == 0.5
    assert got["abs_rel"] == 0.5


def test_predictions_that_are_not_finite_are_refused():
    with pytest.raises(DataError, match="2 of 3 predicted depths are not finite"):
        depth_metrics(column(np.nan, np.inf, 3, np.nan), column(1, 2, 3, 0), depth_range=KITTI)


def test_shapes_must_agree():
    with pytest.raises(DataError, match=r"\(1, 2\).*\(2, 1\)"):
        depth_metrics(column(1, 2).T, column(1, 2), depth_range=KITTI)
    with pytest.raises(DataError, match=r"Expected a depth map"):
        depth_metrics(column(1, 2)[None], column(1, 2)[None], depth_range=KITTI)
