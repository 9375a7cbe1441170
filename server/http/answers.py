"""Depth and other maps as HTTP answers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any, Literal
from urllib.parse import quote

import numpy as np
from fastapi.responses import Response
from isal import igzip
from numpy.typing import NDArray
from starlette.requests import Request

from server.http.json_arrays import Values, filled, hole
from server.http.schemas import Body, DepthBody, DiffStatistics, Percentiles, Span, Statistics
from tiekd import render
from tiekd.codecs.png16 import DEPTH_SCALE
from tiekd.errors import ConfigError
from tiekd.types import DepthMap, DepthRange

DepthFormat = Literal["png16", "npy", "npz", "color", "json"]
_WORTH_PACKING = 1000
_PLAIN = "".join(chr(code) for code in range(ord("!"), ord("~") + 1) if chr(code) != "%")
MEDIA_TYPES = {
    "png16": "image/png",
    "color": "image/png",
    "npy": "application/x-npy",
    "npz": "application/x-npz",
    "json": "application/json",
}


def depth_answer(
    depth_map: DepthMap, fmt: DepthFormat, *, cmap: str, depth_range: DepthRange | None, values: Values
) -> Response:
    """One depth map in the asked format, with the headers that every depth answer carries.

    It takes long for a large photo: call it in a thread.
    """
    began = perf_counter()
    if fmt == "json":
        data = filled(_depth_body(depth_map, values), depth_map.depth_m, values)
    else:
        data = render.encode(depth_map, fmt, cmap=cmap, depth_range=depth_range)
    response = Response(data, media_type=MEDIA_TYPES[fmt])
    response.headers.update(depth_headers(depth_map, encode_ms=since_ms(began)))
    if fmt == "png16":
        response.headers["X-Depth-Scale"] = str(DEPTH_SCALE)
    return response


def json_answer(request: Request, body: Body) -> Response:
    """A JSON body, compressed for a client that takes it so. Call it in a thread where it is long."""
    data, headers = body.json_bytes(), {"Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", "") and len(data) > _WORTH_PACKING:
        data, headers = igzip.compress(data, 1), headers | {"Content-Encoding": "gzip"}
    return Response(data, media_type=MEDIA_TYPES["json"], headers=headers | {"Cache-Control": "no-cache"})


def depth_headers(depth_map: DepthMap, *, encode_ms: float) -> dict[str, str]:
    """Unit, model, range and timings of a depth answer."""
    span = depth_map.depth_range
    timings = {**(depth_map.timings_ms or {}), "encode": encode_ms}
    return {
        "X-Depth-Unit": "m",
        "X-Model": header_text(depth_map.model),
        "X-Depth-Range": f"{span.min_m:g},{span.max_m:g}",
        "Server-Timing": server_timing(timings),
        "Cache-Control": "no-store",
    }


def header_text(text: str) -> str:
    """A name as a header holds it: visible ASCII stays, the rest is percent-encoded UTF-8."""
    return quote(text, safe=_PLAIN)


def server_timing(timings_ms: Mapping[str, float]) -> str:
    """The value of a Server-Timing header."""
    return ", ".join(f"{stage};dur={spent:.2f}" for stage, spent in timings_ms.items())


def statistics(values: NDArray[np.floating[Any]]) -> Statistics:
    """Minimum, maximum, mean, median and percentiles."""
    p5, p25, p50, p75, p95 = map(float, np.percentile(values, (5, 25, 50, 75, 95)))
    return Statistics(
        min=float(values.min()),
        max=float(values.max()),
        mean=float(values.mean(dtype=np.float64)),
        median=p50,
        p5=p5,
        p25=p25,
        p50=p50,
        p75=p75,
        p95=p95,
    )


def difference_statistics(reference_m: NDArray[np.float32], signed_m: NDArray[np.float32]) -> DiffStatistics:
    """Statistics of a difference `signed_m` `[H, W]` to a depth `reference_m` `[H, W]`, in metres."""
    apart = np.abs(signed_m)
    p50, p90, p95, p99 = map(float, np.percentile(apart, (50, 90, 95, 99)))
    return DiffStatistics(
        mean=float(signed_m.mean(dtype=np.float64)),
        median=float(np.median(signed_m)),
        mean_abs=float(apart.mean(dtype=np.float64)),
        max_abs=float(apart.max()),
        rmse=float(np.sqrt(np.square(signed_m, dtype=np.float64).mean())),
        abs_rel=float((apart / reference_m).mean(dtype=np.float64)),
        percentiles_abs=Percentiles(p50=p50, p90=p90, p95=p95, p99=p99),
    )


def sum_of_timings(depth_maps: Sequence[DepthMap]) -> dict[str, float]:
    """Milliseconds of each stage for all depth maps together."""
    spent: Counter[str] = Counter()
    for depth_map in depth_maps:
        spent.update(depth_map.timings_ms or {})
    return dict(spent)


def parse_range(text: str | None) -> DepthRange | None:
    """A depth range from `MIN,MAX` or `MIN..MAX` in metres. Raises ConfigError."""
    span = parse_span(text)
    # A colour scale may well begin at zero, a depth range may not.
    return DepthRange(max(span[0], 1e-6) if span[0] >= 0 else span[0], span[1]) if span else None


def parse_span(text: str | None) -> tuple[float, float] | None:
    """The ends of a colour scale from `MIN,MAX` or `MIN..MAX`. Raises ConfigError."""
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.replace("..", ",").split(","))
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ConfigError(f"range={text} is not MIN,MAX with MIN below MAX.", hint="For example range=1,80.")
    return low, high


def since_ms(began: float) -> float:
    """Milliseconds since a time of `perf_counter`."""
    return (perf_counter() - began) * 1e3


def _depth_body(depth_map: DepthMap, values: Values) -> DepthBody:
    height, width = depth_map.depth_m.shape
    span = depth_map.depth_range
    held = {} if values == "none" else {"depth_m": hole((height, width), values)}
    return DepthBody(
        model=depth_map.model,
        unit="m",
        width=width,
        height=height,
        depth_range=Span(min_m=span.min_m, max_m=span.max_m),
        statistics=statistics(depth_map.depth_m),
        timings_ms={stage: round(spent, 3) for stage, spent in (depth_map.timings_ms or {}).items()},
        **held,
    )
