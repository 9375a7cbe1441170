"""`tiekd convert`: the authors' checkpoints as weights of the zoo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiekd.cli.output import JsonFile, print_result, writable_file, write_json

if TYPE_CHECKING:
    from tiekd.models.convert import Converted, MisfitError
    from tiekd.models.reference_file import ReferenceFile
    from tiekd.zoo import ZooRow

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd convert ours_mobile2_adabins.pth --to tiekd_mobilenetv2.adabins_kitti"


@app.command(epilog=f"Example: {EXAMPLE}")
def convert(
    checkpoint: Annotated[Path, typer.Argument(help="A .pth file of the authors.")],
    *,
    to: Annotated[
        str | None, typer.Option(help="The zoo row of the file; without it, the rows that fit are listed.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="A .safetensors file; default: in $TIEKD_HOME.", callback=writable_file
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Turn a checkpoint of the authors into weights of a zoo row; code inside the file is never run.

    Where the file does not fit the row, --json writes every fault.
    """
    from tiekd.models.convert import MisfitError, fitting_rows
    from tiekd.models.convert import convert as write_row
    from tiekd.models.reference_file import read_reference

    file = read_reference(checkpoint)
    try:
        rows = [] if to else fitting_rows(file)
        if to is None and len(rows) > 1:
            names = [row.name for row in rows]
            result = {"checkpoint": str(checkpoint), "written": None, "rows": names}
            print_result(result, _choice(file, rows), json_file)
            return
        done = write_row(file, to=to or rows[0].name, out=out)
    except MisfitError as error:
        if json_file:
            write_json({"checkpoint": str(checkpoint), "written": None} | _faults(error), json_file)
        raise
    print_result({"checkpoint": str(checkpoint)} | _described(done), _summary(done), json_file)


def _choice(file: ReferenceFile, rows: list[ZooRow]) -> str:
    """What to print where several rows fit a file."""
    names = [row.name for row in rows]
    bins = f" with {rows[0].n_bins} bins" if rows[0].n_bins else ""
    return "\n".join(
        [
            f"{file.path} is a {rows[0].architecture}{bins}. Its tensors don't tell which row:",
            *(f"  {name}" for name in names),
            f"Nothing was written. Say which, for example: tiekd convert {file.path} --to {names[0]}",
        ]
    )


def _faults(error: MisfitError) -> dict[str, Any]:
    misshapen = [
        {"key": key, "found": found, "wanted": wanted} for key, found, wanted in error.faults.misshapen
    ]
    return {"missing": error.faults.missing, "unknown": error.faults.unknown, "misshapen": misshapen}


def _described(done: Converted) -> dict[str, Any]:
    return {
        "written": str(done.path), "row": done.row, "sha256": done.sha256,
        "source_sha256": done.source_sha256, "notes": list(done.notes),
    }  # fmt: skip


def _summary(done: Converted) -> str:
    digests = f"sha256 {done.sha256} (source {done.source_sha256})"
    return "\n".join([f"{done.row} -> {done.path}", *done.notes, digests])
