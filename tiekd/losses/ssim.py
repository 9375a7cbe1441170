"""SSIM of two depth maps as published, twice: in the published arithmetic, and precise, for training.

The published constants belong to a range of 1 while the values are metres, so in float32 the variance of a
flat surface far away is rounding as large as they are. So is the sign of a covariance of nearly nothing, and
as the published form takes the magnitude, the direction of its gradient: two runs that only add up in another
order part within a few steps. In double precision all of it is exact for what float32 depth can say; as
products with banded matrices, its gradient written by hand, it takes less time and memory as well.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tiekd.bins import refuse_second_derivative

_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2
_BLOCK_PX = 48
"""Pixels that one matrix product blurs: few, and the band is mostly zeros; many, and there are many calls."""


def published_ssim(depth: Tensor, target: Tensor) -> Tensor:
    """SSIM per pixel of maps `[B, 1, H, W]` in float32, up to the rounding of the published code."""
    moments = torch.cat([depth, target, depth * depth, target * target, depth * target], dim=1)
    window = _window().to(moments).expand(5, 1, -1, -1)
    with torch.autocast(moments.device.type, enabled=False):
        # Side by side in memory the maps share each step of the window: several times faster on CPUs.
        stacked = moments.contiguous(memory_format=torch.channels_last)
        blurred = F.conv2d(stacked, window, padding=_WINDOW // 2, groups=5)
    return _likeness(*blurred.chunk(5, dim=1)).map


@torch.compiler.disable  # type: ignore[untyped-decorator]  # a compiler would unroll images and blocks
def precise_ssim(depth: Tensor, target: Tensor) -> Tensor:
    """SSIM per pixel of maps `[B, 1, H, W]`, computed in float64 where the device has it, in `depth`'s type.

    The target gets no gradient, and it can't be differentiated twice.
    """
    likeness: Tensor = _SSIM.apply(depth.flatten(0, 1), target.detach().flatten(0, 1))
    return likeness.view_as(depth)


class _Likeness(NamedTuple):
    """SSIM and what its slopes are made of, maps of one shape."""

    map: Tensor
    luminance: Tensor
    luminance_scale: Tensor
    structure: Tensor
    structure_scale: Tensor
    var_a: Tensor
    covariance: Tensor


def _likeness(
    mean_a: Tensor, mean_b: Tensor, square_a: Tensor, square_b: Tensor, product: Tensor
) -> _Likeness:
    """SSIM from local means of a, b, a², b² and ab."""
    var_a, var_b = square_a - mean_a * mean_a, square_b - mean_b * mean_b
    covariance = product - mean_a * mean_b
    luminance = 2 * mean_a * mean_b + _C1
    structure = 2 * covariance.abs() + _C2
    luminance_scale = mean_a * mean_a + mean_b * mean_b + _C1
    structure_scale = var_a.abs() + var_b.abs() + _C2
    ssim = luminance * structure / (luminance_scale * structure_scale)
    return _Likeness(ssim, luminance, luminance_scale, structure, structure_scale, var_a, covariance)


class _SSIM(torch.autograd.Function):
    """SSIM `[N, H, W]` of depth and target `[N, H, W]`, image by image: double precision takes room."""

    @staticmethod
    def forward(ctx: Any, depth: Tensor, target: Tensor) -> Tensor:
        precise = _precise(depth)
        likeness = torch.empty_like(depth)
        slopes = depth.new_empty(len(depth), 3, *depth.shape[1:], dtype=precise)
        for i, (one, other) in enumerate(zip(depth, target, strict=True)):
            likeness[i], slopes[i] = _compare(one.to(precise), other.to(precise))
        ctx.save_for_backward(depth, target, slopes)
        return likeness

    @staticmethod
    def backward(ctx: Any, grad_likeness: Tensor) -> tuple[Tensor, None]:
        refuse_second_derivative()
        depth, target, slopes = ctx.saved_tensors
        grad = torch.empty_like(depth)
        for i, grad_one in enumerate(grad_likeness):
            # The window is symmetric, so that the way back through a blur is the blur itself.
            by_mean, by_square, by_product = _blur(slopes[i] * grad_one)
            grad[i] = by_mean + 2 * depth[i] * by_square + target[i] * by_product
        return grad, None


def _compare(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM of `a` and `b` `[H, W]`, and its slopes `[3, H, W]` by the local means of a, a² and ab."""
    means = _blur(torch.stack([a, b, a * a, b * b, a * b]))
    mean_a, mean_b = means[:2]
    found = _likeness(*means)
    scale = found.luminance_scale * found.structure_scale
    by_square = -found.var_a.sign() * found.map / found.structure_scale
    by_product = 2 * found.covariance.sign() * found.luminance / scale
    by_mean = 2 * (mean_b * found.structure / scale - mean_a * found.map / found.luminance_scale)
    # Variance and covariance hold products of the means themselves.
    by_mean -= 2 * mean_a * by_square + mean_b * by_product
    return found.map, torch.stack([by_mean, by_square, by_product])


def _blur(maps: Tensor) -> Tensor:
    """Maps `[n, H, W]` under the published window, with zeros around them."""
    return _blur_rows(_blur_rows(maps).mT).mT


def _blur_rows(maps: Tensor) -> Tensor:
    """Maps `[n, H, W]` blurred along W, as products with a matrix that is a band of the window's weights."""
    width, middle = maps.shape[-1], _WINDOW // 2
    place = torch.arange(_BLOCK_PX + 2 * middle)[:, None] - torch.arange(_BLOCK_PX)
    inside = (place >= 0) & (place < _WINDOW)
    band = torch.where(inside, _weights()[place.clamp(0, _WINDOW - 1)], 0).to(maps)
    blurred = torch.empty_like(maps, memory_format=torch.contiguous_format)
    with torch.autocast(maps.device.type, enabled=False):
        for start in range(0, width, _BLOCK_PX):
            stop = min(start + _BLOCK_PX, width)
            low, high = max(0, start - middle), min(stop + middle, width)
            rows = slice(low - start + middle, high - start + middle)
            blurred[..., start:stop] = maps[..., low:high] @ band[rows, : stop - start]
    return blurred


def _window() -> Tensor:
    """The published window `[11, 11]`, whose rounding to float32 is part of the definition.

    Its mass is a hair from one. In a flat map at 30 m that hair, times 30², is as large as the constants.
    """
    middle = _WINDOW // 2
    bell = torch.tensor([math.exp(-((i - middle) ** 2) / (2 * _SIGMA**2)) for i in range(_WINDOW)])
    row = bell / bell.sum()
    return torch.outer(row, row)


def _weights() -> Tensor:
    """Weights `[11]` in float64 whose products have the published window's mass, without its rounding."""
    window = _window().double()
    return window.sum(dim=0) / window.sum().sqrt()


def _precise(depth: Tensor) -> torch.dtype:
    """Double precision wherever the device has it; Apple's GPUs don't."""
    return depth.dtype if depth.device.type == "mps" else torch.float64
