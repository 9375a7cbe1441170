"""Lightning's trainer as a run needs it: device, precision and processes; silent about itself."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytorch_lightning as lightning
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException

from tiekd.errors import ConfigError, UnavailableError
from tiekd.recipe import Recipe
from tiekd.runtime.engines.torch import pick_device
from tiekd.training.ranks import Ranks, SharedStatistics
from tiekd.training.signals import PlainTermination

_PRECISIONS: dict[str, Literal["64-true", "32-true", "bf16-mixed", "16-mixed"]] = {
    "fp64": "64-true",
    "fp32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
}
_EXPECTED_WARNINGS = (
    ".*does not have many workers.*",
    ".*Checkpoint directory.*exists and is not empty.*",
    ".*Experiment logs directory.*",
    ".*GPU available but not used.*",
    ".*have no `val_dataloader`.*",
    ".*in eval mode at the start of training.*",
    # Validation is reduced over the processes before it is logged.
    ".*It is recommended to use `self.log.*sync_dist=True.*",
    # torch's tree utilities deprecate what Lightning still calls.
    ".*isinstance.treespec, LeafSpec.*",
)


def on_cuda(recipe: Recipe) -> bool:
    """Whether the run computes on NVIDIA (or ROCm) GPUs."""
    device = recipe.run.device
    return device.partition(":")[0] in ("cuda", "gpu") or (device == "auto" and torch.cuda.is_available())


def make_trainer(recipe: Recipe, ranks: Ranks, **settings: Any) -> lightning.Trainer:
    """A Lightning trainer on the recipe's device, with its threads and in its precision, one of `ranks`.

    `settings` are more arguments of Lightning's Trainer. Raises ConfigError for a device that the machine
    lacks and for a precision that the device lacks.
    """
    accelerator, devices = _place(recipe.run.device, ranks)
    _check_precision(recipe)
    if recipe.run.threads:
        torch.set_num_threads(recipe.run.threads)
    many = ranks.world > 1
    try:
        return lightning.Trainer(
            accelerator=accelerator,
            devices=devices,
            num_nodes=ranks.world // ranks.local_world,
            strategy="ddp" if many else "auto",
            precision=_PRECISIONS[recipe.optim.precision],
            num_sanity_val_steps=0,
            enable_checkpointing=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            callbacks=[
                PlainTermination(),
                SharedStatistics(recipe.optim.accumulate),
                *settings.pop("callbacks", []),
            ],
            plugins=[
                TorchElasticEnvironment() if many else LightningEnvironment(),
                *settings.pop("plugins", []),
            ],
            **settings,
        )
    except (MisconfigurationException, ValueError) as error:
        raise ConfigError(
            f"Can't train on run.device={recipe.run.device}: {error}", hint="Say -o run.device=auto."
        ) from error


def _place(device: str, ranks: Ranks) -> tuple[str, int | list[int]]:
    """Lightning's names for a device: the kind, and how many or which. Raises ConfigError."""
    if device == "auto":
        return device, ranks.local_world
    try:
        chosen = pick_device("cuda" if device == "gpu" else device)
    except UnavailableError as error:
        raise ConfigError(
            f"Can't train on run.device={device}: {error}", hint="Say -o run.device=auto."
        ) from error
    if ":" not in device:
        return chosen.type, ranks.local_world
    if ranks.local_world > 1:
        raise ConfigError(
            f"run.device={device} is one GPU, and this machine has {ranks.local_world} processes of the run.",
            hint="Say -o run.device=cuda; CUDA_VISIBLE_DEVICES chooses the GPUs.",
        )
    return chosen.type, [chosen.index] if chosen.type == "cuda" else 1


def _check_precision(recipe: Recipe) -> None:
    device = recipe.run.device
    on_cpu = device.startswith("cpu") or (device == "auto" and not torch.accelerator.is_available())
    if recipe.optim.precision == "fp16" and on_cpu:
        raise ConfigError(
            "optim.precision=fp16 needs a GPU; this run is on the CPU.", hint="Say -o optim.precision=bf16."
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what Lightning says about itself and about choices that are made on purpose."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for message in _EXPECTED_WARNINGS:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
