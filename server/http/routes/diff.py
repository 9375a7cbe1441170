"""Where two models differ on one photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from numpy.typing import NDArray

from server.http.answers import (
    MEDIA_TYPES,
    depth_headers,
    difference_statistics,
    header_text,
    parse_span,
    since_ms,
    sum_of_timings,
)
from server.http.json_arrays import Values, check_listed, filled, hole
from server.http.openapi import DEPTH_HEADERS, files
from server.http.routes.predict import PHOTO_PROBLEMS, ColorRange, FocalLength, ModelName
from server.http.schemas import DiffBody, DiffStatistics
from server.http.state import TheService
from server.http.uploads import REQUEST_BODY, answered
from server.inference.work import Admitted
from tiekd import render
from tiekd.codecs import arrays
from tiekd.types import DepthMap

router = APIRouter(tags=["depth"])

Metric = Literal["abs", "signed", "relative"]
DiffFormat = Literal["npy", "npz", "color", "json"]
_SPANS: dict[Metric, tuple[float, float]] = {"abs": (0, 10), "signed": (-10, 10), "relative": (-0.5, 0.5)}
_CMAPS: dict[Metric, str] = {"abs": "magma", "signed": "blue_red", "relative": "blue_red"}
DIFFERENCE = files(
    MEDIA_TYPES["color"], MEDIA_TYPES["npy"], MEDIA_TYPES["npz"],
    about="The difference in the asked format.",
    always=[*DEPTH_HEADERS, "X-Statistics"], sometimes=["X-Value-Range"], json=DiffBody,
)  # fmt: skip


@router.post(
    "/diff", openapi_extra=REQUEST_BODY, response_class=Response, responses=DIFFERENCE | PHOTO_PROBLEMS
)
async def diff(
    *,
    request: Request,
    service: TheService,
    a: ModelName,
    b: ModelName,
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
    encode = partial(_answer, metric=metric, fmt=fmt, span=span, cmap=colours, values=values)

    async def work(admitted: Admitted) -> Response:
        check_listed(admitted.size, values if fmt == "json" else "none")
        return await service.recall(admitted, [a, b], encode, fx_px=fx_px)

    return await answered(request, service, [a, b], work)


def _answer(
    depth_maps: list[DepthMap],
    *,
    metric: Metric,
    fmt: DiffFormat,
    span: tuple[float, float],
    cmap: str,
    values: Values,
) -> Response:
    """The difference of two depth maps in the asked format. It takes long for large ones."""
    first, second = depth_maps
    began = perf_counter()
    found = _compare(first, second, metric)
    data = found.encode(fmt, span=span, cmap=cmap, values=values)
    both = replace(second, timings_ms=sum_of_timings(depth_maps))
    headers = depth_headers(both, encode_ms=since_ms(began)) | {
        "X-Depth-Unit": found.unit,
        "X-Model": header_text(f"{first.model},{second.model}"),
        "X-Statistics": found.statistics.model_dump_json(),
    }
    headers |= {"X-Value-Range": f"{span[0]:g},{span[1]:g}"} if fmt == "color" else {}
    return Response(data, media_type=MEDIA_TYPES[fmt], headers=headers)


@dataclass(frozen=True, slots=True)
class _Difference:
    """Two depth maps, their difference `[H, W]` by `metric`, and statistics of b - a in metres."""

    first: DepthMap
    second: DepthMap
    metric: Metric
    difference: NDArray[np.float32]
    statistics: DiffStatistics

    @property
    def unit(self) -> Literal["m", "1"]:
        return "1" if self.metric == "relative" else "m"

    def encode(self, fmt: DiffFormat, *, span: tuple[float, float], cmap: str, values: Values) -> bytes:
        match fmt:
            case "color":
                return render.scalar_png(self.difference, low=span[0], high=span[1], cmap=cmap)
            case "npy":
                return arrays.npy_bytes(self.difference)
            case "npz":
                depths = {"depth_a": self.first.depth_m, "depth_b": self.second.depth_m}
                return arrays.npz_bytes(difference=self.difference, **depths)
            case "json":
                return filled(self._body(values), self.difference, values)

    def _body(self, values: Values) -> DiffBody:
        height, width = self.difference.shape
        held = {} if values == "none" else {"difference": hole((height, width), values)}
        return DiffBody(
            a=self.first.model,
            b=self.second.model,
            metric=self.metric,
            unit=self.unit,
            statistics=self.statistics,
            width=width,
            height=height,
            **held,
        )


def _compare(first: DepthMap, second: DepthMap, metric: Metric) -> _Difference:
    signed = second.depth_m - first.depth_m
    shown = {"abs": np.abs(signed), "signed": signed}.get(metric)
    difference = signed / first.depth_m if shown is None else shown
    return _Difference(first, second, metric, difference, difference_statistics(first.depth_m, signed))
