"""NumPy's own files: bytes of .npy and .npz, and the one array of a file that is a depth map."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.depth_names import likeness, says_other
from tiekd.codecs.png_read import MAX_PIXELS
from tiekd.errors import DamagedError, DataError

DEPTH_KEY = "depth_m"
"""The array of an .npz file that is its depth, whatever else is in the file."""
_UNNAMED = re.compile(r"arr_\d+")
"""How NumPy calls arrays that were saved without a name."""
_LARGEST_MATRIX = 4
"""Arrays with so few rows or columns are matrices of a camera, or lists of points."""
_NAME_IT = f"Call the depth in metres {DEPTH_KEY}: numpy.savez(FILE, {DEPTH_KEY}=depth)."
_MOST_NAMED = 12
_SURELY_SMALL = 1 << 25
_MOST_PACKED = 200
"""A larger array that unpacks to more times its size than this holds no depth; it is made to take memory."""

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """The shape and the type of a stored array."""

    shape: Shape
    dtype: np.dtype[Any]

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) if the array is a map of numbers, perhaps with axes of length 1; else None."""
        shape = self.shape if len(self.shape) == 2 else tuple(side for side in self.shape if side != 1)
        if len(shape) != 2 or 0 in shape or self.dtype.kind not in "fui":
            return None
        return shape[0], shape[1]

    def __str__(self) -> str:
        return f"{self.dtype} {list(self.shape)}"


@dataclass(frozen=True, slots=True)
class StoredMap:
    """A map of numbers in an open file. `name`: of an array in an .npz file. `load` reads the numbers."""

    size: tuple[int, int]
    whole: bool
    load: Callable[[], NDArray[Any]]
    name: str = ""


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


def open_npy(file: BinaryIO, *, where: str) -> StoredMap:
    """The map in an .npy file. Raises DataError for another array, and NumPy's errors for a damaged file."""
    header = _header(file)
    n_bytes = -file.tell() + file.seek(0, 2)
    return _map(header, where=where, n_bytes=n_bytes, load=lambda: _load(file, header))


def open_npz(file: BinaryIO, *, where: str, shape: tuple[int, int] | None = None) -> StoredMap:
    """The depth map among the arrays of an .npz file, by the rule of `choose`.

    Raises DataError for no such map, and the errors of NumPy and zipfile for a damaged file.
    """
    archive = ZipFile(file)
    arrays = [info for info in archive.infolist() if info.filename.endswith(".npy")]
    members = {info.filename.removesuffix(".npy"): info for info in arrays}
    headers, n_bytes = {}, {}
    for name, info in members.items():
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise DataError(f"{where} is packed in a way that NumPy never uses.", hint=_NAME_IT)
        with archive.open(info) as member:
            headers[name], n_bytes[name] = _header(member), info.file_size - member.tell()
    name = choose(headers, shape=shape, where=where)
    packed, unpacked = members[name].compress_size, members[name].file_size
    if unpacked > max(_SURELY_SMALL, _MOST_PACKED * packed):
        raise DataError(
            f"{where} unpacks to {unpacked // max(1, packed)} times its size.",
            hint="Depth is never packed like this: write it again, with numpy.savez.",
        )

    def load() -> NDArray[Any]:
        with archive.open(members[name]) as member:
            return _load(member, headers[name])

    found = _map(headers[name], where=where, n_bytes=n_bytes[name], load=load)
    return StoredMap(found.size, found.whole, found.load, name)


def choose(headers: Mapping[str, ArrayHeader], *, shape: tuple[int, int] | None, where: str) -> str:
    """Name of the array that is depth: `DEPTH_KEY`, else the surest name of depth, else the only array.

    Of arrays with names of depth, one with the frame's `shape` is preferred. Of several arrays none is taken
    whose name does not say that it is depth, except the only map without a name. Raises DataError with the
    names when no rule decides.
    """
    if DEPTH_KEY in headers:
        return DEPTH_KEY
    maps = {name: header.size for name, header in headers.items() if header.size and not says_other(name)}
    if len(headers) == 1 and maps:
        return next(iter(maps))
    found = {
        name: (size != shape, rank) for name, size in maps.items() if (rank := likeness(name)) is not None
    }
    likely = [name for name, size in maps.items() if min(size) > _LARGEST_MATRIX]
    unnamed = [name for name in likely if _UNNAMED.fullmatch(name)]
    surest = [name for name in found if found[name] == min(found.values())] or unnamed
    if len(surest) == 1:
        return surest[0]
    listed = [f"{name} {header}" for name, header in headers.items()]
    told = ", ".join(listed[:_MOST_NAMED]) + (", …" if len(listed) > _MOST_NAMED else "")
    known = (
        "several arrays that can be depth" if len(likely) > 1 else "no array that is known as depth [H, W]"
    )
    raise DataError(f"{where} holds {known}: {told or 'it is empty'}.", hint=_NAME_IT)


def _map(header: ArrayHeader, *, where: str, n_bytes: int, load: Callable[[], NDArray[Any]]) -> StoredMap:
    if header.dtype.hasobject:
        raise DataError(
            f"{where} holds Python objects, which could run code and are not opened.",
            hint="Save the depth itself, as one array of floats: numpy.save(FILE, depth).",
        )
    size = header.size
    if size is None:
        raise DataError(
            f"{where} holds {header}, not depth [H, W].", hint="Save one float array in metres per frame."
        )
    if size[0] * size[1] > MAX_PIXELS:
        raise DataError(
            f"{where} has {size[1]}x{size[0]} numbers, more than {MAX_PIXELS / 1e6:.0f} million.",
            hint="Scale it down first.",
        )
    if size[0] * size[1] * header.dtype.itemsize > MAX_PIXELS * 4:
        raise DataError(f"{where} has {size[1]}x{size[0]} numbers of {header.dtype}.", hint="Store float32.")
    if size[0] * size[1] * header.dtype.itemsize > n_bytes:
        raise DamagedError(f"{where} is cut off before its end.", hint="Write or fetch it again.")
    return StoredMap(size, header.dtype.kind in "ui", lambda: load().reshape(size))


def _header(file: Any) -> ArrayHeader:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    return ArrayHeader(shape, dtype)


def _load(file: Any, header: ArrayHeader) -> NDArray[Any]:
    file.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    if array.shape != header.shape:
        raise ValueError("it changed while it was read")
    return array
