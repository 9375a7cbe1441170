"""How verbs print results: a few lines for people, or JSON where `--json` says; and where results may go.

Whether files can be written is found before a verb begins, so that no result is computed in vain.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tiekd.errors import DataError
from tiekd.files import check_target, write_bytes, write_text


def writable_file(path: Path | None) -> Path | None:
    """Check an option that names a file to write. Raises DataError."""
    if path is not None:
        check_target(path)
    return path


def writable_folder(folder: Path | None) -> Path | None:
    """Check an option that names a folder for files. Raises DataError."""
    if folder is not None:
        check_target(folder / "result")
    return folder


def _writable_json(json_file: str | None) -> str | None:
    if json_file is not None and json_file != "-":
        check_target(Path(json_file))
    return json_file


JsonFile = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE|-",
        help="Write the result as JSON; - prints it, and nothing else.",
        callback=_writable_json,
    ),
]
"""The option of every verb that prints a result."""


def print_result(
    result: Mapping[str, Any],
    text: str,
    json_file: str | None,
    *,
    files: Mapping[Path, str | bytes] | None = None,
) -> None:
    """Print `text`, write `files` (path -> content), and write `result` as JSON to `json_file`.

    "-" prints the JSON instead of the text. The paths of files are printed, and stand in the JSON as "files".
    What can't be written stops nothing else; the first such DataError is raised at the end.
    """
    if json_file != "-":
        typer.echo(text)
    written, faults = [], []
    for path, content in (files or {}).items():
        try:
            write_bytes(path, content if isinstance(content, bytes) else content.encode())
        except DataError as error:
            faults.append(error)
        else:
            written.append(str(path))
    if written and json_file != "-":
        typer.echo("\n".join(written))
    if json_file is not None:
        write_json({**result, "files": written} if files is not None else result, json_file)
    if faults:
        raise faults[0]


def write_json(result: Mapping[str, Any], json_file: str) -> None:
    """Write `result` as JSON to a file, making its folder, or print it for "-". Raises DataError.

    JSON has no numbers that are not finite: they become null.
    """
    document = json.dumps(_finite(result), indent=2, allow_nan=False, default=str)
    if json_file == "-":
        typer.echo(document)
    else:
        write_text(Path(json_file), f"{document}\n")


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {key: _finite(part) for key, part in value.items()}
        case list() | tuple():
            return [_finite(part) for part in value]
    return value
