"""`tiekd models`: what is in the zoo."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

import typer

from tiekd.cli.output import JsonFile, print_result
from tiekd.errors import CheckpointError, TiekdError
from tiekd.zoo import Zoo, ZooRow, find_weights, read_zoo


def models(
    pattern: Annotated[str, typer.Argument(help="Shell pattern of names.")] = "*",
    available: Annotated[bool, typer.Option("--available", help="Only rows with weights here.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Load the weights that are here, and fail if some can't be used.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print models/README.md.")] = False,
    json_file: JsonFile = None,
) -> None:
    """List the models of the zoo, with the authors' numbers or ours.

    Example: tiekd models 'tiekd_*.adabins_kitti'
    """
    zoo = read_zoo()
    rows = _matching(zoo, pattern, available=available)
    faults = _faults(rows) if check else {}
    described = [{**_describe(row), **({"fault": faults.get(row.name)} if check else {})} for row in rows]
    print_result({"models": described}, _text(zoo, rows, faults, markdown=markdown), json_file)
    if faults:
        raise CheckpointError(
            f"{len(faults)} of the models that are here can't be used: {', '.join(faults)}.",
            hint=" ".join(dict.fromkeys(faults.values())),
        )


def _matching(zoo: Zoo, pattern: str, *, available: bool) -> list[ZooRow]:
    rows = [zoo.row(name) for name in zoo.names(pattern)]
    return [row for row in rows if not available or find_weights(row) is not None]


def _describe(row: ZooRow) -> dict[str, Any]:
    path = find_weights(row)
    return {**row.model_dump(mode="json"), "role": row.role, "weights": str(path) if path else None}


def _faults(rows: list[ZooRow]) -> dict[str, str]:
    """Row -> why its weights, if they are on this machine, cannot be loaded."""
    from tiekd.models.registry import load
    from tiekd.zoo import resolve

    faults = {}
    for row in rows:
        if find_weights(row) is not None:
            try:
                load(resolve(row.name))
            except TiekdError as error:
                faults[row.name] = f"{error} {error.hint}"
    return faults


def _text(zoo: Zoo, rows: list[ZooRow], faults: Collection[str], *, markdown: bool) -> str:
    """What is printed: models/README.md, which has all rows, or the table of `rows`."""
    if not markdown:
        return _table(rows, faults) if rows else "No model matches."
    from tiekd.zoo_table import markdown as zoo_markdown

    return zoo_markdown(zoo).removesuffix("\n")


def _table(rows: list[ZooRow], faults: Collection[str] = ()) -> str:
    width = max(len(row.name) for row in rows)
    lines = [f"{'model':{width}}  {'bins':>4}  {'AbsRel':>6}  {'RMSE':>6}  weights"]
    for row in rows:
        shown = row.published.model_dump() if row.published else next(iter(row.measured.values()), {})
        abs_rel, rmse = (f"{shown[key]:.4f}" if key in shown else "" for key in ("abs_rel", "rmse"))
        here = "unusable" if row.name in faults else "here" if find_weights(row) else "-"
        lines.append(f"{row.name:{width}}  {row.n_bins or '-':>4}  {abs_rel:>6}  {rmse:>6}  {here}")
    return "\n".join(lines)
