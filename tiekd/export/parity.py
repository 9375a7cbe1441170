"""How far the depth of an exported network is from the depth of the network itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.errors import DataError

ALLOWED_M = 2e-3
ALLOWED_SHARE = 1e-4
"""In float32 a difference of ALLOWED_M plus this share of the depth is rounding."""


Depth = NDArray[np.float32]
"""Depth of one image in metres, of any shape."""


@dataclass(frozen=True, slots=True)
class Parity:
    """Absolute differences over all pixels of some images, in metres.

    p999_m: 99.9 % of the pixels differ by no more.
    p999_of_allowed: 99.9 % of the pixels differ by no more than this multiple of what float32 is allowed.
    """

    n_images: int
    max_m: float
    p999_m: float
    mean_m: float
    p999_of_allowed: float

    @property
    def is_rounding(self) -> bool:
        """Whether the differences are no larger than the rounding of float32 explains."""
        return self.p999_of_allowed <= 1


def measure(pairs: Iterable[tuple[Depth, Depth]]) -> Parity:
    """Compare the depth of an exported network with the network's own, image by image.

    Raises DataError for no images, for pairs that differ in shape and for depth that is not finite.
    """
    differences, shares = [], []
    for exported, own in pairs:
        if exported.shape != own.shape:
            raise DataError(
                f"The exported depth is {list(exported.shape)}, the network's own {list(own.shape)}.",
                hint="Compare both at the same size.",
            )
        difference = np.abs(exported.astype(np.float64) - own).ravel()
        if not np.isfinite(difference).all():
            raise DataError("A depth is NaN or infinite.", hint="Look at the answers of both for that image.")
        differences.append(difference)
        shares.append(difference / (ALLOWED_M + ALLOWED_SHARE * np.abs(own.ravel())))
    if not differences:
        raise DataError("There are no images to compare on.", hint="Give at least one.")
    all_m = np.concatenate(differences)
    return Parity(
        n_images=len(differences),
        max_m=float(all_m.max()),
        p999_m=float(np.quantile(all_m, 0.999)),
        mean_m=float(all_m.mean()),
        p999_of_allowed=float(np.quantile(np.concatenate(shares), 0.999)),
    )
