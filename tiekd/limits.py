"""Ranges of the numbers that people state, in recipes, cards, settings and options, as types.

The models that hold them say `allow_inf_nan=False` besides. The limits are wide: they keep out slips, and
what no machine can do.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

FOCAL_RANGE_PX = (0.01, 1e6)
"""Accepted focal lengths. Outside this range depth does not fit float32."""
SCALE_RANGE = (1e-6, 1e9)
"""Stored numbers of one metre."""
MOST_METRES = 100_000.0
MOST_PROCESSES = 256
MOST_THREADS = 256
"""Every thread and every process is started, whether there are cores for them or not."""

Metres = Annotated[float, Field(gt=0, le=MOST_METRES)]
FocalPx = Annotated[float, Field(ge=FOCAL_RANGE_PX[0], le=FOCAL_RANGE_PX[1])]
DepthScale = Annotated[float, Field(ge=SCALE_RANGE[0], le=SCALE_RANGE[1])]
Threads = Annotated[int, Field(ge=1, le=MOST_THREADS)]
Processes = Annotated[int, Field(ge=0, le=MOST_PROCESSES)]
"""Processes besides the one that starts them; 0 for none."""
Count = Annotated[int, Field(ge=1, le=10**9)]
Share = Annotated[float, Field(ge=0, le=1)]
PartOfOne = Annotated[float, Field(gt=0, lt=1)]
Divisor = Annotated[float, Field(ge=1, le=1e12)]
Pixels = Annotated[int, Field(ge=32 * 32, le=10**9)]
"""Of a whole picture."""
Bins = Annotated[int, Field(ge=2, le=65_536)]
