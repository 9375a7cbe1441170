"""Multi-scale deformable attention (Zhu et al. 2021, "Deformable DETR", eq. 3) in plain torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

Size = tuple[int, int]
"""Height and width of a map."""
QUERIES_AT_A_TIME = 4096
"""What bounds memory: 107,008 queries at 352x1216 would sample 27 million points per head channel at once."""


class DeformableAttention(nn.Module):
    """Every query looks at a few learned points around its reference, in every level of a pyramid.

    Kept for parity: the residual is the query without its position, and values have no position either.
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
        """Attended `[B, N, width]` plus the query `[B, N, width]`.

        position: `[N, width]`. value: `[B, M, width]`, the levels of `sizes` flattened one after the other.
        reference: `[N, 2]`, x and y as shares of width and height.
        """
        batch = query.shape[0]
        table = self.value_proj(value).float().view(-1, value.shape[-1] // self.n_heads)
        step = math.ceil(QUERIES_AT_A_TIME / batch)
        attended = []
        for start in range(0, query.shape[1], step):
            some = slice(start, start + step)
            part = (query[:, some], position[some], reference[some], table, sizes)
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
        rows, shares = bilinear_rows(reference[:, None, None, None], offsets, sizes)
        # Row of the table: (image, token, head).
        first = torch.arange(query.shape[0], device=rows.device) * (table.shape[0] // query.shape[0])
        head = torch.arange(self.n_heads, device=rows.device)[:, None, None, None]
        rows = first.view(-1, 1, 1, 1, 1, 1) + rows * self.n_heads + head
        # A weighted bag of rows: the samples themselves are never stored.
        bag = self.n_levels * self.n_points * 4
        sampled = F.embedding_bag(
            rows.reshape(-1, bag),
            table,
            mode="sum",
            per_sample_weights=(shares * weights[..., None]).reshape(-1, bag),
        )
        out: Tensor = query + self.dropout(self.output_proj(sampled.view(query.shape)))
        return out

    def _start(self) -> None:
        """Heads start in different directions, points at different distances, weights even (appendix A.4)."""
        angle = torch.arange(self.n_heads) * (2 * math.pi / self.n_heads)
        direction = torch.stack([angle.cos(), angle.sin()], dim=-1)
        direction = direction / direction.abs().amax(dim=-1, keepdim=True)
        distance = torch.arange(1, self.n_points + 1)[:, None]
        bias = (direction[:, None, None] * distance).expand(-1, self.n_levels, -1, -1)
        with torch.no_grad():
            self.sampling_offsets.bias.copy_(bias.flatten())
        nn.init.zeros_(self.attention_weights.bias)


def bilinear_rows(reference: Tensor, offsets: Tensor, sizes: Sequence[Size]) -> tuple[Tensor, Tensor]:
    """Where bilinear sampling reads, and how much it takes of each of the four cells around a point.

    reference: x and y as shares of the map, broadcast to offsets; offsets: `[..., n_levels, n_points, 2]` in
    cells. Gives rows (int64) of the flattened levels and shares, both `[..., n_levels, n_points, 4]`; cells
    outside of the map have share 0. Same as `grid_sample` with zeros and align_corners=False.
    """
    device = offsets.device
    extent = torch.tensor([(width, height) for height, width in sizes], device=device)[:, None]
    areas = [height * width for height, width in sizes]
    first = torch.tensor([sum(areas[:i]) for i in range(len(areas))], device=device)[:, None, None]
    place = reference * extent + offsets - 0.5
    corner = torch.tensor([(0, 0), (1, 0), (0, 1), (1, 1)], device=device)
    near = place.floor()
    part = (place - near)[..., None, :]
    share = (1 - corner) + (2 * corner - 1) * part
    cell = near.long()[..., None, :] + corner
    inside = ((cell >= 0) & (cell < extent[:, None])).all(dim=-1)
    cell = torch.minimum(cell.clamp(min=0), extent[:, None] - 1)
    rows = first + cell[..., 1] * extent[:, :, 0, None] + cell[..., 0]
    return rows, share[..., 0] * share[..., 1] * inside
