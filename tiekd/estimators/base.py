"""What every estimator has in common: the interface, the flip test, and the way from answers to metres.

Nothing here imports torch, so that a server without it can use this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tiekd.card import ModelCard
from tiekd.codecs.photo import Photo
from tiekd.errors import UnavailableError
from tiekd.limits import FocalPx, Metres, Stated
from tiekd.runtime.preprocess import Fit, check_focal_px, known_focal_px
from tiekd.types import DepthMap, DepthRange

if TYPE_CHECKING:
    from tiekd.data.crops import Box
    from tiekd.data.frames import Frame, FrameSource

NEAREST_M = 1e-3
DEFAULT_MAX_DEPTH_M = 80.0
_LONGEST_LINE = 300
Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Depth `[H, W]` in metres of a picture RGB `[H, W, 3]`."""


class Window(NamedTuple):
    """Size (height, width) of the unscaled frame, and the rectangle of it that the picture covers."""

    frame_size: tuple[int, int]
    box: Box


@dataclass(frozen=True, slots=True)
class Picture:
    """What depth is asked for.

    photo: RGB `[H, W, 3]`, or a photo that is decoded when it is needed. frame: the line of a split that
    names it; stored depth is found by it. window: where the pixels lie in the frame, if they were cut out of
    it unscaled. fit: how our networks fit the pixels to their input size, see `tiekd.runtime.preprocess`.
    """

    photo: NDArray[np.uint8] | Photo
    frame: Frame | None = None
    window: Window | None = None
    fit: Fit = "photo"

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """All pixels. Raises ImageError for a damaged file."""
        return Photo.of(self.photo).pixels

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return Photo.of(self.photo).size


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known about an estimator before it answers.

    digest: checksum of what the answers come from, empty where there is none. train_fx_px: the focal length
    in pixels for which the answers are metric, if known. card: of a network of ours, or of a file that
    carries one. folder: where stored depth lies.
    """

    name: str
    digest: str
    depth_range: DepthRange
    train_fx_px: float | None = None
    card: ModelCard | None = None
    has_dpm: bool = False
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How depth is made.

    flip_tta: as the mean with the answer to the mirrored picture; None where that is not known. use_focal:
    metric for each frame's own focal length, not for the estimator's.
    """

    flip_tta: bool | None
    use_focal: bool


class Estimator(Protocol):
    """Something that knows the depth of pictures: a network, or a folder where depth is stored."""

    @property
    def about(self) -> About:
        """What is known before it answers."""
        ...

    def estimate(
        self, picture: Picture, *, fx_px: float | None = None, flip: bool = False, with_dpm: bool = False
    ) -> DepthMap:
        """Depth of a picture, at the picture's size.

        fx_px: the picture's focal length in pixels; depth becomes metric for it. flip: the mean with the
        answer to the mirrored picture, which has depth alone. with_dpm: keep the distribution, where there is
        one. Stored depth is given as it is, see `terms`. Raises ConfigError where the own focal length is not
        known, DataError for stored depth that is missing or broken, and what networks raise.
        """
        ...

    def terms(self, asked: Terms) -> Terms:
        """How the answers are made when they are asked for so: stored depth stays as it was made.

        Raises ConfigError when that does not give depth for each frame's own focal length although it is
        asked.
        """
        ...

    def check(self, source: FrameSource, frames: Sequence[Frame]) -> None:
        """Raise DataError for frames without an answer, as far as that shows without computing."""
        ...


class PictureEstimator:
    """Any function from a picture to metres as an estimator.

    far_m: end of the range that the flip test clamps to, default the estimator's own.
    """

    def __init__(self, answer: Answer, about: About, *, far_m: float | None = None) -> None:
        self.answer, self.about, self._far_m = answer, about, far_m

    def estimate(
        self,
        picture: Picture,
        *,
        fx_px: float | None = None,
        flip: bool = False,
        with_dpm: bool = False,  # noqa: ARG002 - only networks of ours have one
    ) -> DepthMap:
        """Depth of a picture, see `Estimator`."""
        factor, span = 1.0, self.about.depth_range
        if fx_px is not None:
            check_focal_px(fx_px)
            factor = fx_px / known_focal_px(self.about.name, self.about.train_fx_px)

        def answered(pixels: NDArray[np.uint8]) -> DepthMap:
            depth_m = self.answer(pixels)
            return DepthMap(depth_m=depth_m, depth_range=span, model=self.about.name)

        depth_map = (
            flip_mean(answered, picture.pixels, far_m=self._far_m) if flip else answered(picture.pixels)
        )
        if factor != 1.0:
            depth_map.depth_m = depth_map.depth_m * np.float32(factor)
            depth_map.depth_range = DepthRange(span.min_m * factor, span.max_m * factor)
        return depth_map

    def terms(self, asked: Terms) -> Terms:
        """As it is asked. Raises ConfigError when the own focal length is needed and not known."""
        if asked.use_focal:
            known_focal_px(self.about.name, self.about.train_fx_px)
        return asked

    def check(self, source: FrameSource, frames: Sequence[Frame]) -> None:
        """It computes its answers, so there is nothing to look for."""


def flip_mean(
    answered: Callable[[NDArray[np.uint8]], DepthMap],
    pixels: NDArray[np.uint8],
    *,
    far_m: float | None = None,
) -> DepthMap:
    """The flip test: mean of the answers to a picture and to its mirror image (docs/method.md §13.2).

    Both are clamped to 0..far_m first (default: the end of the answer's range), because an infinitely far
    answer would win any mean. Where both lie beyond the range, or both before it, the mean does too: that is
    how a wrong unit is noticed.
    """
    plain, mirrored = answered(pixels), answered(np.ascontiguousarray(pixels[:, ::-1]))
    limit = np.float32(far_m or plain.depth_range.max_m)
    one, other = plain.depth_m, mirrored.depth_m[:, ::-1]
    near, far = np.minimum(one, other), np.maximum(one, other)
    clamped = np.where(far > 0, np.maximum(near, 0), near) + np.minimum(far, np.maximum(near, limit))
    return DepthMap(depth_m=clamped * np.float32(0.5), depth_range=plain.depth_range, model=plain.model)


class Conversion(Stated):
    """From what a model answers to metres.

    depth = scale * answer + shift. With output="inverse" depth = 1 / (scale * answer + shift), which is how
    disparity is meant; where that is not positive, things are infinitely far. `train_fx_px`: the focal length
    for which the answer is metric, if that is known.
    """

    output: Literal["depth", "inverse"] | None = None
    scale: float | None = None
    shift: float = 0.0
    max_depth_m: Metres | None = None
    train_fx_px: FocalPx | None = None

    @property
    def is_declared(self) -> bool:
        """Whether the user has said what the answer means."""
        return self.output is not None and self.scale is not None

    def to_metres(self, answer: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth in metres of an answer of any shape."""
        scale = 1.0 if self.scale is None else self.scale
        linear: NDArray[np.float32] = answer * np.float32(scale) + np.float32(self.shift)
        return linear if self.output != "inverse" else np.reciprocal(np.maximum(linear, np.float32(1e-6)))

    @property
    def declared(self) -> str:
        """Everything that differs from the defaults, as it is written after an estimator's name."""
        return "".join(f",{key}={value}" for key, value in self.model_dump(exclude_defaults=True).items())


def range_up_to(max_depth_m: float) -> DepthRange:
    """The range of an estimator of which only the far end is known."""
    return DepthRange(min(NEAREST_M, max_depth_m / 2), max_depth_m)


def require(module: str, *, extra: str) -> Any:
    """An optional package. Raises UnavailableError that names the extra which installs it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise UnavailableError(
            f"This model needs the package {module.partition('.')[0]}, which is not installed.",
            hint=f"pip install 'tiekd[{extra}]'",
        ) from error


def first_line(error: Exception) -> str:
    """The first sentence or so of another package's error; pages may follow it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    # "Error(s) in loading state_dict for X:" says nothing without what follows it.
    said = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    if isinstance(error, KeyError):
        said = f"KeyError: {said}"  # Its text is the bare key.
    return said if len(said) <= _LONGEST_LINE else f"{said[:_LONGEST_LINE]}…"
