"""One training step: network, target, named parts of the loss, and their weighted sum."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import pytorch_lightning as lightning
import torch
from torch import Tensor, nn

from tiekd.data.transforms import normalise, subsample_depth
from tiekd.errors import NotFiniteError
from tiekd.metrics import METRICS, depth_metrics
from tiekd.models.base import DepthModel
from tiekd.recipe.recipe import Recipe
from tiekd.training.objectives import Target, loss_parts
from tiekd.training.optim import make_optimizer
from tiekd.types import DepthRange, Prediction, Sample


class DistillTask(lightning.LightningModule):
    """Trains `network` as a recipe says; `shipped` is what is validated and written."""

    def __init__(self, recipe: Recipe, network: DepthModel) -> None:
        super().__init__()
        self.recipe = recipe
        self.network = network
        self.averaged = copy.deepcopy(network).requires_grad_(False) if recipe.optim.ema_decay else None
        if recipe.data.shrink > 1:
            # The loader has already averaged the image over these cells.
            for module in (self.network, self.averaged):
                if module is not None:
                    module.image_pool = 1
        if recipe.network.channels_last:
            self.to(memory_format=torch.channels_last)
        self._val_rows: list[dict[str, float]] = []
        self.parts: dict[str, float] = {}
        self.replayed_seeds: Sequence[int] | None = None
        self.train()  # Lightning leaves modules in the mode it finds them in

    def train(self, mode: bool = True) -> Self:
        """Switch to training, but for the batch norms that the recipe freezes."""
        super().train(mode)
        frozen = {"none": None, "encoder": self.network.encoder, "all": self.network}
        part = frozen[self.recipe.network.frozen_norms]
        for module in part.modules() if mode and part is not None else ():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

    @property
    def shipped(self) -> DepthModel:
        """The averaged weights where the recipe asks for them, else the trained ones."""
        return self.averaged or self.network

    def training_step(self, batch: Sample, batch_idx: int) -> Tensor:
        """Loss of one batch. Raises NotFiniteError when it is not finite."""
        # Dropout depends on the place in the run alone, so that a resumed run draws what it would have drawn.
        torch.manual_seed(self.batch_seed(batch_idx))
        weights = self.recipe.weights
        prediction = self.network(self._input(batch.image))
        parts = loss_parts(prediction, self.target(batch, prediction), weights)
        loss = torch.stack([weights[name] * part for name, part in parts.items()]).sum()
        self.parts = {
            "loss": float(loss.detach()),
            **{name: float(part.detach()) for name, part in parts.items()},
        }
        if not math.isfinite(self.parts["loss"]):
            raise NotFiniteError(
                f"The loss is {self.parts['loss']} at step {self.global_step} ({self.parts}).",
                hint="Lower optim.lr, or look at the labels; the last checkpoint is whole.",
            )
        self.log("loss", loss.detach(), prog_bar=True, logger=False)
        return loss

    def batch_seed(self, batch_idx: int) -> int:
        """What draws the random numbers of a batch on this process."""
        if self.replayed_seeds is not None:
            return self.replayed_seeds[batch_idx]
        place = np.random.SeedSequence((self.recipe.run.seed, batch_idx, self.global_rank))
        return int(place.generate_state(1, np.uint64)[0])

    def target(self, batch: Sample, prediction: Prediction) -> Target:
        """Labels at the head's size: losses are computed there, not on a stretched prediction."""
        size = (int(prediction.raw_depth.shape[-2]), int(prediction.raw_depth.shape[-1]))
        corners = self.network.card.align_corners
        depth = teacher = valid = None
        if batch.depth is not None and batch.valid_mask is not None:
            depth = subsample_depth(batch.depth * batch.valid_mask, size, align_corners=corners)
            valid = depth > 0
        if batch.teacher_depth is not None:
            teacher = subsample_depth(batch.teacher_depth, size, align_corners=corners)
        rows = self.recipe.loss.top_crop_rows * size[0] // self.recipe.view.size[0]
        return Target(depth, valid, teacher, self.recipe.loss.sigma_m, rows)

    def validation_step(self, batch: Sample) -> dict[str, Any]:
        """Collect the metrics of every frame of a batch: in the recipe's box; on all of a teacher's label.

        Raises NotFiniteError for an answer that is not finite.
        """
        of_labels = batch.depth is None
        truths = batch.teacher_depth if of_labels else batch.depth
        assert truths is not None
        crop = None if of_labels or self.recipe.data.val_box == "none" else "garg"
        prediction: Prediction = self.shipped(self._input(batch.image))
        predicted = prediction.depth.float().cpu()
        if not torch.isfinite(predicted).all():
            raise NotFiniteError(
                f"After step {self.global_step} the network answers with depth that is not finite.",
                hint="Lower optim.lr; the last checkpoint is whole.",
            )
        limits = DepthRange(self.recipe.data.min_depth_m, self.recipe.data.max_depth_m)
        for one, truth in zip(predicted, truths.cpu(), strict=True):
            self._val_rows.append(
                depth_metrics(one[0].numpy(), truth[0].numpy(), depth_range=limits, crop=crop)
            )
        return {"prediction": prediction}

    def on_validation_epoch_end(self) -> None:
        """Mean of each metric over the frames of all processes that have ground truth."""
        rows = [row for row in self._val_rows if not math.isnan(row["abs_rel"])]
        self._val_rows = []
        sums = [*(sum(row[name] for row in rows) for name in METRICS), float(len(rows))]
        if self.trainer.world_size > 1:
            here = torch.tensor(sums, dtype=torch.float64, device=self.device)
            sums = self.trainer.strategy.reduce(here, reduce_op="sum").tolist()
        count = sums.pop()
        for name, total in zip(METRICS, sums, strict=True) if count else ():
            shown = name in ("abs_rel", "delta1")
            # Not to the loggers: Lightning would put it at the step before, and the table tells them.
            self.log(f"val/{name}", total / count, prog_bar=shown, logger=False)

    def configure_gradient_clipping(self, *_: Any, **__: Any) -> None:
        """Clip the norm of all gradients together. Raises NotFiniteError for one that is not finite.

        With fp16 such a step is skipped and the loss scaled down, which is how its scale is found.
        """
        slopes = {n: p.grad for n, p in self.network.named_parameters() if p.grad is not None}
        norm = nn.utils.get_total_norm(slopes.values())
        if self.recipe.optim.precision != "fp16" and not torch.isfinite(norm):
            broken = [name for name, slope in slopes.items() if not torch.isfinite(slope).all()]
            raise NotFiniteError(
                f"The gradient is not finite at step {self.global_step} (loss {self.parts['loss']:.6g}), in "
                f"{', '.join(broken[:3]) or 'its sum'}{' and more' if broken[3:] else ''}.",
                hint="Lower optim.lr, or look at the labels; the last checkpoint is whole.",
            )
        nn.utils.clip_grads_with_norm_(self.network.parameters(), self.recipe.optim.grad_clip, norm)

    def optimizer_step(
        self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Callable[[], Any] | None = None
    ) -> None:
        """One step of the optimiser, then of the running average."""
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)
        if self.averaged is not None and self.recipe.optim.ema_decay:
            # A young average follows fast: the first steps are far from where the run will end.
            decay = min(self.recipe.optim.ema_decay, (1 + self.global_step) / (10 + self.global_step))
            update_average(self.averaged, self.network, decay)

    def configure_optimizers(self) -> Any:
        """What the recipe steps with, its learning rate changed every step."""
        optimizer, schedule = make_optimizer(self.network, self.recipe.optim)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _input(self, image: Tensor) -> Tensor:
        """Normalised here, so that a quarter of the bytes travel to the device."""
        image = normalise(image.to(self.dtype))
        return (
            image.contiguous(memory_format=torch.channels_last)
            if self.recipe.network.channels_last
            else image
        )


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move every tensor of `average` towards `model`'s by 1 - `decay`; counters are copied."""
    for kept, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new.to(kept.dtype), 1 - decay)
        else:
            kept.copy_(new)
