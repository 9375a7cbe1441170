"""`tiekd fetch`: weights of a zoo row from the web."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd fetch tiekd_mobilenetv2.adabins_kitti"


@app.command(epilog=f"Example: {EXAMPLE}")
def fetch(
    row: Annotated[str, typer.Argument(help="A zoo row, see `tiekd models`.")],
    *,
    url: Annotated[
        str | None, typer.Option(help="Another address of its file, e.g. a mirror of yours.")
    ] = None,
    sha256: Annotated[str | None, typer.Option(help="What the downloaded file must have.")] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON.")
    ] = None,
) -> None:
    """Download a row's weights where a direct link works; else say which page to open and what to do then."""
    from tiekd.cli.output import print_result
    from tiekd.cli.progress import download_bar
    from tiekd.fetch import fetch as fetch_row
    from tiekd.fetch import how_to_convert

    with download_bar(row) as progress:
        done = fetch_row(row, url=url, sha256=sha256, progress=progress)
    result = {
        "row": row, "weights": str(done.path) if done.path else None, "sha256": done.sha256,
        "page": done.page,
    }  # fmt: skip
    if done.path:
        text = f"{row} -> {done.path}\nsha256 {done.sha256}"
    else:
        text = (
            f"The weights of {row} can only be downloaded in a browser:\n  {done.page}\n"
            f"Then run: {how_to_convert(row)}"
        )
    print_result(result, text, json_file)
