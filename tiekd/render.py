"""Writes depth as pictures and files: colour maps over a fixed range in metres, and the file formats.

Colours follow the published pictures: entry floor(256 (d - min) / (max - min)) of a table of 256, clipped, so
that a depth has the same colour in every picture. This module does not import torch.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiekd import _colormaps
from tiekd.codecs import png, png16
from tiekd.codecs.arrays import npy_bytes, npz_bytes
from tiekd.errors import UnknownNameError
from tiekd.files import write_bytes
from tiekd.types import DepthMap, DepthRange

SUFFIXES: dict[str, str] = {"png16": ".png", "npy": ".npy", "npz": ".npz", "color": ".png"}
"""Format -> suffix of its files."""
DEFAULT_CMAP = "magma_r"
NO_DATA_RGB = (0, 0, 0)
"""Colour of pixels without depth. Magma does not contain it."""
_TABLES = {
    "magma": _colormaps.MAGMA,
    "viridis": _colormaps.VIRIDIS,
    "turbo": _colormaps.TURBO,
    "cividis": _colormaps.CIVIDIS,
    "inferno": _colormaps.INFERNO,
    "plasma": _colormaps.PLASMA,
}
_NAMES = (*_TABLES, "grey", "blue_red")
COLORMAPS = tuple(f"{name}{suffix}" for name in _NAMES for suffix in ("", "_r"))
"""All colour maps. `_r` means reversed, so that near is bright. The middle of `blue_red` is white."""


@lru_cache(maxsize=len(COLORMAPS))
def colormap(name: str) -> NDArray[np.uint8]:
    """The read-only table `[256, 3]` of a colour map. Raises UnknownNameError."""
    if name not in COLORMAPS:
        raise UnknownNameError("colour map", name, COLORMAPS)
    base = name.removesuffix("_r")
    if base == "grey":
        table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    elif base == "blue_red":
        stops = np.array([(33, 80, 165), (247, 247, 247), (175, 30, 40)], np.float64)
        at = np.linspace(0, 2, 256)
        table = np.stack([np.interp(at, range(3), stops[:, i]) for i in range(3)], 1).round().astype(np.uint8)
    else:
        table = np.frombuffer(base64.b85decode(_TABLES[base]), np.uint8).reshape(256, 3)
    ordered: NDArray[np.uint8] = np.ascontiguousarray(table[::-1] if name.endswith("_r") else table)
    ordered.setflags(write=False)
    return ordered


def color_index(values: NDArray[np.floating[Any]], low: float, high: float) -> NDArray[np.uint8]:
    """Index into a colour table for each value, on a scale from `low` to `high`. NaN gives 0."""
    # Double precision, as in the viewer's page, so that both give every pixel the same colour.
    scaled = 256 * (np.asarray(values, np.float64) - low) / (high - low)
    return np.clip(np.nan_to_num(scaled), 0, 255).astype(np.uint8)


def colorize(
    depth_m: NDArray[np.floating[Any]], *, depth_range: DepthRange, cmap: str = DEFAULT_CMAP
) -> NDArray[np.uint8]:
    """RGB `[H, W, 3]` of `depth_m` `[H, W]` in metres. Pixels without depth (0, NaN) are black."""
    colours = colormap(cmap)[color_index(depth_m, depth_range.min_m, depth_range.max_m)]
    colours[~_valid(depth_m)] = NO_DATA_RGB
    return colours


def scalar_png(values: NDArray[np.floating[Any]], *, low: float, high: float, cmap: str) -> bytes:
    """A palette PNG of `values` `[H, W]` on a scale from `low` to `high`."""
    return png.encode_palette(color_index(values, low, high), colormap(cmap))


def color_png(
    depth_m: NDArray[np.floating[Any]], *, depth_range: DepthRange, cmap: str = DEFAULT_CMAP
) -> bytes:
    """A colour PNG of `depth_m` `[H, W]` in metres. It is fastest when every pixel has depth."""
    if _valid(depth_m).all():
        return scalar_png(depth_m, low=depth_range.min_m, high=depth_range.max_m, cmap=cmap)
    return png.encode_rgb(colorize(depth_m, depth_range=depth_range, cmap=cmap))


def encode(
    depth_map: DepthMap, fmt: str, *, cmap: str = DEFAULT_CMAP, depth_range: DepthRange | None = None
) -> bytes:
    """The content of a file in a format of `SUFFIXES`. `color` uses `depth_range`, or that of the model.

    Raises UnknownNameError for an unknown format or colour map.
    """
    match fmt:
        case "png16":
            return png16.encode(depth_map.depth_m, states_scale=True)
        case "npy":
            return npy_bytes(depth_map.depth_m)
        case "npz":
            depth = depth_map.depth_m
            return npz_bytes(depth_m=depth, valid=_valid(depth), model=np.array(depth_map.model))
        case "color":
            return color_png(depth_map.depth_m, depth_range=depth_range or depth_map.depth_range, cmap=cmap)
    raise UnknownNameError("format", fmt, SUFFIXES)


def write(
    depth_map: DepthMap,
    path: Path,
    fmt: str,
    *,
    cmap: str = DEFAULT_CMAP,
    depth_range: DepthRange | None = None,
) -> None:
    """Write the result of `encode` to `path`, completely or not at all. Raises DataError when this fails."""
    write_bytes(path, encode(depth_map, fmt, cmap=cmap, depth_range=depth_range))


def _valid(depth_m: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(depth_m) & (depth_m > 0))
