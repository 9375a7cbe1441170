"""`tiekd report`: compares runs and evaluations in tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd report runs/teacher runs/baseline-* runs/tiekd-* --out report"


@app.command(epilog=f"Example: {EXAMPLE}")
def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or JSON files of `tiekd eval`.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for report.md, report.html and charts.")] = Path("report"),
    title: Annotated[str, typer.Option(help="Title of the report.")] = "Results",
    teacher: Annotated[
        str | None, typer.Option(help="Row that is 100 % of the gap; default: each student's own teacher.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Row that is 0 %; default: the baseline of the same encoder.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the tables as JSON.")
    ] = None,
) -> None:
    """Make tables of methods and metrics, with averaged seeds and the recovered gap to the teacher.

    Results are in one table if their protocol and fingerprint agree. Runs with the same name whose recipes
    differ only in seed, paths and resources are seeds of one method.
    """
    from tiekd.cli.output import print_result
    from tiekd.report import build_report, collect

    made = build_report(collect(runs), title=title, teacher=teacher, baseline=baseline)
    written = [str(path) for path in made.write(out)]
    text = "\n".join([made.markdown(pictures=False), *written[:2]])
    print_result({"files": written, **made.to_json()}, text, json_file)
