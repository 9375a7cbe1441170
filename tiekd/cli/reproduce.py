"""`tiekd reproduce`: checks whether a row reaches its published numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tiekd.cli.options import Device, Engine, between
from tiekd.cli.output import JsonFile, print_result
from tiekd.datasets import DATASETS

if TYPE_CHECKING:
    from tiekd.reproduce import Check, Outcome

app = typer.Typer(add_completion=False)
EXAMPLE = (
    "tiekd reproduce tiekd_mobilenetv2.adabins_kitti --data kitti:data/kitti "
    f"--split {DATASETS['kitti'].test.file}"
)
_EXITS = {"pass": 0, "fail": 1, "incomplete": 2}


@app.command(epilog=f"Example: {EXAMPLE}")
def reproduce(
    row: Annotated[str, typer.Argument(help="A zoo row, see `tiekd models`.")],
    *,
    data: Annotated[str | None, typer.Option(help="Data set as KIND:ROOT.")] = None,
    split: Annotated[str | None, typer.Option(help="The published test list, here or in ROOT.")] = None,
    tolerance: Annotated[
        float, typer.Option(help="Largest relative difference that passes.", callback=between(0, 1))
    ] = 0.01,
    engine: Engine = "auto",
    device: Device = "auto",
    json_file: JsonFile = None,
) -> None:
    """Evaluate a row by its published protocol. Exits with 0 if it reaches the published numbers, else 1.

    Exits with 2 if weights or data are missing, and prints how to get them.
    """
    from tiekd.cli.progress import progress_bar
    from tiekd.reproduce import reproduce as run
    from tiekd.zoo import row as row_of

    with progress_bar("Evaluating") as progress:
        outcome = run(
            row_of(row), data=data, split=split, tolerance=tolerance, engine=engine, device=device,
            progress=progress,
        )  # fmt: skip
    print_result(outcome.to_json(), _text(outcome), json_file)
    raise typer.Exit(_EXITS[outcome.verdict])


def _text(outcome: Outcome) -> str:
    lines = [f"{outcome.row}: {outcome.verdict.upper()} by {outcome.claim.protocol.name}"]
    if outcome.found:
        lines[0] += f", fingerprint {outcome.found.fingerprint}, {len(outcome.found.per_image)} images"
    missing = ["Missing:", *(f"  {missing}" for missing in outcome.missing)] if outcome.missing else []
    return "\n".join([*lines, *map(_line_of, outcome.checks), *outcome.notes, *missing])


def _line_of(check: Check) -> str:
    return (
        f"{check.metric:8} stated {check.claimed:.4f}  found {check.found:.4f}  "
        f"difference {check.difference:+.2%}  tolerance {check.tolerance:.2%}  "
        + ("ok" if check.passed else "NOT reproduced")
    )
