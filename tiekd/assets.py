"""Finds the files that belong to the project but are not Python: `static/`, `templates/` and `models/`."""

from __future__ import annotations

from pathlib import Path


def asset_root() -> Path:
    """The folder with `static/`, `templates/` and `models/`: inside an installed wheel, or the repository."""
    package = Path(__file__).resolve().parent
    installed = package / "_assets"
    return installed if installed.is_dir() else package.parent
