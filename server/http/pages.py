"""The page: templates, and static files under addresses that change with their content."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from markupsafe import Markup
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Scope

from tiekd.files import sha256_of

PathLike = str | os.PathLike[str]
_FOREVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"


class Pages:
    """Renders the templates under `root`; they may call `static_url(path)`."""

    def __init__(self, root: Path) -> None:
        self._static = root / "static"
        self._templates = Jinja2Templates(root / "templates")
        self._templates.env.globals["static_url"] = self.static_url
        self._templates.env.filters["code"] = _code

    def static_url(self, path: str) -> str:
        """Address of a static file that changes when its content does."""
        return f"/static/{path}?v={content_hash(self._static / path)}"

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
    """Static files: kept forever under their hashed address, asked for again under any other.

    Modules import each other without a hash; their ETag makes asking again cheap and never stale.
    """

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """One file, or 304 when the client has its content."""
        current = content_hash(Path(full_path))
        stated = QueryParams(scope.get("query_string", b"")).get("v")
        cache = _FOREVER if stated == current else _ASK_FIRST
        headers = {"ETag": f'"{current}"', "Cache-Control": cache}
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
