"""What a run writes while it goes: checkpoints, weights, and a table of numbers."""

from __future__ import annotations

import csv
import io
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import RichProgressBar

from tiekd.errors import DataError, RunFailedError
from tiekd.files import write_bytes
from tiekd.metrics import METRICS
from tiekd.models.registry import save
from tiekd.recipe.recipe import Recipe
from tiekd.training.folder import BEST, LAST
from tiekd.training.task import DistillTask
from tiekd.training.trainer import answer_signals

BETTER_IS_MORE = frozenset({"delta1", "delta2", "delta3"})


class Keeper(lightning.Callback):
    """Writes last.ckpt and last.safetensors every so many steps, best.safetensors when validation improves.

    It also ends the run: when it is asked to, out of time, out of patience, or after the last step. Where a
    validation follows a step, the checkpoint waits for it: a resumed run never has one to catch up on.
    """

    def __init__(self, out: Path, recipe: Recipe) -> None:
        self.out, self.recipe, self.run = out, recipe, recipe.run
        self.data: dict[str, str] = {}
        self.best: float | None = None
        self.stale = 0
        self.due = False
        seconds = recipe.run.max_seconds
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.stop_asked = False

    @property
    def exhausted(self) -> bool:
        """Whether validation has not improved for too long."""
        return self.run.patience is not None and self.stale >= self.run.patience

    def on_train_batch_end(
        self, trainer: lightning.Trainer, task: Any, _outputs: Any, _batch: Any, batch_idx: int
    ) -> None:
        """After a whole step: keep the run if it is time to, and say whether it ends here."""
        if (batch_idx + 1) % trainer.accumulate_grad_batches:
            return
        step = trainer.global_step
        late = self.deadline is not None and time.monotonic() > self.deadline
        stop = trainer.strategy.reduce_boolean_decision(late or self.stop_asked, all=False)
        last = step >= trainer.max_steps
        validates = trainer.enable_validation and (last or step % self.recipe.val_every == 0)
        self.due = stop or last or step % self.run.save_every == 0
        if self.due and not validates:
            self.keep(trainer, task)
        if stop and not validates:
            # Lightning validates whenever it is told to stop; a stop must not change which weights are best.
            trainer.limit_val_batches = 0
        trainer.should_stop = stop or last

    def on_validation_end(self, trainer: lightning.Trainer, task: Any) -> None:
        """Write best.safetensors when the chosen metric has improved; stop when it has not for too long."""
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
        if trainer.is_global_zero:
            self._write(BEST, task)

    def keep(self, trainer: lightning.Trainer, task: DistillTask) -> None:
        """Write last.ckpt and last.safetensors now. Raises RunFailedError when that can't be done."""
        self.due = False
        try:
            trainer.save_checkpoint(self.out / LAST, weights_only=False)
        except DataError as error:
            raise _unkept(error) from error
        if trainer.is_global_zero:
            self._write("last.safetensors", task)

    def _write(self, name: str, task: DistillTask) -> None:
        try:
            save(task.shipped, self.out / name)
        except DataError as error:
            raise _unkept(error) from error

    def on_save_checkpoint(self, _trainer: Any, _task: Any, checkpoint: dict[str, Any]) -> None:
        """Add the recipe and the digests of the data, so that a resume can tell whether they still fit."""
        checkpoint["recipe"] = self.recipe.model_dump(mode="json")
        checkpoint["data"] = self.data

    def state_dict(self) -> dict[str, Any]:
        """The best score so far, larger is better, and how many validations ago it was."""
        return {"best": self.best, "stale": self.stale}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a best score."""
        self.best, self.stale = state["best"], state.get("stale", 0)


class StopOnSignal(lightning.Callback):
    """Lets the first Ctrl-C or SIGTERM end the run after its step, with a checkpoint; a second one at once.

    It takes over from Lightning when training starts: that answers SIGTERM with a message to the other
    processes, sent from amid whatever they are exchanging. Lightning puts back what was there before the run.
    """

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    def on_train_start(self, *_: Any) -> None:
        """Begin to listen, where signals can be heard."""
        answer_signals([signal.SIGINT, signal.SIGTERM], self._ask)

    def _ask(self, *_: Any) -> None:
        self.keeper.stop_asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unkept(error: DataError) -> RunFailedError:
    return RunFailedError(
        f"{error} The run stops here; the files it kept before are whole.",
        hint="Make room on the disk, then go on with --resume.",
    )


class MetricsTable(lightning.Callback):
    """Appends to metrics.csv: step, seconds, learning rate, parts of the loss; validation in rows of its own.

    The parts are means over the steps since the last row and over all processes, and also go to the loggers.
    A resumed run drops the rows beyond the checkpoint it starts from.
    """

    def __init__(self, path: Path, *, parts: list[str], every: int, lines: bool) -> None:
        self.path, self.every, self.lines = path, every, lines
        self.parts = ["loss", *parts]
        self.columns = ["step", "seconds", "lr", *self.parts, *(f"val_{name}" for name in METRICS)]
        self.sums = dict.fromkeys(self.parts, 0.0)
        self.count = 0
        self.seconds = 0.0
        self.started = time.monotonic()

    def on_train_start(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Start the table, or cut it at the step that the run goes on from."""
        rows = self._rows_until(trainer.global_step) if trainer.global_step else []
        self.seconds = float(rows[-1]["seconds"]) if rows else 0.0
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)
        if trainer.is_global_zero:
            write_bytes(self.path, text.getvalue().encode())
        self.started = time.monotonic()

    def _rows_until(self, step: int) -> list[dict[str, str]]:
        """Whole rows up to `step`: of a row that was cut short by a kill the last columns are missing."""
        if not self.path.is_file():
            return []
        with self.path.open(newline="", encoding="utf-8") as file:
            whole = [row for row in csv.DictReader(file) if None not in row.values()]
        return [row for row in whole if row["step"].isdigit() and int(row["step"]) <= step]

    def on_train_batch_end(
        self, trainer: lightning.Trainer, task: Any, _outputs: Any, _batch: Any, batch_idx: int
    ) -> None:
        """Average the parts over `every` steps into one row."""
        for name in self.parts:
            self.sums[name] += task.parts[name]
        self.count += 1
        whole_step = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if not whole_step or (trainer.global_step % self.every and trainer.global_step < trainer.max_steps):
            return
        means = self._means(trainer)
        self.sums, self.count = dict.fromkeys(self.parts, 0.0), 0
        lr = trainer.optimizers[0].param_groups[-1]["lr"]
        _log(trainer, "train", {"lr": lr, **means})
        self._append(trainer, {"lr": f"{lr:.3e}", **{name: f"{mean:.6g}" for name, mean in means.items()}})

    def _means(self, trainer: lightning.Trainer) -> dict[str, float]:
        return {name: total / self.count for name, total in self._of_all(trainer).items()}

    def _of_all(self, trainer: lightning.Trainer) -> dict[str, float]:
        """The sums, as a mean over the processes."""
        values = [self.sums[name] for name in self.parts]
        if trainer.world_size > 1:
            here = torch.tensor(values, dtype=torch.float64, device=trainer.strategy.root_device)
            values = trainer.strategy.reduce(here, reduce_op="mean").tolist()
        return dict(zip(self.parts, values, strict=True))

    def on_validation_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """One row of validation metrics."""
        found = {name: trainer.callback_metrics.get(f"val/{name}") for name in METRICS}
        values = {name: float(value) for name, value in found.items() if value is not None}
        _log(trainer, "val", values)
        self._append(trainer, {f"val_{name}": f"{value:.6g}" for name, value in values.items()})

    def _append(self, trainer: lightning.Trainer, row: dict[str, str]) -> None:
        if not trainer.is_global_zero:
            return
        seconds = self.seconds + time.monotonic() - self.started
        whole = {"step": str(trainer.global_step), "seconds": f"{seconds:.1f}", **row}
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self.columns, restval="").writerow(whole)
        if self.lines:
            shown = "  ".join(f"{name} {value}" for name, value in whole.items() if name != "step")
            print(f"step {trainer.global_step}/{trainer.max_steps}  {shown}", file=sys.stderr, flush=True)

    def on_save_checkpoint(self, trainer: lightning.Trainer, _task: Any, checkpoint: dict[str, Any]) -> None:
        """Keep the row that is being averaged: of all processes, as each of them goes on from it."""
        checkpoint["begun_row"] = {"sums": self._of_all(trainer), "count": self.count}

    def on_load_checkpoint(self, _trainer: Any, _task: Any, checkpoint: dict[str, Any]) -> None:
        """Go on with a row that was begun."""
        row = checkpoint["begun_row"]
        self.sums, self.count = row["sums"], row["count"]


def _log(trainer: lightning.Trainer, kind: str, values: dict[str, float]) -> None:
    """Tell the loggers, at the step that is done."""
    for logger in trainer.loggers:
        scalars = {f"{kind}/{name}": value for name, value in values.items()}
        logger.log_metrics(scalars, step=trainer.global_step)


class Bar(RichProgressBar):
    """Lightning's progress bar without the number of a run, which has none."""

    def get_metrics(self, *args: Any) -> dict[str, Any]:
        """What stands beside the bar."""
        metrics: dict[str, Any] = super().get_metrics(*args)
        metrics.pop("v_num", None)
        return metrics
