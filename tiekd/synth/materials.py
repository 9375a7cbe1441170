"""Materials of a scene. A material is one row of numbers that the compiled shader reads.

Columns: kind, seed, casts (1 = throws a shadow), gloss, three linear RGB colours, frequency (1/m) and
strength of the mottling, twelve parameters, emission. What the parameters mean depends on the kind; the
functions of `surface` and of the modules `surface_*` list them in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np
from numpy.typing import NDArray

PLAIN, ROAD, FACADE, BRICK, CAR_SIDE, CAR_END, GLASS, FOLIAGE = range(8)
STRIPES, GRASS, SIGN, BOARD, FENCE, WHEEL, PERSON, BAND = range(8, 16)

KIND, SEED, CASTS, GLOSS, COLOR1, COLOR2, COLOR3, FREQUENCY, MOTTLE, PARAM, EMISSION = (
    0,
    1,
    2,
    3,
    4,
    7,
    10,
    13,
    14,
    15,
    27,
)
N_COLUMNS = 28

Color = tuple[float, float, float]


class Materials:
    """The materials of one scene. Triangles refer to them by index."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._rows: list[NDArray[np.float64]] = []

    def add(
        self,
        kind: int,
        color: Color,
        *,
        color2: Color | None = None,
        color3: Color | None = None,
        params: Sequence[float] = (),
        gloss: float = 0.02,
        mottle: float = 0.12,
        frequency: float = 0.7,
        casts: bool = True,
        emission: float = 0.0,
    ) -> int:
        """Add a material and return its index."""
        row = np.zeros(N_COLUMNS)
        row[KIND], row[SEED], row[CASTS], row[GLOSS] = kind, self._rng.integers(1, 10_000), casts, gloss
        row[COLOR1 : COLOR1 + 3] = color
        row[COLOR2 : COLOR2 + 3] = color if color2 is None else color2
        row[COLOR3 : COLOR3 + 3] = color if color3 is None else color3
        row[FREQUENCY], row[MOTTLE], row[EMISSION] = frequency, mottle, emission
        row[PARAM : PARAM + len(params)] = params
        self._rows.append(row)
        return len(self._rows) - 1

    def table(self) -> NDArray[np.float64]:
        """All rows, `[n_materials, N_COLUMNS]`."""
        return np.stack(self._rows)


def random_color(
    rng: np.random.Generator, *, low: float = 0.02, high: float = 0.7, saturation: float = 0.3
) -> Color:
    """A linear RGB colour of random brightness (log-uniform) and hue."""
    value = exp(rng.uniform(log(low), log(high)))
    hue = rng.random(3).tolist()
    mean = sum(hue) / 3.0
    r, g, b = (min(max(value * (1.0 + saturation * 2.0 * (h - mean)), 0.004), 0.95) for h in hue)
    return r, g, b


def vary(rng: np.random.Generator, color: Color, amount: float) -> Color:
    """A random variation of `color`: its brightness changes by a relative amount, its channels by less."""
    gain, *channels = rng.standard_normal(4).tolist()
    r, g, b = (
        min(max(value * exp(amount * (gain + 0.15 * change)), 0.003), 0.95)
        for value, change in zip(color, channels, strict=True)
    )
    return r, g, b
