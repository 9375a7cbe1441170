"""A photo in, metric depth out."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from server.http.answers import MEDIA_TYPES, DepthFormat, depth_answer, parse_range
from server.http.json_arrays import Values, check_listed
from server.http.openapi import DEPTH_HEADERS, files, problems
from server.http.schemas import DepthBody
from server.http.state import TheService
from server.http.uploads import REQUEST_BODY, answered
from server.inference.work import Admitted
from tiekd import render

router = APIRouter(tags=["depth"])

ModelName = Annotated[str, Query(description="a name of /api/models", examples=["tiekd_mobilenetv2.demo"])]
FocalLength = Annotated[
    float | None,
    Query(alias="fx", gt=0, allow_inf_nan=False, description="the photo's focal length in pixels"),
]
ColorMap = Annotated[str, Query(description=f"one of {', '.join(render.COLORMAPS)}")]
ColorRange = Annotated[
    str | None, Query(alias="range", description="MIN,MAX metres of the colours", examples=["1,80"])
]
PHOTO_PROBLEMS = problems(400, 404, 408, 413, 415, 422, 503, 504, page=False)
"""What may go wrong wherever a photo is sent."""
DEPTH = files(
    MEDIA_TYPES["png16"], MEDIA_TYPES["npy"], MEDIA_TYPES["npz"],
    about="Depth in the asked format.", always=DEPTH_HEADERS, sometimes=["X-Depth-Scale"], json=DepthBody,
)  # fmt: skip


@router.post(
    "/predict", openapi_extra=REQUEST_BODY, response_class=Response, responses=DEPTH | PHOTO_PROBLEMS
)
async def predict(
    *,
    request: Request,
    service: TheService,
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
    encode = partial(depth_answer, fmt=fmt, cmap=cmap, depth_range=depth_range, values=values)

    async def work(admitted: Admitted) -> Response:
        check_listed(admitted.size, values if fmt == "json" else "none")
        return await service.predict(admitted, model, encode, fx_px=fx_px)

    return await answered(request, service, [model], work)
