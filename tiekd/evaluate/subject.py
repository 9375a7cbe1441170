"""What was evaluated. It stands beside the numbers, so that a report can tell methods and seeds apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tiekd import run_folder
from tiekd.estimators import Estimator
from tiekd.files import sha256_of
from tiekd.zoo import read_card, resolve


class Subject(BaseModel):
    """What made the depth. `seed` and `recipe` are known for weights that lie in the folder of their run."""

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
    """A zoo row or a file of weights, by its card and by the recipe of the run it lies in.

    Raises what `tiekd.zoo.resolve` raises, CheckpointError for a file without a card, and DataError for a
    recipe that can't be read.
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
    """Another program's model, an ONNX file or a folder of depth, by what it states about itself."""
    about = estimator.about
    return Subject(name=name or about.name, weights_sha256=about.digest or None)
