"""HAHI, the neck of DepthFormer (Li et al. 2022): hierarchical aggregation, heterogeneous interaction.

First the transformer's levels refine each other by deformable self-attention (aggregation). Then the
convolutional level reads from them by deformable cross-attention (interaction). Layer facts: docs/method.md
§14.5.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tiekd.models.blocks import conv_block
from tiekd.models.deformable import DeformableAttention, Size

_DROPOUT = 0.1
_TEMPERATURE = 10000.0


class HahiNeck(nn.Module):
    """Maps five levels to five levels of the same shapes.

    The first level comes from a convolutional stem, the other four from a transformer.
    """

    def __init__(self, channels: Sequence[int], *, width: int, n_heads: int, n_points: int) -> None:
        super().__init__()
        stem, *levels = channels
        sizes = {"n_heads": n_heads, "n_levels": len(levels), "n_points": n_points}
        self.width = width
        self.laterals = nn.ModuleList(_conv(c, c) for c in channels)
        self.projections = nn.ModuleList(_conv(c, width) for c in levels)
        self.fusions = nn.ModuleList(_conv(c + width, c, kernel_size=3) for c in levels)
        self.stem_projection = _conv(stem, width)
        self.stem_fusion = _conv(width + stem, stem, kernel_size=3)
        self.reference_points = nn.Linear(width, 2)
        self.self_attention = DeformableAttention(width, **sizes, dropout=_DROPOUT)
        self.cross_attention = DeformableAttention(width, **sizes, dropout=_DROPOUT)
        # This must run before the level codes are made, because they keep their normal distribution.
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.xavier_uniform_(parameter)
        nn.init.zeros_(self.reference_points.bias)
        self.level_codes = nn.Parameter(torch.randn(len(levels), width))

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Features of the same shapes, shallow first."""
        stem, *levels = [conv(level) for conv, level in zip(self.laterals, features, strict=True)]
        sizes = [_size(level) for level in levels]
        refined = self._aggregate(levels, sizes)
        fused = [self.stem_fusion(torch.cat([self._interact(stem, refined, sizes), stem], dim=1))]
        tokens = torch.split(refined, [height * width for height, width in sizes], dim=1)
        for fusion, level, own in zip(self.fusions, levels, tokens, strict=True):
            fused.append(fusion(torch.cat([level, _to_map(own, _size(level))], dim=1)))
        return fused

    def _aggregate(self, levels: Sequence[Tensor], sizes: Sequence[Size]) -> Tensor:
        """Refined tokens `[B, sum of h w, width]` of the transformer's levels, one level after the other."""
        projected = [conv(level) for conv, level in zip(self.projections, levels, strict=True)]
        tokens = torch.cat([level.flatten(2).transpose(1, 2) for level in projected], dim=1)
        position = [
            sine_position(size, self.width, like=tokens) + code
            for size, code in zip(sizes, self.level_codes, strict=True)
        ]
        reference = torch.cat([cell_centres(size, like=tokens) for size in sizes])
        refined: Tensor = self.self_attention(tokens, torch.cat(position), tokens, reference, sizes)
        return refined

    def _interact(self, stem: Tensor, refined: Tensor, sizes: Sequence[Size]) -> Tensor:
        """Map `[B, width, h, w]` that the convolutional level reads from the refined tokens.

        Kept for parity: the reference point of a query depends on its position only, not on its content.
        """
        query = self.stem_projection(stem).flatten(2).transpose(1, 2)
        position = sine_position(_size(stem), self.width, like=query)
        reference = torch.sigmoid(self.reference_points(position).float())
        found = self.cross_attention(query, position, refined, reference, sizes)
        return _to_map(found, _size(stem))


def sine_position(size: Size, width: int, *, like: Tensor) -> Tensor:
    """Position codes `[h w, width]`: the first half encodes y, the second half x (DETR, appendix A.4).

    Kept for parity: positions count from 1 and are not normalised.
    """
    half = width // 2
    # Divide by the power, as published. Its inverse as a factor rounds differently: 6e-5 rad at column 608.
    wavelength = _TEMPERATURE ** (torch.arange(0, half, 2, device=like.device) / half)
    codes = []
    for n in size:
        angle = torch.arange(1, n + 1, device=like.device)[:, None] / wavelength
        codes.append(torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1))
    rows, columns = codes
    height, length = size
    both = [rows[:, None].expand(-1, length, -1), columns.expand(height, -1, -1)]
    return torch.cat(both, dim=2).flatten(0, 1).to(like.dtype)


def cell_centres(size: Size, *, like: Tensor) -> Tensor:
    """Centres (x, y) `[h w, 2]` of the cells of a map, as shares of its width and height."""
    height, width = size
    y = (torch.arange(height, device=like.device) + 0.5) / height
    x = (torch.arange(width, device=like.device) + 0.5) / width
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=2).flatten(0, 1)


def _conv(in_channels: int, out_channels: int, *, kernel_size: int = 1) -> nn.Sequential:
    return conv_block(in_channels, out_channels, kernel_size=kernel_size, norm="batch")


def _size(feature: Tensor) -> Size:
    return feature.shape[-2], feature.shape[-1]


def _to_map(tokens: Tensor, size: Size) -> Tensor:
    return tokens.transpose(1, 2).reshape(tokens.shape[0], tokens.shape[2], *size)
