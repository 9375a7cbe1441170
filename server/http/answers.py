"""Depth and other maps as HTTP answers."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from fastapi.responses import Response
from numpy.typing import NDArray

from server.inference.service import timed
from tiekd import render
from tiekd.codecs.png16 import DEPTH_SCALE
from tiekd.errors import ConfigError
from tiekd.types import DepthMap, DepthRange

DepthFormat = Literal["png16", "npy", "npz", "color", "json"]
Values = Literal["base64", "list", "none"]
MEDIA_TYPES = {
    "png16": "image/png",
    "color": "image/png",
    "npy": "application/x-npy",
    "npz": "application/x-npz",
    "json": "application/json",
}
PERCENTILES = (5, 25, 50, 75, 95)


async def depth_answer(
    depth_map: DepthMap, fmt: DepthFormat, *, cmap: str, depth_range: DepthRange | None, values: Values
) -> Response:
    """One depth map in the asked format, with the headers that every depth answer carries."""
    if fmt == "json":
        data, encode_ms = await timed(lambda: json_bytes(_depth_json(depth_map, values)))
    else:
        data, encode_ms = await timed(
            lambda: render.encode(depth_map, fmt, cmap=cmap, depth_range=depth_range)
        )
    response = Response(data, media_type=MEDIA_TYPES[fmt])
    response.headers.update(depth_headers(depth_map, encode_ms=encode_ms))
    if fmt == "png16":
        response.headers["X-Depth-Scale"] = str(DEPTH_SCALE)
    return response


def depth_headers(depth_map: DepthMap, *, encode_ms: float) -> dict[str, str]:
    """Unit, model, range and timings of a depth answer."""
    span = depth_map.depth_range
    timings = {**(depth_map.timings_ms or {}), "encode": encode_ms}
    return {
        "X-Depth-Unit": "m",
        "X-Model": depth_map.model,
        "X-Depth-Range": f"{span.min_m:g},{span.max_m:g}",
        "Server-Timing": server_timing(timings),
        "Cache-Control": "no-store",
    }


def server_timing(timings_ms: Mapping[str, float]) -> str:
    """The value of a Server-Timing header."""
    return ", ".join(f"{stage};dur={spent:.2f}" for stage, spent in timings_ms.items())


def array_json(array: NDArray[np.float32], values: Values) -> dict[str, Any]:
    """How JSON holds an array: `{dtype, shape, data}`, its bytes in base 64; a nested list when asked for."""
    if values == "list":
        # Python's shortest text of a float32 seen as a double is needlessly long.
        return {"shape": list(array.shape), "data": np.round(array.astype(np.float64), 4).tolist()}
    raw = np.ascontiguousarray(array, "<f4").tobytes()
    return {"dtype": "<f4", "shape": list(array.shape), "data": base64.b64encode(raw).decode()}


def statistics(values: NDArray[np.floating[Any]]) -> dict[str, float]:
    """Minimum, maximum, mean, median and percentiles."""
    percentiles = np.percentile(values, PERCENTILES)
    return {
        "min": float(values.min()),
        "max": float(values.max()),
        "mean": float(values.mean(dtype=np.float64)),
        "median": float(percentiles[2]),
        **{f"p{p}": float(value) for p, value in zip(PERCENTILES, percentiles, strict=True)},
    }


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


def compact_json(value: Any) -> str:
    """JSON for a header: one line, ASCII."""
    return json.dumps(value, separators=(",", ":"))


def json_bytes(value: Any) -> bytes:
    """JSON for a body. Long answers are to be made in a thread, not on the event loop."""
    return compact_json(value).encode()


def _depth_json(depth_map: DepthMap, values: Values) -> dict[str, Any]:
    height, width = depth_map.depth_m.shape
    span = depth_map.depth_range
    body: dict[str, Any] = {
        "model": depth_map.model,
        "unit": "m",
        "width": width,
        "height": height,
        "depth_range": {"min_m": span.min_m, "max_m": span.max_m},
        "statistics": statistics(depth_map.depth_m),
        "timings_ms": {stage: round(spent, 3) for stage, spent in (depth_map.timings_ms or {}).items()},
    }
    return body if values == "none" else body | {"depth_m": array_json(depth_map.depth_m, values)}
