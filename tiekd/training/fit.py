"""From a recipe to a folder with trained weights."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
from timm.layers.norm_act import convert_sync_batchnorm

from tiekd.data.cache import Progress
from tiekd.data.frames import left_out, open_source
from tiekd.files import write_text
from tiekd.models.base import DepthModel
from tiekd.models.registry import save
from tiekd.recipe import Recipe
from tiekd.run_folder import BEST, DATA, METRICS_TABLE, RECIPE, read_data
from tiekd.training.datamodule import RunData, open_data
from tiekd.training.failures import clear_errors
from tiekd.training.folder import Kept, WholeCheckpoints, check_same_data, find_kept, make_folder
from tiekd.training.keeper import Keeper
from tiekd.training.labels import take_label_range
from tiekd.training.metrics_table import Bar, MetricsTable
from tiekd.training.network import build_network
from tiekd.training.pictures import Pictures, make_loggers
from tiekd.training.ranks import Ranks, this_rank
from tiekd.training.replay import FlightRecorder
from tiekd.training.signals import StopOnSignal
from tiekd.training.step import DistillTask
from tiekd.training.trainer import make_trainer, on_cuda, quiet


@dataclass(frozen=True, slots=True)
class FitResult:
    """How a run ended: steps done, and whether nothing is left to do.

    metrics: of the validation that chose best.safetensors; {} where none did.
    validated_on: "ground truth" or "teacher labels"; None without frames to validate.
    """

    out: Path
    steps: int
    finished: bool
    metrics: dict[str, float]
    validated_on: str | None = None


def fit(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    interactive: bool = True,
) -> FitResult:
    """Train as `recipe` says into the folder `out`; with `resume` go on from its last.ckpt.

    Writes best.safetensors, last.safetensors, last.ckpt, metrics.csv, recipe.yaml, data.json, tensorboard/.
    Under torchrun this is one of the run's processes, and the first one writes. Raises ConfigError,
    DataError, CheckpointError and UnavailableError before the first step, RunFailedError and DataError
    during them.
    """
    ranks, recipe = this_rank(), take_label_range(recipe)
    kept = find_kept(recipe, out, resume=resume)
    if kept and kept.is_end_of(recipe):
        return FitResult(out, kept.steps, True, kept.metrics, read_data(out).get("validated_on"))
    if ranks.is_first:
        make_folder(out)
    keeper, speaks = Keeper(out, recipe), interactive and ranks.is_first
    with quiet():
        trainer = make_trainer(
            recipe,
            ranks,
            **_rhythm(recipe),
            **_reporting(recipe, out, keeper, interactive=speaks),
            logger=make_loggers(recipe, out, first_step=kept.steps if kept else 0),
            plugins=[WholeCheckpoints()],
        )
        data = open_data(recipe, ranks, begins=kept is None, progress=progress if ranks.is_first else None)
        keeper.data, keeper.selected_on = data.digests, data.selected_on
        if speaks:
            _warn(data, recipe)
        task = make_task(recipe, data, ranks, kept)
        if ranks.is_first:
            write_text(out / RECIPE, recipe.to_yaml())
            write_text(out / DATA, json.dumps(data.summary(), indent=1) + "\n")
        with clear_errors(out):
            trainer.fit(task, data.train, data.val, ckpt_path=kept.path if kept else None, weights_only=True)
    if ranks.is_first and keeper.best is None:
        # No validation has chosen any weights, so the last ones are the best.
        save(task.shipped, out / BEST)
    finished = trainer.global_step >= recipe.optim.steps or keeper.exhausted
    return FitResult(out, trainer.global_step, finished, keeper.best_metrics, data.validated_on)


def make_task(recipe: Recipe, data: RunData, ranks: Ranks, kept: Kept | None) -> DistillTask:
    """The seeded task of a process. Raises DataError if `kept` has learned from other data than `data`."""
    if kept:
        check_same_data(kept, data.digests)
    lightning.seed_everything(recipe.run.seed, verbose=False)
    return DistillTask(recipe, run_network(recipe, data, ranks, load_weights=kept is None))


def run_network(recipe: Recipe, data: RunData, ranks: Ranks, *, load_weights: bool) -> DepthModel:
    """The network that a process of a run trains; over several GPUs its batch norms are in sync."""
    network = build_network(
        recipe, train_focal_px=data.train_focal_px, frame_px=data.frame_px, load_weights=load_weights
    )
    network.describe(teacher=data.teacher, taught_by=data.taught_by)
    if ranks.world > 1 and on_cuda(recipe):
        # By timm: Lightning's own conversion loses the activation that many encoders keep in their norms.
        network = convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    return network


def _warn(data: RunData, recipe: Recipe) -> None:
    """Print what a person may not expect of the data."""
    hold_out_every = recipe.data.hold_out_every
    if note := left_out(open_source(recipe.data.source or ""), recipe.data.train_split):
        print(note, file=sys.stderr)
    if data.n_left_out:
        print(f"Left out {data.n_left_out} frames without ground truth.", file=sys.stderr)
    if data.border:
        few = f"{data.border.n_frames} of {data.n_frames} frames are smaller than view.size"
        share, fits = f"{100 * data.border.share:.0f} %", "[{},{}]".format(*data.border.fits)
        print(
            f"{few}: up to {share} of a view repeats a frame's border. All frames fill -o view.size={fits}.",
            file=sys.stderr,
        )
    if hold_out_every and data.validated_on is None:
        few = f"{data.n_frames} frames are too few to hold out one of {hold_out_every}"
        print(f"{few}: nothing will be validated.", file=sys.stderr)


def _rhythm(recipe: Recipe) -> dict[str, Any]:
    """Lightning's settings for how long to train and when to validate.

    A run is one epoch of Lightning's, whatever its length. Lightning counts batches, not steps.
    """
    data = recipe.data
    validates = data.val_split or data.hold_out_every or data.select_on == "held_out"
    return {
        "max_steps": recipe.optim.steps,
        "max_epochs": 1,
        "val_check_interval": recipe.val_every * recipe.optim.accumulate if validates else None,
        "check_val_every_n_epoch": None if validates else 1,
        "log_every_n_steps": min(recipe.run.log_every, recipe.optim.steps),
    }


def _reporting(recipe: Recipe, out: Path, keeper: Keeper, *, interactive: bool) -> dict[str, Any]:
    """Lightning's settings for what is written and shown."""
    bar = interactive and sys.stderr.isatty()
    table = MetricsTable(out / METRICS_TABLE, recipe, lines=interactive and not bar)
    # Lightning calls them in this order: the table before the keeper, so that every file has its row.
    callbacks: list[lightning.Callback] = [
        FlightRecorder(out, recipe), table, Pictures(recipe), keeper, StopOnSignal(keeper.ask_to_stop)
    ]  # fmt: skip
    return {"callbacks": [*callbacks, Bar()] if bar else callbacks, "enable_progress_bar": bar}
