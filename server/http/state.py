"""What every route shares, as parameters that FastAPI fills in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request

from server.galleries import Galleries
from server.http.monitoring import Monitoring
from server.inference.service import Service
from server.scores import Scores
from tiekd.gallery import Declared, parse_all


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


def _declared(
    texts: Annotated[
        list[str] | None,
        Query(
            alias="as", max_length=200,
            description="METHOD=SETTINGS: how a folder is read, in this answer alone; may be repeated",
            examples=[["mine=scale=1000", "lidar=truth"]],
        ),
    ] = None,
) -> Mapping[str, Declared]:  # fmt: skip
    return parse_all(texts or ())


TheService = Annotated[Service, Depends(_service)]
TheGalleries = Annotated[Galleries, Depends(_galleries)]
TheScores = Annotated[Scores, Depends(_scores)]
TheCounters = Annotated[Monitoring, Depends(_monitoring)]
ReadAs = Annotated[Mapping[str, Declared], Depends(_declared)]
"""What the client declares of the gallery's folders. Nothing of it is kept."""
