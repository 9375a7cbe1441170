"""How verbs print results: a few lines for people, or JSON where `--json` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

JsonFile = Annotated[str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON.")]
"""The option of every verb that prints a result."""


def print_result(result: dict[str, Any], text: str, json_file: str | None) -> None:
    """Print `text`, and write `result` as JSON to `json_file`; "-" prints the JSON instead of the text.

    Raises DataError when the file can't be written.
    """
    if json_file:
        write_json(result, json_file)
    if json_file != "-":
        typer.echo(text)


def write_json(result: dict[str, Any], json_file: str) -> None:
    """Write `result` as JSON to a file, making its folder, or print it for "-". Raises DataError."""
    from tiekd.files import write_text

    document = json.dumps(result, indent=2, allow_nan=False, default=str)
    if json_file == "-":
        typer.echo(document)
    else:
        write_text(Path(json_file), f"{document}\n")
