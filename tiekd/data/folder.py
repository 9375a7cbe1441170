"""The pictures of a folder, for data without a list of frames."""

from __future__ import annotations

import os
from pathlib import Path

from tiekd.errors import DataError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
_NOT_PICTURES = "labels.json"
"""A folder with this file holds teacher labels; see `tiekd.estimators.labels`."""


def list_pictures(root: Path) -> list[str]:
    """Sorted paths, relative to `root`, of all pictures below it, without hidden files and folders of labels.

    Raises DataError when there is no picture.
    """
    found = []
    for folder, below, files in os.walk(root):
        below[:] = [] if _NOT_PICTURES in files else [name for name in below if not name.startswith(".")]
        if _NOT_PICTURES not in files:
            paths = (Path(folder, name) for name in files if not name.startswith("."))
            found += [path.relative_to(root).as_posix() for path in paths if path.suffix.lower() in SUFFIXES]
    if not found:
        raise DataError(
            f"{root} holds no picture.", hint=f"Put {', '.join(sorted(SUFFIXES))} files there or below."
        )
    return sorted(found)
