"""Where two models differ on one photo."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from numpy.typing import NDArray

from server.http.answers import (
    MEDIA_TYPES,
    Values,
    array_json,
    compact_json,
    depth_headers,
    json_bytes,
    parse_span,
)
from server.http.routes.predict import ColorRange, FocalLength
from server.http.uploads import REQUEST_BODY
from server.inference.service import Shared, timed
from tiekd import render
from tiekd.types import DepthMap

router = APIRouter(tags=["depth"])

Metric = Literal["abs", "signed", "relative"]
DiffFormat = Literal["npy", "npz", "color", "json"]
PERCENTILES = (50, 90, 95, 99)
_SPANS: dict[Metric, tuple[float, float]] = {"abs": (0, 10), "signed": (-10, 10), "relative": (-0.5, 0.5)}
_CMAPS: dict[Metric, str] = {"abs": "magma", "signed": "blue_red", "relative": "blue_red"}


@router.post("/diff", openapi_extra=REQUEST_BODY, response_class=Response)
async def diff(
    *,
    request: Request,
    service: Shared,
    a: Annotated[str, Query(description="a name of /api/models")],
    b: Annotated[str, Query(description="a name of /api/models")],
    metric: Metric = "abs",
    fmt: Annotated[DiffFormat, Query(alias="format")] = "json",
    cmap: Annotated[str | None, Query(description="colours of `color`")] = None,
    color_range: ColorRange = None,
    values: Annotated[Values, Query(description="how `json` holds `difference`")] = "none",
    fx_px: FocalLength = None,
) -> Response:
    """b - a at every pixel: `abs` |b - a| and `signed` in metres, `relative` (b - a) / a, and statistics.

    `npy` is float32 [H, W]; `npz` holds difference, depth_a, depth_b; `color` spans `range`, by default 0..10
    m, -10..10 m or -0.5..0.5. Every format carries the statistics in `X-Statistics`.
    """
    colours = cmap or _CMAPS[metric]
    render.colormap(colours)
    span = parse_span(color_range) or _SPANS[metric]
    first, second = await service.recall(request, [a, b], fx_px=fx_px, with_dpm=False)
    unit = "1" if metric == "relative" else "m"
    (difference, stats), compare_ms = await timed(lambda: _compare(first, second, metric))
    headers = {}
    if fmt == "color":
        low, high = span
        headers["X-Value-Range"] = f"{low:g},{high:g}"
        data, encode_ms = await timed(lambda: render.scalar_png(difference, low=low, high=high, cmap=colours))
    elif fmt == "npy":
        data, encode_ms = await timed(lambda: render.npy_bytes(difference))
    elif fmt == "npz":
        depths = {"depth_a": first.depth_m, "depth_b": second.depth_m}
        data, encode_ms = await timed(lambda: render.npz_bytes(difference=difference, **depths))
    else:
        body = {"a": a, "b": b, "metric": metric, "unit": unit, "statistics": stats}
        body |= {"width": difference.shape[1], "height": difference.shape[0]}
        data, encode_ms = await timed(lambda: json_bytes(body | _values(difference, values)))
    both = replace(second, timings_ms=_sum_of_timings(first, second))
    headers |= depth_headers(both, encode_ms=compare_ms + encode_ms) | {
        "X-Depth-Unit": unit,
        "X-Model": f"{a},{b}",
        "X-Statistics": compact_json(stats),
    }
    return Response(data, media_type=MEDIA_TYPES[fmt], headers=headers)


def _sum_of_timings(first: DepthMap, second: DepthMap) -> dict[str, float]:
    ours, theirs = first.timings_ms or {}, second.timings_ms or {}
    return {stage: ours.get(stage, 0.0) + spent for stage, spent in theirs.items()}


def _values(difference: NDArray[np.float32], values: Values) -> dict[str, Any]:
    return {} if values == "none" else {"difference": array_json(difference, values)}


def _compare(first: DepthMap, second: DepthMap, metric: Metric) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The asked difference `[H, W]`, and statistics of b - a in metres (`abs_rel` as a share of a)."""
    signed = second.depth_m - first.depth_m
    apart = np.abs(signed)
    stats: dict[str, Any] = {
        "mean": float(signed.mean(dtype=np.float64)),
        "median": float(np.median(signed)),
        "mean_abs": float(apart.mean(dtype=np.float64)),
        "max_abs": float(apart.max()),
        "rmse": float(np.sqrt(np.square(signed, dtype=np.float64).mean())),
        "abs_rel": float((apart / first.depth_m).mean(dtype=np.float64)),
        "percentiles_abs": {
            f"p{p}": float(value)
            for p, value in zip(PERCENTILES, np.percentile(apart, PERCENTILES), strict=True)
        },
    }
    shown = {"abs": apart, "signed": signed}.get(metric)
    return signed / first.depth_m if shown is None else shown, stats
