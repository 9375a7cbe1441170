"""Says in plain words why a file can't be read, by its size and its first bytes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tiekd.files import open_regular

_LOOKED_AT = 64
_FORMATS: Mapping[str, tuple[bytes, ...]] = {
    "PNG": (b"\x89PNG",),
    "JPEG": (b"\xff\xd8\xff",),
    "WebP": (b"RIFF",),
    "BMP": (b"BM",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0"),
    "NumPy array": (b"\x93NUMPY",),
    "NumPy archive": (b"PK",),
    "PFM": (b"Pf", b"PF"),
    "page of HTML": (b"<!doctype", b"<!DOCTYPE", b"<html"),
    "pointer of Git LFS, not the file itself": (b"version https://git-lfs",),
}
"""Format -> how its files begin."""
_BY_ENDING = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WebP", ".bmp": "BMP", ".tif": "TIFF",
    ".tiff": "TIFF", ".npy": "NumPy array", ".npz": "NumPy archive", ".pfm": "PFM",
}  # fmt: skip


def damage_of(path: Path) -> str:
    """What is wrong with a file that a reader has refused, as the end of a sentence: `it is empty`."""
    head = b""
    with suppress(OSError), open_regular(path) as file:
        head = file.read(_LOOKED_AT)
    return damage(head, path.suffix)


def damage(head: bytes, ending: str) -> str:
    """What is wrong with a file of this ending that begins like this."""
    wanted = _BY_ENDING.get(ending.lower(), "file of its kind")
    if not head:
        return "it is empty"
    found = next((name for name, starts in _FORMATS.items() if head.startswith(starts)), None)
    if found == wanted:
        return "it is cut off or damaged"
    return f"it is a {found}, in spite of its name" if found else f"it is no {wanted}, in spite of its name"
