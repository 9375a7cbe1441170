"""One training step, from top to bottom: `DistillTask.training_step`.

Around it stand: what each method compares (`objectives`), what a value that is not finite means (`finite`),
the running average (`average`), validation (`validation`), and Lightning's trainer (`trainer`, `fit`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

import pytorch_lightning as lightning
import torch
from pytorch_lightning.strategies import ParallelStrategy
from torch import Tensor, nn

from tiekd.data.transforms import normalise, subsample_depth
from tiekd.models.base import DepthModel
from tiekd.recipe import Recipe
from tiekd.training.average import decay_after, make_average, update_average
from tiekd.training.finite import check_gradients, check_loss
from tiekd.training.network import freeze_norms
from tiekd.training.objectives import Target, loss_parts
from tiekd.training.optim import make_optimizer
from tiekd.training.seeds import seed_of_batch
from tiekd.training.validation import Validation, predict_frame
from tiekd.types import Prediction, Sample


class DistillTask(lightning.LightningModule):
    """Trains `network` as a recipe says; `shipped` is the network that is validated and written.

    `parts` holds the loss and its named parts of the last batch. `seeds` replaces the seeds of the batches,
    to see a step of another run again.
    """

    def __init__(self, recipe: Recipe, network: DepthModel, *, seeds: Sequence[int] | None = None) -> None:
        super().__init__()
        # Lightning would split the step over its hooks. Here it stays in one piece: `training_step`.
        self.automatic_optimization = False
        self.recipe, self.seeds = recipe, seeds
        if recipe.data.shrink > 1:
            # The loader has already averaged the image over the cells of the network's pool.
            network.image_pool = 1
        self.network = network
        self.averaged = make_average(network) if recipe.optim.ema_decay else None
        if recipe.network.channels_last:
            self.to(memory_format=torch.channels_last)
        self.parts: dict[str, float] = {}
        self.validation = Validation(recipe)
        self.train()  # Lightning does not switch modes itself.

    @property
    def shipped(self) -> DepthModel:
        """The averaged weights where the recipe asks for them, else the trained ones."""
        return self.averaged or self.network

    def training_step(self, batch: Sample, batch_idx: int) -> None:
        """Learn from one batch: a whole step, or one of the `optim.accumulate` parts of a step.

        Raises NotFiniteError, before the weights change, for a loss or gradient that is NaN or infinite.
        """
        optim, weights, step = self.recipe.optim, self.recipe.weights, self.global_step
        ends_step = (batch_idx + 1) % optim.accumulate == 0
        # The seed depends only on the position in the run, so a resumed run draws the same numbers.
        torch.manual_seed(self.batch_seed(batch_idx))

        prediction: Prediction = self.network(self.network_input(batch.image))
        target = self.target(batch, prediction)
        parts = loss_parts(prediction, target, weights)
        loss = torch.stack([weights[name] * part for name, part in parts.items()]).sum()  # L = Σ wᵢ · Lᵢ
        self.parts = {"loss": loss.item(), **{name: part.item() for name, part in parts.items()}}
        self.log("loss", loss.detach(), prog_bar=True, logger=False)
        check_loss(self.parts, step=step)

        # Autocast is for the forward pass alone: backward follows the types that it has chosen.
        with self.exchange_of_gradients(ends_step), torch.autocast(self.device.type, enabled=False):
            self.manual_backward(loss / optim.accumulate)
        if not ends_step:
            return
        gradients = {n: p.grad for n, p in self.network.named_parameters() if p.grad is not None}
        norm = nn.utils.get_total_norm(gradients.values()) / self.loss_scale()
        if optim.precision != "fp16":  # The fp16 scaler skips such a step and lowers its scale.
            check_gradients(gradients, norm, step=step, loss=self.parts["loss"])
        nn.utils.clip_grads_with_norm_(self.network.parameters(), optim.grad_clip, norm)
        optimizer: Any = self.optimizers()  # Lightning's types allow lists.
        schedule: Any = self.lr_schedulers()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        if self.averaged is not None and optim.ema_decay:
            update_average(self.averaged, self.network, decay_after(step, optim.ema_decay))

    def batch_seed(self, batch_idx: int) -> int:
        """The seed of the random numbers that a batch needs on this process."""
        if self.seeds is not None:
            return self.seeds[batch_idx]
        return seed_of_batch(self.recipe.run.seed, batch_idx, rank=self.global_rank)

    def network_input(self, image: Tensor) -> Tensor:
        """Normalised RGB `[B, 3, H, W]` from uint8: made here, so that few bytes travel to the device."""
        image = normalise(image.to(self.dtype))
        channels_last = self.recipe.network.channels_last
        return image.contiguous(memory_format=torch.channels_last) if channels_last else image

    def target(self, batch: Sample, prediction: Prediction) -> Target:
        """Labels at the size of the head's map: losses are computed there, not on an enlarged prediction."""
        height, width = prediction.raw_depth.shape[-2:]
        size, corners = (int(height), int(width)), self.network.card.align_corners
        depth = teacher = valid = None
        if batch.depth is not None and batch.valid_mask is not None:
            depth = subsample_depth(batch.depth * batch.valid_mask, size, align_corners=corners)
            valid = depth > 0
        if batch.teacher_depth is not None:
            teacher = subsample_depth(batch.teacher_depth, size, align_corners=corners)
        loss, view = self.recipe.loss, self.recipe.view.size
        rows = loss.top_crop_rows * size[0] // view[0] if view else 0
        return Target(depth, valid, teacher, loss.sigma_m, rows, loss.target)

    def exchange_of_gradients(self, ends_step: bool) -> AbstractContextManager[None]:
        """Processes add up their gradients in the last part of a step only: once, not after every part."""
        strategy = None if ends_step else self.trainer.strategy
        return strategy.block_backward_sync() if isinstance(strategy, ParallelStrategy) else nullcontext()

    def loss_scale(self) -> float:
        """The factor by which fp16 enlarges the loss, and so the gradients, to keep small ones above zero."""
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        return 1.0 if scaler is None else float(scaler.get_scale())

    def configure_optimizers(self) -> Any:
        """The recipe's optimiser, and its learning rate, which changes after every step."""
        optimizer, schedule = make_optimizer(self.network, self.recipe.optim)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def train(self, mode: bool = True) -> Self:
        """Switch to training, except for the batch norms that the recipe freezes."""
        super().train(mode)
        freeze_norms(self.network, self.recipe.network.frozen_norms)
        return self

    def validation_step(self, batch: Sample) -> dict[str, Prediction]:
        """Measure what `tiekd predict` would answer for a frame.

        Raises NotFiniteError for depth that is NaN or infinite.
        """
        prediction = predict_frame(self.shipped, batch.image)
        self.validation.add(batch, prediction, step=self.global_step)
        return {"prediction": prediction}

    def on_validation_epoch_end(self) -> None:
        """The mean of each metric over the frames of all processes."""
        for name, mean in self.validation.means(self.trainer).items():
            # Not to the loggers: Lightning would put it at the step before. `MetricsTable` gives it to them.
            self.log(f"val/{name}", mean, prog_bar=name in ("abs_rel", "delta1"), logger=False)
