"""The U-shaped decoder over an encoder's feature pyramid, and its options.

It is DenseDepth's decoder (Alhashim & Wonka 2018, §3.1; docs/method.md §14.1, §14.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from tiekd.errors import ConfigError
from tiekd.limits import Stated
from tiekd.models.blocks import Extent, Norm, Origin, UpBlock, conv_block, position_maps
from tiekd.models.encoders import Encoder

DEFAULT_WIDTHS = (256, 128, 64, 64)
"""Default widths of the up blocks, deepest first. Only as many as there are skips are used."""


class DecoderOptions(Stated):
    """Options of the decoder of every U-shaped network.

    decoder_channels: widths of the up blocks, deepest first; None means DEFAULT_WIDTHS.
    bottleneck_channels: width of the 1x1 convolution on the deepest feature; None means twice the first
    width of the up blocks.
    output_stride: pixels of the image per value of the head's map, along each axis.
    image_pool: size of an average pool of the image before the encoder; 2 divides the cost by four.
    position_channels: whether normalised x and y are added to the decoder's inputs at every scale.
    position_origin: the origin of y, see `position_maps`.
    """

    bottleneck_channels: int | None = Field(default=None, ge=1)
    decoder_channels: tuple[int, ...] | None = None
    norm: Norm = "none"
    output_stride: Literal[1, 2, 4, 8] = 1
    image_pool: Literal[1, 2, 4] = 1
    position_channels: bool = False
    position_origin: Origin = "center"
    dropout: float = Field(default=0.0, ge=0, lt=1)


class Decoder(nn.Module):
    """Base of all decoders. `decoder(features, extent)` gives one map `[B, out_channels, h, w]`.

    finest_stride: stride of the finest encoder level that the decoder uses.
    size_multiple: height and width of the encoder's input must be multiples of this.
    output_stride: pixels of the image per value of the map.
    """

    finest_stride: int
    out_channels: int
    output_stride: int = 1
    size_multiple: int = 1


class PyramidDecoder(Decoder):
    """Decodes an encoder's features to one map at `output_stride`.

    It has a 1x1 bottleneck without norm and activation on the deepest feature, one up block for every skip
    that is not finer than the output, and then as many blocks without a skip as are needed to reach
    `output_stride`. Each of these doubles the size and keeps the last width. Strides are relative to the
    image: behind an image pool of 2, the strides of an encoder are doubled.
    Raises ConfigError when `widths` does not have one width per skip.
    """

    def __init__(
        self,
        *,
        channels: Sequence[int],
        strides: Sequence[int],
        bottleneck_channels: int,
        widths: Sequence[int],
        output_stride: int,
        norm: Norm = "none",
        position_channels: bool = False,
        position_origin: Origin = "center",
        dropout: float = 0.0,
        negative_slope: float = 0.0,
    ) -> None:
        super().__init__()
        self.n_skips = n_skips(strides, output_stride)
        self.output_stride = output_stride
        if len(widths) != self.n_skips:
            raise ConfigError(
                f"decoder_channels has {len(widths)} widths, but {self.n_skips} skips lead from stride "
                f"{strides[-1]} to output_stride {output_stride}.",
                hint=f"Give {self.n_skips} widths, deepest first, or another output_stride.",
            )
        self.position_channels, self.position_origin = position_channels, position_origin
        extra = 2 if position_channels else 0  # x and y
        # From here on deepest first, in the order in which the blocks run.
        skips = list(reversed(channels[:-1]))[: self.n_skips]
        ins = [bottleneck_channels, *widths]
        self.bottleneck = conv_block(
            channels[-1] + extra, bottleneck_channels, kernel_size=1, activation=False
        )
        self.up = nn.ModuleList(
            UpBlock(before, skip + extra, after, norm=norm, negative_slope=negative_slope)
            for before, skip, after in zip(ins, skips, widths, strict=False)
        )
        self.finest_stride = strides[-1 - self.n_skips]
        self.doublings = nn.ModuleList(
            UpBlock(ins[-1], extra, ins[-1], norm=norm, negative_slope=negative_slope)
            for _ in range(round(math.log2(self.finest_stride / output_stride)))
        )
        self.dropout = nn.Dropout2d(dropout)
        self.out_channels = ins[-1]

    def forward(self, features: Sequence[Tensor], extent: Extent) -> Tensor:
        """Map `[B, out_channels, h, w]` from encoder features, shallow first."""
        running = self.bottleneck(torch.cat([features[-1], *self._positions(features[-1], extent)], dim=1))
        for block, skip in zip(self.up, reversed(features[:-1]), strict=False):
            size = (skip.shape[-2], skip.shape[-1])
            running = block(running, [skip, *self._positions(skip, extent)], size)
        for block in self.doublings:
            size = (2 * running.shape[-2], 2 * running.shape[-1])
            # A map without channels: it only tells `_positions` size, device and dtype.
            blank = running.new_empty(running.shape[0], 0, *size)
            running = block(running, self._positions(blank, extent), size)
        dropped: Tensor = self.dropout(running)
        return dropped

    def _positions(self, like: Tensor, extent: Extent) -> list[Tensor]:
        return [position_maps(like, extent, origin=self.position_origin)] if self.position_channels else []


def n_skips(strides: Sequence[int], output_stride: int) -> int:
    """Number of skips: encoder levels, without the deepest, that are not finer than `output_stride`.

    Raises ConfigError when the deepest level is finer than `output_stride` or doubling cannot reach it.
    """
    usable = [stride for stride in strides[:-1] if stride >= output_stride]
    finest = usable[0] if usable else strides[-1]
    if finest < output_stride or not math.log2(finest / output_stride).is_integer():
        raise ConfigError(
            f"output_stride {output_stride} can't be reached from strides {tuple(strides)}.",
            hint="Use 1, 2, 4 or 8, and an image_pool that is not larger.",
        )
    return len(usable)


def build_decoder(encoder: Encoder, options: DecoderOptions) -> PyramidDecoder:
    """Build the pyramid decoder that `options` describe on top of `encoder`.

    Raises ConfigError when the widths or the output stride do not fit the encoder's levels.
    """
    strides = [stride * options.image_pool for stride in encoder.strides]
    # `None` only: an empty tuple is a valid choice, for an encoder whose deepest level is the output's size.
    widths = options.decoder_channels
    if widths is None:
        widths = DEFAULT_WIDTHS[: n_skips(strides, options.output_stride)]
    return PyramidDecoder(
        channels=encoder.channels,
        strides=strides,
        bottleneck_channels=options.bottleneck_channels or 2 * (widths or DEFAULT_WIDTHS)[0],
        widths=widths,
        output_stride=options.output_stride,
        norm=options.norm,
        position_channels=options.position_channels,
        position_origin=options.position_origin,
        dropout=options.dropout,
    )
