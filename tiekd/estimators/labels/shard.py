"""One process's share of a job, as torchrun and its like announce it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tiekd.errors import ConfigError

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Shard:
    """Process `rank` of `world_size`. Raises ConfigError when there can be no such process."""

    rank: int = 0
    world_size: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world_size:
            raise ConfigError(
                f"There is no process {self.rank} of {self.world_size}.",
                hint="RANK counts from 0 and is below WORLD_SIZE; torchrun sets both.",
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Shard:
        """The share that RANK and WORLD_SIZE name; all of it without them. Raises ConfigError."""
        try:
            return cls(int(environment.get("RANK", 0)), int(environment.get("WORLD_SIZE", 1)))
        except ValueError as error:
            raise ConfigError(
                f"RANK and WORLD_SIZE must be whole numbers: {error}.", hint="torchrun sets both."
            ) from error

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """This process's items: every `world_size`-th, so that shares are even wherever the hard ones lie."""
        return items[self.rank :: self.world_size]
