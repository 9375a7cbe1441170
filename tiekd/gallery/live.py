"""A gallery that is kept open: there at once, read whole in the background, and followed as files change."""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from threading import Lock, Thread, current_thread
from time import monotonic, sleep
from typing import Protocol

from tiekd.errors import DataError, TiekdError
from tiekd.gallery.index import Index
from tiekd.gallery.known import Known
from tiekd.gallery.layout import layout_of
from tiekd.gallery.model import Gallery
from tiekd.gallery.results import ResultsOptions, open_results, title_of
from tiekd.gallery.shipped import INDEX, open_gallery, shipped_galleries
from tiekd.gallery.walk import READABLE, Boundary

log = logging.getLogger("tiekd.gallery")

NAMES_EVERY_S = 1.0
"""The times of its folders are looked at so often, while somebody asks."""
FILES_EVERY_S = 2.0
"""And those of all of its files: a file may change without its folder."""
_LOOK_S = 0.3
"""Who asks for news waits so long for them: the next time that it asks is seconds away."""
_GIVE_WAY_S = 0.3
_MOST_WAY_S = 5.0
"""The reading of all files waits so long after each question, and so long in all."""
_IDLE = 20
"""Whatever looking takes, it rests so many times longer."""


class Opener(Protocol):
    """Opens a gallery from disk; `quick` as in `open_results`."""

    def __call__(self, *, quick: bool) -> Gallery:
        """Raises DataError."""


class LiveGallery:
    """One folder, opened by `opener` and by its index if it has one."""

    def __init__(
        self, opener: Opener, known: Known, index: Index | None, *, on_read: Callable[[Gallery], None]
    ) -> None:
        self._opener, self._known, self._index, self._on_read = opener, known, index, on_read
        self._gallery: Gallery | None = None
        self._whole = False
        self._fault: TiekdError | None = None
        self._can_write = True
        self._opening, self._reading, self._starting = Lock(), Lock(), Lock()
        self._thread: Thread | None = None
        self._names_due = self._files_due = 0.0
        self._asked, self._gave_way_s = -math.inf, 0.0
        known.give_way = self._give_way

    def current(self) -> Gallery:
        """The gallery as far as it is known, at once. Raises DataError."""
        if self._fault:
            raise self._fault
        self._asked = monotonic()
        return self._opened()

    def fresh(self) -> Gallery:
        """The whole gallery as it is on disk now. Raises DataError."""
        self._opened()
        with self._reading:
            self._read(force=True)
        return self.current()

    def tend(self) -> None:
        """Let the background see whether files have changed, if it is time for that."""
        with self._starting:
            if self._thread and self._thread.is_alive():
                return
            if self._whole and monotonic() < min(self._names_due, self._files_due):
                return
            self._thread = Thread(target=self._work, name="tiekd-gallery", daemon=True)
            self._thread.start()

    def look(self) -> None:
        """See whether files have changed, if it is time for that, and wait a little for the answer."""
        self.tend()
        thread = self._thread
        if thread and self._whole:
            thread.join(_LOOK_S)

    @property
    def scan(self) -> tuple[int, int] | None:
        """Files that were read, and files that there are; None once all were read."""
        return None if self._whole else (min(self._known.read, self._known.files), self._known.files)

    def _give_way(self) -> None:
        """Let those who ask for a page go first, while the background reads."""
        if current_thread() is not self._thread:
            return
        while self._gave_way_s < _MOST_WAY_S and monotonic() - self._asked < _GIVE_WAY_S:
            sleep(_GIVE_WAY_S / 10)
            self._gave_way_s += _GIVE_WAY_S / 10

    def _opened(self) -> Gallery:
        if self._gallery is None:
            with self._opening:
                self._gallery = self._gallery or self._first()
        return self._gallery

    def _first(self) -> Gallery:
        gallery = self._index.read() if self._index else None
        self._whole = gallery is not None
        return gallery or self._opener(quick=True)

    def _work(self) -> None:
        try:
            self._opened()
            with self._reading:
                self._read(force=False)
        except TiekdError as error:
            log.error("%s %s", error, error.hint)
        except Exception:
            log.exception("A gallery could not be read.")

    def _read(self, *, force: bool) -> None:
        """Open the gallery again if it is not whole, or if it has changed."""
        if (
            self._whole
            and self._gallery
            and not self._fault
            and not self._has_changed(self._gallery, force=force)
        ):
            return
        if self._gallery:
            self._known.begin(sum(map(len, self._gallery.files.values())))
        try:
            gallery = self._opener(quick=False)
        except DataError as error:
            self._fault = error
            raise
        same = self._whole and self._gallery and self._gallery.listing_version == gallery.listing_version
        if same and self._gallery:
            self._gallery.times = gallery.times
        else:
            self._gallery = gallery
        self._write(gallery)
        self._fault, self._whole = None, True
        self._names_due, self._files_due = monotonic() + NAMES_EVERY_S, monotonic() + FILES_EVERY_S
        self._on_read(gallery)

    def _has_changed(self, gallery: Gallery, *, force: bool) -> bool:
        began = monotonic()
        if (force or began >= self._names_due) and gallery.names_changed():
            return True
        self._names_due = _next(began, NAMES_EVERY_S)
        if (force or began >= self._files_due) and gallery.files_changed():
            return True
        self._files_due = (
            _next(began, FILES_EVERY_S) if force or began >= self._files_due else self._files_due
        )
        return False

    def _write(self, gallery: Gallery) -> None:
        if self._index is None or not self._can_write:
            return
        try:
            self._index.write(gallery)
        except DataError as error:  # All works without, only not at once after the next start.
            self._can_write = False
            log.warning("%s Galleries work without an index. %s", error, error.hint)


def _next(began: float, usual_s: float) -> float:
    now = monotonic()
    return now + max(usual_s, _IDLE * (now - began))


def live_gallery(folder: Path, options: ResultsOptions, *, on_read: Callable[[Gallery], None]) -> LiveGallery:
    """A folder of results, or of our own layout, as a live gallery. Nothing is read yet."""
    if (folder / INDEX).is_file():
        known = Known()
        return LiveGallery(partial(_open_own, folder, options, known), known, None, on_read=on_read)
    index = Index(folder, options)
    opener = partial(_open_results, folder, options, index.known)
    return LiveGallery(opener, index.known, index, on_read=on_read)


def _open_results(folder: Path, options: ResultsOptions, known: Known, *, quick: bool) -> Gallery:
    return open_results(folder, options, known=known, quick=quick)


def _open_own(folder: Path, options: ResultsOptions, known: Known, *, quick: bool) -> Gallery:
    gallery = open_gallery(folder, follow_links=options.follow_links, known=known, quick=quick)
    return gallery.read_as(
        {name: options.declared[name] for name in options.declared.keys() & gallery.folders.keys()}
    )


def open_folders(folders: Sequence[Path], options: ResultsOptions) -> list[Gallery]:
    """Folders of results, or the galleries that ship if there are none, whole and with ids of their own.

    Raises DataError.
    """
    galleries: dict[str, Gallery] = {}
    for folder in folders or shipped_galleries():
        gallery = live_gallery(folder, options, on_read=lambda _: None).fresh()
        gallery.id = free_id(gallery.id, galleries)
        galleries[gallery.id] = gallery
    return list(galleries.values())


def free_id(name: str, taken: Collection[str]) -> str:
    """What addresses call a gallery of this name, beside others."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "results"
    gallery_id, number = stem, 2
    while gallery_id in taken:
        gallery_id, number = f"{stem}-{number}", number + 1
    return gallery_id


def check_folder(folder: Path, options: ResultsOptions) -> tuple[str, set[str]]:
    """The name of a gallery and those of its methods' folders. It looks at as few files as it can.

    Raises DataError for a folder that can't be shown.
    """
    if (folder / INDEX).is_file():
        gallery = _open_own(folder, options, Known(), quick=True)
        return gallery.id, set(gallery.folders)
    methods = layout_of(folder, Boundary.around(folder, follow_links=options.follow_links)).methods
    if not any(_holds_files(path) for parts in methods.values() for _, path in parts):
        open_results(folder, options)
    return title_of(folder), set(methods)


def _holds_files(folder: Path) -> bool:
    return any(Path(name).suffix.lower() in READABLE for _, _, names in os.walk(folder) for name in names)
