"""Keep a step that went wrong (its batches and the weights before it), and run it again later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tiekd.errors import CheckpointError, DataError, NotFiniteError
from tiekd.models.checkpoint import write
from tiekd.recipe import Recipe
from tiekd.training.failures import clear_errors
from tiekd.training.network import build_network
from tiekd.training.ranks import Ranks
from tiekd.training.step import DistillTask
from tiekd.training.trainer import make_trainer, quiet
from tiekd.types import Sample


class FlightRecorder(lightning.Callback):
    """Holds the batches of the running step, and writes them and the weights if the step is not finite.

    A validation that is not finite leaves nothing to replay, because it is not a step.
    """

    def __init__(self, out: Path, recipe: Recipe) -> None:
        self.out, self.recipe = out, recipe
        self.batches: list[Sample] = []
        self.seeds: list[int] = []

    def on_train_batch_start(
        self, _trainer: lightning.Trainer, task: Any, batch: Sample, batch_idx: int
    ) -> None:
        """Remember a batch; forget those of the step before."""
        if batch_idx % self.recipe.optim.accumulate == 0:
            self.batches, self.seeds = [], []
        self.batches.append(batch)
        self.seeds.append(task.batch_seed(batch_idx))

    def on_validation_start(self, *_: Any) -> None:
        """Forget the step: it went well, or there would be no validation."""
        self.batches, self.seeds = [], []

    def on_exception(self, trainer: lightning.Trainer, task: Any, exception: BaseException) -> None:
        """Write failed-step…safetensors and say in the error's hint how to look at it."""
        if not isinstance(exception, NotFiniteError) or not self.batches:
            return
        path = self.out / f"failed-step{trainer.global_step}-rank{trainer.global_rank}.safetensors"
        try:
            self._write(path, trainer.global_step, task)
        except DataError as error:
            exception.hint += f" (The step could not be kept: {error})"
        else:
            exception.hint += f" See the step again with `tiekd train --replay {path}`."

    def _write(self, path: Path, step: int, task: DistillTask) -> None:
        tensors = {f"network.{name}": value for name, value in task.network.state_dict().items()}
        for number, batch in enumerate(self.batches):
            tensors |= {f"batch{number}.{name}": layer for name, layer in _layers(batch)}
        origin = {
            "recipe": self.recipe.model_dump_json(),
            "step": str(step),
            "seeds": json.dumps(self.seeds),
        }
        whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        write(whole, task.network.card, path=path, origin=origin)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a step did when it ran again.

    `error`: what it raised; None if it went well here. `first_broken`: the first module whose output was not
    finite. `layers`: by batch and layer, the smallest and largest value and how many were not finite.
    """

    step: int
    error: str | None
    parts: dict[str, float]
    first_broken: str | None
    layers: dict[str, dict[str, float]]


def replay(path: Path) -> Replayed:
    """Run the step kept in `path` once more, with the same weights, batches, random numbers and precision.

    Writes nothing. Raises DataError if there is no such file, CheckpointError if it holds no step.
    """
    recipe, kept, tensors = _read(path)
    network = build_network(recipe, train_focal_px=None, load_weights=False)
    network.load_state_dict(_below(tensors, "network."))
    task = DistillTask(recipe, network, seeds=kept.seeds)
    batches = [Sample(**_below(tensors, f"batch{number}.")) for number in range(len(kept.seeds))]
    error = None
    with quiet(), clear_errors(path), _first_broken(network) as broken:
        trainer = make_trainer(
            recipe, Ranks(), fast_dev_run=len(batches), logger=False, enable_progress_bar=False
        )
        try:
            trainer.fit(task, DataLoader(batches, batch_size=None))  # type: ignore[arg-type]
        except NotFiniteError as caught:
            error = str(caught).replace("step 0", f"step {kept.step}")
    layers = {
        f"{number}.{name}": _range(layer)
        for number, batch in enumerate(batches)
        for name, layer in _layers(batch)
    }
    return Replayed(kept.step, error, task.parts, broken[0] if broken else None, layers)


@dataclass(frozen=True, slots=True)
class _Kept:
    step: int
    seeds: list[int]


def _read(path: Path) -> tuple[Recipe, _Kept, dict[str, Tensor]]:
    if not path.is_file():
        raise DataError(f"There is no file {path}.", hint="A failed run names the file in its last line.")
    try:
        with safe_open(str(path), framework="pt") as file:
            notes = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        kept = _Kept(int(notes["step"]), json.loads(notes["seeds"]))
        return Recipe.model_validate_json(notes["recipe"]), kept, tensors
    except (SafetensorError, OSError, KeyError, ValueError, ValidationError) as error:
        raise CheckpointError(
            f"{path} holds no step of a failed run: {error}", hint="Give a failed-step….safetensors file."
        ) from error


def _layers(batch: Sample) -> Iterator[tuple[str, Tensor]]:
    for field in fields(batch):
        layer = getattr(batch, field.name)
        if layer is not None:
            yield field.name, layer


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _range(layer: Tensor) -> dict[str, float]:
    finite = torch.isfinite(layer)
    inside = layer[finite].float()
    ends = {"min": float(inside.min()), "max": float(inside.max())} if inside.numel() else {}
    return {**ends, "not_finite": int((~finite).sum())}


@contextmanager
def _first_broken(network: nn.Module) -> Iterator[list[str]]:
    """Names of the modules whose output is not finite, in the order in which they compute."""
    broken: list[str] = []

    def look(name: str, output: Any) -> None:
        if isinstance(output, Tensor) and not torch.isfinite(output).all():
            broken.append(name)

    hooks = [
        module.register_forward_hook(lambda _module, _inputs, output, name=name: look(name, output))
        for name, module in network.named_modules()
        if name
    ]
    try:
        yield broken
    finally:
        for hook in hooks:
            hook.remove()
