"""Depth bins and distributions over them. Only this module turns `n_bins` into bin edges.

A depth probability map (DPM) gives every pixel one probability for each of `n_bins` depth bins. The bins are
stored as `n_bins + 1` edges in metres. TIE-KD's students have uniform bins (docs/method.md §3.1); AdaBins
predicts one set of bins per image (§3.2). All functions are pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tiekd.errors import ConfigError
from tiekd.targets import DENSITY_FLOOR, NO_MASS_LOGIT, TargetName, check_positive, check_target
from tiekd.types import DepthRange

# Sizes of a tile of `pixel_tiles`, in values: 2^17 float32 values fit the second-level cache of a CPU core.
# A GPU needs larger tiles (32 MB), because each launch of a kernel costs time.
_TILE_VALUES_PER_THREAD = 2**17
_TILE_VALUES_ON_DEVICE = 2**23


@dataclass(frozen=True, slots=True)
class DepthBins:
    """Uniform bins that divide a depth range (docs/method.md §3.1).

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

    Only the ratios of the widths matter: they are scaled to fill the depth range (docs/method.md §3.2).
    """
    share = relative_widths / relative_widths.sum(dim=-1, keepdim=True)
    widths_m = share * (depth_range.max_m - depth_range.min_m)
    first = widths_m.new_full((*widths_m.shape[:-1], 1), depth_range.min_m)
    return torch.cumsum(torch.cat([first, widths_m], dim=-1), dim=-1)


def over_channels(values: Tensor, like: Tensor) -> Tensor:
    """View of per-bin `values` `[n_bins]` or `[B, n_bins]` that broadcasts over `like` `[B, n_bins, H, W]`.

    Raises ConfigError when the numbers of bins differ.
    """
    if values.shape[-1] != like.shape[1]:
        raise ConfigError(
            f"The distribution has {like.shape[1]} bins but the bin edges describe {values.shape[-1]}.",
            hint="A DPM of n_bins channels needs n_bins + 1 edges.",
        )
    per_image = values if values.ndim == 2 else values[None]
    return per_image[:, :, None, None]


def expectation(dpm: Tensor, bin_edges: Tensor) -> Tensor:
    """Expected depth `[B, 1, H, W]` in metres of a DPM `[B, n_bins, H, W]` (docs/method.md §3.3)."""
    return (dpm * over_channels(bin_centers(bin_edges), dpm)).sum(dim=1, keepdim=True)


def expectation_of_logits(dpm_logits: Tensor, bin_edges: Tensor) -> Tensor:
    """`expectation` of `softmax(dpm_logits)`, in float32 or better, without storing the distribution.

    dpm_logits: `[B, n_bins, H, W]`. The backward pass computes the distribution again from the logits, a few
    pixels at a time. It cannot be differentiated twice. Raises ConfigError when the numbers of bins differ.
    """
    precise = torch.promote_types(dpm_logits.dtype, torch.float32)
    centers = over_channels(bin_centers(bin_edges), dpm_logits)[:, :, 0, 0].to(precise)
    if torch.compiler.is_compiling():
        # A compiler fuses these operations itself. It would unroll the tiles into hundreds of copies.
        return (dpm_logits.softmax(dim=1, dtype=precise) * centers[:, :, None, None]).sum(dim=1, keepdim=True)
    batch, n_bins, height, width = dpm_logits.shape
    depth: Tensor = _Expectation.apply(dpm_logits.flatten(2), centers.expand(batch, n_bins))
    return depth.view(batch, 1, height, width)


def pixel_tiles(maps: Tensor) -> Iterator[tuple[int, slice]]:
    """Cut `maps` `[B, n_bins, N]` into tiles (image, slice of pixels), in order.

    Intermediate results of one tile stay in the cache, so no map of all bins is written to memory.
    """
    batch, n_bins, n_pixels = maps.shape
    on_cpu = maps.device.type == "cpu"
    values = _TILE_VALUES_PER_THREAD * torch.get_num_threads() if on_cpu else _TILE_VALUES_ON_DEVICE
    step = max(1, values // n_bins)
    for image in range(batch):
        for start in range(0, n_pixels, step):
            yield image, slice(start, start + step)


def softmax_of_tile(logits: Tensor) -> Tensor:
    """Probabilities `[n_bins, n]` of one tile, in float32 or better, with the memory layout of `logits`."""
    precise = torch.promote_types(logits.dtype, torch.float32)
    if logits.stride(0) == 1:  # channels last: a softmax over another dimension than the last would copy
        return logits.t().softmax(dim=1, dtype=precise).t()
    return logits.softmax(dim=0, dtype=precise)


def refuse_second_derivative() -> None:
    """Raise ConfigError when autograd records the backward pass.

    Hand-written backward passes call this first. Without it, autograd would treat their result as a constant
    and return wrong second derivatives.
    """
    if torch.is_grad_enabled():
        raise ConfigError(
            "SSIM, the loss of a DPM and the expectation of its logits can't be differentiated twice.",
            hint="Leave out create_graph=True, or use tiekd.bins.expectation and target_dpm instead.",
        )


class _Expectation(torch.autograd.Function):
    """Expectation `[B, N]` of `softmax(logits)`, logits `[B, n_bins, N]`, over centers `[B, n_bins]`.

    With q = softmax(z) and the depth D = sum q_k c_k, the derivative of D by z_k is q_k (c_k - D).
    """

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
            # From here on `dpm` holds the probabilities times the incoming gradient.
            dpm = softmax_of_tile(logits[image, :, some]).mul_(grad_depth[image, some])
            if grad_centers is not None:
                grad_centers[image] += dpm.sum(dim=1)
            from_mean = centers[image, :, None] - depth[image, some]
            torch.mul(dpm, from_mean, out=grad_logits[image, :, some])
        return grad_logits, grad_centers


def mode(dpm: Tensor, bin_edges: Tensor) -> Tensor:
    """Centre of the most probable bin `[B, 1, H, W]` in metres."""
    centers = bin_centers(bin_edges)
    per_image = centers if centers.ndim == 2 else centers[None].expand(dpm.shape[0], -1)
    index = dpm.argmax(dim=1).flatten(1)
    return torch.gather(per_image, 1, index).view(dpm.shape[0], 1, *dpm.shape[2:])


def entropy(dpm: Tensor) -> Tensor:
    """Shannon entropy `[B, 1, H, W]` in nats: 0 if one bin has all the mass, `log(n_bins)` if uniform."""
    per_bin: Tensor = torch.special.entr(dpm)
    return per_bin.sum(dim=1, keepdim=True)


def target_dpm(
    depth: Tensor, bin_edges: Tensor, *, sigma_m: float, target: TargetName = "published"
) -> Tensor:
    """Target DPM `[B, n_bins, H, W]` of a depth `[B, 1, H, W]` in metres (docs/method.md §4).

    published: the softmax is taken of the Gaussian *density*, not of its logarithm. The target is therefore a
    plateau, as wide as the reach of the density. Where no bin is within reach of the depth, it is uniform.
    gaussian: the Gaussian's mass in each bin. Depth beyond the bins counts as the nearest end. A pixel
    without a label has no target: its bins are zero.
    Raises ConfigError for a sigma that is not positive and finite, and for an unknown target.
    """
    if check_target(target) == "gaussian":
        edges = (bin_edges if bin_edges.ndim == 2 else bin_edges[None])[:, :, None, None]
        inside = depth_inside(depth, edges[:, :1], edges[:, -1:])
        return gaussian_mass(edges, inside, sigma_m=sigma_m, dim=1) * has_label(depth)
    centers = bin_centers(bin_edges)
    per_image = (centers if centers.ndim == 2 else centers[None])[:, :, None, None]
    return target_logits(per_image, depth, sigma_m=sigma_m).softmax(dim=1)


def target_logits(centers: Tensor, depth: Tensor, *, sigma_m: float) -> Tensor:
    """Logits of the published target: the Gaussian density of each bin centre, NO_MASS_LOGIT out of reach.

    `centers` and `depth` are in metres and broadcast together. Raises ConfigError for a sigma that is not
    positive and finite.
    """
    check_positive(sigma_m)
    density = torch.exp(-((centers - depth) ** 2) / (2 * sigma_m**2)) / math.sqrt(2 * math.pi * sigma_m**2)
    return density.masked_fill(density < DENSITY_FLOOR, NO_MASS_LOGIT)


def gaussian_mass(edges: Tensor, depth: Tensor, *, sigma_m: float, dim: int) -> Tensor:
    """Share of a Gaussian around `depth` between consecutive `edges` along `dim`; the shares add up to 1.

    `edges` and `depth` are in metres and broadcast together; `depth` lies between the first and last edge.
    Raises ConfigError for a sigma that is not positive and finite.
    """
    check_positive(sigma_m)
    away = (edges - depth) / (sigma_m * math.sqrt(2))
    nearer = away < 0
    # The tail beyond an edge keeps all digits, also where the normal CDF has rounded to 1.
    tail = torch.erfc(away.abs()).mul_(0.5)
    # Differences of the CDF nearer than the depth, of the CDF - 1 beyond it; `diff` of booleans is "changes".
    mass = torch.where(nearer, tail, -tail).diff(dim=dim).add_(nearer.diff(dim=dim)).clamp_(min=0)
    return mass.div_(mass.sum(dim=dim, keepdim=True))


def has_label(depth: Tensor) -> Tensor:
    """Where a depth in metres is a number above 0: 0 means "no label", NaN and infinity mean nothing."""
    return torch.isfinite(depth) & (depth > 0)


def depth_inside(depth: Tensor, first_edge: Tensor, last_edge: Tensor) -> Tensor:
    """`depth` in metres, moved to the nearer end of the bins where it lies beyond them or is no label."""
    labelled = torch.where(has_label(depth), depth, first_edge)
    return torch.minimum(torch.maximum(labelled, first_edge), last_edge)
