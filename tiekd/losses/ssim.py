"""The published SSIM of two depth maps, in float32 as published and in float64 for training.

The published constants suit values from 0 to 1, but depth is in metres (docs/method.md §6.1). In float32 the
variance of a flat, distant surface is therefore rounding noise as large as the constants. The sign of a
covariance near zero is noise too, and with it the direction of the gradient, because the published form takes
magnitudes. Two runs that add numbers in a different order then diverge within a few steps.

Float64 resolves everything that float32 depth can express. The float64 form blurs by products with banded
matrices and has a hand-written gradient, so it also needs less time and memory.
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
"""Pixels that one matrix product blurs. Larger blocks multiply more zeros; smaller ones need more calls."""


def published_ssim(depth: Tensor, target: Tensor) -> Tensor:
    """SSIM per pixel `[B, 1, H, W]` of two such maps, in float32, with the rounding of the published code."""
    moments = torch.cat([depth, target, depth * depth, target * target, depth * target], dim=1)
    window = _window().to(moments).expand(5, 1, -1, -1)
    with torch.autocast(moments.device.type, enabled=False):
        # With the five maps interleaved in memory this convolution is several times faster on CPUs.
        stacked = moments.contiguous(memory_format=torch.channels_last)
        blurred = F.conv2d(stacked, window, padding=_WINDOW // 2, groups=5)
    return _likeness(*blurred.chunk(5, dim=1)).map


@torch.compiler.disable  # type: ignore[untyped-decorator]  # a compiler would unroll images and blocks
def precise_ssim(depth: Tensor, target: Tensor) -> Tensor:
    """SSIM per pixel `[B, 1, H, W]` of two such maps, computed in float64 where the device has it.

    The result has the dtype of `depth`. The target gets no gradient, and the result cannot be differentiated
    twice.
    """
    likeness: Tensor = _SSIM.apply(depth.flatten(0, 1), target.detach().flatten(0, 1))
    return likeness.view_as(depth)


class _Likeness(NamedTuple):
    """SSIM and the terms that its derivatives need, as maps of one shape."""

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
    """SSIM (docs/method.md §6.1) from the local means of a, b, a², b² and ab."""
    var_a, var_b = square_a - mean_a * mean_a, square_b - mean_b * mean_b
    covariance = product - mean_a * mean_b
    luminance = 2 * mean_a * mean_b + _C1
    structure = 2 * covariance.abs() + _C2
    luminance_scale = mean_a * mean_a + mean_b * mean_b + _C1
    structure_scale = var_a.abs() + var_b.abs() + _C2
    ssim = luminance * structure / (luminance_scale * structure_scale)
    return _Likeness(ssim, luminance, luminance_scale, structure, structure_scale, var_a, covariance)


class _SSIM(torch.autograd.Function):
    """SSIM `[N, H, W]` of depth and target, one image at a time because float64 maps are large."""

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
            # The window is symmetric, so the gradient of a blur is the same blur.
            by_mean, by_square, by_product = _blur(slopes[i] * grad_one)
            grad[i] = by_mean + 2 * depth[i] * by_square + target[i] * by_product
        return grad, None


def _compare(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM of `a` and `b` `[H, W]`, and its derivatives `[3, H, W]` by the local means of a, a² and ab."""
    means = _blur(torch.stack([a, b, a * a, b * b, a * b]))
    mean_a, mean_b = means[:2]
    found = _likeness(*means)
    scale = found.luminance_scale * found.structure_scale
    by_square = -found.var_a.sign() * found.map / found.structure_scale
    by_product = 2 * found.covariance.sign() * found.luminance / scale
    by_mean = 2 * (mean_b * found.structure / scale - mean_a * found.map / found.luminance_scale)
    # Variance and covariance contain products of the means, so the mean acts through them too.
    by_mean -= 2 * mean_a * by_square + mean_b * by_product
    return found.map, torch.stack([by_mean, by_square, by_product])


def _blur(maps: Tensor) -> Tensor:
    """Local means of `maps` `[n, H, W]` under the published window; the border is padded with zeros."""
    return _blur_rows(_blur_rows(maps).mT).mT


def _blur_rows(maps: Tensor) -> Tensor:
    """Maps `[n, H, W]` blurred along W by products with a banded matrix of the window's weights."""
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
    """The published window `[11, 11]`. Its rounding to float32 is part of the definition.

    Its weights sum to one only up to that rounding. On a flat map at 30 m the error, times 30², is as large
    as the constants of SSIM.
    """
    middle = _WINDOW // 2
    bell = torch.tensor([math.exp(-((i - middle) ** 2) / (2 * _SIGMA**2)) for i in range(_WINDOW)])
    row = bell / bell.sum()
    return torch.outer(row, row)


def _weights() -> Tensor:
    """One-dimensional weights `[11]` in float64. Their products have the same sum as the published window."""
    window = _window().double()
    return window.sum(dim=0) / window.sum().sqrt()


def _precise(depth: Tensor) -> torch.dtype:
    """Float64, except on Apple's GPUs, which do not have it."""
    return depth.dtype if depth.device.type == "mps" else torch.float64
