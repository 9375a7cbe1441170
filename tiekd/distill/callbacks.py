"""What a run writes while it goes: checkpoints, weights, and a table of numbers."""

from __future__ import annotations

import csv
import io
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import RichProgressBar

from tiekd.distill.task import DistillTask
from tiekd.models.registry import save

BETTER_IS_MORE = frozenset({"delta1", "delta2", "delta3"})


class Keeper(lightning.Callback):
    """Writes last.ckpt and last.safetensors every so many steps, best.safetensors when validation improves.

    Every file is written beside its name and then moved there: a run killed at any moment leaves whole files.
    """

    def __init__(self, out: Path, *, every: int, best_by: str, max_seconds: float | None = None) -> None:
        self.out, self.every, self.best_by = out, every, best_by
        self.best: float | None = None
        self.kept_step = -1
        self.deadline = None if max_seconds is None else time.monotonic() + max_seconds
        self.stop_asked = False

    def on_train_batch_end(self, trainer: lightning.Trainer, task: Any, *_: Any) -> None:
        """Keep the run every `every` steps, at the end, and when it is asked to stop or out of time."""
        late = self.deadline is not None and time.monotonic() > self.deadline
        stop = late or self.stop_asked
        if stop or trainer.global_step % self.every == 0 or trainer.global_step >= trainer.max_steps:
            self.keep(trainer, task)
        # Only now: a checkpoint that is made after Lightning has ended the loop can't be gone on from.
        trainer.should_stop = stop

    def keep(self, trainer: lightning.Trainer, task: DistillTask) -> None:
        """Write last.ckpt and last.safetensors now."""
        part = self.out / f".last.ckpt.{os.getpid()}.part"
        try:
            trainer.save_checkpoint(part, weights_only=False)
            part.replace(self.out / "last.ckpt")
        finally:
            part.unlink(missing_ok=True)
        save(task.shipped, self.out / "last.safetensors")
        self.kept_step = trainer.global_step

    def on_validation_end(self, trainer: lightning.Trainer, task: Any) -> None:
        """Write best.safetensors when the chosen metric has improved."""
        score = trainer.callback_metrics.get(f"val/{self.best_by}")
        if score is None:
            return
        value = float(score) if self.best_by in BETTER_IS_MORE else -float(score)
        if self.best is None or value > self.best:
            self.best = value
            save(task.shipped, self.out / "best.safetensors")
        if trainer.state.fn == "fit" and self.kept_step == trainer.global_step:
            # The checkpoint of this step does not know the score yet; who resumes from it must.
            self.keep(trainer, task)

    def state_dict(self) -> dict[str, Any]:
        """The best score so far, larger is better."""
        return {"best": self.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a best score."""
        self.best = state["best"]


class MetricsTable(lightning.Callback):
    """Appends to metrics.csv: step, seconds, learning rate, parts of the loss; validation in rows of its own.

    A resumed run drops the rows beyond the checkpoint it starts from.
    """

    VAL = ("abs_rel", "sq_rel", "rmse", "rmse_log", "log10", "silog", "delta1", "delta2", "delta3")

    def __init__(self, path: Path, *, parts: list[str], every: int, lines: bool) -> None:
        self.path, self.every, self.lines = path, every, lines
        self.parts = ["loss", *parts]
        self.columns = ["step", "seconds", "lr", *self.parts, *(f"val_{name}" for name in self.VAL)]
        self.sums: dict[str, float] = {}
        self.count = 0
        self.seconds = 0.0
        self.started = time.monotonic()

    def on_train_start(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Start the table, or cut it at the step that the run goes on from."""
        rows: list[dict[str, str]] = []
        if trainer.global_step and self.path.is_file():
            with self.path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if int(row["step"]) <= trainer.global_step]
        self.seconds = float(rows[-1]["seconds"]) if rows else 0.0
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)
        part = self.path.with_name(f".{self.path.name}.part")
        part.write_text(text.getvalue(), encoding="utf-8", newline="")
        part.replace(self.path)
        self.started = time.monotonic()

    def on_train_batch_end(self, trainer: lightning.Trainer, task: Any, *_: Any) -> None:
        """Average the parts over `every` steps into one row."""
        for name in self.parts:
            self.sums[name] = self.sums.get(name, 0.0) + task.parts[name]
        self.count += 1
        if trainer.global_step % self.every and trainer.global_step < trainer.max_steps:
            return
        row = {name: f"{total / self.count:.6g}" for name, total in self.sums.items()}
        self.sums, self.count = {}, 0
        self._append(trainer, {"lr": f"{trainer.optimizers[0].param_groups[-1]['lr']:.3e}", **row})

    def on_validation_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """One row of validation metrics."""
        values = {name: trainer.callback_metrics.get(f"val/{name}") for name in self.VAL}
        self._append(trainer, {f"val_{n}": f"{float(v):.6g}" for n, v in values.items() if v is not None})

    def _append(self, trainer: lightning.Trainer, row: dict[str, str]) -> None:
        seconds = self.seconds + time.monotonic() - self.started
        whole = {"step": str(trainer.global_step), "seconds": f"{seconds:.1f}", **row}
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self.columns, restval="").writerow(whole)
        if self.lines:
            shown = "  ".join(f"{name} {value}" for name, value in whole.items() if name != "step")
            print(f"step {trainer.global_step}/{trainer.max_steps}  {shown}", file=sys.stderr, flush=True)


class Bar(RichProgressBar):
    """Lightning's progress bar without the number of a run, which has none."""

    def get_metrics(self, *args: Any) -> dict[str, Any]:
        """What stands beside the bar."""
        metrics: dict[str, Any] = super().get_metrics(*args)
        metrics.pop("v_num", None)
        return metrics


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint of a run, without running code that it may carry. Raises what torch.load raises."""
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return checkpoint
