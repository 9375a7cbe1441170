"""Galleries as a folder of plain files, which any web server can show: the same page, without Python.

index.html, static/                the page
data/galleries.json                what there is
data/listing/ID/0.json, 1.json …   its frames, in pages
data/scores/ID/BOX/METRIC.json     errors of all frames by method, where there is ground truth
data/pictures/ID/METHOD/FRAME.png  depth as 16-bit PNG (metres x 256), or colours
data/pictures/ID/image/FRAME.jpg   photos as they are stored
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from tiekd.assets import asset_root
from tiekd.codecs import png
from tiekd.errors import DataError
from tiekd.files import cannot_write, write_errors
from tiekd.gallery.model import IMAGE_FOLDER, Frame, Gallery
from tiekd.gallery.site_scores import SiteScores

FORMAT = "tiekd site 1"
PAGE = 500
"""Frames in one file of the listing."""
_INDEX = "data/galleries.json"
_READERS = 2

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Written:
    """What an export holds: bytes and files, and pictures that could not be read."""

    n_files: int = 0
    n_bytes: int = 0
    n_broken: int = 0


def export_site(
    galleries: Sequence[Gallery], out: Path, *, force: bool = False, progress: Progress = lambda *_: None
) -> Written:
    """Write the galleries as a static site to `out`, whole or not at all.

    force: replace an earlier export. Raises DataError for a folder that holds anything else.
    """
    folders = [gallery.place for gallery in galleries]
    check_out(out, folders, force=force)
    total = sum(len(gallery.listing.frames) for gallery in galleries)
    with write_errors(out), _arriving(out, folders, force=force) as part:
        _write_page(part)
        written, done = Written(), 0
        summaries: list[dict[str, Any]] = []
        for gallery in galleries:
            scores = SiteScores(gallery)
            for _ in _write_gallery(gallery, part / "data", written, scores):
                done += 1
                progress(done, total)
            summaries.append(gallery.summary() | {"page": PAGE} | scores.summary())
        _write(part / _INDEX, _json({"format": FORMAT, "galleries": summaries}))
        files = [path for path in part.rglob("*") if path.is_file()]
        written.n_files, written.n_bytes = len(files), sum(path.stat().st_size for path in files)
    return written


def check_out(out: Path, folders: Sequence[Path], *, force: bool) -> None:
    """Raise DataError unless `out` may be written: it does not exist, is empty, or `force` may replace it.

    folders: those that are exported. An export in one of them would be shown as results.
    """
    for folder in folders:
        if out.resolve().is_relative_to(folder.resolve()):
            raise DataError(
                f"{out} lies in {folder}, so its pictures would be taken for results.",
                hint="Choose a folder beside it.",
            )
    if not out.exists():
        return
    if not out.is_dir():
        raise DataError(f"{out} is no folder.", hint="Choose another.")
    if not any(out.iterdir()):
        return
    if not _is_export(out):
        raise DataError(
            f"{out} holds other files, which an export would remove.", hint="Choose an empty folder."
        )
    if not force:
        raise DataError(f"{out} holds an earlier export.", hint="--force replaces it.")


def _is_export(folder: Path) -> bool:
    try:
        stated = json.loads((folder / _INDEX).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return isinstance(stated, str) and stated.startswith("tiekd site ")


@contextmanager
def _arriving(out: Path, folders: Sequence[Path], *, force: bool) -> Iterator[Path]:
    """An empty folder beside `out` that takes its place when the block succeeds. Raises OSError."""
    beside = out.absolute()
    part = beside.with_name(f".{beside.name}.{os.getpid()}.part")
    old = beside.with_name(f".{beside.name}.{os.getpid()}.old")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        check_out(out, folders, force=force)
        if out.exists():
            out.replace(old)
        part.replace(beside)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _write_page(folder: Path) -> None:
    """The page itself, with addresses relative to its own."""
    root = asset_root()
    shutil.copytree(root / "static" / "viewer", folder / "static" / "viewer")
    templates = Environment(
        loader=FileSystemLoader(root / "templates"), autoescape=select_autoescape(), trim_blocks=False
    )
    modules = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("static/viewer/**/*.js"))]
    page = templates.get_template("viewer.html").render(
        site="data",
        home="./",
        early=[],
        static_url=lambda name: f"static/{name}",
        program=lambda name: {"address": f"static/{name}", "modules": modules},
    )
    _write(folder / "index.html", page.encode())
    _write(folder / ".nojekyll", b"")  # GitHub Pages then serves names that begin with "_", too.


def _write_gallery(gallery: Gallery, data: Path, written: Written, scores: SiteScores) -> Iterator[Frame]:
    """Write pictures, errors and listing of one gallery; yields each frame that is done."""
    pictures, listing = data / "pictures" / gallery.id, data / "listing" / gallery.id
    frames: list[dict[str, Any]] = []
    with ThreadPoolExecutor(_READERS) as readers:
        for frame in gallery.listing.frames:
            broken = dict(frame.broken)
            named = [method.id for method in gallery.listing.methods]
            shown = [name for name in named if name not in broken and name not in frame.missing]
            faults = readers.map(lambda name, at=frame: _write_picture(gallery, name, at, pictures), shown)
            broken |= {name: fault for name, fault in zip(shown, faults, strict=True) if fault}
            photo = _write_photo(gallery, frame, pictures)
            written.n_broken += len(broken)
            described = replace(frame, broken=broken, photo=frame.photo if photo else None).describe()
            frames.append(described | ({"photo": photo} if photo else {}))
            scores.add(frame.id, readers.map)
            yield frame
    for path, values in scores.files():
        _write(data / "scores" / gallery.id / path, _json(values))
    head = gallery.describe(range(0)) | {"has_images": any("photo" in frame for frame in frames)}
    for number, first in enumerate(range(0, max(len(frames), 1), PAGE)):
        page = head | {"offset": first, "frames": frames[first : first + PAGE]}
        _write(listing / f"{number}.json", _json(page))


def _write_picture(gallery: Gallery, method: str, frame: Frame, folder: Path) -> str:
    """Write a method's picture of a frame; why it could not be read, or ""."""
    try:
        if gallery.method(method).decoder.unit == "rgb":
            data = png.encode_rgb(gallery.rgb(method, frame.id))
        else:
            data = png.encode_grey16(gallery.depth(method, frame.id))
    except DataError as error:
        return f"{error} {error.hint}".strip()
    _write(folder / method / f"{frame.id}.png", data)
    return ""


def _write_photo(gallery: Gallery, frame: Frame, folder: Path) -> str | None:
    """Write the photo of a frame; its path under the folder of photos, or None."""
    if frame.photo is None:
        return None
    name = f"{frame.id}{frame.photo.suffix.lower()}"
    try:
        _write(folder / IMAGE_FOLDER / name, gallery.photo_bytes(frame.id))
    except DataError:
        return None
    return name


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise cannot_write(path, error) from error
