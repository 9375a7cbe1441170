"""The kinds of target DPM, and which sigma each of them can take (docs/method.md §4).

Nothing here needs torch. `tiekd.bins` has their formulas for training, `tiekd.runtime.target` for answers
about photos.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

from tiekd.errors import ConfigError
from tiekd.types import DepthRange

TargetName = Literal["published", "gaussian"]
"""published: a softmax of the Gaussian's density, as the authors train. gaussian: the Gaussian's mass in each
bin. What states no target (files of weights and recipes from before there were two) means `published`."""
TARGETS: tuple[TargetName, ...] = get_args(TargetName)

DENSITY_FLOOR = 1e-16
"""published: a Gaussian density below this value counts as no mass."""
NO_MASS_LOGIT = -1000.0
"""published: replaces such a density, so that the softmax gives the bin exactly zero."""
GAUSSIAN_REACH = 8.3
"""gaussian: beyond so many sigmas lies less than 1e-16 of the mass."""
_FLOAT32_STEP = 2.0**-23


def target_reach_m(sigma_m: float, target: TargetName = "published") -> float:
    """Distance in metres beyond which there is no mass, up to rounding (docs/method.md §4).

    Raises ConfigError for a sigma that is not positive and finite, and for an unknown target.
    """
    check_positive(sigma_m)
    if check_target(target) == "gaussian":
        return GAUSSIAN_REACH * sigma_m
    return sigma_m * math.sqrt(-2 * math.log(DENSITY_FLOOR * math.sqrt(2 * math.pi) * sigma_m))


def sigma_limits(target: TargetName, *, n_bins: int, depth_range: DepthRange) -> tuple[float, float]:
    """The smallest and the largest sigma in metres that make sense for uniform bins (docs/method.md §4.3).

    published: at every depth at least one bin centre is within reach; otherwise the target would be uniform
    there. gaussian: not below the step of float32 at the far end, which would move the mass. Neither target
    gains anything from a sigma beyond the range.
    """
    if check_target(target) == "gaussian":
        return _FLOAT32_STEP * depth_range.max_m, depth_range.max_m
    half_bin_m = (depth_range.max_m - depth_range.min_m) / n_bins / 2
    least = half_bin_m
    for _ in range(50):  # reach / sigma hardly depends on sigma, so this converges within a few steps
        least *= half_bin_m / target_reach_m(least)
    return least, depth_range.max_m


def fault_of_sigma(sigma_m: float, target: TargetName, *, n_bins: int, depth_range: DepthRange) -> str | None:
    """What is wrong with a sigma, with the range that works; None if nothing is."""
    least, most = sigma_limits(target, n_bins=n_bins, depth_range=depth_range)
    if least <= sigma_m <= most:
        return None
    why = "its target would be uniform at some depths" if sigma_m < least else "it exceeds the range"
    if sigma_m < least and target == "gaussian":
        why = "it is finer than float32 can tell depths apart"
    bins = f"{n_bins} bins from {depth_range.min_m:g} to {depth_range.max_m:g} m"
    return (
        f"sigma_m={sigma_m:g} does not fit {bins} with the {target} target: {why}; "
        f"{_up(least)} to {most:g} m works"
    )


def check_sigma(sigma_m: float, target: TargetName, *, n_bins: int, depth_range: DepthRange) -> None:
    """Raise ConfigError for a sigma that does not fit the bins, or is no positive number."""
    check_positive(sigma_m)
    fault = fault_of_sigma(sigma_m, target, n_bins=n_bins, depth_range=depth_range)
    if fault:
        raise ConfigError(f"{fault}.", hint="The published students use 0.5 m.")


def check_positive(sigma_m: float) -> None:
    """Raise ConfigError for a sigma that is not positive and finite."""
    if not sigma_m > 0 or math.isinf(sigma_m):
        wanted = "finite" if sigma_m > 0 else "positive"
        raise ConfigError(
            f"sigma_m must be {wanted}, got {sigma_m}.", hint="KITTI uses 0.5–0.8 m, NYU 0.15 m."
        )


def check_target(target: TargetName) -> TargetName:
    """The target itself. Raises ConfigError for an unknown one."""
    if target not in TARGETS:
        raise ConfigError(f"There is no target DPM {target!r}.", hint=f"Known: {', '.join(TARGETS)}.")
    return target


def _up(value: float) -> str:
    """A number with two digits that is not below `value`."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return f"{math.ceil(value / step) * step:.2g}"
