"""The data sets: one entry for each, and one for each layout of files, from which everything else follows.

`--data`, the checks of stored depth, recipes, protocols, `tiekd reproduce` and the tables of the zoo read
from here. To add a data set, add an entry, and a layout if its files lie in a new way; see CONTRIBUTING.md.
`tiekd.data` reads the files. Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KITTI_FOCAL_PX = 721.5377
"""Focal length of KITTI's left colour camera at 1242x375 pixels. Networks are trained for it by default."""


@dataclass(frozen=True, slots=True)
class Plausible:
    """Depth in metres that files may hold: median of a file, median of those medians, maximum."""

    median_m: tuple[float, float]
    typical_m: tuple[float, float]
    max_m: float


@dataclass(frozen=True, slots=True)
class Layout:
    """How files lie below the ROOT of `--data KIND:ROOT`; KIND is the layout's name. Depth is in 16-bit PNG.

    title: what people call such data. picture: where one picture lies, for messages. image_folder,
    depth_folder: what the paths of a split start from. depth_scale: stored integers per metre. network_crop:
    what the published protocol shows a network. focal_px: in pixels, for frames of which a split gives none.
    max_pixels: larger pictures are scaled down to this before they are labelled and learned from.
    needs_split: whether a list must name the frames; otherwise all pictures below ROOT are taken without one.
    recording: pattern whose group is the part of a picture's path that names its recording (a drive, a
    scene), of which all frames look alike. Pictures that it does not match are recordings of their own.
    redundant: regular expression of the parts of paths that say nothing about which frame it is; the names of
    published results leave them out.
    """

    title: str
    picture: str
    plausible: Plausible
    image_folder: str = ""
    depth_folder: str = ""
    depth_scale: float = 256.0
    network_crop: Literal["kb", "none"] = "none"
    focal_px: float | None = None
    max_pixels: int | None = None
    needs_split: bool = True
    recording: str = r"(.*)/"
    redundant: str = ""


LAYOUTS: dict[str, Layout] = {
    "kitti": Layout(
        title="KITTI",
        picture="input/<date>/<drive>/image_02/data/N.png",
        # 64 laser rings from a car's roof; rendered streets are dense up to 255 m.
        plausible=Plausible(median_m=(1.0, 60.0), typical_m=(2.0, 25.0), max_m=256.0),
        image_folder="input",
        depth_folder="gt_depth",
        network_crop="kb",
        focal_px=KITTI_FOCAL_PX,
        recording=r"[^/]+/([^/]+)/",
        redundant=r"\d{4}_\d\d_\d\d|image_\d\d|data|proj_depth|groundtruth",
    ),
    "nyu": Layout(
        title="NYU Depth v2",
        picture="<scene>/rgb_N.jpg",
        # Rooms, by a sensor that sees from 0.4 to 10 m.
        plausible=Plausible(median_m=(0.3, 10.0), typical_m=(1.0, 6.0), max_m=15.0),
        depth_scale=1000.0,
        focal_px=518.8579,
        # basement_0001a and basement_0001b are parts of one scene.
        recording=r"([^/]+?)(?:(?<=\d)[a-z])?/",
    ),
    "folder": Layout(
        title="a folder of pictures",
        picture="any/path/N.jpg",
        plausible=Plausible(median_m=(0.02, 80.0), typical_m=(0.02, 60.0), max_m=256.0),
        # Phones take forty times as many pixels.
        max_pixels=640 * 480,
        needs_split=False,
    ),
}
"""Name -> layout. `tiekd.data.frames.open_source` opens them."""


@dataclass(frozen=True, slots=True)
class Split:
    """A list of frames. n_with_truth: those with ground truth, where it is not all of them."""

    file: str
    n_frames: int
    n_with_truth: int | None = None

    @property
    def n_scored(self) -> int:
        """The frames that an evaluation can score."""
        return self.n_frames if self.n_with_truth is None else self.n_with_truth

    @property
    def counted(self) -> str:
        """The number of lines and of frames with ground truth, in words."""
        lines = f"{self.n_frames} lines"
        return lines if self.n_with_truth is None else f"{lines}, {self.n_with_truth} with ground truth"


@dataclass(frozen=True, slots=True)
class Published:
    """Numbers that the authors publish on a data set.

    protocol: name of the protocol in `tiekd.evaluate` that gives such numbers. frames, how: the scored frames
    and the way of scoring, in words. page: address of the numbers.
    """

    protocol: str
    frames: str
    how: str
    page: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """One data set. Recipes, cards and rows of the zoo use its name.

    layout: layout of its files, a name in LAYOUTS. min_depth_m, max_depth_m: range of depths of its networks,
    inside which ground truth counts. files: content of ROOT, in words. test_list: usual name of the test
    split. made_by: the command that makes all this, if there is one. own_recipes: whether its rows have
    recipes of their own; the published recipes then leave these rows out.
    """

    title: str
    layout: str
    min_depth_m: float
    max_depth_m: float
    train: Split
    test: Split
    files: str
    test_list: str
    made_by: str = ""
    published: Published | None = None
    own_recipes: bool = False

    @property
    def needs(self) -> str:
        """What an evaluation on the test split needs, in words."""
        made_by = f"; {self.made_by}" if self.made_by else ""
        return f"{self.files}, and {self.test_list} ({self.test.counted}) as the split{made_by}"


_AUTHORS = "https://github.com/HPC-Lab-KOREATECH/TIE-KD#results-and-models-for"
DATASETS: dict[str, Dataset] = {
    "kitti": Dataset(
        title="KITTI",
        layout="kitti",
        min_depth_m=1e-3,
        max_depth_m=80.0,
        train=Split("kitti_eigen_train.txt", 23_158),
        test=Split("kitti_eigen_test.txt", 697, 652),
        files="KITTI under ROOT: the pictures as ROOT/input/<date>/<drive>/image_02/data/N.png, the official "
        "ground truth as ROOT/gt_depth/<drive>/proj_depth/groundtruth/image_02/N.png",
        test_list="the Eigen test list",
        made_by="`tiekd data prepare kitti` makes it from the official downloads (docs/data.md)",
        published=Published(
            protocol="kitti-tiekd",
            frames="Eigen test split",
            how="on the 352x1216 crop with the garg box, flip test",
            page=f"{_AUTHORS}-kitti",
        ),
    ),
    "nyu": Dataset(
        title="NYU",
        layout="nyu",
        min_depth_m=1e-3,
        max_depth_m=10.0,
        train=Split("nyu_train.txt", 24_231),
        test=Split("nyu_test.txt", 654),
        files="NYU Depth v2 under ROOT: ROOT/<scene>/rgb_N.jpg beside ROOT/<scene>/sync_depth_N.png "
        "(millimetres)",
        test_list="the test list",
        made_by="`tiekd data prepare nyu` makes it from the downloads (docs/data.md)",
        published=Published(
            protocol="nyu", frames="NYU test split", how="eigen box, flip test", page=f"{_AUTHORS}-nyu"
        ),
    ),
    "demo": Dataset(
        title="Synthetic street",
        layout="kitti",
        min_depth_m=1e-3,
        max_depth_m=80.0,
        train=Split("train.txt", 2700),
        test=Split("test.txt", 160),
        files="the street world under ROOT, as `tiekd data synth --out ROOT --frames 3000 --seed 21` renders "
        "it",
        test_list="its test.txt",
        own_recipes=True,
    ),
}
"""Name -> data set, with the counts of docs/method.md §10.1. Any other name is a user's own data."""
DEFAULT, DEMO = "kitti", "demo"
"""The data set of a network that states none, and that of the weights in this repository."""


def has_own_layout(name: str) -> bool:
    """Whether a data set has a layout of its own name. Others use the layout of another data set."""
    return name in DATASETS and DATASETS[name].layout == name


def usual_focal_px(dataset: object) -> float | None:
    """The focal length in pixels of a data set's layout, None where it has none and for people's own data."""
    entry = DATASETS.get(dataset) if isinstance(dataset, str) else None
    return LAYOUTS[entry.layout].focal_px if entry else None


def usual_ranges() -> str:
    """The depth ranges of the published data sets, in words."""
    published = [entry for entry in DATASETS.values() if entry.published]
    ranges = [f"{entry.title} uses {entry.min_depth_m:g}..{entry.max_depth_m:g} m" for entry in published]
    return f"{', '.join(ranges)}."
