"""`make study STUDY=optimum`: which depth the losses on a DPM ask for, if nothing stands in their way.

There is no network: every pixel has free logits. For L_DPM alone the best distribution is the target itself,
so the error of the target's mean is the loss's own. L_DEPTH pulls this mean towards the label, but slowly:
TIE-KD is minimised with Adam from the target on, and is shown after some steps. Labels are the exact depths
of small synthetic street frames, and the bins are those of the published KITTI students.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import torch
import typer
from torch import Tensor

from tiekd.bins import DepthBins, expectation, expectation_of_logits, target_dpm
from tiekd.codecs.png16 import read_metres
from tiekd.errors import TiekdError
from tiekd.files import write_text
from tiekd.losses.functional import tiekd_loss_from_logits
from tiekd.synth import WorldOptions, write_dataset
from tiekd.targets import TARGETS, TargetName
from tiekd.types import DepthRange

KITTI = DepthBins(257, DepthRange(1e-3, 80.0))
TIEKD_SIGMA_M, DPM_SIGMA_M = 0.5, 0.8
"""Of the published KITTI students (docs/method.md §7.1)."""
WORLD = WorldOptions(seed=22, width_px=160, height_px=48)
NEAR_M = 6.0


@dataclass(frozen=True, slots=True)
class Found:
    """AbsRel after so many steps of a loss, over all labelled pixels and over those nearer than NEAR_M."""

    loss: str
    sigma_m: float
    target: TargetName
    steps: int
    abs_rel: float
    abs_rel_near: float


def street_depth(frames: int) -> Tensor:
    """Exact depth `[frames, 1, 48, 160]` in metres of synthetic streets; 0 where there is none."""
    with TemporaryDirectory() as folder:
        write_dataset(folder, frames=frames, options=WORLD)
        files = sorted(Path(folder, "gt_depth").rglob("*.png"))
        depth = torch.stack([torch.from_numpy(read_metres(file)) for file in files])[:, None]
    return torch.where(depth < KITTI.depth_range.max_m, depth, 0)


def optimum_of_dpm_loss(depth: Tensor, target: TargetName) -> Found:
    """L_DPM alone at its optimum for labels `[B, 1, H, W]` in metres: the student's DPM is the target."""
    best = target_dpm(depth, KITTI.edges(), sigma_m=DPM_SIGMA_M, target=target)
    answer = expectation(best, KITTI.edges())
    return Found("L_DPM alone", DPM_SIGMA_M, target, 0, *_errors(answer, depth))


def descent_of_tiekd(depth: Tensor, target: TargetName, *, stops: Sequence[int]) -> Iterator[Found]:
    """The TIE-KD loss on its way down, after each number of steps in `stops`."""
    edges = KITTI.edges()
    how: dict[str, Any] = {"sigma_m": TIEKD_SIGMA_M, "target": target}
    logits = torch.log(target_dpm(depth, edges, **how) + 1e-7).requires_grad_()
    optimiser = torch.optim.Adam([logits], lr=0.05, betas=(0.9, 0.99))
    for step in range(1, max(stops) + 1):
        optimiser.zero_grad()
        loss = tiekd_loss_from_logits(logits, depth, edges, **how)["loss"]
        # Times the number of pixels: a mean's gradients vanish beside Adam's epsilon.
        torch.autograd.backward(loss * depth.numel())
        optimiser.step()
        if step in stops:
            answer = expectation_of_logits(logits.detach(), edges)
            yield Found("TIE-KD", TIEKD_SIGMA_M, target, step, *_errors(answer, depth))


def _errors(answer: Tensor, depth: Tensor) -> tuple[float, float]:
    labelled = depth > 0
    error = ((answer - depth).abs() / depth)[labelled]
    return error.mean().item(), error[depth[labelled] < NEAR_M].mean().item()


def summary(found: Sequence[Found]) -> str:
    """The table of docs/method.md §4.2."""
    lines = [
        f"| loss | target | steps | AbsRel | AbsRel below {NEAR_M:g} m |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {one.loss}, {one.sigma_m:g} m | {one.target} | {one.steps or 'optimum'} | {one.abs_rel:.4f} | "
        f"{one.abs_rel_near:.4f} |"
        for one in found
    ]
    return "\n".join(lines)


def run(
    *,
    frames: Annotated[int, typer.Option(min=1, help="Synthetic frames.")] = 3,
    steps: Annotated[str, typer.Option(help="Steps of TIE-KD after which to look.")] = "100,400",
    results: Annotated[Path, typer.Option(help="File for the numbers.")] = Path(
        "benchmarks/results/optimum.json"
    ),
) -> None:
    """Find the depth that both losses ask for with both targets, write the numbers, print the table."""
    depth, stops = street_depth(frames), [int(step) for step in steps.split(",")]
    found = [optimum_of_dpm_loss(depth, target) for target in TARGETS]
    for target in TARGETS:
        found += descent_of_tiekd(depth, target, stops=stops)
    document = {"frames": frames, "found": [asdict(one) for one in found]}
    write_text(results, json.dumps(document, indent=1) + "\n")
    typer.echo(summary(found))


if __name__ == "__main__":
    try:
        typer.run(run)
    except TiekdError as error:
        sys.exit(f"{error}\n{error.hint}")
