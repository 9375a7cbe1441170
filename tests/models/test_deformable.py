"""Deformable attention against the plain form: grid_sample of every level, all samples at once."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from tiekd.models import deformable
from tiekd.models.deformable import DeformableAttention

SIZES = [(6, 9), (3, 5), (1, 2)]
N_VALUES = sum(height * width for height, width in SIZES)


@pytest.fixture
def attention():
    torch.manual_seed(0)
    module = DeformableAttention(16, n_heads=4, n_levels=3, n_points=5, dropout=0.5).eval()
    for value in module.parameters():
        torch.nn.init.normal_(value, std=0.6)
    return module


def inputs(n_queries, batch=2, seed=1):
    draw = torch.Generator().manual_seed(seed)
    return (
        torch.randn(batch, n_queries, 16, generator=draw),
        torch.randn(n_queries, 16, generator=draw),
        torch.randn(batch, N_VALUES, 16, generator=draw),
        torch.rand(n_queries, 2, generator=draw),
    )


def plain(module, query, position, value, reference):
    batch, n_queries, width = query.shape
    heads, points = module.n_heads, module.n_points
    placed = query + position
    offsets = module.sampling_offsets(placed).view(batch, n_queries, heads, len(SIZES), points, 2)
    weights = module.attention_weights(placed).view(batch, n_queries, heads, -1).softmax(-1)
    maps = module.value_proj(value).split([height * width for height, width in SIZES], dim=1)
    samples = []
    for level, (h, w) in enumerate(SIZES):
        image = maps[level].view(batch, h, w, heads, -1).permute(0, 3, 4, 1, 2).flatten(0, 1)
        at = reference[:, None, None] + offsets[:, :, :, level] / torch.tensor([w, h])
        grid = 2 * at.transpose(1, 2).flatten(0, 1) - 1
        samples.append(F.grid_sample(image, grid, align_corners=False))
    stacked = torch.cat(samples, dim=-1).view(batch, heads, width // heads, n_queries, -1)
    found = torch.einsum("bhcqs,bqhs->bqhc", stacked, weights).flatten(2)
    return query + module.output_proj(found)


def test_it_is_grid_sample_with_zeros_outside(attention):
    given = inputs(40)
    with torch.no_grad():
        got, want = attention(*given, SIZES), plain(attention, *given)
    # Offsets reach several cells, so that many samples lie outside.
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)


def test_gradients_are_the_same_with_recomputed_parts(attention, monkeypatch):
    monkeypatch.setattr(deformable, "QUERIES_AT_A_TIME", 14)
    given = inputs(20)
    attention.train()
    attention.dropout.p = 0.0
    gradients = []
    for form in (lambda: attention(*given, SIZES), lambda: plain(attention, *given)):
        attention.zero_grad()
        form().pow(2).sum().backward()
        gradients.append({name: value.grad.clone() for name, value in attention.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-3, atol=1e-3)
        assert gradient.abs().max() > 0, name


@pytest.mark.parametrize("at_a_time", [1, 7, 20, 1000])
def test_parts_do_not_change_the_answer(attention, monkeypatch, at_a_time):
    given = inputs(20)
    with torch.no_grad():
        whole = attention(*given, SIZES)
        monkeypatch.setattr(deformable, "QUERIES_AT_A_TIME", at_a_time)
        torch.testing.assert_close(attention(*given, SIZES), whole)


class Largest(TorchDispatchMode):
    """Remembers the largest tensor that any operation made."""

    def __init__(self):
        super().__init__()
        self.numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for value in out if isinstance(out, tuple | list) else (out,):
            if isinstance(value, torch.Tensor):
                self.numel = max(self.numel, value.numel())
        return out


def test_memory_is_bounded_whatever_the_number_of_queries(attention, monkeypatch):
    monkeypatch.setattr(deformable, "QUERIES_AT_A_TIME", 64)
    bag = attention.n_levels * attention.n_points * 4
    given = inputs(3000)
    with torch.no_grad(), Largest() as largest:
        attention(*given, SIZES)
    # The answer itself, [2, 3000, 16], outgrows a part of 64 bags per head.
    assert largest.numel == max(given[0].numel(), 64 * attention.n_heads * bag) == 96_000


def test_heads_start_in_different_directions():
    module = DeformableAttention(16, n_heads=4, n_levels=3, n_points=5, dropout=0.0)
    offsets = module.sampling_offsets.bias.detach().view(4, 3, 5, 2)
    torch.testing.assert_close(offsets[0, 0, 0], torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(offsets[1, 2, 4], torch.tensor([0.0, 5.0]), atol=1e-5, rtol=0)
