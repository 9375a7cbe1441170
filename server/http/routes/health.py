"""Whether the service lives, is ready, and how busy it is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from server.http.openapi import Responses, files, problem_document, problems
from server.http.problems import problem, problem_answer, problem_of
from server.http.schemas import Alive, NotReady, Ready
from server.http.state import TheCounters, TheService
from server.inference.errors import DrainingError
from tiekd import __version__

router = APIRouter(tags=["health"])
_NOT_READY: Responses = {503: problem_document(503, page=False, about="A model is not warm.", body=NotReady)}
_RETRY = {"Retry-After": "2", "Cache-Control": "no-store"}


@router.get("/healthz", responses=problems(page=True))
async def healthz() -> Alive:
    """Live: the process answers."""
    return Alive(status="ok", version=__version__)


@router.get(
    "/readyz",
    response_model=Ready,
    responses=_NOT_READY | problems(page=True),
)
async def readyz(service: TheService) -> Response:
    """Ready: every model is warm, or can't be loaded for a reason that the answer names. Until then 503.

    The status stays 503 when no model can be loaded, and with `--strict` while there is one that can't.
    """
    residency = service.residency
    waiting, failed = residency.not_ready, residency.failed
    named: dict[str, Any] = {"failed": list(failed), "reasons": failed} if failed else {}
    if residency.ready and not service.draining:
        warm = [name for name in residency.residents if name not in failed]
        body = Ready(status="ready", models=warm, **named)
        return Response(body.json_bytes(), media_type="application/json")
    loading = [name for name in waiting if name not in failed]
    log = f"The server's log says why {', '.join(failed)} can't be loaded."
    state = f"Not ready yet: {', '.join(loading)}." if loading else f"Can't be loaded: {', '.join(failed)}."
    said = problem(503, state, hint=log if failed else "Ask again in 2 s.")
    if service.draining:
        said = problem_of(DrainingError())
    named = {"waiting": waiting, "failed": []} | named
    return problem_answer(NotReady(**said.model_dump(exclude_unset=True), **named), headers=_RETRY)


@router.get(
    "/metrics",
    response_class=Response,
    responses=files("text/plain", about="The counters.") | problems(page=True),
)
async def metrics(counters: TheCounters) -> Response:
    """Counters in Prometheus' text format."""
    return Response(counters.text(), media_type=CONTENT_TYPE_LATEST)
