"""Static files from memory, under addresses that change when any of them does."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from mimetypes import guess_type
from pathlib import Path
from time import monotonic

from isal import igzip
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.http.joined import CannotJoinError, join
from tiekd.files import digest_of

log = logging.getLogger("tiekd.server")
_FOREVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
_LOOK_AGAIN_S = 1.0
_MARK = "@"
"""Begins the folder of an address that stands for the state of all static files."""
_WORTH_PACKING_BYTES = 1024


@dataclass(frozen=True)
class StaticFile:
    """One file as it is served."""

    data: bytes
    etag: str
    media_type: str

    @cached_property
    def packed(self) -> bytes:
        """The content as gzip."""
        return igzip.compress(self.data, 2, mtime=0)


@dataclass(frozen=True, slots=True)
class Program:
    """What a page runs: the address of one script, and those of modules that it will ask for."""

    address: str
    modules: tuple[str, ...] = ()


class StaticTree:
    """The static files as a whole, in memory. Their hash is a folder in their addresses.

    Modules import each other by relative addresses, so all of them are then under the hash of the page that
    loads them, and a browser may keep them forever. `programs`: modules that begin a program, which is there
    as one script, too.
    """

    def __init__(self, root: Path, programs: Sequence[str] = ()) -> None:
        self._root = root
        self._programs = programs
        self._files: dict[str, StaticFile] = {}
        self._states: dict[str, tuple[int, int]] = {}
        self._hash, self._until = "", 0.0

    def hash(self) -> str:
        """A short hash of all files; a change shows within a second."""
        if monotonic() >= self._until:
            self._read()
            self._until = monotonic() + _LOOK_AGAIN_S
        return self._hash

    def file(self, name: str) -> StaticFile | None:
        """A file by its path under the root; None when there is none."""
        self.hash()
        return self._files.get(name)

    def url(self, name: str) -> str:
        """Address of a file."""
        return f"/static/{_MARK}{self.hash()}/{name}"

    def program(self, name: str) -> Program:
        """A program that begins with a module: joined, or module by module where joining is not possible."""
        joined = _joined_name(name)
        if self.file(joined):
            return Program(self.url(joined))
        folder = name[: name.rfind("/") + 1]
        modules = (one for one in self._files if one.startswith(folder) and one.endswith(".js"))
        return Program(self.url(name), tuple(map(self.url, modules)))

    def _read(self) -> None:
        """Read what has changed."""
        paths = {path.relative_to(self._root).as_posix(): path for path in self._root.rglob("*")}
        status = {name: path.stat() for name, path in paths.items() if path.is_file()}
        states = {name: (found.st_mtime_ns, found.st_size) for name, found in sorted(status.items())}
        if states == self._states:
            return
        same = {name for name, state in states.items() if self._states.get(name) == state}
        self._files = {name: self._files[name] if name in same else _read(paths[name]) for name in states}
        self._hash = digest_of((f"{name} {one.etag}" for name, one in self._files.items()), digits=16)
        self._states = states
        for program in self._programs:
            self._files |= _joined(self._files, program)


def _read(path: Path) -> StaticFile:
    return _file(path.name, path.read_bytes())


def _file(name: str, data: bytes) -> StaticFile:
    media_type = guess_type(name)[0] or "application/octet-stream"
    return StaticFile(data, f'"{digest_of([data], digits=16)}"', media_type)


def _joined_name(program: str) -> str:
    return f"{program.removesuffix('.js')}.joined.js"


def _joined(files: Mapping[str, StaticFile], program: str) -> dict[str, StaticFile]:
    """A program as one file, with its source map; nothing if it can't be joined."""
    start = program.rfind("/") + 1
    modules = {
        name[start:]: file.data.decode()
        for name, file in files.items()
        if name.startswith(program[:start]) and name.endswith(".js")
    }
    name = _joined_name(program)
    try:
        joined = join(modules, program[start:], map_name=f"{name[start:]}.map")
    except CannotJoinError as error:
        log.warning("The page loads its modules one by one, which takes longer. %s", error)
        return {}
    made = {name: joined.script, f"{name}.map": joined.source_map}
    return {name: _file(name, text.encode()) for name, text in made.items()}


class StaticAssets:
    """Serves a tree: kept forever under the hash of all files, asked for again under any other address."""

    def __init__(self, tree: StaticTree) -> None:
        self._tree = tree

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI). Raises HTTPException 404 and 405."""
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        stated, _, name = path.partition("/") if path.startswith(_MARK) else ("", "", path)
        found = self._tree.file(name)
        if found is None:
            raise HTTPException(404)
        asked = Headers(scope=scope)
        headers = {
            "ETag": found.etag,
            "Cache-Control": _FOREVER if stated == _MARK + self._tree.hash() else _ASK_FIRST,
            "Vary": "Accept-Encoding",
        }
        if found.etag in asked.get("if-none-match", ""):
            await Response(status_code=304, headers=headers)(scope, receive, send)
            return
        data = found.data
        if len(data) >= _WORTH_PACKING_BYTES and "gzip" in asked.get("accept-encoding", ""):
            data, headers["Content-Encoding"] = found.packed, "gzip"
        await Response(data, headers=headers, media_type=found.media_type)(scope, receive, send)
