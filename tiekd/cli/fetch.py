"""`tiekd fetch`: downloads weights of a zoo row."""

from __future__ import annotations

from typing import Annotated

import typer

from tiekd.cli.output import JsonFile, print_result

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd fetch tiekd_mobilenetv2.adabins_kitti"


@app.command(epilog=f"Example: {EXAMPLE}")
def fetch(
    row: Annotated[str, typer.Argument(help="A zoo row, see `tiekd models`.")],
    *,
    url: Annotated[
        str | None, typer.Option(help="Another address of its file, for example of a mirror.")
    ] = None,
    sha256: Annotated[str | None, typer.Option(help="The digest that the downloaded file must have.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Download the weights of a row, or print the page from which only a browser can download them."""
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
