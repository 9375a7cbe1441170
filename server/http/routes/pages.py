"""The viewer, and what the API does in words."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from server.configs import Configs
from server.http.pages import Pages
from server.http.reference import calls_of

router = APIRouter(include_in_schema=False)


@router.get("/")
async def viewer(request: Request) -> Response:
    """The viewer; everything it shows is in its address and fetched by itself."""
    configs: Configs = request.app.state.configs
    if configs.names and not request.query_params:
        return RedirectResponse(f"/?config={quote(configs.names[0], safe='')}")
    pages: Pages = request.app.state.pages
    return pages.render(request, "viewer.html")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Every call with its parameters and an example, made from the OpenAPI document."""
    pages: Pages = request.app.state.pages
    calls = calls_of(request.app.openapi(), str(request.base_url))
    return pages.render(request, "docs.html", calls=calls)
