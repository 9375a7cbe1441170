"""`make study STUDY=targets`: the published target DPM beside a narrow and a wide Gaussian, with three seeds.

    small world ─► labels of the shipped teacher ─► short runs ─► evaluations ─► table by range

Every run starts from the shipped student of L_DEPTH alone: it has a head with bins, and has seen neither
target. All runs have the same frames, steps and labels. Every stage resumes; results are written run by run,
and a run that has been evaluated is not needed again.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import mean, stdev
from typing import Annotated, Any

import typer

from studies.demo import DemoPlan, check_stages, label_frames, tell, train_row
from studies.study import StudyRun, evaluate_runs
from tiekd.assets import asset_root
from tiekd.data.frames import open_source
from tiekd.errors import TiekdError
from tiekd.report import Result, collect
from tiekd.synth import WorldOptions, write_dataset
from tiekd.targets import TargetName


@dataclass(frozen=True, slots=True)
class Arm:
    """One target DPM that is compared."""

    target: TargetName
    sigma_m: float


ARMS = {
    "published": Arm("published", 0.5),
    "gaussian": Arm("gaussian", 0.5),
    "gaussian_2.3m": Arm("gaussian", 2.3),
}
"""By their names in runs and results. 2.3 m is the standard deviation of the published target whose sigma is
0.5 m, far from both ends of the range."""
ROWS = {"TIE-KD": "tiekd_mobilenetv2.demo", "L_DPM alone": "tiekd_dpm_mobilenetv2.demo"}
SEEDS = (1, 2, 3)
START = "tiekd_depth_mobilenetv2.demo"
STAGES = ("world", "labels", "train", "evaluate", "report")
WORLD_SEED = 22
"""Not that of the demo's world: the shipped teacher and student have not seen these streets."""
SHORT = {
    "network.start_from": START, "network.encoder_weights": None, "network.start_depth_m": None,
    "optim.batch_size": 4, "optim.lr": 5e-4, "optim.ema_decay": 0.99, "optim.coarse_share": 0.5,
    "run.save_every": 20,
}  # fmt: skip


def target_runs(steps: int) -> list[StudyRun]:
    """Both methods with every target, one seed after the other, so that an early end leaves whole seeds."""
    return [
        StudyRun(row, f"{row}.{name}.seed{seed}", _changed(arm, seed, steps))
        for seed in SEEDS
        for row in ROWS.values()
        for name, arm in ARMS.items()
    ]


def _changed(arm: Arm, seed: int, steps: int) -> dict[str, Any]:
    return {
        **SHORT, "loss.target": arm.target, "loss.sigma_m": arm.sigma_m, "optim.steps": steps,
        "run.val_every": steps, "run.seed": seed,
    }  # fmt: skip


def make_world(plan: DemoPlan) -> None:
    """Render the frames that are missing: three quarters to train on, a fifth to test."""
    options = WorldOptions(seed=plan.seed, frames_per_drive=10)
    write_dataset(
        plan.world, frames=plan.frames, options=options, workers=plan.workers, shares=(0.75, 0.05, 0.2),
        progress=tell,
    )  # fmt: skip


def train(plan: DemoPlan, runs: Sequence[StudyRun]) -> None:
    """Train what is missing, one after the other."""
    for run in runs:
        typer.echo(f"-- {run.name}")
        train_row(plan, run.row, name=run.name, **run.changed)


def summary(results: Path) -> str:
    """The table of docs/study.md: mean and deviation over the seeds, over everything and by range."""
    found: dict[str, list[Result]] = {}
    for result in collect([results]).results:
        found.setdefault(result.subject.name, []).append(result)
    some = next(iter(found.values()))[0]
    bands = [f"{band['from_m']:g}–{band['to_m']:g} m" for band in some.by_range]
    lines = [
        "| method | target | sigma | seeds | AbsRel | δ1 | "
        + " | ".join(f"δ1, {band}" for band in bands)
        + " |",
        "| --- | --- |" + " ---: |" * (4 + len(bands)),
    ]
    lines += [
        f"| {method} | {arm.target} | {arm.sigma_m:g} m | {len(of_seeds)} | {' | '.join(_cells(of_seeds))} |"
        for method, row in ROWS.items()
        for name, arm in ARMS.items()
        if (of_seeds := found.get(f"{row}.{name}"))
    ]
    return "\n".join(lines)


def _cells(of_seeds: list[Result]) -> list[str]:
    whole = [[result.metrics[name] for result in of_seeds] for name in ("abs_rel", "delta1")]
    bands = [[result.by_range[i]["delta1"] for result in of_seeds] for i in range(len(of_seeds[0].by_range))]
    return [_spread([value for value in values if value is not None]) for values in (*whole, *bands)]


def _spread(values: list[float]) -> str:
    return f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")


def run(
    *,
    world: Annotated[Path, typer.Option(help="Folder of the synthetic world.")] = Path("data/targets"),
    runs: Annotated[Path, typer.Option(help="Folder of the runs and labels.")] = Path("runs/targets"),
    frames: Annotated[int, typer.Option(help="Frames of the world.")] = 400,
    steps: Annotated[int, typer.Option(help="Steps of every run.")] = 300,
    workers: Annotated[int, typer.Option(help="Processes that render.")] = 1,
    threads: Annotated[int | None, typer.Option(help="CPU threads that train; default: torch's own.")] = None,
    results: Annotated[Path, typer.Option(help="Folder of the evaluations.")] = Path(
        "benchmarks/results/targets"
    ),
    only: Annotated[str, typer.Option(help="Only runs whose name matches (shell style).")] = "*",
    stages: Annotated[str, typer.Option(help="Which stages, separated by commas.")] = ",".join(STAGES),
) -> None:
    """Render, label, train the missing runs, evaluate every run that has ended, print the table."""
    wanted = check_stages(stages, STAGES)
    plan = DemoPlan(
        world=world, runs=runs, models=asset_root() / "models", frames=frames, seed=WORLD_SEED,
        workers=workers, threads=threads, teacher_weights="", student_weights="",
    )  # fmt: skip
    chosen = [one for one in target_runs(steps) if fnmatchcase(one.name, only)]
    if "world" in wanted:
        make_world(plan)
    if "labels" in wanted:
        label_frames(plan)
    if "train" in wanted:
        train(plan, chosen)
    if "evaluate" in wanted:
        evaluate_runs(plan, chosen, open_source(f"kitti:{world}"), "test.txt", results=results)
    if "report" in wanted:
        typer.echo(summary(results))


if __name__ == "__main__":
    try:
        typer.run(run)
    except TiekdError as error:
        sys.exit(f"{error}\n{error.hint}")
