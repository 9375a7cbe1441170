"""The page's templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from markupsafe import Markup
from starlette.requests import Request

from server.http.static import StaticTree

_ASK_FIRST = "no-cache"


class Pages:
    """Renders the templates under `root`; they may call `static_url(path)` and `program(path)`."""

    def __init__(self, root: Path, static: StaticTree) -> None:
        self._templates = Jinja2Templates(root / "templates")
        self._templates.env.globals["static_url"] = static.url
        self._templates.env.globals["program"] = static.program
        self._templates.env.filters["code"] = _code
        static.hash()  # Now, and not when the first visitor waits for the page.
        self._templates.get_template("viewer.html")

    def render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """One page."""
        headers = {"Cache-Control": _ASK_FIRST}
        return self._templates.TemplateResponse(
            request, template, context, status_code=status, headers=headers
        )

    def error(self, request: Request, *, status: int, title: str, detail: str, hint: str) -> HTMLResponse:
        """The page of an error."""
        return self.render(request, "error.html", status=status, title=title, detail=detail, hint=hint)


def _code(text: str) -> Markup:
    """Text with what stands between backticks as code, the rest escaped."""
    parts = enumerate(text.split("`"))
    return Markup().join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in parts)
