"""When a run writes its weights and checkpoints, and when it ends."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning

from tiekd.card import Selection
from tiekd.errors import DataError, RunFailedError
from tiekd.models.registry import save
from tiekd.recipe import Recipe
from tiekd.run_folder import BEST, CHECKPOINT, LAST
from tiekd.training.step import DistillTask

BETTER_IS_MORE = frozenset({"delta1", "delta2", "delta3"})


class Keeper(lightning.Callback):
    """Writes last.ckpt and last.safetensors every so many steps, best.safetensors when validation improves.

    It also ends the run: when it is asked to, out of time, out of patience, or after the last step. Where a
    validation follows a step, the checkpoint waits for it: a resumed run never has one to catch up on.
    """

    def __init__(self, out: Path, recipe: Recipe) -> None:
        self.out, self.recipe, self.run = out, recipe, recipe.run
        self.data: dict[str, str] = {}
        self.selected_on: Selection | None = None
        self.best: float | None = None
        self.best_metrics: dict[str, float] = {}
        self.stale = 0
        self.due = False
        seconds = recipe.run.max_seconds
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.stop_asked = False

    def ask_to_stop(self) -> None:
        """End the run after the running step, with a checkpoint."""
        self.stop_asked = True

    @property
    def exhausted(self) -> bool:
        """Whether validation has not improved for too long."""
        return self.run.patience is not None and self.stale >= self.run.patience

    def on_train_batch_end(
        self, trainer: lightning.Trainer, task: Any, _outputs: Any, _batch: Any, batch_idx: int
    ) -> None:
        """After a whole step: write a checkpoint if it is time to, and decide whether the run ends here."""
        if (batch_idx + 1) % self.recipe.optim.accumulate:
            return
        step = trainer.global_step
        late = self.deadline is not None and time.monotonic() > self.deadline
        # One process decides for all: if they stopped at different steps, the others would wait for ever.
        stop = trainer.strategy.reduce_boolean_decision(late or self.stop_asked, all=False)
        last = step >= trainer.max_steps
        validates = trainer.enable_validation and (last or step % self.recipe.val_every == 0)
        self.due = stop or last or step % self.run.save_every == 0
        if self.due and not validates:
            self.keep(trainer, task)
        if stop and not validates:
            # Lightning validates whenever it stops early; a stop must not change which weights are best.
            trainer.limit_val_batches = 0
        trainer.should_stop = stop or last

    def on_validation_end(self, trainer: lightning.Trainer, task: Any) -> None:
        """Write best.safetensors if the chosen metric has improved; stop if it has not for too long."""
        score = trainer.callback_metrics.get(f"val/{self.run.best_by}")
        if score is not None:
            self._judge(trainer, task, float(score))
        if self.due or self.exhausted:
            self.keep(trainer, task)
        trainer.should_stop = trainer.should_stop or self.exhausted

    def _judge(self, trainer: lightning.Trainer, task: DistillTask, score: float) -> None:
        value = score if self.run.best_by in BETTER_IS_MORE else -score
        if self.best is not None and value <= self.best:
            self.stale += 1
            return
        self.best, self.stale = value, 0
        found = trainer.callback_metrics.items()
        self.best_metrics = {
            key.removeprefix("val/"): float(one) for key, one in found if key.startswith("val/")
        }
        if trainer.is_global_zero:
            self._write(BEST, task)

    def keep(self, trainer: lightning.Trainer, task: DistillTask) -> None:
        """Write last.ckpt and last.safetensors now. Raises RunFailedError if that is refused."""
        self.due = False
        try:
            trainer.save_checkpoint(self.out / CHECKPOINT, weights_only=False)
        except DataError as error:
            raise _not_written(error) from error
        if trainer.is_global_zero:
            self._write(LAST, task)

    def _write(self, name: str, task: DistillTask) -> None:
        task.shipped.describe(selected_on=self.selected_on if name == BEST else None)
        try:
            save(task.shipped, self.out / name)
        except DataError as error:
            raise _not_written(error) from error

    def on_save_checkpoint(self, _trainer: Any, _task: Any, checkpoint: dict[str, Any]) -> None:
        """Add the recipe and the digests of the data: a resumed run compares its own with them."""
        checkpoint["recipe"] = self.recipe.model_dump(mode="json")
        checkpoint["data"] = self.data

    def state_dict(self) -> dict[str, Any]:
        """The best score so far (larger is better), its metrics and the number of validations since."""
        return {"best": self.best, "best_metrics": self.best_metrics, "stale": self.stale}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a best score."""
        self.best, self.stale = state["best"], state.get("stale", 0)
        self.best_metrics = state.get("best_metrics", {})


def _not_written(error: DataError) -> RunFailedError:
    return RunFailedError(
        f"{error} The run stops here; the files it kept before are whole.",
        hint="Make room on the disk, then go on with --resume.",
    )
