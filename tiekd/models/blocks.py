"""Parts that decoders share: convolution blocks, up blocks and position maps.

The up block is the published one (docs/method.md §14.1): resize the running feature to the skip's size
(align_corners), concatenate `[running, skip]`, convolve twice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Norm = Literal["none", "batch"]
Origin = Literal["center", "bottom"]
Extent = tuple[float, float]
"""Which share of the height and width of a padded image the image itself covers."""


def conv_block(
    in_channels: int,
    out_channels: int,
    *,
    kernel_size: int = 3,
    norm: Norm = "none",
    activation: bool = True,
    negative_slope: float = 0.0,
) -> nn.Sequential:
    """Convolution (bias only without norm), norm, (leaky) ReLU; Kaiming normal over fan-out, as published."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=norm == "none")
    nn.init.kaiming_normal_(conv.weight, a=negative_slope, mode="fan_out", nonlinearity="leaky_relu")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    layers: OrderedDict[str, nn.Module] = OrderedDict(conv=conv)
    if norm == "batch":
        layers["norm"] = nn.BatchNorm2d(out_channels)
    if activation:
        relu = nn.LeakyReLU(negative_slope, inplace=True) if negative_slope else nn.ReLU(inplace=True)
        layers["act"] = relu
    return nn.Sequential(layers)


def resize(feature: Tensor, size: tuple[int, int], *, align_corners: bool = True) -> Tensor:
    """Bilinear resize; the same tensor when the size is already right."""
    if feature.shape[-2:] == size:
        return feature
    return F.interpolate(feature, size=size, mode="bilinear", align_corners=align_corners)


def position_maps(like: Tensor, extent: Extent, *, origin: Origin = "center") -> Tensor:
    """Normalised coordinates (x, y) `[B, 2, h, w]` of `like`'s grid: x is -1..1 over the unpadded image.

    origin: "center": so is y. "bottom": y is 1 at the image's lower edge and falls by 6 per width, so that
    a camera's picture keeps its coordinates when sky is cut off (KITTI's two framings differ by 2 %).
    """
    batch, _, height, width = like.shape
    x = torch.linspace(-1, 2 / extent[1] - 1, width, device=like.device, dtype=like.dtype)
    if origin == "center":
        y = torch.linspace(-1, 2 / extent[0] - 1, height, device=like.device, dtype=like.dtype)
    else:
        below = extent[0] * height - 0.5 - torch.arange(height, device=like.device, dtype=like.dtype)
        y = 1 - 6 * below / (extent[1] * width)
    grid = torch.stack([x.expand(height, width), y[:, None].expand(height, width)]).expand(batch, -1, -1, -1)
    # What is concatenated lies as the features do only if every part of it does.
    last = like.is_contiguous(memory_format=torch.channels_last)
    return grid.contiguous(memory_format=torch.channels_last) if last else grid


class UpBlock(nn.Module):
    """Resize to `size`, concatenate the skips, convolve twice."""

    def __init__(
        self,
        in_channels: int,
        skip_channels: int,
        out_channels: int,
        *,
        norm: Norm = "none",
        negative_slope: float = 0.0,
    ) -> None:
        super().__init__()
        slope = negative_slope
        self.conv_a = conv_block(in_channels + skip_channels, out_channels, norm=norm, negative_slope=slope)
        self.conv_b = conv_block(out_channels, out_channels, norm=norm, negative_slope=slope)

    def forward(self, running: Tensor, skips: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Feature `[B, out, *size]` from `running` `[B, in, h, w]` and skips that already have `size`."""
        running = resize(running, size)
        joined = torch.cat([running, *skips], dim=1) if skips else running
        out: Tensor = self.conv_b(self.conv_a(joined))
        return out
