"""What every route shares, as parameters that FastAPI fills in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from server.galleries import Galleries
from server.http.monitoring import Monitoring
from server.inference.service import Service
from server.scores import Scores


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _galleries(request: Request) -> Galleries:
    galleries: Galleries = request.app.state.galleries
    return galleries


def _scores(request: Request) -> Scores:
    scores: Scores = request.app.state.scores
    return scores


def _monitoring(request: Request) -> Monitoring:
    monitoring: Monitoring = request.app.state.monitoring
    return monitoring


TheService = Annotated[Service, Depends(_service)]
TheGalleries = Annotated[Galleries, Depends(_galleries)]
TheScores = Annotated[Scores, Depends(_scores)]
TheCounters = Annotated[Monitoring, Depends(_monitoring)]
