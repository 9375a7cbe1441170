"""Multi-scale deformable attention (Zhu et al. 2021, "Deformable DETR", eq. 3) in plain torch.

The original needs a CUDA kernel of its own. Here a sample is a weighted sum of rows of a table, which torch's
`embedding_bag` computes on every device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

Size = tuple[int, int]
"""Height and width of a map."""
QUERIES_AT_A_TIME = 1024
"""Limits memory: all 107,008 queries of a 352x1216 image together would need 110 million cells and shares."""


class DeformableAttention(nn.Module):
    """Each query reads a few learned points around its reference point, in every level of a pyramid.

    Kept for parity: the residual is the query without its position code, and values have no position code.
    """

    def __init__(self, width: int, *, n_heads: int, n_levels: int, n_points: int, dropout: float) -> None:
        super().__init__()
        self.n_heads, self.n_levels, self.n_points = n_heads, n_levels, n_points
        self.sampling_offsets = nn.Linear(width, n_heads * n_levels * n_points * 2)
        self.attention_weights = nn.Linear(width, n_heads * n_levels * n_points)
        self.value_proj = nn.Linear(width, width)
        self.output_proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self._start()

    def forward(
        self, query: Tensor, position: Tensor, value: Tensor, reference: Tensor, sizes: Sequence[Size]
    ) -> Tensor:
        """Queries plus what they read, `[B, N, width]`.

        query: `[B, N, width]`. position: `[N, width]`, position codes of the queries. value: `[B, M, width]`,
        the levels of `sizes`, flattened one after the other. reference: `[N, 2]`, x and y as shares of width
        and height.
        """
        batch = query.shape[0]
        table = self.value_proj(value).float().view(-1, value.shape[-1] // self.n_heads)
        step = math.ceil(QUERIES_AT_A_TIME / batch)
        attended = []
        for start in range(0, query.shape[1], step):
            some = slice(start, start + step)
            part = (query[:, some], position[some], reference[some], table, sizes)
            # In training the backward pass computes each part again, so that it need not be stored.
            if self.training and torch.is_grad_enabled():
                attended.append(checkpoint(self._attend, *part, use_reentrant=False))
            else:
                attended.append(self._attend(*part))
        return torch.cat(attended, dim=1)

    def _attend(
        self, query: Tensor, position: Tensor, reference: Tensor, table: Tensor, sizes: Sequence[Size]
    ) -> Tensor:
        placed = query + position
        shape = (self.n_heads, self.n_levels, self.n_points)
        offsets = self.sampling_offsets(placed).float().unflatten(-1, (*shape, 2))
        logits = self.attention_weights(placed).float().unflatten(-1, (self.n_heads, -1))
        weights = logits.softmax(dim=-1).unflatten(-1, shape[1:])
        rows, shares = sampled_rows(reference[:, None], offsets, weights, sizes)
        # The table has one row per image, token and head, in this order.
        first = torch.arange(query.shape[0], device=rows.device) * (table.shape[0] // query.shape[0])
        head = torch.arange(self.n_heads, device=rows.device)
        rows = rows * self.n_heads + (first[:, None, None] + head)[..., None]
        # The weighted sum of rows is computed at once, so that no sample is stored.
        sampled = F.embedding_bag(
            rows.flatten(0, -2), table, mode="sum", per_sample_weights=shares.flatten(0, -2)
        )
        out: Tensor = query + self.dropout(self.output_proj(sampled.view(query.shape)))
        return out

    def _start(self) -> None:
        """Initialise as in Deformable DETR, appendix A.4.

        Heads look in different directions, points lie at different distances, and all weights are equal.
        """
        angle = torch.arange(self.n_heads) * (2 * math.pi / self.n_heads)
        direction = torch.stack([angle.cos(), angle.sin()], dim=-1)
        direction = direction / direction.abs().amax(dim=-1, keepdim=True)
        distance = torch.arange(1, self.n_points + 1)[:, None]
        bias = (direction[:, None, None] * distance).expand(-1, self.n_levels, -1, -1)
        with torch.no_grad():
            self.sampling_offsets.bias.copy_(bias.flatten())
        nn.init.zeros_(self.attention_weights.bias)


def sampled_rows(
    reference: Tensor, offsets: Tensor, weights: Tensor, sizes: Sequence[Size]
) -> tuple[Tensor, Tensor]:
    """Cells that bilinear sampling reads, and the share of each cell.

    reference: `[..., 2]`, x and y as shares of a map. offsets: `[..., n_levels, n_points, 2]` in cells of a
    level. weights: `[..., n_levels, n_points]` of the samples. Returns rows (int64) of the flattened levels
    and their shares, both `[..., 4 n_levels n_points]`. Cells outside a map have share 0. The weighted sum of
    the cells equals `grid_sample` with zero padding and align_corners=False.
    """
    rows, shares = [], []
    first = 0
    for level, (height, width) in enumerate(sizes):
        place = offsets[..., level, :, :]
        columns = _neighbours(reference[..., 0, None] * width + place[..., 0] - 0.5, width)
        lines = _neighbours(reference[..., 1, None] * height + place[..., 1] - 0.5, height)
        for line, line_share in lines:
            for column, column_share in columns:
                rows.append(line * width + column + first)
                shares.append(line_share * column_share * weights[..., level, :])
        first += height * width
    return torch.cat(rows, dim=-1), torch.cat(shares, dim=-1)


def _neighbours(place: Tensor, size: int) -> list[tuple[Tensor, Tensor]]:
    """The two cells around a place along one axis, and the share of each, which is 0 outside the map."""
    before = place.floor()
    part = place - before
    both = ((before, 1 - part), (before + 1, part))
    return [(cell.clamp(0, size - 1).long(), share * ((cell >= 0) & (cell < size))) for cell, share in both]
