"""`make demo`: render the synthetic world, train the shipped models again, measure and ship them.

    world ─► teacher ─► labels ─► students ─► measure ─► ship

Every stage resumes, or skips what is done, so the whole may be stopped and started at any time, also on
another machine: a network (the labelling teacher too) that has not finished its training here stays as it
shipped before. The teacher and the baseline see ground truth; the other students see the teacher's labels.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from pydantic import BaseModel, ConfigDict

from tiekd.assets import asset_root
from tiekd.data.frames import Frame, FrameSource, list_frames, open_source
from tiekd.errors import ConfigError, TiekdError
from tiekd.estimators import open_network
from tiekd.estimators.labels import LabelInfo, verify_labels, write_labels
from tiekd.evaluate import evaluate, get_protocol
from tiekd.files import sha256_of, write_bytes, write_text
from tiekd.gallery.build import BuildOptions, build_gallery
from tiekd.methods import FAMILIES, METHODS
from tiekd.models.base import DepthModel
from tiekd.models.registry import load, save
from tiekd.recipe import load_recipe
from tiekd.run_folder import BEST, has_ended
from tiekd.synth import WorldOptions, write_dataset
from tiekd.training.fit import fit
from tiekd.zoo import parse_zoo, read_zoo
from tiekd.zoo_table import markdown

TEACHER = "adabins_tf_efficientnet_lite0.demo"
STUDENTS = tuple(
    f"{name}_mobilenetv2.demo"
    for name, method in sorted(METHODS.items(), key=lambda item: FAMILIES.index(item[1].family))
    if method.role == "student"
)
"""In the order of the published viewer, which is that of the gallery's number keys."""
STAGES = ("world", "teacher", "labels", "students", "measure", "ship")
PROTOCOL = "kitti-garg"
SHOWN = ("abs_rel", "rmse", "delta1")
LABEL_SHRINK = 4
"""The students see frames averaged over cells of four pixels, so finer labels would not be used."""
MEASURED = "measured.json"
DEMO_HEAD = "  # --- ours,"
DEMO_END = "\n\n"


class DemoPlan(BaseModel):
    """Where the demo works and what it starts from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    world: Path
    runs: Path
    models: Path
    frames: int
    seed: int
    workers: int
    threads: int | None
    teacher_weights: str
    student_weights: str

    @property
    def rows(self) -> list[str]:
        """The rows that have finished their training here: these are measured and shipped again."""
        return [row for row in (TEACHER, *STUDENTS) if has_ended(self.runs / row)]

    @property
    def labels(self) -> Path:
        """Folder of the teacher's labels."""
        return self.runs / "labels"

    def weights(self, row: str) -> Path:
        """The weights that a finished run left for `row`."""
        return self.runs / row / BEST

    def shipped(self, row: str) -> Path:
        """The file that the viewer serves for `row`."""
        return self.models / "demo" / f"{row}.safetensors"

    def frames_of(self, split: str) -> tuple[FrameSource, list[Frame]]:
        """The world and the frames of one of its splits."""
        source = open_source(f"kitti:{self.world}")
        return source, list_frames(source, split)


def tell(done: int, total: int) -> None:
    """Print the progress of a stage at every hundredth frame."""
    if done % 100 == 0 or done == total:
        typer.echo(f"   {done} of {total} frames", err=True)


def render_world(plan: DemoPlan) -> None:
    """Render the frames that are missing."""
    write_dataset(
        plan.world,
        frames=plan.frames,
        options=WorldOptions(seed=plan.seed),
        workers=plan.workers,
        progress=tell,
    )


def train_row(plan: DemoPlan, row: str, *, name: str | None = None, **changed: Any) -> None:
    """Train one row from its recipe; go on where an earlier run stopped.

    name: of the run's folder (default: the row's). changed: other values of the recipe, by their dotted keys.
    """
    values = {
        "data.source": f"kitti:{plan.world}",
        "network.encoder_weights": plan.teacher_weights if row == TEACHER else plan.student_weights,
        "run.threads": plan.threads,
        **changed,
    }
    if load_recipe(row).needs_labels:
        values["data.labels"] = str(plan.labels)
    fit(load_recipe(row, values=values), plan.runs / (name or row), resume=True)


def train_students(plan: DemoPlan) -> None:
    """Train every student."""
    for row in STUDENTS:
        train_row(plan, row)


def label_frames(plan: DemoPlan) -> None:
    """Write and verify the teacher's labels of the training frames."""
    source, frames = plan.frames_of("train.txt")
    teacher = open_network(small_file(plan, TEACHER))
    about = teacher.about
    info = LabelInfo(
        teacher=about.name, teacher_sha256=about.digest, max_depth_m=about.depth_range.max_m, crop="none",
        shrink=LABEL_SHRINK, use_focal=True,
    )  # fmt: skip
    write_labels(teacher, source, frames, plan.labels, info, progress=tell)
    verify_labels(teacher, source, frames, plan.labels)


def measure(plan: DemoPlan) -> None:
    """Score every trained row on the held-out frames, into RUNS/measured.json. Each file is scored once."""
    source, frames = plan.frames_of("test.txt")
    protocol, measured = get_protocol(PROTOCOL), read_measured(plan)
    for row in plan.rows:
        network = open_network(small_file(plan, row))
        if measured.get(row, {}).get("sha256") == network.about.digest:
            continue
        found = evaluate(network, source, frames, protocol)
        metrics = {name: round(found.metrics[name], 4) for name in SHOWN}
        measured[row] = {"sha256": network.about.digest, "metrics": metrics}
        write_text(plan.runs / MEASURED, json.dumps(measured, indent=1) + "\n")
        typer.echo(f"{row}: {metrics}")


def read_measured(plan: DemoPlan) -> dict[str, dict[str, Any]]:
    """What has been measured: by row, the digest of its file and the numbers."""
    file = plan.runs / MEASURED
    found: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def small_file(plan: DemoPlan, row: str) -> Path:
    """A row's weights as they ship, made from its run; if it was trained elsewhere, the file that shipped.

    The same file is measured, and makes the labels: so the repository alone can make the labels again.
    """
    if not has_ended(plan.runs / row):
        return plan.shipped(row)
    target = plan.weights(row).with_name("small.safetensors")
    save(trained_model(plan, row), target, dtype=torch.int8)
    return target


def trained_model(plan: DemoPlan, row: str, *, name: str | None = None) -> DepthModel:
    """The network of the run `name` (default: the row's own), with teacher and frame of today's recipe."""
    model, recipe = load(plan.weights(name or row)), load_recipe(row)
    model.describe(teacher=recipe.taught_by, frame_px=recipe.view.size)
    return model


def ship(plan: DemoPlan) -> None:
    """Put the demo's rows into zoo.yaml, make README.md from it, and build the gallery of held-out frames.

    Raises ConfigError for a file whose numbers are those of another file.
    """
    zoo_file = plan.models / "zoo.yaml"
    measured = {row.name: row.measured.get(PROTOCOL, {}) for row in read_zoo(zoo_file).rows}
    here = read_measured(plan)
    for row in plan.rows:
        file = small_file(plan, row)
        if row not in here or here[row]["sha256"] != sha256_of(file):
            raise ConfigError(f"{file} has not been measured.", hint="Run the stage `measure` first.")
        write_bytes(plan.shipped(row), file.read_bytes())
        measured[row] = here[row]["metrics"]
    rows = [row for row in (TEACHER, *STUDENTS) if row in measured]
    text = with_demo_rows(
        zoo_file.read_text(encoding="utf-8"), [zoo_line(plan, row, measured[row]) for row in rows]
    )
    parse_zoo(text, where="the new zoo.yaml")
    write_text(zoo_file, text)
    write_text(plan.models / "README.md", markdown(read_zoo(zoo_file)))
    source, frames = plan.frames_of("test.txt")
    networks = [open_network(plan.shipped(row)) for row in rows]
    build_gallery(source, frames, networks, plan.models / "demo" / "gallery", options=BuildOptions())


def zoo_line(plan: DemoPlan, row: str, measured: dict[str, float]) -> str:
    """The line of zoo.yaml for a trained row: its card, its file and its numbers. JSON is YAML too."""
    file = plan.shipped(row)
    model = load(file)
    fields = {
        **model.card.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "file": f"demo/{file.name}",
        "sha256": sha256_of(file),
        "measured": {PROTOCOL: measured},
    }
    return f"  - {json.dumps(fields)}"


def with_demo_rows(text: str, lines: list[str]) -> str:
    """The `text` of a zoo.yaml with other rows under the heading of the demo.

    Raises ConfigError if there is no such heading.
    """
    start = text.find(DEMO_HEAD)
    if start < 0:
        raise ConfigError(
            f"zoo.yaml has no line that starts with {DEMO_HEAD!r}.", hint="Put the heading back."
        )
    first = text.index("\n", start) + 1
    end = text.find(DEMO_END, first)
    rest = text[end:] if end >= 0 else "\n"
    return text[:first] + "\n".join(lines) + rest


def check_stages(given: str, known: Sequence[str]) -> list[str]:
    """The stages that a comma-separated list names. Raises ConfigError for an unknown one."""
    wanted = given.split(",")
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise ConfigError(f"There is no stage {', '.join(unknown)}.", hint=f"Stages: {', '.join(known)}.")
    return wanted


def run(
    *,
    world: Annotated[Path, typer.Option(help="Folder of the synthetic world.")] = Path("data/street"),
    runs: Annotated[Path, typer.Option(help="Folder of the training runs and labels.")] = Path("runs"),
    frames: Annotated[int, typer.Option(help="Frames of the world.")] = 3000,
    seed: Annotated[int, typer.Option(help="Seed of the world.")] = 21,
    workers: Annotated[int, typer.Option(help="Processes that render.")] = 2,
    threads: Annotated[int | None, typer.Option(help="CPU threads that train; default: torch's own.")] = None,
    teacher_weights: Annotated[
        str, typer.Option(help="ImageNet weights of the teacher's encoder: \"imagenet\" (timm's) or a file.")
    ] = "imagenet",
    student_weights: Annotated[str, typer.Option(help="The same for the students' encoder.")] = "imagenet",
    stages: Annotated[str, typer.Option(help="Which stages, separated by commas.")] = ",".join(STAGES),
) -> None:
    """Render the world, train the teacher, label, train the students, measure, ship."""
    wanted = check_stages(stages, STAGES)
    plan = DemoPlan(
        world=world, runs=runs, models=asset_root() / "models", frames=frames, seed=seed, workers=workers,
        threads=threads, teacher_weights=teacher_weights, student_weights=student_weights,
    )  # fmt: skip
    steps = {
        "world": render_world,
        "teacher": lambda p: train_row(p, TEACHER),
        "labels": label_frames,
        "students": train_students,
        "measure": measure,
        "ship": ship,
    }
    for stage in STAGES:
        if stage in wanted:
            typer.echo(f"== {stage}")
            steps[stage](plan)


if __name__ == "__main__":
    try:
        typer.run(run)
    except TiekdError as error:
        sys.exit(f"{error}\n{error.hint}")
