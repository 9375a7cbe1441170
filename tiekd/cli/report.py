"""`tiekd report`: compares runs and evaluations in tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tiekd.cli.output import JsonFile, print_result, writable_folder

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd report runs/teacher runs/baseline-* runs/tiekd-* --out report"


@app.command(epilog=f"Example: {EXAMPLE}")
def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or JSON files of `tiekd eval`.")],
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for report.md, report.html and charts.", callback=writable_folder)
    ] = Path("report"),
    title: Annotated[str, typer.Option(help="Title of the report.")] = "Results",
    teacher: Annotated[
        str | None, typer.Option(help="Row that is 100 % of the gap; default: each student's own teacher.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Row that is 0 %; default: the baseline of the same encoder.")
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            help="Two rows A,B whose difference is stated with a 95 % interval. May be repeated. Default: "
            "all pairs, if a table has at most four rows."
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Make tables of methods and metrics, with averaged seeds and the recovered gap to the teacher.

    Results are in one table if their protocol and fingerprint agree. Runs with the same name whose recipes
    differ only in seed, paths and resources are seeds of one method.
    """
    from tiekd.report import build_report, collect

    made = build_report(collect(runs), title=title, teacher=teacher, baseline=baseline, pairs=compare or ())
    files = {out / name: text for name, text in made.files().items()}
    print_result(made.to_json(), made.markdown(pictures=False), json_file, files=files)
