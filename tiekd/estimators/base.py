"""What all teachers share: the Protocol, the flip test, the focal length, and the way to metres."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tiekd.data.frames import Frame
from tiekd.errors import ConfigError, UnavailableError

DEFAULT_MAX_DEPTH_M = 80.0
Predict = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Depth `[H, W]` in metres of a picture RGB `[H, W, 3]`."""


class Teacher(Protocol):
    """Something that knows the depth of a frame. `digest` is the checksum of what its answers come from.

    `flip_tta` and `use_focal` say what its answers have been through.
    """

    name: str
    digest: str
    max_depth_m: float
    flip_tta: bool
    use_focal: bool

    def depth(self, frame: Frame, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres of `image` RGB `[H, W, 3]`, the part of `frame` that is taught."""
        ...


@dataclass(frozen=True, slots=True)
class Teaching:
    """How a network is asked: mean with the mirrored picture, for the frame's own focal length, and where.

    far_m: end of the range that is asked for, default the teacher's own.
    """

    flip_tta: bool = False
    use_focal: bool = False
    device: str = "auto"
    far_m: float | None = None


class Conversion(BaseModel):
    """From what a model answers to metres.

    depth = scale * answer + shift, or with output="inverse" 1 / (scale * answer + shift), which is how
    disparity is meant; where that is not positive, things are infinitely far. `train_fx_px`: the focal length
    for which the answer is metric, if that is known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    output: Literal["depth", "inverse"] | None = None
    scale: float | None = None
    shift: float = 0.0
    max_depth_m: float | None = Field(default=None, gt=0)
    train_fx_px: float | None = Field(default=None, gt=0)

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
    def told(self) -> str:
        """All that differs from the defaults, as it would be written after a teacher's name."""
        return "".join(f",{key}={value}" for key, value in self.model_dump(exclude_defaults=True).items())


class PictureTeacher:
    """Any function from a picture to metres as a teacher.

    Raises ConfigError when the frame's focal length is to be used and the teacher's own is not known.
    """

    def __init__(
        self,
        predict: Predict,
        *,
        name: str,
        digest: str,
        max_depth_m: float,
        train_fx_px: float | None,
        teaching: Teaching,
    ) -> None:
        if teaching.use_focal and train_fx_px is None:
            raise ConfigError(
                f"{name} doesn't say for which focal length it is metric, so --use-focal can't be used.",
                hint="Declare it in pixels: train_fx_px=….",
            )
        self.predict = predict
        self.name, self.digest, self.max_depth_m = name, digest, max_depth_m
        self.train_fx_px = train_fx_px
        self.flip_tta, self.use_focal = teaching.flip_tta, teaching.use_focal
        self.far_m = np.float32(teaching.far_m or max_depth_m)

    def depth(self, frame: Frame, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres of `image` RGB `[H, W, 3]`."""
        depth = self.predict(image)
        if self.flip_tta:
            mirrored = self.predict(np.ascontiguousarray(image[:, ::-1]))[:, ::-1]
            depth = _mean_within(depth, mirrored, self.far_m)
        if self.use_focal and frame.focal_px and self.train_fx_px:
            depth = depth * np.float32(frame.focal_px / self.train_fx_px)
        return depth


def _mean_within(
    one: NDArray[np.float32], other: NDArray[np.float32], far_m: np.float32
) -> NDArray[np.float32]:
    """Mean of two answers that are clamped to 0..far_m first (docs/method.md §13.2).

    Without the clamp one infinitely far answer would decide the mean. Where both answers lie beyond the
    range, or both before it, their mean does too: this is how a wrong unit is noticed.
    """
    near, far = np.minimum(one, other), np.maximum(one, other)
    clamped = np.where(far > 0, np.maximum(near, 0), near) + np.minimum(far, np.maximum(near, far_m))
    mean: NDArray[np.float32] = clamped * np.float32(0.5)
    return mean


def require(module: str, *, extra: str) -> Any:
    """An optional package. Raises UnavailableError that names the extra which installs it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise UnavailableError(
            f"This teacher needs the package {module.partition('.')[0]}, which is not installed.",
            hint=f"pip install 'tiekd[{extra}]'",
        ) from error


def first_line(error: Exception) -> str:
    """What another package's error says, without the pages that may follow."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def pick_device(name: str) -> torch.device:
    """A torch device; "auto" is this process's share of the GPUs where there are any, else the CPU.

    Raises ConfigError for a device that is not there.
    """
    if name == "auto":
        if not torch.cuda.is_available():
            return torch.device("cpu")
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"Can't use the device {name!r}: {error}", hint="Try --device cpu.") from error
