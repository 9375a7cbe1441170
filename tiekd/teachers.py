"""Where teacher depth comes from: a network of the zoo or of a file, or a folder of labels.

A teacher answers with metric depth for the frame's own camera, for the pixels it is shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from tiekd.card import ModelCard
from tiekd.data.frames import Frame
from tiekd.data.transforms import normalise
from tiekd.errors import ConfigError
from tiekd.labels import SIDECAR, LabelFolder
from tiekd.models.base import DepthModel
from tiekd.models.registry import load
from tiekd.zoo import resolve, sha256_of


class Teacher(Protocol):
    """Something that knows the depth of a frame. `digest` changes when its answers may."""

    name: str
    digest: str
    max_depth_m: float

    def depth(self, frame: Frame, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres of `image` RGB `[H, W, 3]`, the part of `frame` that is taught."""
        ...


class NetworkTeacher:
    """A depth network, fed a picture unscaled.

    flip_tta: average with the answer to the mirrored picture (FACTS §2). use_focal: scale the answer by the
    frame's focal length over the network's, so that it is metric for a camera other than the training one.
    Raises what `tiekd.zoo.resolve` and `tiekd.load` raise.
    """

    def __init__(
        self,
        name_or_path: str | Path | DepthModel,
        *,
        flip_tta: bool = False,
        use_focal: bool = False,
        device: str = "auto",
    ) -> None:
        if isinstance(name_or_path, DepthModel):
            self.model, self.digest = name_or_path, ""
        else:
            path = resolve(name_or_path)
            self.model, self.digest = load(path), sha256_of(path)
        self.flip_tta, self.use_focal = flip_tta, use_focal
        self.device = _device(device)
        self.model.to(self.device).eval()
        self.name = self.card.name
        self.max_depth_m = self.card.max_depth_m

    @property
    def card(self) -> ModelCard:
        """What is known about the network."""
        return self.model.card

    def depth(self, frame: Frame, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres of `image` RGB `[H, W, 3]`."""
        pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).to(self.device)
        batch = normalise(pixels.float())[None]
        with torch.inference_mode():
            depth = self.model(batch).depth
            if self.flip_tta:
                depth = (depth + self.model(batch.flip(-1)).depth.flip(-1)) / 2
        if self.use_focal and frame.focal_px:
            depth = depth * (frame.focal_px / self.card.train_fx_px)
        answer: NDArray[np.float32] = depth[0, 0].float().cpu().numpy()
        return answer


class FolderTeacher:
    """Labels that are already on disk. Raises DataError when the folder is none or a label is missing."""

    def __init__(self, root: Path) -> None:
        self.labels = LabelFolder(root)
        self.name = self.labels.info.teacher
        self.digest = self.labels.digest()
        self.max_depth_m = self.labels.info.max_depth_m

    def depth(self, frame: Frame, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The label of `frame`, at the size of `image`."""
        return self.labels.read(frame, (image.shape[0], image.shape[1]))


def open_teacher(
    name_or_path: str, *, flip_tta: bool = False, use_focal: bool = False, device: str = "auto"
) -> Teacher:
    """A teacher by the name of a zoo row, a file of weights, or a folder of labels."""
    if (Path(name_or_path) / SIDECAR).is_file():
        return FolderTeacher(Path(name_or_path))
    return NetworkTeacher(name_or_path, flip_tta=flip_tta, use_focal=use_focal, device=device)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"Can't use the device {name!r}: {error}", hint="Try --device cpu.") from error
