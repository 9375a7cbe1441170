"""The galleries of this server: first the results folders of its settings, then those that ship."""

from __future__ import annotations

import logging
import re
from asyncio import Semaphore
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from threading import Lock

from server.settings import Settings
from tiekd.errors import ConfigError, DataError, NotFoundError
from tiekd.gallery import (
    Declared,
    Gallery,
    ResultsOptions,
    open_gallery,
    open_results,
    parse_all,
    shipped_galleries,
)
from tiekd.gallery.shipped import INDEX
from tiekd.types import DepthRange

log = logging.getLogger("tiekd.server")
_READERS = 2
_MOST_READINGS = 16


class Readers(Semaphore):
    """A semaphore that tells whether somebody holds it or waits for it."""

    asking = 0

    @property
    def busy(self) -> bool:
        """Whether a picture is being read for somebody."""
        return self.asking > 0

    async def __aenter__(self) -> None:
        """Wait for a place."""
        self.asking += 1
        try:
            await super().__aenter__()
        except BaseException:
            self.asking -= 1
            raise

    async def __aexit__(self, *error: object) -> None:
        """Give the place back."""
        self.asking -= 1
        self.release()


class Galleries:
    """Galleries by id. They are read from disk again whenever somebody lists them.

    Making it raises ConfigError for text that is not a range, and DataError for a results folder that can't
    be shown.
    """

    def __init__(self, settings: Settings) -> None:
        options = ResultsOptions(
            depth_scale=settings.depth_scale,
            depth_range=_range(settings.depth_range, of="depth_range"),
            declared=parse_all((*map(_magma_range, settings.magma_ranges), *settings.sources)),
            follow_links=settings.follow_links,
        )
        self._openers: dict[str, Callable[[], Gallery]] = {}
        self._open: dict[str, Gallery] = {}
        self._read: dict[tuple[str, str], tuple[Gallery, Gallery]] = {}
        self._lock = Lock()
        self._told: set[tuple[str, str, str]] = set()
        self.readers = Readers(_READERS)
        """Held while a file is decoded, so that many large ones at once do not fill the memory."""
        for folder in settings.results:
            self._add(_opener(folder, options))
        for folder in shipped_galleries():
            try:
                self._add(partial(open_gallery, folder))
            except DataError as error:
                log.error("%s %s", error, error.hint)
        self._tell_unused(options.declared)

    def all(self) -> list[Gallery]:
        """Every gallery that can be read now."""
        found = []
        for gallery_id in self._openers:
            try:
                found.append(self.reopen(gallery_id))
            except DataError as error:
                log.error("%s %s", error, error.hint)
        return found

    def reopen(self, gallery_id: str, declared: Mapping[str, Declared] | None = None) -> Gallery:
        """The gallery as it is on disk now, read as declared. Raises NotFoundError and DataError."""
        if gallery_id not in self._openers:
            raise NotFoundError("gallery", gallery_id, self._openers)
        gallery = self._openers[gallery_id]()
        gallery.id = gallery_id
        before = self._open.get(gallery_id)
        if before and before.listing_version == gallery.listing_version:
            return self._read_as(before, declared)
        self._keep(gallery)
        return self._read_as(gallery, declared)

    def get(self, gallery_id: str, declared: Mapping[str, Declared] | None = None) -> Gallery:
        """The gallery as it was last listed, read as declared. Raises NotFoundError and DataError."""
        return self._read_as(self._open.get(gallery_id) or self.reopen(gallery_id), declared)

    def _read_as(self, gallery: Gallery, declared: Mapping[str, Declared] | None) -> Gallery:
        """A gallery read as declared: one object as long as the gallery is, for the jobs that work on it."""
        if not declared:
            return gallery
        read = gallery.read_as(declared)
        with self._lock:
            known = self._read.pop((gallery.id, read.reading), (gallery, read))
            self._read[gallery.id, read.reading] = kept = known if known[0] is gallery else (gallery, read)
            while len(self._read) > _MOST_READINGS:
                del self._read[next(iter(self._read))]
        return kept[1]

    def _tell_unused(self, declared: Collection[str]) -> None:
        """Log declarations of folders that no gallery has. They may come later, so this is no fault."""
        folders = set[str]().union(*(gallery.folders.keys() for gallery in self._open.values()))
        for name in sorted(set(declared) - folders):
            near = get_close_matches(name, folders, n=1)
            log.warning(
                "There is no folder %r; what is declared of it is not used.%s",
                name, f" Is it {near[0]!r}?" if near else "",
            )  # fmt: skip

    def _add(self, opener: Callable[[], Gallery]) -> None:
        gallery = opener()
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", gallery.id).strip("-.") or "results"
        gallery_id, number = stem, 2
        while gallery_id in self._openers:
            gallery_id, number = f"{stem}-{number}", number + 1
        gallery.id = gallery_id
        self._openers[gallery_id] = opener
        self._keep(gallery)

    def _keep(self, gallery: Gallery) -> None:
        """Keep a gallery as it was opened, and log what it does not show, each reason once."""
        self._open[gallery.id] = gallery
        for name, reason in gallery.listing.left_out.items():
            if (gallery.id, name, reason) not in self._told:
                self._told.add((gallery.id, name, reason))
                log.warning("Not everything of %s/%s is shown. %s", gallery.title, name, reason)


def _opener(folder: Path, options: ResultsOptions) -> Callable[[], Gallery]:
    if (folder / INDEX).is_file():
        return partial(_open_indexed, folder, options)
    return partial(open_results, folder, options)


def _open_indexed(folder: Path, options: ResultsOptions) -> Gallery:
    gallery = open_gallery(folder, follow_links=options.follow_links)
    return gallery.read_as(
        {name: options.declared[name] for name in options.declared.keys() & gallery.folders.keys()}
    )


def _magma_range(text: str) -> str:
    """The declaration that METHOD=MIN:MAX stands for."""
    method, separator, span = text.rpartition("=")
    if not separator:
        raise ConfigError(f"{text!r} is not METHOD=MIN:MAX.", hint="For example --magma-range mine=0.001:80.")
    return f"{method}=magma={span}"


def _range(text: str, *, of: str) -> DepthRange:
    low, _, high = text.partition(":")
    try:
        return DepthRange(float(low), float(high))
    except ValueError as error:
        raise ConfigError(
            f"{of}: {text!r} is not MIN:MAX in metres.", hint="For example 0.001:80."
        ) from error
