"""The app: `create_app(settings)` wires settings, models, routes and the page together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from server.configs import Configs
from server.galleries import Galleries
from server.http import openapi, problems
from server.http.middleware import BodyLimit, BodyMemory, BodyPace, Drain, Envelope
from server.http.monitoring import Monitoring
from server.http.pages import Pages
from server.http.patience import Patience
from server.http.routes import (
    compare,
    diff,
    dpm,
    gallery,
    health,
    landing,
    models,
    pages,
    predict,
    scores,
    sources,
)
from server.http.static import StaticAssets, StaticTree
from server.inference.service import Service
from server.scores import Scores
from server.settings import Settings, read_settings
from tiekd import __version__
from tiekd.assets import asset_root

ROUTERS = (
    predict.router,
    dpm.router,
    diff.router,
    compare.router,
    models.router,
    scores.router,
    gallery.router,
    sources.router,
    landing.router,
    health.router,
    pages.router,
)
"""In the order in which the API is described."""
_ABOUT = (
    "Depth is in metres. Errors are `application/problem+json`; a browser that asks for HTML gets a page. "
    "HEAD is answered wherever GET is. A known address answers any other method with 405 and `Allow`."
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service as an ASGI app; models are loaded once it listens.

    Raises ConfigError, UnknownNameError, WeightsUnavailableError, UnavailableError, CheckpointError or
    DataError for settings, models and folders that can't be used.
    """
    chosen = settings or read_settings()
    app = FastAPI(
        title="tiekd",
        version=__version__,
        summary="Metric depth from one photo, and where distilled students differ from their teachers.",
        lifespan=_lifespan,
        description=_ABOUT,
        docs_url=None,  # FastAPI's page loads scripts from elsewhere; ours (routes/pages.py) needs none.
        redoc_url=None,
    )
    root = asset_root()
    monitoring = Monitoring()
    service = Service(chosen, observer=monitoring)
    residency = service.residency
    monitoring.watch(
        waiting=service.waiting,
        ready=lambda: len(residency.residents) - len(residency.not_ready),
        held_bytes=lambda: service.memory.held_bytes,
        limit_bytes=service.memory.limit_bytes,
    )
    app.state.service = service
    app.state.monitoring = monitoring
    configs = app.state.configs = Configs(chosen.configs, chosen.results)
    galleries = app.state.galleries = Galleries(chosen, configs.folders)
    app.state.scores = Scores(busy=lambda: galleries.readers.busy or service.memory.held_bytes > 0)
    static = StaticTree(root / "static", ["viewer/main.js"])
    app.state.pages = Pages(root, static)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    openapi.install(app)
    app.mount("/static", StaticAssets(static), name="static")
    app.add_middleware(BodyMemory, memory=service.memory)
    app.add_middleware(BodyLimit, limit_bytes=chosen.max_upload_bytes)
    app.add_middleware(BodyPace, patience=Patience.with_transfers(chosen))
    app.add_middleware(Drain, service=service)
    app.add_middleware(Envelope, monitoring=monitoring)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Callable[[], None]]]:
    service: Service = app.state.service
    service.start()
    app.state.galleries.start()
    try:
        # For the process, which learns of a stop before the app does.
        yield {"drain": service.drain}
    finally:
        await service.close()
