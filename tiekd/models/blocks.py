"""Common parts of decoders: convolution blocks, up blocks and position maps (docs/method.md §14.1)."""

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
"""Shares of the height and width of a padded image that the image itself covers."""


def conv_block(
    in_channels: int,
    out_channels: int,
    *,
    kernel_size: int = 3,
    norm: Norm = "none",
    activation: bool = True,
    negative_slope: float = 0.0,
) -> nn.Sequential:
    """Convolution, norm and (leaky) ReLU. The convolution has a bias only without a norm.

    Weights start as published: Kaiming normal with the fan-out.
    """
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
    """Resize `[B, C, h, w]` bilinearly. A tensor that already has `size` is returned as it is."""
    if feature.shape[-2:] == size:
        return feature
    return F.interpolate(feature, size=size, mode="bilinear", align_corners=align_corners)


def position_maps(like: Tensor, extent: Extent, *, origin: Origin = "center") -> Tensor:
    """Normalised coordinates (x, y) `[B, 2, h, w]` of the grid of `like`.

    x goes from -1 to 1 over the unpadded image. With the origin "center", y does the same. With "bottom", y
    is 1 at the lower edge of the image and falls by 6 per image width. The coordinates of a pixel then stay
    the same when a crop removes sky; those of KITTI's frames with and without the crop differ by 2 %.
    """
    batch, _, height, width = like.shape
    x = torch.linspace(-1, 2 / extent[1] - 1, width, device=like.device, dtype=like.dtype)
    if origin == "center":
        y = torch.linspace(-1, 2 / extent[0] - 1, height, device=like.device, dtype=like.dtype)
    else:
        below = extent[0] * height - 0.5 - torch.arange(height, device=like.device, dtype=like.dtype)
        y = 1 - 6 * below / (extent[1] * width)
    grid = torch.stack([x.expand(height, width), y[:, None].expand(height, width)]).expand(batch, -1, -1, -1)
    # torch.cat keeps the channels-last layout only if all its inputs have it.
    last = like.is_contiguous(memory_format=torch.channels_last)
    return grid.contiguous(memory_format=torch.channels_last) if last else grid


class UpBlock(nn.Module):
    """Resizes to the size of the skips, concatenates [running, skips], convolves twice."""

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
        """Feature `[B, out, *size]` from `running` `[B, in, h, w]` and skips of `size`."""
        running = resize(running, size)
        joined = torch.cat([running, *skips], dim=1) if skips else running
        out: Tensor = self.conv_b(self.conv_a(joined))
        return out
