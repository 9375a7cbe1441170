"""Tests whether numbers can be depth in metres, as a layout of `tiekd.datasets` stores it.

A wrong unit (millimetres read as metres × 256) gives depth that is far too small or too large.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiekd.data.frames import FrameSource
from tiekd.datasets import LAYOUTS


def implausible(depth: NDArray[np.float32], source: FrameSource) -> str:
    """Why `depth` `[H, W]` (0 = none) cannot be metres of this data set; "" if it can."""
    valid = depth[depth > 0]
    if not valid.size:
        return "no pixel has depth: all are 0"
    plausible, at_scale = LAYOUTS[source.kind].plausible, f"at {source.depth_scale:g} steps per metre"
    if valid.max() > plausible.max_m:
        return f"reaches {valid.max():.1f} m {at_scale}, more than {plausible.max_m:g} m"
    median, (low, high) = float(np.median(valid)), plausible.median_m
    if not low <= median <= high:
        return f"its median is {median:.3g} m {at_scale}, outside of {low:g} to {high:g} m"
    return ""


def untypical(medians_m: Sequence[float], source: FrameSource) -> str:
    """Why files with these median depths cannot all be right, although each one could; "" if they can."""
    if not medians_m:
        return ""
    typical, (low, high) = float(np.median(medians_m)), LAYOUTS[source.kind].plausible.typical_m
    if low <= typical <= high:
        return ""
    n_files, usual = len(medians_m), f"{low:g} to {high:g} m are usual for {source.kind}"
    return f"the median of {n_files} files is {typical:.3g} m; {usual}"
