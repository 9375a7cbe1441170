"""The optimiser of a run, AdamW, and its learning rate: one cycle, or a falling cosine."""

from __future__ import annotations

import math
from collections import defaultdict
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from tiekd.errors import ConfigError
from tiekd.models.base import DepthModel
from tiekd.recipe.settings import OptimSettings


def make_optimizer(network: DepthModel, optim: OptimSettings) -> tuple[AdamW, LRScheduler]:
    """AdamW for a network's weights, and its schedule, which advances after each step.

    Raises ConfigError for a pattern of `no_decay` that matches no weight.
    """
    groups = _groups(network, optim)
    optimizer = AdamW(groups, betas=optim.betas, weight_decay=optim.weight_decay)
    if optim.schedule == "cosine":
        return optimizer, LambdaLR(optimizer, partial(cosine_share, optim=optim))
    # torch divides by the steps of the rise minus one, which is zero for a rise of exactly one step. A share
    # that is a little smaller avoids this.
    rise = optim.warm_share * (1 - 1e-9 * (optim.warm_share * (optim.steps + 1) == 1))
    return optimizer, OneCycleLR(
        optimizer,
        max_lr=[group["lr"] for group in groups],
        total_steps=optim.steps + 1,
        pct_start=rise,
        div_factor=optim.start_divisor,
        final_div_factor=max(1.0, optim.end_divisor / optim.start_divisor),
        cycle_momentum=optim.cycle_beta1 is not None,
        base_momentum=optim.cycle_beta1 or 0.0,
        max_momentum=optim.betas[0],
    )


def cosine_share(step: int, *, optim: OptimSettings) -> float:
    """The learning rate of a step as a share of the highest.

    Half a cosine; during warm-up it is multiplied by a rising line, as in mmcv, so the highest rate is never
    quite reached.
    """
    lowest = 1 / optim.end_divisor
    share = lowest + (1 - lowest) * (1 + math.cos(math.pi * min(1.0, step / optim.steps))) / 2
    left = max(0.0, 1 - step / (optim.warm_share * optim.steps))
    return share * (1 - left * (1 - 1 / optim.start_divisor))


def _groups(network: DepthModel, optim: OptimSettings) -> list[dict[str, Any]]:
    """Weights by learning rate and decay: the encoder's, then the others; those without decay last."""
    named = dict(network.named_parameters())
    for pattern in optim.no_decay:
        if not any(fnmatchcase(name, pattern) for name in named):
            raise ConfigError(
                f"optim.no_decay names {pattern!r}, and no weight of {network.card.architecture} matches it.",
                hint=f"It is a shell pattern for names like {next(iter(named))}.",
            )
    found: dict[tuple[bool, bool], list[Any]] = defaultdict(list)
    for name, parameter in named.items():
        spared = any(fnmatchcase(name, pattern) for pattern in optim.no_decay)
        found[spared, not name.startswith("encoder.")].append(parameter)
    return [
        {
            "params": parameters,
            "lr": optim.lr * (1.0 if decoder else optim.encoder_lr_scale),
            "weight_decay": 0.0 if spared else optim.weight_decay,
        }
        for (spared, decoder), parameters in sorted(found.items(), key=lambda item: item[0])
    ]
