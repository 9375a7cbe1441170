"""Depth metrics of one image and their mean over images: pure functions of arrays (docs/method.md §13)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from tiekd.data.crops import Box, eigen_crop_box, garg_crop_box, nyu_eigen_crop_box
from tiekd.errors import DataError, UnknownNameError
from tiekd.types import DepthRange

METRICS = ("abs_rel", "sq_rel", "rmse", "rmse_log", "log10", "silog", "delta1", "delta2", "delta3")
TEACHER_METRICS = ("abs_rel_T", "sq_rel_T", "rmse_T", "rmse_log_T", "delta1_T", "delta2_T", "delta3_T")
"""The same against the teacher's label, with the authors' names (docs/method.md §13.5)."""
CROPS: dict[str, Callable[[int, int], Box]] = {
    "garg": garg_crop_box,
    "eigen": eigen_crop_box,
    "nyu_eigen": nyu_eigen_crop_box,
}
"""Name of a crop -> function from height and width of the evaluated map to the box (docs/method.md §13.3)."""


def depth_metrics(
    pred: NDArray[np.floating], gt: NDArray[np.floating], *, depth_range: DepthRange, crop: str | None = None
) -> dict[str, float]:
    """The metrics of one image from depths `[H, W]` in metres (docs/method.md §13.4); NaN if no pixel counts.

    A pixel counts when its ground truth lies strictly inside the range and inside the crop ("garg", "eigen",
    "nyu_eigen" or None). The prediction is not clamped here; models clamp theirs. Raises DataError for
    unequal shapes and for predictions that are not finite, UnknownNameError for an unknown crop.
    """
    mask = valid_mask(gt, depth_range=depth_range, crop=crop)
    if pred.shape != gt.shape:
        raise DataError(
            f"The prediction is {pred.shape}, the ground truth {gt.shape}.",
            hint="Resize the prediction to the ground truth, or crop both alike.",
        )
    if not mask.any():
        return dict.fromkeys(METRICS, math.nan)
    # Float64, so that rounding in sums over many pixels is negligible.
    estimate, truth = pred[mask].astype(np.float64), gt[mask].astype(np.float64)
    broken = int(np.count_nonzero(~np.isfinite(estimate)))
    if broken:
        raise DataError(
            f"{broken} of {estimate.size} predicted depths are not finite.",
            hint="The model or its file is broken; a mean over images would hide it.",
        )
    return _compare(estimate, truth)


def teacher_metrics(
    pred: NDArray[np.floating], teacher_depth: NDArray[np.floating], *, top_rows: int = 0
) -> dict[str, float]:
    """Agreement with the teacher on one image, from depths `[H, W]` in metres (docs/method.md §13.5).

    A pixel counts when it lies below the first `top_rows` rows and has a label (above 0 m), also in the sky.
    All values are NaN if no pixel counts. Raises DataError for unequal shapes.
    """
    if pred.shape != teacher_depth.shape:
        raise DataError(
            f"The prediction is {pred.shape}, the teacher's depth {teacher_depth.shape}.",
            hint="Label the same frames with the crop of the protocol.",
        )
    taught = teacher_depth[top_rows:] > 0
    if not taught.any():
        return dict.fromkeys(TEACHER_METRICS, math.nan)
    found = _compare(
        pred[top_rows:][taught].astype(np.float64), teacher_depth[top_rows:][taught].astype(np.float64)
    )
    return {name: found[name.removesuffix("_T")] for name in TEACHER_METRICS}


def valid_mask(
    gt: NDArray[np.floating], *, depth_range: DepthRange, crop: str | None = None
) -> NDArray[np.bool_]:
    """Bool mask `[H, W]`: which pixels of a ground truth `[H, W]` in metres count (docs/method.md §13.1).

    Raises UnknownNameError for an unknown crop and DataError for an array that is not two-dimensional.
    """
    if gt.ndim != 2:
        raise DataError(f"Expected a depth map [H, W], got {gt.shape}.", hint="Evaluate one image at a time.")
    inside: NDArray[np.bool_] = (gt > depth_range.min_m) & (gt < depth_range.max_m)
    if crop is None:
        return inside
    if crop not in CROPS:
        raise UnknownNameError("crop", crop, CROPS)
    box = CROPS[crop](gt.shape[0], gt.shape[1])
    mask = np.zeros_like(inside)
    mask[box.region] = inside[box.region]
    return mask


def mean_over_images(
    per_image: Iterable[Mapping[str, float]], names: Iterable[str] = METRICS
) -> dict[str, float]:
    """Mean of each metric over the images that have a value; NaN when no image has one."""
    rows = list(per_image)
    columns = {name: [row[name] for row in rows if not math.isnan(row[name])] for name in names}
    return {name: float(np.mean(values)) if values else math.nan for name, values in columns.items()}


def _compare(estimate: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, float]:
    # A predicted 0 m makes ratios and logarithms infinite. That is the right value, so numpy must not warn.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.maximum(truth / estimate, estimate / truth)
        log_error = np.log(estimate) - np.log(truth)
        variance = np.mean(log_error**2) - np.mean(log_error) ** 2
    error = truth - estimate
    return {
        "abs_rel": float(np.mean(np.abs(error) / truth)),
        "sq_rel": float(np.mean(error**2 / truth)),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "rmse_log": float(np.sqrt(np.mean(log_error**2))),
        "log10": float(np.mean(np.abs(log_error))) / math.log(10),
        # Rounding can make the variance negative, and infinities make it NaN. The published value is then 0.
        "silog": 100 * math.sqrt(variance) if variance > 0 else 0.0,
        **{f"delta{i}": float(np.mean(ratio < 1.25**i)) for i in (1, 2, 3)},
    }
