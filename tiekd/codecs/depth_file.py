"""Depth that any program stored: one reader for .npy, .npz, float and 16-bit TIFF, PFM and 16-bit PNG.

It treats every file as untrusted: only regular files are opened, nothing is unpickled, and the size is
checked in the header before memory is taken. docs/data.md has the table of the formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiekd.codecs import png16
from tiekd.codecs.arrays import StoredMap, open_npy, open_npz
from tiekd.codecs.damage import damage_of
from tiekd.codecs.pfm import open_pfm
from tiekd.errors import DamagedError, DataError
from tiekd.files import open_regular

_ARRAYS = (".npz", ".npy")
SUFFIXES = (*_ARRAYS, ".tiff", ".tif", ".pfm", ".png")
"""Endings of the files that are read, in small letters: those that keep most of the depth first."""
UNREADABLE = {
    ".exr": "an OpenEXR picture",
    ".hdr": "a Radiance picture",
    ".mat": "a MATLAB file",
    ".h5": "an HDF5 file",
    ".hdf5": "an HDF5 file",
    ".pt": "a file of PyTorch",
    ".pth": "a file of PyTorch",
    ".pkl": "a pickle",
    ".pickle": "a pickle",
    ".dpt": "a Sintel depth file",
    ".raw": "raw numbers without their size",
    ".bin": "raw numbers without their size",
}
"""Endings of depth files that are known and not read."""
CONVERT = "Convert it: open it with the program that wrote it, and numpy.save(FILE, depth) in metres."


@dataclass(frozen=True, slots=True)
class DepthHeader:
    """What the header of a file of depth says.

    size: (height, width). whole: the numbers are whole, so they need a scale (stored number per metre);
    floats are metres unless somebody says otherwise. form: the format, and the array of an .npz file.
    """

    size: tuple[int, int]
    whole: bool
    form: str


@dataclass(frozen=True, slots=True)
class DepthFile:
    """Depth as it is stored: float32 `[H, W]`, 0 = none. NaN, infinite and negative numbers became 0."""

    values: NDArray[np.float32]
    header: DepthHeader

    def metres(self, scale: float) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres, 0 = none. `scale`: stored number per metre of whole numbers."""
        return self.values / np.float32(scale) if self.header.whole else self.values


def read_depth_file(path: Path, *, shape: tuple[int, int] | None = None, where: str = "") -> DepthFile:
    """Read depth `[H, W]` from a file whose ending is in `SUFFIXES`, in small or capital letters.

    `shape` is the frame's (height, width), which helps to find the depth in an .npz file of several arrays
    (see `tiekd.codecs.arrays.choose`); the depth may have another size. `where` names the file in errors.
    Raises DataError for a file that is missing, damaged, too large, or holds anything else than depth.
    """
    with _opened(path, shape, where or str(path)) as (found, form):
        header = DepthHeader(found.size, found.whole, form)
        return DepthFile(_without_holes(found.load()), header)


def probe_depth_file(path: Path, *, shape: tuple[int, int] | None = None, where: str = "") -> DepthHeader:
    """What `read_depth_file` would read, by the header alone. Raises those of its errors that show there."""
    with _opened(path, shape, where or str(path)) as (found, form):
        return DepthHeader(found.size, found.whole, form)


@contextmanager
def _opened(path: Path, shape: tuple[int, int] | None, where: str) -> Iterator[tuple[StoredMap, str]]:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        what = UNREADABLE.get(suffix, f"a file of the unknown kind {suffix or 'without an ending'}")
        raise DataError(f"{where} is {what}, which can't be read.", hint=CONVERT)
    try:
        with open_regular(path) as file:
            if suffix == ".npy":
                yield open_npy(file, where=where), "npy"
            elif suffix == ".npz":
                found = open_npz(file, where=where, shape=shape)
                yield found, f"npz, array {found.name!r}"
            else:
                yield _PICTURES[suffix](file, where)
    except DataError:
        raise
    # NumPy, zipfile and Pillow raise exceptions of many types for damaged files.
    except Exception as error:
        failed = "is no array of numbers" if suffix in _ARRAYS else "can't be read"
        raise DamagedError(
            f"{where} {failed}: {_reason(error, path)}.", hint="It is missing or damaged; write it again."
        ) from error


def _open_png(file: BinaryIO, where: str) -> tuple[StoredMap, str]:
    with Image.open(file, formats=("PNG",)) as image:
        size = _size(image, where)
        if not image.mode.startswith("I"):
            raise png16.not_grey16(where, image.mode)
    file.seek(0)
    return StoredMap(size, whole=True, load=lambda: png16.decode(file.read(), where=where)), "16-bit PNG"


def _open_tiff(file: BinaryIO, where: str) -> tuple[StoredMap, str]:
    image = Image.open(file, formats=("TIFF",))
    size = _size(image, where)
    if image.mode != "F" and not image.mode.startswith("I"):
        raise DataError(
            f"{where} is a TIFF of mode {image.mode}, which holds no depth.",
            hint="Depth is stored as a TIFF of floats (metres) or of 16-bit grey.",
        )
    if (pages := getattr(image, "n_frames", 1)) > 1:
        raise DataError(f"{where} has {pages} pages.", hint="Store one depth map per file.")
    form = "float TIFF" if image.mode == "F" else "whole-number TIFF"
    return StoredMap(size, whole=image.mode != "F", load=lambda: np.asarray(image)), form


def _open_pfm(file: BinaryIO, where: str) -> tuple[StoredMap, str]:
    return open_pfm(file, where=where), "PFM"


_PICTURES: dict[str, Callable[[BinaryIO, str], tuple[StoredMap, str]]] = {
    ".png": _open_png,
    ".tiff": _open_tiff,
    ".tif": _open_tiff,
    ".pfm": _open_pfm,
}


def _size(image: Image.Image, where: str) -> tuple[int, int]:
    png16.check_size(image, where)
    return image.height, image.width


def _without_holes(array: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        values = array.astype(np.float32)
    values[~(np.isfinite(values) & (values > 0))] = 0
    return values


def _reason(error: Exception, path: Path) -> str:
    """What is wrong in plain words. What libraries say of damaged files helps nobody."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return "it has far too many pixels"
    return damage_of(path)
