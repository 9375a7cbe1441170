"""Stop a run at the first NaN or infinite value, and say where it was."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from tiekd.errors import NotFiniteError

_HINT = "Lower optim.lr, or look at the labels; the last checkpoint is whole."


def check_loss(parts: Mapping[str, float], *, step: int) -> None:
    """Raise NotFiniteError if parts["loss"] is NaN or infinite."""
    if not math.isfinite(parts["loss"]):
        raise NotFiniteError(f"The loss is {parts['loss']} at step {step} ({dict(parts)}).", hint=_HINT)


def check_gradients(gradients: Mapping[str, Tensor], norm: Tensor, *, step: int, loss: float) -> None:
    """Raise NotFiniteError, with the names of the weights, if the `norm` of all gradients is not finite."""
    if torch.isfinite(norm):
        return
    broken = [name for name, gradient in gradients.items() if not torch.isfinite(gradient).all()]
    raise NotFiniteError(
        f"The gradient is not finite at step {step} (loss {loss:.6g}), in "
        f"{', '.join(broken[:3]) or 'its sum'}{' and more' if broken[3:] else ''}.",
        hint=_HINT,
    )


def check_depth(depth: Tensor, *, step: int) -> None:
    """Raise NotFiniteError if a network predicts depth that is NaN or infinite."""
    if not torch.isfinite(depth).all():
        raise NotFiniteError(
            f"After step {step} the network answers with depth that is not finite.",
            hint="Lower optim.lr; the last checkpoint is whole.",
        )
