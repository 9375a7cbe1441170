"""The folder of a training run: the names of its files, and readers of those that are text.

`tiekd.training` writes them. Evaluations, reports and studies read them here, without torch.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import yaml

from tiekd.errors import DataError

BEST = "best.safetensors"
"""The weights of the best validation; without any validation those of the last step."""
LAST = "last.safetensors"
CHECKPOINT = "last.ckpt"
"""Everything that a resumed run goes on from."""
METRICS_TABLE = "metrics.csv"
RECIPE = "recipe.yaml"
DATA = "data.json"
"""What the run was trained and validated on: counts and digests of files."""
FILES = (BEST, LAST, CHECKPOINT, METRICS_TABLE, RECIPE, DATA)


def read_recipe(folder: Path) -> dict[str, Any] | None:
    """The recipe of a run as it is stored, None where the folder holds none. Raises DataError."""
    path = folder / RECIPE
    hint = "It says which run the weights come from."
    if not path.is_file():
        return None
    try:
        recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"Can't read {path}: {error}", hint=hint) from error
    if not isinstance(recipe, dict) or not isinstance(recipe.get("run", {}), dict):
        raise DataError(f"{path} is not a recipe.", hint=hint)
    return recipe


def read_metrics(folder: Path) -> list[dict[str, str]]:
    """The rows of a run's table by column, none where there is no table. Raises DataError.

    If the process was killed while it wrote a row, the row is incomplete and is skipped.
    """
    path = folder / METRICS_TABLE
    if not path.is_file():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if None not in row.values() and row["step"].isdigit()]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise DataError(f"Can't read {path}: {error}", hint="`tiekd train` writes it.") from error


def read_validations(folder: Path) -> list[dict[str, str]]:
    """The rows of `read_metrics` that hold a validation."""
    return [row for row in read_metrics(folder) if row.get("val_abs_rel")]


def read_data(folder: Path) -> dict[str, Any]:
    """What a run was trained and validated on, empty where it does not state it. Raises DataError."""
    path = folder / DATA
    if not path.is_file():
        return {}
    hint = "`tiekd train --resume` writes it."
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"Can't read {path}: {error}", hint=hint) from error
    if not isinstance(data, dict) or not isinstance(data.get("digests", {}), dict):
        raise DataError(f"Can't read {path}: it does not describe data.", hint=hint)
    return data


def has_ended(folder: Path) -> bool:
    """Whether a run has validated after the last step of its recipe; one that still runs has weights too."""
    recipe = read_recipe(folder)
    if recipe is None:
        return False
    return any(int(row["step"]) >= recipe["optim"]["steps"] for row in read_validations(folder))
