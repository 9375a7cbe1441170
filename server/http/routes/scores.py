"""How good each method of a gallery is on each frame, as far as it is known."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from server.http.gallery_schemas import GalleryScores
from server.http.openapi import problems
from server.http.schemas import Span
from server.http.state import ReadAs, TheGalleries, TheScores
from tiekd.errors import ConfigError
from tiekd.gallery import Gallery
from tiekd.gallery.scores import Rule, columns
from tiekd.methods import GROUND_TRUTH

router = APIRouter(prefix="/api/galleries", tags=["galleries"])
Metric = Literal["abs_rel", "rmse", "delta1", "silog"]
_MOST_VALUES = 200_000
"""Values in one answer; who asks gets the others from `done` on."""


@router.get(
    "/{gallery_id}/scores", response_model_exclude_unset=True, responses=problems(400, 404, 422, page=True)
)
async def scores(
    *,
    galleries: TheGalleries,
    jobs: TheScores,
    gallery_id: str,
    read_as: ReadAs,
    truth: Annotated[str, Query(description="the method that is true; empty: the gallery's own")] = "",
    reference: Annotated[str, Query(description="where there is no truth: a method to compare with")] = "",
    method: Annotated[list[str] | None, Query(description="score only this one; may be repeated")] = None,
    box: Annotated[
        str, Query(description="none, garg, eigen, or x,y,width,height in pixels of the ground truth")
    ] = "none",
    cap: Annotated[str, Query(description="MIN..MAX in metres; empty: the gallery's range")] = "",
    metric: Annotated[Metric, Query(description="which values are answered")] = "abs_rel",
    first: Annotated[int, Query(ge=0, description="number of the first frame of the answer")] = 0,
) -> GalleryScores:
    """The metrics of `tiekd eval` of every frame, made in the background: ask until `done` is `of`."""
    gallery = await run_in_threadpool(galleries.get, gallery_id, read_as)
    against = _against(gallery, truth, reference)
    rule = Rule.parse(box, cap, usual=gallery.listing.depth_range)
    chosen = _methods(gallery, method or [], against)
    job = await run_in_threadpool(jobs.of, gallery, chosen, against, rule)
    rows = list(islice(job.rows, first, first + max(1, _MOST_VALUES // max(1, len(chosen)))))
    return GalleryScores(
        against=against,
        against_is="truth" if truth or gallery.method(against).family == GROUND_TRUTH else "reference",
        metric=metric,
        box=box,
        cap=Span(min_m=rule.depth_range.min_m, max_m=rule.depth_range.max_m),
        first=first,
        done=min(first, len(job.rows)) + len(rows),
        of=job.of,
        scores=columns(rows, chosen, metric),
    )


def _against(gallery: Gallery, truth: str, reference: str) -> str:
    """The method that counts as true. Raises NotFoundError, and ConfigError where none does."""
    name = truth or reference or gallery.listing.truth
    if not name:
        raise ConfigError(
            f"The gallery {gallery.id} has no ground truth.",
            hint="Name a method to compare with: reference=ID.",
        )
    method = gallery.method(name)
    if method.decoder.unit != "m":
        raise ConfigError(f"{name} holds colours, not depth.", hint="Name a method whose unit is m.")
    return method.id


def _methods(gallery: Gallery, names: list[str], against: str) -> list[str]:
    """The methods to score, of all or of those named. Raises NotFoundError."""
    chosen = [gallery.method(name) for name in names] or gallery.listing.methods
    return [method.id for method in chosen if method.decoder.unit == "m" and method.id != against]
