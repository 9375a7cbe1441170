"""What a run says of itself while it goes: metrics.csv, lines on the terminal, scalars for the loggers."""

from __future__ import annotations

import csv
import io
import sys
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
from pytorch_lightning.callbacks import RichProgressBar

from tiekd.files import write_text
from tiekd.metrics import METRICS
from tiekd.recipe import Recipe
from tiekd.run_folder import read_metrics
from tiekd.training.ranks import over_processes


class MetricsTable(lightning.Callback):
    """Appends to metrics.csv: step, seconds, learning rate, parts of the loss; validation in rows of its own.

    The parts are means over the steps since the last row and over all processes, and also go to the loggers.
    A resumed run drops the rows beyond the checkpoint it starts from. With `lines` every row is also printed.
    """

    def __init__(self, path: Path, recipe: Recipe, *, lines: bool) -> None:
        self.path, self.lines = path, lines
        self.every, self.accumulate = recipe.run.log_every, recipe.optim.accumulate
        self.parts = ["loss", *recipe.weights]
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
            write_text(self.path, text.getvalue())
        self.started = time.monotonic()

    def _rows_until(self, step: int) -> list[dict[str, str]]:
        """Whole rows up to `step`."""
        return [row for row in read_metrics(self.path.parent) if int(row["step"]) <= step]

    def on_train_batch_end(
        self, trainer: lightning.Trainer, task: Any, _outputs: Any, _batch: Any, batch_idx: int
    ) -> None:
        """Average the parts over `every` steps into one row."""
        for name in self.parts:
            self.sums[name] += task.parts[name]
        self.count += 1
        whole_step = (batch_idx + 1) % self.accumulate == 0
        if not whole_step or (trainer.global_step % self.every and trainer.global_step < trainer.max_steps):
            return
        means = {name: total / self.count for name, total in self._sums_of_all(trainer).items()}
        self.sums, self.count = dict.fromkeys(self.parts, 0.0), 0
        lr = trainer.optimizers[0].param_groups[-1]["lr"]
        _log(trainer, "train", {"lr": lr, **means})
        self._append(trainer, {"lr": f"{lr:.3e}", **{name: f"{mean:.6g}" for name, mean in means.items()}})

    def _sums_of_all(self, trainer: lightning.Trainer) -> dict[str, float]:
        """The sums, as a mean over the processes."""
        means = over_processes(trainer, [self.sums[name] for name in self.parts], "mean")
        return dict(zip(self.parts, means, strict=True))

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
        """Keep the row that is being averaged, over all processes: each of them goes on from it."""
        checkpoint["begun_row"] = {"sums": self._sums_of_all(trainer), "count": self.count}

    def on_load_checkpoint(self, _trainer: Any, _task: Any, checkpoint: dict[str, Any]) -> None:
        """Go on with a row that was begun."""
        row = checkpoint["begun_row"]
        self.sums, self.count = row["sums"], row["count"]


def _log(trainer: lightning.Trainer, kind: str, values: dict[str, float]) -> None:
    """Give values to the loggers, at the step that has just ended."""
    for logger in trainer.loggers:
        scalars = {f"{kind}/{name}": value for name, value in values.items()}
        logger.log_metrics(scalars, step=trainer.global_step)


class Bar(RichProgressBar):
    """Lightning's progress bar without a version number, which our runs do not have."""

    def get_metrics(self, *args: Any) -> dict[str, Any]:
        """What stands beside the bar."""
        metrics: dict[str, Any] = super().get_metrics(*args)
        metrics.pop("v_num", None)
        return metrics
