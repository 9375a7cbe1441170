"""Time and peak memory of the losses on a DPM, forward and backward: ours against the straightforward form.

    python benchmarks/bench_dpm_loss.py                                  # 2 images, 257 bins, 352x704: 6 GB
    python benchmarks/bench_dpm_loss.py tiekd --size 88x352 --rounds 5      # an eighth of it
    python benchmarks/bench_dpm_loss.py gaussian targets                    # the Gaussian target

Straightforward: the published definitions line by line over whole maps (docs/method.md §3 to §7),
differentiated by autograd. Ours: what training runs. There are four losses: `tiekd` is the whole loss
(softmax, expectation, L_DPM, SSIM), `dpm` is L_DPM of the logits, `gaussian` is the same with the Gaussian
target, `ssim` is L_DEPTH of two depth maps. In `tiekd`, our time includes the expectation that the head
computes. `targets` is another comparison: ours with the Gaussian target against ours with the published one,
which stands in the columns of the straightforward form. The forms take turns in one process.
Seconds are CPU seconds, and memory is what a pass adds to logits and labels at its peak (Linux only).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import measuring
import torch
import torch.nn.functional as F
from torch import Tensor

from tiekd.bins import DepthBins, expectation_of_logits
from tiekd.losses import functional as losses
from tiekd.types import DepthRange

Loss = Callable[["Inputs"], Tensor]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs of both forms: logits `[B, n_bins, H, W]`, teacher and depth `[B, 1, H, W]` in m, edges in m."""

    logits: Tensor
    depth: Tensor
    teacher: Tensor
    edges: Tensor
    sigma_m: float


@dataclass(frozen=True, slots=True)
class Row:
    """One loss. Seconds and MB are medians, straightforward first."""

    loss: str
    shape: tuple[int, ...]
    sigma_m: float
    seconds: tuple[float, float]
    added_mb: tuple[float | None, float | None]
    maps: tuple[float | None, float | None]
    """Added memory divided by the size of the logits."""
    speedup: float
    """See `measuring.Turns.speedup`."""
    memory_ratio: float | None
    value_difference: float
    gradient_difference: float
    """Norm of the difference of the gradients divided by the norm of the straightforward one."""
    threads: int
    rounds: int
    machine: str
    date: str


# ---- line by line ---------------------------------------------------------------------------------------


def published_dpm_loss(dpm: Tensor, teacher: Tensor, centers: Tensor, sigma_m: float) -> Tensor:
    """docs/method.md §4 and §5."""
    distance = centers[None, :, None, None] - teacher
    density = torch.exp(-(distance**2) / (2 * sigma_m**2)) / math.sqrt(2 * math.pi * sigma_m**2)
    density = torch.where(density < 1e-16, torch.full_like(density, -1000.0), density)
    target = torch.softmax(density, dim=1)
    terms = target * torch.log(target / (dpm + 1e-7) + 1e-7)
    terms = torch.where(dpm == 0, torch.zeros_like(terms), terms)
    return terms.sum(dim=1, keepdim=True).mean()


def gaussian_dpm_loss(dpm: Tensor, teacher: Tensor, edges: Tensor, sigma_m: float) -> Tensor:
    """docs/method.md §4.1 and §5."""
    inside = teacher.clamp(edges[0], edges[-1])
    mass = torch.special.ndtr((edges[None, :, None, None] - inside) / sigma_m).diff(dim=1)
    target = mass / mass.sum(dim=1, keepdim=True)
    terms = target * torch.log(target / (dpm + 1e-7) + 1e-7)
    terms = torch.where(dpm == 0, torch.zeros_like(terms), terms).sum(dim=1, keepdim=True)
    labelled = teacher > 0
    return (terms * labelled).sum() / labelled.sum()


def published_ssim_loss(depth: Tensor, teacher: Tensor) -> Tensor:
    """docs/method.md §6."""
    bell = torch.tensor([math.exp(-((i - 5) ** 2) / (2 * 1.5**2)) for i in range(11)])
    bell = bell / bell.sum()
    window = torch.outer(bell, bell)[None, None].to(depth)
    blur = partial(F.conv2d, weight=window, padding=5)
    mean_a, mean_b = blur(depth), blur(teacher)
    var_a = torch.abs(blur(depth * depth) - mean_a**2)
    var_b = torch.abs(blur(teacher * teacher) - mean_b**2)
    covariance = torch.abs(blur(depth * teacher) - mean_a * mean_b)
    above = (2 * mean_a * mean_b + 1e-4) * (2 * covariance + 9e-4)
    below = (mean_a**2 + mean_b**2 + 1e-4) * (var_a + var_b + 9e-4)
    return 1 - (above / below).mean()


def published_tiekd(given: Inputs) -> Tensor:
    """docs/method.md §3.3 and §7."""
    centers = 0.5 * (given.edges[:-1] + given.edges[1:])
    dpm = torch.softmax(given.logits, dim=1)
    depth = (dpm * centers[None, :, None, None]).sum(dim=1, keepdim=True)
    dpm_loss = published_dpm_loss(dpm, given.teacher, centers, given.sigma_m)
    return 10 * (0.1 * dpm_loss + 0.9 * published_ssim_loss(depth, given.teacher))


def published_dpm(given: Inputs) -> Tensor:
    centers = 0.5 * (given.edges[:-1] + given.edges[1:])
    return published_dpm_loss(torch.softmax(given.logits, dim=1), given.teacher, centers, given.sigma_m)


def gaussian_dpm(given: Inputs) -> Tensor:
    return gaussian_dpm_loss(torch.softmax(given.logits, dim=1), given.teacher, given.edges, given.sigma_m)


def published_ssim(given: Inputs) -> Tensor:
    return published_ssim_loss(given.depth, given.teacher)


# ---- ours -----------------------------------------------------------------------------------------------


def our_tiekd(given: Inputs) -> Tensor:
    expectation_of_logits(given.logits, given.edges)  # the head computes this before the loss
    parts = losses.tiekd_loss_from_logits(given.logits, given.teacher, given.edges, sigma_m=given.sigma_m)
    return parts["loss"]


def our_dpm(given: Inputs) -> Tensor:
    found = losses.dpm_loss_from_logits(given.logits, given.teacher, given.edges, sigma_m=given.sigma_m)
    return found.mean()


def our_gaussian_dpm(given: Inputs) -> Tensor:
    found = losses.dpm_loss_from_logits(
        given.logits, given.teacher, given.edges, sigma_m=given.sigma_m, target="gaussian"
    )
    return losses.mean_over(found, losses.label_mask(given.teacher, target="gaussian"))


def our_ssim(given: Inputs) -> Tensor:
    return losses.ssim_loss(given.depth, given.teacher, precise=True)


FORMS: dict[str, tuple[Loss, Loss]] = {
    "tiekd": (published_tiekd, our_tiekd),
    "dpm": (published_dpm, our_dpm),
    "gaussian": (gaussian_dpm, our_gaussian_dpm),
    "ssim": (published_ssim, our_ssim),
}
COMPARED: dict[str, tuple[Loss, Loss]] = {"targets": (our_dpm, our_gaussian_dpm)}
HEAD = measuring.head(
    "loss", "B x n_bins x H x W", "straightforward:", "ours:", "speed-up:", "memory:", "ours:",
    "less memory:", "value:", "gradient:",
)  # fmt: skip


def main(argv: list[str] | None = None) -> list[Row]:
    """Measure what the command line asks for, print a table, and write the rows to the file of --json."""
    options = _parse(argv)
    measuring.start(options, HEAD)
    bins = DepthBins(options.bins, DepthRange(1e-3, 80.0))
    rows = []
    for name in options.losses:
        given = make_inputs(bins, (options.batch, *options.size), options.sigma_m)
        rows.append(measure(name, given, rounds=options.rounds))
        measuring.keep_row(rows[-1], options.json, what=("loss", "shape", "sigma_m", "threads"))
        print(_line(rows[-1]), flush=True)
    return rows


def make_teacher(shape: tuple[int, int, int], draw: torch.Generator) -> Tensor:
    """A smooth street-like depth `[B, 1, H, W]` in metres."""
    batch, height, width = shape
    nearness = torch.linspace(1, 0.05, height)[:, None] * torch.linspace(1, 0.7, width)
    return (60 * nearness**2 + 2 * torch.rand(batch, 1, height, width, generator=draw)).contiguous()


def make_inputs(bins: DepthBins, shape: tuple[int, int, int], sigma_m: float) -> Inputs:
    """Depth of a teacher, and logits of a student between certain and uniform. They are always the same."""
    batch, height, width = shape
    draw = torch.Generator().manual_seed(0)
    teacher = make_teacher(shape, draw)
    depth = teacher * (0.9 + 0.2 * torch.rand(teacher.shape, generator=draw))
    logits = torch.randn(batch, bins.n_bins, height, width, generator=draw).mul_(2)
    return Inputs(logits.requires_grad_(), depth.requires_grad_(), teacher, bins.edges(), sigma_m)


def measure(name: str, given: Inputs, *, rounds: int) -> Row:
    """Measure both forms of one loss in turns, each from logits to gradients."""
    leaf = given.depth if name == "ssim" else given.logits
    values, gradients = [0.0, 0.0], [torch.empty(0), torch.empty(0)]

    def step(which: int) -> None:
        value = (FORMS | COMPARED)[name][which](given)
        (gradients[which],) = torch.autograd.grad(value, leaf)
        values[which] = value.item()

    turns = measuring.take_turns([partial(step, 0), partial(step, 1)], rounds=rounds)
    map_mb = leaf.numel() * leaf.element_size() / 2**20
    norm = gradients[0].norm()
    return Row(
        loss=name, shape=tuple(leaf.shape), sigma_m=given.sigma_m, seconds=turns.cpu_s,
        added_mb=turns.added_mb, maps=tuple(None if mb is None else mb / map_mb for mb in turns.added_mb),
        speedup=turns.speedup(), memory_ratio=turns.memory_ratio(),
        value_difference=abs(values[0] - values[1]),
        gradient_difference=float(gradients[1].sub_(gradients[0]).norm() / norm),
        **measuring.circumstances(rounds),
    )  # fmt: skip


def _line(row: Row) -> str:
    memory = [
        f"{measuring.megabytes(mb)} ({'?' if maps is None else f'{maps:.1f}'} maps)"
        for mb, maps in zip(row.added_mb, row.maps, strict=True)
    ]
    return measuring.line(
        f"`{row.loss}`",
        "x".join(map(str, row.shape)),
        *(f"{seconds:.2f} s" for seconds in row.seconds),
        measuring.times(row.speedup),
        *memory,
        measuring.times(row.memory_ratio),
        f"{row.value_difference:.0e}",
        f"{row.gradient_difference:.0e}",
    )


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = measuring.parser(__doc__, rounds=2)
    parser.add_argument("losses", nargs="*", default=list(FORMS), metavar="|".join(FORMS | COMPARED))
    parser.add_argument("--size", type=measuring.size, default=(352, 704), metavar="HxW")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--bins", type=int, default=257)
    parser.add_argument("--sigma-m", type=float, default=0.5)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
