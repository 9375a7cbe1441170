"""What part of a picture is seen."""

from __future__ import annotations

import math


def fitted_size(height: int, width: int, max_pixels: int | None) -> tuple[int, int]:
    """(height, width) scaled down to at most about `max_pixels`, as prediction does; None: as it is."""
    scale = min(1.0, math.sqrt(max_pixels / (height * width))) if max_pixels else 1.0
    return max(1, round(height * scale)), max(1, round(width * scale))
