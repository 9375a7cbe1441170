"""Teacher labels on disk: 16-bit PNG, one per frame, and a sidecar that says how to read them.

The stored integer is depth / max_depth_m * 65535 (FACTS §2.2); the file is named after the frame's image
path. `labels.json` states the scale, the teacher and the checksum of its weights, the crop and the size, so
nothing is guessed when the labels are read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tiekd.data.frames import Frame
from tiekd.data.read import read_png16
from tiekd.errors import DataError

SIDECAR = "labels.json"
FULL_SCALE = 65535


class LabelInfo(BaseModel):
    """The sidecar of a label folder.

    `crop` is what the labels cover ("kb": the bottom-centred 352x1216, "none": the whole frame), `shrink`
    how many pixels of that a label's pixel stands for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    teacher: str
    teacher_sha256: str
    max_depth_m: float = Field(gt=0)
    crop: Literal["kb", "none"]
    shrink: int = Field(default=1, ge=1)
    flip_tta: bool
    data: str

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
        depth = self.info.to_metres(read_png16(self.path(frame)))
        if depth.shape == size:
            return depth
        stretched = Image.fromarray(depth).resize((size[1], size[0]), Image.Resampling.BILINEAR)
        return np.asarray(stretched, dtype=np.float32)

    def digest(self) -> str:
        """Changes whenever the labels do: the sidecar and the state of every file, as 16 hex digits."""
        digest = hashlib.sha256(self.info.model_dump_json().encode())
        for path in sorted(self.root.glob("*.png")):
            status = path.stat()
            digest.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
        return digest.hexdigest()[:16]


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
