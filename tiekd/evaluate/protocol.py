"""Protocols: everything that decides a number, as data (docs/method.md §13)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tiekd.data.crops import Box, network_box
from tiekd.datasets import DATASETS, Dataset
from tiekd.errors import UnknownNameError
from tiekd.runtime.preprocess import Fit
from tiekd.types import DepthRange

STREET_RANGES_M = ((0.0, 6.0), (6.0, 12.0), (12.0, 20.0), (20.0, 40.0), (40.0, 80.0))
ROOM_RANGES_M = ((0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 5.0), (5.0, 10.0))
PUBLISHED_TOP_ROWS = 110


class Protocol(BaseModel):
    """How predictions are made and scored.

    network_crop: the part of a frame that is predicted. Nothing outside it is scored.
    fit: how a network of ours gets this part, see `tiekd.runtime.preprocess`.
    box, score_on: the box of scored pixels, and whether it is that of the crop (as the authors did) or of
    the whole frame (as is usual).
    min_depth_m, max_depth_m: ground truth counts strictly inside this range. Predictions are clamped to it
    before they are resized; the card of the network states how (align_corners).
    flip_tta: take the mean with the prediction for the mirrored picture (docs/method.md §13.2).
    teacher_top_rows: top rows of the crop that the agreement with a teacher leaves out.
    ranges_m: ranges of true depth for which errors are also reported.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: Literal[2] = 2
    network_crop: Literal["kb", "none"]
    fit: Fit
    score_on: Literal["crop", "frame"]
    box: Literal["garg", "eigen", "nyu_eigen"] | None
    min_depth_m: float = Field(gt=0)
    max_depth_m: float = Field(gt=0)
    clamp: Literal["before resize"] = "before resize"
    resize: Literal["bilinear"] = "bilinear"
    flip_tta: bool = False
    mean: Literal["over images"] = "over images"
    teacher_top_rows: int = Field(default=0, ge=0)
    ranges_m: tuple[tuple[float, float], ...] = STREET_RANGES_M

    @model_validator(mode="after")
    def _check_range(self) -> Protocol:
        if not self.min_depth_m < self.max_depth_m:
            raise ValueError(f"min_depth_m={self.min_depth_m} must be below max_depth_m={self.max_depth_m}")
        return self

    @property
    def depth_range(self) -> DepthRange:
        """The range strictly inside which ground truth counts."""
        return DepthRange(self.min_depth_m, self.max_depth_m)

    def window(self, height: int, width: int) -> Box:
        """The part of a frame of `height` x `width` that is predicted. Raises DataError for a small frame."""
        return network_box(self.network_crop, height, width)

    def rules(self) -> str:
        """What decides the metrics, as text. The name and the ranges do not."""
        # Protocols that feed a network unscaled are older than `fit`; their fingerprints must stay.
        unnamed = {"fit"} if self.fit == "unscaled" else set()
        return self.model_dump_json(exclude={"name", "ranges_m", *unnamed})


def _limits(dataset: Dataset) -> dict[str, Any]:
    return {"min_depth_m": dataset.min_depth_m, "max_depth_m": dataset.max_depth_m}


def _kitti(name: str, **fields: Any) -> Protocol:
    limits = _limits(DATASETS["kitti"])
    return Protocol(
        name=name, network_crop="kb", fit="unscaled", teacher_top_rows=PUBLISHED_TOP_ROWS, **limits, **fields
    )


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        _kitti("kitti-tiekd", score_on="crop", box="garg", flip_tta=True),
        _kitti("kitti-garg", score_on="frame", box="garg"),
        _kitti("kitti-eigen", score_on="frame", box="eigen"),
        _kitti("kitti-none", score_on="frame", box=None),
        Protocol(
            name="nyu", network_crop="none", fit="unscaled", score_on="frame", box="nyu_eigen",
            flip_tta=True, ranges_m=ROOM_RANGES_M, **_limits(DATASETS["nyu"]),
        ),
        Protocol(
            name="frame", network_crop="none", fit="photo", score_on="frame", box=None,
            min_depth_m=1e-3, max_depth_m=80.0,
        ),
    )
}  # fmt: skip
"""kitti-tiekd is the authors' protocol; kitti-garg and -eigen are what most papers report."""


def get_protocol(name: str) -> Protocol:
    """A protocol by name. Raises UnknownNameError."""
    if name not in PROTOCOLS:
        raise UnknownNameError("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
