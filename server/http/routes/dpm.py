"""What a model believes about depth: its distribution at a pixel, along a row, in a bin, and its entropy."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from numpy.typing import NDArray

from server.http.answers import MEDIA_TYPES, depth_headers, header_text, since_ms
from server.http.openapi import files
from server.http.routes.predict import PHOTO_PROBLEMS, FocalLength
from server.http.schemas import DistributionBody, DistributionList
from server.http.several import json_list, named_models, streamed
from server.http.state import TheService
from server.http.uploads import REQUEST_BODY, answered
from server.inference.work import Admitted
from tiekd import render
from tiekd.card import ModelCard
from tiekd.codecs import arrays
from tiekd.errors import ConfigError
from tiekd.runtime.dpm import PhotoDpm
from tiekd.runtime.target import DEFAULT_N_BINS, DEFAULT_SIGMA_M, TargetDpm
from tiekd.targets import TargetName
from tiekd.types import DepthMap

router = APIRouter(tags=["depth"])

View = Literal["distribution", "entropy", "slice", "section"]
Source = Literal["own", "target"]
Dpm = PhotoDpm | TargetDpm
Pixel = Annotated[int | None, Query(description="pixel of the upright photo, from 0")]
BELIEF = files(
    MEDIA_TYPES["color"], MEDIA_TYPES["npy"],
    about="The distribution, or a map of it.",
    always=["X-Depth-Unit", "X-Model"],
    sometimes=["X-Depth-Range", "Server-Timing", "X-Source", "X-Target", "X-Value-Range", "X-Value-Unit"],
    json=DistributionBody | DistributionList,
)  # fmt: skip


@router.post("/dpm", openapi_extra=REQUEST_BODY, response_class=Response, responses=BELIEF | PHOTO_PROBLEMS)
async def dpm(
    *,
    request: Request,
    service: TheService,
    model: Annotated[
        str,
        Query(
            description="a name of /api/models, or several with commas between them",
            examples=["tiekd_mobilenetv2.demo"],
        ),
    ],
    view: View = "distribution",
    x: Pixel = None,
    y: Pixel = None,
    bin_index: Annotated[int | None, Query(alias="bin", description="bin, from 0 = nearest")] = None,
    row: Pixel = None,
    source: Annotated[
        Source, Query(description="the model's own DPM if it has one, or the target DPM of its depth")
    ] = "own",
    target: Annotated[
        TargetName | None,
        Query(description="kind of target DPM; default: that of the model's training, else `published`"),
    ] = None,
    sigma_m: Annotated[float | None, Query(gt=0, le=100, description="of the target DPM, metres")] = None,
    fmt: Annotated[Literal["png", "npy"] | None, Query(alias="format")] = None,
    cmap: Annotated[str, Query(description="colours of the pictures")] = "viridis",
    fx_px: FocalLength = None,
) -> Response:
    """A distribution over depth (JSON), or a map of it as a PNG or npy.

    `distribution` needs x and y. `slice` is the probability `[H, W]` of `bin`; `section` the probabilities
    `[n_bins, W]` under `row`, nearest bin first; `entropy` `[H, W]` is in nats. Pictures say their scale in
    `X-Value-Range`; npy is float32. Several models give a list of their distributions, each sent as soon as
    it is computed; a model that fails has its problem there, and spares the others.
    """
    render.colormap(cmap)
    ask = _Ask(view, x=x, y=y, bin_index=bin_index, row=row)
    models = named_models(service, model)
    if len(models) > 1:
        ask.check_lists()
    cards = {name: service.residency.get(name).card for name in models}

    def found(depth_map: DepthMap) -> Dpm:
        own = source == "own" and depth_map.dpm is not None
        return PhotoDpm(depth_map) if own else _target_dpm(cards[depth_map.model], depth_map, target, sigma_m)

    def encode(depth_maps: list[DepthMap]) -> Response:
        [depth_map] = depth_maps
        return ask.answer(found(depth_map), depth_map, fmt or "png", cmap)

    def entry(depth_map: DepthMap) -> bytes:
        return ask.distribution(found(depth_map), depth_map).json_bytes()

    async def work(admitted: Admitted) -> Response:
        if len(models) == 1:
            return await service.recall(admitted, models, encode, fx_px=fx_px, with_dpm=source == "own")
        several = await service.several(admitted, models, entry, fx_px=fx_px, with_dpm=source == "own")
        headers = {"X-Depth-Unit": "m", "X-Model": header_text(",".join(models)), "Cache-Control": "no-store"}
        return await streamed(several, json_list(several), media_type=MEDIA_TYPES["json"], headers=headers)

    return await answered(request, service, models, work)


class _Ask:
    """One view with the place it needs. Raises ConfigError when the place is missing."""

    def __init__(
        self, view: View, *, x: int | None, y: int | None, bin_index: int | None, row: int | None
    ) -> None:
        needs = {"distribution": {"x": x, "y": y}, "slice": {"bin": bin_index}, "section": {"row": row}}
        missing = [name for name, value in needs.get(view, {}).items() if value is None]
        if missing:
            raise ConfigError(
                f"view={view} needs {' and '.join(missing)}.", hint="Pixels and bins count from 0."
            )
        self._view = view
        self._x, self._y, self._bin, self._row = x or 0, y or 0, bin_index or 0, row or 0

    def check_lists(self) -> None:
        """Raise ConfigError for a view that is not for several models."""
        if self._view != "distribution":
            raise ConfigError(
                f"view={self._view} is for one model.", hint="Name one model, or use view=distribution."
            )

    def answer(self, dpm: Dpm, depth_map: DepthMap, fmt: str, cmap: str) -> Response:
        """The view of a distribution. It takes long for a large photo."""
        began = perf_counter()
        if self._view == "distribution":
            data = self.distribution(dpm, depth_map).json_bytes()
            headers = depth_headers(depth_map, encode_ms=since_ms(began))
            return Response(data, media_type=MEDIA_TYPES["json"], headers=headers)
        values, high = self._values(dpm)
        if fmt == "npy":
            data, kind = arrays.npy_bytes(values), MEDIA_TYPES["npy"]
        else:
            data, kind = render.scalar_png(values, low=0, high=high, cmap=cmap), MEDIA_TYPES["color"]
        headers = depth_headers(depth_map, encode_ms=since_ms(began)) | {
            "X-Source": _source(dpm),
            "X-Value-Range": f"0,{high:.6g}",
            "X-Value-Unit": "nats" if self._view == "entropy" else "probability",
            **({"X-Target": dpm.target} if isinstance(dpm, TargetDpm) else {}),
        }
        return Response(data, media_type=kind, headers=headers)

    def distribution(self, dpm: Dpm, depth_map: DepthMap) -> DistributionBody:
        """The distribution at the pixel that was asked for."""
        found = dpm.at(self._x, self._y)
        made: dict[str, Any] = {}
        if isinstance(dpm, TargetDpm):
            made = {"target": dpm.target, "sigma_m": dpm.sigma_m}
        return DistributionBody(
            source=_source(dpm),
            model=depth_map.model,
            bin_edges_m=found.bin_edges_m.astype(np.float64).tolist(),
            probability=found.probability.tolist(),
            expectation_m=found.expectation_m,
            mode_m=found.mode_m,
            entropy_nats=found.entropy_nats,
            depth_m=float(depth_map.depth_m[self._y, self._x]),
            x=self._x,
            y=self._y,
            **made,
        )

    def _values(self, dpm: Dpm) -> tuple[NDArray[np.float32], float]:
        if self._view == "entropy":
            return dpm.entropy(), math.log(dpm.n_bins)
        values = dpm.slice(self._bin) if self._view == "slice" else dpm.section(self._row)
        return values, max(float(values.max()), 1e-6)


def _source(dpm: Dpm) -> Source:
    return "target" if isinstance(dpm, TargetDpm) else "own"


def _target_dpm(
    card: ModelCard, depth_map: DepthMap, target: TargetName | None, sigma_m: float | None
) -> TargetDpm:
    """The target DPM of a photo's depth, made as asked, else as in the model's training."""
    # An adaptive teacher moves its bins with every photo; the published students' fixed bins are the grid.
    n_bins = card.n_bins if card.n_bins and card.role == "student" else DEFAULT_N_BINS
    return TargetDpm(
        depth_map,
        n_bins=n_bins,
        sigma_m=sigma_m or card.sigma_m or DEFAULT_SIGMA_M,
        target=target or card.target or "published",
    )
