"""`tiekd predict`: depth of photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tiekd.cli.options import Device, Engine
from tiekd.cli.output import JsonFile, print_result

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd predict tiekd_mobilenetv2.demo street.jpg --out depth --format color"


@app.command(epilog=f"Example: {EXAMPLE}")
def predict(
    model: Annotated[
        str,
        typer.Argument(
            help="A zoo row, a file of weights, hf:FOLDER_OR_ID or onnx:FILE, with ,key=value for what must "
            "be declared."
        ),
    ],
    images: Annotated[list[Path], typer.Argument(help="Photos.")],
    out: Annotated[Path, typer.Option(help="Folder for the answers, named after the photos.")],
    *,
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option(help="png16 (metres x 256), npy, npz or color.")
    ] = "png16",
    fx: Annotated[
        float | None, typer.Option(help="Focal length of the photos in pixels; corrects the metric scale.")
    ] = None,
    engine: Engine = "auto",
    device: Device = "auto",
    json_file: JsonFile = None,
) -> None:
    """Write metric depth of photos at their own size."""
    from tiekd.errors import ConfigError, UnknownNameError
    from tiekd.estimators import Picture, open_estimator
    from tiekd.render import SUFFIXES, write
    from tiekd.runtime.predictor import as_pixels

    if format not in SUFFIXES:
        raise UnknownNameError("format", format, SUFFIXES)
    targets = [out / (photo.stem + SUFFIXES[format]) for photo in images]
    twice = sorted({target.name for target in targets if targets.count(target) > 1})
    if twice:
        raise ConfigError(
            f"Several photos would be written to {', '.join(twice)}.",
            hint="Predict them into separate folders.",
        )
    photos = {photo.resolve() for photo in images}
    lost = [target for target in targets if target.resolve() in photos]
    if lost:
        raise ConfigError(
            f"{lost[0]} is one of the photos; its depth would replace it.", hint="Choose another --out."
        )
    estimator = open_estimator(model, engine=engine, device=device)
    rows = []
    for photo, target in zip(images, targets, strict=True):
        answer = estimator.estimate(Picture(as_pixels(photo)), fx_px=fx)
        write(answer, target, format)
        rows.append({
            "photo": str(photo), "file": str(target), "height": answer.depth_m.shape[0],
            "width": answer.depth_m.shape[1],
        })  # fmt: skip
    print_result(
        {"model": estimator.about.name, "answers": rows},
        "\n".join(f"{row['photo']} -> {row['file']}" for row in rows),
        json_file,
    )
