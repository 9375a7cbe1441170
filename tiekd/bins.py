"""Depth bins and the distributions over them: the only place where `n_bins` becomes edges.

A depth probability map (DPM) is a categorical distribution over `n_bins` depth bins at every pixel. Bins
are `n_bins + 1` edges in metres, uniform between the ends of the range for TIE-KD (`uniform`), or one set
per image for AdaBins. Everything here is a pure function of tensors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tiekd.errors import ConfigError
from tiekd.types import DepthRange

DENSITY_FLOOR = 1e-16
"""Gaussian densities below this count as "no mass here" (FACTS §1.2 step 2)."""
NO_MASS_LOGIT = -1000.0
"""What such a bin gets in place of its density, so that the softmax leaves it exactly nothing."""


@dataclass(frozen=True, slots=True)
class DepthBins:
    """Uniform bins between the ends of a depth range.

    Raises ConfigError for fewer than two bins.
    """

    n_bins: int
    depth_range: DepthRange

    def __post_init__(self) -> None:
        if self.n_bins < 2:
            raise ConfigError(
                f"n_bins must be at least 2, got {self.n_bins}.", hint="The published KITTI students use 257."
            )

    @property
    def width_m(self) -> float:
        """Width of one bin in metres."""
        return (self.depth_range.max_m - self.depth_range.min_m) / self.n_bins

    def edges(
        self, *, device: torch.device | str | None = None, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Bin edges `[n_bins + 1]` in metres, nearest first."""
        return torch.linspace(
            self.depth_range.min_m, self.depth_range.max_m, self.n_bins + 1, device=device, dtype=dtype
        )

    def centers(self, *, device: torch.device | str | None = None) -> Tensor:
        """Bin centres `[n_bins]` in metres."""
        return bin_centers(self.edges(device=device))


def bin_centers(bin_edges: Tensor) -> Tensor:
    """Midpoints `[..., n_bins]` of `bin_edges` `[..., n_bins + 1]`, in metres."""
    return 0.5 * (bin_edges[..., :-1] + bin_edges[..., 1:])


def edges_from_widths(relative_widths: Tensor, depth_range: DepthRange) -> Tensor:
    """Adaptive edges `[B, n_bins + 1]` in metres from non-negative widths `[B, n_bins]`.

    The widths are normalised to fill the range (AdaBins, Bhat et al. 2021, eq. 1–2).
    """
    share = relative_widths / relative_widths.sum(dim=-1, keepdim=True)
    widths_m = share * (depth_range.max_m - depth_range.min_m)
    first = widths_m.new_full((*widths_m.shape[:-1], 1), depth_range.min_m)
    return torch.cumsum(torch.cat([first, widths_m], dim=-1), dim=-1)


def over_channels(values: Tensor, like: Tensor) -> Tensor:
    """View per-bin `values` `[n_bins]` or `[B, n_bins]` to broadcast over `like` `[B, n_bins, H, W]`.

    Raises ConfigError when the number of bins differs.
    """
    if values.shape[-1] != like.shape[1]:
        raise ConfigError(
            f"The distribution has {like.shape[1]} bins but the bin edges describe {values.shape[-1]}.",
            hint="A DPM of n_bins channels needs n_bins + 1 edges.",
        )
    per_image = values if values.ndim == 2 else values[None]
    return per_image[:, :, None, None]


def expectation(dpm: Tensor, bin_edges: Tensor) -> Tensor:
    """Expected depth `[B, 1, H, W]` in metres of a DPM `[B, n_bins, H, W]`: sum p_k c_k (AdaBins eq. 3)."""
    return (dpm * over_channels(bin_centers(bin_edges), dpm)).sum(dim=1, keepdim=True)


def mode(dpm: Tensor, bin_edges: Tensor) -> Tensor:
    """Centre of the most probable bin, `[B, 1, H, W]` in metres."""
    centers = bin_centers(bin_edges)
    per_image = centers if centers.ndim == 2 else centers[None].expand(dpm.shape[0], -1)
    index = dpm.argmax(dim=1).flatten(1)
    return torch.gather(per_image, 1, index).view(dpm.shape[0], 1, *dpm.shape[2:])


def entropy(dpm: Tensor) -> Tensor:
    """Shannon entropy `[B, 1, H, W]` of a DPM in nats; 0 is certain, `log(n_bins)` knows nothing."""
    per_bin: Tensor = torch.special.entr(dpm)
    return per_bin.sum(dim=1, keepdim=True)


def target_dpm(depth: Tensor, bin_edges: Tensor, *, sigma_m: float) -> Tensor:
    """Target DPM `[B, n_bins, H, W]` made from a depth `[B, 1, H, W]` in metres (FACTS §1.2 steps 1–3).

    Where no bin is within reach of the depth the distribution is uniform. Raises ConfigError for a sigma
    that is not positive.
    """
    centers = bin_centers(bin_edges)
    per_image = (centers if centers.ndim == 2 else centers[None])[:, :, None, None]
    return target_over(per_image, depth, sigma_m=sigma_m)


def target_over(centers: Tensor, depth: Tensor, *, sigma_m: float) -> Tensor:
    """The target distribution over dimension 1 of bin `centers`, for a `depth` that broadcasts to them.

    Kept from the published method: the softmax is taken of the Gaussian *density*, not of its logarithm,
    so the target is a plateau about as wide as the reach of the density. Raises ConfigError for a sigma that
    is not positive.
    """
    density = _density(centers - depth, sigma_m)
    return torch.softmax(density.masked_fill(density < DENSITY_FLOOR, NO_MASS_LOGIT), dim=1)


def without_mass(distance_m: Tensor, *, sigma_m: float) -> Tensor:
    """Whether a bin at this distance from the depth counts as having no mass, bool of the same shape."""
    return _density(distance_m, sigma_m) < DENSITY_FLOOR


def target_reach_m(sigma_m: float) -> float:
    """Distance in metres beyond which a bin has no mass, up to rounding; raises ConfigError."""
    _check_sigma(sigma_m)
    return sigma_m * math.sqrt(-2 * math.log(DENSITY_FLOOR * math.sqrt(2 * math.pi) * sigma_m))


def _density(distance_m: Tensor, sigma_m: float) -> Tensor:
    _check_sigma(sigma_m)
    return torch.exp(-(distance_m**2) / (2 * sigma_m**2)) / math.sqrt(2 * math.pi * sigma_m**2)


def _check_sigma(sigma_m: float) -> None:
    if not sigma_m > 0:
        raise ConfigError(
            f"sigma_m must be positive, got {sigma_m}.", hint="KITTI uses 0.5–0.8 m, NYU 0.15 m."
        )
