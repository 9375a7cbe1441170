"""Evaluation: a protocol as data, and a table of metrics made by it.

Two results compare only if they were made by one protocol on the same frames; both are in the fingerprint.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tiekd.data.crops import Box, kb_crop_box
from tiekd.data.frames import Frame, FrameSource
from tiekd.data.read import read_depth_png
from tiekd.errors import DataError, UnknownNameError
from tiekd.metrics import depth_metrics, mean_over_images, valid_mask
from tiekd.types import DepthRange

RANGES_M = ((0.0, 6.0), (6.0, 12.0), (12.0, 20.0), (20.0, 40.0), (40.0, 80.0))
"""Ranges of true depth that errors are also told by."""


_DENSE = 50_000
"""More pixels of ground truth than a laser scan has."""


class Protocol(BaseModel):
    """How predictions are made and scored.

    network_crop: what of a frame is predicted, unscaled; outside of it nothing is scored. score_on: whether
    `box` is laid over that crop (as the authors did, FACTS §2) or over the whole frame (as is usual).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: Literal[1] = 1
    network_crop: Literal["kb", "none"]
    score_on: Literal["crop", "frame"]
    box: Literal["garg", "eigen", "nyu_eigen"] | None
    min_depth_m: float = Field(gt=0)
    max_depth_m: float = Field(gt=0)
    flip_tta: bool = False

    @property
    def depth_range(self) -> DepthRange:
        """Ground truth strictly inside counts."""
        return DepthRange(self.min_depth_m, self.max_depth_m)

    def window(self, height: int, width: int) -> Box:
        """The part of a frame of `height` x `width` that is predicted. Raises DataError for a small frame."""
        return kb_crop_box(height, width) if self.network_crop == "kb" else Box(0, 0, height, width)


def _kitti(name: str, **fields: Any) -> Protocol:
    return Protocol(name=name, network_crop="kb", min_depth_m=1e-3, max_depth_m=80.0, **fields)


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        _kitti("kitti-tiekd", score_on="crop", box="garg", flip_tta=True),
        _kitti("kitti-garg", score_on="frame", box="garg"),
        _kitti("kitti-eigen", score_on="frame", box="eigen"),
        _kitti("kitti-none", score_on="frame", box=None),
        Protocol(
            name="nyu", network_crop="none", score_on="frame", box="nyu_eigen",
            min_depth_m=1e-3, max_depth_m=10.0, flip_tta=True,
        ),
        Protocol(
            name="frame", network_crop="none", score_on="frame", box=None, min_depth_m=1e-3, max_depth_m=80.0
        ),
    )
}  # fmt: skip
"""kitti-tiekd is the authors' protocol; kitti-garg and -eigen are what most papers report."""


def get_protocol(name: str) -> Protocol:
    """A protocol by name. Raises UnknownNameError."""
    if name not in PROTOCOLS:
        raise UnknownNameError("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


class Predicts(Interface):
    """What is evaluated: depth in metres for a window of a frame."""

    def __call__(self, frame: Frame, image: NDArray[np.uint8], window: Box) -> NDArray[np.float32]:
        """Depth `[window.height, window.width]` of `image` RGB `[H, W, 3]`, the whole frame."""
        ...


class StoredPredictions:
    """Predictions in 16-bit PNG (metres x 256), under a frame's image path, its ground-truth path, or either
    one with "/" as "_"; of the frame's size or of the window's.

    Raises DataError for a missing file and for one of another size.
    """

    def __init__(self, root: Path, *, depth_scale: float = 256.0) -> None:
        if not root.is_dir():
            raise DataError(
                f"{root} is not a folder of predictions.", hint="Give the folder that holds the PNGs."
            )
        self.root, self.depth_scale = root, depth_scale

    def find(self, frame: Frame) -> Path:
        """The file with a frame's prediction."""
        names = [str(Path(name).with_suffix(".png")) for name in (frame.image, frame.depth) if name]
        for name in (*names, *(name.replace("/", "_") for name in names)):
            if (self.root / name).is_file():
                return self.root / name
        raise DataError(
            f"{self.root} holds no prediction for {frame.image}.",
            hint=f"Name it {names[0]} or {names[0].replace('/', '_')}.",
        )

    def __call__(self, frame: Frame, image: NDArray[np.uint8], window: Box) -> NDArray[np.float32]:
        """Depth of the window, cut out if the file covers the frame."""
        path = self.find(frame)
        depth = read_depth_png(path, scale=self.depth_scale)
        if depth.shape == image.shape[:2]:
            return depth[window.region]
        if depth.shape != (window.height, window.width):
            raise DataError(
                f"{path} is {depth.shape[1]}x{depth.shape[0]}; the frame is "
                f"{image.shape[1]}x{image.shape[0]} and its crop {window.width}x{window.height}.",
                hint="Write predictions at one of these sizes.",
            )
        return depth


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found; `per_image` in the order of the split."""

    protocol: Protocol
    fingerprint: str
    n_skipped: int
    metrics: dict[str, float]
    by_range: list[dict[str, float]]
    per_image: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """As the command line and the reports write it; NaN becomes null."""
        return {
            "protocol": self.protocol.name,
            "protocol_details": self.protocol.model_dump(),
            "fingerprint": self.fingerprint,
            "n_images": len(self.per_image),
            "n_skipped": self.n_skipped,
            "metrics": _plain(self.metrics),
            "by_range": [_plain(row) for row in self.by_range],
            "per_image": [_plain(row) for row in self.per_image],
        }


def evaluate(
    predicts: Predicts,
    source: FrameSource,
    frames: Sequence[Frame],
    protocol: Protocol,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Score predictions for the frames that have ground truth; the others are counted as skipped.

    Raises DataError when no frame has ground truth and for files that can't be used.
    """
    usable = [frame for frame in frames if frame.depth]
    if not usable:
        raise DataError("No frame of the split has ground truth.", hint="Give the depth file in each line.")
    per_image: list[dict[str, Any]] = []
    ranges = RangeTable(RANGES_M)
    for done, frame in enumerate(usable, 1):
        image, truth = source.read_image(frame), source.read_depth(frame)
        if truth.shape != image.shape[:2]:
            raise DataError(
                f"{frame.image} is {image.shape[:2]}, its ground truth {truth.shape}.",
                hint="Image and ground truth must be of one size.",
            )
        window = protocol.window(image.shape[0], image.shape[1])
        answer, truth = _lay_out(predicts(frame, image, window), truth, window, protocol)
        scores = depth_metrics(answer, truth, depth_range=protocol.depth_range, crop=protocol.box)
        ranges.add(answer, truth, valid_mask(truth, depth_range=protocol.depth_range, crop=protocol.box))
        per_image.append({"image": frame.image, **scores})
        if progress:
            progress(done, len(usable))
    return Evaluation(
        protocol,
        fingerprint(protocol, usable),
        len(frames) - len(usable),
        mean_over_images(per_image),
        ranges.rows(),
        per_image,
    )


def fingerprint(protocol: Protocol, frames: Sequence[Frame]) -> str:
    """16 hex digits that two evaluations share if protocol and frames are the same, in whatever order."""
    digest = hashlib.sha256(protocol.model_dump_json().encode())
    for line in sorted(f"{frame.image} {frame.depth}" for frame in frames):
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()[:16]


def _lay_out(
    answer: NDArray[np.float32], truth: NDArray[np.float32], window: Box, protocol: Protocol
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Prediction and ground truth on the array that the protocol's box is laid over."""
    if protocol.score_on == "crop":
        return answer, truth[window.region]
    whole, scored = np.ones_like(truth), np.zeros_like(truth)
    whole[window.region] = answer
    scored[window.region] = truth[window.region]
    return whole, scored


class RangeTable:
    """Errors by true depth, over the pixels of all images together."""

    def __init__(self, ranges_m: Sequence[tuple[float, float]]) -> None:
        self.ranges_m = list(ranges_m)
        self._ratios: list[list[NDArray[np.float32]]] = [[] for _ in self.ranges_m]
        self._square_error = [0.0] * len(self.ranges_m)

    def add(self, answer: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.bool_]) -> None:
        """Count the pixels of one image where `mask`."""
        answer, truth = answer[mask], truth[mask]
        for index, (low, high) in enumerate(self.ranges_m):
            inside = (truth >= low) & (truth < high)
            # Every eighth pixel of dense ground truth is plenty and keeps memory small.
            step = 8 if truth.size > _DENSE else 1
            self._ratios[index].append((answer[inside] / truth[inside])[::step])
            self._square_error[index] += float(np.square(answer[inside] - truth[inside])[::step].sum())

    def rows(self) -> list[dict[str, float]]:
        """One row per range: pixels, AbsRel, RMSE, delta1 and the median of predicted over true depth."""
        table = []
        for (low, high), parts, squares in zip(self.ranges_m, self._ratios, self._square_error, strict=True):
            ratio = np.concatenate(parts) if parts else np.empty(0, np.float32)
            row = {"from_m": low, "to_m": high, "n_pixels": float(ratio.size)}
            found = ratio.size > 0
            row["abs_rel"] = float(np.abs(ratio - 1).mean()) if found else math.nan
            row["rmse"] = math.sqrt(squares / ratio.size) if found else math.nan
            row["delta1"] = float(((ratio < 1.25) & (ratio > 0.8)).mean()) if found else math.nan
            row["median_ratio"] = float(np.median(ratio)) if found else math.nan
            table.append(row)
        return table


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }
