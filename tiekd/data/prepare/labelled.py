"""Reads NYU Depth v2's labelled frames from nyu_depth_v2_labeled.mat (MATLAB 7.3, which is HDF5).

The published lists expect the files that the extraction script of BTS writes, so these are written: raw depth
of the sensor (not the filled one) in whole millimetres, rounded down, and pictures whose white frame is made
black.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tiekd.codecs.photo import encode_jpeg
from tiekd.codecs.png import encode_grey16
from tiekd.data.prepare.wanted import NYU_LABELLED_FILE, Wanted
from tiekd.errors import DataError, UnavailableError

_STEPS_PER_METRE = 1000
_SIZE = (480, 640)
_PICTURE = np.s_[7:474, 7:632]
"""Rows and columns inside the white frame."""
_JPEG_QUALITY = 95
_HINT = f"It should be {NYU_LABELLED_FILE} from the data set's own page; download it again."


@dataclass(frozen=True, slots=True)
class LabelledLayer:
    """Picture or depth of one labelled frame.

    `n_bytes` is the size of the first frame that was asked for, as an estimate for all.
    """

    frames: LabelledFrames
    index: int
    is_depth: bool
    n_bytes: int
    exact: bool = False

    @property
    def name(self) -> str:
        """Kind and number: the frames have no files of their own."""
        return f"{'depth' if self.is_depth else 'picture'} {self.index}"

    @property
    def order(self) -> tuple[str, int]:
        """Path of the MATLAB file and number of the frame."""
        return str(self.frames.path), self.index

    def write(self, target: Path) -> None:
        """Encode it as JPEG (picture) or 16-bit PNG (depth)."""
        target.write_bytes(self.frames.encoded(self.index, is_depth=self.is_depth))


class LabelledFrames:
    """The frames of the MATLAB file.

    Raises DataError for another file and for a damaged one, UnavailableError when h5py is not installed.
    """

    def __init__(self, path: Path) -> None:
        h5py = _h5py()
        self.path = path
        self._sizes: dict[bool, int] = {}
        with ExitStack() as stack:
            try:
                self._file = stack.enter_context(h5py.File(path, "r"))
            except OSError as error:
                cut = "truncated" in str(error)  # h5py raises OSError for both; only the message differs
                wrong = "is cut short" if cut else "is not a MATLAB 7.3 (HDF5) file"
                raise DataError(f"{path} {wrong}.", hint=_HINT) from error
            self._check()
            self._types = self._scene_types()
            stack.pop_all()

    def __len__(self) -> int:
        return len(self._types)

    def find(self, wanted: Wanted) -> LabelledLayer | None:
        """The wanted picture or depth; None if the file has no such frame.

        Raises DataError when the frame of that number has another type of scene than the list states.
        """
        index = wanted.index
        if index is None or index >= len(self):
            return None
        if self._types[index] != wanted.scene:
            raise DataError(
                f"The list says {wanted.target}, but frame {index} of {self.path.name} is of type "
                f"{self._types[index]!r}.",
                hint="The list counts other frames. The published one counts the labelled frames from 0.",
            )
        if wanted.is_depth not in self._sizes:
            self._sizes[wanted.is_depth] = len(self.encoded(index, is_depth=wanted.is_depth))
        return LabelledLayer(self, index, wanted.is_depth, self._sizes[wanted.is_depth])

    def encoded(self, index: int, *, is_depth: bool) -> bytes:
        """Content of the file of a picture or depth map. Raises DataError when it cannot be read."""
        try:
            stored = self._file["rawDepths" if is_depth else "images"][index]
        except OSError as error:
            raise DataError(f"Frame {index} of {self.path} can't be read: {error}.", hint=_HINT) from error
        # MATLAB stores arrays column by column, so what h5py reads is transposed.
        if is_depth:
            steps = np.nan_to_num(stored.T, posinf=0, neginf=0) * np.float32(_STEPS_PER_METRE)
            return encode_grey16(np.ascontiguousarray(np.clip(steps, 0, 65535), np.uint16))
        picture = np.zeros((*_SIZE, 3), np.uint8)
        picture[_PICTURE] = stored.T[_PICTURE]
        return encode_jpeg(picture, quality=_JPEG_QUALITY)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _check(self) -> None:
        height, width = _SIZE
        needed = {"images": (3, width, height), "rawDepths": (width, height)}
        found = {name: tuple(self._file[name].shape[1:]) for name in needed if name in self._file}
        if found != needed or "sceneTypes" not in self._file:
            holds = ", ".join(sorted(name for name in self._file if not name.startswith("#"))) or "nothing"
            expected = f"images, rawDepths and sceneTypes of {width}x{height} pixels"
            raise DataError(f"{self.path} holds {holds}, not {expected}.", hint=_HINT)

    def _scene_types(self) -> list[str]:
        references: Any = self._file["sceneTypes"][()].ravel()
        return ["".join(map(chr, self._file[reference][()].ravel())) for reference in references]


def _h5py() -> ModuleType:
    try:
        import h5py
    except ImportError as error:
        raise UnavailableError(
            f"Reading {NYU_LABELLED_FILE} needs the package h5py, which is not installed.",
            hint="pip install 'tiekd[nyu]'",
        ) from error
    module: ModuleType = h5py
    return module
