"""Output layers: depth by regression, or a distribution over depth bins and its expectation."""

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
    """Output of a head: the fields of `Prediction`, at the resolution of the decoder's map."""

    raw_depth: Tensor
    dpm_logits: Tensor | None = None
    bin_edges: Tensor | None = None

    def mapped(self, change: Callable[[Tensor], Tensor]) -> HeadOutput:
        """A copy with `change` applied to every map `[B, C, h, w]`."""
        logits = None if self.dpm_logits is None else change(self.dpm_logits)
        return HeadOutput(change(self.raw_depth), logits, self.bin_edges)


class RegressionHead(nn.Module):
    """Depth as a sigmoid times the farthest depth (docs/method.md §14.2)."""

    def __init__(self, in_channels: int, depth_range: DepthRange) -> None:
        super().__init__()
        self.max_m = depth_range.max_m
        self.conv = nn.Conv2d(in_channels, 1, 3, padding=1)

    def start_at(self, depth_m: float) -> None:
        """Initialise the head to predict about `depth_m` metres."""
        # The inverse of the sigmoid.
        nn.init.constant_(_bias(self.conv), math.log(depth_m / (self.max_m - depth_m)))

    def forward(self, feature: Tensor) -> HeadOutput:
        """Depth `[B, 1, h, w]` in metres from a map `[B, C, h, w]`."""
        # Float32 even under autocast: at 80 m, bfloat16 has steps of half a metre.
        return HeadOutput(torch.sigmoid(self.conv(feature).float()) * self.max_m)


class UnboundedHead(nn.Module):
    """Depth as a ReLU plus the nearest depth (docs/method.md §14.5).

    Kept for parity: the depth has no upper limit before it is clamped to the range.
    """

    def __init__(self, in_channels: int, depth_range: DepthRange) -> None:
        super().__init__()
        self.min_m = depth_range.min_m
        self.conv = nn.Conv2d(in_channels, 1, 3, padding=1)

    def start_at(self, depth_m: float) -> None:
        """Initialise the head to predict about `depth_m` metres."""
        nn.init.constant_(_bias(self.conv), depth_m - self.min_m)

    def forward(self, feature: Tensor) -> HeadOutput:
        """Depth `[B, 1, h, w]` in metres from a map `[B, C, h, w]`."""
        return HeadOutput(F.relu(self.conv(feature).float()) + self.min_m)


class DPMHead(nn.Module):
    """A distribution over uniform depth bins at every pixel (TIE-KD, Choi et al. 2024).

    The depth is its expectation (docs/method.md §3.3).
    """

    bin_edges: Tensor

    def __init__(self, in_channels: int, bins: DepthBins) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, bins.n_bins, 1)
        self.register_buffer("bin_edges", bins.edges(), persistent=False)

    def start_at(self, depth_m: float) -> None:
        """Initialise the head to an expected depth of about `depth_m` metres; far bins are less probable."""
        start_falling(self.conv, self.bin_edges, depth_m)

    def forward(self, feature: Tensor) -> HeadOutput:
        """Depth `[B, 1, h, w]` in metres and logits `[B, n_bins, h, w]` from a map `[B, C, h, w]`."""
        logits = self.conv(feature)
        edges = self.bin_edges.float()
        return HeadOutput(expectation_of_logits(logits, edges), logits, edges)


def start_falling(conv: nn.Conv2d, edges_m: Tensor, mean_m: float) -> None:
    """Set the biases of `conv` so that the density falls exponentially with depth and has about this mean.

    With a uniform start the expected depth is the middle of the range, 40 m. Most of a street is nearer.
    """
    # Probability of a bin = width times density. Hence the logarithm of the width.
    with torch.no_grad():
        _bias(conv).copy_(edges_m.diff().log() - bin_centers(edges_m) / mean_m)


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None, "heads have biases"
    return conv.bias
