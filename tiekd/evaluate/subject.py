"""Describes what was evaluated. It is stored with the numbers, so that reports know methods and seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tiekd import run_folder
from tiekd.estimators import Estimator
from tiekd.files import sha256_of
from tiekd.zoo import read_card, resolve


class Subject(BaseModel):
    """What made the depth. `seed` and `recipe` are known for weights in the folder of their run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    method: str | None = None
    teacher: str | None = None
    encoder: str | None = None
    dataset: str | None = None
    seed: int | None = None
    weights_sha256: str | None = None
    recipe: dict[str, Any] | None = None


def subject_of_weights(name_or_path: str | Path, *, name: str | None = None) -> Subject:
    """Describe a zoo row or a file of weights by its card and, in the folder of a run, by the recipe there.

    Raises the errors of `tiekd.zoo.resolve`, CheckpointError for a file without a card, and DataError for a
    recipe that cannot be read.
    """
    path = resolve(name_or_path)
    card = read_card(path)
    recipe = run_folder.read_recipe(path.parent)
    return Subject(
        name=name or card.name,
        method=card.method,
        teacher=card.teacher,
        encoder=card.encoder,
        dataset=card.dataset,
        seed=recipe.get("run", {}).get("seed") if recipe else None,
        weights_sha256=sha256_of(path),
        recipe=recipe,
    )


def subject_of_estimator(estimator: Estimator, *, name: str | None = None) -> Subject:
    """Describe another program's model, an ONNX file or a folder of depth by what it states about itself."""
    about = estimator.about
    return Subject(name=name or about.name, weights_sha256=about.digest or None)
