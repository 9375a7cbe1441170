"""`tiekd convert`: the authors' checkpoints as weights of the zoo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tiekd.models.reference_file import ReferenceFile
    from tiekd.zoo import ZooRow

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd convert ours_mobile2_adabins.pth --to tiekd_mobilenetv2.adabins_kitti"


@app.command(epilog=f"Example: {EXAMPLE}")
def convert(
    checkpoint: Annotated[Path, typer.Argument(help="A .pth file of the authors.")],
    *,
    to: Annotated[
        str | None, typer.Option(help="The zoo row it is; without it, the rows that it can be are listed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A .safetensors file; default: in $TIEKD_HOME.")
    ] = None,
    json_file: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE|-", help="Write the result, or every fault, as JSON."),
    ] = None,
) -> None:
    """Turn a checkpoint of the authors into weights of a zoo row; code inside the file is never run."""
    from tiekd.cli.output import print_result, write_json
    from tiekd.models.convert import MisfitError, fitting_rows
    from tiekd.models.convert import convert as write_row
    from tiekd.models.reference_file import read_reference

    file = read_reference(checkpoint)
    try:
        rows = [] if to else fitting_rows(file)
        if to is None and len(rows) > 1:
            names = [row.name for row in rows]
            print_result(
                {"checkpoint": str(checkpoint), "written": None, "rows": names},
                _choice(file, rows),
                json_file,
            )
            return
        done = write_row(file, to=to or rows[0].name, out=out)
    except MisfitError as error:
        if json_file:
            faults = {"missing": error.faults.missing, "unknown": error.faults.unknown}
            misshapen = [
                {"key": key, "found": found, "wanted": wanted}
                for key, found, wanted in error.faults.misshapen
            ]
            write_json(
                {"checkpoint": str(checkpoint), "written": None, **faults, "misshapen": misshapen}, json_file
            )
        raise
    result = {
        "checkpoint": str(checkpoint), "written": str(done.path), "row": done.row, "sha256": done.sha256,
        "source_sha256": done.source_sha256, "notes": list(done.notes),
    }  # fmt: skip
    lines = [f"{done.row} -> {done.path}", *done.notes, f"sha256 {done.sha256} (source {done.source_sha256})"]
    print_result(result, "\n".join(lines), json_file)


def _choice(file: ReferenceFile, rows: list[ZooRow]) -> str:
    """What to print when a file can be several rows."""
    names = [row.name for row in rows]
    bins = f" with {rows[0].n_bins} bins" if rows[0].n_bins else ""
    return "\n".join(
        [
            f"{file.path} is a {rows[0].architecture}{bins}. Its tensors don't tell which row:",
            *(f"  {name}" for name in names),
            f"Nothing was written. Say which, for example: tiekd convert {file.path} --to {names[0]}",
        ]
    )
