"""From a recipe to a folder with trained weights."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytorch_lightning as lightning
import torch
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities.exceptions import SIGTERMException

from tiekd.data.cache import Progress
from tiekd.distill.callbacks import Bar, Keeper, MetricsTable, load_checkpoint
from tiekd.distill.datamodule import RunData, open_data, take_label_range
from tiekd.distill.recipe import Recipe
from tiekd.distill.task import DistillTask
from tiekd.errors import CheckpointError, ConfigError, DataError
from tiekd.models.base import DepthModel
from tiekd.models.checkpoint import fill, read_checkpoint
from tiekd.models.registry import create_model, save
from tiekd.zoo import resolve

_MAY_CHANGE = {
    "run": {"threads", "save_every", "log_every", "max_time", "device"},
    "data": {"source", "labels", "cache", "cache_dir", "workers"},
    "network": {"encoder_weights"},
}
"""What a resumed run may be told anew: nothing that changes what is learned."""


@dataclass(frozen=True, slots=True)
class FitResult:
    """What a run ended with: steps done, whether all of them, and the last validation metrics.

    validated_on: "ground truth" or "teacher labels", None without validation.
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

    Writes best.safetensors, last.safetensors, last.ckpt, metrics.csv, recipe.yaml and tensorboard/.
    Raises ConfigError, DataError and CheckpointError before the first step, RunFailedError during them.
    """
    recipe = take_label_range(recipe)
    checkpoint = _prepare_folder(recipe, out, resume=resume)
    if checkpoint and (out / "best.safetensors").is_file() and _steps_done(checkpoint) >= recipe.optim.steps:
        return FitResult(out, recipe.optim.steps, True, {})
    if recipe.run.threads:
        torch.set_num_threads(recipe.run.threads)
    lightning.seed_everything(recipe.run.seed, verbose=False)
    data = open_data(recipe, progress=progress)
    if data.n_left_out and interactive:
        print(f"Left out {data.n_left_out} frames without ground truth.", file=sys.stderr)
    network = build_network(recipe, train_focal_px=data.train_focal_px, load_weights=checkpoint is None)
    task = DistillTask(recipe, network)
    _write_recipe(recipe, out)
    keeper = Keeper(
        out, every=recipe.run.save_every, best_by=recipe.run.best_by, max_seconds=recipe.run.max_seconds
    )
    with _quiet(), _stopped_by_signal(keeper):
        trainer = _trainer(recipe, out, data, keeper, interactive=interactive)
        # Lightning ends a run on SIGTERM by this exception, after the step and its checkpoint.
        with suppress(SIGTERMException):
            trainer.fit(task, data.train, data.val, ckpt_path=checkpoint, weights_only=True)
        if data.val is not None and trainer.global_step % _val_every(recipe) and not keeper.stop_asked:
            trainer.validate(task, data.val, verbose=False)
    if not (out / "best.safetensors").is_file():
        save(task.shipped, out / "best.safetensors")
    metrics = {k[4:]: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("val/")}
    finished = trainer.global_step >= recipe.optim.steps
    return FitResult(out, trainer.global_step, finished, metrics, data.validated_on)


def build_network(recipe: Recipe, *, train_focal_px: float | None, load_weights: bool = True) -> DepthModel:
    """The recipe's network with random weights, its encoder's or all of them from where the recipe says.

    Raises ConfigError for options the architecture does not know, and what loading the weights raises.
    """
    bins: dict[str, Any] = (
        {"n_bins": recipe.network.n_bins} if recipe.network.n_bins and not recipe.is_regression else {}
    )
    name = recipe.name or f"{recipe.method}_{recipe.network.encoder}.{recipe.dataset}"
    uses_sigma = "dpm_loss" in recipe.weights
    camera: dict[str, Any] = {"train_fx_px": train_focal_px} if train_focal_px else {}
    if recipe.data.max_pixels:
        camera["max_pixels"] = recipe.data.max_pixels
    network = create_model(
        recipe.architecture,
        encoder_weights=recipe.network.encoder_weights if load_weights else None,
        method=recipe.method,
        teacher=recipe.taught_by,
        dataset=recipe.dataset,
        min_depth_m=recipe.data.min_depth_m,
        max_depth_m=recipe.data.max_depth_m,
        sigma_m=recipe.loss.sigma_m if uses_sigma else None,
        **camera,
        **bins,
        **recipe.network.options,
    )
    network.describe(name=name)
    start = recipe.network.start_from
    if start and load_weights:
        fill(network, read_checkpoint(resolve(start))[1], where=start)
    elif recipe.network.start_depth_m:
        network.start_at(recipe.network.start_depth_m)
    return network


def _val_every(recipe: Recipe) -> int:
    return min(recipe.run.val_every, recipe.optim.steps)


def _trainer(
    recipe: Recipe, out: Path, data: RunData, keeper: Keeper, *, interactive: bool
) -> lightning.Trainer:
    bar = interactive and sys.stderr.isatty()
    table = MetricsTable(
        out / "metrics.csv",
        parts=list(recipe.weights),
        every=recipe.run.log_every,
        lines=interactive and not bar,
    )
    # Weights are validated and kept in this order: the table first, so that a row exists for every file.
    callbacks: list[lightning.Callback] = [table, keeper]
    if bar:
        callbacks.append(Bar())
    return lightning.Trainer(
        accelerator="auto" if recipe.run.device == "auto" else recipe.run.device,
        devices=1,
        max_steps=recipe.optim.steps,
        max_epochs=1,
        val_check_interval=_val_every(recipe) if data.val is not None else None,
        check_val_every_n_epoch=None if data.val is not None else 1,
        num_sanity_val_steps=0,
        gradient_clip_val=recipe.optim.grad_clip,
        log_every_n_steps=min(recipe.run.log_every, recipe.optim.steps),
        logger=TensorBoardLogger(out, name="", version="tensorboard"),
        callbacks=callbacks,
        enable_checkpointing=False,
        enable_progress_bar=bar,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what Lightning says about itself and about choices that are made on purpose."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for message in (
                ".*does not have many workers.*",
                ".*Checkpoint directory.*exists and is not empty.*",
                ".*Experiment logs directory.*",
                ".*GPU available but not used.*",
                ".*have no `val_dataloader`.*",
                ".*in eval mode at the start of training.*",
                # torch's tree utilities deprecate what Lightning still calls.
                ".*isinstance.treespec, LeafSpec.*",
            ):
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def _stopped_by_signal(keeper: Keeper) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the run after its step, with a checkpoint; a second at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(_number: int, _frame: FrameType | None) -> None:
        keeper.stop_asked = True
        restore()

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        restore()


def _prepare_folder(recipe: Recipe, out: Path, *, resume: bool) -> Path | None:
    """Make the output folder; return the checkpoint to go on from."""
    last = out / "last.ckpt"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".probe.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise DataError(f"Can't write into {out}: {error.strerror}.", hint="Give another --out.") from error
    if not resume:
        if last.exists() or (out / "best.safetensors").exists():
            raise ConfigError(
                f"{out} already holds a run.", hint="Say --resume to go on, or give another --out."
            )
        return None
    if not last.is_file():
        return None
    _check_resumable(recipe, last)
    return last


def _steps_done(checkpoint: Path) -> int:
    return int(load_checkpoint(checkpoint)["global_step"])


def _check_resumable(recipe: Recipe, last: Path) -> None:
    try:
        checkpoint = load_checkpoint(last)
        # Through the model, so that settings that were added since take their defaults.
        before = Recipe.model_validate(checkpoint["recipe"]).model_dump(mode="json")
    except Exception as error:
        raise CheckpointError(
            f"{last} can't be read as the checkpoint of a run: {error}",
            hint="Delete it to start again, or give another --out.",
        ) from error
    now = recipe.model_dump(mode="json")
    differing = sorted(_differences(before, now))
    if differing:
        raise ConfigError(
            f"{last.parent} was trained by another recipe; these differ: {', '.join(differing)}.",
            hint="Use the folder's own recipe.yaml to resume, or give another --out.",
        )


def _differences(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for group in {*before, *now}:
        old, new = before.get(group), now.get(group)
        if isinstance(old, dict) and isinstance(new, dict):
            free = _MAY_CHANGE.get(group, set())
            yield from (f"{group}.{k}" for k in {*old, *new} if k not in free and old.get(k) != new.get(k))
        elif old != new:
            yield group


def _write_recipe(recipe: Recipe, out: Path) -> None:
    part = out / f".recipe.yaml.{os.getpid()}.part"
    part.write_text(recipe.to_yaml(), encoding="utf-8")
    part.replace(out / "recipe.yaml")
