"""A photo in, metric depth out."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiekd.card import ModelCard
from tiekd.codecs.photo import from_pillow, read_photo
from tiekd.errors import DataError
from tiekd.runtime.engines.base import Engine
from tiekd.runtime.engines.open import open_engine
from tiekd.runtime.preprocess import Fit, focal_factor, from_network, plan_view, to_network
from tiekd.types import DepthMap, DepthRange

Photo = str | Path | Image.Image | NDArray[np.uint8]
"""A path, an image, or RGB pixels `[H, W, 3]`."""


class Predictor:
    """A network that answers photos: `Predictor("tiekd_mobilenetv2.demo")("street.jpg").depth_m`.

    Takes the name of a zoo row, a file of weights, or an engine that is already open. `device` is auto, cpu,
    cuda or mps. Raises UnknownNameError, WeightsUnavailableError, CheckpointError, UnavailableError.
    """

    def __init__(
        self, name_or_path: str | Path | Engine, *, device: str = "auto", engine: str = "auto"
    ) -> None:
        if isinstance(name_or_path, str | Path):
            self.engine = open_engine(name_or_path, engine=engine, device=device)
        else:
            self.engine = name_or_path

    @property
    def card(self) -> ModelCard:
        """What is known about the weights."""
        return self.engine.card

    def __call__(
        self, photo: Photo, *, fx_px: float | None = None, with_dpm: bool = False, fit: Fit = "photo"
    ) -> DepthMap:
        """Depth of one photo, at the photo's size.

        fx_px: the photo's focal length in pixels; corrects the metric scale for another camera than the
        training's. with_dpm: keep the distribution over depth too, where the network has one. fit: how a
        picture that is no photo but a crop is shown to the network.
        Raises DataError and ImageError for a photo that can't be read and ConfigError for a bad `fx_px`.
        """
        pixels = as_pixels(photo)
        began = perf_counter()
        view = plan_view(pixels.shape[0], pixels.shape[1], self.card, fit=fit)
        factor = focal_factor(self.card, view, fx_px)
        image = to_network(pixels, view)
        prepared = perf_counter()
        output = self.engine.run(image, with_dpm=with_dpm)
        answered = perf_counter()
        depth = from_network(output.depth, view, align_corners=self.card.align_corners)
        edges, grid = output.bin_edges_m, output.grid_depth
        if factor != 1.0:
            depth *= np.float32(factor)
            edges = None if edges is None else edges * np.float32(factor)
            grid = None if grid is None else grid * np.float32(factor)
        return DepthMap(
            depth_m=depth,
            depth_range=DepthRange(self.card.min_depth_m * factor, self.card.max_depth_m * factor),
            model=self.card.name,
            dpm=output.dpm,
            bin_edges_m=edges,
            network_size=view.scaled,
            padded_size=view.padded,
            grid_depth_m=grid,
            align_corners=self.card.align_corners,
            timings_ms={
                "pre": (prepared - began) * 1e3,
                "infer": (answered - prepared) * 1e3,
                "post": (perf_counter() - answered) * 1e3,
            },
        )


def as_pixels(photo: Photo) -> NDArray[np.uint8]:
    """RGB `[H, W, 3]` of a photo. Raises DataError for an array of another shape or type."""
    if isinstance(photo, str | Path):
        return read_photo(Path(photo))
    if isinstance(photo, Image.Image):
        return from_pillow(photo)
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or 0 in photo.shape:
        raise DataError(
            f"Expected RGB pixels [H, W, 3] of type uint8, got {photo.dtype} {list(photo.shape)}.",
            hint="Scale floats to 0..255 and drop the alpha channel.",
        )
    return photo
