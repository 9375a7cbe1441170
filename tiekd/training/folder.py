"""The folder of a run: what it holds already, whether a run may go on there, how checkpoints are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from tiekd.errors import CheckpointError, ConfigError, DataError
from tiekd.files import check_writable, remove_leftovers, write_bytes
from tiekd.models.encoder_weights import why_unreadable
from tiekd.recipe import Recipe
from tiekd.run_folder import BEST, CHECKPOINT, FILES

_MAY_CHANGE = {
    "run": {
        "threads", "save_every", "log_every", "max_time", "device", "patience", "pictures", "wandb",
    },
    # A resumed run has its range from its labels already.
    "data": {"source", "labels", "cache_dir", "workers", "range_from_labels", "any_teacher"},
    "network": {"encoder_weights"},
}  # fmt: skip
"""Settings that may differ when a run goes on: none of them changes what is learned."""
_OLD_LEFTOVERS = "*.safetensors*.part"
"""What earlier versions left of weights that were half written."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint to go on from.

    `steps` are done, `stale` is the number of validations since the best one, whose metrics are `metrics`.
    `data` holds the digests.
    """

    path: Path
    steps: int
    stale: int
    metrics: dict[str, float]
    data: Mapping[str, str]

    def is_end_of(self, recipe: Recipe) -> bool:
        """Whether nothing is left to do."""
        patience = recipe.run.patience
        ended = self.steps >= recipe.optim.steps or (patience is not None and self.stale >= patience)
        return ended and (self.path.parent / BEST).is_file()


def find_kept(recipe: Recipe, out: Path, *, resume: bool) -> Kept | None:
    """The checkpoint in `out` that a run goes on from; None for a new run. Writes nothing.

    Raises ConfigError if the folder holds a run that is not to be resumed or has another recipe, and
    CheckpointError for a broken checkpoint.
    """
    last = out / CHECKPOINT
    if not resume:
        if last.exists() or (out / BEST).exists():
            raise ConfigError(
                f"{out} already holds a run.", hint="Say --resume to go on, or give another --out."
            )
        return None
    return _open_kept(recipe, last) if last.is_file() else None


def _open_kept(recipe: Recipe, last: Path) -> Kept:
    try:
        checkpoint = load_checkpoint(last)
        # Through the model, so that settings that are newer than the checkpoint take their defaults.
        before = Recipe.model_validate(checkpoint["recipe"]).model_dump(mode="json")
        keeper = checkpoint["callbacks"]["Keeper"]
        kept = Kept(
            path=last,
            steps=int(checkpoint["global_step"]),
            stale=int(keeper.get("stale", 0)),
            metrics=keeper.get("best_metrics", {}),
            data=checkpoint.get("data", {}),
        )
    except Exception as error:
        raise CheckpointError(
            f"{last} can't be read as the checkpoint of a run: {why_unreadable(error)}.",
            hint="Delete it to start again, or give another --out.",
        ) from error
    differing = sorted(_differences(before, recipe.model_dump(mode="json")))
    if differing:
        raise ConfigError(
            f"{last.parent} was trained by another recipe; these differ: {', '.join(differing)}.",
            hint="Use the folder's own recipe.yaml to resume, or give another --out.",
        )
    return kept


def _differences(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for group in {*before, *now}:
        old, new = before.get(group), now.get(group)
        if isinstance(old, dict) and isinstance(new, dict):
            free = _MAY_CHANGE.get(group, set())
            yield from (f"{group}.{k}" for k in {*old, *new} if k not in free and old.get(k) != new.get(k))
        elif old != new:
            yield group


def check_same_data(kept: Kept, digests: Mapping[str, str]) -> None:
    """Raise DataError if files are not those that the checkpoint has learned from."""
    changed = [name for name, digest in kept.data.items() if digests.get(name) != digest]
    if changed:
        raise DataError(
            f"The data of {kept.path.parent} have changed since it was begun: {', '.join(changed)}.",
            hint="Bring the old files back to resume, or start again in another --out.",
        )


def make_folder(out: Path) -> None:
    """Make the folder and clear what a killed run left half written. Raises DataError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            remove_leftovers(out, name)
        for leftover in out.glob(_OLD_LEFTOVERS):
            leftover.unlink()
        check_writable(out)
    except OSError as error:
        raise DataError(f"Can't write into {out}: {error.strerror}.", hint="Give another --out.") from error


class WholeCheckpoints(TorchCheckpointIO):
    """Writes checkpoints whole or not at all: a run killed at any moment leaves the one before."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:  # noqa: ARG002
        """Write one. Raises DataError."""
        buffer = BytesIO()
        torch.save(checkpoint, buffer)
        write_bytes(Path(path), buffer.getvalue())

    def load_checkpoint(self, path: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Read one; of an older version too. Raises what torch.load raises."""
        checkpoint: dict[str, Any] = super().load_checkpoint(path, *args, **kwargs)
        _count_steps_as_ours(checkpoint["loops"]["fit_loop"])
        return checkpoint


def _count_steps_as_ours(loop: dict[str, Any]) -> None:
    """Move the number of steps of an older run to where Lightning counts the steps that a task makes itself.

    Such a run left the steps to Lightning, which counted them in another place.
    """
    lightnings = loop["epoch_loop.automatic_optimization.optim_progress"]["optimizer"]
    ours = "epoch_loop.manual_optimization.optim_step_progress"
    if lightnings["step"]["total"]["completed"]:
        loop[ours], lightnings["step"] = lightnings["step"], loop[ours]


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint of a run, without running code that it may carry. Raises what torch.load raises."""
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return checkpoint
