"""`tiekd train`: from a recipe to weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd train tiekd_mobilenetv2.demo --data kitti:data/synth --labels labels --out runs/tiekd"


@app.command(epilog=f"Example: {EXAMPLE}")
def train(
    recipe: Annotated[str, typer.Argument(help="A zoo row, a shipped recipe's name, or a YAML file.")],
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for weights, checkpoint, metrics and the recipe as it ran.")
    ],
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
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and augmentation.")] = None,
    max_time: Annotated[str | None, typer.Option(help="Stop after DD:HH:MM:SS; resumable.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads of the network.")] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON.")
    ] = None,
) -> None:
    """Train a network, by distillation from teacher labels or on ground truth.

    Writes best.safetensors, last.safetensors, last.ckpt, metrics.csv and recipe.yaml into OUT.
    """
    from tiekd.cli.output import print_result
    from tiekd.cli.progress import progress_bar
    from tiekd.distill.fit import fit
    from tiekd.distill.recipe import load_recipe

    given = {
        "data.source": data,
        "data.labels": str(labels) if labels else None,
        "run.seed": seed,
        "run.max_time": max_time,
        "run.threads": threads,
        "network.encoder_weights": encoder_weights,
    }
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if encoder_weights == "none":
        values["network.encoder_weights"] = None
    chosen = load_recipe(recipe, overrides=override or (), values=values)
    with progress_bar("Reading frames") as progress:
        result = fit(chosen, out, resume=resume, progress=progress)
    ended = "finished" if result.finished else "stopped early; go on with --resume"
    text = f"{out}: {result.steps} steps, {ended}"
    if result.metrics:
        shown = ", ".join(f"{name} {result.metrics[name]:.3f}" for name in ("abs_rel", "rmse", "delta1"))
        text += f"; against {result.validated_on}: {shown}"
    print_result(
        {
            "out": str(out),
            "steps": result.steps,
            "finished": result.finished,
            "validated_on": result.validated_on,
            "metrics": result.metrics,
        },
        text,
        json_file,
    )
