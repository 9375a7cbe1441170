"""The JSON bodies of galleries and of the links that name a configuration; see schemas.py."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from server.http.schemas import Absent, Body, Family, Span, Words


class GallerySummary(Body):
    """One gallery in the list of galleries."""

    id: str = Field(examples=["demo"])
    title: str
    n_frames: int
    methods: list[str]


class GalleryList(Body):
    """The answer of /api/galleries."""

    galleries: list[GallerySummary]


class GalleryMethod(Body):
    """One method of a gallery."""

    id: str = Field(examples=["ground_truth"])
    label: str = Field(examples=["Ground truth"])
    family: Family
    model: str | None = Field(description="the row of the zoo that it comes from")
    unit: Literal["m", "rgb"] = Field(description="m: depth in metres; rgb: colours that hold no depth")
    precision_m: float | None = Field(description="largest error of the stored depth")
    saturated_m: float | None = Field(description='from here on the depth only says "at least"')
    read_as: str | Absent = Field(default=None, description="what the request declares of it with `as`")


class GalleryFrame(Body):
    """One frame of a gallery."""

    id: str = Field(examples=["0000"], description="may hold slashes, for a frame in a sub-folder")
    title: str
    width: int = Field(description="pixels")
    height: int = Field(description="pixels")
    has_image: bool = Field(description="there is a photo of it")
    missing: list[str] | Absent = Field(default=None, description="methods without this frame")
    broken: dict[str, str] | Absent = Field(default=None, description="method: what is wrong with its file")
    sizes: dict[str, tuple[int, int]] | Absent = Field(
        default=None, description="method: [width, height], where it differs from the frame's"
    )
    version: str = Field(description="changes when one of its files does", examples=["3f0c1a77"])


class Scan(Body):
    """How far the server is with reading the files of a gallery."""

    read: int = Field(description="files that have been looked at")
    files: int = Field(description="files that there are")


class SourceForm(Body):
    """How many files of a folder have one format."""

    form: str = Field(examples=["16-bit PNG"])
    files: int


class GallerySource(Body):
    """What a folder of a gallery was taken for."""

    name: str = Field(examples=["ground_truth"])
    label: str
    family: Family
    kind: Literal["depth", "pictures"]
    forms: list[SourceForm]
    reading: Words = Field(description="how it becomes metres", examples=["metres = number ÷ 256"])
    declared: Words = Field(description="what is declared of it", examples=["scale=1000"])
    truth: bool = Field(description="it is ground truth")
    scale: float | Absent = Field(default=None, description="stored number of one metre, if whole")
    renamed: tuple[Words, Words] | Absent = Field(
        default=None, description="a file's name, and the frame that it was taken for"
    )
    hidden: Words | Absent = Field(default=None, description="why it is not shown")
    note: Words | Absent = Field(default=None, description="what of it could not be read")


class GallerySources(Body):
    """The answer of /api/galleries/{gallery_id}/sources."""

    sources: list[GallerySource]


class SeenValues(Body):
    """The values in a few frames of a folder."""

    name: str
    n_frames: int = Field(description="that the folder has")
    looked_at: int = Field(description="frames whose values these are")
    numbers: tuple[float, float] | Absent = Field(
        default=None, description="least and greatest number in the files, without those that mean no data"
    )
    metres: tuple[float, float, float] | Absent = Field(
        default=None, description="least, middle and greatest depth"
    )
    none: float | Absent = Field(default=None, description="share of the pixels without depth")
    beyond: float | Absent = Field(default=None, description="share of the depth from 255.996 m on")
    fault: Words | Absent = Field(default=None, description="why a frame can't be read")


class ConfigLanding(Body):
    """The answer of /api/configs/{name}."""

    query: str = Field(description="of the page's address", examples=["?gallery=results&targets=A*B&diff=2"])
    notes: list[Words] = Field(description="what of the configuration and the link it can't hold")


class LeftOut(Body):
    """A folder of a gallery that is not shown, or not all of it."""

    name: str = Field(examples=["midas"])
    reason: str = Field(examples=["It holds no files."])


class GalleryBody(Body):
    """The answer of /api/galleries/{gallery_id}."""

    id: str
    title: str
    depth_range: Span
    methods: list[GalleryMethod]
    n_frames: int = Field(description="how many frames there are, on this page or not")
    offset: int = Field(description="number of the first frame on this page; 0 where all are here")
    frames: list[GalleryFrame]
    has_images: bool = Field(description="there is a photo of some frame")
    version: str = Field(description="changes when the listing does", examples=["9a2b7c01d5e6f834"])
    scan: Scan | Absent = Field(default=None, description="the files are still being read")
    left_out: list[LeftOut] | Absent = Field(
        default=None, description="folders that are not shown, or not all of them"
    )


class GalleryScores(Body):
    """The answer of /api/galleries/{gallery_id}/scores: what is scored so far, from the frame `first` on."""

    against: str = Field(description="the method that counts as true", examples=["ground_truth"])
    against_is: Literal["truth", "reference"] = Field(
        description="reference: the values say how far two methods are apart, not how good one is"
    )
    metric: Literal["abs_rel", "rmse", "delta1", "silog"]
    box: str = Field(description="the pixels that count, as asked for", examples=["garg"])
    cap: Span = Field(description="true depths strictly inside it count; predictions are clamped to it")
    first: int = Field(description="number of the first frame of `scores`, from 0", examples=[0])
    done: int = Field(description="frames that are scored; ask again from here", examples=[120])
    of: int = Field(description="frames of the gallery", examples=[2000])
    scores: dict[str, list[float | None]] = Field(
        description="method: its value on each frame; null: nothing to compare",
        examples=[{"tiekd_mobilenetv2.demo": [0.0512, None]}],
    )


class GalleryState(Body):
    """The answer of /api/galleries/{gallery_id}/state: whether the listing has changed."""

    version: str = Field(description="changes when the listing does", examples=["9a2b7c01d5e6f834"])
    n_frames: int
    scan: Scan | Absent = Field(default=None, description="the files are still being read")
