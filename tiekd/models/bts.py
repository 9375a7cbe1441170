"""BTS (Lee et al. 2019, "From Big to Small"): a decoder with local planar guidance.

At 1/8, 1/4 and 1/2 of the image's size the decoder predicts one plane per cell. The depth of these planes at
full size is an input of all finer scales. Layer facts: docs/method.md §14.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from tiekd.card import ModelCard
from tiekd.errors import ConfigError
from tiekd.limits import Stated
from tiekd.models.base import DepthModel
from tiekd.models.blocks import Extent
from tiekd.models.decoder import Decoder
from tiekd.models.encoders import create_encoder
from tiekd.models.heads import RegressionHead

STRIDES = (2, 4, 8, 16, 32)
"""Strides of the encoder's levels. The decoder doubles its map from level to level and checks no sizes."""
ATROUS_RATES = (3, 6, 12, 18, 24)
_NARROWEST = 8


class BtsOptions(Stated):
    """width: channels of the deepest decoder levels; all other widths are fractions of it."""

    width: int = Field(default=512, ge=128, multiple_of=32)


class AtrousBlock(nn.Module):
    """A 1x1 and a dilated 3x3 convolution, each after its norm and ReLU (dense ASPP, BTS §3.1)."""

    def __init__(self, in_channels: int, width: int, rate: int, *, norm_first: bool) -> None:
        super().__init__()
        self.norm = _norm(in_channels) if norm_first else nn.Identity()
        self.reduce = nn.Conv2d(in_channels, 2 * width, 1, bias=False)
        # Kept for parity: this norm has torch's epsilon of 1e-5. All other norms of the decoder have 1.1e-5.
        self.mid_norm = nn.BatchNorm2d(2 * width, momentum=0.01)
        self.dilated = nn.Conv2d(2 * width, width, 3, padding=rate, dilation=rate, bias=False)

    def forward(self, feature: Tensor) -> Tensor:
        """Map `[B, width, h, w]` from `[B, in_channels, h, w]`."""
        reduced = self.reduce(F.relu(self.norm(feature)))
        out: Tensor = self.dilated(F.relu(self.mid_norm(reduced)))
        return out


class DenseAtrous(nn.Module):
    """Five atrous blocks with growing rates; each block gets the outputs of all blocks before it (BTS §3.1).

    The first block gets the reduced feature `[B, 2 width, h, w]`, the others the joined feature
    `[B, joined, h, w]`.
    """

    def __init__(self, width: int, joined: int) -> None:
        super().__init__()
        inputs = [2 * width, *(joined + i * width for i in range(1, len(ATROUS_RATES)))]
        self.blocks = nn.ModuleList(
            AtrousBlock(channels, width, rate, norm_first=rate != ATROUS_RATES[0])
            for channels, rate in zip(inputs, ATROUS_RATES, strict=True)
        )
        self.merge = _conv(7 * width, width)

    def forward(self, reduced: Tensor, joined: Tensor) -> Tensor:
        """Map `[B, width, h, w]`."""
        found = [self.blocks[0](reduced)]
        for block in self.blocks[1:]:
            found.append(block(torch.cat([joined, *found], dim=1)))
        out: Tensor = self.merge(torch.cat([reduced, *found], dim=1))
        return out


class PlaneEstimator(nn.Module):
    """Predicts one plane per cell: polar angle and azimuth of its normal, and its distance (BTS eq. 2)."""

    def __init__(self, in_channels: int, first_width: int, max_m: float) -> None:
        super().__init__()
        self.max_m = max_m
        self.reduce, narrow = _reduction(in_channels, first_width)
        self.plane = nn.Conv2d(narrow, 3, 1, bias=False)

    def forward(self, feature: Tensor) -> Tensor:
        """Unit normal and distance in metres `[B, 4, h, w]`."""
        # Float32 even under autocast: the depth of a plane is a division by a difference that can be small.
        polar, azimuth, distance = torch.sigmoid(self.plane(self.reduce(feature)).float()).unbind(dim=1)
        polar, azimuth = polar * (math.pi / 3), azimuth * (2 * math.pi)
        side = torch.sin(polar)
        normal = (side * torch.cos(azimuth), side * torch.sin(azimuth), torch.cos(polar))
        return torch.stack([*normal, distance * self.max_m], dim=1)


class LocalPlanarGuidance(nn.Module):
    """Depth of every pixel on the plane of its cell of `ratio` x `ratio` pixels (BTS eq. 1)."""

    def __init__(self, ratio: int) -> None:
        super().__init__()
        self.ratio = ratio

    def forward(self, planes: Tensor) -> Tensor:
        """Depth `[B, 1, ratio h, ratio w]` in metres from planes `[B, 4, h, w]`.

        Kept for parity: the denominator is not guarded. If a plane is nearly parallel to the ray, its depth
        may be huge or negative.
        """
        ratio = self.ratio
        batch, _, height, width = planes.shape
        inside = (torch.arange(ratio, device=planes.device, dtype=planes.dtype) - (ratio - 1) / 2) / ratio
        # Cells and the pixels inside them are separate dimensions, so that planes broadcast without copies.
        n1, n2, n3, distance = planes[:, :, :, None, :, None].unbind(dim=1)
        depth = distance / (n1 * inside + n2 * inside[:, None, None] + n3)
        return depth.reshape(batch, 1, ratio * height, ratio * width)


class LocalPlanarDecoder(Decoder):
    """Decodes five levels to `width / 16` channels at the size of the image, which must be a multiple of 32.

    Raises ConfigError for an encoder with other strides.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int], *, width: int, max_m: float) -> None:
        super().__init__()
        if tuple(strides) != STRIDES:
            raise ConfigError(
                f"BTS needs levels of strides {STRIDES}, the encoder has {tuple(strides)}.",
                hint="Choose an encoder like resnet50 or tf_efficientnet_lite0.",
            )
        half, quarter, eighth, sixteenth, deepest = channels
        self.max_m = max_m
        self.finest_stride, self.size_multiple = 1, STRIDES[-1]
        self.out_channels = width // 16
        self.up5, self.bn5 = _conv(deepest, width), _norm(width)
        self.conv5 = _conv(width + sixteenth, width)
        self.up4, self.bn4 = _conv(width, width // 2), _norm(width // 2)
        self.conv4 = _conv(width // 2 + eighth, width // 2)
        self.bn4_2 = _norm(width // 2)
        self.aspp = DenseAtrous(width // 4, width // 2 + eighth)
        self.plane8 = PlaneEstimator(width // 4, width // 4, max_m)
        self.up3, self.bn3 = _conv(width // 4, width // 4), _norm(width // 4)
        self.conv3 = _conv(width // 4 + quarter + 1, width // 4)
        self.plane4 = PlaneEstimator(width // 4, width // 8, max_m)
        self.up2, self.bn2 = _conv(width // 4, width // 8), _norm(width // 8)
        self.conv2 = _conv(width // 8 + half + 1, width // 8)
        self.plane2 = PlaneEstimator(width // 8, width // 16, max_m)
        self.up1 = _conv(width // 8, width // 16)
        self.share1 = ShareEstimator(width // 16, width // 32)
        self.conv1 = _conv(width // 16 + 4, width // 16)
        self.guide8, self.guide4, self.guide2 = (LocalPlanarGuidance(ratio) for ratio in (8, 4, 2))

    def forward(self, features: Sequence[Tensor], extent: Extent) -> Tensor:  # noqa: ARG002 - a decoder's
        """Map `[B, out_channels, H, W]` from encoder features, shallow first (BTS figure 2)."""
        half, quarter, eighth, sixteenth, running = features
        running = self.conv5(torch.cat([self.bn5(self.up5(_double(running))), sixteenth], dim=1))
        joined = torch.cat([self.bn4(self.up4(_double(running))), eighth], dim=1)
        running = self.aspp(self.bn4_2(self.conv4(joined)), joined)
        share8 = self.guide8(self.plane8(running)) / self.max_m
        up = self.bn3(self.up3(_double(running)))
        running = self.conv3(torch.cat([up, quarter, share8[..., ::4, ::4]], dim=1))
        share4 = self.guide4(self.plane4(running)) / self.max_m
        up = self.bn2(self.up2(_double(running)))
        running = self.conv2(torch.cat([up, half, share4[..., ::2, ::2]], dim=1))
        share2 = self.guide2(self.plane2(running)) / self.max_m
        up = self.up1(_double(running))
        out: Tensor = self.conv1(torch.cat([up, self.share1(up), share2, share4, share8], dim=1))
        return out


class ShareEstimator(nn.Module):
    """Depth of every pixel as a share of the farthest depth: what planes give at 1/2 to 1/8, at full size."""

    def __init__(self, in_channels: int, first_width: int) -> None:
        super().__init__()
        self.reduce, narrow = _reduction(in_channels, first_width)
        self.final = nn.Conv2d(narrow, 1, 1, bias=False)

    def forward(self, feature: Tensor) -> Tensor:
        """Share `[B, 1, h, w]` in 0..1."""
        return torch.sigmoid(self.final(self.reduce(feature)).float())


def build_bts(
    card: ModelCard, options: BtsOptions, *, encoder: str, weights: str | Path | None = None
) -> DepthModel:
    """Build a teacher with local planar guidance on `encoder`.

    Kept for parity: the focal length has no effect (docs/method.md §10.1). Raises ConfigError when the
    encoder's strides do not fit, and the errors of `create_encoder`.
    """
    pyramid = create_encoder(encoder, weights=weights)
    decoder = LocalPlanarDecoder(
        pyramid.channels, pyramid.strides, width=options.width, max_m=card.max_depth_m
    )
    head = RegressionHead(decoder.out_channels, card.depth_range)
    return DepthModel(card=card, encoder=pyramid, decoder=decoder, head=head)


def _conv(in_channels: int, out_channels: int, *, kernel_size: int = 3) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
    return nn.Sequential(conv, nn.ELU())


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1.1e-5, momentum=0.01)


def _reduction(in_channels: int, first_width: int) -> tuple[nn.Sequential, int]:
    """1x1 convolutions that halve the width until it is below 16, and the width of the last one."""
    widths = [in_channels]
    while first_width >= _NARROWEST:
        widths.append(first_width)
        first_width //= 2
    steps = [_conv(before, after, kernel_size=1) for before, after in pairwise(widths)]
    return nn.Sequential(*steps), widths[-1]


def _double(feature: Tensor) -> Tensor:
    return F.interpolate(feature, scale_factor=2.0, mode="nearest")
