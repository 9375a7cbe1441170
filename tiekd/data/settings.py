"""Settings of random views and random changes of colour. They are part of recipes, so they need no torch."""

from __future__ import annotations

from pydantic import Field, model_validator

from tiekd.limits import Stated

LEAST_VIEW_PX, MOST_VIEW_PX = 32, 16_384
"""The smallest and the largest height and width of a view."""


class ViewSettings(Stated):
    """Settings of training views (docs/method.md §11.1).

    size: (height, width) in pixels of the frame before it is shrunk; None: every view is a whole frame.
    zoom: smallest and largest factor.
    rotate, flip: probabilities. rotate_deg: the angle is drawn uniformly from -rotate_deg to rotate_deg.
    reference_augmentation: do what the authors' code does. The frame is rotated about its own centre, with
    black corners, and the teacher's label is not rotated.
    """

    size: tuple[int, int] | None = (352, 1216)
    zoom: tuple[float, float] = (1.0, 1.0)
    rotate: float = Field(default=1.0, ge=0, le=1)
    rotate_deg: float = Field(default=0.0, ge=0, le=30)
    flip: float = Field(default=0.5, ge=0, le=1)
    reference_augmentation: bool = False

    @model_validator(mode="after")
    def _check(self) -> ViewSettings:
        if self.size is None and (self.reference_augmentation or self.zoom != (1, 1)):
            raise ValueError("size=None (whole frames) can't be combined with zoom or reference_augmentation")
        if self.size is not None and not LEAST_VIEW_PX <= min(self.size) <= max(self.size) <= MOST_VIEW_PX:
            raise ValueError(f"size={self.size} must have sides of {LEAST_VIEW_PX} to {MOST_VIEW_PX} pixels")
        if not 0.25 <= self.zoom[0] <= self.zoom[1] <= 4:
            raise ValueError(f"zoom={self.zoom} must be (low, high) within 0.25..4")
        if self.reference_augmentation and self.zoom != (1, 1):
            raise ValueError(f"reference_augmentation can't be combined with zoom, got zoom={self.zoom}")
        return self


class PhotoSettings(Stated):
    """The largest change of each property; 0 switches it off (docs/method.md §11.2).

    gain, contrast, gamma, saturation, channel_gain, shading: largest logarithm of a factor (0.3 allows
    factors from e^-0.3 to e^0.3). hue_deg: degrees. noise: standard deviation in grey levels. blur_px: sigma
    of the blur in pixels. probability, grey, blur, jpeg: probabilities.
    reference_colour: do what the authors' code does. Then gain, gamma and channel_gain are the largest change
    of a factor (0.1 allows 0.9 to 1.1), and levels on 0 to 255 are raised to the power of gamma, which acts
    as a change of brightness.
    """

    probability: float = Field(default=1.0, ge=0, le=1)
    gain: float = Field(default=0.0, ge=0, le=2)
    contrast: float = Field(default=0.0, ge=0, le=2)
    gamma: float = Field(default=0.0, ge=0, le=2)
    channel_gain: float = Field(default=0.0, ge=0, le=1)
    saturation: float = Field(default=0.0, ge=0, le=2)
    hue_deg: float = Field(default=0.0, ge=0, le=180)
    shading: float = Field(default=0.0, ge=0, le=2)
    noise: float = Field(default=0.0, ge=0, le=64)
    blur_px: float = Field(default=0.0, ge=0, le=8)
    grey: float = Field(default=0.0, ge=0, le=1)
    blur: float = Field(default=0.3, ge=0, le=1)
    jpeg: float = Field(default=0.0, ge=0, le=1)
    reference_colour: bool = False

    @model_validator(mode="after")
    def _check(self) -> PhotoSettings:
        knows = {"probability", "gain", "gamma", "channel_gain", "reference_colour", "blur"}
        others = sorted(name for name, value in self if name not in knows and value)
        if self.reference_colour and others:
            raise ValueError(f"reference_colour can't be combined with {', '.join(others)}")
        return self
