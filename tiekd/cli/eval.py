"""`tiekd eval`: metrics of a model or of predictions on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiekd.cli.options import Device, Engine, between
from tiekd.cli.output import JsonFile, print_result, writable_file, writable_folder
from tiekd.errors import ConfigError
from tiekd.limits import SCALE_RANGE

if TYPE_CHECKING:
    from tiekd.estimators import Estimator
    from tiekd.evaluate import Evaluation, Protocol, Subject
    from tiekd.evaluate.pictures import WorstFrames

app = typer.Typer(add_completion=False)
_ONE_ORIGIN = "Give either a model or --predictions DIR."
EXAMPLE = "tiekd eval tiekd_mobilenetv2.demo --data kitti:data/synth --split test.txt --protocol kitti-garg"


@app.command(epilog=f"Example: {EXAMPLE}")
def eval(  # noqa: A001 - the verb's name
    model: Annotated[
        str | None,
        typer.Argument(
            help="A zoo row, a file of weights, hf:FOLDER_OR_ID, onnx:FILE or labels:FOLDER, with ,key=value "
            "for what must be declared."
        ),
    ] = None,
    *,
    data: Annotated[str, typer.Option(help="Data set as KIND:ROOT.")],
    split: Annotated[
        str, typer.Option(help="File of lines 'image depth focal', the last optional, here or in ROOT.")
    ],
    protocol: Annotated[
        str, typer.Option(help="kitti-tiekd, kitti-garg, kitti-eigen, kitti-none, nyu, frame.")
    ],
    predictions: Annotated[
        Path | None, typer.Option(help="Folder of depth files instead of a model, see docs/evaluation.md.")
    ] = None,
    depth_scale: Annotated[
        float | None,
        typer.Option(
            help="Stored number of one metre in --predictions. Default: that of the data set's ground truth "
            "for whole numbers, 1 for floats.",
            callback=between(*SCALE_RANGE),
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Teacher labels of these frames: also state the agreement (*_T).")
    ] = None,
    flip_tta: Annotated[
        bool | None, typer.Option(help="Average with the mirrored picture; default: as the protocol says.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What reports call it; default: its own name.")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write the metrics of every image as CSV.", callback=writable_file)
    ] = None,
    worst: Annotated[
        int, typer.Option(min=0, max=10**6, help="Draw so many of the worst frames into OUT.")
    ] = 0,
    plots: Annotated[bool, typer.Option("--plots", help="Draw charts (SVG) into OUT.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for --worst and --plots.")] = Path("evaluation"),
    engine: Engine = "auto",
    device: Device = "auto",
    json_file: JsonFile = None,
) -> None:
    """Score metric depth against ground truth, without any alignment of scale."""
    from tiekd.cli.progress import progress_bar
    from tiekd.data.frames import list_frames, open_source
    from tiekd.estimators.labels import LabelFolder
    from tiekd.evaluate import evaluate, get_protocol
    from tiekd.evaluate.pictures import WorstFrames
    from tiekd.evaluate.tables import text_table

    if worst or plots:
        writable_folder(out)
    chosen = get_protocol(protocol)
    if flip_tta is not None:
        chosen = chosen.model_copy(update={"flip_tta": flip_tta})
    source = open_source(data)
    frames = list_frames(source, split)
    taught = LabelFolder(labels) if labels else None
    if predictions is None:
        estimator = _open(model, depth_scale, chosen, engine=engine, device=device)
    elif model is None:
        estimator = _open_predictions(predictions, depth_scale, engine)
    else:
        raise ConfigError(_ONE_ORIGIN, hint="One result has one origin.")
    subject = _subject(estimator, model, name=name)
    keeper = WorstFrames(worst)
    with progress_bar("Evaluating") as progress:
        found = evaluate(
            estimator, source, frames, chosen, labels=taught, watch=keeper.keep, progress=progress
        )
    result = {
        "model": model or str(predictions), "data": data, "split": split,
        "subject": subject.model_dump(mode="json"), "labels": taught.describe() if taught else None,
        **found.to_json(),
    }  # fmt: skip
    files = _files(found, keeper, csv=csv, out=out, plots=plots)
    print_result(result, text_table(found), json_file, files=files)


def _open(
    model: str | None, depth_scale: float | None, protocol: Protocol, *, engine: str, device: str
) -> Estimator:
    from tiekd.estimators import open_estimator

    if model is None:
        raise ConfigError(_ONE_ORIGIN, hint="One result has one origin.")
    if depth_scale is not None:
        raise ConfigError("--depth-scale is for --predictions.", hint="For stored depth: labels:DIR,scale=S.")
    return open_estimator(model, engine=engine, device=device, far_m=protocol.max_depth_m)


def _open_predictions(folder: Path, depth_scale: float | None, engine: str) -> Estimator:
    """Predictions of any program; labels of ours state how they are read, unless the user says otherwise."""
    from tiekd.estimators.labels import SIDECAR
    from tiekd.estimators.predictions import StoredPredictions
    from tiekd.estimators.stored import StoredLabels

    if engine != "auto":
        raise ConfigError("Predictions on disk need no engine.", hint="Leave --engine out.")
    if depth_scale is None and (folder / SIDECAR).is_file():
        return StoredLabels(folder)
    return StoredPredictions(folder, depth_scale=depth_scale)


def _subject(estimator: Estimator, model: str | None, *, name: str | None) -> Subject:
    from tiekd.estimators import NetworkEstimator
    from tiekd.evaluate import subject_of_estimator, subject_of_weights

    if model is not None and isinstance(estimator, NetworkEstimator):
        return subject_of_weights(model, name=name)
    return subject_of_estimator(estimator, name=name)


def _files(
    found: Evaluation, keeper: WorstFrames, *, csv: Path | None, out: Path, plots: bool
) -> dict[Path, str | bytes]:
    """What was asked for beside the numbers: path -> content."""
    from tiekd.evaluate.plots import plots as draw
    from tiekd.evaluate.tables import per_image_csv

    pictures = keeper.files(found.protocol.depth_range)
    named = {out / name: content for name, content in ((draw(found) if plots else {}) | pictures).items()}
    return ({csv: per_image_csv(found)} if csv else {}) | named
