"""The errors of a gallery's frames as files of a static export, by the rules of `tiekd.gallery.scores`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from tiekd.errors import DataError
from tiekd.gallery.model import Gallery
from tiekd.gallery.scores import BOXES, SCORED, Rule, Score, Scorer, columns

Spread = Callable[[Callable[[Scorer], dict[str, Score]], Iterable[Scorer]], Iterable[dict[str, Score]]]
"""`map`, or that of a pool of threads."""
WHOLE = "none"
"""No box: what the address of the page calls it."""


class SiteScores:
    """Scores frame by frame, against the gallery's ground truth within its range, for each crop."""

    def __init__(self, gallery: Gallery) -> None:
        listing = gallery.listing
        self._truth = listing.truth
        self._methods = [m.id for m in listing.methods if m.decoder.unit == "m" and m.id != self._truth]
        boxes = (WHOLE, *BOXES) if self._truth and self._methods else ()
        self._scorers = {
            box: Scorer(gallery, self._truth, Rule.parse(box, "", usual=listing.depth_range)) for box in boxes
        }
        self._rows: dict[str, list[Mapping[str, Score]]] = {box: [] for box in boxes}

    def add(self, frame_id: str, spread: Spread) -> None:
        """Score the next frame."""
        found = spread(lambda scorer: scorer.score(frame_id, self._methods), self._scorers.values())
        for rows, row in zip(self._rows.values(), found, strict=True):
            rows.append(row)

    def summary(self) -> dict[str, Any]:
        """What is known, as JSON in the list of galleries; empty if there is no ground truth."""
        return {"scores": {"against": self._truth, "boxes": list(self._rows)}} if self._rows else {}

    def files(self) -> Iterator[tuple[str, dict[str, list[float | None]]]]:
        """Path below the gallery's scores, and what the file holds: method -> one value for each frame.

        The server of the same gallery knows these scores from now on, too.
        """
        for box, rows in self._rows.items():
            with suppress(DataError):  # They are made again.
                self._scorers[box].store.keep()
            for metric in SCORED:
                yield f"{box}/{metric}.json", columns(rows, self._methods, metric)
