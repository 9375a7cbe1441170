"""`make study`: the demo's methods side by side, with seeds, and what compactness costs.

    demo runs ─► more seeds, a wide student ─► evaluations ─► tables and charts

It goes on from `make demo`, whose runs are its first seed. Every run resumes. A run that has been evaluated
is not needed again: the evaluations are small, and they stay in the repository.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import typer

from studies.demo import (
    PROTOCOL,
    SHOWN,
    STUDENTS,
    TEACHER,
    DemoPlan,
    check_stages,
    train_row,
    trained_model,
)
from tiekd.assets import asset_root
from tiekd.data.frames import FrameSource, list_frames, open_source
from tiekd.errors import TiekdError
from tiekd.estimators import network_in_memory
from tiekd.evaluate import evaluate, get_protocol, subject_of_weights
from tiekd.files import write_text
from tiekd.recipe import load_recipe
from tiekd.report import Row, build_report, collect, tabulate
from tiekd.run_folder import RECIPE, has_ended

SEEDED = ("baseline_mobilenetv2.demo", "reskd_ssim_mobilenetv2.demo", "tiekd_mobilenetv2.demo")
PUBLISHED_WIDTHS: dict[str, Any] = {"decoder_channels": [512, 256, 128, 128], "bottleneck_channels": 2048}
"""Of the published MobileNetV2 student. The demo has one skip more, which repeats the last width."""
STAGES = ("train", "evaluate", "report")
SYNTHETIC, REAL = FRAMES = ("synthetic", "real")
"""The frames on which runs are evaluated; each kind has a folder of results."""


@dataclass(frozen=True, slots=True)
class StudyRun:
    """One run of the study: a row, and the changed values of its recipe."""

    row: str
    name: str
    changed: dict[str, Any] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """Its name in the tables: seeds share it."""
        return self.name.partition(".seed")[0]


def study_runs() -> list[StudyRun]:
    """Every run: the demo's own, two more seeds of three methods, and TIE-KD at the published width."""
    runs = [StudyRun(row, row) for row in (TEACHER, *STUDENTS)]
    runs += [StudyRun(row, f"{row}.seed{seed}", {"run.seed": seed}) for seed in (2, 3) for row in SEEDED]
    wide = "tiekd_mobilenetv2.demo"
    return [*runs, StudyRun(wide, f"{wide}.wide", _widened(wide))]


def _widened(row: str) -> dict[str, Any]:
    return {"network.options": {**load_recipe(row).network.options, **PUBLISHED_WIDTHS}}


def train(plan: DemoPlan, runs: list[StudyRun]) -> None:
    """Train what is missing, one after the other."""
    for run in runs:
        typer.echo(f"-- {run.name}")
        train_row(plan, run.row, name=run.name, **run.changed)


def evaluate_runs(
    plan: DemoPlan, runs: list[StudyRun], source: FrameSource, split: str, *, results: Path
) -> None:
    """Write RESULTS/RUN.json for every run that has ended and has none yet."""
    protocol, frames = get_protocol(PROTOCOL), list_frames(source, split)
    for run in runs:
        file = results / f"{run.name}.json"
        if file.is_file() or not has_ended(plan.runs / run.name):
            continue
        network = network_in_memory(trained_model(plan, run.row, name=run.name))
        found = evaluate(network, source, frames, protocol)
        subject = subject_of_weights(plan.weights(run.name), name=run.method).model_dump(mode="json")
        subject["recipe"] = shown_recipe(plan.runs / run.name / RECIPE)
        # One line per frame would be most of the file, and the tables are made of the means.
        document = {"subject": subject, **found.to_json(), "per_image": [], "skipped": []}
        write_text(file, json.dumps(document, indent=1) + "\n")
        shown = "  ".join(f"{name} {found.metrics[name]:.4f}" for name in SHOWN)
        typer.echo(f"{file}: {shown}")


def shown_recipe(path: Path) -> dict[str, Any]:
    """A run's recipe as this version reads it, without the places of files on the machine that ran it."""
    recipe = load_recipe(str(path))
    return recipe.model_dump(
        mode="json", exclude={"data": {"source", "labels", "cache_dir"}, "network": {"encoder_weights"}}
    )


def evaluated(results: Path) -> list[Path]:
    """The folders that hold results."""
    return [results / kind for kind in FRAMES if any((results / kind).glob("*.json"))]


def summary(results: Path) -> str:
    """The table of docs/study.md: the metrics of every method, side by side for all kinds of frames."""
    folders = evaluated(results)
    tables = [{row.label: row for row in tabulate(collect([folder]).results)[0].rows} for folder in folders]
    lines = [
        "| method | seeds |" + "".join(f" {folder.name}: AbsRel | RMSE (m) | δ1 |" for folder in folders)
    ]
    lines.append("| --- |" + " ---: |" * (1 + len(folders) * len(SHOWN)))
    for label, row in tables[0].items():
        cells = [cell for table in tables for cell in _spreads(table.get(label))]
        method = label.replace("_mobilenetv2.demo", "")
        lines.append(f"| {method} | {len(row.results)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _spreads(row: Row | None) -> list[str]:
    if row is None:
        return ["–"] * len(SHOWN)
    spreads = [row.metrics[name] for name in SHOWN]
    return [f"{one.mean:.3f}" + ("" if one.sd is None else f" ± {one.sd:.3f}") for one in spreads]


def report(results: Path) -> None:
    """Write the tables and charts of all results into RESULTS/report."""
    made = build_report(collect(evaluated(results)), title="The demo study")
    for name, text in made.files().items():
        write_text(results / "report" / name, text)
    typer.echo(summary(results))


def run(
    *,
    world: Annotated[Path, typer.Option(help="Folder of the synthetic world.")] = Path("data/street"),
    runs: Annotated[Path, typer.Option(help="Folder of the training runs and labels.")] = Path("runs"),
    threads: Annotated[int | None, typer.Option(help="CPU threads that train; default: torch's own.")] = None,
    teacher_weights: Annotated[str, typer.Option(help="As for `make demo`.")] = "imagenet",
    student_weights: Annotated[str, typer.Option(help="As for `make demo`.")] = "imagenet",
    real: Annotated[
        str | None, typer.Option(help="Other frames to evaluate on too, KIND:ROOT/SPLIT, e.g. real streets.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the evaluations.")] = Path(
        "benchmarks/results/study"
    ),
    only: Annotated[str, typer.Option(help="Only runs whose name matches (shell style).")] = "*",
    stages: Annotated[str, typer.Option(help="Which stages, separated by commas.")] = ",".join(STAGES),
) -> None:
    """Train the missing runs, evaluate every run that has ended, make the tables."""
    wanted = check_stages(stages, STAGES)
    plan = DemoPlan(
        world=world, runs=runs, models=asset_root() / "models", frames=0, seed=0, workers=1,
        threads=threads, teacher_weights=teacher_weights, student_weights=student_weights,
    )  # fmt: skip
    chosen = [one for one in study_runs() if fnmatchcase(one.name, only)]
    if "train" in wanted:
        train(plan, chosen)
    if "evaluate" in wanted:
        evaluate_runs(plan, chosen, open_source(f"kitti:{world}"), "test.txt", results=results / SYNTHETIC)
        if real:
            spec, _, split = real.rpartition("/")
            evaluate_runs(plan, chosen, open_source(spec), split, results=results / REAL)
    if "report" in wanted:
        report(results)


if __name__ == "__main__":
    try:
        typer.run(run)
    except TiekdError as error:
        sys.exit(f"{error}\n{error.hint}")
