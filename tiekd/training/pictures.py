"""Pictures of validation frames for the loggers: image, depth, error and DPM."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as lightning
from numpy.typing import NDArray
from pytorch_lightning.loggers import Logger, TensorBoardLogger, WandbLogger
from torch import Tensor

from tiekd.codecs.resample import scale_nearest
from tiekd.errors import UnavailableError
from tiekd.recipe import Recipe
from tiekd.render import color_index, colorize, colormap
from tiekd.types import DepthRange, Prediction, Sample

LARGEST_ERROR = 0.5
"""The relative error that has the full colour: red (too far) or blue (too near)."""
_SECTION_AT = 0.6
"""Where the DPM is cut: a little below the middle, where streets and rooms are."""
_SECTION_PX = 64


def check_loggers(recipe: Recipe) -> None:
    """Raise UnavailableError when the recipe wants Weights & Biases and wandb is not installed."""
    if recipe.run.wandb and find_spec("wandb") is None:
        raise UnavailableError(
            f"run.wandb={recipe.run.wandb} needs the package wandb, which is not installed.",
            hint="pip install 'tiekd[wandb]', or say -o run.wandb=null.",
        )


def make_loggers(recipe: Recipe, out: Path, *, first_step: int) -> list[Logger]:
    """TensorBoard's logger, and that of Weights & Biases where the recipe names a project.

    Every call logs to Weights & Biases as a run of its own; those of one folder are a group. Raises
    UnavailableError when wandb is not installed.
    """
    check_loggers(recipe)
    purge_step = first_step + 1 if first_step else None
    board = TensorBoardLogger(out, name="", version="tensorboard", purge_step=purge_step)
    if not recipe.run.wandb:
        return [board]
    config = recipe.model_dump(mode="json")
    project = WandbLogger(
        project=recipe.run.wandb, name=recipe.name, group=out.name, save_dir=out, config=config
    )
    return [board, project]


class Pictures(lightning.Callback):
    """Logs a picture of the first few frames of every validation."""

    def __init__(self, recipe: Recipe) -> None:
        self.wanted = recipe.run.pictures
        self.limits = DepthRange(recipe.data.min_depth_m, recipe.data.max_depth_m)
        self.taken: list[NDArray[np.uint8]] = []

    def on_validation_batch_end(
        self, trainer: lightning.Trainer, _task: Any, outputs: Any, batch: Sample, *_: Any
    ) -> None:
        """Take pictures until there are enough."""
        if trainer.is_global_zero:
            for number in range(min(len(batch.image), self.wanted - len(self.taken))):
                self.taken.append(picture(batch, outputs["prediction"], number, self.limits))

    def on_validation_end(self, trainer: lightning.Trainer, _task: Any) -> None:
        """Give them to the loggers."""
        for number, taken in enumerate(self.taken):
            for logger in trainer.loggers:
                if isinstance(logger, TensorBoardLogger):
                    logger.experiment.add_image(
                        f"val/frame{number}", taken, trainer.global_step, dataformats="HWC"
                    )
                elif isinstance(logger, WandbLogger):
                    logger.log_image(f"val/frame{number}", [taken], step=trainer.global_step)
        self.taken = []


def picture(batch: Sample, prediction: Prediction, number: int, limits: DepthRange) -> NDArray[np.uint8]:
    """RGB `[rows, W, 3]` of one frame: image, depth, error, and the DPM along one row if there is one.

    The error is signed and relative to ground truth, or to the teacher's label if there is no ground truth:
    blue too near, red too far, black where nothing is known. Columns of the DPM are those of the image, the
    nearest bin is at the bottom, brightness is probability.
    """
    depth = prediction.depth[number, 0].float().cpu().numpy()
    parts = [
        batch.image[number].permute(1, 2, 0).cpu().numpy(),
        colorize(depth, depth_range=limits),
    ]
    truth = batch.teacher_depth if batch.depth is None else batch.depth
    if truth is not None:
        parts.append(_error(depth, truth[number, 0].cpu().numpy()))
    if prediction.dpm_logits is not None:
        parts.append(_section(prediction.dpm_logits[number], depth.shape[1]))
    return np.concatenate(parts)


def _error(depth: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.uint8]:
    known = truth > 0
    relative = np.where(known, depth / np.where(known, truth, 1) - 1, 0)
    colours = colormap("blue_red")[color_index(relative, -LARGEST_ERROR, LARGEST_ERROR)]
    colours[~known] = 0
    return colours


def _section(logits: Tensor, width: int) -> NDArray[np.uint8]:
    row = logits[:, int(_SECTION_AT * logits.shape[1])].float().softmax(dim=0).cpu().numpy()
    shown = colormap("magma")[color_index(np.sqrt(row[::-1]), 0, 1)]
    return scale_nearest(shown, (_SECTION_PX, width))
