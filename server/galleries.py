"""The galleries of this server: first the results folders of its settings, then those that ship."""

from __future__ import annotations

import logging
from asyncio import Semaphore
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

from server.settings import Settings
from tiekd.errors import ConfigError, DataError, NotFoundError
from tiekd.gallery import Declared, Gallery, ResultsOptions, parse_all, shipped_galleries
from tiekd.gallery.declared import unused
from tiekd.gallery.live import LiveGallery, check_folder, free_id, live_gallery
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
    """Galleries by id. They open at once, and are read and followed in the background.

    further: folders of results besides those of the settings. Making it raises ConfigError for text that is
    not a range, and DataError for a results folder that can't be shown.
    """

    def __init__(self, settings: Settings, further: Sequence[Path] = ()) -> None:
        options = ResultsOptions(
            depth_scale=settings.depth_scale,
            depth_range=_range(settings.depth_range, of="depth_range"),
            declared=parse_all((*map(_magma_range, settings.magma_ranges), *settings.sources)),
            follow_links=settings.follow_links,
        )
        self._live: dict[str, LiveGallery] = {}
        self._read: dict[tuple[str, str], tuple[Gallery, Gallery]] = {}
        self._lock = Lock()
        self._told: set[tuple[str, str, str]] = set()
        self.readers = Readers(_READERS)
        """Held while a file is decoded, so that many large ones at once do not fill the memory."""
        folders = set[str]()
        self._ids: dict[Path, str] = {}
        for folder in dict.fromkeys((*settings.results, *further)):
            folders |= self._add(folder, options)
        for folder in shipped_galleries():
            try:
                folders |= self._add(folder, ResultsOptions())
            except DataError as error:
                log.error("%s %s", error, error.hint)
        for sentence in unused(options.declared, folders):  # They may come later, so this is no fault.
            log.warning(sentence)

    def start(self) -> None:
        """Read all galleries in the background, so that they are known when somebody asks."""
        for live in self._live.values():
            live.tend()

    def all(self) -> list[Gallery]:
        """Every gallery that can be read now."""
        found = []
        for gallery_id in self._live:
            try:
                found.append(self.get(gallery_id))
            except DataError as error:
                log.error("%s %s", error, error.hint)
        return found

    def reopen(self, gallery_id: str, declared: Mapping[str, Declared] | None = None) -> Gallery:
        """The whole gallery as it is on disk now, read as declared. Raises NotFoundError and DataError."""
        return self._read_as(gallery_id, self._of(gallery_id).fresh(), declared)

    def get(self, gallery_id: str, declared: Mapping[str, Declared] | None = None) -> Gallery:
        """The gallery as far as it is known, read as declared. Raises NotFoundError and DataError.

        Files that came, changed or went since it was read are looked for in the background.
        """
        live = self._of(gallery_id)
        gallery = live.current()
        live.tend()
        return self._read_as(gallery_id, gallery, declared)

    @property
    def ids(self) -> Collection[str]:
        """The ids of all galleries, whether they can be read or not, in their order."""
        return self._live.keys()

    def look(self, gallery_id: str, declared: Mapping[str, Declared] | None = None) -> Gallery:
        """As `get`, but after a short wait for what the background sees. Raises NotFoundError, DataError."""
        self._of(gallery_id).look()
        return self.get(gallery_id, declared)

    def id_of(self, folder: Path) -> str:
        """The id of the gallery that shows a folder of the settings, or a further one."""
        return self._ids[folder]

    def scan(self, gallery_id: str) -> tuple[int, int] | None:
        """Files that were read, and files of a gallery that is not yet read whole. Raises NotFoundError."""
        return self._of(gallery_id).scan

    def _of(self, gallery_id: str) -> LiveGallery:
        if gallery_id not in self._live:
            raise NotFoundError("gallery", gallery_id, self._live)
        return self._live[gallery_id]

    def _read_as(self, gallery_id: str, gallery: Gallery, declared: Mapping[str, Declared] | None) -> Gallery:
        """A gallery read as declared: one object as long as the gallery is, for the jobs that work on it."""
        gallery.id = gallery_id
        if not declared:
            return gallery
        read = gallery.read_as(declared)
        with self._lock:
            known = self._read.pop((gallery.id, read.reading), (gallery, read))
            self._read[gallery.id, read.reading] = kept = known if known[0] is gallery else (gallery, read)
            while len(self._read) > _MOST_READINGS:
                del self._read[next(iter(self._read))]
        return kept[1]

    def _add(self, folder: Path, options: ResultsOptions) -> set[str]:
        """Add a folder as a gallery; its folders of methods. Raises DataError."""
        name, folders = check_folder(folder, options)
        gallery_id = free_id(name, self._live)
        self._ids[folder] = gallery_id
        self._live[gallery_id] = live_gallery(folder, options, on_read=partial(self._tell, gallery_id))
        return folders

    def _tell(self, gallery_id: str, gallery: Gallery) -> None:
        """Log what a gallery does not show, each reason once."""
        for name, reason in gallery.listing.left_out.items():
            if (gallery_id, name, reason) not in self._told:
                self._told.add((gallery_id, name, reason))
                log.warning("Not everything of %s/%s is shown. %s", gallery.title, name, reason)


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
