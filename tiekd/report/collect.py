"""Reads what a report is made of: evaluations and run folders."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tiekd import run_folder
from tiekd.charts import Line
from tiekd.errors import DataError
from tiekd.evaluate import Subject, subject_of_weights
from tiekd.files import digest_of
from tiekd.metrics import METRICS

VALIDATION = "validation"
_VALIDATED_BY = ("val_box", "crop", "trim_px", "shrink", "max_pixels", "min_depth_m", "max_depth_m")
"""Keys of a recipe's `data` that change the numbers of a validation, besides the frames and their truth."""


class Result(BaseModel):
    """One evaluation of one subject. Other keys of the JSON are ignored.

    labels: describes the teacher's labels that the subject was also compared with, if any. per_image: metrics
    of each frame under its "image". selected_here: the subject's weights were chosen on the scored frames.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    subject: Subject
    protocol: str
    fingerprint: str
    n_images: int | None
    metrics: dict[str, float | None]
    by_range: list[dict[str, float | None]] = []
    labels: dict[str, str] | None = None
    per_image: list[dict[str, float | str | None]] = []
    selected_here: bool = False
    where: str = ""


@dataclass(slots=True)
class Collected:
    """All results, and the validation of each run over its steps."""

    results: list[Result] = field(default_factory=list)
    curves: list[Line] = field(default_factory=list)


def collect(paths: Sequence[Path]) -> Collected:
    """Read run folders, folders of evaluations, and JSON files of `tiekd eval`.

    Raises DataError for any other path.
    """
    found = Collected()
    for path in dict.fromkeys(paths):
        if path.is_file():
            found.results.append(read_evaluation(path))
        elif path.is_dir():
            _read_folder(path, found)
        else:
            raise DataError(f"There is no {path}.", hint="Give run folders or JSON files of `tiekd eval`.")
    return found


def read_evaluation(path: Path) -> Result:
    """Read the JSON of `tiekd eval`. Raises DataError for other or unreadable files."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Result.model_validate({**document, "where": str(path)})
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"Can't read {path}: {error}", hint="Write it again with `tiekd eval`.") from error
    except (ValidationError, TypeError) as error:
        raise DataError(
            f"{path} is not a result of `tiekd eval`.", hint="Write it again with `tiekd eval … --json`."
        ) from error


def _read_folder(folder: Path, found: Collected) -> None:
    evaluations = [read_evaluation(path) for path in sorted(folder.glob("*.json")) if _is_evaluation(path)]
    found.results += evaluations
    if not (folder / run_folder.RECIPE).is_file():
        if not evaluations:
            raise DataError(
                f"{folder} holds neither a run nor an evaluation.",
                hint=f"A run has a {run_folder.RECIPE}; an evaluation is a JSON file of `tiekd eval`.",
            )
        return
    rows = run_folder.read_validations(folder)
    if rows:
        points = [(float(row["step"]), _number(row["val_abs_rel"])) for row in rows]
        found.curves.append(Line(folder.name, points))
    if not evaluations:
        found.results.append(_validation(folder, rows))


def _is_evaluation(path: Path) -> bool:
    """Whether a JSON file is an evaluation. The same folder may also hold the result of `tiekd train`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        return False
    return isinstance(document, dict) and {"protocol", "fingerprint", "metrics"} <= set(document)


def _validation(folder: Path, rows: list[dict[str, str]]) -> Result:
    """The best validation of a run: the one after which best.safetensors was written."""
    weights = folder / run_folder.BEST
    if not weights.is_file() or not rows:
        lacks = run_folder.BEST if rows else f"{run_folder.METRICS_TABLE} with a validation"
        raise DataError(f"The run {folder} has no {lacks} yet.", hint="Let it reach its first validation.")
    from tiekd.recipe import completed

    subject = subject_of_weights(weights)
    recipe = completed(subject.recipe or {})
    best_by = recipe.get("run", {}).get("best_by", "abs_rel")
    sign = 1 if best_by.startswith("delta") else -1  # deltas rise, errors fall
    best = max(rows, key=lambda row: sign * _number(row[f"val_{best_by}"]))
    # Validations compare only if all of these agree, so they make the fingerprint.
    decided_by = [
        subject.dataset,
        recipe.get("view", {}).get("size"),
        *map(recipe.get("data", {}).get, _VALIDATED_BY),
        *_validated_on(folder),
    ]
    return Result(
        subject=subject,
        protocol=VALIDATION,
        fingerprint=digest_of([json.dumps(decided_by)], digits=16),
        n_images=None,
        metrics={name: _number(best[f"val_{name}"]) for name in METRICS},
        where=str(folder),
    )


def _validated_on(folder: Path) -> list[str | None]:
    """What a run validates on: kind of truth, digest of the frames, digest of the labels if they are truth.

    Each is None where data.json does not state it.
    """
    data = run_folder.read_data(folder)
    digests, truth = data.get("digests", {}), data.get("validated_on")
    by_labels = digests.get("teacher labels") if truth == "teacher labels" else None
    return [truth, digests.get("validation frames"), by_labels]


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
