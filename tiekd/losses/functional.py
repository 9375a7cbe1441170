"""Losses as pure functions of depth maps `[B, 1, H, W]` in metres and DPMs `[B, n_bins, H, W]`.

They reproduce the published values and gradients, oddities included (docs/method.md §4 to §8). Where the
published form is undefined (nothing valid, the square root at zero) these are finite, so that one empty crop
can't end a run.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tiekd.errors import ConfigError
from tiekd.losses.dpm import dpm_loss, dpm_loss_and_depth, dpm_loss_from_logits
from tiekd.losses.ssim import precise_ssim, published_ssim

__all__ = [
    "bins_chamfer_loss",
    "dpm_loss",
    "dpm_loss_and_depth",
    "dpm_loss_from_logits",
    "mse_loss",
    "silog_loss",
    "ssim",
    "ssim_loss",
    "tiekd_loss",
    "tiekd_loss_from_logits",
    "top_crop",
]

_SILOG_EPS = 1e-3
_SILOG_MEAN_SHARE = 0.15
_CHAMFER_FLOOR_M = 1e-3


def ssim(depth: Tensor, target: Tensor, *, precise: bool = False) -> Tensor:
    """Structural similarity of two maps `[B, 1, H, W]`, per pixel (docs/method.md §6.1).

    Kept from the published code: an 11x11 window with zeros around the border, constants for a range of 1
    although the values are metres, and magnitudes of variances and covariance, so that an anti-correlated
    patch scores like a correlated one. The default computes in float32 or better; in float32 it keeps the
    published rounding, which is as large as the value in flat regions. `precise` computes in float64 where
    the device has it: this is faster, gives the target no gradient and can't be differentiated twice.
    Float64 maps are always computed this way. Raises ConfigError for unequal shapes.
    """
    depth, target = _pair(depth, target)
    return (precise_ssim if precise or depth.dtype == torch.float64 else published_ssim)(depth, target)


def ssim_loss(depth: Tensor, target: Tensor, *, precise: bool = False) -> Tensor:
    """1 - mean SSIM of maps `[B, 1, H, W]` in metres; L_DEPTH of TIE-KD (docs/method.md §6.2)."""
    return 1 - ssim(depth, target, precise=precise).mean()


def mse_loss(depth: Tensor, target: Tensor) -> Tensor:
    """Mean square error in m² over all pixels; zeros are not masked (docs/method.md §8.2)."""
    depth, target = _pair(depth, target)
    return F.mse_loss(depth, target)


def silog_loss(depth: Tensor, target: Tensor, valid_mask: Tensor | None = None) -> Tensor:
    """Scale-invariant log error over the valid pixels of the whole batch (docs/method.md §8.1).

    sqrt(unbiased variance + 0.15 mean²) of the log ratios; `valid_mask` bool `[B, 1, H, W]`, by default
    `target > 0`. Zero, with zero gradient, where nothing is valid or nothing differs; one pixel has no
    variance. Raises ConfigError for unequal shapes.
    """
    depth, target = _pair(depth, target)
    mask = target > 0 if valid_mask is None else valid_mask
    if mask.shape != depth.shape or mask.dtype != torch.bool:
        raise ConfigError(
            f"valid_mask must be bool {tuple(depth.shape)}, got {mask.dtype} {tuple(mask.shape)}.",
            hint="Use `mask.bool()` and keep the channel dimension.",
        )
    ratio = torch.log(depth[mask] + _SILOG_EPS) - torch.log(target[mask] + _SILOG_EPS)
    if ratio.numel() == 0:
        return depth.sum() * 0
    variance = ratio.var() if ratio.numel() > 1 else ratio.new_zeros(())
    energy = variance + _SILOG_MEAN_SHARE * ratio.mean() ** 2
    nonzero = energy > 0
    # The inner `where` keeps the root's infinite slope at zero out of the gradient.
    return torch.where(nonzero, torch.where(nonzero, energy, 1.0).sqrt(), energy)


def bins_chamfer_loss(bin_centers: Tensor, target: Tensor) -> Tensor:
    """Two-way squared distance in m² of bin centres and depths (docs/method.md §8.3).

    bin_centers: `[n]` or `[B, n]`; target: `[B, 1, H, W]`, both in metres. Per image: the mean over
    centres of the squared distance to the nearest depth, plus the mean over depths (those >= 1 mm) of that to
    the nearest centre; then the mean of the images that have any depth. AdaBins weighs it with 0.1.
    """
    target = _precise(target).detach()
    centers = _precise(bin_centers)
    centers = centers if centers.ndim == 2 else centers.expand(target.shape[0], -1)
    per_image = []
    for image_centers, image_depth in zip(centers, target, strict=True):
        depths = image_depth[image_depth >= _CHAMFER_FLOOR_M].sort().values
        if depths.numel():
            ordered = image_centers.sort().values
            to_depths = (ordered - _nearest(depths, ordered)).square().mean()
            to_centers = (_nearest(ordered, depths) - depths).square().mean()
            per_image.append(to_depths + to_centers)
    return torch.stack(per_image).mean() if per_image else centers.sum() * 0


def tiekd_loss(
    dpm: Tensor,
    depth: Tensor,
    teacher_depth: Tensor,
    bin_edges: Tensor,
    *,
    sigma_m: float,
    dpm_weight: float = 0.1,
) -> dict[str, Tensor]:
    """The TIE-KD loss and its two parts, as scalars `loss`, `dpm_loss`, `depth_loss` (docs/method.md §7).

    dpm: the student's probabilities `[B, n_bins, H, W]`; depth: their expectation `[B, 1, H, W]` in metres.
    """
    loss_map = dpm_loss(dpm, teacher_depth, bin_edges, sigma_m=sigma_m)
    return _weigh(loss_map.mean(), ssim_loss(depth, teacher_depth), dpm_weight)


def tiekd_loss_from_logits(
    dpm_logits: Tensor,
    teacher_depth: Tensor,
    bin_edges: Tensor,
    *,
    sigma_m: float,
    dpm_weight: float = 0.1,
) -> dict[str, Tensor]:
    """`tiekd_loss` of `softmax(dpm_logits)` and its expectation, as training takes it.

    From one softmax in float32 or better, and with the precise SSIM.
    """
    loss_map, depth = dpm_loss_and_depth(dpm_logits, teacher_depth, bin_edges, sigma_m=sigma_m)
    return _weigh(loss_map.mean(), ssim_loss(depth, teacher_depth, precise=True), dpm_weight)


def top_crop(*tensors: Tensor, rows: int) -> tuple[Tensor, ...]:
    """Views of `[..., H, W]` tensors without their first `rows` rows (docs/method.md §7.2).

    Raises ConfigError when nothing would be left.
    """
    for tensor in tensors:
        if not 0 <= rows < tensor.shape[-2]:
            raise ConfigError(
                f"Can't drop {rows} rows of a map that has {tensor.shape[-2]}.",
                hint="The published KITTI recipe drops 110 of 352.",
            )
    return tuple(tensor[..., rows:, :] for tensor in tensors)


def _weigh(dpm_part: Tensor, depth_part: Tensor, dpm_weight: float) -> dict[str, Tensor]:
    loss = 10 * (dpm_weight * dpm_part + (1 - dpm_weight) * depth_part)
    return {"loss": loss, "dpm_loss": dpm_part, "depth_loss": depth_part}


def _precise(value: Tensor) -> Tensor:
    """Half precision lifted to float32: squares of metres overflow or round away in it."""
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def _pair(depth: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if depth.shape != target.shape or depth.ndim != 4:
        raise ConfigError(
            f"Expected two maps [B, 1, H, W] of one shape, got {tuple(depth.shape)}, {tuple(target.shape)}.",
            hint="Resize the target to the head's resolution and keep the channel dimension.",
        )
    return _precise(depth), _precise(target)


def _nearest(ordered: Tensor, queries: Tensor) -> Tensor:
    """For every query the nearest of the ascending values; sorting keeps this linear in memory."""
    if len(ordered) == 1:
        return ordered.expand_as(queries)
    above = torch.searchsorted(ordered.detach(), queries.detach()).clamp(1, len(ordered) - 1)
    low, high = ordered[above - 1], ordered[above]
    return torch.where(queries - low <= high - queries, low, high)
