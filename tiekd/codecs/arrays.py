"""NumPy's own files: bytes of .npy and .npz, and depth maps out of them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiekd.errors import DataError

SUFFIXES = (".npy", ".npz")
DEPTH_KEY = "depth_m"
"""The array of an .npz file that holds the depth, if there are several."""


def npy_bytes(array: NDArray[Any]) -> bytes:
    """A NumPy .npy file of `array`."""
    buffer = BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def npz_bytes(**arrays: NDArray[Any]) -> bytes:
    """A NumPy .npz file of named arrays, not compressed."""
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def read_map(path: Path, *, where: str = "") -> NDArray[Any]:
    """Numbers `[H, W]` of an .npy file, or of an .npz file (`DEPTH_KEY`, or its first array).

    Those of an .npy file are read from the disk only when they are used. `where` names the file in errors.
    Raises DataError for a missing or damaged file, and for one that holds anything else.
    """
    where = where or str(path)
    try:
        loaded = np.load(path, allow_pickle=False, mmap_mode="r" if path.suffix.lower() == ".npy" else None)
        if isinstance(loaded, np.ndarray):
            array = loaded
        else:
            with loaded:
                array = loaded[DEPTH_KEY if DEPTH_KEY in loaded.files else loaded.files[0]]
    except Exception as error:  # numpy does not convert the errors of zip, pickle and struct.
        raise DataError(
            f"{where} is no array of numbers: {_reason(error)}.", hint="Write it with numpy.save."
        ) from error
    array = np.squeeze(array)
    if array.ndim != 2 or array.dtype.kind not in "fui" or 0 in array.shape:
        raise DataError(
            f"{where} holds {array.dtype} {list(array.shape)}, not depth [H, W].",
            hint="Save one float array in metres per frame.",
        )
    return array


def _reason(error: Exception) -> str:
    """The error's text without the path that the system adds."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rstrip(".") or type(error).__name__
