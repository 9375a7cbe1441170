"""Scores of a gallery's methods on its frames, against one of the methods, by the rules of `tiekd eval`.

What was scored once is kept in a file under `$TIEKD_HOME/scores` until a picture, or how it is read, changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tiekd import zoo
from tiekd.codecs import png16
from tiekd.data.crops import Box
from tiekd.errors import ConfigError, DataError, NotFoundError
from tiekd.files import digest_of, keep_newest, read_regular, write_bytes
from tiekd.gallery.model import Gallery
from tiekd.metrics import depth_metrics, valid_mask
from tiekd.types import DepthRange

BOXES = ("garg", "eigen")
"""Crops of `tiekd.metrics` that a rule can name."""
SCORED = ("abs_rel", "rmse", "delta1", "silog")
"""The metrics that are kept, in the order of a `Score`."""
Score = tuple[float, ...]
"""One value for each of `SCORED`; NaN where no pixel can be compared."""
NOTHING: Score = (math.nan,) * len(SCORED)

_FOLDER = "scores"
_MOST_FILES = 24
"""Every box and cap that somebody tries has a file. The oldest ones go."""
_MOST_SCORES = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Which pixels count: those whose true depth lies strictly inside the range, and inside the box.

    box: the name of a crop in `tiekd.metrics`, a rectangle of the ground truth's pixels, or None.
    """

    depth_range: DepthRange
    box: str | Box | None = None

    @classmethod
    def parse(cls, box: str, cap: str, *, usual: DepthRange) -> Rule:
        """A rule from `none`, `garg`, `eigen` or `x,y,width,height`, and `MIN..MAX` in metres (empty: usual).

        Raises ConfigError.
        """
        return cls(_parse_cap(cap) if cap else usual, None if box == "none" else _parse_box(box))

    def __str__(self) -> str:
        return f"{self.depth_range.min_m!r} {self.depth_range.max_m!r} {self.box}"

    def mask(self, truth: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Bool `[H, W]`: the pixels of a ground truth `[H, W]` in metres that count."""
        if not isinstance(self.box, Box):
            return valid_mask(truth, depth_range=self.depth_range, crop=self.box)
        inside = np.zeros(truth.shape, bool)
        inside[self.box.region] = True
        return inside & valid_mask(truth, depth_range=self.depth_range)


def _parse_box(text: str) -> str | Box:
    if text in BOXES:
        return text
    parts = text.split(",")
    if len(parts) != len(Box._fields) or not all(part.isdecimal() for part in parts):
        raise ConfigError(
            f"box={text} is no box.",
            hint=f"Say none, {', '.join(BOXES)}, or x,y,width,height in pixels of the ground truth.",
        )
    x, y, width, height = map(int, parts)
    return Box(y, x, height, width)


def _parse_cap(text: str) -> DepthRange:
    low, _, high = text.partition("..")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = math.nan, math.nan
    if not all(map(math.isfinite, ends)):
        raise ConfigError(f"cap={text} is not MIN..MAX in metres.", hint="For example cap=0.001..80.")
    return DepthRange(*ends)


def score(pred: NDArray[np.float32], truth: NDArray[np.float32], rule: Rule) -> Score:
    """The score of depth `[H, W]` against a ground truth `[H, W]`, both in metres with 0 = none.

    As `tiekd eval` does, depth is clamped to the range first, so that a hole counts as the nearest depth.
    `NOTHING` for unequal sizes, and if no pixel counts or none of them has depth.
    """
    if pred.shape != truth.shape:
        return NOTHING
    mask = rule.mask(truth)
    estimate = pred[mask]
    if not (estimate > 0).any():
        return NOTHING
    clamped = np.clip(estimate, rule.depth_range.min_m, rule.depth_range.max_m)
    found = depth_metrics(clamped[None], truth[mask][None], depth_range=rule.depth_range)
    return tuple(found[name] for name in SCORED)


def columns(
    rows: Sequence[Mapping[str, Score]], methods: Sequence[str], metric: str
) -> dict[str, list[float | None]]:
    """One metric of each method by frame, as JSON: six decimals, null where no pixel can be compared."""
    at = SCORED.index(metric)
    return {name: [_plain(row[name][at]) for row in rows] for name in methods}


def _plain(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


class ScoreStore:
    """Scores by key, in memory and in one file. `keep` writes the file; a damaged file counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)

    @classmethod
    def of(cls, gallery: Gallery, against: str, rule: Rule) -> ScoreStore:
        """The scores of a gallery against one of its methods by one rule."""
        name = digest_of([f"{gallery.place}\n{against}\n{rule}"], digits=24)
        return cls(zoo.home() / _FOLDER / f"{name}.npz")

    def get(self, key: int) -> Score | None:
        """The score of this key, if it is known."""
        return self._known.get(key)

    def add(self, key: int, found: Score) -> None:
        """Remember a score; `keep` writes it."""
        self._known[key] = found

    def keep(self) -> None:
        """Write what is known, whole or not at all. Raises DataError."""
        for key in list(self._known)[:-_MOST_SCORES]:  # Of pictures that were written again.
            del self._known[key]
        keys = np.fromiter(self._known.keys(), np.uint64, len(self._known))
        values = np.array(list(self._known.values()), np.float64).reshape(len(keys), len(SCORED))
        buffer = BytesIO()
        np.savez(buffer, keys=keys, values=values)
        zoo.make_home()
        write_bytes(self._path, buffer.getvalue())
        keep_newest(self._path.parent, "*.npz", _MOST_FILES)


class Scorer:
    """Scores frames of a gallery against one of its methods; uses and fills a store."""

    def __init__(self, gallery: Gallery, against: str, rule: Rule) -> None:
        self._gallery, self._against, self._rule = gallery, against, rule
        self.store = ScoreStore.of(gallery, against, rule)

    def score(self, frame_id: str, methods: Sequence[str]) -> dict[str, Score]:
        """The score of each method on one frame.

        A method whose picture is missing, damaged, of another size, or without depth has `NOTHING`.
        """
        found = dict.fromkeys(methods, NOTHING)
        truth: NDArray[np.float32] | None = None
        for method in methods:
            try:
                key = self._key(method, frame_id)
                known = self.store.get(key)
                if known is None:
                    truth = self._metres(self._against, frame_id) if truth is None else truth
                    known = score(self._metres(method, frame_id), truth, self._rule)
                    self.store.add(key, known)
            except (DataError, NotFoundError):  # Its pane says what is wrong.
                continue
            found[method] = known
        return found

    def _key(self, method: str, frame_id: str) -> int:
        """Changes when one of the two pictures changes, or the way to read it."""
        gallery = self._gallery
        versions = [gallery.version(gallery.path(name, frame_id), name) for name in (self._against, method)]
        return int(digest_of(versions, digits=16), 16)

    def _metres(self, method: str, frame_id: str) -> NDArray[np.float32]:
        return png16.to_metres(self._gallery.depth(method, frame_id))


def _read(path: Path) -> dict[int, Score]:
    try:
        with np.load(BytesIO(read_regular(path)), allow_pickle=False) as file:
            keys, values = file["keys"].tolist(), file["values"].tolist()
    # A file that another version or a fault wrote; numpy raises errors of many types for these.
    except Exception:
        return {}
    return {key: tuple(row) for key, row in zip(keys, values, strict=True) if len(row) == len(SCORED)}
