"""Tests whether numbers can be depth in metres, as a layout of `tiekd.datasets` or the user says.

A wrong unit (millimetres read as metres × 256) gives depth that is far too small or too large. Nothing is
guessed: the tests say what is wrong, and which scale would make the depth usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiekd.data.frames import FrameSource
from tiekd.data.numbers import are_rotated, repeated_mark, wrong_bits
from tiekd.data.truth import Truth
from tiekd.datasets import LAYOUTS

SCALES = {
    1: "whole metres",
    100: "centimetres",
    256: "metres × 256",
    1000: "millimetres",
    5000: "TUM RGB-D",
    8000: "SUN RGB-D, whose bits are rotated",
}
"""Stored numbers per metre that are in use."""
_ROTATED_SCALE = 8000
_USUAL_M = (0.5, 45.0)
"""A scale is proposed if it brings the median here."""
_WHOLE_MAX = 255
_TOO_NEAR_M = (0.2, 0.05)
"""Few, small numbers with a smaller median or nearest depth are not metres times a scale."""
_FAR_M, _BEGINS_M, _DEEP = 25.0, 8.0, 4.0
"""Of a view with this median and this ratio of far to near, the nearest part is nearer than `_BEGINS_M`."""
_ROOM_BEGINS_M = 5.0
"""In a room something is nearer than this."""
_LIKE_A_ROOM_M = (2.0, 25.0)
"""A room of 0.5 to 6.4 m in millimetres, read as metres × 256, begins and ends here."""
_FARTHEST_M = 700.0
"""With a declared scale depth may go on to here. 16 bits of centimetres reach 655 m."""
_MOST = 0.5
_NOTHING = "no pixel has depth: all are 0"


@dataclass(frozen=True, slots=True)
class Summary:
    """Depth of one file in metres: the median, and the depths that 2 % are nearer and farther than.

    scale: stored number per metre. rotated: whether the numbers look like SUN RGB-D's.
    """

    median_m: float
    near_m: float
    far_m: float
    scale: float
    rotated: bool = False


def summarise(truth: Truth) -> Summary | None:
    """The summary of ground truth; None if no pixel has depth."""
    depth = truth.depth_m[truth.depth_m > 0]
    if not depth.size:
        return None
    near, median, far = (float(value) for value in np.percentile(depth, (2, 50, 98)))
    rotated = truth.whole and are_rotated(truth.stored[truth.stored > 0])
    return Summary(median, near, far, truth.scale, rotated)


def implausible(truth: Truth, source: FrameSource) -> str:
    """Why ground truth cannot be metres of this data set; "" if it can."""
    found, read_at = summarise(truth), _read_at(truth.scale)
    if wrong := wrong_bits(truth.stored, whole=truth.whole):
        return wrong
    if found is None:
        far_m = source.stored.max_depth_m
        return f"no pixel has depth up to {far_m:g} m {read_at}" if truth.stored.any() else _NOTHING
    reasons = [_too_far(truth, source), _mark(truth, source), _strange_median(truth, found, source)]
    said = "; ".join(filter(None, reasons))
    return said + _proposed(found) if said else ""


def untypical(found: Sequence[Summary], source: FrameSource) -> str:
    """Why files with these summaries cannot all be right, although each one could; "" if they can."""
    if not found or source.stored.max_depth_m is not None:
        return ""
    (low, high), typical = LAYOUTS[source.kind].plausible.typical_m, _typical(found)
    what = f"the median of {len(found)} files is {typical.median_m:.3g} m"
    if not low <= typical.median_m <= high:
        return f"{what}; {low:g} to {high:g} m are usual for {source.kind}{_proposed(typical)}"
    begins = f"nothing is nearer than {typical.near_m:.3g} m, and depth goes on to {typical.far_m:.3g} m"
    if typical.median_m > _FAR_M and typical.near_m > _BEGINS_M and typical.far_m > _DEEP * typical.near_m:
        return f"{what}, {begins}: few views are like this{_proposed(typical)}"
    return ""


def doubt(found: Sequence[Summary], source: FrameSource) -> str:
    """What only the user can tell of files that are plausible, because nobody has declared a scale; or ""."""
    if not found or source.stored.scale or LAYOUTS[source.kind].needs_split or found[0].scale == 1:
        return ""
    near_m, far_m = (typical := _typical(found)).near_m, typical.far_m
    begins_m, ends_m = _LIKE_A_ROOM_M
    if near_m < _ROOM_BEGINS_M and not (near_m > begins_m and far_m < ends_m):
        return ""
    return (
        f"Nothing is nearer than {near_m:.1f} m. If this shows rooms, depth is in millimetres: declare "
        f"scale=1000. If it is right, scale={found[0].scale:g} says so."
    )


def _typical(found: Sequence[Summary]) -> Summary:
    """The medians of all summaries."""
    values = np.median([(one.near_m, one.median_m, one.far_m) for one in found], axis=0)
    near, median, far = (float(value) for value in values)
    return Summary(median, near, far, found[0].scale, all(one.rotated for one in found))


def _read_at(scale: float) -> str:
    return "read as metres" if scale == 1 else f"at {scale:g} steps per metre"


def _too_far(truth: Truth, source: FrameSource) -> str:
    declared_m, most_m = source.stored.max_depth_m, _most_m(source)
    greatest = float(truth.depth_m.max())
    if declared_m is None:
        what = f"reaches {greatest:.1f} m {_read_at(truth.scale)}, more than {most_m:g} m"
        return what if greatest > most_m else ""
    beyond = 1 - np.count_nonzero(truth.depth_m) / np.count_nonzero(truth.stored)
    what = f"{beyond:.0%} of its depth is beyond max_depth_m={declared_m:g} {_read_at(truth.scale)}"
    return what if beyond > _MOST else ""


def _most_m(source: FrameSource) -> float:
    return _FARTHEST_M if source.stored.scale else LAYOUTS[source.kind].plausible.max_m


def _mark(truth: Truth, source: FrameSource) -> str:
    far_m = float(truth.stored.max()) / truth.scale
    if source.stored.max_depth_m is not None and far_m > source.stored.max_depth_m:
        return ""
    too_far = far_m > _most_m(source)
    return repeated_mark(truth.stored, whole=truth.whole, too_far=too_far)


def _strange_median(truth: Truth, found: Summary, source: FrameSource) -> str:
    low, high = LAYOUTS[source.kind].plausible.median_m
    median = f"its median is {found.median_m:.3g} m {_read_at(truth.scale)}"
    if found.median_m < low or (found.median_m > high and source.stored.max_depth_m is None):
        return f"{median}, outside of {low:g} to {high:g} m"
    if n_numbers := _few_numbers(truth, found):
        return f"{median}, and it has only {n_numbers} different numbers"
    if found.rotated and source.stored.scale is None:
        return f"{median}, and all of its numbers are multiples of 8"
    return ""


def _few_numbers(truth: Truth, found: Summary) -> int:
    """How many different numbers there are if they look like whole metres; else 0.

    Such numbers are few and small, and make depth that is nearer than cameras see.
    """
    if not truth.whole or truth.scale == 1 or truth.stored.max() > _WHOLE_MAX:
        return 0
    if found.median_m >= _TOO_NEAR_M[0] and found.near_m >= _TOO_NEAR_M[1]:
        return 0
    return int(np.unique(truth.stored[truth.stored > 0]).size)


def _proposed(found: Summary) -> str:
    """The scales that would make the depth usual, for the end of a message."""
    stored = found.median_m * found.scale
    scales = [_ROTATED_SCALE] if found.rotated else [scale for scale in SCALES if scale != _ROTATED_SCALE]
    fitting = [
        f"scale={scale} ({SCALES[scale]}) makes it {stored / scale:.3g} m"
        for scale in scales
        if scale != found.scale and _USUAL_M[0] <= stored / scale <= _USUAL_M[1]
    ]
    said = f". If it is stored otherwise, declare it after KIND:ROOT: {', '.join(fitting)}" if fitting else ""
    far = found.median_m > _FAR_M
    return f"{said}. If depth is really so far, declare max_depth_m" if far else said
