"""The viewer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from server.pages import Pages

router = APIRouter(include_in_schema=False)


@router.get("/")
async def viewer(request: Request) -> HTMLResponse:
    """The viewer; everything it shows is in its address and fetched by itself."""
    pages: Pages = request.app.state.pages
    return pages.render(request, "viewer.html")
