"""What is known of the files of a folder of results, so that only changed files are opened again.

The answers of `probe` are kept in memory as long as a file keeps its size and time, and by `save` in one
file, which is written whole or not at all. A damaged file, or one of another version, counts as empty.
"""

from __future__ import annotations

import gzip
import json
import logging
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from isal import igzip

from tiekd.files import read_regular, write_bytes
from tiekd.gallery.decoders import Probe, probe
from tiekd.gallery.walk import JUST_NOW_NS, Boundary, fault_of

log = logging.getLogger("tiekd.gallery")

FORMAT = "tiekd files 1"
_SAMPLES = 3


class Known:
    """The probes of a gallery's files. `read`: how many files were asked for since the last `begin`."""

    def __init__(self, store: Path | None = None) -> None:
        self.read = 0
        self.files = 0
        """How many files will be asked for, as far as that is known."""
        self._store = store
        self._changed = False
        self.give_way: Callable[[], None] = lambda: None
        """Called before a file is opened."""

    @cached_property
    def _probes(self) -> dict[str, tuple[int, int, Probe]]:
        """Read when it is needed first: a server does not start later, and often no file has changed."""
        return _load(self._store) if self._store else {}

    def begin(self, n_files: int) -> None:
        """Count from here on; so many files will be asked for."""
        self.read, self.files = 0, n_files

    def probe(
        self, path: Path, boundary: Boundary | None = None, *, shape: tuple[int, int] | None = None
    ) -> Probe:
        """What `decoders.probe` says of a file; it is opened only if it changed since it was opened last."""
        self.read += 1
        fault = boundary.fault(path) if boundary else fault_of(path)
        if fault:
            return Probe(None, (0, 0), fault)
        status = path.stat()
        state = (status.st_size, status.st_mtime_ns)
        key = f"{path}\n{shape}" if shape else str(path)
        known = self._probes.get(key)
        if known and known[:2] == state:
            return known[2]
        self.give_way()
        seen = probe(path, shape=shape)
        self._probes[key] = (*state, seen)
        self._changed = True
        return seen

    def guess(self, path: Path, samples: list[Probe]) -> Probe:
        """What a file probably is: what is known of it, else what those before it are. Adds to `samples`."""
        known = self._probes.get(str(path)) if self._probes else None
        if known:
            return known[2]
        if not samples or (samples[-1].kind is None and len(samples) < _SAMPLES):
            samples.append(self.probe(path))
        return samples[-1]

    def save(self) -> None:
        """Write what is known, if it changed. Raises DataError."""
        if self._store is None or not self._changed:
            return
        now = time.time_ns()
        probes: dict[Probe, int] = {}
        rows: list[tuple[str, int, int, int]] = []
        for key, (size, mtime_ns, seen) in list(self._probes.items()):
            if now - mtime_ns > JUST_NOW_NS:
                rows.append((key, size, mtime_ns, probes.setdefault(seen, len(probes))))
        kinds = [(seen.kind, *seen.size, seen.fault) for seen in probes]
        write_json(self._store, {"format": FORMAT, "probes": kinds, "files": rows})
        self._changed = False


def write_json(path: Path, body: dict[str, Any]) -> None:
    """Write a packed JSON file, whole or not at all. Raises DataError."""
    write_bytes(path, igzip.compress(json.dumps(body, separators=(",", ":")).encode(), 1, mtime=0))


def read_json(path: Path, *, form: str) -> dict[str, Any] | None:
    """A packed JSON file of this format; None, with a line in the log, for any other content."""
    try:
        body: dict[str, Any] = json.loads(gzip.decompress(read_regular(path)))
        if body["format"] != form:
            raise ValueError(f"its format is {body['format']!r}, not {form!r}")
    except FileNotFoundError:
        return None
    # A damaged file makes errors of many types.
    except Exception as error:
        log.warning("The index %s is made again: %s", path, error)
        return None
    return body


def _load(store: Path) -> dict[str, tuple[int, int, Probe]]:
    body = read_json(store, form=FORMAT)
    if body is None:
        return {}
    try:
        probes = [
            Probe(kind, (int(width), int(height)), str(fault))
            for kind, width, height, fault in body["probes"]
        ]
        return {str(key): (int(size), int(mtime), probes[seen]) for key, size, mtime, seen in body["files"]}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        log.warning("The index %s is made again: %r", store, error)
        return {}
