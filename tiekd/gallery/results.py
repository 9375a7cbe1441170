"""Opens any folder of `METHOD/FRAME.png` as a gallery, so that users can look at their own results.

16-bit PNG (with a declared scale) and .npy/.npz are depth in metres. Folders of the published viewer, which
the zoo names, and folders that are declared hold pictures in magma_r; they are decoded to metres. Other
pictures stay colours. Photos are in the folder `image`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tiekd.codecs import png16
from tiekd.codecs.depth_file import SUFFIXES
from tiekd.errors import DataError
from tiekd.gallery.decoders import (
    KIND_WORDS,
    PICTURE_SUFFIXES,
    Decoder,
    Grey16Decoder,
    MagmaDecoder,
    PictureDecoder,
    Probe,
    probe,
)
from tiekd.gallery.labels import method_label
from tiekd.gallery.model import (
    IMAGE_FOLDER,
    Frame,
    Gallery,
    Listing,
    Method,
    natural_key,
)
from tiekd.methods import FAMILIES, GROUND_TRUTH, METHODS, OTHER
from tiekd.types import DepthRange
from tiekd.zoo import Zoo, read_zoo

GROUND_TRUTH_FOLDERS = frozenset({"ground_truth", "groundtruth", "gt", "gt_depth"})


@dataclass(frozen=True, slots=True)
class ResultsOptions:
    """How to read a folder of results.

    depth_scale: stored integers per metre in 16-bit PNG. depth_range: range of the viewer's colours.
    magma_ranges: folder -> range in metres of its magma_r pictures.
    """

    depth_scale: float = png16.DEPTH_SCALE
    depth_range: DepthRange = field(default_factory=lambda: DepthRange(1e-3, 80.0))
    magma_ranges: Mapping[str, DepthRange] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Folder:
    """The folder of one method: frame id -> file and its probe."""

    name: str
    files: dict[str, Path]
    probes: dict[str, Probe]


def open_results(folder: Path, options: ResultsOptions | None = None, *, gallery_id: str = "") -> Gallery:
    """Open a folder of results. Frames list different sizes, missing files and damaged files as faults.

    Raises DataError if the folder does not exist or holds no METHOD/FRAME.png.
    """
    chosen = options or ResultsOptions()
    folders = [_scan(path) for path in _subfolders(folder) if path.name != IMAGE_FOLDER]
    folders = [found for found in folders if found.files]
    if not folders:
        raise DataError(
            f"{folder} holds no METHOD/FRAME.png.",
            hint="It needs one folder per method, with pictures of the same names in each.",
        )
    zoo = read_zoo()
    pairs = [(_method(found, chosen, zoo), found) for found in folders]
    pairs.sort(key=lambda pair: _order(pair[0], zoo))
    methods = tuple(method for method, _ in pairs)
    files = {(found.name, frame): path for found in folders for frame, path in found.files.items()}
    photos = _scan(folder / IMAGE_FOLDER).files if (folder / IMAGE_FOLDER).is_dir() else {}
    frame_ids = sorted({frame for found in folders for frame in found.files}, key=natural_key)
    frames = tuple(_frame(frame, pairs, photos.get(frame)) for frame in frame_ids)
    title = folder.resolve().name or "results"
    return Gallery(gallery_id or title, title, Listing(chosen.depth_range, methods, frames), files)


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda p: natural_key(p.name))
    except OSError as error:
        raise DataError(f"Can't read {folder}: {error.strerror}.", hint="Check the path.") from error


def _scan(folder: Path) -> _Folder:
    files: dict[str, Path] = {}
    shown = (*PICTURE_SUFFIXES, *(ending for ending in SUFFIXES if ending not in PICTURE_SUFFIXES))
    found = [path for path in folder.glob("*") if path.suffix.lower() in shown and path.name[0] != "."]
    for path in sorted(found, key=lambda path: (shown.index(path.suffix.lower()), path.name)):
        files.setdefault(path.stem, path)
    return _Folder(folder.name, files, {frame: probe(path) for frame, path in files.items()})


def _method(found: _Folder, options: ResultsOptions, zoo: Zoo) -> Method:
    row = zoo.by_viewer_folder().get(found.name)
    known = row or next((other for other in zoo if other.name == found.name), None)
    kinds = Counter(seen.kind for seen in found.probes.values() if seen.kind)
    span = options.magma_ranges.get(found.name) or (row.depth_range if row else None)
    decoder: Decoder = PictureDecoder()
    if kinds["grey16"] + kinds["array"] >= max(1, kinds["color"] + kinds["grey8"]):
        decoder = Grey16Decoder(options.depth_scale)
    elif span and kinds["color"] >= kinds["grey8"]:
        decoder = MagmaDecoder(span)
    if known:
        return Method(found.name, method_label(known), METHODS[known.method].family, known.name, decoder)
    truth = found.name.casefold() in GROUND_TRUTH_FOLDERS
    return Method(found.name, found.name, GROUND_TRUTH if truth else OTHER, None, decoder)


def _order(method: Method, zoo: Zoo) -> tuple[int, int, list[tuple[int, int, str]]]:
    names = zoo.names()
    place = names.index(method.model) if method.model else len(names)
    return FAMILIES.index(method.family), place, natural_key(method.id)


def _frame(frame: str, pairs: list[tuple[Method, _Folder]], photo: Path | None) -> Frame:
    sizes: dict[str, tuple[int, int]] = {}
    missing, broken = [], {}
    for method, found in pairs:
        if frame not in found.files:
            missing.append(method.id)
            continue
        seen = found.probes[frame]
        if seen.fault or seen.kind is None:
            broken[method.id] = seen.fault
        elif seen.kind not in method.decoder.kinds:
            name = found.files[frame].name
            broken[method.id] = f"{name} is {KIND_WORDS[seen.kind]}, unlike the others of {method.id}."
        else:
            sizes[method.id] = seen.size
    counted = Counter(sizes.values())
    size = max(counted, key=lambda size: (counted[size], size), default=(0, 0))
    others = {method: other for method, other in sizes.items() if other != size}
    return Frame(frame, frame, size[0], size[1], photo, tuple(missing), broken, others)
