"""L_DPM: the divergence from the target DPM of the teacher's depth to the student's DPM (docs/method.md §5).

The straightforward form stores several maps of all bins. This form avoids them in two ways:

* The target is zero further than a few metres from the teacher's depth. Only the bins inside that window
  (`tiekd.losses.window`) enter the sum: about a tenth of all bins at KITTI's sigma of 0.5 m.
* What needs all bins (softmax, expectation) is computed for a few pixels at a time, in the forward pass and
  again in the backward pass. The gradient is the only stored map of all bins.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tiekd.bins import bin_centers, has_label, pixel_tiles, refuse_second_derivative, softmax_of_tile
from tiekd.errors import ConfigError
from tiekd.losses.window import TargetWindow, target_window
from tiekd.targets import TargetName, check_target

_EPS = 1e-7


def dpm_loss(
    dpm: Tensor,
    teacher_depth: Tensor,
    bin_edges: Tensor,
    *,
    sigma_m: float,
    target: TargetName = "published",
) -> Tensor:
    """Divergence KL(target ‖ student) per pixel `[B, 1, H, W]` in nats (docs/method.md §5).

    dpm: probabilities `[B, n_bins, H, W]`; teacher_depth: `[B, 1, H, W]` in metres, at the same resolution;
    bin_edges: `[n_bins + 1]` or `[B, n_bins + 1]` in metres. As in the published code, bins with a student
    probability of exactly zero are left out, so the value may be slightly negative. Pixels without a label
    (0 m) pull towards the nearest bins with the published target; with `gaussian` their value and gradient
    are zero (see `label_mask`). The teacher's depth and the bins get no gradient, and the result cannot be
    differentiated twice. Raises ConfigError for shapes that do not fit and for an unknown target.
    """
    loss: Tensor = _divergence(
        dpm, teacher_depth, bin_edges, sigma_m=sigma_m, target=target, is_logits=False
    )[0]
    return loss


def dpm_loss_from_logits(
    dpm_logits: Tensor,
    teacher_depth: Tensor,
    bin_edges: Tensor,
    *,
    sigma_m: float,
    target: TargetName = "published",
) -> Tensor:
    """`dpm_loss` of `softmax(dpm_logits)`. The softmax is computed in float32 or better."""
    return dpm_loss_and_depth(dpm_logits, teacher_depth, bin_edges, sigma_m=sigma_m, target=target)[0]


def dpm_loss_and_depth(
    dpm_logits: Tensor,
    teacher_depth: Tensor,
    bin_edges: Tensor,
    *,
    sigma_m: float,
    target: TargetName = "published",
) -> tuple[Tensor, Tensor]:
    """`dpm_loss_from_logits` and the expected depth `[B, 1, H, W]` in metres, from one softmax.

    Both are differentiable. Their gradients are added per tile, so that the logits get one gradient map.
    """
    loss, depth = _divergence(
        dpm_logits, teacher_depth, bin_edges, sigma_m=sigma_m, target=target, is_logits=True
    )
    return loss, depth


def label_mask(teacher_depth: Tensor, *, target: TargetName) -> Tensor | None:
    """The pixels that a mean of the TIE-KD losses counts: None, which is all, for the published target.

    With `gaussian` these are the pixels with a label, bool `[B, 1, H, W]`. Raises ConfigError for an unknown
    target.
    """
    return has_label(teacher_depth) if check_target(target) == "gaussian" else None


@torch.compiler.disable  # type: ignore[untyped-decorator]  # a compiler would unroll the tiles
def _divergence(
    values: Tensor,
    teacher_depth: Tensor,
    bin_edges: Tensor,
    *,
    sigma_m: float,
    target: TargetName,
    is_logits: bool,
) -> tuple[Tensor, Tensor]:
    batch, n_bins, height, width = values.shape
    if teacher_depth.shape != (batch, 1, height, width):
        raise ConfigError(
            f"A DPM {tuple(values.shape)} needs a teacher depth {(batch, 1, height, width)}, "
            f"got {tuple(teacher_depth.shape)}.",
            hint="Resize the teacher's depth to the head's resolution.",
        )
    if bin_edges.shape not in ((n_bins + 1,), (batch, n_bins + 1)):
        raise ConfigError(
            f"The distribution has {n_bins} bins, but the edges are {tuple(bin_edges.shape)}.",
            hint=f"A DPM of {n_bins} channels needs {n_bins + 1} edges.",
        )
    precise = torch.promote_types(values.dtype, torch.float32)
    edges = bin_edges.detach().to(precise).expand(batch, -1).contiguous()
    window = target_window(target, edges, sigma_m=sigma_m)
    teacher = teacher_depth.detach().to(precise).flatten(1)
    loss, depth = _Divergence.apply(values.flatten(2), teacher, bin_centers(edges), window, is_logits)
    return loss.view_as(teacher_depth), depth.view_as(teacher_depth)


class _Divergence(torch.autograd.Function):
    """Divergence and expectation, both `[B, N]`, of logits or probabilities `[B, n_bins, N]`.

    Per pixel the divergence is sum_k p_k log(p_k / (q_k + eps) + eps) over the bins with q_k != 0; p is the
    target, q the student's DPM. `first` is the first bin of each pixel's window. `uniform` marks pixels whose
    target is uniform over all bins. `slope` is the derivative of the divergence by q inside the window.
    """

    @staticmethod
    def forward(  # noqa: PLR0917 - autograd passes by position
        ctx: Any, values: Tensor, teacher: Tensor, centers: Tensor, window: TargetWindow, is_logits: bool
    ) -> tuple[Tensor, Tensor]:
        loss, depth = torch.empty_like(teacher), torch.empty_like(teacher)
        first = torch.empty_like(teacher, dtype=torch.int64)
        uniform = torch.empty_like(teacher, dtype=torch.bool)
        slope = teacher.new_empty(len(teacher), len(window.steps), teacher.shape[1])
        for image, some in pixel_tiles(values):
            here = image, some
            tile = values[image, :, some]
            dpm = softmax_of_tile(tile) if is_logits else tile.to(teacher)
            found = window.at(image, teacher[here])
            first[here], uniform[here] = found.first, found.uniform
            inside = dpm.gather(0, found.first + window.steps)
            loss[here], slope[image, :, some] = _terms(inside, found.target)
            out = found.uniform.nonzero()[:, 0]
            # Rare, for example depth beyond the last bin: the sum runs over all bins, not over a window.
            if len(out):
                everywhere = dpm[:, out]
                loss[image, some][out] = _terms(everywhere, _uniform(everywhere))[0]
                slope[image, :, some][:, out] = 0
            depth[here] = (dpm * centers[image, :, None]).sum(dim=0)
        # With an output that the loss does not use, `backward` then receives None, not a map of zeros.
        ctx.set_materialize_grads(False)
        ctx.is_logits = is_logits
        ctx.save_for_backward(values, centers, first, uniform, slope)
        return loss, depth

    @staticmethod
    def backward(
        ctx: Any, grad_loss: Tensor | None, grad_depth: Tensor | None
    ) -> tuple[Tensor, None, None, None, None]:
        refuse_second_derivative()
        values, centers, first, uniform, slope = ctx.saved_tensors
        window = torch.arange(slope.shape[1], device=slope.device)[:, None]
        grad = torch.empty_like(values)
        for image, some in pixel_tiles(values):
            here = image, some
            tile = values[image, :, some]
            dpm = softmax_of_tile(tile) if ctx.is_logits else tile.to(slope)
            by_dpm = torch.zeros_like(dpm)
            if grad_depth is not None:
                torch.mul(centers[image, :, None], grad_depth[here], out=by_dpm)
            if grad_loss is not None:
                by_dpm.scatter_add_(0, first[here] + window, slope[image, :, some] * grad_loss[here])
                out = uniform[here].nonzero()[:, 0]
                if len(out):
                    everywhere = dpm[:, out]
                    by_dpm[:, out] += _terms(everywhere, _uniform(everywhere))[1] * grad_loss[here][out]
            if ctx.is_logits:  # derivative of the softmax: q_k (g_k - sum_j g_j q_j)
                by_dpm.sub_((by_dpm * dpm).sum(dim=0)).mul_(dpm)
            grad[image, :, some] = by_dpm
        return grad, None, None, None, None


def _uniform(dpm: Tensor) -> Tensor:
    """Target of pixels without a bin within reach of their depth."""
    return torch.full_like(dpm, 1 / len(dpm))


def _terms(dpm: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Divergence `[n]`, summed over dimension 0, and its derivative by `dpm` `[K, n]`."""
    # Tiles are reused in place from here on, so that they stay in the cache.
    dropped = dpm == 0
    floored = dpm + _EPS
    ratio = target / floored
    loss = torch.log(ratio + _EPS).mul_(target).masked_fill_(dropped, 0).sum(dim=0)
    # d/dq of p log(p/s + eps) with s = q + eps is -p (p/s) / (s (p/s + eps)).
    slope = floored.mul_(ratio + _EPS)
    return loss, ratio.mul_(target).neg_().div_(slope).masked_fill_(dropped, 0)
