"""Every published metric on every published crop, per image and as a mean over images (README.md)."""

from __future__ import annotations

import json
import math

import golden_recipes as recipes
import numpy as np
import pytest

from tiekd.data.crops import kb_crop_box
from tiekd.metrics import CROPS, METRICS, depth_metrics, mean_over_images, valid_mask
from tiekd.types import DepthRange

GOLDEN = json.loads((recipes.HERE / "metrics" / "metrics.json").read_text())
THEIR_NAMES = {"delta1": "a1", "delta2": "a2", "delta3": "a3", "log10": "log_10"}


def images(case):
    """(ground truth, prediction) in metres, checked to be the fixture's own."""
    stored, pred = recipes.metric_pair(case["kind"], case["seed"], case["H"], case["W"], case["max_depth"])
    if not any(crop["n_valid"] for crop in case["crops"].values()):
        stored = np.zeros_like(stored)
    assert recipes.digest(stored) == case["digest"]["gt_raw"]
    assert recipes.digest(pred) == case["digest"]["pred"]
    if case["kind"] == "kitti":
        return stored[kb_crop_box(*stored.shape).region].astype(np.float32) / 256, pred
    return stored.astype(np.float32) / 1000, pred


def measure(case, crop):
    gt, pred = images(case)
    name = None if crop == "none" else crop
    limits = DepthRange(1e-3, case["max_depth"])
    n_valid = int(valid_mask(gt, depth_range=limits, crop=name).sum())
    return depth_metrics(pred, gt, depth_range=limits, crop=name), n_valid


@pytest.mark.parametrize("crop", ["garg", "eigen", "none"])
@pytest.mark.parametrize(
    "case", GOLDEN["kitti"] + GOLDEN["nyu"], ids=lambda case: f"{case['kind']}{case['seed']}"
)
def test_metrics_of_one_image(case, crop):
    golden = case["crops"][crop]
    got, n_valid = measure(case, crop)
    assert n_valid == golden["n_valid"]
    for name in METRICS:
        theirs = THEIR_NAMES.get(name, name)
        if n_valid == 0:
            assert math.isnan(got[name])
            continue
        np.testing.assert_allclose(got[name], golden["float64"][theirs], rtol=1e-9, err_msg=name)
        np.testing.assert_allclose(got[name], golden["metrics"][theirs], rtol=2e-6, err_msg=name)


@pytest.mark.parametrize(
    ("kind", "key"), [("kitti", "kitti_dataset_mean_nanmean_of_per_image"), ("nyu", "nyu_dataset_mean")]
)
def test_mean_over_images_skips_the_empty_one(kind, key):
    for crop, golden in GOLDEN[key].items():
        mean = mean_over_images(measure(case, crop)[0] for case in GOLDEN[kind])
        for name in METRICS:
            np.testing.assert_allclose(
                mean[name], golden[THEIR_NAMES.get(name, name)], rtol=2e-6, err_msg=name
            )


def test_crops_are_the_published_boxes():
    def corners(box):
        return [box.top, box.top + box.height, box.left, box.left + box.width]

    masks = GOLDEN["masks"]
    assert corners(CROPS["garg"](352, 1216)) == masks["garg"]["kitti_352x1216"]
    assert corners(CROPS["eigen"](352, 1216)) == masks["eigen"]["kitti_352x1216"]
    assert corners(CROPS["garg"](480, 640)) == masks["nyu_garg_480x640"]
    for name in ("eigen", "nyu_eigen"):
        assert corners(CROPS[name](480, 640)) == masks["nyu_eigen_480x640"]
    for size in GOLDEN["kb_crop"]:
        assert kb_crop_box(size["H"], size["W"])[:2] == (size["top"], size["left"])
