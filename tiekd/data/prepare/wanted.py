"""Files that a list of frames needs: their paths in the published layout and in the official downloads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tiekd.data.frames import Frame, read_split
from tiekd.data.lines import other_endings
from tiekd.errors import DataError

KITTI_DEPTH_ZIP = "data_depth_annotated.zip"
NYU_SYNC_ZIP = "sync.zip"
NYU_LABELLED_FILE = "nyu_depth_v2_labeled.mat"

_DATE = r"\d{4}_\d{2}_\d{2}"
_DRIVE = rf"{_DATE}_drive_\d{{4}}_sync"
_KITTI_IMAGE = re.compile(rf"({_DATE})/((?:{_DRIVE}))/image_0[0-3]/data/\d+\.(?:png|jpe?g)")
_KITTI_DEPTH = re.compile(rf"{_DRIVE}/proj_depth/groundtruth/image_0[23]/\d+\.png")
_NYU = re.compile(r"([^/]+)/(rgb|sync_depth)_(\d+)\.(?:jpg|png)")
# Folders of the official archives, as unpacked or as BTS's scripts arrange them.
_UNPACKED_DEPTH = ("", "train/", "val/")
_UNPACKED_LABELLED = ("", "test/", "train/", "official_splits/test/", "official_splits/train/")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file that a list needs.

    frame: path of the frame's picture in the list. target: path below the root of the data set. names:
    possible paths of the file, below a folder of downloads or inside `archive`. archive: name of the official
    archive. is_depth: whether it is a depth map, not a picture. index: number of a labelled frame of NYU.
    """

    frame: str
    target: str
    names: tuple[str, ...]
    archive: str
    is_depth: bool
    index: int | None = None

    @property
    def scene(self) -> str:
        """The first folder of the path, which is the scene in NYU."""
        return self.target.split("/")[0]


def wanted_of_kitti(frame: Frame) -> list[Wanted]:
    """The files of a KITTI frame. Raises DataError for names that are not the official ones."""
    found = _KITTI_IMAGE.fullmatch(frame.image)
    if not found or (frame.depth and not _KITTI_DEPTH.fullmatch(frame.depth)):
        raise _misnamed(
            frame,
            found is not None,
            "<date>/<drive>_sync/image_02/data/N.png <drive>_sync/proj_depth/groundtruth/image_02/N.png",
        )
    date, drive = found.groups()
    # People convert the drives to .jpg, which take a tenth of the room. Lists may have either ending.
    endings = (frame.image, *other_endings(frame.image))
    names = tuple(name for image in endings for name in (image, image.removeprefix(f"{date}/")))
    files = [Wanted(frame.image, f"input/{frame.image}", names, f"{drive}.zip", is_depth=False)]
    if frame.depth:
        folders = ("", KITTI_DEPTH_ZIP.removesuffix(".zip") + "/")
        places = tuple(f"{top}{part}{frame.depth}" for top in folders for part in _UNPACKED_DEPTH)
        files.append(Wanted(frame.image, f"gt_depth/{frame.depth}", places, KITTI_DEPTH_ZIP, is_depth=True))
    return files


def wanted_of_nyu(frame: Frame) -> list[Wanted]:
    """The files of a frame of NYU Depth v2. Raises DataError for names of another form.

    A scene with a digit in its name (kitchen_0028b) is a folder of the training set. A scene without a digit
    (kitchen) is a type of scene; the number in the file's name then counts the labelled frames from 0.
    """
    files = []
    for path, layer in ((frame.image, "rgb"), (frame.depth, "sync_depth")):
        if path is None:
            continue
        found = _NYU.fullmatch(path)
        if not found or found[2] != layer:
            raise _misnamed(frame, layer == "sync_depth", "<scene>/rgb_N.jpg <scene>/sync_depth_N.png")
        scene, _, number = found.groups()
        labelled = not any(letter.isdigit() for letter in scene)
        tops = _UNPACKED_LABELLED if labelled else ("", "sync/")
        files.append(
            Wanted(
                frame.image,
                path,
                tuple(top + path for top in tops),
                NYU_LABELLED_FILE if labelled else NYU_SYNC_ZIP,
                is_depth=layer == "sync_depth",
                index=int(number) if labelled else None,
            )
        )
    return files


def archive_of(kind: str, path: str) -> str | None:
    """Name of the official archive that holds `path`, a path in a split of KITTI or NYU; None if unknown."""
    if kind == "kitti":
        image = _KITTI_IMAGE.fullmatch(path)
        return f"{image[2]}.zip" if image else KITTI_DEPTH_ZIP if _KITTI_DEPTH.fullmatch(path) else None
    if kind == "nyu" and (found := _NYU.fullmatch(path)):
        return NYU_SYNC_ZIP if any(letter.isdigit() for letter in found[1]) else NYU_LABELLED_FILE
    return None


def as_found(wanted: Wanted, stored_as: str | None, root: Path) -> Wanted:
    """The file with the ending that it has in the downloads (`stored_as`), or in `root` from before."""
    targets = (wanted.target, *other_endings(wanted.target))
    suffix = Path(stored_as).suffix if stored_as else None
    fitting = (target for target in targets if suffix in (None, Path(target).suffix))
    if suffix is None:
        fitting = (target for target in targets if (root / target).is_file())
    return replace(wanted, target=next(fitting, wanted.target))


def read_wanted(splits: Iterable[Path], files_of: Callable[[Frame], list[Wanted]]) -> list[Wanted]:
    """All files that the lists need, without duplicates. Raises DataError for a list that cannot be read."""
    wanted: dict[str, Wanted] = {}
    for split in splits:
        for frame in read_split(split):
            for file in files_of(frame):
                wanted.setdefault(file.target, file)
    return list(wanted.values())


def _misnamed(frame: Frame, depth_is_wrong: bool, form: str) -> DataError:
    wrong = frame.depth if depth_is_wrong else frame.image
    return DataError(f"The list names {wrong}, which no official download holds.", hint=f"A line is: {form}")
