"""The index of a folder of results under `$TIEKD_HOME/index`, with which it opens at once the next time.

Two files for each folder and each way to read it: `*.listing` is the gallery as it was opened last,
`*.files` what is known of its files. The folder itself is never written to. Both are made again when they are
damaged or of another version, and both can be removed at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tiekd import zoo
from tiekd._version import __version__
from tiekd.files import digest_of, keep_newest
from tiekd.gallery.declared import NOTHING
from tiekd.gallery.known import Known, log, read_json, write_json
from tiekd.gallery.model import Frame, Gallery, Listing, shown
from tiekd.gallery.results import ResultsOptions
from tiekd.gallery.stored import Stored, method_of
from tiekd.gallery.walk import Boundary

FORMAT = "tiekd listing 1"
_FOLDER = "index"
_MOST_FOLDERS = 64
"""The ones that were used longest ago go."""
_STORED = TypeAdapter(Stored)


class Index:
    """The index of one folder of results, read with these options."""

    def __init__(self, folder: Path, options: ResultsOptions) -> None:
        name = digest_of([f"{folder.resolve()}\n{folder}\n{options!r}\n{__version__}"], digits=24)
        self._listing = zoo.home() / _FOLDER / f"{name}.listing"
        self._folder, self._options = folder, options
        self.known = Known(self._listing.with_suffix(".files"))

    def read(self) -> Gallery | None:
        """The gallery as it was written last; None if there is none that can be used."""
        body = read_json(self._listing, form=FORMAT)
        if body is None:
            return None
        try:
            return self._gallery(body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("The index %s is made again: %r", self._listing, error)
            return None

    def write(self, gallery: Gallery) -> None:
        """Write a gallery that is known whole, and what is known of its files. Raises DataError."""
        zoo.make_home()
        self.known.save()
        listing, files = gallery.listing, gallery.files
        methods = (*listing.methods, *listing.hidden)
        body = {
            "format": FORMAT,
            "folder": str(self._folder),
            "title": gallery.title,
            "found": dict(listing.found),
            "methods": [[one.id, _STORED.dump_python(one.stored, mode="json")] for one in methods],
            "frames": [_row(frame, self._folder) for frame in listing.frames],
            "files": {name: [files[name].get(frame.id) for frame in listing.frames] for name in files},
            "times": gallery.times,
        }
        write_json(self._listing, body)
        keep_newest(self._listing.parent, "*.listing", _MOST_FOLDERS, beside=".files")

    def _gallery(self, body: Mapping[str, Any]) -> Gallery:
        options = self._options
        frames = [_frame(row, self._folder) for row in body["frames"]]
        methods = [
            method_of(name, _stored(stored), options.declared.get(name, NOTHING))
            for name, stored in body["methods"]
        ]
        files = {
            name: {frame.id: path for frame, path in zip(frames, paths, strict=True) if path}
            for name, paths in body["files"].items()
        }
        hidden = tuple(method for method in methods if method.hidden)
        listing = Listing(options.depth_range, shown(methods), frames, body["found"], hidden)
        boundary = Boundary.around(self._folder, follow_links=options.follow_links)
        title = body["title"]
        return Gallery(title, title, listing, files, boundary=boundary, times=body["times"])


def _stored(body: Mapping[str, Any]) -> Stored:
    try:
        return _STORED.validate_python(body)
    except ValidationError as error:
        raise ValueError(str(error)) from error


def _row(frame: Frame, folder: Path) -> list[Any]:
    photo = str(frame.photo)[len(str(folder / "x")) - 1 :] if frame.photo else None
    sizes = {name: list(size) for name, size in frame.sizes.items()}
    broken, missing = dict(frame.broken), list(frame.missing)
    return [frame.id, frame.width, frame.height, photo, frame.version, missing, broken, sizes]


def _frame(row: list[Any], folder: Path) -> Frame:
    frame_id, width, height, photo, version, missing, broken, sizes = row
    return Frame(
        frame_id,
        frame_id,
        width,
        height,
        folder / photo if photo else None,
        tuple(missing),
        broken,
        {name: (size[0], size[1]) for name, size in sizes.items()},
        version,
    )
