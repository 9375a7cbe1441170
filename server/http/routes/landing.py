"""Links of the second published viewer, which name a configuration."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from server.configs import Configs
from server.http.gallery_schemas import ConfigLanding
from server.http.openapi import problems
from server.http.state import TheGalleries

router = APIRouter(prefix="/api/configs", tags=["galleries"])


@router.get("/{name}", responses=problems(404, 422, page=True))
async def landing(request: Request, galleries: TheGalleries, name: str) -> ConfigLanding:
    """The page's address for a link of that viewer with these parameters, and what it can't hold."""
    configs: Configs = request.app.state.configs
    config = configs.get(name)
    gallery = await run_in_threadpool(galleries.reopen, galleries.id_of(config.folder))
    found = config.landing(gallery, dict(request.query_params))
    return ConfigLanding(query=found.query, notes=list(found.notes))
