"""Ranges of the numbers that people state, in recipes, cards, settings and options, as types.

The models that hold them are `Stated`. The limits are wide: they keep out slips, and what no machine can do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

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


class Stated(BaseModel):
    """Values that a person or a file states.

    Unknown keys, NaN and infinity are faults. So are true and false in place of a number: they would count
    as 1 and 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[info.field_name or ""]
        if _wants_number(field.annotation) and any(isinstance(one, bool) for one in _items(value)):
            raise ValueError("a number is needed here, not true or false")
        return value


def _wants_number(annotation: Any) -> bool:
    """Whether a type takes numbers, at any depth, and no truth values."""
    leaves = list(_leaves(annotation))
    numbers = any(leaf in (int, float) or type(leaf) is int for leaf in leaves)
    return numbers and not any(leaf in (bool, Any) or type(leaf) is bool for leaf in leaves)


def _leaves(annotation: Any) -> Iterator[Any]:
    parts = get_args(annotation)
    if not parts:
        yield annotation
    for part in parts:
        yield from _leaves(part)


def _items(value: Any) -> Iterator[Any]:
    """A value, or what a list or a mapping holds."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
    else:
        yield value
