"""Which models this server has."""

from __future__ import annotations

from fastapi import APIRouter

from server.http.openapi import problems
from server.http.schemas import ModelEntry, ModelList
from server.http.state import TheService
from tiekd.methods import FAMILIES

router = APIRouter(prefix="/api", tags=["models"])


@router.get("/models", response_model_exclude_unset=True, responses=problems(page=True))
async def list_models(service: TheService) -> ModelList:
    """Every model of this server; `loaded` once it is warm, `untrained` where its weights are random.

    `label` is what people call the method, `family` its colour. `families` lists all colours in the order in
    which pages list models.
    """
    residents = service.residency.residents.values()
    models = [ModelEntry.model_validate(found.describe()) for found in residents]
    return ModelList(models=models, families=list(FAMILIES))
