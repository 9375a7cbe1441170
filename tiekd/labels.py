"""Teacher labels on disk: 16-bit PNG, one per frame, and a sidecar that says how to read them.

The stored integer is depth / max_depth_m * 65535 (FACTS §2.2); the file is named after the frame's image
path. `labels.json` states the scale, the teacher and the checksum of its weights, the crop and the size, so
nothing is guessed when the labels are read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tiekd.data.crops import kb_crop_box
from tiekd.data.frames import Frame, FrameSource
from tiekd.data.read import image_size
from tiekd.errors import ConfigError, DataError
from tiekd.render import write_bytes
from tiekd.runtime import png16
from tiekd.runtime.png import encode_grey16

SIDECAR = "labels.json"
FULL_SCALE = 65535


class Teaches(Protocol):
    """What labels are made by; see `tiekd.teachers`."""

    name: str

    def depth(self, frame: Frame, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres of `image` RGB `[H, W, 3]`, the part of `frame` that is taught."""
        ...


class LabelInfo(BaseModel):
    """The sidecar of a label folder.

    `crop` is what the labels cover ("kb": the bottom-centred 352x1216, "none": the whole frame), `shrink`
    how many pixels of that a label's pixel stands for. `use_focal`: depth is metric for each frame's own
    focal length, not for the teacher's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    teacher: str
    teacher_sha256: str
    max_depth_m: float = Field(gt=0)
    crop: Literal["kb", "none"]
    shrink: int = Field(default=1, ge=1)
    flip_tta: bool = False
    use_focal: bool = False
    data: str = ""

    def to_stored(self, depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Integers to store for depth in metres."""
        return np.clip(np.round(depth_m * (FULL_SCALE / self.max_depth_m)), 0, FULL_SCALE).astype(np.uint16)

    def to_metres(self, stored: NDArray[np.uint16]) -> NDArray[np.float32]:
        """Depth in metres of stored integers."""
        return stored.astype(np.float32) * np.float32(self.max_depth_m / FULL_SCALE)


class LabelFolder:
    """Reads the labels of one folder. Raises DataError when the sidecar or a label is missing or broken."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.info = read_info(root)

    def path(self, frame: Frame) -> Path:
        """The file with a frame's label."""
        return self.root / frame.label_name

    def read(self, frame: Frame, size: tuple[int, int]) -> NDArray[np.float32]:
        """Teacher depth in metres, stretched (bilinear) to `size` (height, width) of the frame it covers."""
        path = self.path(frame)
        depth = self.info.to_metres(png16.decode(path))
        expected = stored_size(size, self.info.shrink)
        if depth.shape != expected:
            raise DataError(
                f"{path} is {depth.shape[1]}x{depth.shape[0]}, its frame needs {expected[1]}x{expected[0]}.",
                hint="The labels belong to other frames; write them again with `tiekd label`.",
            )
        if self.info.shrink == 1:
            return depth
        # The last cells may reach beyond the frame; the box leaves that part out.
        covered = (0, 0, size[1] / self.info.shrink, size[0] / self.info.shrink)
        stretched = Image.fromarray(depth).resize((size[1], size[0]), Image.Resampling.BILINEAR, box=covered)
        return np.asarray(stretched, dtype=np.float32)

    def digest(self) -> str:
        """Changes whenever the labels do: the sidecar and the state of every file, as 16 hex digits."""
        digest = hashlib.sha256(self.info.model_dump_json().encode())
        for path in sorted(self.root.glob("*.png")):
            status = path.stat()
            digest.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
        return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Written:
    """How many labels a call wrote, and how many were there already."""

    written: int
    kept: int


def write_labels(
    teacher: Teaches,
    source: FrameSource,
    frames: Sequence[Frame],
    out: Path,
    info: LabelInfo,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Label `frames` into the folder `out`; labels that are there stay, so an interrupted call is resumed.

    Raises ConfigError when `out` holds labels made otherwise, DataError for files that can't be read or
    written and for a teacher that answers with something other than depth.
    """
    _start(out, info)
    written = 0
    for done, frame in enumerate(frames, 1):
        path = out / frame.label_name
        if not path.is_file():
            depth = teach(teacher, source, frame, info)
            write_bytes(path, encode_grey16(info.to_stored(depth)))
            written += 1
        if progress:
            progress(done, len(frames))
    return Written(written, len(frames) - written)


def teach(teacher: Teaches, source: FrameSource, frame: Frame, info: LabelInfo) -> NDArray[np.float32]:
    """The teacher's depth of what a label of `frame` covers, at the label's size."""
    image = source.read_image(frame)
    if info.crop == "kb":
        image = image[kb_crop_box(image.shape[0], image.shape[1]).region[1:]]
    depth = teacher.depth(frame, image)
    if depth.shape != image.shape[:2] or not np.isfinite(depth).all():
        raise DataError(
            f"The teacher {teacher.name} gave no depth for every pixel of {frame.image}.",
            hint="Its weights may be broken; try `tiekd predict` with it.",
        )
    return _reduced(depth, info.shrink)


def verify_labels(
    teacher: Teaches | None, source: FrameSource, frames: Sequence[Frame], out: Path, *, samples: int = 4
) -> float:
    """Read every label back, and teach `samples` of them again; the largest difference found, in metres.

    Raises DataError for labels that are missing, broken or of another size, for empty ones, and when the
    teacher now answers something else (more than a hundredth of its depth).
    """
    labels = LabelFolder(out)
    for frame in frames:
        size = image_size(source.image_path(frame))
        if labels.info.crop == "kb":
            size = kb_crop_box(*size)[2:]
        if not labels.read(frame, size).any():
            raise DataError(f"{labels.path(frame)} holds no depth at all.", hint="Delete it and label again.")
    worst = 0.0
    for frame in frames[:: max(1, len(frames) // samples)][:samples] if teacher else ():
        assert teacher is not None
        again = labels.info.to_metres(labels.info.to_stored(teach(teacher, source, frame, labels.info)))
        stored = labels.info.to_metres(png16.decode(labels.path(frame)))
        difference = np.abs(again - stored)
        worst = max(worst, float(difference.max()))
        if (difference > 0.01 * again + 2 * labels.info.max_depth_m / FULL_SCALE).any():
            raise DataError(
                f"{labels.path(frame)} differs from what {teacher.name} says now, "
                f"by up to {difference.max():.3f} m.",
                hint="It was made by other weights or settings; delete the folder and label again.",
            )
    return worst


def stored_size(covered: tuple[int, int], shrink: int) -> tuple[int, int]:
    """Size (height, width) of the file for a label that covers `covered` pixels of a frame."""
    return -(-covered[0] // shrink), -(-covered[1] // shrink)


def _reduced(depth: NDArray[np.float32], shrink: int) -> NDArray[np.float32]:
    """Mean over cells; the teacher's depth has been enlarged from its head, so no surfaces mix anew."""
    if shrink == 1:
        return depth
    height, width = stored_size((depth.shape[0], depth.shape[1]), shrink)
    missing = (height * shrink - depth.shape[0], width * shrink - depth.shape[1])
    padded = np.pad(depth, ((0, missing[0]), (0, missing[1])), mode="edge")
    cells: NDArray[np.float32] = padded.reshape(height, shrink, width, shrink).mean(axis=(1, 3))
    return cells


def _start(out: Path, info: LabelInfo) -> None:
    labelled = out.is_dir() and next(out.glob("*.png"), None) is not None
    if labelled and (out / SIDECAR).is_file():
        before = read_info(out)
        differing = [
            name
            for name in LabelInfo.model_fields
            if name != "data" and getattr(before, name) != getattr(info, name)
        ]
        if differing:
            raise ConfigError(
                f"{out} holds labels made otherwise; these differ: {', '.join(differing)}.",
                hint="Give another --out.",
            )
        return
    if labelled:
        raise ConfigError(
            f"{out} holds pictures but no {SIDECAR}; they may be labels of another scale.",
            hint="Give an empty --out.",
        )
    write_bytes(out / SIDECAR, (info.model_dump_json(indent=1) + "\n").encode())


def read_info(root: Path) -> LabelInfo:
    """The sidecar of a label folder. Raises DataError."""
    path = root / SIDECAR
    try:
        return LabelInfo.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{root} holds no {SIDECAR}, so the scale of its labels is unknown.",
            hint="Write labels with `tiekd label`, or describe others in a labels.json.",
        ) from error
    except ValidationError as error:
        raise DataError(f"{path} can't be read: {error}", hint="Write the labels again.") from error
