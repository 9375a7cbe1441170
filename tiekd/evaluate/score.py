"""Scores predictions against ground truth, frame by frame, by one protocol (docs/method.md §13)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.photo import Photo
from tiekd.data.crops import Box
from tiekd.data.frames import Frame, FrameSource, check_files, digest_of_names
from tiekd.errors import ConfigError, DataError
from tiekd.estimators import Estimator, Picture, Terms, Window
from tiekd.estimators.labels import LabelFolder
from tiekd.estimators.predictions import StoredPredictions
from tiekd.estimators.stored import StoredDepth
from tiekd.evaluate.bands import RangeTable
from tiekd.evaluate.protocol import Protocol
from tiekd.evaluate.unit import UnitCheck
from tiekd.files import digest_of
from tiekd.metrics import (
    METRICS,
    TEACHER_METRICS,
    depth_metrics,
    mean_over_images,
    teacher_metrics,
    valid_mask,
)

NO_TRUTH, NO_PIXEL = "no ground truth in the split", "no ground-truth pixel counts"
"""Why a frame is skipped."""


@dataclass(frozen=True, slots=True)
class ScoredFrame:
    """One scored frame. [H, W] is the size of the crop or the frame, as the protocol's `score_on` states.

    photo: the picture. prediction, truth: `[H, W]` in metres, 0 = none. mask: the pixels that count.
    """

    frame: Frame
    photo: Photo
    prediction: NDArray[np.float32]
    truth: NDArray[np.float32]
    mask: NDArray[np.bool_]
    scores: dict[str, float]

    @property
    def image(self) -> NDArray[np.uint8]:
        """The picture's pixels RGB `[H, W, 3]`, decoded only for those who look at them."""
        return self.photo.pixels


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Result of an evaluation.

    per_image: metrics in the order of the split. skipped: (image, reason). n_holes: pixels that count but
    have no prediction; they are scored as the nearest depth of the range. depth_scales: the numbers of one
    metre by which stored depth was read. selected_here: the network's weights were the best of their run on
    this very list of frames.
    """

    protocol: Protocol
    fingerprint: str
    metrics: dict[str, float]
    by_range: list[dict[str, float]]
    per_image: list[dict[str, Any]]
    skipped: list[tuple[str, str]]
    n_holes: int = 0
    depth_scales: tuple[float, ...] = ()
    selected_here: bool = False

    def to_json(self) -> dict[str, Any]:
        """The document of `tiekd eval --json`. Values that are not finite become null."""
        return {
            "protocol": self.protocol.name,
            "protocol_details": self.protocol.model_dump(),
            "fingerprint": self.fingerprint,
            "n_images": len(self.per_image),
            "n_skipped": len(self.skipped),
            "n_holes": self.n_holes,
            "depth_scales": list(self.depth_scales),
            "selected_here": self.selected_here,
            "metrics": _plain(self.metrics),
            "by_range": [_plain(row) for row in self.by_range],
            "per_image": [_plain(row) for row in self.per_image],
            "skipped": [{"image": image, "reason": reason} for image, reason in self.skipped],
        }


def evaluate(
    estimator: Estimator,
    source: FrameSource,
    frames: Sequence[Frame],
    protocol: Protocol,
    *,
    labels: LabelFolder | None = None,
    watch: Callable[[ScoredFrame], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Score an estimator on the frames that have ground truth. The others are skipped and counted.

    labels: also state the agreement with these. watch: gets every scored frame. Raises DataError when
    nothing can be scored and for files and predictions that can't be used, ConfigError for labels that were
    made with another flip test than the protocol's, and what the estimator raises.
    """
    usable = [frame for frame in frames if frame.depth]
    if not usable:
        raise DataError("No frame of the split has ground truth.", hint="Give the depth file in each line.")
    _check_flip(estimator, protocol)
    check_files(source, usable, need_depth=True)
    estimator.check(source, usable)
    if labels is not None:
        labels.check(source, usable)
    scorer = _Scorer(estimator, source, protocol, labels)
    skipped = [(frame.image, NO_TRUTH) for frame in frames if not frame.depth]
    for done, frame in enumerate(usable, 1):
        scored = scorer.score(frame)
        if scored is None:
            skipped.append((frame.image, NO_PIXEL))
        elif watch:
            watch(scored)
        if progress:
            progress(done, len(usable))
    found = scorer.result(skipped)
    return replace(found, selected_here=_is_selected_on(estimator, source, frames))


def fingerprint(protocol: Protocol, lines: Iterable[str]) -> str:
    """16 hex digits that are equal for two evaluations with the same rules, frames and ground truth.

    lines: one per scored frame, with its names and the digest of its ground truth. Their order has no effect.
    """
    return digest_of([protocol.rules(), *(f"{line}\n" for line in sorted(lines))], digits=16)


class _Scorer:
    """Scores one frame after the other and collects the parts of the result."""

    def __init__(
        self, estimator: Estimator, source: FrameSource, protocol: Protocol, labels: LabelFolder | None
    ) -> None:
        self.estimator, self.source, self.protocol, self.labels = estimator, source, protocol, labels
        self.per_image: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self.ranges = RangeTable(protocol.ranges_m)
        self.n_holes = 0
        self.unit = UnitCheck(protocol.max_depth_m)

    def score(self, frame: Frame) -> ScoredFrame | None:
        """Score one frame. None if no pixel of its ground truth counts."""
        photo, truth = self.source.read_both(frame)
        window = self.protocol.window(*photo.size)
        line = f"{frame.image} {frame.depth} {digest_of([truth.tobytes()])}"
        limits, box = self.protocol.depth_range, self.protocol.box
        truth = _laid_out(truth[window.region], photo.size, window, self.protocol)
        mask = valid_mask(truth, depth_range=limits, crop=box)
        if not mask.any():
            return None
        place = Window(photo.size, window)
        raw = self._answer(frame, photo, place)
        clamped = np.clip(raw, limits.min_m, limits.max_m)
        answer = _laid_out(clamped, photo.size, window, self.protocol)
        self.n_holes += _holes(raw, mask, frame, window, self.protocol)
        if isinstance(self.estimator, StoredDepth | StoredPredictions):
            unclamped = _laid_out(raw, photo.size, window, self.protocol)
            self.unit.add(unclamped[mask], truth[mask], self.estimator.scale_of(frame))
        scores = depth_metrics(answer, truth, depth_range=limits, crop=box)
        if self.labels is not None:
            taught = self.labels.read_window(frame, place)
            scores |= teacher_metrics(clamped, taught, top_rows=self.protocol.teacher_top_rows)
        self.ranges.add(answer, truth, mask)
        self.lines.append(line)
        self.per_image.append({"image": frame.image, "n_pixels": int(mask.sum()), **scores})
        shown = _cut(photo, window) if self.protocol.score_on == "crop" else photo
        return ScoredFrame(frame, shown, answer, truth, mask, scores)

    def _answer(self, frame: Frame, photo: Photo, place: Window) -> NDArray[np.float32]:
        """Depth of the window, not yet clamped: for a network what the server answers for this picture."""
        picture = Picture(_cut(photo, place.box), frame, place, self.protocol.fit)
        answer = self.estimator.estimate(picture, flip=self.protocol.flip_tta).depth_m
        return _checked(answer, frame, place.box)

    def result(self, skipped: list[tuple[str, str]]) -> Evaluation:
        """The result over all scored frames. Raises DataError if there is none."""
        protocol = self.protocol
        if not self.per_image:
            raise DataError(
                f"No frame has a ground-truth pixel between {protocol.min_depth_m} and "
                f"{protocol.max_depth_m} m inside the crop of {protocol.name}.",
                hint="Check the depth's scale and the protocol.",
            )
        if self.unit.medians:
            self.unit.check()
        return Evaluation(
            protocol=protocol,
            fingerprint=fingerprint(protocol, self.lines),
            metrics=mean_over_images(self.per_image, [*METRICS, *(TEACHER_METRICS if self.labels else ())]),
            by_range=self.ranges.rows(),
            per_image=self.per_image,
            skipped=skipped,
            n_holes=self.n_holes,
            depth_scales=tuple(sorted({read_at.scale for read_at in self.unit.read_at})),
        )


def _is_selected_on(estimator: Estimator, source: FrameSource, frames: Sequence[Frame]) -> bool:
    """Whether these frames, or those of them that have ground truth, chose the weights of a network."""
    chosen_on = estimator.about.card.selected_on if estimator.about.card else None
    if chosen_on is None or chosen_on.data != source.kind:
        return False
    lists = (frames, [frame for frame in frames if frame.depth])
    return chosen_on.digest in map(digest_of_names, lists)


def _check_flip(estimator: Estimator, protocol: Protocol) -> None:
    made = estimator.terms(Terms(protocol.flip_tta, use_focal=False)).flip_tta
    if made is not None and made != protocol.flip_tta:
        raise ConfigError(
            f"The labels in {estimator.about.folder} were made {'with' if made else 'without'} the flip "
            f"test, {protocol.name} is {'without' if made else 'with'} it.",
            hint=f"Say {'--flip-tta' if made else '--no-flip-tta'}; the fingerprint shows it.",
        )


def _cut(photo: Photo, window: Box) -> Photo:
    """The window of a photo; a photo of this size stays as it is."""
    whole = photo.size == (window.height, window.width)
    return photo if whole else Photo.of(photo.pixels[window.region[1:]])


def _laid_out(
    cut: NDArray[np.float32], size: tuple[int, int], window: Box, protocol: Protocol
) -> NDArray[np.float32]:
    """Depth of the window on an array of the scored size (`score_on`), with 0 outside the window."""
    if protocol.score_on == "crop":
        return cut
    whole = np.zeros(size, np.float32)
    whole[window.region] = cut
    return whole


def _checked(answer: NDArray[np.float32], frame: Frame, window: Box) -> NDArray[np.float32]:
    if answer.shape != (window.height, window.width):
        raise DataError(
            f"The prediction for {frame.image} is {answer.shape}, not {(window.height, window.width)}.",
            hint="Predict the window of the frame that the protocol names.",
        )
    broken = int(np.count_nonzero(~np.isfinite(answer)))
    if broken:
        raise DataError(
            f"{broken} of {answer.size} predicted depths of {frame.image} are not finite.",
            hint="The model or its file is broken; a mean over images would hide it.",
        )
    return answer


def _holes(
    raw: NDArray[np.float32], mask: NDArray[np.bool_], frame: Frame, window: Box, protocol: Protocol
) -> int:
    """Number of pixels that count but have no prediction. Raises DataError if that is all of them."""
    counts = mask if protocol.score_on == "crop" else mask[window.region]
    holes, total = int(np.count_nonzero(raw[counts] <= 0)), int(np.count_nonzero(counts))
    if holes == total:
        raise DataError(
            f"The prediction for {frame.image} holds no depth at any of the {total} pixels that count.",
            hint="0 and what is not finite mean no depth; look at the file.",
        )
    return holes


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }
