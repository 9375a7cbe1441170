"""Whether the service lives, is ready, and how busy it is."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from server.http.problems import problem
from server.inference.service import Shared
from tiekd import __version__

router = APIRouter(tags=["health"])
_RETRY = {"Retry-After": "2", "Cache-Control": "no-store"}


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Live: the process answers."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz", responses={503: {"description": "A start-up model is not warm yet."}})
async def readyz(service: Shared) -> Response:
    """Ready: every start-up model is warm."""
    waiting = service.residency.not_ready
    if waiting:
        failed = service.residency.failed
        why = f"The server's log says why {', '.join(failed)} can't be loaded."
        hint = why if failed else "Ask again in 2 s."
        detail = f"Not ready yet: {', '.join(waiting)}."
        return problem(503, detail, hint=hint, headers=_RETRY, waiting=waiting, failed=failed)
    return JSONResponse({"status": "ready", "models": list(service.residency.residents)})


@router.get("/metrics")
async def metrics(service: Shared) -> Response:
    """Counters in Prometheus' text format."""
    return Response(service.monitoring.text(), media_type=CONTENT_TYPE_LATEST)
