"""DepthFormer (Li et al. 2022): a transformer and a convolutional stem, joined by the HAHI neck.

The published network has a Swin-L encoder and takes any image size. Its decoder is that of the students, with
leaky ReLU. Layer facts: docs/method.md §14.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, model_validator
from torch import Tensor, nn

from tiekd.card import ModelCard
from tiekd.errors import ConfigError
from tiekd.limits import Stated
from tiekd.models.base import DepthModel
from tiekd.models.blocks import Extent
from tiekd.models.decoder import Decoder, PyramidDecoder
from tiekd.models.encoders import Encoder, create_encoder
from tiekd.models.hahi import HahiNeck
from tiekd.models.heads import UnboundedHead

STEM_CHANNELS = 64
STRIDES = (2, 4, 8, 16, 32)
_LEAK = 0.01


class DepthFormerOptions(Stated):
    """Sizes of neck and decoder.

    width, n_heads, n_points: channels of the neck, attention heads, sampled points per head and level.
    decoder_channels (deepest first), bottleneck_channels: default to the channels of the encoder's levels.
    """

    width: int = Field(default=512, ge=16, multiple_of=4)
    n_heads: int = Field(default=8, ge=1)
    n_points: int = Field(default=8, ge=1)
    bottleneck_channels: int | None = Field(default=None, ge=1)
    decoder_channels: tuple[int, int, int, int] | None = None

    @model_validator(mode="after")
    def _check_heads(self) -> DepthFormerOptions:
        if self.width % self.n_heads:
            raise ValueError(f"width={self.width} must be a multiple of n_heads={self.n_heads}")
        return self


class HybridPyramid(nn.Module):
    """DepthFormer's two branches: a convolutional level at stride 2, a transformer's at strides 4 to 32."""

    def __init__(self, transformer: Encoder) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, STEM_CHANNELS, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM_CHANNELS)
        self.relu = nn.ReLU(inplace=True)
        self.transformer = transformer

    def forward(self, image: Tensor) -> list[Tensor]:
        """Five features `[B, C_i, H_i, W_i]` of an image `[B, 3, H, W]`, shallow first."""
        levels = self.transformer(image)
        return [self.relu(self.bn1(self.conv1(image))), *levels[1 - len(STRIDES) :]]


class HahiDecoder(Decoder):
    """The neck, then one up block for every level except the deepest."""

    def __init__(self, channels: Sequence[int], options: DepthFormerOptions) -> None:
        super().__init__()
        self.neck = HahiNeck(
            channels, width=options.width, n_heads=options.n_heads, n_points=options.n_points
        )
        self.pyramid = PyramidDecoder(
            channels=channels,
            strides=STRIDES,
            bottleneck_channels=options.bottleneck_channels or channels[-1],
            widths=options.decoder_channels or tuple(reversed(channels[:-1])),
            output_stride=STRIDES[0],
            negative_slope=_LEAK,
        )
        self.finest_stride, self.out_channels = STRIDES[0], self.pyramid.out_channels

    def forward(self, features: Sequence[Tensor], extent: Extent) -> Tensor:
        """Map `[B, out_channels, H / 2, W / 2]` from encoder features, shallow first."""
        out: Tensor = self.pyramid(self.neck(features), extent)
        return out


def build_depthformer(
    card: ModelCard, options: DepthFormerOptions, *, encoder: str, weights: str | Path | None = None
) -> DepthModel:
    """Build a teacher with a convolutional stem beside `encoder`. `weights` belong to the encoder.

    Raises ConfigError when the encoder's strides do not fit, and the errors of `create_encoder`.
    """
    transformer = create_encoder(encoder, weights=weights)
    # Only the last four levels count. Convolutional encoders have finer ones, which are not used.
    if transformer.strides[1 - len(STRIDES) :] != STRIDES[1:]:
        raise ConfigError(
            f"DepthFormer needs levels of strides {STRIDES[1:]}, {encoder} has {transformer.strides}.",
            hint="Choose an encoder like swin_tiny or convnext_tiny.",
        )
    # A convolutional encoder also has a level at stride 2. The stem replaces it.
    channels = (STEM_CHANNELS, *transformer.channels[1 - len(STRIDES) :])
    pyramid = Encoder(encoder, HybridPyramid(transformer), channels, STRIDES)
    decoder = HahiDecoder(channels, options)
    head = UnboundedHead(decoder.out_channels, card.depth_range)
    return DepthModel(card=card, encoder=pyramid, decoder=decoder, head=head)
