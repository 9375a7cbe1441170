"""Time and memory of a whole training step of a TIE-KD student: ours against the straightforward form.

    python benchmarks/bench_training_step.py                  # both students, the published one at a quarter
    python benchmarks/bench_training_step.py published --size 352x704 --batch 1 --rounds 1

A step is: normalise, forward, loss, backward, clip, optimiser, schedule, and the running average of recipes
that have one. `published` is the published KITTI student (17.6 M parameters, 257 bins at full size), `demo`
the shipped one at the size of its recipe. Straightforward: the same network, but its head computes the
expectation literally (softmax, times centres, summed), and its loss is the published definition line by line
over all bins, differentiated by autograd. Ours: `tiekd.training.step`, without Lightning's loop. The forms
start from equal weights and take turns in one process. The network alone is measured too, as the least time
of any step. Seconds are CPU seconds, memory is what a step adds at its peak.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import measuring
import torch
from bench_dpm_loss import make_teacher, published_dpm_loss, published_ssim_loss
from torch import Tensor, nn

from tiekd.bins import bin_centers
from tiekd.data.transforms import IMAGE_MEAN, IMAGE_STD, normalise
from tiekd.models.base import DepthModel
from tiekd.recipe import Recipe, load_recipe
from tiekd.training.network import build_network
from tiekd.training.step import DistillTask
from tiekd.types import Sample

ROWS = {"published": "tiekd_mobilenetv2.adabins_kitti", "demo": "tiekd_mobilenetv2.demo"}
PUBLISHED_SIZE = (352, 704)
HEAD = measuring.head(
    "student", "images", "straightforward:", "ours:", "network alone:", "speed-up:", "memory:", "ours:",
    "less memory:", "loss:", "gradient:",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One student. Seconds and MB are medians, straightforward first."""

    student: str
    batch: int
    height: int
    width: int
    seconds: tuple[float, float]
    added_mb: tuple[float | None, float | None]
    speedup: float
    memory_ratio: float | None
    network_seconds: float
    """Forward and backward of the network alone, from a given gradient of its logits."""
    loss_difference: float
    """Difference of the losses of the first step, as a share of the straightforward loss."""
    gradient_difference: float
    """Norm of the difference of the first gradients divided by the norm of the straightforward one."""
    threads: int
    rounds: int
    machine: str
    date: str


class Straightforward:
    """The step line by line. `loss` is that of the last step."""

    def __init__(self, recipe: Recipe, network: DepthModel) -> None:
        self.recipe, self.network = recipe, network.train()
        self.averaged = copy.deepcopy(network) if recipe.optim.ema_decay else None
        for module in network.encoder.modules() if recipe.network.frozen_norms == "encoder" else ():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        encoder = {id(parameter) for parameter in network.encoder.parameters()}
        rates = {True: recipe.optim.lr * recipe.optim.encoder_lr_scale, False: recipe.optim.lr}
        groups = [
            {"params": [p for p in network.parameters() if (id(p) in encoder) is inside], "lr": rates[inside]}
            for inside in (True, False)
        ]
        optim = recipe.optim
        self.optimizer = torch.optim.AdamW(groups, betas=optim.betas, weight_decay=optim.weight_decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, max_lr=[rates[True], rates[False]], total_steps=optim.steps + 1,
            pct_start=optim.warm_share, div_factor=optim.start_divisor, cycle_momentum=False,
            final_div_factor=max(1.0, optim.end_divisor / optim.start_divisor),
        )  # fmt: skip
        self.loss = 0.0

    def step(self, batch: Sample) -> None:
        self.optimizer.zero_grad()
        loss = self._loss(batch)
        self.loss = float(loss.detach())
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.optim.grad_clip)
        self.optimizer.step()
        self.schedule.step()
        if self.averaged is not None:
            decay = min(self.recipe.optim.ema_decay, 0.1)  # the value of a first step
            new = self.network.state_dict()
            for name, kept in self.averaged.state_dict().items():
                kept.copy_(decay * kept + (1 - decay) * new[name])

    def _loss(self, batch: Sample) -> Tensor:
        assert batch.teacher_depth is not None
        dtype = next(self.network.parameters()).dtype
        mean, std = (torch.tensor(values, dtype=dtype)[:, None, None] for values in (IMAGE_MEAN, IMAGE_STD))
        with written_down() as dpms:
            prediction = self.network((batch.image.to(dtype) - mean) / std)
        assert prediction.bin_edges is not None
        size = prediction.raw_depth.shape[-2:]
        rows = self.recipe.loss.top_crop_rows * size[0] // self.recipe.view.size[0]
        teacher = _at_size(batch.teacher_depth, size, self.network.card.align_corners)[..., rows:, :]
        dpm, depth = dpms[0][..., rows:, :], prediction.raw_depth[..., rows:, :]
        centers = bin_centers(prediction.bin_edges)
        dpm_loss = published_dpm_loss(dpm, teacher, centers, self.recipe.loss.sigma_m)
        return 10 * (0.1 * dpm_loss + 0.9 * published_ssim_loss(depth, teacher))


def _at_size(depth: Tensor, size: tuple[int, int], align_corners: bool) -> Tensor:
    """The depth `[B, 1, H, W]` at the centres of the cells of a smaller map."""
    if depth.shape[-2:] == size:
        return depth
    places = []
    for length, cells in zip(depth.shape[-2:], size, strict=True):
        spread = torch.linspace(0, length - 1, cells).round()
        places.append((spread if align_corners else (torch.arange(cells) + 0.5) * length / cells).long())
    return depth[..., places[0], :][..., places[1]]


@contextmanager
def written_down() -> Iterator[list[Tensor]]:
    """Make heads compute the expectation literally and append their DPMs to the list."""
    dpms: list[Tensor] = []

    def expectation(dpm_logits: Tensor, bin_edges: Tensor) -> Tensor:
        dpms.append(torch.softmax(dpm_logits, dim=1))
        return (dpms[-1] * bin_centers(bin_edges)[None, :, None, None]).sum(dim=1, keepdim=True)

    with patch("tiekd.models.heads.expectation_of_logits", expectation):
        yield dpms


class Ours:
    """The step as `tiekd train` makes it. `loss` is that of the last step."""

    def __init__(self, recipe: Recipe, network: DepthModel) -> None:
        self.task = DistillTask(recipe, network)
        self.network = self.task.network
        found = self.task.configure_optimizers()
        self.optimizer, self.schedule = found["optimizer"], found["lr_scheduler"]["scheduler"]
        self.loss = 0.0

    def step(self, batch: Sample) -> None:
        self.optimizer.zero_grad()
        # What the step asks of Lightning's trainer, which is not here.
        trainer = patch.multiple(
            self.task,
            log=lambda *_, **__: None,
            manual_backward=Tensor.backward,
            loss_scale=lambda: 1.0,
            optimizers=lambda: self.optimizer,
            lr_schedulers=lambda: self.schedule,
        )
        # The gradients of the first step are compared after it, so they must stay until the next step.
        with trainer, patch.object(self.optimizer, "zero_grad"):
            self.task.training_step(batch, 0)
        self.loss = self.task.parts["loss"]


def main(argv: list[str] | None = None) -> list[Row]:
    """Measure what the command line asks for, print a table, and write the rows to the file of --json."""
    options = _parse(argv)
    measuring.start(options, HEAD)
    rows = []
    for student in options.students:
        rows.append(measure(student, make_recipe(student, options), rounds=options.rounds))
        measuring.keep_row(rows[-1], options.json, what=("student", "batch", "height", "width", "threads"))
        print(_line(rows[-1]), flush=True)
    return rows


def make_recipe(student: str, options: argparse.Namespace) -> Recipe:
    """The recipe of a student, with random weights; that of the published one at the size of the options."""
    values: dict[str, object] = {"network.encoder_weights": None}
    if student == "published":
        height, width = options.size
        values |= {"view.size": [height, width], "optim.batch_size": options.batch}
        values["loss.top_crop_rows"] = 110 * height // PUBLISHED_SIZE[0]
    return load_recipe(ROWS[student], values=values)


def make_batch(recipe: Recipe) -> Sample:
    """Random pictures and a teacher's depth. They are the same every time."""
    batch, draw = recipe.optim.batch_size, torch.Generator().manual_seed(0)
    height, width = (side // recipe.data.shrink for side in recipe.view.size)
    image = torch.randint(256, (batch, 3, height, width), dtype=torch.uint8, generator=draw)
    return Sample(image, teacher_depth=make_teacher((batch, height, width), draw))


def both_forms(recipe: Recipe) -> tuple[Straightforward, Ours]:
    """The two forms on equal networks."""
    torch.manual_seed(0)
    network = build_network(recipe, train_focal_px=None)
    ours = Ours(recipe, copy.deepcopy(network))
    network.image_pool = ours.network.image_pool
    return Straightforward(recipe, network), ours


def measure(student: str, recipe: Recipe, *, rounds: int) -> Row:
    """Measure steps of both forms, and of the network alone, in turns."""
    forms, batch = both_forms(recipe), make_batch(recipe)
    first: list[list[tuple[float, Tensor]]] = [[], []]

    def step(which: int) -> None:
        forms[which].step(batch)
        if not first[which]:
            first[which].append((forms[which].loss, gradient(forms[which].network)))

    alone = network_alone(forms[1].network, batch)
    turns = measuring.take_turns([lambda: step(0), lambda: step(1), alone], rounds=rounds)
    ((theirs, slope),), ((ours, our_slope),) = first
    return Row(
        student=student, batch=len(batch.image), height=batch.image.shape[-2], width=batch.image.shape[-1],
        seconds=turns.cpu_s[:2], added_mb=turns.added_mb[:2], speedup=turns.speedup(),
        memory_ratio=turns.memory_ratio(), network_seconds=turns.cpu_s[2],
        loss_difference=abs(theirs - ours) / abs(theirs),
        gradient_difference=float((our_slope - slope).norm() / slope.norm()),
        **measuring.circumstances(rounds),
    )  # fmt: skip


def network_alone(network: DepthModel, batch: Sample) -> measuring.Form:
    """Forward and backward of the network without a loss: the least time of any step."""
    image = normalise(batch.image)
    with torch.no_grad():
        slope = torch.full_like(network(image).dpm_logits, 1e-6)

    def form() -> None:
        network.zero_grad()
        network(image).dpm_logits.backward(slope)

    return form


def gradient(network: nn.Module) -> Tensor:
    """All gradients of a network, one after the other."""
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def _line(row: Row) -> str:
    return measuring.line(
        f"`{row.student}`",
        f"{row.batch} x {row.height}x{row.width}",
        *(f"{seconds:.2f} s" for seconds in (*row.seconds, row.network_seconds)),
        f"{row.speedup:.2f}x",
        *map(measuring.megabytes, row.added_mb),
        measuring.times(row.memory_ratio),
        f"{row.loss_difference:.0e}",
        f"{row.gradient_difference:.0e}",
    )


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = measuring.parser(__doc__, rounds=3)
    parser.add_argument("students", nargs="*", default=list(ROWS), metavar="|".join(ROWS))
    parser.add_argument(
        "--size", type=measuring.size, default=(176, 352), metavar="HxW", help="of the published student"
    )
    parser.add_argument("--batch", type=int, default=2, help="of the published student")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
