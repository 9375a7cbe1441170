"""What methods are called, and the families that their labels are coloured by."""

from __future__ import annotations

from tiekd.card import ModelCard
from tiekd.gallery.model import Family

_METHODS = {
    "teacher": "Teacher", "baseline": "Baseline",
    "tiekd": "TIE-KD", "tiekd_dpm": "TIE-KD (DPM)", "tiekd_depth": "TIE-KD (depth)",
    "reskd_ssim": "Res-KD (SSIM)", "reskd_mse": "Res-KD (MSE)", "reskd_si": "Res-KD (SI)",
    "reskd_ssim_si": "Res-KD (SSIM+SI)", "reskd_ssim_mse": "Res-KD (SSIM+MSE)",
}  # fmt: skip
_TEACHERS = {"adabins": "AdaBins", "bts": "BTS", "depthformer": "DepthFormer"}


def method_label(card: ModelCard) -> str:
    """What people call a model: its method, and whose it is."""
    kind = _METHODS[card.method]
    named = card.architecture if card.method == "teacher" else card.teacher or ""
    whose = named.split("_")[0]
    return f"{kind} · {_TEACHERS.get(whose, whose)}" if whose else kind


def method_family(card: ModelCard) -> Family:
    """The family of a model's method."""
    match card.method:
        case "teacher" | "baseline" | "tiekd" | "tiekd_dpm" | "tiekd_depth":
            return card.method
        case _:
            return "reskd"
