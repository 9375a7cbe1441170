"""Validation during a run: the metrics of every frame, and their means over all processes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytorch_lightning as lightning
import torch
from torch import Tensor

from tiekd.metrics import METRICS, depth_metrics
from tiekd.models.base import DepthModel
from tiekd.recipe import Recipe
from tiekd.runtime.preprocess import from_network, plan_view, to_network
from tiekd.training.finite import check_depth
from tiekd.training.ranks import over_processes
from tiekd.types import DepthRange, Prediction, Sample


def predict_frame(network: DepthModel, image: Tensor) -> Prediction:
    """What `network` answers for one whole frame `[1, 3, H, W]` (uint8) once it is shipped.

    Like `tiekd predict`, this pads by reflection and lets the network pool the image. A recipe with
    `data.shrink` pools before it trains, and the network then does not.
    """
    photo = image[0].permute(1, 2, 0).cpu().numpy()
    view = plan_view(photo.shape[0], photo.shape[1], network.card, fit="unscaled")
    weight = next(network.parameters())
    planes = torch.from_numpy(to_network(photo, view)).to(weight.device, weight.dtype)
    while_training = network.image_pool
    network.image_pool = network.card.options.get("image_pool", 1)
    try:
        prediction: Prediction = network(planes)
    finally:
        network.image_pool = while_training
    depth = prediction.depth[0, 0].float().cpu().numpy()
    answer = from_network(depth, view, align_corners=network.card.align_corners)
    return replace(prediction, depth=torch.from_numpy(answer)[None, None])


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
