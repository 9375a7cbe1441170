"""Makes tables of results: averages seeds and computes the recovered share of the teacher-baseline gap."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any

from tiekd.errors import ConfigError, UnknownNameError
from tiekd.methods import METHODS, Method
from tiekd.metrics import METRICS, TEACHER_METRICS
from tiekd.report.collect import Result

GAP_METRICS = ("abs_rel", "rmse", "delta1")
_FREE = {
    "run.seed", "run.threads", "run.save_every", "run.log_every", "run.max_time", "run.device", "data.cache",
    "data.cache_dir", "data.workers", "network.encoder_weights", "network.channels_last", "rows",
}  # fmt: skip
"""Keys of a recipe that may differ between seeds of one method: the seed, resources and memory layout."""
_PLACES = {"data.source", "data.labels"}
"""Paths. They may differ too if the data set has a name. Own pictures are known only by their path."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean over seeds, and their standard deviation (n - 1) if there are two or more."""

    mean: float
    sd: float | None = None


@dataclass(slots=True)
class Row:
    """One method in one table.

    recovered: metric -> share of the gap from baseline (0) to teacher (1). reference: labels of both ends.
    """

    label: str
    results: list[Result]
    metrics: dict[str, Spread] = field(default_factory=dict)
    recovered: dict[str, float] = field(default_factory=dict)
    reference: str = ""

    @property
    def method(self) -> str | None:
        """Name of the method; None if unknown."""
        return self.results[0].subject.method

    @property
    def seeds(self) -> list[int]:
        """The known seeds."""
        return [result.subject.seed for result in self.results if result.subject.seed is not None]


@dataclass(slots=True)
class Table:
    """Rows of one protocol and the same frames. `teachers`: makers of the labels they were compared with."""

    protocol: str
    fingerprint: str
    n_images: int | None
    rows: list[Row]
    teachers: list[str]

    @property
    def columns(self) -> list[str]:
        """The metrics that at least one row has."""
        return [
            name for name in (*METRICS, *TEACHER_METRICS) if any(name in row.metrics for row in self.rows)
        ]


def tabulate(
    results: Sequence[Result], *, teacher: str | None = None, baseline: str | None = None
) -> list[Table]:
    """One table per protocol and fingerprint, in the order of `results`.

    teacher, baseline: labels of the rows that are the ends of the gap. By default they are the student's
    teacher and the baseline with its encoder. If a student does not state these, the only teacher and the
    only baseline of the table are used. Raises ConfigError when two results of one seed differ, and
    UnknownNameError for a label that no table has.
    """
    by_table: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        by_table.setdefault((result.protocol, result.fingerprint), []).append(result)
    tables = [
        Table(
            protocol, mark, group[0].n_images, _rows(group), [made["teacher"] for made in _label_sets(group)]
        )
        for (protocol, mark), group in by_table.items()
    ]
    labels = [row.label for table in tables for row in table.rows]
    for stated in (teacher, baseline):
        if stated is not None and stated not in labels:
            raise UnknownNameError("row of the report", stated, labels)
    for table in tables:
        for row in table.rows:
            _recover(row, table, teacher=teacher, baseline=baseline)
    return tables


def _rows(results: Sequence[Result]) -> list[Row]:
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        settings = json.dumps(_settings(result), sort_keys=True, default=str)
        seeds = groups.setdefault((result.subject.name, settings), [])
        # A path given twice, or a folder and a file inside it, must not count as two seeds.
        if not any(_is_same(result, other) for other in seeds):
            seeds.append(result)
    rows = [Row(label, seeds) for label, seeds in _labelled(groups)]
    # Agreement with one teacher does not compare with agreement with another one.
    left_out = TEACHER_METRICS if len(_label_sets(results)) > 1 else ()
    for row in rows:
        row.results.sort(key=lambda result: result.subject.seed or 0)
        for name in (name for name in row.results[0].metrics if name not in left_out):
            values = [value for result in row.results if (value := result.metrics.get(name)) is not None]
            finite = [value for value in values if math.isfinite(value)]
            # A mean over some of the seeds only would look like one over all of them.
            if finite and len(finite) == len(row.results):
                row.metrics[name] = Spread(fmean(finite), stdev(finite) if len(finite) > 1 else None)
    order = [*METHODS, None]
    return sorted(rows, key=lambda row: (order.index(row.method), row.label))


def _label_sets(results: Sequence[Result]) -> list[dict[str, str]]:
    """The sets of labels that the results were compared with, without duplicates."""
    return list({tuple(sorted(made.items())): made for result in results if (made := result.labels)}.values())


def _is_same(result: Result, other: Result) -> bool:
    """Whether `result` is a duplicate of `other`. Raises ConfigError if only the seed is the same."""
    if result.subject.seed != other.subject.seed:
        return False
    if result.metrics == other.metrics:
        return True
    raise ConfigError(
        f"{other.where} and {result.where} are both {result.subject.name}, seed {result.subject.seed}, "
        "and differ.",
        hint="Give one of them, or tell them apart with `tiekd eval --name`.",
    )


def _labelled(groups: Mapping[tuple[str, str], list[Result]]) -> Iterator[tuple[str, list[Result]]]:
    """Label and results of each row. Rows of one name with different recipes get the different keys added."""
    for (name, settings), results in groups.items():
        own: dict[str, Any] = json.loads(settings)
        others = [json.loads(text) for other, text in groups if other == name and text != settings]
        differing = sorted({k for other in others for k in {*own, *other} if own.get(k) != other.get(k)})
        if not differing:
            yield name, results
        elif not own:
            yield f"{name} (weights alone)", results
        else:
            shown = [f"{key}={own.get(key)}" for key in differing[:3]] + ["…"] * (len(differing) > 3)
            yield f"{name} ({', '.join(shown)})", results


def _settings(result: Result) -> dict[str, Any]:
    """The recipe of a result as dotted keys, without those that may differ between seeds.

    Keys that an older recipe does not have get today's default, so that old and new runs compare.
    """
    from tiekd.recipe import completed

    flat = dict(_flattened(completed(result.subject.recipe or {})))
    free = _FREE if flat.get("dataset") == "own" else _FREE | _PLACES
    return {key: value for key, value in flat.items() if key not in free}


def _flattened(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _flattened(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _recover(row: Row, table: Table, *, teacher: str | None, baseline: str | None) -> None:
    """Set `recovered` and `reference` of a student that learned from labels."""
    if (row.method and not METHODS[row.method].needs_labels) or row.label in (teacher, baseline):
        return
    subject = row.results[0].subject
    top = _reference(
        table,
        teacher,
        is_one=lambda method: method.role == "teacher",
        fits=lambda other: _teaches(other, subject.teacher),
    )
    bottom = _reference(
        table,
        baseline,
        is_one=lambda method: method.is_baseline,
        fits=lambda other: subject.encoder in (None, other.results[0].subject.encoder),
    )
    if top is None or bottom is None:
        return
    row.reference = f"{bottom.label} → {top.label}"
    for name in GAP_METRICS:
        if not all(name in r.metrics for r in (row, top, bottom)):
            continue
        gap = top.metrics[name].mean - bottom.metrics[name].mean
        # Nothing can be recovered if the teacher is not better: higher in a delta, lower in an error.
        if gap * (1 if name.startswith("delta") else -1) > 0:
            row.recovered[name] = (row.metrics[name].mean - bottom.metrics[name].mean) / gap


def _teaches(row: Row, teacher: str | None) -> bool:
    return teacher is None or row.label == teacher or row.label.startswith(f"{teacher}_")


def _reference(
    table: Table, stated: str | None, *, is_one: Callable[[Method], bool], fits: Callable[[Row], bool]
) -> Row | None:
    """The row with the label `stated`. Without a label: the only row that `is_one` and `fits` accept."""
    if stated is not None:
        return next((row for row in table.rows if row.label == stated), None)
    rows = [row for row in table.rows if row.method and is_one(METHODS[row.method])]
    chosen = [row for row in rows if fits(row)]
    return chosen[0] if len(chosen) == 1 else None
