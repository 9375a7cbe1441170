"""Scores of the galleries' frames, made in the background and answered as far as they are."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from tiekd.errors import DataError
from tiekd.gallery import Gallery
from tiekd.gallery.scores import Rule, Score, Scorer, ScoreStore

log = logging.getLogger("tiekd.server")

_MOST_JOBS = 8
_PATIENCE_S = 20.0
"""A job that nobody has asked for in this time stops. The next who asks goes on with it."""
_KEEP_EVERY_S = 10.0
_GIVE_WAY_S = 0.5
"""A frame waits at most so long for requests, so that scores also come on a busy server."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is scored: these methods against one of the gallery's, by a rule."""

    methods: tuple[str, ...]
    against: str
    rule: Rule


class ScoreJob:
    """The scores of one gallery, frame by frame. `rows` grows while the job runs."""

    def __init__(
        self,
        gallery: Gallery,
        wanted: Wanted,
        *,
        busy: Callable[[], bool],
        keep: Callable[[ScoreStore], None],
    ) -> None:
        self.gallery, self.wanted = gallery, wanted
        self.rows: list[dict[str, Score]] = []
        self._busy, self._keep = busy, keep
        self._asked = monotonic()
        self._lock = threading.Lock()
        self._running = False

    @property
    def of(self) -> int:
        """The number of frames."""
        return len(self.gallery.listing.frames)

    def ask(self) -> None:
        """Start the job, or keep it running."""
        with self._lock:
            self._asked = monotonic()
            if self._running or len(self.rows) == self.of:
                return
            self._running = True
        threading.Thread(target=self._run, name="tiekd-scores", daemon=True).start()

    def _run(self) -> None:
        try:
            self._score()
        except Exception:
            log.exception("The frames of %s can't be scored.", self.gallery.id)
        finally:
            with self._lock:
                self._running = False

    def _score(self) -> None:
        wanted, frames = self.wanted, self.gallery.listing.frames
        scorer = Scorer(self.gallery, wanted.against, wanted.rule)
        kept = monotonic()
        while len(self.rows) < len(frames) and self._wait():
            self.rows.append(scorer.score(frames[len(self.rows)].id, wanted.methods))
            if monotonic() - kept > _KEEP_EVERY_S:
                self._keep(scorer.store)
                kept = monotonic()
        self._keep(scorer.store)

    def _wait(self) -> bool:
        """Give way to requests; whether to go on."""
        end = monotonic() + _GIVE_WAY_S
        while self._busy() and monotonic() < end:
            sleep(0.02)
        return monotonic() - self._asked < _PATIENCE_S


class Scores:
    """The jobs of one server. `busy` tells whether somebody waits for a picture."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        self._busy = busy
        self._jobs: dict[tuple[str, str, Wanted], ScoreJob] = {}
        self._told = False

    def of(self, gallery: Gallery, methods: Sequence[str], against: str, rule: Rule) -> ScoreJob:
        """The job for these scores of a gallery as it is now; it runs."""
        wanted = Wanted(tuple(methods), against, rule)
        job = self._jobs.pop((gallery.id, gallery.reading, wanted), None)
        if job is None or job.gallery is not gallery:
            job = ScoreJob(gallery, wanted, busy=self._busy, keep=self._keep)
        self._jobs[gallery.id, gallery.reading, wanted] = job
        while len(self._jobs) > _MOST_JOBS:
            del self._jobs[next(iter(self._jobs))]
        job.ask()
        return job

    def _keep(self, store: ScoreStore) -> None:
        try:
            store.keep()
        except DataError as error:  # They are made again after the next start.
            if not self._told:
                log.warning("%s Errors of frames are not kept. %s", error, error.hint)
            self._told = True
