"""A dry run: check everything and make two steps, to know the cost of a run. Nothing is written."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch

from tiekd.recipe import Recipe
from tiekd.training.datamodule import RunData, open_data
from tiekd.training.failures import clear_errors
from tiekd.training.fit import make_task
from tiekd.training.folder import find_kept
from tiekd.training.labels import take_label_range
from tiekd.training.pictures import check_loggers
from tiekd.training.ranks import this_rank
from tiekd.training.step import DistillTask
from tiekd.training.trainer import make_trainer, quiet

_STEPS = 2
"""The first one warms up, the last one is timed."""
_FRAMES = 4


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would cost, estimated from its second step.

    `load_ms`: time in which one loader process reads one frame from its files. `hours`: steps, loading and
    validations together. `peak_memory_mb`: of the GPU, or of the whole process on a CPU. `teacher`: as the
    card will name it; None without labels.
    """

    parameters: int
    frames: int
    val_frames: int
    steps: int
    epochs: float
    step_ms: float
    load_ms: float
    val_frame_ms: float
    hours: float
    peak_memory_mb: float
    teacher: str | None = None


def dry_run(recipe: Recipe, out: Path | None = None, *, resume: bool = False) -> DryRun:
    """Check all that `fit` would check and make two steps of `recipe`, writing nothing.

    The steps have full size, and their frames come from their files even if the run would cache them. Raises
    what `fit` raises.
    """
    ranks = this_rank()
    check_loggers(recipe)
    recipe = take_label_range(recipe)
    kept = find_kept(recipe, out, resume=resume) if out else None
    plain = _without_cache(recipe)
    watch = _Stopwatch()
    with quiet(), clear_errors(out):
        trainer = make_trainer(
            plain,
            ranks,
            fast_dev_run=_STEPS * plain.optim.accumulate,
            logger=False,
            callbacks=[watch],
            enable_progress_bar=False,
        )
        data = open_data(plain, ranks, begins=kept is None)
        task = make_task(plain, data, ranks, kept)
        load_s = _time_to_load(data)
        trainer.fit(task, data.train, data.val)
    return _summary(recipe, data, task, watch, load_s)


def _without_cache(recipe: Recipe) -> Recipe:
    return recipe.model_copy(
        update={
            "data": recipe.data.model_copy(update={"cache": False, "workers": 0}),
            "optim": recipe.optim.model_copy(update={"coarse_share": 0.0}),
        }
    )


class _Stopwatch(lightning.Callback):
    """Seconds of the last training batch and of the last batch of validation frames."""

    def __init__(self) -> None:
        self.batch_s = self.val_s = self._started = 0.0
        self.val_batch = 1

    def on_train_batch_start(self, *_: Any) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(self, *_: Any) -> None:
        self.batch_s = time.perf_counter() - self._started

    def on_validation_batch_start(self, *_: Any) -> None:
        self._started = time.perf_counter()

    def on_validation_batch_end(self, _trainer: Any, _task: Any, _outputs: Any, batch: Any, *_: Any) -> None:
        self.val_s, self.val_batch = time.perf_counter() - self._started, len(batch.image)


def _time_to_load(data: RunData) -> float:
    keys = [key for key, _ in zip(data.train.stream, range(_FRAMES), strict=False)]
    started = time.perf_counter()
    for key in keys:
        data.train.dataset[key]
    return (time.perf_counter() - started) / len(keys)


def _summary(recipe: Recipe, data: RunData, task: DistillTask, watch: _Stopwatch, load_s: float) -> DryRun:
    optim, workers = recipe.optim, recipe.data.workers
    compute_s, share = watch.batch_s * optim.accumulate, data.train.stream.share * optim.accumulate
    loading_s = load_s * share
    step_s = max(compute_s, loading_s / workers) if workers else compute_s + loading_s
    # A coarse step has a quarter of the pixels.
    whole_steps = optim.steps - 0.75 * optim.coarse_steps
    val_s = watch.val_s / watch.val_batch
    validations = -(-optim.steps // recipe.val_every) if data.val is not None else 0
    return DryRun(
        parameters=sum(parameter.numel() for parameter in task.network.parameters()),
        frames=data.n_frames,
        val_frames=data.n_val_frames,
        steps=optim.steps,
        epochs=round(optim.steps * optim.batch_size / data.n_frames, 2),
        step_ms=round(1000 * compute_s, 1),
        load_ms=round(1000 * load_s, 1),
        val_frame_ms=round(1000 * val_s, 1),
        hours=round((whole_steps * step_s + validations * data.n_val_frames * (val_s + load_s)) / 3600, 3),
        peak_memory_mb=round(_peak_memory_mb(task.device), 1),
        teacher=data.teacher,
    )


def _peak_memory_mb(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    # Kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
