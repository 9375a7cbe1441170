"""Opens any folder of `METHOD/FRAME.png` as a gallery, so that users can look at their own results.

16-bit PNG (with a declared scale), arrays, float TIFF and PFM are depth in metres. Folders of the published
viewer, which the zoo names, and folders that are declared hold pictures in magma_r; they are decoded to
metres. Other pictures stay colours. Photos are in the folder `image`. docs/results.md has the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from tiekd.codecs import png16
from tiekd.codecs.depth_names import says_inverse
from tiekd.errors import DataError
from tiekd.gallery.declared import NOTHING, Declared
from tiekd.gallery.decoders import KIND_WORDS, Kind, form_of
from tiekd.gallery.files import Folder, read_folder
from tiekd.gallery.known import Known
from tiekd.gallery.labels import method_label
from tiekd.gallery.layout import layout_of
from tiekd.gallery.model import IMAGE_FOLDER, Frame, Gallery, LazyFrames, Listing, natural_key, version_of
from tiekd.gallery.model import shown as shown_of
from tiekd.gallery.names import frames_of
from tiekd.gallery.photos import read_photos, turned_note
from tiekd.gallery.stored import Method, Stored, method_of
from tiekd.gallery.walk import Boundary, legible
from tiekd.methods import FAMILIES, GROUND_TRUTH, METHODS, OTHER
from tiekd.types import DepthRange
from tiekd.zoo import Zoo, read_zoo

_MOST_PREVIEWS = 4
"""Programs write up to so many pictures beside an array."""
GROUND_TRUTH_FOLDERS = frozenset(
    {"ground_truth", "groundtruth", "gt", "gt_depth"}
    | {"groundtruth_depth", "velodyne_raw", "data_depth_annotated", "data_depth_velodyne"}
)


@dataclass(frozen=True, slots=True)
class ResultsOptions:
    """How to read a folder of results.

    depth_scale: stored number of one metre in 16-bit PNG and other whole numbers. depth_range: range of the
    viewer's colours. declared: folder -> how it is read. follow_links: serve what links out of the folder
    lead to.
    """

    depth_scale: float = png16.DEPTH_SCALE
    depth_range: DepthRange = field(default_factory=lambda: DepthRange(1e-3, 80.0))
    declared: Mapping[str, Declared] = field(default_factory=dict)
    follow_links: bool = False


@dataclass(slots=True)
class _Column:
    """A method with its files: frame id -> file, and what their headers say."""

    method: Method
    files: dict[str, Path]
    found: Folder


def open_results(
    folder: Path,
    options: ResultsOptions | None = None,
    *,
    gallery_id: str = "",
    known: Known | None = None,
    quick: bool = False,
) -> Gallery:
    """Open a folder of results. Frames list different sizes, missing files and damaged files as faults.

    What is in the folder and can't be shown is listed with the reason. known: what was found out before of
    its files; only the others are opened. quick: open only a few files of each method now, and those of a
    frame when somebody asks for it; what a method's folder holds is then a guess.

    Raises DataError if the folder does not exist or holds no METHOD/FRAME.png.
    """
    known = known or Known()
    chosen = options or ResultsOptions()
    boundary = Boundary.around(folder, follow_links=chosen.follow_links)
    layout = layout_of(folder, boundary)
    photos = read_photos(layout.photos, boundary)
    found = [read_folder(name, parts, boundary, known, quick=quick) for name, parts in layout.methods.items()]
    left_out = {one.name: one.note for one in (photos, *found) if one.note}
    for name, reason in layout.left_out.items():
        _add(left_out, name, reason)
    shown = [one for one in found if any(one.kinds)]
    if not shown:
        told = "".join(f" {name}: {reason}" for name, reason in left_out.items())
        raise DataError(
            f"{folder} holds no METHOD/FRAME.png.{told}",
            hint="It needs one folder per method, with pictures of the same names in each.",
        )
    columns, photo_of = _columns(shown, photos, chosen, left_out)
    frame_ids = sorted({frame for column in columns for frame in column.files}, key=natural_key)
    make = partial(_frame, columns=columns, photo_of=photo_of, boundary=boundary, known=known, quick=quick)
    frames = LazyFrames(frame_ids, make) if quick else tuple(map(make, frame_ids))
    _add(left_out, IMAGE_FOLDER, "" if quick else turned_note(frames))
    files = {column.method.id: _relative(column.files, folder) for column in columns}
    times = layout.times
    for one in (photos, *found):
        times |= one.times
    title = title_of(folder)
    methods = [column.method for column in columns]
    hidden = tuple(method for method in methods if method.hidden)
    listing = Listing(chosen.depth_range, shown_of(methods), frames, left_out, hidden)
    return Gallery(gallery_id or title, title, listing, files, boundary=boundary, times=times)


def title_of(folder: Path) -> str:
    """What a folder of results is called."""
    return legible(folder.resolve().name) or "results"


def _relative(files: Mapping[str, Path], folder: Path) -> dict[str, str]:
    start = len(str(folder / "x")) - 1
    return {frame: str(path)[start:] for frame, path in files.items()}


def _columns(
    shown: Sequence[Folder], photos: Folder, options: ResultsOptions, left_out: dict[str, str]
) -> tuple[list[_Column], dict[str, Path]]:
    """The methods in the order of the viewer, and the photo of each frame. Adds to `left_out`."""
    groups = [photos.pictures, *(files for one in shown for files in one.kinds)]
    frame_of = frames_of(groups)
    photo_of, *by_frame = (
        {frame: files[name] for name, frame in frames.items()}
        for files, frames in zip(groups, frame_of, strict=True)
    )
    zoo, columns, known = read_zoo(), [], set(photo_of)
    beside: dict[str, dict[str, Path]] = {}
    for place, one in enumerate(shown):
        arrays, grey16, pictures = by_frame[3 * place : 3 * place + 3]
        # Where a frame has several, the picture is a preview of the depth, and the 16 bits of the array.
        depth = grey16 | arrays
        other_pictures = len(pictures.keys() - depth)
        holds_depth = bool(depth) and other_pictures <= max(len(depth), _MOST_PREVIEWS * len(arrays))
        files = depth if holds_depth else depth | pictures
        of_arrays, of_grey16, of_pictures = frame_of[3 * place + 1 : 3 * place + 4]
        names = of_arrays | of_grey16 | ({} if holds_depth else of_pictures)
        stored = _stored(one, files, names, zoo)
        if holds_depth:
            stored = replace(stored, kind="depth", scale=options.depth_scale)
            beside[one.name] = {frame: path for frame, path in pictures.items() if frame not in depth}
        columns.append(
            _Column(method_of(one.name, stored, options.declared.get(one.name, NOTHING)), files, one)
        )
        known |= files.keys()
    for column in columns:
        others = beside.get(column.method.id, {})
        column.files |= {frame: path for frame, path in others.items() if frame in known}
        if strange := sorted(others.keys() - known):
            count = "" if len(strange) == 1 else f"{len(strange)}, like "
            advice = "" if photo_of else f" Photos belong in a folder {IMAGE_FOLDER} beside the methods."
            said = f"Not shown without depth: {count}{others[strange[0]].name}.{advice}"
            _add(left_out, column.method.id, said)
    return sorted(columns, key=lambda column: _order(column.method, zoo)), photo_of


def _add(left_out: dict[str, str], name: str, sentence: str) -> None:
    if sentence:
        left_out[name] = f"{left_out.get(name, '')} {sentence}".strip()


def _stored(found: Folder, files: Mapping[str, Path], frame_of: Mapping[str, str], zoo: Zoo) -> Stored:
    """What a folder holds that shows `files`. `frame_of`: the frame that each of its names stands for."""
    row = zoo.by_viewer_folder().get(found.name)
    known = row or next((other for other in zoo if other.name == found.name), None)
    counted = Counter((path.suffix, found.probes[path].kind) for path in files.values())
    kinds, forms = Counter[Kind | None](), Counter[str]()
    for (suffix, kind), count in counted.items():
        kinds[kind] += count
        forms[form_of(suffix, kind)] += count
    truth = found.name.casefold() in GROUND_TRUTH_FOLDERS
    return Stored(
        "pictures",
        label=method_label(known) if known else found.name,
        family=METHODS[known.method].family if known else GROUND_TRUTH if truth else OTHER,
        model=known.name if known else None,
        forms=forms,
        span=row.depth_range if row and kinds["color"] >= kinds["grey8"] else None,
        inverse=says_inverse(found.name) or all(map(says_inverse, frame_of)),
        renamed=next(((name, frame) for name, frame in frame_of.items() if name != frame), None),
    )


def _order(method: Method, zoo: Zoo) -> tuple[int, int, list[tuple[int, int, str]]]:
    names = zoo.names()
    place = names.index(method.model) if method.model else len(names)
    return FAMILIES.index(method.family), place, natural_key(method.id)


def _frame(
    frame: str,
    columns: Sequence[_Column],
    photo_of: Mapping[str, Path],
    boundary: Boundary,
    known: Known,
    *,
    quick: bool,
) -> Frame:
    having = [column for column in columns if frame in column.files]
    probes = {}
    for column in having:
        path = column.files[frame]
        inside = boundary if path in column.found.links else None
        probes[column.method.id] = known.probe(path, inside) if quick else column.found.probes[path]
    width, height = _usual([seen.size for seen in probes.values() if seen.kind])
    sizes: dict[str, tuple[int, int]] = {}
    broken: dict[str, str] = {}
    for method, path in ((column.method, column.files[frame]) for column in having):
        seen = probes[method.id]
        if path.suffix.lower() == ".npz":  # The frame's size tells its arrays apart.
            seen = known.probe(path, boundary, shape=(height, width))
        if seen.fault or seen.kind is None:
            broken[method.id] = seen.fault
        elif seen.kind not in method.decoder.kinds:
            broken[method.id] = f"{path.name} is {KIND_WORDS[seen.kind]}, unlike the others of {method.id}."
        elif seen.size != (width, height):
            sizes[method.id] = seen.size
    missing = tuple(column.method.id for column in columns if frame not in column.files)
    photo = photo_of.get(frame)
    paths = [column.files[frame] for column in having]
    version = version_of([*paths, photo] if photo else paths)
    return Frame(frame, frame, width, height, photo, missing, broken, sizes, version)


def _usual(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    counted = Counter(sizes)
    return max(counted, key=lambda size: (counted[size], size), default=(0, 0))
