"""Options that several verbs share."""

from collections.abc import Callable
from typing import Annotated

import typer


def between(low: float, high: float) -> Callable[[float | None], float | None]:
    """A check for an option: a number from `low` to `high`. Unlike typer's own, it refuses NaN."""

    def checked(value: float | None) -> float | None:
        if value is None or low <= value <= high:
            return value
        raise typer.BadParameter(f"{value:g} is not in the range {low:g}<=x<={high:g}.")

    return checked


Engine = Annotated[
    str, typer.Option(help="Engine that computes the network, such as torch; auto takes the fastest one.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
