"""Galleries: what there is, depth as raw whole numbers, and pictures."""

from __future__ import annotations

from mimetypes import guess_type
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.responses import Response
from isal import igzip
from starlette.concurrency import run_in_threadpool

from server.galleries import Galleries
from server.http.answers import json_answer
from server.http.gallery_schemas import GalleryBody, GalleryList, GalleryState, GallerySummary
from server.http.openapi import files, problems, unchanged
from server.http.state import ReadAs, TheGalleries
from tiekd import render
from tiekd.codecs import png, png16
from tiekd.errors import ConfigError
from tiekd.gallery import Gallery

router = APIRouter(prefix="/api/galleries", tags=["galleries"])
MOST_FRAMES = 1000
"""Of one page."""
_PAGE, _FIRST_PAGE = 60, 12
"""Frames of a page where nobody says how many; while files are still read, each frame costs some time."""
_MISSING = problems(404, 422, page=True)
_WRONG = problems(400, 404, 422, page=True)
_SIZE = ("ETag", "X-Depth-Width", "X-Depth-Height", "X-Depth-Scale")
_PHOTO = files("image/*", about="The photo as it is stored.", always=["ETag"]) | unchanged() | _MISSING
_DEPTH = files("application/octet-stream", about="The depth.", always=_SIZE) | unchanged() | _WRONG
_PICTURE = files("image/png", about="The picture.", always=["ETag"]) | unchanged()


def _named(
    frame_id: Annotated[str, Path(description="of the gallery's list; slashes may stay as they are")],
) -> str:
    """The frame of a path. Hidden files are no frames, and `..` names nothing: both are 404."""
    if any(part.startswith(".") for part in frame_id.split("/")):
        raise HTTPException(404)
    return frame_id


FrameId = Annotated[str, Depends(_named)]


@router.get("", response_model_exclude_unset=True, responses=problems(page=True))
async def list_galleries(galleries: TheGalleries) -> GalleryList:
    """Every gallery, with its methods."""
    found = await run_in_threadpool(galleries.all)
    summaries = [GallerySummary.model_validate(gallery.summary()) for gallery in found]
    return GalleryList(galleries=summaries)


@router.get("/{gallery_id}", response_model=GalleryBody, responses=_WRONG)
async def describe_gallery(
    *,
    request: Request,
    galleries: TheGalleries,
    gallery_id: str,
    read_as: ReadAs,
    offset: Annotated[int | None, Query(ge=0, description="first frame of the page")] = None,
    limit: Annotated[int | None, Query(ge=1, le=MOST_FRAMES, description="frames of a page")] = None,
    around: Annotated[int | None, Query(ge=0, description="a page with this frame in the middle")] = None,
    frame: Annotated[str | None, Query(description="with `around`: rather the frame of this id")] = None,
) -> Response:
    """Methods and frames of one gallery; `missing`, `broken` and `sizes` name the faults of a frame.

    Without `offset`, `limit` and `around`: all frames, once all files have been read.
    """
    if offset is not None and around is not None:
        raise ConfigError("offset and around do not go together.", hint="State one of them.")
    whole = offset is None and limit is None and around is None

    def answer() -> Response:
        gallery = galleries.reopen(gallery_id, read_as) if whole else galleries.get(gallery_id, read_as)
        n_frames = len(gallery.listing.frames)
        size = limit or (_FIRST_PAGE if galleries.scan(gallery_id) else _PAGE)
        places = range(min(offset or 0, n_frames), min((offset or 0) + size, n_frames))
        if around is not None:
            places = gallery.places(around, size, frame_id=frame)
        described = gallery.describe(range(n_frames) if whole else places)
        body = described | _scan(galleries, gallery_id)
        return json_answer(request, GalleryBody.model_validate(body))

    return await run_in_threadpool(answer)


@router.get("/{gallery_id}/state", response_model_exclude_unset=True, responses=_WRONG)
async def gallery_state(galleries: TheGalleries, gallery_id: str, read_as: ReadAs) -> GalleryState:
    """Whether the listing of a gallery has changed: cheap, so a page may ask every few seconds."""
    gallery = await run_in_threadpool(galleries.look, gallery_id, read_as)
    return GalleryState.model_validate(gallery.state() | _scan(galleries, gallery_id))


@router.get("/{gallery_id}/image/{frame_id:path}", response_class=Response, responses=_PHOTO)
async def photo(request: Request, galleries: TheGalleries, gallery_id: str, frame_id: FrameId) -> Response:
    """The colour photo of a frame."""
    gallery = await run_in_threadpool(galleries.get, gallery_id)
    path = gallery.photo(frame_id)
    tag = gallery.version(path)
    unchanged = _unchanged(request, tag)
    if unchanged:
        return unchanged
    async with galleries.readers:
        data = await run_in_threadpool(gallery.photo_bytes, frame_id)
    media_type = guess_type(path.name)[0] or "application/octet-stream"
    return Response(data, media_type=media_type, headers=_caching(tag))


@router.get("/{gallery_id}/{method_id}/{frame_id:path}.u16", response_class=Response, responses=_DEPTH)
async def depth(
    *,
    request: Request,
    galleries: TheGalleries,
    gallery_id: str,
    method_id: str,
    frame_id: FrameId,
    read_as: ReadAs,
) -> Response:
    """Depth as little-endian uint16, row by row: metres x 256, 0 = none; the size is in the headers."""
    gallery = await run_in_threadpool(galleries.get, gallery_id, read_as)
    tag = gallery.version(gallery.path(method_id, frame_id), method_id)
    squeeze = "gzip" in request.headers.get("accept-encoding", "")
    unchanged = _unchanged(request, tag)
    if unchanged:
        return unchanged
    async with galleries.readers:
        data, size = await run_in_threadpool(_depth_bytes, gallery, method_id, frame_id, squeeze=squeeze)
    headers = _caching(tag) | {
        "X-Depth-Width": str(size[1]),
        "X-Depth-Height": str(size[0]),
        "X-Depth-Scale": str(png16.DEPTH_SCALE),
        "Vary": "Accept-Encoding",
    }
    headers |= {"Content-Encoding": "gzip"} if squeeze else {}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get(
    "/{gallery_id}/{method_id}/{frame_id:path}.png",
    response_class=Response,
    responses=_PICTURE | _WRONG,
)
async def picture(
    *,
    request: Request,
    galleries: TheGalleries,
    gallery_id: str,
    method_id: str,
    frame_id: FrameId,
    read_as: ReadAs,
    cmap: Annotated[str, Query(description="colours of depth")] = render.DEFAULT_CMAP,
) -> Response:
    """A frame as an RGB picture: colours as they are, depth in a colour map over the gallery's range."""
    render.colormap(cmap)
    gallery = await run_in_threadpool(galleries.get, gallery_id, read_as)
    tag = f"{gallery.version(gallery.path(method_id, frame_id), method_id)}-{cmap}"
    unchanged = _unchanged(request, tag)
    if unchanged:
        return unchanged
    async with galleries.readers:
        data = await run_in_threadpool(_picture_bytes, gallery, method_id, frame_id, cmap)
    return Response(data, media_type="image/png", headers=_caching(tag))


def _scan(galleries: Galleries, gallery_id: str) -> dict[str, Any]:
    """How far the files of a gallery have been read; nothing once all have been."""
    scan = galleries.scan(gallery_id)
    return {"scan": {"read": scan[0], "files": scan[1]}} if scan else {}


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
