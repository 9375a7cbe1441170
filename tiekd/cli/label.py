"""`tiekd label`: writes the depth of a teacher for all frames."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiekd.cli.options import Device, Engine, between
from tiekd.cli.output import JsonFile, print_result, writable_folder
from tiekd.limits import FOCAL_RANGE_PX

if TYPE_CHECKING:
    from tiekd.data.frames import FrameSource
    from tiekd.estimators import About, Terms
    from tiekd.estimators.labels import Estimate, LabelInfo

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd label hf:depth-anything --data folder:photos --out labels"


@app.command(epilog=f"Example: {EXAMPLE}")
def label(
    teacher: Annotated[
        str,
        typer.Argument(
            help="A zoo row, a file of weights, a folder of labels, hf:FOLDER_OR_ID, onnx:FILE or "
            "labels:FOLDER, with ,key=value for what must be declared."
        ),
    ],
    data: Annotated[str, typer.Option(help="Data set as KIND:ROOT.")],
    out: Annotated[
        Path,
        typer.Option(help="Folder for the labels. An interrupted run is resumed.", callback=writable_folder),
    ],
    *,
    split: Annotated[
        str | None,
        typer.Option(
            help="File of lines 'image depth focal', the last two optional, here or in ROOT; folder:DIR "
            "needs none."
        ),
    ] = None,
    crop: Annotated[
        str | None, typer.Option(help='"kb" (352x1216) or "none". Default: the crop of the published data.')
    ] = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=10**9,
            help="Scale larger pictures down first. 0: never. Default: the value of the data set.",
        ),
    ] = None,
    shrink: Annotated[
        int, typer.Option(min=1, max=8, help="Pixels of the picture per pixel of a label.")
    ] = 1,
    flip_tta: Annotated[bool, typer.Option(help="Average with the mirrored picture, as published.")] = True,
    use_focal: Annotated[
        bool,
        typer.Option(
            help="Scale depth by the focal length of each frame divided by the teacher's. For stored labels: "
            "state that they are scaled so."
        ),
    ] = False,
    fx: Annotated[
        float | None,
        typer.Option(
            help="Focal length of the pictures in pixels, where a split gives none. Depth is scaled by it "
            "if the teacher's own is known. A student of these labels is then metric for it.",
            callback=between(*FOCAL_RANGE_PX),
        ),
    ] = None,
    clamp: Annotated[
        bool,
        typer.Option(
            "--clamp", help="Fill single pixels for which the teacher gives no depth, or an infinite one."
        ),
    ] = False,
    verify: Annotated[bool, typer.Option(help="Read every label again, and compute some again.")] = True,
    engine: Engine = "auto",
    device: Device = "auto",
    json_file: JsonFile = None,
) -> None:
    """Write a teacher's depth of every frame as 16-bit PNG, with a sidecar that states the scale.

    Under torchrun every process labels its share: torchrun --nproc-per-node 2 --no-python tiekd label …
    """
    from tiekd.cli.progress import progress_bar
    from tiekd.data.frames import check_files, left_out, list_frames, open_source, with_focal
    from tiekd.estimators import Terms, open_estimator
    from tiekd.estimators.labels import Shard, verify_labels, write_labels

    shard = Shard.from_environment()
    source = open_source(data)
    frames = list_frames(source, split)
    source = with_focal(source, frames, fx)
    check_files(source, frames, need_depth=False)
    if shard.rank == 0 and (note := left_out(source, split)):
        typer.echo(note, err=True)
    chosen = open_estimator(teacher, engine=engine, device=device)
    chosen.check(source, frames)
    terms = chosen.terms(Terms(flip_tta, use_focal or bool(fx and chosen.about.train_fx_px)))
    info = _info(
        chosen.about, terms, source, crop=crop, max_pixels=max_pixels, shrink=shrink, data=data, fx=fx
    ).model_copy(update={"clamp": clamp or None})
    with progress_bar("Labelling") if shard.rank == 0 else nullcontext() as progress:
        counts = write_labels(
            chosen, source, frames, out, info, shard=shard, progress=progress,
            announce=partial(_announce, shared=shard.world_size > 1) if shard.rank == 0 else None,
        )  # fmt: skip
    n = counts.written + counts.kept
    result: dict[str, Any] = {"out": str(out), "n": n, "written": counts.written, "kept": counts.kept}
    if clamp:
        result["filled_pixels"] = counts.filled_pixels
    text = f"{out}: wrote {counts.written} labels, kept {counts.kept}"
    if verify:
        result["max_difference_m"] = verify_labels(chosen, source, shard.of(frames), out)
        text += f", verified (some made again: at most {result['max_difference_m']:.4f} m off)"
    if clamp:
        text += f"; filled {counts.filled_pixels} pixels"
    if shard.world_size > 1:
        result |= {"rank": shard.rank, "world_size": shard.world_size}
        text = f"[{shard.rank + 1} of {shard.world_size}] {text}"
    if shard.rank == 0:
        print_result(result, text, json_file)
    else:
        typer.echo(text, err=True)


def _info(
    teacher: About,
    terms: Terms,
    source: FrameSource,
    *,
    crop: str | None,
    max_pixels: int | None,
    shrink: int,
    data: str,
    fx: float | None,
) -> LabelInfo:
    """Content of the sidecar. Raises ConfigError for an unknown crop and for too small pictures."""
    from tiekd.errors import ConfigError
    from tiekd.estimators.labels import LEAST_PIXELS, LabelInfo

    covers = crop or source.network_crop
    if covers not in ("kb", "none"):
        raise ConfigError(f"There is no crop {crop!r}.", hint="Use --crop kb or --crop none.")
    if max_pixels and max_pixels < LEAST_PIXELS:
        raise ConfigError(
            f"--max-pixels {max_pixels} leaves nothing to see.", hint=f"Give 0 or at least {LEAST_PIXELS}."
        )
    return LabelInfo(
        teacher=teacher.name,
        teacher_sha256=teacher.digest,
        teacher_architecture=teacher.card.architecture if teacher.card else None,
        max_depth_m=teacher.depth_range.max_m,
        max_pixels=(source.max_pixels if max_pixels is None else max_pixels) or None,
        crop="kb" if covers == "kb" else "none",
        shrink=shrink,
        flip_tta=bool(terms.flip_tta),
        use_focal=terms.use_focal,
        fx_px=fx,
        data=data,
    )


def _announce(estimate: Estimate, *, shared: bool) -> None:
    minutes = estimate.seconds / 60
    takes = f"{minutes / 60:.1f} h" if minutes >= 90 else f"{minutes:.0f} min"
    if minutes < 2:
        takes = f"{max(estimate.seconds, 1):.0f} s"
    needs = f"{max(estimate.n_bytes / 1e6, 0.1):,.1f} MB of disk, {estimate.free_bytes / 1e9:.1f} GB are free"
    typer.echo(
        f"{estimate.n_labels} more labels for this process: about {takes}; all processes together: {needs}."
        if shared
        else f"{estimate.n_labels} more labels: about {takes} and {needs}.",
        err=True,
    )
