"""Ground truth as it is stored, and in metres."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiekd.codecs.depth_file import read_depth_file
from tiekd.codecs.photo import Photo
from tiekd.limits import DepthScale, Metres, Stated


class StoredAs(Stated):
    """What is declared after KIND:ROOT about numbers in files of ground truth: `folder:DIR,scale=1000`.

    scale: stored number per metre (default: that of the layout for whole numbers, 1 for floats). missing: the
    stored number that means "no depth", besides 0. max_depth_m: greater depth does not count as ground truth.
    """

    scale: DepthScale | None = None
    missing: float | None = None
    max_depth_m: Metres | None = None


AS_USUAL = StoredAs()
"""Nothing is declared."""


class Truth(NamedTuple):
    """The ground truth of a frame.

    stored: float32 `[H, W]`, the numbers of the file, 0 = none. depth_m: float32 `[H, W]` in metres, 0 = none
    or beyond the declared `max_depth_m`. whole: whether the file holds whole numbers. scale: stored number
    per metre. turned: whether it was turned as its picture.
    """

    stored: NDArray[np.float32]
    depth_m: NDArray[np.float32]
    whole: bool
    scale: float
    turned: bool = False

    def as_upright(self, photo: Photo) -> Truth:
        """The ground truth upright, as its picture.

        Files of depth state no orientation. One of the size of the stored pixels lies as these do, and is
        turned with them. One that has only the size of the upright picture is upright already.
        """
        if photo.turn is None or self.stored.shape != photo.stored_size:
            return self
        stored, depth_m = photo.turned(self.stored), photo.turned(self.depth_m)
        return self._replace(stored=stored, depth_m=depth_m, turned=True)


def read_truth(path: Path, declared: StoredAs, *, usual_scale: float) -> Truth:
    """Read a file of ground truth. `usual_scale`: stored whole number per metre if none is declared.

    Raises the errors of `read_depth_file`.
    """
    file = read_depth_file(path)
    stored, whole = file.values, file.header.whole
    if declared.missing is not None:
        stored[stored == np.float32(declared.missing)] = 0
    scale = declared.scale or (usual_scale if whole else 1.0)
    depth_m = stored / np.float32(scale)
    if declared.max_depth_m is not None:
        depth_m[depth_m > declared.max_depth_m] = 0
    return Truth(stored, depth_m, whole, scale)
