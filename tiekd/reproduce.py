"""Checks whether a row of the zoo reaches its published numbers: pass, fail, or a list of what is missing.

The authors' numbers are checked with their protocol on their test split, ours with the protocol of the row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tiekd.data.frames import Frame, FrameSource, check_files, list_frames, open_source
from tiekd.datasets import DATASETS
from tiekd.errors import ConfigError, DataError
from tiekd.estimators import open_network
from tiekd.evaluate import Evaluation, Protocol, evaluate, get_protocol
from tiekd.fetch import direct_link, how_to_convert
from tiekd.zoo import ZooRow, find_weights

TOLERANCE = 0.01
"""Largest relative difference that passes. Published digits are rounded, which alone makes up to 0.005."""
Verdict = Literal["pass", "fail", "incomplete"]


@dataclass(frozen=True, slots=True)
class Claim:
    """Published numbers of a row on the test frames of its data set."""

    protocol: Protocol
    metrics: dict[str, float]
    dataset: str

    @property
    def n_frames(self) -> int | None:
        """Number of frames of the published numbers; None if unknown."""
        entry = DATASETS.get(self.dataset)
        return entry.test.n_scored if entry else None

    @property
    def needs(self) -> str:
        """The data that the check needs, in words."""
        entry = DATASETS.get(self.dataset)
        return entry.needs if entry else "the frames the row was measured on, see models/README.md"

    @property
    def kind(self) -> str | None:
        """Kind of this data in `--data KIND:ROOT`; None if unknown."""
        entry = DATASETS.get(self.dataset)
        return entry.layout if entry else None


@dataclass(frozen=True, slots=True)
class Check:
    """One metric: the published value and the measured one."""

    metric: str
    claimed: float
    found: float
    tolerance: float

    @property
    def difference(self) -> float:
        """Difference relative to the published value."""
        return self.found / self.claimed - 1

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance."""
        return math.isfinite(self.found) and abs(self.difference) <= self.tolerance


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict. Without one, `missing` lists what the check needs."""

    row: str
    claim: Claim
    verdict: Verdict
    checks: tuple[Check, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    found: Evaluation | None = None

    def to_json(self) -> dict[str, Any]:
        """The document of `tiekd reproduce --json`."""
        checks = [
            {
                "metric": check.metric,
                "claimed": check.claimed,
                "found": check.found if math.isfinite(check.found) else None,
                "tolerance": check.tolerance,
                "passed": check.passed,
            }
            for check in self.checks
        ]
        return {
            "row": self.row,
            "verdict": self.verdict,
            "protocol": self.claim.protocol.name,
            "checks": checks,
            "missing": list(self.missing),
            "notes": list(self.notes),
            "evaluation": self.found.to_json() if self.found else None,
        }


def reproduce(
    zoo_row: ZooRow,
    *,
    data: str | None = None,
    split: str | None = None,
    tolerance: float = TOLERANCE,
    engine: str = "auto",
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Evaluate the weights of a row by the protocol of its published numbers, and compare.

    data: KIND:ROOT. Everything that is missing is listed at once. Raises ConfigError for a row without
    published numbers, for data of another kind and for a tolerance out of range, and the errors of opening
    data and weights that exist.
    """
    if not 0 < tolerance < 1:
        raise ConfigError(f"The tolerance {tolerance} is no share.", hint="0.01 is one per cent.")
    claim = claim_of(zoo_row)
    missing = [] if find_weights(zoo_row) else [_missing_weights(zoo_row)]
    source, frames = _open(claim, data, split)
    missing += _missing_data(claim, source, frames)
    if missing or source is None or frames is None:
        return Outcome(zoo_row.name, claim, "incomplete", missing=tuple(missing))
    network = open_network(zoo_row.name, engine=engine, device=device)
    found = evaluate(network, source, frames, claim.protocol, progress=progress)
    return judge(zoo_row.name, claim, found, tolerance=tolerance)


def claim_of(zoo_row: ZooRow) -> Claim:
    """The authors' numbers of a row, otherwise ours. Raises ConfigError if there are none."""
    entry = DATASETS.get(zoo_row.dataset)
    if zoo_row.published and entry and entry.published:
        protocol = get_protocol(entry.published.protocol)
        return Claim(protocol, zoo_row.published.model_dump(), zoo_row.dataset)
    for name, metrics in zoo_row.measured.items():
        return Claim(get_protocol(name), dict(metrics), zoo_row.dataset)
    raise ConfigError(
        f"Nobody has published numbers for {zoo_row.name}.",
        hint="`tiekd models` shows the rows that have some; `tiekd eval` measures any.",
    )


def judge(row: str, claim: Claim, found: Evaluation, *, tolerance: float) -> Outcome:
    """Compare metrics with a claim. Agreement on other frames than those of the claim is not a pass."""
    checks = tuple(
        Check(name, claimed, found.metrics[name], tolerance) for name, claimed in claim.metrics.items()
    )
    passed = all(check.passed for check in checks)
    n_frames = len(found.per_image)
    if claim.n_frames in (None, n_frames):
        return Outcome(row, claim, "pass" if passed else "fail", checks, found=found)
    note = f"These are {n_frames} frames, the stated numbers are of {claim.n_frames}."
    if not passed:
        return Outcome(row, claim, "fail", checks, notes=(note,), found=found)
    missing = f"data: {claim.needs}; the split given has {n_frames} of {claim.n_frames} frames"
    return Outcome(row, claim, "incomplete", checks, (missing,), (note,), found)


def _open(claim: Claim, data: str | None, split: str | None) -> tuple[FrameSource | None, list[Frame] | None]:
    """The data set and the frames, as far as `data` and `split` are given."""
    source = open_source(data) if data else None
    if source and claim.kind and source.kind != claim.kind:
        raise ConfigError(
            f"The numbers are of {claim.dataset}, the data is {source.kind}.",
            hint=f"Give --data {claim.kind}:ROOT.",
        )
    return source, list_frames(source, split) if source and split else None


def _missing_weights(zoo_row: ZooRow) -> str:
    by_hand = f"download it from {zoo_row.link} and run `{how_to_convert(zoo_row.name)}`"
    if zoo_row.link is None:
        return f"weights: nobody has published them; `tiekd train {zoo_row.name}` makes some"
    if direct_link(zoo_row.link) is None:
        return f"weights: {by_hand}"
    return f"weights: run `tiekd fetch {zoo_row.name}`; where that can't reach the file, {by_hand}"


def _missing_data(claim: Claim, source: FrameSource | None, frames: list[Frame] | None) -> list[str]:
    if source is None:
        return [f"data: {claim.needs}; then give --data {claim.kind or 'KIND'}:ROOT --split FILE"]
    if frames is None:
        return [f"split: give --split FILE. It needs {claim.needs}"]
    try:
        check_files(source, [frame for frame in frames if frame.depth], need_depth=True)
    except DataError as error:
        return [f"data: {error} It needs {claim.needs}"]
    return []
