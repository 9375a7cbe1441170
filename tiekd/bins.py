"""Depth bins and the distributions over them: the only place where `n_bins` becomes edges.

A depth probability map (DPM) is a categorical distribution over `n_bins` depth bins at every pixel. Bins
are `n_bins + 1` edges in metres, uniform between the ends of the range for TIE-KD (`uniform`), or one set
per image for AdaBins. Everything here is a pure function of tensors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tiekd.errors import ConfigError
from tiekd.types import DepthRange

DENSITY_FLOOR = 1e-16
"""A Gaussian density below this counts as no mass (docs/method.md §4)."""
NO_MASS_LOGIT = -1000.0
"""Stands in place of such a density, so that the softmax gives the bin exactly zero."""

_TILE_VALUES_PER_THREAD = 2**17
_TILE_VALUES_ON_DEVICE = 2**23
"""Probabilities worked on at a time: a core's second-level cache, 32 MB where launches cost more."""


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


def expectation_of_logits(dpm_logits: Tensor, bin_edges: Tensor) -> Tensor:
    """`expectation` of `softmax(dpm_logits)` in float32 or better, without a map of the distribution.

    Its gradient makes the distribution again, a few pixels at a time, from nothing but the logits
    `[B, n_bins, H, W]`. It can't be differentiated twice. Raises ConfigError when the number of bins differs.
    """
    precise = torch.promote_types(dpm_logits.dtype, torch.float32)
    centers = over_channels(bin_centers(bin_edges), dpm_logits)[:, :, 0, 0].to(precise)
    if torch.compiler.is_compiling():
        # A compiler fuses these itself, and an exported graph has no use for hundreds of copies of a tile.
        return (dpm_logits.softmax(dim=1, dtype=precise) * centers[:, :, None, None]).sum(dim=1, keepdim=True)
    batch, n_bins, height, width = dpm_logits.shape
    depth: Tensor = _Expectation.apply(dpm_logits.flatten(2), centers.expand(batch, n_bins))
    return depth.view(batch, 1, height, width)


def pixel_tiles(maps: Tensor) -> Iterator[tuple[int, slice]]:
    """Pieces (image, pixels) of `[B, n_bins, N]` whose intermediate results are small, in order."""
    batch, n_bins, n_pixels = maps.shape
    on_cpu = maps.device.type == "cpu"
    values = _TILE_VALUES_PER_THREAD * torch.get_num_threads() if on_cpu else _TILE_VALUES_ON_DEVICE
    step = max(1, values // n_bins)
    for image in range(batch):
        for start in range(0, n_pixels, step):
            yield image, slice(start, start + step)


def softmax_of_tile(logits: Tensor) -> Tensor:
    """Probabilities `[n_bins, n]` in float32 or better, in the memory order of the `logits`."""
    precise = torch.promote_types(logits.dtype, torch.float32)
    if logits.stride(0) == 1:  # channels last: a softmax over any but the last dimension would copy
        return logits.t().softmax(dim=1, dtype=precise).t()
    return logits.softmax(dim=0, dtype=precise)


def refuse_second_derivative() -> None:
    """For backward passes written by hand: without it autograd would take their result for a constant.

    Raises ConfigError where a graph of the backward pass is asked for.
    """
    if torch.is_grad_enabled():
        raise ConfigError(
            "SSIM, the loss of a DPM and the expectation of its logits can't be differentiated twice.",
            hint="Leave out create_graph=True, or use tiekd.bins.expectation and target_dpm instead.",
        )


class _Expectation(torch.autograd.Function):
    """Expectation `[B, N]` of `softmax(logits)`, `[B, n_bins, N]`, over `centers` `[B, n_bins]`."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, centers: Tensor) -> Tensor:
        depth = centers.new_empty(logits.shape[0], logits.shape[2])
        for image, some in pixel_tiles(logits):
            dpm = softmax_of_tile(logits[image, :, some])
            depth[image, some] = dpm.mul_(centers[image, :, None]).sum(dim=0)
        ctx.save_for_backward(logits, centers, depth)
        return depth

    @staticmethod
    def backward(ctx: Any, grad_depth: Tensor) -> tuple[Tensor, Tensor | None]:
        refuse_second_derivative()
        logits, centers, depth = ctx.saved_tensors
        grad_logits = torch.empty_like(logits)
        grad_centers = torch.zeros_like(centers) if ctx.needs_input_grad[1] else None
        for image, some in pixel_tiles(logits):
            dpm = softmax_of_tile(logits[image, :, some]).mul_(grad_depth[image, some])
            if grad_centers is not None:
                grad_centers[image] += dpm.sum(dim=1)
            from_mean = centers[image, :, None] - depth[image, some]
            torch.mul(dpm, from_mean, out=grad_logits[image, :, some])
        return grad_logits, grad_centers


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
    """Target DPM `[B, n_bins, H, W]` of a depth `[B, 1, H, W]` in metres (docs/method.md §4).

    Kept from the published method: the softmax is taken of the Gaussian *density*, not of its logarithm,
    so the target is a plateau about as wide as the reach of the density. Where no bin is within reach of the
    depth it is uniform. Raises ConfigError for a sigma that is not positive.
    """
    centers = bin_centers(bin_edges)
    per_image = (centers if centers.ndim == 2 else centers[None])[:, :, None, None]
    return target_logits(per_image, depth, sigma_m=sigma_m).softmax(dim=1)


def target_logits(centers: Tensor, depth: Tensor, *, sigma_m: float) -> Tensor:
    """What the target DPM is the softmax of: densities around `depth`, which broadcasts to bin `centers`.

    NO_MASS_LOGIT where a bin is out of reach. Raises ConfigError for a sigma that is not positive.
    """
    _check_sigma(sigma_m)
    density = torch.exp(-((centers - depth) ** 2) / (2 * sigma_m**2)) / math.sqrt(2 * math.pi * sigma_m**2)
    return density.masked_fill(density < DENSITY_FLOOR, NO_MASS_LOGIT)


def target_reach_m(sigma_m: float) -> float:
    """Distance in metres beyond which a bin has no mass, up to rounding; raises ConfigError."""
    _check_sigma(sigma_m)
    return sigma_m * math.sqrt(-2 * math.log(DENSITY_FLOOR * math.sqrt(2 * math.pi) * sigma_m))


def _check_sigma(sigma_m: float) -> None:
    if not sigma_m > 0:
        raise ConfigError(
            f"sigma_m must be positive, got {sigma_m}.", hint="KITTI uses 0.5–0.8 m, NYU 0.15 m."
        )
