"""Validation during a run: the metrics of every frame, and their means over all processes."""

from __future__ import annotations

import math

import pytorch_lightning as lightning

from tiekd.metrics import METRICS, depth_metrics
from tiekd.recipe import Recipe
from tiekd.training.finite import check_depth
from tiekd.training.ranks import over_processes
from tiekd.types import DepthRange, Prediction, Sample


class Validation:
    """Collects the metrics of the frames that this process validates."""

    def __init__(self, recipe: Recipe) -> None:
        self.limits = DepthRange(recipe.data.min_depth_m, recipe.data.max_depth_m)
        self.box = None if recipe.data.val_box == "none" else recipe.data.val_box
        self.rows: list[dict[str, float]] = []

    def add(self, batch: Sample, prediction: Prediction, *, step: int) -> None:
        """Compare with ground truth in the recipe's box, or with the whole label of a teacher.

        Raises NotFiniteError for depth that is NaN or infinite.
        """
        truths, box = (batch.teacher_depth, None) if batch.depth is None else (batch.depth, self.box)
        assert truths is not None
        predicted = prediction.depth.float().cpu()
        check_depth(predicted, step=step)
        for one, truth in zip(predicted, truths.cpu(), strict=True):
            self.rows.append(
                depth_metrics(one[0].numpy(), truth[0].numpy(), depth_range=self.limits, crop=box)
            )

    def means(self, trainer: lightning.Trainer) -> dict[str, float]:
        """The mean of each metric over the frames of all processes that have ground truth; empty if none has.

        The next call covers the frames that are added from now on.
        """
        rows = [row for row in self.rows if not math.isnan(row["abs_rel"])]
        self.rows = []
        sums = [*(sum(row[name] for row in rows) for name in METRICS), float(len(rows))]
        *totals, count = over_processes(trainer, sums, "sum")
        return dict(zip(METRICS, (total / count for total in totals), strict=True)) if count else {}
