"""The app: `create_app(settings)` wires settings, models, routes and the page together."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from server.galleries import Galleries
from server.http import problems
from server.http.middleware import BodyLimit, Envelope
from server.http.pages import Pages, StaticAssets
from server.http.routes import diff, dpm, gallery, health, models, pages, predict
from server.inference.service import Service
from server.settings import Settings, read_settings
from tiekd import __version__
from tiekd.assets import asset_root

ROUTERS = (
    predict.router,
    dpm.router,
    diff.router,
    models.router,
    gallery.router,
    health.router,
    pages.router,
)
"""In the order in which the API is described."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service as an ASGI app; models are loaded after it has begun to listen.

    Raises ConfigError, UnknownNameError, WeightsUnavailableError, CheckpointError or DataError for models and
    folders that are not there.
    """
    chosen = settings or read_settings()
    app = FastAPI(
        title="tiekd",
        version=__version__,
        summary="Metric depth from one photo, and where distilled students differ from their teachers.",
        lifespan=_lifespan,
        docs_url=None,  # FastAPI's page loads scripts from elsewhere; ours (routes/pages.py) needs none.
        redoc_url=None,
    )
    root = asset_root()
    service = Service(chosen)
    app.state.service = service
    app.state.galleries = Galleries(chosen)
    app.state.pages = Pages(root)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticAssets(directory=root / "static"), name="static")
    app.add_middleware(BodyLimit, limit_bytes=chosen.max_upload_bytes)
    app.add_middleware(Envelope, monitoring=service.monitoring)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    loader = threading.Thread(target=service.residency.load_all, name="tiekd-load", daemon=True)
    loader.start()
    try:
        yield
    finally:
        service.close()
