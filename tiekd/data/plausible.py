"""Whether numbers can be depth in metres, at the scale in which a kind of data is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiekd.data.frames import FrameSource


@dataclass(frozen=True, slots=True)
class Plausible:
    """Depth in metres that a kind of data may hold: median of a file, median of those, maximum."""

    median_m: tuple[float, float]
    typical_m: tuple[float, float]
    max_m: float


PLAUSIBLE = {
    # 64 laser rings from a car's roof; rendered streets are dense up to 255 m.
    "kitti": Plausible((1.0, 60.0), (2.0, 25.0), 256.0),
    # Rooms, by a sensor that sees from 0.4 to 10 m.
    "nyu": Plausible((0.3, 10.0), (1.0, 6.0), 15.0),
    "folder": Plausible((0.02, 250.0), (0.02, 250.0), 256.0),
}


def implausible(depth: NDArray[np.float32], source: FrameSource) -> str:
    """Why `depth` `[H, W]` (0 = none) can't be metres of this data; "" when it can."""
    valid = depth[depth > 0]
    if not valid.size:
        return "no pixel has depth: all are 0"
    plausible, at_scale = PLAUSIBLE[source.kind], f"at {source.depth_scale:g} steps per metre"
    if valid.max() > plausible.max_m:
        return f"reaches {valid.max():.1f} m {at_scale}, more than {plausible.max_m:g} m"
    median, (low, high) = float(np.median(valid)), plausible.median_m
    if not low <= median <= high:
        return f"its median is {median:.3g} m {at_scale}, outside of {low:g} to {high:g} m"
    return ""


def untypical(medians_m: Sequence[float], source: FrameSource) -> str:
    """Why files of these median depths can't all be right, though each might be; "" when they can."""
    if not medians_m:
        return ""
    typical, (low, high) = float(np.median(medians_m)), PLAUSIBLE[source.kind].typical_m
    if low <= typical <= high:
        return ""
    n_files, usual = len(medians_m), f"{low:g} to {high:g} m are usual for {source.kind}"
    return f"the median of {n_files} files is {typical:.3g} m; {usual}"
