"""The photos of a folder of results: which there are, and which are turned by their EXIF orientation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image

from tiekd.codecs.orientation import swaps_sides, upright_by
from tiekd.files import open_regular
from tiekd.gallery.files import Folder, endings, left_out, named
from tiekd.gallery.layout import Parts
from tiekd.gallery.model import IMAGE_FOLDER, Frame
from tiekd.gallery.walk import PICTURE_SUFFIXES, Boundary, Found, fault_of, walk

_NOT_SHOWN = {".tif": "TIFF", ".tiff": "TIFF", ".heic": "HEIC", ".heif": "HEIC"}


def read_photos(parts: Parts, boundary: Boundary) -> Folder:
    """The photos of a gallery, which lie in folders of their own. None if there is no such folder."""
    folder = Folder(IMAGE_FOLDER)
    found = Found()
    for prefix, path in parts:
        if path.is_dir():
            walk(path, boundary, prefix=prefix, found=found)
    folder.times = found.times
    for stem, _, file in named(found, PICTURE_SUFFIXES):
        if not (boundary.fault(file) if file in found.links else fault_of(file)):
            folder.pictures.setdefault(stem, file)
    kinds = Counter(_NOT_SHOWN[ending] for ending in endings(found, folder.pictures) if ending in _NOT_SHOWN)
    unshown = [f"{kinds[kind]} × {kind}: browsers don't show it, save JPEG or PNG." for kind in sorted(kinds)]
    folder.note = " ".join([*left_out(found, boundary), *unshown])
    return folder


def turned_note(frames: Sequence[Frame]) -> str:
    """Which photos a browser turns by their EXIF orientation, unless the depth has the size of what it shows.

    Programs differ in whether they turn a photo before they predict its depth.
    """
    turned = [frame.photo.name for frame in frames if frame.photo and _may_not_fit(frame, frame.photo)]
    if not turned:
        return ""
    return (
        f"Turned by their EXIF orientation: {len(turned)}, like {turned[0]}. "
        "See whether the depth of these frames is turned too."
    )


def _may_not_fit(frame: Frame, photo: Path) -> bool:
    try:
        turn = _turn(photo, photo.stat().st_mtime_ns)
    except OSError:
        return False
    if turn is None or not turn[0]:
        return turn is not None
    _, width, height = turn
    sides = (width - height) * (frame.width - frame.height)
    return sides <= 0


@lru_cache(maxsize=65536)
def _turn(photo: Path, _mtime_ns: int) -> tuple[bool, int, int] | None:
    """Whether a photo's sides change places, and its upright width and height. None: it is not turned."""
    try:
        with open_regular(photo) as file, Image.open(file) as image:
            method = upright_by(image)
            swapped = swaps_sides(method)
            size = image.size[::-1] if swapped else image.size
    except Exception:  # Pillow raises many types for damaged files, which the page tells when it shows them.
        return None
    return None if method is None else (swapped, *size)
