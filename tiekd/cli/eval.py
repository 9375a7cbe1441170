"""`tiekd eval`: metrics of a model or of predictions on disk."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tiekd.evaluate import Evaluation, Predicts


app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd eval tiekd_mobilenetv2.demo --data kitti:data/synth --split test.txt --protocol kitti-garg"


@app.command(epilog=f"Example: {EXAMPLE}")
def eval(  # noqa: A001 - the verb's name
    model: Annotated[str | None, typer.Argument(help="A zoo row or a file of weights.")] = None,
    *,
    data: Annotated[str, typer.Option(help="Data set as KIND:ROOT.")],
    split: Annotated[str, typer.Option(help="File of lines 'image depth [focal]', here or in ROOT.")],
    protocol: Annotated[
        str, typer.Option(help="kitti-tiekd, kitti-garg, kitti-eigen, kitti-none, nyu, frame.")
    ],
    predictions: Annotated[
        Path | None, typer.Option(help="Folder of 16-bit PNG (metres x 256) instead of a model.")
    ] = None,
    flip_tta: Annotated[
        bool | None, typer.Option(help="Average with the mirrored picture; default: as the protocol says.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON.")
    ] = None,
) -> None:
    """Score metric depth against ground truth, without any alignment of scale."""
    from tiekd.cli.output import print_result
    from tiekd.cli.progress import progress_bar
    from tiekd.data.frames import find_split, open_source, read_split
    from tiekd.evaluate import evaluate, get_protocol

    chosen = get_protocol(protocol)
    if flip_tta is not None:
        chosen = chosen.model_copy(update={"flip_tta": flip_tta})
    source = open_source(data)
    frames = read_split(find_split(source, split))
    predicts = _open(model, predictions, flip_tta=chosen.flip_tta, device=device)
    with progress_bar("Evaluating") as progress:
        found = evaluate(predicts, source, frames, chosen, progress=progress)
    result = {"model": model or str(predictions), "data": data, "split": split, **found.to_json()}
    print_result(result, table(found), json_file)


def _open(model: str | None, predictions: Path | None, *, flip_tta: bool, device: str) -> Predicts:
    from tiekd.errors import ConfigError
    from tiekd.evaluate import StoredPredictions

    if (model is None) == (predictions is None):
        raise ConfigError("Give either a model or --predictions DIR.", hint="One result has one origin.")
    if predictions is not None:
        return StoredPredictions(predictions)
    from tiekd.teachers import NetworkTeacher

    network = NetworkTeacher(model or "", flip_tta=flip_tta, device=device)
    return lambda frame, image, window: network.depth(frame, image[window.region[1:]])


def table(found: Evaluation) -> str:
    """The means and the errors by range, as text."""
    lines = [
        f"protocol {found.protocol.name}  fingerprint {found.fingerprint}  "
        f"{len(found.per_image)} images ({found.n_skipped} without ground truth)",
        "  ".join(f"{name} {value:.4f}" for name, value in found.metrics.items()),
        "true depth      pixels  abs_rel   rmse  delta1  predicted/true",
    ]
    for row in found.by_range:
        numbers = (
            "    -" if math.isnan(row[k]) else f"{row[k]:.3f}"
            for k in ("abs_rel", "rmse", "delta1", "median_ratio")
        )
        lines.append(
            f"{row['from_m']:3.0f} to {row['to_m']:3.0f} m {row['n_pixels']:9.0f}  " + "   ".join(numbers)
        )
    return "\n".join(lines)
