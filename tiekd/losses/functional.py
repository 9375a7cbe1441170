"""Losses as pure functions of depth maps `[B, 1, H, W]` in metres and DPMs `[B, n_bins, H, W]`.

They give the published values and gradients, including the quirks (docs/method.md §4 to §8). There is one
exception: where the published form is undefined (no valid pixel, square root at zero), the value and the
gradient are zero here, so that one crop without ground truth cannot end a run.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tiekd.errors import ConfigError
from tiekd.losses.dpm import dpm_loss, dpm_loss_and_depth, dpm_loss_from_logits, label_mask
from tiekd.losses.ssim import precise_ssim, published_ssim
from tiekd.targets import TargetName

__all__ = [
    "bins_chamfer_loss",
    "dpm_loss",
    "dpm_loss_and_depth",
    "dpm_loss_from_logits",
    "label_mask",
    "mean_over",
    "mse_loss",
    "silog_loss",
    "ssim",
    "ssim_loss",
    "tiekd_loss",
    "tiekd_loss_from_logits",
    "top_crop",
]

# docs/method.md §2 lists the sources of these constants.
_SILOG_EPS = 1e-3
_SILOG_MEAN_SHARE = 0.15
_CHAMFER_FLOOR_M = 1e-3


def ssim(depth: Tensor, target: Tensor, *, precise: bool = False) -> Tensor:
    """Structural similarity per pixel of two maps `[B, 1, H, W]` in metres (docs/method.md §6.1).

    Like the published code it pads the border with zeros, uses constants for values from 0 to 1, and takes
    magnitudes of variances and covariance: an anti-correlated patch scores like a correlated one.

    By default it computes in float32, with the published rounding, which in flat regions is as large as the
    value itself. `precise` computes in float64 where the device has it. This is also faster, but the target
    gets no gradient and the result cannot be differentiated twice. Float64 maps always take this way. Raises
    ConfigError for unequal shapes.
    """
    depth, target = _pair(depth, target)
    return (precise_ssim if precise or depth.dtype == torch.float64 else published_ssim)(depth, target)


def ssim_loss(
    depth: Tensor, target: Tensor, *, precise: bool = False, valid_mask: Tensor | None = None
) -> Tensor:
    """1 - mean SSIM of two maps `[B, 1, H, W]` in metres: L_DEPTH of TIE-KD (docs/method.md §6.2).

    valid_mask: bool, same shape. The mean is taken over these pixels; the others are zeros in both maps, as
    the border is. Without it all pixels count. Value and gradient are zero when no pixel is valid.
    """
    if valid_mask is None:
        return 1 - ssim(depth, target, precise=precise).mean()
    depth, target = (map_.masked_fill(~valid_mask, 0) for map_ in (depth, target))
    return mean_over(1 - ssim(depth, target, precise=precise), valid_mask)


def mean_over(values: Tensor, valid_mask: Tensor | None) -> Tensor:
    """Mean of a map `[B, 1, H, W]` over its valid pixels: zero if there are none, over all without a mask."""
    if valid_mask is None:
        return values.mean()
    return values.masked_fill(~valid_mask, 0).sum() / valid_mask.sum().clamp(min=1)


def mse_loss(depth: Tensor, target: Tensor) -> Tensor:
    """Mean square error in m² over all pixels; zeros are not masked (docs/method.md §8.2)."""
    depth, target = _pair(depth, target)
    return F.mse_loss(depth, target)


def silog_loss(depth: Tensor, target: Tensor, valid_mask: Tensor | None = None) -> Tensor:
    """Scale-invariant log error over the valid pixels of the whole batch (docs/method.md §8.1).

    The value is sqrt(unbiased variance + 0.15 mean²) of the log ratios. depth, target: `[B, 1, H, W]` in
    metres; valid_mask: bool, same shape, by default `target > 0`. Value and gradient are zero when no pixel
    is valid or nothing differs. A single valid pixel has no variance. Raises ConfigError for unequal shapes.
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
    # The inner `where` is needed too: sqrt has an infinite slope at zero, and infinity times zero is NaN.
    return torch.where(nonzero, torch.where(nonzero, energy, 1.0).sqrt(), energy)


def bins_chamfer_loss(bin_centers: Tensor, target: Tensor) -> Tensor:
    """Chamfer distance in m² between bin centres and true depths (docs/method.md §8.3).

    bin_centers: `[n]` or `[B, n]`; target: `[B, 1, H, W]`; both in metres. For each image it adds two means
    of squared distances: from each centre to the nearest depth, and from each depth of at least 1 mm to the
    nearest centre. The value is the mean over the images that have any depth.
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
    target: TargetName = "published",
) -> dict[str, Tensor]:
    """The TIE-KD loss and its two parts: scalars `loss`, `dpm_loss`, `depth_loss` (docs/method.md §7).

    dpm: the student's probabilities `[B, n_bins, H, W]`; depth: their expectation `[B, 1, H, W]` in metres;
    teacher_depth: `[B, 1, H, W]` in metres. With the target `gaussian` both parts leave out pixels without a
    label. Raises ConfigError for shapes that do not fit and for an unknown target.
    """
    loss_map = dpm_loss(dpm, teacher_depth, bin_edges, sigma_m=sigma_m, target=target)
    labelled = label_mask(teacher_depth, target=target)
    depth_part = ssim_loss(depth, teacher_depth, valid_mask=labelled)
    return _weigh(mean_over(loss_map, labelled), depth_part, dpm_weight)


def tiekd_loss_from_logits(
    dpm_logits: Tensor,
    teacher_depth: Tensor,
    bin_edges: Tensor,
    *,
    sigma_m: float,
    dpm_weight: float = 0.1,
    target: TargetName = "published",
) -> dict[str, Tensor]:
    """`tiekd_loss` of `softmax(dpm_logits)` and its expectation. Training uses this form.

    One softmax, in float32 or better, serves both parts. SSIM is computed in float64.
    """
    loss_map, depth = dpm_loss_and_depth(dpm_logits, teacher_depth, bin_edges, sigma_m=sigma_m, target=target)
    labelled = label_mask(teacher_depth, target=target)
    depth_part = ssim_loss(depth, teacher_depth, precise=True, valid_mask=labelled)
    return _weigh(mean_over(loss_map, labelled), depth_part, dpm_weight)


def top_crop(*tensors: Tensor, rows: int) -> tuple[Tensor, ...]:
    """Views of `[..., H, W]` tensors without their first `rows` rows (docs/method.md §7.2).

    Raises ConfigError when no row would be left.
    """
    for tensor in tensors:
        if not 0 <= rows < tensor.shape[-2]:
            raise ConfigError(
                f"Can't drop {rows} rows of a map that has {tensor.shape[-2]}.",
                hint="The published KITTI recipe drops 110 of 352.",
            )
    return tuple(tensor[..., rows:, :] for tensor in tensors)


def _weigh(dpm_part: Tensor, depth_part: Tensor, dpm_weight: float) -> dict[str, Tensor]:
    # The factor 10 is published. With the default weight the loss is 1 L_DPM + 9 L_DEPTH.
    loss = 10 * (dpm_weight * dpm_part + (1 - dpm_weight) * depth_part)
    return {"loss": loss, "dpm_loss": dpm_part, "depth_loss": depth_part}


def _precise(value: Tensor) -> Tensor:
    """Half precision converted to float32, because squares of metres overflow or lose their digits in it."""
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def _pair(depth: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if depth.shape != target.shape or depth.ndim != 4:
        raise ConfigError(
            f"Expected two maps [B, 1, H, W] of one shape, got {tuple(depth.shape)}, {tuple(target.shape)}.",
            hint="Resize the target to the head's resolution and keep the channel dimension.",
        )
    return _precise(depth), _precise(target)


def _nearest(ordered: Tensor, queries: Tensor) -> Tensor:
    """For every query, the nearest of the values `ordered`, which are ascending.

    A search in sorted values needs no table of all pairs, which would have bins times pixels entries.
    """
    if len(ordered) == 1:
        return ordered.expand_as(queries)
    # Indices carry no gradient; it flows through the gathered values below.
    above = torch.searchsorted(ordered.detach(), queries.detach()).clamp(1, len(ordered) - 1)
    low, high = ordered[above - 1], ordered[above]
    return torch.where(queries - low <= high - queries, low, high)
