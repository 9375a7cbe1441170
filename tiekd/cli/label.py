"""`tiekd label`: teacher depth, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)
EXAMPLE = "tiekd label adabins_tf_efficientnet_lite0.demo --data kitti:data --split train.txt --out labels"


@app.command(epilog=f"Example: {EXAMPLE}")
def label(
    teacher: Annotated[str, typer.Argument(help="A zoo row, a file of weights, or a folder of labels.")],
    data: Annotated[str, typer.Option(help="Data set as KIND:ROOT.")],
    split: Annotated[
        str, typer.Option(help="File of lines 'image depth focal', the last two optional, here or in ROOT.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the labels; an interrupted one is resumed.")],
    *,
    crop: Annotated[
        str | None, typer.Option(help='"kb" (352x1216) or "none"; default: as the data set is published.')
    ] = None,
    shrink: Annotated[int, typer.Option(min=1, max=8, help="Pixels per pixel of a label.")] = 1,
    flip_tta: Annotated[bool, typer.Option(help="Average with the mirrored picture, as published.")] = True,
    use_focal: Annotated[
        bool, typer.Option(help="Scale depth by each frame's focal length over the teacher's.")
    ] = False,
    verify: Annotated[bool, typer.Option(help="Read every label back, and teach some again.")] = True,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON.")
    ] = None,
) -> None:
    """Write a teacher's depth of every frame as 16-bit PNG, with a sidecar that states the scale."""
    from tiekd.cli.output import print_result
    from tiekd.cli.progress import progress_bar
    from tiekd.data.frames import check_files, find_split, open_source, read_split
    from tiekd.errors import ConfigError
    from tiekd.labels import LabelInfo, verify_labels, write_labels
    from tiekd.teachers import open_teacher

    source = open_source(data)
    frames = read_split(find_split(source, split))
    check_files(source, frames, need_depth=False)
    covers = crop or source.network_crop
    if covers not in ("kb", "none"):
        raise ConfigError(f"There is no crop {crop!r}.", hint="Say --crop kb or --crop none.")
    teacher_net = open_teacher(teacher, flip_tta=flip_tta, use_focal=use_focal, device=device)
    info = LabelInfo(
        teacher=teacher_net.name, teacher_sha256=teacher_net.digest, max_depth_m=teacher_net.max_depth_m,
        crop="kb" if covers == "kb" else "none", shrink=shrink, flip_tta=flip_tta, use_focal=use_focal,
        data=data,
    )  # fmt: skip
    with progress_bar("Labelling") as progress:
        counts = write_labels(teacher_net, source, frames, out, info, progress=progress)
    result = {"out": str(out), "n": len(frames), "written": counts.written, "kept": counts.kept}
    text = f"{out}: wrote {counts.written} labels, kept {counts.kept}"
    if verify:
        result["max_difference_m"] = verify_labels(teacher_net, source, frames, out)
        text += f", verified (at most {result['max_difference_m']:.4f} m off)"
    print_result(result, text, json_file)
