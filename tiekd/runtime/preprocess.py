"""Photo to network and back: the one place that decides at which size a network sees a photo.

The aspect is kept. A photo is never enlarged, except to reach a network's minimum. It is scaled down to at
most `max_pixels` of the card and padded at the right and the bottom by reflection, up to the card's multiple.
What lies over the padding is cropped away from the answer, which is then resized to the photo's size.
A JPEG that is much larger than the network's view is decoded at a fraction of its size, see
`tiekd.codecs.photo.PhotoFile.shrinks_to`.

Two kinds of pictures have a size of their own, see `Fit`: the crop of a protocol, and what a label covers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tiekd.card import IMAGE_MEAN, IMAGE_STD, ModelCard
from tiekd.codecs.resample import resize, scale_photo
from tiekd.errors import ConfigError
from tiekd.limits import FOCAL_RANGE_PX

Fit = Literal["photo", "unscaled", "as_is"]
"""How a picture is fitted to a network.

photo: scaled down and padded, as described above. unscaled: padded only. as_is: not changed at all; a network
pads it in its own way, by repeating the last row and column and stretching the answer over them.
"""


@dataclass(frozen=True, slots=True)
class View:
    """Sizes (height, width) in pixels: of the photo, of the photo as scaled, and with padding."""

    photo: tuple[int, int]
    scaled: tuple[int, int]
    padded: tuple[int, int]

    @property
    def scale(self) -> float:
        """Pixels of the network per pixel of the photo, along the width."""
        return self.scaled[1] / self.photo[1]


def plan_view(height: int, width: int, card: ModelCard, *, fit: Fit = "photo") -> View:
    """How a picture of `height` x `width` pixels is shown to the network of `card`."""
    if fit == "as_is":
        return View((height, width), (height, width), (height, width))
    least, multiple = card.min_size_px, card.size_multiple
    most = card.max_pixels if fit == "photo" else math.inf
    scale = min(1.0, math.sqrt(most / (height * width)))
    if min(height, width) * scale < least:
        # Enlarge to the minimum, but a very long strip only as far as its area allows; padding does the rest.
        longest = max(least, most / least)
        scale = min(least / min(height, width), longest / max(height, width))
    scaled = (max(1, round(height * scale)), max(1, round(width * scale)))
    padded = tuple(math.ceil(max(side, least) / multiple) * multiple for side in scaled)
    return View((height, width), scaled, (padded[0], padded[1]))


def to_network(photo: NDArray[np.uint8], view: View) -> NDArray[np.float32]:
    """Normalised input `[1, 3, H, W]` at the padded size of `view`, from an RGB `photo` `[H, W, 3]`."""
    photo = scale_photo(photo, view.scaled)
    bottom, right = view.padded[0] - view.scaled[0], view.padded[1] - view.scaled[1]
    if bottom or right:
        photo = np.pad(photo, ((0, bottom), (0, right), (0, 0)), mode="reflect")
    planes = np.empty((1, 3, *view.padded), np.float32)
    for channel, (mean, std) in enumerate(zip(IMAGE_MEAN, IMAGE_STD, strict=True)):
        # Subtract, then divide: bit for bit what `tiekd.data.transforms.normalise` does in training.
        np.subtract(photo[:, :, channel], np.float32(mean), out=planes[0, channel])
        planes[0, channel] /= np.float32(std)
    return planes


def from_network(depth: NDArray[np.float32], view: View, *, align_corners: bool) -> NDArray[np.float32]:
    """Depth `[H, W]` at the photo's size from the network's `depth` `[H, W]` at the padded size."""
    inside = depth[: view.scaled[0], : view.scaled[1]]
    return np.ascontiguousarray(resize(inside, view.photo, align_corners=align_corners))


def focal_factor(card: ModelCard, view: View, fx_px: float | None) -> float:
    """What depth is multiplied by when the photo was taken with a focal length of `fx_px` pixels.

    A network knows the metric scale only for its training camera: an object looks as large at twice the
    distance through twice the focal length. Raises ConfigError for a focal length outside FOCAL_RANGE_PX, and
    for a network of which nobody knows the training camera.
    """
    if fx_px is None:
        return 1.0
    check_focal_px(fx_px)
    return fx_px * view.scale / known_focal_px(card.name, card.train_fx_px)


def known_focal_px(name: str, train_fx_px: float | None) -> float:
    """The focal length for which the model `name` is metric. Raises ConfigError where it is not known."""
    if train_fx_px is None:
        raise ConfigError(
            f"{name} doesn't say for which focal length it is metric, so it can't answer for another one "
            "(--use-focal, --fx).",
            hint="Leave it out, or state the model's own in pixels: train_fx_px=… after the name of an hf: "
            "or onnx: model; tiekd label --fx or -o network.train_fx_px=… when a student is made.",
        )
    return train_fx_px


def check_focal_px(fx_px: float) -> None:
    """Raise ConfigError for a focal length outside FOCAL_RANGE_PX."""
    low, high = FOCAL_RANGE_PX
    if not low <= fx_px <= high:
        raise ConfigError(
            f"fx must be a focal length of {low:g} to {high:,.0f} pixels, got {fx_px:g}.",
            hint="For a photo of width W and horizontal field of view a it is W / (2 tan(a / 2)).",
        )
