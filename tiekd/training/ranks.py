"""The processes of a run: which of them this one is, and what it shares with the others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pytorch_lightning as lightning
import torch
from torch.nn.parallel import DistributedDataParallel

from tiekd.errors import ConfigError
from tiekd.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process is number `rank` (from 0) of `world`; `local_world` of them share its machine."""

    rank: int = 0
    world: int = 1
    local_world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes the files and prints."""
        return self.rank == 0


def this_rank() -> Ranks:
    """What torchrun's environment says; without torchrun the only process. Raises ConfigError."""
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
    """Frames that one process sees at a time. Raises ConfigError if a step's batch has no equal shares."""
    batch_size, parts = recipe.optim.batch_size, ranks.world * recipe.optim.accumulate
    if batch_size % parts:
        raise ConfigError(
            f"optim.batch_size={batch_size} can't be shared equally by {ranks.world} processes that take "
            f"optim.accumulate={recipe.optim.accumulate} parts each.",
            hint=f"Say -o optim.batch_size={parts * max(1, round(batch_size / parts))}.",
        )
    return batch_size // parts


class SharedStatistics(lightning.Callback):
    """Gives all processes the first one's running statistics (of batch norms) for a step or a validation.

    torch's wrapper does so before a forward pass that is marked. Lightning loses the mark where a task makes
    its steps itself, and the processes would then validate different networks.
    """

    def __init__(self, accumulate: int) -> None:
        self.accumulate = accumulate

    def on_train_batch_start(
        self, trainer: lightning.Trainer, _task: Any, _batch: Any, batch_idx: int
    ) -> None:
        """Mark the first part of every step."""
        _mark(trainer, batch_idx % self.accumulate == 0)

    def on_validation_start(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Mark the first batch."""
        _mark(trainer, True)


def _mark(trainer: lightning.Trainer, shares: bool) -> None:
    if isinstance(trainer.model, DistributedDataParallel):
        trainer.model.require_forward_param_sync = shares


def over_processes(
    trainer: lightning.Trainer, values: Sequence[float], how: Literal["sum", "mean"]
) -> list[float]:
    """The sum or mean of each value over all processes of a run, each of which must call this."""
    if trainer.world_size == 1:
        return list(values)
    here = torch.tensor(values, dtype=torch.float64, device=trainer.strategy.root_device)
    together: list[float] = trainer.strategy.reduce(here, reduce_op=how).tolist()
    return together
