"""L_DPM: the divergence from a student's depth distribution to the target DPM of its teacher's depth.

The target is nothing but zeros further than a few metres from the teacher's depth, so only that window of
bins is ever looked at: a tenth of them at KITTI's sigma of 0.5 m.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tiekd.bins import bin_centers, target_over, target_reach_m, without_mass
from tiekd.errors import ConfigError

_EPS = 1e-7


def dpm_loss(dpm: Tensor, teacher_depth: Tensor, bin_edges: Tensor, *, sigma_m: float) -> Tensor:
    """Divergence KL(target ‖ student) per pixel `[B, 1, H, W]` in nats (FACTS §1.2).

    dpm: probabilities `[B, n_bins, H, W]`; teacher_depth: `[B, 1, H, W]` metres at the same resolution;
    bin_edges: `[n_bins + 1]` or `[B, n_bins + 1]` metres. Kept from the published code: bins to which the
    student gives exactly nothing are dropped, so the value may be slightly negative, and pixels without a
    label (0 m) pull towards the nearest bins. Raises ConfigError for shapes that don't fit.
    """
    batch, n_bins, height, width = dpm.shape
    if teacher_depth.shape != (batch, 1, height, width):
        raise ConfigError(
            f"A DPM {tuple(dpm.shape)} needs a teacher depth {(batch, 1, height, width)}, "
            f"got {tuple(teacher_depth.shape)}.",
            hint="Resize the teacher's depth to the head's resolution.",
        )
    if bin_edges.shape not in ((n_bins + 1,), (batch, n_bins + 1)):
        raise ConfigError(
            f"The distribution has {n_bins} bins, but the edges are {tuple(bin_edges.shape)}.",
            hint=f"A DPM of {n_bins} channels needs {n_bins + 1} edges.",
        )
    precise = torch.float64 if dpm.dtype == torch.float64 else torch.float32
    centers = bin_centers(bin_edges.detach().to(precise)).expand(batch, -1).contiguous()
    depth = teacher_depth.detach().to(precise)
    divergence: Tensor = _Divergence.apply(dpm.to(precise), depth, centers, sigma_m)
    return divergence


def dpm_loss_from_logits(
    dpm_logits: Tensor, teacher_depth: Tensor, bin_edges: Tensor, *, sigma_m: float
) -> Tensor:
    """`dpm_loss` of `softmax(dpm_logits)`, the softmax in float32 or better."""
    precise = torch.float64 if dpm_logits.dtype == torch.float64 else torch.float32
    dpm = torch.softmax(dpm_logits.to(precise), dim=1)
    return dpm_loss(dpm, teacher_depth, bin_edges, sigma_m=sigma_m)


class _Divergence(torch.autograd.Function):
    """sum_k p_k log(p_k / (q_k + eps) + eps) over the bins with q_k != 0, and its slope by hand."""

    @staticmethod
    def forward(ctx: Any, dpm: Tensor, depth: Tensor, centers: Tensor, sigma_m: float) -> Tensor:
        flat, depth_row = dpm.flatten(2), depth.flatten(2)
        index = _window(depth_row, centers, target_reach_m(sigma_m))
        spread = centers[:, :, None].expand(-1, -1, depth_row.shape[2])
        target = target_over(spread.gather(1, index), depth_row, sigma_m=sigma_m)
        loss, slope = _terms(flat.gather(1, index), target, needs_slope=ctx.needs_input_grad[0])
        far = _out_of_reach(depth_row, centers, sigma_m)
        far_slope = None
        if far.numel():
            everywhere = flat.transpose(1, 2)[far[:, 0], far[:, 1]]
            uniform = torch.full_like(everywhere, 1 / everywhere.shape[1])
            far_loss, far_slope = _terms(everywhere, uniform, needs_slope=ctx.needs_input_grad[0])
            loss[far[:, 0], 0, far[:, 1]] = far_loss[:, 0]
        ctx.shape = dpm.shape
        ctx.save_for_backward(index[:, :1], slope, far, far_slope)
        return loss.view_as(depth)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, None, None, None]:
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        first, slope, far, far_slope = ctx.saved_tensors
        grad_row = grad_output.flatten(2)
        steps = torch.arange(slope.shape[1], device=first.device)[None, :, None]
        grad = slope.new_zeros(ctx.shape).flatten(2)
        grad.scatter_(1, first + steps, slope * grad_row)
        if far_slope is not None:
            per_pixel = far_slope * grad_row[far[:, 0], 0, far[:, 1]][:, None]
            grad.transpose(1, 2)[far[:, 0], far[:, 1]] = per_pixel
        return grad.view(ctx.shape), None, None, None


def _window(depth_row: Tensor, centers: Tensor, reach_m: float) -> Tensor:
    """Indices `[B, K, N]` of consecutive bins that hold every bin within reach of depths `[B, 1, N]`."""
    first = torch.searchsorted(centers, (depth_row[:, 0] - reach_m).contiguous())
    last = torch.searchsorted(centers, (depth_row[:, 0] + reach_m).contiguous(), right=True)
    # One bin to spare on either side: the reach is rounded, and bins beyond it get their zero anyway.
    size = min(int((last - first).max()) + 2, centers.shape[1])
    start = (first - 1).clamp(0, centers.shape[1] - size)
    return start[:, None] + torch.arange(size, device=start.device)[None, :, None]


def _out_of_reach(depth_row: Tensor, centers: Tensor, sigma_m: float) -> Tensor:
    """(image, pixel) pairs `[M, 2]` whose depth no bin can reach: their target is uniform over all bins."""
    row = depth_row[:, 0]
    nearest = row.clamp(centers[:, :1], centers[:, -1:])
    above = torch.searchsorted(centers, nearest.contiguous()).clamp(1, centers.shape[1] - 1)
    gap = torch.minimum((row - centers.gather(1, above - 1)).abs(), (row - centers.gather(1, above)).abs())
    return without_mass(gap, sigma_m=sigma_m).nonzero()


def _terms(dpm: Tensor, target: Tensor, *, needs_slope: bool) -> tuple[Tensor, Tensor | None]:
    """Divergence summed over dimension 1, kept, and its derivative by `dpm`."""
    dropped = dpm == 0
    floored = dpm + _EPS
    ratio = target / floored
    loss = torch.log(ratio + _EPS).mul_(target).masked_fill_(dropped, 0).sum(dim=1, keepdim=True)
    if not needs_slope:
        return loss, None
    # d/dq of p log(p/s + eps) with s = q + eps is -p (p/s) / (s (p/s + eps)).
    slope = floored.mul_(ratio + _EPS)
    return loss, ratio.mul_(target).neg_().div_(slope).masked_fill_(dropped, 0)
