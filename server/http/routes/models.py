"""Which models this server has."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from server.inference.service import Shared

router = APIRouter(prefix="/api", tags=["models"])


@router.get("/models")
async def list_models(service: Shared) -> dict[str, list[dict[str, Any]]]:
    """Every model of this server; `loaded` once it is warm, `untrained` where its weights are random."""
    return {"models": [resident.describe() for resident in service.residency.residents.values()]}
