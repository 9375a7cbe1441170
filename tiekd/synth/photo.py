"""Turns linear light into an 8-bit picture of a random camera: exposure, blur, tone, noise, JPEG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.photo import through_jpeg

Picture = NDArray[np.float32]


def develop(linear: Picture, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Convert linear colour `[H, W, 3]` to uint8 RGB, with a camera drawn at random."""
    # In the order of a real camera: light and lens in linear colour, then its processing in encoded colour.
    exposed = _expose(linear, rng)
    exposed = _blur(exposed, rng)
    exposed = _vignette(exposed, rng)
    encoded = _tone(exposed, rng)
    encoded = _colour(encoded, rng)
    encoded = _sharpen(encoded, rng)
    noise = np.float32(np.exp(rng.uniform(np.log(0.002), np.log(0.025))))
    encoded += noise * rng.standard_normal(encoded.shape, dtype=np.float32) * (1.3 - encoded)
    picture = (np.clip(encoded, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return _jpeg(picture, rng)


def _expose(linear: Picture, rng: np.random.Generator) -> Picture:
    """Set the exposure by the lower part of the picture, with a random error of up to about one stop."""
    lower = linear[linear.shape[0] // 3 :: 3, ::3]
    level = float(np.exp(np.log(lower.mean(-1) + 1e-3).mean()))
    gain = 0.085 / level * float(np.exp(rng.normal(-0.2, 0.45)))
    balance = np.exp(rng.normal(0.0, 0.035, 3)).astype(np.float32)
    return np.asarray(linear * (np.float32(gain) * balance), dtype=np.float32)


def _blur(picture: Picture, rng: np.random.Generator) -> Picture:
    """Blur of the lens, and sometimes a short blur from motion."""
    scale = picture.shape[1] / 1242.0
    sigma = float(rng.uniform(0.0, 0.9)) * max(scale, 0.35)
    if sigma > 0.3:
        side = np.float32(np.exp(-0.5 / sigma**2))
        side /= 1 + 2 * side
        for axis in (0, 1):
            around = _shift(picture, 1, axis) + _shift(picture, -1, axis)
            picture = np.asarray(picture * (1 - 2 * side) + side * around, dtype=np.float32)
    if rng.random() < 0.15:
        length, axis = max(1, round(float(rng.uniform(1, 5)) * scale)), int(rng.random() < 0.7)
        picture = np.mean(
            [_shift(picture, k, axis) for k in range(-length // 2, length // 2 + 1)], axis=0, dtype=np.float32
        )
    return picture


def _shift(picture: Picture, by: int, axis: int) -> Picture:
    """The picture moved by whole pixels, with repeated edge pixels."""
    if by == 0:
        return picture
    index = np.clip(np.arange(picture.shape[axis]) + by, 0, picture.shape[axis] - 1)
    return np.take(picture, index, axis=axis)


def _vignette(picture: Picture, rng: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)
    fall = np.float32(rng.uniform(0.0, 0.22)) * (0.3 * y * y + 0.7 * x * x)
    veil = np.float32(rng.uniform(0.0, 0.025)) if rng.random() < 0.25 else np.float32(0.0)
    return picture * (1.0 - fall)[..., None] + veil


def _tone(picture: Picture, rng: np.random.Generator) -> Picture:
    """Tone curve of a camera: gamma, contrast around mid grey, hard or soft highlights, black level."""
    if rng.random() < 0.25:
        shoulder = np.float32(rng.uniform(1.5, 6.0))
        picture = picture * (1.0 + picture / shoulder**2) / (1.0 + picture) * np.float32(1.15)
    gamma = np.float32(1.0 / np.clip(rng.normal(2.1, 0.22), 1.5, 2.7))
    encoded = np.power(np.clip(picture, 0.0, 1.0), gamma)
    contrast = np.float32(rng.normal(0.42, 0.3))
    smooth = encoded * encoded * (3.0 - 2.0 * encoded)
    black = np.float32(rng.uniform(0.0, 0.045))
    encoded = (encoded + contrast * (smooth - encoded) - black) / (np.float32(1.0) - np.float32(1.6) * black)
    return np.asarray(np.clip(encoded, 0.0, 1.0), dtype=np.float32)


def _colour(picture: Picture, rng: np.random.Generator) -> Picture:
    """Saturation and a slight tint that grows towards the shadows."""
    grey = picture.mean(-1, keepdims=True)
    saturation = np.float32(np.clip(rng.normal(0.85, 0.2), 0.0, 1.4))
    tint = rng.normal(0.0, 0.008, 3).astype(np.float32)
    return np.asarray(grey + (picture - grey) * saturation + tint * (1.0 - grey), dtype=np.float32)


def _sharpen(picture: Picture, rng: np.random.Generator) -> Picture:
    if rng.random() < 0.5:
        return picture
    around = 0.25 * (
        _shift(picture, 1, 0) + _shift(picture, -1, 0) + _shift(picture, 1, 1) + _shift(picture, -1, 1)
    )
    return np.asarray(picture + np.float32(rng.uniform(0.1, 0.8)) * (picture - around), dtype=np.float32)


def _jpeg(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Sometimes compress the picture as JPEG and read it again."""
    if rng.random() < 0.6:
        return picture
    return through_jpeg(picture, quality=int(rng.integers(40, 96)))
