"""The losses as modules. A module holds the settings; `functional` holds the arithmetic."""

from __future__ import annotations

from torch import Tensor, nn

from tiekd.bins import bin_centers
from tiekd.losses import functional
from tiekd.targets import TargetName


class DPMLoss(nn.Module):
    """Mean of `functional.dpm_loss_from_logits`, with the target `gaussian` over the pixels with a label."""

    def __init__(self, *, sigma_m: float, target: TargetName = "published") -> None:
        super().__init__()
        self.sigma_m = sigma_m
        self.target = target

    def forward(self, dpm_logits: Tensor, teacher_depth: Tensor, bin_edges: Tensor) -> Tensor:
        """Scalar in nats. Logits `[B, n_bins, H, W]`; teacher depth `[B, 1, H, W]` and edges in metres."""
        loss_map = functional.dpm_loss_from_logits(
            dpm_logits, teacher_depth, bin_edges, sigma_m=self.sigma_m, target=self.target
        )
        return functional.mean_over(loss_map, functional.label_mask(teacher_depth, target=self.target))


class TIEKDLoss(nn.Module):
    """`functional.tiekd_loss_from_logits`."""

    def __init__(self, *, sigma_m: float, dpm_weight: float = 0.1, target: TargetName = "published") -> None:
        super().__init__()
        self.sigma_m = sigma_m
        self.dpm_weight = dpm_weight
        self.target = target

    def forward(self, dpm_logits: Tensor, teacher_depth: Tensor, bin_edges: Tensor) -> dict[str, Tensor]:
        """Scalars `loss`, `dpm_loss` and `depth_loss`; the arguments are those of `DPMLoss`."""
        return functional.tiekd_loss_from_logits(
            dpm_logits,
            teacher_depth,
            bin_edges,
            sigma_m=self.sigma_m,
            dpm_weight=self.dpm_weight,
            target=self.target,
        )


class SSIMLoss(nn.Module):
    """`functional.ssim_loss` in float64."""

    def forward(self, depth: Tensor, target: Tensor) -> Tensor:
        """Scalar. Both maps are `[B, 1, H, W]` in metres."""
        return functional.ssim_loss(depth, target, precise=True)


class SILogLoss(nn.Module):
    """`functional.silog_loss`."""

    def forward(self, depth: Tensor, target: Tensor, valid_mask: Tensor | None = None) -> Tensor:
        """Scalar. Both maps are `[B, 1, H, W]` in metres; the mask is bool and has the same shape."""
        return functional.silog_loss(depth, target, valid_mask)


class MSELoss(nn.Module):
    """`functional.mse_loss`."""

    def forward(self, depth: Tensor, target: Tensor) -> Tensor:
        """Scalar in m². Both maps are `[B, 1, H, W]` in metres."""
        return functional.mse_loss(depth, target)


class BinsChamferLoss(nn.Module):
    """`functional.bins_chamfer_loss` of the centres of the bins."""

    def forward(self, bin_edges: Tensor, target: Tensor) -> Tensor:
        """Scalar in m². Edges `[B, n_bins + 1]` and depth `[B, 1, H, W]` are in metres."""
        return functional.bins_chamfer_loss(bin_centers(bin_edges), target)
