"""Where a run computes: which of its processes this one is, on what device, in what precision."""

from __future__ import annotations

import logging
import os
import signal
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytorch_lightning as lightning
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException

from tiekd.errors import ConfigError, RunFailedError
from tiekd.recipe.recipe import Recipe

_PRECISIONS: dict[str, Literal["64-true", "32-true", "bf16-mixed", "16-mixed"]] = {
    "fp64": "64-true",
    "fp32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
}
_CPU_MEMORY = "DefaultCPUAllocator"
"""What torch's error about a CPU's memory names; it has no type of its own."""
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


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which of `world` processes this one is; `local_world` of them share its machine."""

    rank: int = 0
    world: int = 1
    local_world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes files and talks."""
        return self.rank == 0


def this_rank() -> Ranks:
    """What torchrun's environment says, or the only process of a run without it. Raises ConfigError."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "LOCAL_RANK")
    given = {name: os.environ[name] for name in names if name in os.environ}
    if int(given.get("WORLD_SIZE", "1")) == 1:
        return Ranks()
    missing = [name for name in names if name not in given]
    if missing:
        raise ConfigError(
            f"WORLD_SIZE={given['WORLD_SIZE']} asks for several processes without {', '.join(missing)}.",
            hint="Start them so: torchrun --standalone --no-python --nproc-per-node 2 tiekd train …",
        )
    return Ranks(int(given["RANK"]), int(given["WORLD_SIZE"]), int(given["LOCAL_WORLD_SIZE"]))


def share_of_batch(recipe: Recipe, ranks: Ranks) -> int:
    """Frames that one process sees at a time. Raises ConfigError when a step's batch can't be shared."""
    batch_size, parts = recipe.optim.batch_size, ranks.world * recipe.optim.accumulate
    if batch_size % parts:
        raise ConfigError(
            f"optim.batch_size={batch_size} can't be shared equally by {ranks.world} processes that take "
            f"optim.accumulate={recipe.optim.accumulate} parts each.",
            hint=f"Say -o optim.batch_size={parts * max(1, round(batch_size / parts))}.",
        )
    return batch_size // parts


def on_cuda(recipe: Recipe) -> bool:
    """Whether the run computes on NVIDIA (or ROCm) GPUs."""
    device = recipe.run.device
    return device in ("cuda", "gpu") or (device == "auto" and torch.cuda.is_available())


def answer_signals(numbers: Iterable[signal.Signals], answer: Any) -> None:
    """Answer signals so from now on, where they can be heard: in the main thread."""
    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            signal.signal(number, answer)


class PlainTermination(lightning.Callback):
    """Lets SIGTERM end the process once training has started; Lightning puts back what was there before.

    Lightning would let the step end, and then end itself as if all were well.
    """

    def on_train_start(self, *_: Any) -> None:
        """Take SIGTERM from Lightning."""
        answer_signals([signal.SIGTERM], signal.SIG_DFL)


def make_trainer(recipe: Recipe, ranks: Ranks, **settings: Any) -> lightning.Trainer:
    """A Lightning trainer on the recipe's device, with its threads and in its precision, one of `ranks`.

    Raises ConfigError for a device that is not there and for a precision that it does not have.
    """
    on_cpu = recipe.run.device == "cpu" or (
        recipe.run.device == "auto" and not torch.accelerator.is_available()
    )
    if recipe.optim.precision == "fp16" and on_cpu:
        raise ConfigError(
            "optim.precision=fp16 needs a GPU; this run is on the CPU.", hint="Say -o optim.precision=bf16."
        )
    if recipe.run.threads:
        torch.set_num_threads(recipe.run.threads)
    many = ranks.world > 1
    try:
        return lightning.Trainer(
            accelerator=recipe.run.device,
            devices=ranks.local_world,
            num_nodes=ranks.world // ranks.local_world,
            strategy="ddp" if many else "auto",
            precision=_PRECISIONS[recipe.optim.precision],
            accumulate_grad_batches=recipe.optim.accumulate,
            num_sanity_val_steps=0,
            enable_checkpointing=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            callbacks=[PlainTermination(), *settings.pop("callbacks", [])],
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


@contextmanager
def clear_errors(out: Path | None) -> Iterator[None]:
    """Say in one line what went wrong around a run: with the disk, the memory, the other processes."""
    try:
        yield
    except OSError as error:
        raise RunFailedError(
            f"Can't write into {out}: {error.strerror or error}.",
            hint="What was kept is whole. Make room, then go on with --resume.",
        ) from error
    except torch.OutOfMemoryError as error:
        raise _memory_full("The GPU's memory", error) from error
    except torch.distributed.DistError as error:
        port = os.environ.get("MASTER_PORT", "?")
        in_use = "EADDRINUSE" in str(error) or "address already in use" in str(error)
        what = f"port {port} is in use" if in_use else str(error).partition("\n")[0]
        raise RunFailedError(
            f"The processes of this run can't meet: {what}.",
            hint="torchrun --standalone finds a free port; over several machines give --master-port.",
        ) from error
    except RuntimeError as error:
        if _CPU_MEMORY not in str(error):
            raise
        raise _memory_full("The memory of this machine", error) from error


def _memory_full(whose: str, error: RuntimeError) -> RunFailedError:
    said = str(error).rpartition(f"{_CPU_MEMORY}: ")[2].partition(". ")[0]
    return RunFailedError(
        f"{whose} is full: {said}.",
        hint="Take a step in more parts (-o optim.accumulate=2, 4, …) or half the precision.",
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
