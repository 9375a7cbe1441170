"""The random numbers of a run: they depend on the seed and the place in the run, not on what came before."""

from __future__ import annotations

import numpy as np


def seed_of_batch(seed: int, batch_idx: int, *, rank: int) -> int:
    """The seed for batch `batch_idx` (from 0) on process `rank` of a run with `seed`."""
    place = np.random.SeedSequence((seed, batch_idx, rank))
    return int(place.generate_state(1, np.uint64)[0])
