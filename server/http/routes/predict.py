"""A photo in, metric depth out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from server.http.answers import DepthFormat, Values, depth_answer, parse_range
from server.http.uploads import REQUEST_BODY
from server.inference.service import Shared
from tiekd import render

router = APIRouter(tags=["depth"])

ModelName = Annotated[str, Query(description="a name of /api/models")]
FocalLength = Annotated[
    float | None,
    Query(alias="fx", gt=0, allow_inf_nan=False, description="the photo's focal length in pixels"),
]
ColorMap = Annotated[str, Query(description=f"one of {', '.join(render.COLORMAPS)}")]
ColorRange = Annotated[str | None, Query(alias="range", description="MIN,MAX metres of the colours")]


@router.post("/predict", openapi_extra=REQUEST_BODY, response_class=Response)
async def predict(
    *,
    request: Request,
    service: Shared,
    model: ModelName,
    fmt: Annotated[DepthFormat, Query(alias="format")] = "png16",
    fx_px: FocalLength = None,
    cmap: ColorMap = render.DEFAULT_CMAP,
    color_range: ColorRange = None,
    values: Annotated[Values, Query(description="how `json` holds `depth_m`")] = "base64",
) -> Response:
    """Depth in metres at the photo's size.

    `png16`: 16-bit grey, metres x 256. `npy`: float32 [H, W]. `npz`: depth_m, valid, model. `color`: for the
    eye. `json`: size, range, statistics, timings and `depth_m` as `{dtype, shape, data}`.
    """
    depth_range = parse_range(color_range)
    render.colormap(cmap)
    depth_map = await service.predict(request, model, fx_px=fx_px)
    return await depth_answer(depth_map, fmt, cmap=cmap, depth_range=depth_range, values=values)
