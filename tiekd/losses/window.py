"""The target DPM a few pixels at a time, and only over the bins near their depth (docs/method.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from tiekd.bins import bin_centers, depth_inside, gaussian_mass, has_label, target_logits
from tiekd.targets import NO_MASS_LOGIT, TargetName, check_target, target_reach_m


@dataclass(frozen=True, slots=True)
class Windowed:
    """The target of n pixels.

    first: `[n]`, the first bin of each pixel's window. target: `[K, n]`, the probabilities of the window's
    bins. uniform: `[n]` bool, where no bin is within reach and the target is uniform over all bins instead.
    """

    first: Tensor
    target: Tensor
    uniform: Tensor


class TargetWindow(Protocol):
    """Gives the target over windows of K bins. steps: the offsets 0 to K - 1, `[K, 1]`."""

    steps: Tensor

    def at(self, image: int, depth: Tensor) -> Windowed:
        """The target of depths `[n]` in metres of one image of the batch."""


class PublishedWindow:
    """The published target: the softmax of the densities at the bin centres within reach."""

    def __init__(self, edges: Tensor, *, sigma_m: float) -> None:
        self._centers, self._sigma_m = bin_centers(edges), sigma_m
        self._reach_m = target_reach_m(sigma_m)
        self.steps = _steps(self._centers, self._reach_m, n_bins=self._centers.shape[1])

    def at(self, image: int, depth: Tensor) -> Windowed:
        """The target of depths `[n]` in metres of one image of the batch."""
        centers = self._centers[image]
        first = _start(depth, centers, self._reach_m, latest=len(centers) - len(self.steps))
        logits = target_logits(centers[first + self.steps], depth, sigma_m=self._sigma_m)
        return Windowed(first, logits.softmax(dim=0), logits.amax(dim=0) == NO_MASS_LOGIT)


class GaussianWindow:
    """The Gaussian target: the mass between the bin edges. Pixels without a label have none in any bin."""

    def __init__(self, edges: Tensor, *, sigma_m: float) -> None:
        self._edges, self._sigma_m = edges, sigma_m
        self._reach_m = target_reach_m(sigma_m, "gaussian")
        # The bins with mass have the edges within reach as borders: they are one more than these edges.
        self.steps = _steps(edges, self._reach_m, n_bins=edges.shape[1] - 1)

    def at(self, image: int, depth: Tensor) -> Windowed:
        """The target of depths `[n]` in metres of one image of the batch."""
        edges, n_bins = self._edges[image], self._edges.shape[1] - 1
        inside = depth_inside(depth, edges[0], edges[-1])
        first = _start(inside, edges, self._reach_m, latest=n_bins - len(self.steps))
        borders = torch.arange(len(self.steps) + 1, device=edges.device)[:, None]
        mass = gaussian_mass(edges[first + borders], inside, sigma_m=self._sigma_m, dim=0)
        return Windowed(first, mass.mul_(has_label(depth)), torch.zeros_like(first, dtype=torch.bool))


def target_window(target: TargetName, edges: Tensor, *, sigma_m: float) -> TargetWindow:
    """The window of a target over bins with `edges` `[B, n_bins + 1]` in metres.

    Raises ConfigError for a sigma that is not positive and finite, and for an unknown target.
    """
    if check_target(target) == "gaussian":
        return GaussianWindow(edges, sigma_m=sigma_m)
    return PublishedWindow(edges, sigma_m=sigma_m)


def _steps(points: Tensor, reach_m: float, *, n_bins: int) -> Tensor:
    """Offsets 0 to K - 1, `[K, 1]`. At any depth, K consecutive points contain all points within reach."""
    after = torch.searchsorted(points, points + 2 * reach_m, right=True)
    most = int((after - torch.arange(points.shape[1], device=points.device)).max())
    # One point more on either side, because the reach is rounded. A bin beyond the reach gets zero anyway.
    return torch.arange(min(most + 2, n_bins), device=points.device)[:, None]


def _start(depth: Tensor, points: Tensor, reach_m: float, *, latest: int) -> Tensor:
    """Index `[n]` of the last point that is nearer than the reach around each depth `[n]`."""
    return (torch.searchsorted(points, depth - reach_m) - 1).clamp_(0, latest)
