"""The class of all networks: encoder, decoder, head and model card."""

from __future__ import annotations

import math
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from tiekd.card import ModelCard
from tiekd.errors import ConfigError, InputSizeError
from tiekd.faults import faults_as
from tiekd.models.blocks import Extent, resize
from tiekd.models.decoder import Decoder
from tiekd.models.encoders import Encoder
from tiekd.models.framing import margins
from tiekd.models.heads import HeadOutput
from tiekd.types import Prediction

# `torch.export` needs this: it turns the fields of a Prediction into outputs of the exported graph.
register_dataclass(Prediction, serialized_type_name="tiekd.Prediction")


class DepthModel(nn.Module):
    """A depth network: optional average pool of the image, encoder, decoder, head.

    `decoder(features, extent)` gives one map and `head(map)` a `HeadOutput`. `card` states how the network
    was built.
    """

    def __init__(
        self,
        *,
        card: ModelCard,
        encoder: Encoder,
        decoder: Decoder,
        head: nn.Module,
        image_pool: int = 1,
    ) -> None:
        super().__init__()
        self.pad_multiple = math.lcm(encoder.size_multiple, decoder.size_multiple)
        self.card = card.model_copy(
            update={"size_multiple": max(image_pool * self.pad_multiple, decoder.finest_stride)}
        )
        self.image_pool = image_pool
        # Training may pool the image before the network and then sets `image_pool` to 1.
        self._least_px = math.ceil(card.min_size_px / image_pool)
        self.encoder = encoder
        self.decoder = decoder
        self.head = head

    def forward(self, image: Tensor) -> Prediction:
        """Predict depth from a normalised RGB `image` `[B, 3, H, W]` of any size from `card.min_size_px` up.

        Raises InputSizeError for a smaller image and ConfigError for a tensor that is not `[B, 3, H, W]`.
        """
        self._check(image)
        size = (image.shape[-2], image.shape[-1])
        stride = self.decoder.output_stride
        lacking = margins(size, self.card.frame_px, stride=stride)
        padded, extent = self._prepare(lacking.added(image))
        whole = _crop(self.head(self.decoder(self.encoder(padded), extent)), extent)
        output = whole.mapped(lambda grid: lacking.removed(grid, size, stride=stride))
        # Clamp first, then resize, as published (docs/method.md §13.1).
        inside = output.raw_depth.clamp(self.card.min_depth_m, self.card.max_depth_m)
        return Prediction(
            raw_depth=output.raw_depth,
            depth=resize(inside, size, align_corners=self.card.align_corners),
            dpm_logits=output.dpm_logits,
            bin_edges=output.bin_edges,
        )

    def start_at(self, depth_m: float) -> None:
        """Initialise an untrained network so that it predicts about `depth_m` metres everywhere.

        Raises ConfigError for a depth outside the range.
        """
        low_m, high_m = self.card.min_depth_m, self.card.max_depth_m
        if not low_m < depth_m < high_m:
            raise ConfigError(
                f"Can't start at {depth_m} m, the range is {low_m}..{high_m} m.",
                hint="Take the median depth of the data, e.g. 12 m for streets.",
            )
        start: Any = self.head.start_at
        start(depth_m)

    def describe(self, **fields: Any) -> None:
        """Change fields of the card that do not shape the network (name, method, teacher, dataset, …).

        Raises ConfigError for an invalid value and for a field that the weights depend on.
        """
        fixed = sorted(
            {"architecture", "options", "encoder", "min_depth_m", "max_depth_m", "n_bins"} & set(fields)
        )
        if fixed:
            raise ConfigError(
                f"Can't change {', '.join(fixed)} of a network that is already built.",
                hint="Give these to create_model.",
            )
        with faults_as(ConfigError, "The model card", model=ModelCard, hint="See tiekd.card.ModelCard."):
            self.card = ModelCard.model_validate({**self.card.model_dump(), **fields})

    def _check(self, image: Tensor) -> None:
        if image.ndim != 4 or image.shape[1] != 3:
            raise ConfigError(
                f"Expected an image [B, 3, H, W], got {tuple(image.shape)}.", hint="Add a batch dimension."
            )
        height, width, least = image.shape[-2], image.shape[-1], self._least_px * self.image_pool
        if height < least or width < least:
            raise InputSizeError(
                f"The image is {width}x{height} pixels, {self.card.name} needs at least {least}x{least}.",
                hint="Scale the image up.",
            )

    def _prepare(self, image: Tensor) -> tuple[Tensor, Extent]:
        if self.image_pool > 1:
            image = F.avg_pool2d(image, self.image_pool, ceil_mode=True)
        height, width = image.shape[-2:]
        # Padding is at the bottom and right only, so pixel (0, 0) stays where it is.
        bottom, right = -height % self.pad_multiple, -width % self.pad_multiple
        if bottom or right:
            image = F.pad(image, (0, right, 0, bottom), mode="replicate")
        return image, (height / (height + bottom), width / (width + right))


def _crop(output: HeadOutput, extent: Extent) -> HeadOutput:
    """Remove the part of every map that belongs to the padding."""
    if extent == (1.0, 1.0):
        return output
    height = math.ceil(output.raw_depth.shape[-2] * extent[0])
    width = math.ceil(output.raw_depth.shape[-1] * extent[1])
    return output.mapped(lambda grid: grid[..., :height, :width])
