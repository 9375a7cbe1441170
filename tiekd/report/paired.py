"""How much two methods differ on the same frames: a paired bootstrap over the frames.

The difference of two means says little alone: frames differ more than methods do. Both methods are scored on
each frame, so their differences are drawn again, frame by frame, and the interval is that of the drawn means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tiekd.errors import ConfigError, UnknownNameError
from tiekd.report.table import GAP_METRICS, Row, Table

RESAMPLES = 10_000
SEED = 0
LEVEL = 0.95
MOST_ROWS = 4
"""With more rows than this in a table only the pairs that are asked for are compared."""
_DRAWN_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """Mean difference, and the ends of its interval."""

    difference: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the difference has one sign in the whole interval."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """`second` minus `first`, by metric, over `n_frames` frames."""

    first: str
    second: str
    n_frames: int
    metrics: dict[str, Interval]


def compare_rows(tables: Sequence[Table], pairs: Sequence[str] = ()) -> list[list[Comparison]]:
    """For each table its rows in pairs: the `pairs` "A,B" of labels, or all of at most `MOST_ROWS` rows.

    Rows without numbers of each frame, such as validations of runs, are left out. Raises ConfigError for a
    pair of another form, and UnknownNameError for one that no table has.
    """
    rows = [{row.label: row for row in table.rows if _has_frames(row)} for table in tables]
    if pairs:
        wanted = [_pair(text, {label for by_label in rows for label in by_label}) for text in pairs]
        chosen = [[pair for pair in wanted if by_label.keys() >= set(pair)] for by_label in rows]
        for first, second in set(wanted).difference(*chosen):
            raise ConfigError(
                f"No table has both {first} and {second}.", hint="Score both by one protocol on one list."
            )
    else:
        chosen = [list(combinations(by_label, 2)) if len(by_label) <= MOST_ROWS else [] for by_label in rows]
    return [
        [_compared(by_label[first], by_label[second]) for first, second in here]
        for by_label, here in zip(rows, chosen, strict=True)
    ]


def _pair(text: str, labels: Set[str]) -> tuple[str, str]:
    """The two labels in "A,B"; a label may hold commas."""
    cuts = [i for i, letter in enumerate(text) if letter == ","]
    halves = [(text[:i].strip(), text[i + 1 :].strip()) for i in cuts]
    pair = next((pair for pair in halves if labels >= set(pair)), halves[0] if halves else None)
    if pair is None or pair[0] == pair[1]:
        raise ConfigError(f"{text!r} does not name two rows.", hint="Write --compare A,B.")
    for label in pair:
        if label not in labels:
            raise UnknownNameError("row with numbers of each frame", label, labels)
    return pair


def bootstrap(differences: NDArray[np.float64], *, seed: int = SEED) -> list[Interval]:
    """Interval of the mean of each column of `differences` `[frames, metrics]`, by percentiles."""
    rng, n_frames = np.random.default_rng(seed), len(differences)
    step = max(1, _DRAWN_AT_ONCE // n_frames)
    means = np.concatenate([
        differences[rng.integers(0, n_frames, (min(step, RESAMPLES - begun), n_frames))].mean(axis=1)
        for begun in range(0, RESAMPLES, step)
    ])  # fmt: skip
    tail = 50 * (1 - LEVEL)
    ends = np.percentile(means, [tail, 100 - tail], axis=0)
    return [Interval(*map(float, values)) for values in zip(differences.mean(axis=0), *ends, strict=True)]


def _has_frames(row: Row) -> bool:
    return all(result.per_image for result in row.results)


def _compared(first: Row, second: Row) -> Comparison:
    """Frames that lack a metric in one of the results are left out."""
    one, other = _by_frame(first), _by_frame(second)
    gaps = {image: other[image] - one[image] for image in one.keys() & other.keys()}
    differences = np.array([gaps[image] for image in sorted(gaps) if np.isfinite(gaps[image]).all()])
    intervals = bootstrap(differences) if len(differences) else []
    return Comparison(
        first.label, second.label, len(differences), dict(zip(GAP_METRICS, intervals, strict=False))
    )


def _by_frame(row: Row) -> dict[str, NDArray[np.float64]]:
    """Image -> its metrics, as the mean over the seeds of a row; NaN where a number is missing."""
    frames: dict[str, list[list[float]]] = {}
    for scores in (scores for result in row.results for scores in result.per_image):
        found = [scores.get(name) for name in GAP_METRICS]
        numbers = [value if isinstance(value, float) else math.nan for value in found]
        frames.setdefault(str(scores.get("image")), []).append(numbers)
    return {image: np.mean(values, axis=0) for image, values in frames.items()}
