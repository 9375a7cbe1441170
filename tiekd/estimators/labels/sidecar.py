"""The sidecar of a label folder: what its integers mean, what they cover, and who made them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tiekd.data.seen import Seen
from tiekd.errors import ConfigError, DataError
from tiekd.faults import faults_as
from tiekd.files import create, write_bytes
from tiekd.limits import FocalPx, Metres, Stated

SIDECAR = "labels.json"
FULL_SCALE = 65535
LEAST_PIXELS = 32 * 32


_BESIDE = {"data", "teacher_architecture", "fx_px", "clamp"}
"""Fields that do not say how the numbers of labels were made."""


class LabelInfo(Stated):
    """How the labels of a folder are read.

    Pictures were scaled down to at most `max_pixels` (None: not scaled) and cut to `crop` ("kb": the
    bottom-centred 352x1216, "none": the whole frame); `shrink` is how many pixels of that a label's pixel
    stands for. `use_focal`: depth is metric for each frame's own focal length, not for the teacher's.
    `teacher_architecture`: of a teacher of ours, whatever it is called. `fx_px`: the focal length of all
    pictures, in pixels of their files, where the user has stated it. `clamp`: single pixels without depth
    were filled, see `tiekd.estimators.labels.holes`.
    """

    version: Literal[1] = 1
    teacher: str
    teacher_sha256: str
    teacher_architecture: str | None = None
    max_depth_m: Metres
    max_pixels: int | None = Field(default=None, ge=LEAST_PIXELS)
    crop: Literal["kb", "none"]
    shrink: int = Field(default=1, ge=1)
    flip_tta: bool = False
    use_focal: bool = False
    fx_px: FocalPx | None = None
    clamp: Literal[True] | None = None
    data: str = ""

    def to_stored(self, depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Integers to store for depth in metres; depth beyond the range stays at its end."""
        steps = np.round(depth_m * (FULL_SCALE / self.max_depth_m))
        return np.clip(steps, np.where(depth_m > 0, 1, 0), FULL_SCALE).astype(np.uint16)

    def to_metres(self, stored: NDArray[np.uint16]) -> NDArray[np.float32]:
        """Depth in metres of stored integers."""
        return stored.astype(np.float32) * np.float32(self.max_depth_m / FULL_SCALE)

    def made(self, *, exclude_none: bool) -> str:
        """What the numbers of the labels follow from, as text. The pictures have digests of their own."""
        beside = _BESIDE - ({"fx_px"} if self.use_focal and self.fx_px else set())
        return self.model_dump_json(exclude=beside, exclude_none=exclude_none)

    @property
    def seen(self) -> Seen:
        """What part of a picture is labelled, as the teacher sees it."""
        return Seen(self.max_pixels, self.crop)

    def shown_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of what is labelled of a picture of `height` x `width`. Raises DataError."""
        return self.seen.cut_size(height, width)

    def stored_size(self, shown: tuple[int, int]) -> tuple[int, int]:
        """Size (height, width) of the file for a label that covers `shown` pixels."""
        return -(-shown[0] // self.shrink), -(-shown[1] // self.shrink)


def read_info(root: Path) -> LabelInfo:
    """The sidecar of a label folder. Raises DataError."""
    path = root / SIDECAR
    if not root.is_dir():
        raise DataError(f"There is no folder {root}.", hint="Give a folder that `tiekd label` wrote.")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"{root} holds no {SIDECAR}, so the scale of its labels is unknown.",
            hint=f"Write labels with `tiekd label`; it also takes other people's: labels:{root},scale=…",
        ) from error
    with faults_as(DataError, str(path), model=LabelInfo, hint="Write the labels again."):
        return LabelInfo.model_validate_json(text)


def begin(out: Path, info: LabelInfo) -> None:
    """Let `out` be a folder of labels made as `info` says; safe where many processes begin at a time.

    Raises ConfigError when it holds labels made otherwise, DataError when it can't be written.
    """
    sidecar = out / SIDECAR
    labelled = out.is_dir() and next(out.glob("*.png"), None) is not None
    if labelled and not sidecar.is_file():
        raise ConfigError(
            f"{out} holds pictures but no {SIDECAR}; they may be labels of another scale.",
            hint="Give an empty --out.",
        )
    if create(sidecar, _content(info)):
        return
    before = read_info(out)
    info = info.model_copy(update={"clamp": info.clamp or before.clamp})
    if info.fx_px is None and not info.use_focal:
        info = info.model_copy(update={"fx_px": before.fx_px})
    differing = _differing(before, info)
    if differing and labelled:
        raise ConfigError(
            f"{out} holds labels made otherwise; these differ: {', '.join(differing)}.",
            hint="Give another --out.",
        )
    if differing or before != info.model_copy(update={"data": before.data}):
        write_bytes(sidecar, _content(info))


def _content(info: LabelInfo) -> bytes:
    return (info.model_dump_json(indent=1, exclude_none=True) + "\n").encode()


def _differing(before: LabelInfo, now: LabelInfo) -> list[str]:
    """What differs in how labels were made. Only scaled labels depend on their pictures' focal length."""
    free = _BESIDE - ({"fx_px"} if now.use_focal else set())
    names = (name for name in LabelInfo.model_fields if name not in free)
    return [name for name in names if getattr(before, name) != getattr(now, name)]
