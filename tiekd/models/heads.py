"""Output layers: depth by regression, and a distribution over depth bins with its expectation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tiekd.bins import DepthBins, bin_centers, expectation_of_logits
from tiekd.types import DepthRange


class HeadOutput(NamedTuple):
    """What a head makes of the decoder's map; the fields of `Prediction` at the head's own resolution."""

    raw_depth: Tensor
    dpm_logits: Tensor | None = None
    bin_edges: Tensor | None = None

    def mapped(self, change: Callable[[Tensor], Tensor]) -> HeadOutput:
        """The same with `change` made to every map `[B, C, h, w]`."""
        logits = None if self.dpm_logits is None else change(self.dpm_logits)
        return HeadOutput(change(self.raw_depth), logits, self.bin_edges)


class RegressionHead(nn.Module):
    """Depth as a sigmoid times the far end of the range (docs/method.md §14.2)."""

    def __init__(self, in_channels: int, depth_range: DepthRange) -> None:
        super().__init__()
        self.max_m = depth_range.max_m
        self.conv = nn.Conv2d(in_channels, 1, 3, padding=1)

    def start_at(self, depth_m: float) -> None:
        """Let the untrained head answer about `depth_m` metres."""
        nn.init.constant_(_bias(self.conv), math.log(depth_m / (self.max_m - depth_m)))

    def forward(self, feature: Tensor) -> HeadOutput:
        """Depth `[B, 1, h, w]` in metres from a map `[B, C, h, w]`."""
        # In float32 even under autocast: bfloat16 has steps of half a metre at 80 m.
        return HeadOutput(torch.sigmoid(self.conv(feature).float()) * self.max_m)


class UnboundedHead(nn.Module):
    """Depth as a ReLU on top of the near end of the range (docs/method.md §14.5).

    Kept for parity: nothing bounds the depth before it is clamped to the range.
    """

    def __init__(self, in_channels: int, depth_range: DepthRange) -> None:
        super().__init__()
        self.min_m = depth_range.min_m
        self.conv = nn.Conv2d(in_channels, 1, 3, padding=1)

    def start_at(self, depth_m: float) -> None:
        """Let the untrained head answer about `depth_m` metres."""
        nn.init.constant_(_bias(self.conv), depth_m - self.min_m)

    def forward(self, feature: Tensor) -> HeadOutput:
        """Depth `[B, 1, h, w]` in metres from a map `[B, C, h, w]`."""
        return HeadOutput(F.relu(self.conv(feature).float()) + self.min_m)


class DPMHead(nn.Module):
    """A distribution over uniform depth bins at every pixel (TIE-KD, Choi et al. 2024).

    Its expectation is the depth, as in AdaBins' eq. 3.
    """

    bin_edges: Tensor

    def __init__(self, in_channels: int, bins: DepthBins) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, bins.n_bins, 1)
        self.register_buffer("bin_edges", bins.edges(), persistent=False)

    def start_at(self, depth_m: float) -> None:
        """Let the untrained head expect about `depth_m` metres, by a distribution that falls with depth."""
        start_falling(self.conv, self.bin_edges, depth_m)

    def forward(self, feature: Tensor) -> HeadOutput:
        """Depth `[B, 1, h, w]` in metres and logits `[B, n_bins, h, w]` from a map `[B, C, h, w]`."""
        logits = self.conv(feature)
        edges = self.bin_edges.float()
        return HeadOutput(expectation_of_logits(logits, edges), logits, edges)


def start_falling(conv: nn.Conv2d, edges_m: Tensor, mean_m: float) -> None:
    """Set the biases of logits so that density falls exponentially over depth, with about that mean.

    Streets are nearer than the middle of 0..80 m, which a uniform start answers everywhere.
    """
    with torch.no_grad():
        _bias(conv).copy_(edges_m.diff().log() - bin_centers(edges_m) / mean_m)


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None, "heads have biases"
    return conv.bias
