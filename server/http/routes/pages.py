"""The viewer, and what the API does in words."""

from __future__ import annotations

import re
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import QueryParams

from server.configs import Configs
from server.galleries import Galleries
from server.http.pages import Pages
from server.http.reference import calls_of
from server.http.state import TheGalleries

router = APIRouter(include_in_schema=False)


@router.get("/")
async def viewer(request: Request, galleries: TheGalleries) -> Response:
    """The viewer; everything it shows is in its address and fetched by itself."""
    configs: Configs = request.app.state.configs
    if configs.names and not request.query_params:
        return RedirectResponse(f"/?config={quote(configs.names[0], safe='')}")
    pages: Pages = request.app.state.pages
    return pages.render(request, "viewer.html", early=_early(request.query_params, galleries))


def _early(link: QueryParams, galleries: Galleries) -> list[str]:
    """What the viewer will ask for first, as far as that is sure: it is fetched together with its script."""
    first = "" if link.get("targets") else next(iter(galleries.ids), "")
    named, index = link.get("gallery", first), link.get("index", "0")
    sure = named in galleries.ids and re.fullmatch("[0-9]{1,9}", index)
    if not sure or link.keys() & {"as", "indexes", "config"}:
        return ["/api/galleries"]
    return ["/api/galleries", f"/api/galleries/{named}?around={int(index)}"]


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Every call with its parameters and an example, made from the OpenAPI document."""
    pages: Pages = request.app.state.pages
    calls = calls_of(request.app.openapi(), str(request.base_url))
    return pages.render(request, "docs.html", calls=calls)
