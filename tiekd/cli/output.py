"""How verbs print results: a few lines for people, or JSON where `--json` says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import typer

from tiekd.errors import DataError


def print_result(result: dict[str, Any], text: str, json_file: str | None) -> None:
    """Print `text`, and write `result` as JSON to `json_file`; "-" prints the JSON instead of the text.

    Raises DataError when the file can't be written.
    """
    if json_file:
        write_json(result, json_file)
    if json_file != "-":
        typer.echo(text)


def write_json(result: dict[str, Any], json_file: str) -> None:
    """Write `result` as JSON to a file, or print it for "-". Raises DataError."""
    document = json.dumps(result, indent=2, allow_nan=False, default=str)
    if json_file == "-":
        typer.echo(document)
    else:
        write_text(Path(json_file), document + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a whole file or none. Raises DataError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise DataError(
            f"Can't write {path}: {error.strerror}.", hint="Choose a folder that is writable."
        ) from error
    finally:
        part.unlink(missing_ok=True)
