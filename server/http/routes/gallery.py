"""Galleries: what there is, depth as raw whole numbers, and pictures."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, Response
from isal import igzip
from starlette.concurrency import run_in_threadpool

from server.galleries import Galleries
from tiekd import render
from tiekd.codecs import png, png16
from tiekd.gallery import Gallery

router = APIRouter(prefix="/api/galleries", tags=["galleries"])


def _galleries(request: Request) -> Galleries:
    galleries: Galleries = request.app.state.galleries
    return galleries


Shared = Annotated[Galleries, Depends(_galleries)]


@router.get("")
async def list_galleries(galleries: Shared) -> dict[str, list[dict[str, Any]]]:
    """Every gallery, with its methods."""
    found = await run_in_threadpool(galleries.all)
    return {"galleries": [gallery.summary() for gallery in found]}


@router.get("/{gallery_id}")
async def describe_gallery(galleries: Shared, gallery_id: str) -> dict[str, Any]:
    """Methods and frames of one gallery; `missing`, `broken` and `sizes` of a frame say what is amiss."""
    return (await run_in_threadpool(galleries.reopen, gallery_id)).describe()


@router.get("/{gallery_id}/image/{frame_id}", response_class=Response)
async def photo(request: Request, galleries: Shared, gallery_id: str, frame_id: str) -> Response:
    """The colour photo of a frame."""
    gallery = await run_in_threadpool(galleries.get, gallery_id)
    path = gallery.photo(frame_id)
    tag = gallery.version(path)
    return _unchanged(request, tag) or FileResponse(path, headers=_caching(tag))


@router.get("/{gallery_id}/{method_id}/{frame_id}.u16", response_class=Response)
async def depth(
    request: Request, galleries: Shared, gallery_id: str, method_id: str, frame_id: str
) -> Response:
    """Depth as little-endian uint16, row by row: metres x 256, 0 = none; the size is in the headers."""
    gallery = await run_in_threadpool(galleries.get, gallery_id)
    tag = gallery.version(gallery.path(method_id, frame_id), method_id)
    squeeze = "gzip" in request.headers.get("accept-encoding", "")
    unchanged = _unchanged(request, tag)
    if unchanged:
        return unchanged
    data, size = await run_in_threadpool(_depth_bytes, gallery, method_id, frame_id, squeeze=squeeze)
    headers = _caching(tag) | {
        "X-Depth-Width": str(size[1]),
        "X-Depth-Height": str(size[0]),
        "X-Depth-Scale": str(png16.DEPTH_SCALE),
        "Vary": "Accept-Encoding",
    }
    headers |= {"Content-Encoding": "gzip"} if squeeze else {}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get("/{gallery_id}/{method_id}/{frame_id}.png", response_class=Response)
async def picture(
    *,
    request: Request,
    galleries: Shared,
    gallery_id: str,
    method_id: str,
    frame_id: str,
    cmap: Annotated[str, Query(description="colours of depth")] = render.DEFAULT_CMAP,
) -> Response:
    """A frame as an RGB picture: colours as they are, depth in a colour map over the gallery's range."""
    render.colormap(cmap)
    gallery = await run_in_threadpool(galleries.get, gallery_id)
    tag = f"{gallery.version(gallery.path(method_id, frame_id), method_id)}-{cmap}"
    unchanged = _unchanged(request, tag)
    if unchanged:
        return unchanged
    data = await run_in_threadpool(_picture_bytes, gallery, method_id, frame_id, cmap)
    return Response(data, media_type="image/png", headers=_caching(tag))


def _depth_bytes(
    gallery: Gallery, method_id: str, frame_id: str, *, squeeze: bool
) -> tuple[bytes, tuple[int, int]]:
    stored = gallery.depth(method_id, frame_id)
    raw = np.ascontiguousarray(stored, "<u2").tobytes()
    return igzip.compress(raw, 1) if squeeze else raw, (stored.shape[0], stored.shape[1])


def _picture_bytes(gallery: Gallery, method_id: str, frame_id: str, cmap: str) -> bytes:
    if gallery.method(method_id).decoder.unit == "rgb":
        return png.encode_rgb(gallery.rgb(method_id, frame_id))
    depth_m = png16.to_metres(gallery.depth(method_id, frame_id))
    return render.color_png(depth_m, depth_range=gallery.listing.depth_range, cmap=cmap)


def _caching(tag: str) -> dict[str, str]:
    return {"ETag": f'"{tag}"', "Cache-Control": "no-cache"}


def _unchanged(request: Request, tag: str) -> Response | None:
    """304 when the client already holds this version."""
    held = request.headers.get("if-none-match", "")
    if f'"{tag}"' in held or held.strip() == "*":
        return Response(status_code=304, headers=_caching(tag))
    return None
