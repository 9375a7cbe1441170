"""Pictures of the worst frames: image, truth, prediction and error side by side."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tiekd.codecs import png
from tiekd.evaluate.score import ScoredFrame
from tiekd.render import NO_DATA_RGB, color_index, colorize, colormap
from tiekd.types import DepthRange

WORST_BY = "abs_rel"
FULL_ERROR = 0.5
"""Relative error at the end of the colour scale."""


class WorstFrames:
    """Keeps the frames with the largest AbsRel. Give `keep` to `evaluate(watch=...)`."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._heap: list[tuple[float, int, ScoredFrame]] = []
        self._order = count()

    def keep(self, scored: ScoredFrame) -> None:
        """Keep a frame if it is among the worst so far."""
        entry = (scored.scores[WORST_BY], -next(self._order), scored)
        if len(self._heap) < self.n:
            heapq.heappush(self._heap, entry)
        elif self._heap:
            heapq.heappushpop(self._heap, entry)

    def frames(self) -> list[ScoredFrame]:
        """The kept frames, the worst first."""
        return [scored for _, _, scored in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]

    def files(self, depth_range: DepthRange) -> dict[str, bytes]:
        """File name -> PNG of each kept frame, numbered from the worst."""
        return {
            f"worst-{rank:02d}-{Path(scored.frame.label_name).stem}.png": png.encode_rgb(
                picture(scored, depth_range)
            )
            for rank, scored in enumerate(self.frames(), 1)
        }


def picture(scored: ScoredFrame, depth_range: DepthRange) -> NDArray[np.uint8]:
    """RGB picture of one frame: four views, in one column for wide frames, otherwise in two.

    Points of a laser scan are drawn larger, so that they can be seen.
    """
    shown = np.where(scored.mask, scored.truth, 0)
    error = np.zeros_like(scored.truth)
    error[scored.mask] = np.abs(scored.prediction[scored.mask] / scored.truth[scored.mask] - 1)
    relative = colormap("turbo")[color_index(_widened(error), 0, FULL_ERROR)]
    relative[~_widened(scored.mask.astype(np.float32)).astype(bool)] = NO_DATA_RGB
    low_m, high_m = depth_range.min_m, depth_range.max_m
    error_bar = f"|predicted - true| / true, 0 (blue) to {FULL_ERROR:.0%} and more (red)"
    views = [
        (scored.image, f"{scored.frame.image}   AbsRel {scored.scores[WORST_BY]:.3f}"),
        (colorize(_widened(shown), depth_range=depth_range), "ground truth that counts"),
        (
            colorize(scored.prediction, depth_range=depth_range),
            f"prediction, {low_m:.0f} (bright) to {high_m:.0f} m",
        ),
        (relative, error_bar),
    ]
    captioned = [_captioned(view, text) for view, text in views]
    wide = scored.image.shape[1] >= 2 * scored.image.shape[0]
    if wide:
        return np.concatenate(captioned)
    return np.concatenate([np.concatenate(captioned[:2], axis=1), np.concatenate(captioned[2:], axis=1)])


def _widened(values: NDArray[np.float32], radius_px: int = 1) -> NDArray[np.float32]:
    """Every pixel takes the largest value of its neighbours. This enlarges single points of a laser scan."""
    padded = np.pad(values, radius_px)
    height, width = values.shape
    shifts: Sequence[int] = range(2 * radius_px + 1)
    moved = [padded[dy : dy + height, dx : dx + width] for dy in shifts for dx in shifts]
    widest: NDArray[np.float32] = np.max(moved, axis=0)
    return widest


def _captioned(view: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    text_px = max(12, view.shape[1] // 75)
    strip = Image.new("RGB", (view.shape[1], 2 * text_px), "white")
    draw, font = ImageDraw.Draw(strip), ImageFont.load_default(text_px)
    draw.text((text_px // 2, text_px), text, "black", font, anchor="lm")
    return np.concatenate([np.asarray(strip), view])
