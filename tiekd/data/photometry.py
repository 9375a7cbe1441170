"""Photometric randomisation: what camera, weather and compression do to a picture, not to its depth."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from tiekd.data.transforms import to_levels

_YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
_LEVELS = torch.arange(256.0).expand(3, 1, 256)


class PhotoSettings(BaseModel):
    """How far each property may move; 0 switches it off.

    `gain`, `contrast`, `gamma`, `saturation`, `channel_gain` and `shading` are the largest change on a
    logarithmic scale (0.3 = a factor of e^0.3 either way); `hue_deg` degrees; `noise` grey levels;
    `blur_px` sigma; the others are probabilities. `reference_colour` does as the authors' code does, for
    comparison: `gain`, `gamma` and `channel_gain` are the largest change of a factor (0.1 = 0.9 to 1.1), and
    grey levels are raised to the power of gamma on 0–255, which makes a gain of it (docs/method.md §11.2).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

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
            raise ValueError(f"reference_colour knows no {', '.join(others)}")
        return self


def augment_photo(image: Tensor, rng: np.random.Generator, settings: PhotoSettings) -> Tensor:
    """A randomised copy of `image` `[3, H, W]` uint8, uint8 again. Where nothing is to change, the image."""
    if rng.random() >= settings.probability:
        return image
    if settings.reference_colour:
        gamma, gain = (1 + rng.uniform(-most, most) for most in (settings.gamma, settings.gain))
        channels = 1 + rng.uniform(-settings.channel_gain, settings.channel_gain, 3)
        return _look_up(image, to_levels(reference_colour(_LEVELS, gamma=gamma, gains=gain * channels)))
    if settings.shading:
        image = _tone(_shade(image.float(), rng, settings), rng, settings)
    else:
        # Tone does the same to all pixels of a level, so the levels are all that it has to see.
        image = _look_up(image, to_levels(_tone(_LEVELS, rng, settings)))
    image = _colour(image, rng, settings)
    if settings.blur_px and rng.random() < settings.blur:
        image = _blur(image.float(), rng.uniform(0.3, max(settings.blur_px, 0.3)))
    if settings.noise:
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        image = image + rng.uniform(0, settings.noise) * torch.randn(image.shape, generator=generator)
    if image.is_floating_point():
        image = to_levels(image.clamp(0, 255))
    if rng.random() < settings.jpeg:
        image = _jpeg(image, int(rng.integers(30, 95)))
    return image


def reference_colour(image: Tensor, *, gamma: float, gains: NDArray[np.float64]) -> Tensor:
    """The authors' change of colour: `image` `[3, H, W]` on 0–255 to the power of `gamma`, times `gains`."""
    scale = torch.from_numpy(gains.astype(np.float32))[:, None, None]
    return (image.pow(gamma) * scale).clamp(0, 255)


def _look_up(image: Tensor, table: Tensor) -> Tensor:
    """`image` `[3, H, W]` uint8 with each channel's levels replaced by those of `table` `[3, 1, 256]`."""
    # `bytes.translate` takes half the time of indexing with numpy, a tenth of that with torch.
    planes = [
        np.frombuffer(plane.tobytes().translate(levels.tobytes()), np.uint8)
        for plane, levels in zip(image.numpy(), table.numpy(), strict=True)
    ]
    return torch.from_numpy(np.stack(planes)).view(image.shape)


def _factor(rng: np.random.Generator, largest: float, size: int | None = None) -> Any:
    return np.exp(rng.uniform(-largest, largest, size))


def _shade(image: Tensor, rng: np.random.Generator, settings: PhotoSettings) -> Tensor:
    """Multiply by a smooth random field: uneven light, clouds, vignetting."""
    if not settings.shading:
        return image
    rows, columns = (int(n) for n in rng.integers(2, 6, 2))
    field = torch.from_numpy(rng.uniform(-1, 1, (1, 1, rows, columns)).astype(np.float32))
    field = F.interpolate(field, size=image.shape[-2:], mode="bilinear", align_corners=True)[0]
    return image * torch.exp(field * float(rng.uniform(0, settings.shading)))


def _tone(image: Tensor, rng: np.random.Generator, settings: PhotoSettings) -> Tensor:
    gain = _factor(rng, settings.gain) * _factor(rng, settings.channel_gain, 3)
    contrast, gamma = _factor(rng, settings.contrast), _factor(rng, settings.gamma)
    pivot = rng.uniform(80, 160)
    scale = torch.from_numpy((gain * contrast).astype(np.float32))[:, None, None]
    image = (image * scale + float(pivot * (1 - contrast))).clamp_(0, 255)
    return image if settings.gamma == 0 else 255 * (image / 255).pow_(float(gamma))


def _colour(image: Tensor, rng: np.random.Generator, settings: PhotoSettings) -> Tensor:
    """Saturation, hue and grey as one 3x3 matrix."""
    saturation = 0.0 if rng.random() < settings.grey else float(_factor(rng, settings.saturation))
    turn = math.radians(rng.uniform(-settings.hue_deg, settings.hue_deg))
    cos, sin = saturation * math.cos(turn), saturation * math.sin(turn)
    change = torch.tensor([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    if (cos, sin) == (1, 0):
        return image
    matrix = torch.linalg.inv(_YIQ) @ change @ _YIQ
    return torch.einsum("ij,jhw->ihw", matrix, image.float())


def _blur(image: Tensor, sigma_px: float) -> Tensor:
    radius = max(1, math.ceil(2 * sigma_px))
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma_px) ** 2)
    taps = (taps / taps.sum()).view(1, 1, 1, -1)
    planes = F.pad(image[:, None], (radius, radius, radius, radius), mode="replicate")
    return F.conv2d(F.conv2d(planes, taps), taps.transpose(2, 3))[:, 0]


def _jpeg(image: Tensor, quality: int) -> Tensor:
    buffer = io.BytesIO()
    pixels = image.permute(1, 2, 0).contiguous().numpy()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as picture:
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1)
