"""Many models on one photo: every depth, and how far each is from a reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from numpy.typing import NDArray

from server.http.answers import (
    MEDIA_TYPES,
    depth_headers,
    difference_statistics,
    header_text,
    since_ms,
    statistics,
    sum_of_timings,
)
from server.http.json_arrays import Values, check_listed, filled, hole
from server.http.openapi import files
from server.http.routes.predict import PHOTO_PROBLEMS, FocalLength, ModelName
from server.http.schemas import CompareBody, ComparedModel, Span
from server.http.several import MULTIPART, Part, Parts, named_models, streamed
from server.http.state import TheService
from server.http.uploads import REQUEST_BODY, answered
from server.inference.service import Service
from server.inference.work import BYTES_PER_PIXEL, Admitted
from tiekd.codecs import arrays, png16
from tiekd.errors import ConfigError, ImageError
from tiekd.types import DepthMap, DepthRange

router = APIRouter(tags=["depth"])

CompareFormat = Literal["json", "npz", "u16"]
_BYTES_PER_VALUE = {"none": 4, "base64": 16, "list": 24}
"""Of a model's depth and of its share of the JSON answer, by how that holds values."""
_BYTES_PER_NPZ_VALUE = 14
"""Of a model's depth, and of depth and difference in the archive."""
_BYTES_PER_PART_VALUE = 6
"""Of a part, and of the reference that it is compared with."""
COMPARED = files(
    MEDIA_TYPES["npz"], MULTIPART,
    about="Depth by every model in the asked format.",
    always=["X-Depth-Unit", "X-Model"],
    sometimes=["X-Depth-Range", "X-Depth-Width", "X-Depth-Height", "X-Depth-Scale", "Server-Timing"],
    json=CompareBody,
)  # fmt: skip


@router.post(
    "/compare", openapi_extra=REQUEST_BODY, response_class=Response, responses=COMPARED | PHOTO_PROBLEMS
)
async def compare(
    *,
    request: Request,
    service: TheService,
    models: Annotated[
        str,
        Query(
            description="names of /api/models, with commas between them",
            examples=["adabins_tf_efficientnet_lite0.demo,tiekd_mobilenetv2.demo"],
        ),
    ],
    reference: Annotated[ModelName | None, Query(description="the model that all are compared with")] = None,
    fmt: Annotated[CompareFormat, Query(alias="format")] = "json",
    values: Annotated[Values, Query(description="how `json` holds each `depth_m`")] = "none",
    fx_px: FocalLength = None,
) -> Response:
    """Depth by many models from one upload, which is decoded once, and statistics of model minus reference.

    `json`: sizes, ranges and statistics. `npz`: `depth_m/MODEL`, `difference_m/MODEL`, `models`, `statistics`
    (the JSON as text). `u16`: one part for each model, sent as soon as it is computed: little-endian uint16
    row by row, metres x 256, 0 = none, with its size and `Content-Length` in the part's header. A model that
    fails spares the others there: its part is a problem.
    """
    ask = _Ask(service, named_models(service, models), reference, fx_px)
    if fmt == "u16":
        return await answered(request, service, ask.names, ask.stream)
    encode = partial(_json_answer, values=values) if fmt == "json" else _npz_answer
    each = _BYTES_PER_VALUE[values] if fmt == "json" else _BYTES_PER_NPZ_VALUE

    async def work(admitted: Admitted) -> Response:
        check_listed(admitted.size, values if fmt == "json" else "none")
        return await ask.together(admitted, encode, bytes_per_pixel=each * len(ask.names))

    return await answered(request, service, ask.names, work)


class _Ask:
    """Which models are asked, and with which of them all are compared. Raises ConfigError for another one."""

    def __init__(
        self, service: Service, names: list[str], reference: str | None, fx_px: float | None
    ) -> None:
        if reference is not None and reference not in names:
            raise ConfigError(
                f"reference={reference} is not among the models.", hint="Name it in models= as well."
            )
        self.names = names
        self._service, self._reference, self._fx_px = service, reference, fx_px

    async def together(
        self, admitted: Admitted, encode: Callable[[_Compared], Response], *, bytes_per_pixel: int
    ) -> Response:
        """All in one answer. Raises ImageError when there is never memory for it."""
        if admitted.n_pixels * (BYTES_PER_PIXEL + bytes_per_pixel) > self._service.memory.limit_bytes:
            height, width = admitted.size
            raise ImageError(
                f"One answer can't hold {len(self.names)} models on {width}x{height} pixels.",
                reason="size",
                hint="Use format=u16, which gives one model after the other, or name fewer models.",
            )
        return await self._service.recall(
            admitted,
            self.names,
            lambda depth_maps: encode(_Compared(depth_maps, self._reference)),
            fx_px=self._fx_px,
            bytes_per_pixel=bytes_per_pixel,
        )

    async def stream(self, admitted: Admitted) -> Response:
        """Each model in its part, as it comes."""
        reference_m: NDArray[np.float32] | None = None
        if self._reference is not None:
            reference_m = await self._service.recall(
                admitted, [self._reference], lambda found: found[0].depth_m, fx_px=self._fx_px
            )
        several = await self._service.several(
            admitted,
            self.names,
            partial(_part, reference=self._reference, reference_m=reference_m),
            fx_px=self._fx_px,
            bytes_per_pixel=_BYTES_PER_PART_VALUE,
        )
        parts = Parts()
        headers = {"X-Depth-Unit": "m", "X-Model": header_text(",".join(self.names))}
        headers |= _size_headers(admitted.size) | {"Cache-Control": "no-store"}
        return await streamed(several, parts.of(several), media_type=parts.media_type, headers=headers)


class _Compared:
    """Depth by several models, and the one that they are compared with."""

    def __init__(self, depth_maps: list[DepthMap], reference: str | None) -> None:
        self.began = perf_counter()
        self.depth_maps, self._name = depth_maps, reference
        self._reference = next((found for found in depth_maps if found.model == reference), None)

    def difference(self, depth_map: DepthMap) -> NDArray[np.float32] | None:
        """A model minus the reference `[H, W]` in metres; None for the reference, and where there is none."""
        if self._reference is None or depth_map.model == self._name:
            return None
        return depth_map.depth_m - self._reference.depth_m

    def body(self, models: list[ComparedModel]) -> CompareBody:
        """The JSON answer."""
        height, width = self.depth_maps[0].depth_m.shape
        named = {} if self._name is None else {"reference": self._name}
        return CompareBody(unit="m", width=width, height=height, models=models, **named)

    def model(self, depth_map: DepthMap, values: Values) -> ComparedModel:
        """What the JSON answer says of one model, without the values of its depth."""
        span, signed = depth_map.depth_range, self.difference(depth_map)
        more: dict[str, Any] = {}
        if self._reference is not None and signed is not None:
            more["difference"] = difference_statistics(self._reference.depth_m, signed)
        if values != "none":
            height, width = depth_map.depth_m.shape
            more["depth_m"] = hole((height, width), values)
        return ComparedModel(
            model=depth_map.model,
            depth_range=Span(min_m=span.min_m, max_m=span.max_m),
            statistics=statistics(depth_map.depth_m),
            timings_ms={stage: round(spent, 3) for stage, spent in (depth_map.timings_ms or {}).items()},
            **more,
        )

    def answer(self, data: bytes, fmt: CompareFormat) -> Response:
        """An answer that holds all models, with what they have in common in its headers."""
        spans = [found.depth_range for found in self.depth_maps]
        both = replace(
            self.depth_maps[0],
            model=",".join(found.model for found in self.depth_maps),
            depth_range=DepthRange(min(span.min_m for span in spans), max(span.max_m for span in spans)),
            timings_ms=sum_of_timings(self.depth_maps),
        )
        headers = depth_headers(both, encode_ms=since_ms(self.began))
        return Response(data, media_type=MEDIA_TYPES[fmt], headers=headers)


def _json_answer(compared: _Compared, *, values: Values) -> Response:
    pieces = [filled(compared.model(found, values), found.depth_m, values) for found in compared.depth_maps]
    before, _, after = compared.body([]).json_bytes().partition(b'"models":[')
    return compared.answer(b"".join([before, b'"models":[', b",".join(pieces), after]), "json")


def _npz_answer(compared: _Compared) -> Response:
    held: dict[str, NDArray[Any]] = {}
    for found in compared.depth_maps:
        held[f"depth_m/{found.model}"] = found.depth_m
        signed = compared.difference(found)
        if signed is not None:
            held[f"difference_m/{found.model}"] = signed
    said = compared.body([compared.model(found, "none") for found in compared.depth_maps])
    held["models"] = np.array([found.model for found in compared.depth_maps])
    held["statistics"] = np.array(said.json_bytes().decode())
    return compared.answer(arrays.npz_bytes(**held), "npz")


def _part(depth_map: DepthMap, *, reference: str | None, reference_m: NDArray[np.float32] | None) -> Part:
    """The part of one model, made in the thread that has computed it."""
    began = perf_counter()
    more: dict[str, str] = {}
    if reference_m is not None and depth_map.model != reference:
        said = difference_statistics(reference_m, depth_map.depth_m - reference_m)
        more["X-Statistics"] = said.model_dump_json()
    stored = np.ascontiguousarray(png16.to_uint16(depth_map.depth_m), "<u2")
    headers = depth_headers(depth_map, encode_ms=since_ms(began))
    del headers["Cache-Control"]
    height, width = stored.shape
    headers |= {"Content-Type": "application/octet-stream", **_size_headers((height, width)), **more}
    return headers, stored.tobytes()


def _size_headers(size: tuple[int, int]) -> dict[str, str]:
    return {
        "X-Depth-Width": str(size[1]),
        "X-Depth-Height": str(size[0]),
        "X-Depth-Scale": str(png16.DEPTH_SCALE),
    }
