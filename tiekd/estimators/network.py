"""Networks of the zoo or of a file as teachers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tiekd.card import ModelCard
from tiekd.data.frames import Frame
from tiekd.data.transforms import normalise
from tiekd.estimators.base import PictureTeacher, Teaching, pick_device
from tiekd.files import sha256_of
from tiekd.models.base import DepthModel
from tiekd.models.registry import load
from tiekd.zoo import resolve


class NetworkTeacher:
    """A depth network, fed a picture unscaled.

    flip_tta: average with the answer to the mirrored picture (docs/method.md §13.2). use_focal: scale the
    answer by the frame's focal length over the network's, so that it is metric for another camera than the
    training one.
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
        self.device = pick_device(device)
        self.model.to(self.device).eval()
        self.name = self.card.name
        self.max_depth_m = self.card.max_depth_m
        self._teacher = PictureTeacher(
            self._predict, name=self.name, digest=self.digest, max_depth_m=self.max_depth_m,
            train_fx_px=self.card.train_fx_px, teaching=Teaching(flip_tta, use_focal),
        )  # fmt: skip

    @property
    def card(self) -> ModelCard:
        """What is known about the network."""
        return self.model.card

    def depth(self, frame: Frame, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres of `image` RGB `[H, W, 3]`."""
        return self._teacher.depth(frame, image)

    def _predict(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).to(self.device)
        with torch.inference_mode():
            depth = self.model(normalise(pixels)[None]).depth
        answer: NDArray[np.float32] = depth[0, 0].float().cpu().numpy()
        return answer
