"""The page: templates, and static files under addresses that change when any of them does."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Scope

from tiekd.files import digest_of, sha256_of

PathLike = str | os.PathLike[str]
_FOREVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
_LOOK_AGAIN_S = 1.0
_MARK = "@"
"""Begins the folder of an address that stands for the state of all static files."""


class StaticTree:
    """The static files as a whole. Their hash is a folder in their addresses.

    Modules import each other by relative addresses, so all of them are then under the hash of the page that
    loads them, and a browser may keep them forever.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._hash, self._until = "", 0.0

    def hash(self) -> str:
        """A short hash of all files; a change shows within a second."""
        if monotonic() >= self._until:
            paths = sorted(path for path in self.root.rglob("*") if path.is_file())
            self._hash = digest_of((f"{path} {content_hash(path)}" for path in paths), digits=16)
            self._until = monotonic() + _LOOK_AGAIN_S
        return self._hash

    def url(self, path: str) -> str:
        """Address of a file."""
        return f"/static/{_MARK}{self.hash()}/{path}"

    def modules(self, folder: str) -> list[str]:
        """Addresses of every module under a folder, so that a page can ask for all of them at once."""
        paths = sorted((self.root / folder).rglob("*.js"))
        return [self.url(path.relative_to(self.root).as_posix()) for path in paths]


class Pages:
    """Renders the templates under `root`; they may call `static_url(path)` and `modules(folder)`."""

    def __init__(self, root: Path, static: StaticTree) -> None:
        self._templates = Jinja2Templates(root / "templates")
        self._templates.env.globals["static_url"] = static.url
        self._templates.env.globals["modules"] = static.modules
        self._templates.env.filters["code"] = _code

    def render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """One page."""
        headers = {"Cache-Control": _ASK_FIRST}
        return self._templates.TemplateResponse(
            request, template, context, status_code=status, headers=headers
        )

    def error(self, request: Request, *, status: int, title: str, detail: str, hint: str) -> HTMLResponse:
        """The page of an error."""
        return self.render(request, "error.html", status=status, title=title, detail=detail, hint=hint)


class StaticAssets(StaticFiles):
    """Static files: kept forever under the hash of all of them, asked for again under any other address."""

    def __init__(self, static: StaticTree) -> None:
        super().__init__(directory=static.root)
        self._tree = static

    def get_path(self, scope: Scope) -> str:
        """The file's path, without the folder that names a hash."""
        path = super().get_path(scope)
        return path.partition(os.sep)[2] if path.startswith(_MARK) else path

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """One file, or 304 when the client has its content."""
        stated = super().get_path(scope).partition(os.sep)[0]
        cache = _FOREVER if stated == _MARK + self._tree.hash() else _ASK_FIRST
        headers = {"ETag": f'"{content_hash(Path(full_path))}"', "Cache-Control": cache}
        response = FileResponse(full_path, status_code, headers, stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response


def _code(text: str) -> Markup:
    """Text with what stands between backticks as code, the rest escaped."""
    parts = enumerate(text.split("`"))
    return Markup().join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in parts)


def content_hash(path: Path) -> str:
    """A short hash of a file's content; empty when it can't be read."""
    try:
        status = path.stat()
        return _hash(path, status.st_mtime_ns, status.st_size)
    except OSError:
        return ""


@lru_cache(maxsize=512)
def _hash(path: Path, _mtime_ns: int, _size: int) -> str:
    return sha256_of(path)[:16]
