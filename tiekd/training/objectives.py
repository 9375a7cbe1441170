"""The named parts that losses are made of; `tiekd.methods` says which method weighs which part how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from tiekd.bins import bin_centers
from tiekd.errors import ConfigError
from tiekd.losses import functional as losses
from tiekd.targets import TargetName
from tiekd.types import Prediction


@dataclass(frozen=True, slots=True)
class Target:
    """What a prediction is compared with, at the head's size.

    depth: ground truth `[B, 1, h, w]` metres, 0 = none, with `valid_mask`; None for a distilled student.
    teacher: teacher depth `[B, 1, h, w]` metres; None for a teacher or baseline.
    sigma_m, dpm_target: width and kind of the target DPM.
    top_rows: rows of the head's map that the two TIE-KD losses leave out (docs/method.md §7.2).
    """

    depth: Tensor | None
    valid_mask: Tensor | None
    teacher: Tensor | None
    sigma_m: float
    top_rows: int = 0
    dpm_target: TargetName = "published"


Part = Callable[[Prediction, Target], Tensor]


def _given(value: Tensor | None, what: str) -> Tensor:
    if value is None:
        raise ConfigError(
            f"This method needs {what}, and there is none.", hint="Check the recipe's method and data."
        )
    return value


def _truth_silog(p: Prediction, t: Target) -> Tensor:
    return losses.silog_loss(p.raw_depth, _given(t.depth, "ground truth"), t.valid_mask)


def _truth_chamfer(p: Prediction, t: Target) -> Tensor:
    edges = _given(p.bin_edges, "a network with bins")
    valid = _given(t.valid_mask, "ground truth")
    return losses.bins_chamfer_loss(bin_centers(edges), _given(t.depth, "ground truth") * valid)


def _dpm_and_depth(p: Prediction, t: Target) -> tuple[Tensor, Tensor, Tensor]:
    """L_DPM and the network's depth, from one softmax, and the teacher's depth; all without the top rows."""
    logits, teacher = _given(p.dpm_logits, "a DPM head"), _given(t.teacher, "teacher labels")
    edges = _given(p.bin_edges, "a DPM head")
    loss, depth = losses.dpm_loss_and_depth(logits, teacher, edges, sigma_m=t.sigma_m, target=t.dpm_target)
    # Rows are left out here rather than of the logits, whose gradient would be copied for it.
    loss, depth, teacher = losses.top_crop(loss, depth, teacher, rows=t.top_rows)
    return loss, depth, teacher


def _dpm(p: Prediction, t: Target) -> Tensor:
    loss, _, teacher = _dpm_and_depth(p, t)
    return losses.mean_over(loss, losses.label_mask(teacher, target=t.dpm_target))


def _tiekd(p: Prediction, t: Target) -> dict[str, Tensor]:
    loss, depth, teacher = _dpm_and_depth(p, t)
    labelled = losses.label_mask(teacher, target=t.dpm_target)
    return {
        "dpm_loss": losses.mean_over(loss, labelled),
        "depth_loss": losses.ssim_loss(depth, teacher, precise=True, valid_mask=labelled),
    }


def _depth(p: Prediction, t: Target) -> Tensor:
    depth, teacher = losses.top_crop(p.raw_depth, _given(t.teacher, "teacher labels"), rows=t.top_rows)
    return losses.ssim_loss(depth, teacher, precise=True)


def _ssim(p: Prediction, t: Target) -> Tensor:
    return losses.ssim_loss(p.raw_depth, _given(t.teacher, "teacher labels"), precise=True)


def _mse(p: Prediction, t: Target) -> Tensor:
    return losses.mse_loss(p.raw_depth, _given(t.teacher, "teacher labels"))


def _si(p: Prediction, t: Target) -> Tensor:
    return losses.silog_loss(p.raw_depth, _given(t.teacher, "teacher labels"))


PARTS: Mapping[str, Part] = {
    "silog_loss": _truth_silog,
    "chamfer_loss": _truth_chamfer,
    "dpm_loss": _dpm,
    "depth_loss": _depth,
    "ssim_loss": _ssim,
    "mse_loss": _mse,
    "si_loss": _si,
}
"""Name -> function. `tiekd.methods` says what each part needs, and how methods weigh it."""


def loss_parts(prediction: Prediction, target: Target, names: Mapping[str, float]) -> dict[str, Tensor]:
    """The named parts, unweighted; `dpm_loss` and `depth_loss` together share one softmax.

    Raises ConfigError if a part needs what the network or the data do not have.
    """
    shared = _tiekd(prediction, target) if {"dpm_loss", "depth_loss"} <= names.keys() else {}
    return {name: shared[name] if name in shared else PARTS[name](prediction, target) for name in names}
