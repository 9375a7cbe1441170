"""What the folders of a gallery were taken for, and what values they hold."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from server.http.gallery_schemas import GallerySources, SeenValues
from server.http.openapi import problems
from server.http.state import ReadAs, TheGalleries
from tiekd.gallery.sources import describe_sources, seen_values

router = APIRouter(prefix="/api/galleries", tags=["galleries"])
_WRONG = problems(400, 404, 422, page=True)


@router.get("/{gallery_id}/sources", response_model_exclude_unset=True, responses=_WRONG)
async def sources(galleries: TheGalleries, gallery_id: str, read_as: ReadAs) -> GallerySources:
    """Every folder of methods: its formats, how it becomes metres, and why it is not shown."""
    gallery = await run_in_threadpool(galleries.reopen, gallery_id, read_as)
    return GallerySources.model_validate({"sources": describe_sources(gallery)})


@router.get("/{gallery_id}/sources/{folder}", response_model_exclude_unset=True, responses=_WRONG)
async def seen(galleries: TheGalleries, gallery_id: str, folder: str, read_as: ReadAs) -> SeenValues:
    """The values in the first, the middle and the last frame of a folder."""
    gallery = await run_in_threadpool(galleries.get, gallery_id, read_as)
    async with galleries.readers:
        found = await run_in_threadpool(seen_values, gallery, folder)
    return SeenValues.model_validate(found)
