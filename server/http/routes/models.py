"""Which models this server has."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from server.inference.service import Shared
from tiekd.methods import FAMILIES

router = APIRouter(prefix="/api", tags=["models"])


@router.get("/models")
async def list_models(service: Shared) -> dict[str, Any]:
    """Every model of this server; `loaded` once it is warm, `untrained` where its weights are random.

    `label` is what people call the method, `family` its colour. `families` lists all colours in the order in
    which pages list models.
    """
    models = [resident.describe() for resident in service.residency.residents.values()]
    return {"models": models, "families": list(FAMILIES)}
