"""The methods: one entry for each way to train a network, from which everything else about it follows.

Recipes take weights and network from here, cards and rows their names, galleries, the API and the page labels
and colours, reports their order. To add a method, add an entry (and the function of a new loss part to
`tiekd.training.objectives`); see CONTRIBUTING.md. Nothing here needs torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

GROUND_TRUTH, OTHER = "ground_truth", "other"
FAMILIES = (GROUND_TRUTH, "teacher", "tiekd", "tiekd_dpm", "tiekd_depth", "baseline", "reskd", OTHER)
"""Colour families, in the order in which galleries and the page list what belongs to them.

Each has its colour in `static/viewer/viewer.css`. `other` is for pictures of which the method is not known.
"""


@dataclass(frozen=True, slots=True)
class LossPart:
    """What a part of a loss needs; the part itself is a function in `tiekd.training.objectives`.

    of_truth: it compares with ground truth; otherwise with the labels of a teacher.
    needs_bins: it needs a network that answers with a distribution over bins.
    """

    of_truth: bool = False
    needs_bins: bool = False


PARTS: dict[str, LossPart] = {
    "silog_loss": LossPart(of_truth=True),
    "chamfer_loss": LossPart(of_truth=True, needs_bins=True),
    "dpm_loss": LossPart(needs_bins=True),
    "depth_loss": LossPart(),
    "ssim_loss": LossPart(),
    "mse_loss": LossPart(),
    "si_loss": LossPart(),
}


@dataclass(frozen=True, slots=True)
class Method:
    """A way to train a network.

    label: what people call it. family: its colour, one of FAMILIES. weights: the weight of each loss part.
    network: the family of networks that recipes take when they name none.
    """

    label: str
    family: str
    weights: Mapping[str, float]
    network: str
    role: Literal["teacher", "student"] = "student"

    @property
    def needs_labels(self) -> bool:
        """Whether it learns from a teacher's labels; otherwise it learns from ground truth."""
        return not all(PARTS[part].of_truth for part in self.weights)

    @property
    def is_baseline(self) -> bool:
        """Whether it trains a student without a teacher: what distillation has to beat."""
        return self.role == "student" and not self.needs_labels


_DPM, _REGRESSION = "densedepth_dpm", "densedepth"
METHODS: dict[str, Method] = {
    "teacher": Method("Teacher", "teacher", {"silog_loss": 10.0, "chamfer_loss": 0.1}, "adabins", "teacher"),
    "baseline": Method("Baseline", "baseline", {"silog_loss": 1.0}, _REGRESSION),
    "tiekd": Method("TIE-KD", "tiekd", {"dpm_loss": 1.0, "depth_loss": 9.0}, _DPM),
    "tiekd_dpm": Method("TIE-KD (DPM)", "tiekd_dpm", {"dpm_loss": 1.0}, _DPM),
    "tiekd_depth": Method("TIE-KD (depth)", "tiekd_depth", {"depth_loss": 1.0}, _DPM),
    "reskd_ssim": Method("Res-KD (SSIM)", "reskd", {"ssim_loss": 1.5}, _REGRESSION),
    "reskd_mse": Method("Res-KD (MSE)", "reskd", {"mse_loss": 1.0}, _REGRESSION),
    "reskd_si": Method("Res-KD (SI)", "reskd", {"si_loss": 1.0}, _REGRESSION),
    "reskd_ssim_si": Method("Res-KD (SSIM+SI)", "reskd", {"ssim_loss": 1.5, "si_loss": 1.0}, _REGRESSION),
    "reskd_ssim_mse": Method("Res-KD (SSIM+MSE)", "reskd", {"ssim_loss": 1.5, "mse_loss": 1.0}, _REGRESSION),
}
"""Name -> method, in the order of report tables. The weights of the authors' methods are the published ones
(docs/method.md): full TIE-KD is 10 (0.1 KL + 0.9 (1 - SSIM))."""
