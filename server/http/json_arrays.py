"""Arrays in JSON answers, written piece by piece.

Whatever writes JSON holds Python's lock until it is done, and meanwhile the event loop answers nobody. For a
large photo that would be seconds. Between two pieces the loop has its turn.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from server.http.schemas import Array, Body, ListedArray, PackedArray
from tiekd.errors import ImageError

Values = Literal["base64", "list", "none"]
MAX_LISTED_VALUES = 1_000_000
"""Of `values=list`: about 8 MB of text."""
_PIECE_VALUES = 3 * 2**14
"""A multiple of 3, so that the base 64 of a piece ends without padding."""


def check_listed(size: tuple[int, int], values: Values) -> None:
    """Raise ImageError for `values=list` of a photo (height, width) that has too many pixels for it."""
    if values == "list" and size[0] * size[1] > MAX_LISTED_VALUES:
        pixels = f"{size[1]}x{size[0]} pixels"
        raise ImageError(
            f"values=list holds at most {MAX_LISTED_VALUES:,} values, the photo has {pixels}.",
            reason="size",
            hint="Use values=base64, format=npy or format=npz, or send a smaller photo.",
        )


def hole(shape: tuple[int, int], values: Values) -> Array:
    """An array without its data, for a body that `filled` writes."""
    return (
        ListedArray(shape=shape, data=[])
        if values == "list"
        else PackedArray(dtype="<f4", shape=shape, data="")
    )


def filled(body: Body, array: NDArray[np.float32], values: Values) -> bytes:
    """The JSON of a body, with the array's values in its `hole`. With `values="none"` it has none."""
    text = body.json_bytes()
    if values == "none":
        return text
    opening, closing = (b'"data":[', b"]") if values == "list" else (b'"data":"', b'"')
    # The name of a model can't look like this: its quotation marks are escaped.
    before, _, after = text.partition(opening + closing)
    pieces = _listed(array) if values == "list" else _packed(array)
    return b"".join([before, opening, *pieces, closing, after])


def _packed(array: NDArray[np.float32]) -> Iterator[bytes]:
    flat = np.ascontiguousarray(array, "<f4").reshape(-1)
    for start in range(0, flat.size, _PIECE_VALUES):
        yield base64.b64encode(flat[start : start + _PIECE_VALUES].tobytes())


def _listed(array: NDArray[np.float32]) -> Iterator[bytes]:
    step = max(1, _PIECE_VALUES // array.shape[1])
    for start in range(0, array.shape[0], step):
        # Rounded: the shortest text of a float32 that was widened to a double is needlessly long.
        rows = np.round(array[start : start + step].astype(np.float64), 4).tolist()
        text = json.dumps(rows, separators=(",", ":"), allow_nan=False)[1:-1]
        yield text.encode() if start == 0 else b"," + text.encode()
