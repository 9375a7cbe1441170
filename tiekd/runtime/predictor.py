"""A photo in, metric depth out."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiekd.card import ModelCard
from tiekd.codecs.photo import Photo, from_pillow, load_photo
from tiekd.errors import ConfigError, DataError
from tiekd.runtime.engines.base import Engine
from tiekd.runtime.engines.open import open_engine
from tiekd.runtime.preprocess import Fit, View, focal_factor, from_network, plan_view, to_network
from tiekd.types import DepthMap, DepthRange

AnyPhoto = str | Path | Image.Image | NDArray[np.uint8] | Photo
"""A path, an image, RGB pixels `[H, W, 3]`, or a photo that is decoded when it is needed."""


class Predictor:
    """A network that answers photos: `Predictor("tiekd_mobilenetv2.demo")("street.jpg").depth_m`.

    Takes the name of a zoo row, a file of weights, or an engine that is already open. `device` is auto, cpu,
    cuda or mps. Raises UnknownNameError, WeightsUnavailableError, CheckpointError, UnavailableError,
    and ConfigError for anything else.
    """

    def __init__(
        self, name_or_path: str | Path | Engine, *, device: str = "auto", engine: str = "auto"
    ) -> None:
        if isinstance(name_or_path, str | Path):
            self.engine = open_engine(name_or_path, engine=engine, device=device)
        elif isinstance(name_or_path, Engine):
            self.engine = name_or_path
        else:
            raise ConfigError(
                f"A model is a name, a path or an open engine, not {type(name_or_path).__name__}.",
                hint='For example Predictor("tiekd_mobilenetv2.demo"); tiekd.list_models() has all names.',
            )

    @property
    def card(self) -> ModelCard:
        """What is known about the weights."""
        return self.engine.card

    def __call__(
        self, photo: AnyPhoto, *, fx_px: float | None = None, with_dpm: bool = False, fit: Fit = "photo"
    ) -> DepthMap:
        """Depth of one photo, at the photo's size.

        fx_px: the photo's focal length in pixels; corrects the metric scale for another camera than the
        training's. with_dpm: keep the distribution over depth too, where the network has one. fit: how a
        picture that is no photo but a crop is shown to the network.
        Raises DataError and ImageError for a photo that can't be read and ConfigError for a bad `fx_px`.
        """
        pixels, view = self.look(photo, fit=fit)
        return self.answer(pixels, view, fx_px=fx_px, with_dpm=with_dpm)

    def look(self, photo: AnyPhoto, *, fit: Fit = "photo") -> tuple[NDArray[np.uint8], View]:
        """As many pixels of a photo as the network needs, see `Photo.at`, and how it will see them.

        Raises DataError and ImageError for a photo that can't be read.
        """
        opened = as_photo(photo)
        view = plan_view(*opened.size, self.card, fit=fit)
        return opened.at(view.scaled), view

    def answer(
        self, pixels: NDArray[np.uint8], view: View, *, fx_px: float | None = None, with_dpm: bool = False
    ) -> DepthMap:
        """Depth, at the photo's size, of what `look` has found. Raises ConfigError for a bad `fx_px`."""
        began = perf_counter()
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


def as_photo(photo: AnyPhoto) -> Photo:
    """A photo of any kind. Raises DataError for an array of another shape or type, and for a bad file."""
    if isinstance(photo, Photo):
        return photo
    if isinstance(photo, str | Path):
        return load_photo(Path(photo))
    if isinstance(photo, Image.Image):
        return Photo.of(from_pillow(photo))
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or 0 in photo.shape:
        raise DataError(
            f"Expected RGB pixels [H, W, 3] of type uint8, got {photo.dtype} {list(photo.shape)}.",
            hint="Scale floats to 0..255 and drop the alpha channel.",
        )
    return Photo.of(photo)
