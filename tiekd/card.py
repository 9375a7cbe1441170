"""The card of a set of weights. It is stored in the metadata of the file and in the row of the zoo."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tiekd.errors import CheckpointError
from tiekd.faults import NameIn, faults_as
from tiekd.limits import Bins, FocalPx, Metres, Pixels, Stated
from tiekd.methods import METHODS
from tiekd.targets import TargetName
from tiekd.types import DepthRange

IMAGE_MEAN = (123.675, 116.28, 103.53)
IMAGE_STD = (58.395, 57.12, 57.375)
"""Mean and standard deviation of ImageNet per RGB channel, for levels 0 to 255 (docs/method.md §11.3).

The input of every network is (pixel - mean) / std.
"""
METADATA_KEY = "tiekd"
"""Key of the card, as JSON, in the metadata of a safetensors file."""

MethodName = Annotated[str, NameIn("method", METHODS)]
"""The name of an entry of `tiekd.methods`; another one is a fault of the recipe, card or row."""


class Selection(Stated):
    """The frames on which a set of weights was the best of its run. A score on them looks better than it is.

    data: kind of the data (a layout of `tiekd.datasets`). split: the list, None for all pictures of a folder.
    held_out: whether they are frames of the training list that were not trained on, or a list of their own.
    digest: `tiekd.data.frames.digest_of_names` of all frames of the list that can be scored. n_frames: those
    that were validated.
    """

    data: str
    split: str | None = None
    held_out: bool = False
    digest: str
    n_frames: int = Field(ge=1)


class TaughtBy(Stated):
    """The teacher whose labels a network has learned from: its name, and the checksum of its weights.

    sha256: as the labels state it; empty where they state none.
    """

    name: str
    sha256: str = ""


class ModelCard(Stated):
    """Everything that is needed to rebuild a network and to give it a photo, except its weights.

    options: keyword options of the architecture (decoder widths, resolution of the head, …).
    teacher: short name in rows, or the name of another teacher. taught_by: who made the labels.
    target, sigma_m: kind and width of the target DPM of training; without a kind it is the published one.
    train_fx_px: focal length, in pixels of pictures as the network sees them, for which its depth is metric.
    None: nobody has stated it, and depth can't be corrected for another camera.
    max_pixels: larger photos are scaled down to this number of pixels.
    size_multiple, min_size_px: height and width of an image must be multiples of the first and not below the
    second.
    frame_px: (height, width) of the frames of a network that was trained on one size only. A picture that is
    cropped a little from such a frame is padded to it (`tiekd.models.framing`).
    selected_on: the frames that chose these weights; None where none did.
    """

    name: str
    architecture: str
    options: dict[str, Any] = Field(default_factory=dict)
    method: MethodName
    teacher: str | None = None
    taught_by: TaughtBy | None = None
    encoder: str
    dataset: str
    min_depth_m: Metres = 1e-3
    max_depth_m: Metres
    n_bins: Bins | None = None
    target: TargetName | None = None
    sigma_m: Metres | None = None
    train_fx_px: FocalPx | None = None
    max_pixels: Pixels = 375 * 1242
    size_multiple: int = Field(default=32, ge=1)
    min_size_px: int = Field(default=32, ge=1)
    frame_px: tuple[int, int] | None = None
    align_corners: bool = True
    selected_on: Selection | None = None
    licence: str = "Apache-2.0"

    @model_validator(mode="after")
    def _check_range(self) -> ModelCard:
        if not self.min_depth_m < self.max_depth_m:
            raise ValueError(f"min_depth_m={self.min_depth_m} must be below max_depth_m={self.max_depth_m}")
        return self

    @property
    def role(self) -> Literal["teacher", "student"]:
        """Role of the network, which its method decides."""
        return METHODS[self.method].role

    @property
    def depth_range(self) -> DepthRange:
        """The range of depths that the network can give."""
        return DepthRange(self.min_depth_m, self.max_depth_m)

    def to_metadata(self) -> dict[str, str]:
        """The metadata of a safetensors file."""
        return {METADATA_KEY: self.model_dump_json(exclude_none=True)}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str] | None, *, where: str) -> ModelCard:
        """Read a card from the metadata of a file.

        Raises CheckpointError when there is no card or an invalid one.
        """
        text = (metadata or {}).get(METADATA_KEY)
        if text is None:
            raise CheckpointError(
                f"{where} holds tensors but no tiekd configuration.",
                hint="Only files that tiekd wrote say which network they belong to.",
            )
        hint = "It may come from a newer tiekd; upgrade, or train again."
        with faults_as(CheckpointError, f"The configuration in {where}", model=cls, hint=hint):
            return cls.model_validate_json(text)
