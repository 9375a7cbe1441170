"""`tiekd train`: from a recipe to weights."""

from __future__ import annotations

from dataclasses import asdict
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiekd.cli.output import JsonFile, print_result, writable_folder
from tiekd.cli.progress import progress_bar
from tiekd.datasets import DATASETS
from tiekd.errors import ConfigError, UnavailableError
from tiekd.limits import MOST_THREADS
from tiekd.run_folder import BEST, CHECKPOINT

if TYPE_CHECKING:
    from tiekd.recipe import Recipe

_PACKAGES = {"pytorch_lightning": "pytorch-lightning", "tensorboard": "tensorboard"}
"""Module -> the package that it comes in."""
app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd train tiekd_mobilenetv2.demo --data kitti:data/synth --labels labels --out runs/tiekd"


@app.command(epilog=f"Example: {EXAMPLE}")
def train(
    recipe: Annotated[
        str | None, typer.Argument(help="A zoo row, a shipped recipe's name, or a YAML file.")
    ] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for weights, checkpoint, metrics and the recipe as it ran.",
            callback=writable_folder,
        ),
    ] = None,
    data: Annotated[str | None, typer.Option(help="Data set as KIND:ROOT.")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Folder of teacher labels, for the distilled methods.")
    ] = None,
    encoder_weights: Annotated[
        str | None, typer.Option(help='"imagenet", "none", or a file with the encoder\'s weights.')
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option("-o", "--override", help="key.sub=value of the recipe; may be repeated."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from OUT/last.ckpt if there is one.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Seed of weights, order and augmentation.")
    ] = None,
    max_time: Annotated[str | None, typer.Option(help="Stop after DD:HH:MM:SS; resumable.")] = None,
    overfit: Annotated[
        int | None, typer.Option(min=1, max=10**9, help="Repeat the first N frames, without augmentation.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, make two steps, print the cost of a run.")
    ] = False,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print the whole recipe as YAML and stop.")
    ] = False,
    replay: Annotated[
        Path | None, typer.Option(help="Run the step again that a failed run has kept in this file.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Take labels of another teacher than the recipe names.")
    ] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, max=MOST_THREADS, help="CPU threads of the network.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Train a network, by distillation from teacher labels or on ground truth.

    Writes best.safetensors, last.safetensors, last.ckpt, metrics.csv and recipe.yaml into OUT. Several
    processes: torchrun --standalone --no-python --nproc-per-node 2 tiekd train …
    """
    from tiekd.recipe import load_recipe
    from tiekd.recipe.named import check_norms

    if replay is not None:
        _check_packages()
        _replay(replay, json_file)
        return
    if recipe is None:
        raise ConfigError("Nothing to train is named.", hint=f"For example: {EXAMPLE}")
    given = {
        "data.source": data,
        "data.labels": str(labels) if labels else None,
        "data.any_teacher": force or None,
        "data.overfit": overfit,
        "run.seed": seed,
        "run.max_time": max_time,
        "run.threads": threads,
        "network.encoder_weights": encoder_weights,
    }
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if encoder_weights == "none":
        values["network.encoder_weights"] = None
    chosen = load_recipe(recipe, overrides=override or (), values=values)
    if print_config:
        chosen = _as_it_will_run(chosen)
        print_result(chosen.document(), chosen.to_yaml().removesuffix("\n"), json_file)
        return
    _check_packages()
    if not resume:
        check_norms(chosen)
    if dry_run:
        _dry_run(chosen, out, resume, json_file)
    elif out is None:
        raise ConfigError("The run has no folder to write into.", hint="Say --out DIR.")
    else:
        _fit(chosen, out, resume, json_file)


def _check_packages() -> None:
    """Raise UnavailableError unless the packages of the extra `train` are installed."""
    missing = [name for module, name in _PACKAGES.items() if find_spec(module) is None]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise UnavailableError(
            f"Training needs {' and '.join(missing)}, which {are} not installed.",
            hint="pip install 'tiekd[train]'",
        )


def _as_it_will_run(recipe: Recipe) -> Recipe:
    """With the range of the labels, if that is known."""
    if not recipe.data.range_from_labels or recipe.data.labels is None:
        return recipe
    from tiekd.training.labels import take_label_range

    return take_label_range(recipe)


def _fit(recipe: Recipe, out: Path, resume: bool, json_file: str | None) -> None:
    from tiekd.training.fit import fit
    from tiekd.training.ranks import this_rank

    _tell_cost(recipe, out)
    with progress_bar("Reading frames") as progress:
        result = fit(recipe, out, resume=resume, progress=progress)
    if this_rank().is_first:
        ended = "finished" if result.finished else "stopped early; go on with --resume"
        text = f"{out}: {result.steps} steps, {ended}"
        if result.metrics:
            shown = ", ".join(f"{name} {result.metrics[name]:.3f}" for name in ("abs_rel", "rmse", "delta1"))
            text += f"; {BEST} against {result.validated_on}: {shown}"
        print_result({**asdict(result), "out": str(out)}, text, json_file)


def _tell_cost(recipe: Recipe, out: Path) -> None:
    """Say on stderr what a new run on a person's own data will cost, from a step that changes nothing.

    The cost of the data sets that have recipes is known, and a step of theirs takes long.
    """
    from tiekd.training.ranks import this_rank

    if recipe.dataset in DATASETS or (out / CHECKPOINT).exists() or this_rank().world > 1:
        return
    from tiekd.training.dry_run import dry_run

    cost = dry_run(recipe, out)
    minutes = 60 * cost.hours
    takes = f"{cost.hours:.1f} hours" if minutes >= 90 else f"{max(1, round(minutes))} min"
    typer.echo(
        f"{recipe.architecture}, {cost.parameters:,} parameters: about {takes} for {cost.steps} steps, "
        f"and {cost.peak_memory_mb:,.0f} MB of memory.",
        err=True,
    )


def _dry_run(recipe: Recipe, out: Path | None, resume: bool, json_file: str | None) -> None:
    from tiekd.training.dry_run import dry_run
    from tiekd.training.ranks import this_rank

    cost = dry_run(recipe, out, resume=resume)
    if this_rank().is_first:
        workers = recipe.data.workers
        where = f"in each of {workers} workers" if workers else "between steps (data.workers=0)"
        learns = f"labels of {cost.teacher or 'a teacher'}" if recipe.needs_labels else "ground truth"
        loss = " + ".join(f"{weight:g} {part}" for part, weight in recipe.weights.items())
        if made := recipe.target_dpm["target"]:
            loss += f", {made} target of {recipe.loss.sigma_m:g} m"
        text = (
            f"{recipe.name or recipe.dataset}: {recipe.architecture}, {cost.parameters:,} parameters; learns "
            f"from {learns} by {loss}\n"
            f"{cost.frames} frames, {cost.steps} steps of {recipe.optim.batch_size}: {cost.epochs:g} epochs; "
            f"{cost.val_frames} validation frames every {recipe.val_every} steps\n"
            f"A step takes {cost.step_ms:g} ms, loading a frame {cost.load_ms:g} ms {where}, "
            f"validating one {cost.val_frame_ms:g} ms\n"
            f"About {cost.hours:.3g} hours and {cost.peak_memory_mb:,.0f} MB at most. Nothing was written."
        )
        print_result(asdict(cost), text, json_file)


def _replay(file: Path, json_file: str | None) -> None:
    from tiekd.training.replay import replay

    seen = replay(file)
    lines = [seen.error or f"Step {seen.step} went well here: {seen.parts}"]
    if seen.first_broken:
        lines.append(f"The first output that is not finite is that of {seen.first_broken}.")
    for name, values in seen.layers.items():
        lines.append(f"batch {name}: " + ", ".join(f"{key} {value:.6g}" for key, value in values.items()))
    # JSON has no NaN.
    parts = {name: value if isfinite(value) else str(value) for name, value in seen.parts.items()}
    print_result({**asdict(seen), "parts": parts}, "\n".join(lines), json_file)
