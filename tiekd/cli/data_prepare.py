"""`tiekd data prepare`: makes the published layout from official downloads."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiekd.cli.output import JsonFile, print_result, writable_folder

if TYPE_CHECKING:
    from tiekd.data.prepare import Estimate, Prepared

app = typer.Typer(
    help="Make the published layout from official downloads.", no_args_is_help=True, add_completion=False
)


class _Mode(StrEnum):
    HARDLINK = "hardlink"
    LINK = "link"
    COPY = "copy"


_Splits = Annotated[
    list[Path],
    typer.Option("--split", help="List of frames. Only these are taken. May be repeated."),
]
_Out = Annotated[
    Path,
    typer.Option(help="Root of the data set. An interrupted run is resumed.", callback=writable_folder),
]
_ModeOption = Annotated[
    _Mode,
    typer.Option(
        help="How unpacked files get there: hardlink (no disk; the download may be deleted), link (symbolic) "
        "or copy. Where a disk can't make links they are copied. Files in archives are always unpacked."
    ),
]


@app.callback()
def _group() -> None:
    """Make the published layout from official downloads."""


@app.command(
    epilog="Example: tiekd data prepare kitti --raw downloads/raw --depth downloads/data_depth_annotated.zip "
    "--split kitti_eigen_train.txt --split kitti_eigen_test.txt --out data/kitti"
)
def kitti(
    raw: Annotated[
        Path, typer.Option(help="Folder of raw drives: <drive>_sync.zip, or unpacked as <date>/<drive>_sync.")
    ],
    splits: _Splits,
    out: _Out,
    *,
    depth: Annotated[
        Path | None,
        typer.Option(
            help="Annotated depth: data_depth_annotated.zip, or the folder with it or with train/ and val/. "
            "Default: the folder of --raw."
        ),
    ] = None,
    mode: _ModeOption = _Mode.HARDLINK,
    json_file: JsonFile = None,
) -> None:
    """Make kitti:OUT from KITTI's raw drives and annotated depth. Exits with 1 when files are missing."""
    from tiekd.cli.progress import progress_bar
    from tiekd.data.prepare import prepare_kitti

    with progress_bar("Placing") as progress:
        result = prepare_kitti(
            raw, depth, splits, out, mode=mode.value, announce=_announce, progress=progress
        )
    _finish(result, "kitti", json_file)


@app.command(
    epilog="Example: tiekd data prepare nyu --sync downloads/sync.zip --labeled "
    "downloads/nyu_depth_v2_labeled.mat --split nyu_train.txt --split nyu_test.txt --out data/nyu"
)
def nyu(
    splits: _Splits,
    out: _Out,
    *,
    sync: Annotated[
        Path | None, typer.Option(help="Training frames: sync.zip, or the folder with it or its scenes.")
    ] = None,
    labeled: Annotated[
        Path | None, typer.Option(help="Test frames: nyu_depth_v2_labeled.mat, or the folder with it.")
    ] = None,
    mode: _ModeOption = _Mode.HARDLINK,
    json_file: JsonFile = None,
) -> None:
    """Make nyu:OUT from NYU's training set and labelled frames. Exits with 1 when files are missing."""
    from tiekd.cli.progress import progress_bar
    from tiekd.data.prepare import prepare_nyu

    with progress_bar("Placing") as progress:
        result = prepare_nyu(
            sync, labeled, splits, out, mode=mode.value, announce=_announce, progress=progress
        )
    _finish(result, "nyu", json_file)


def _announce(estimate: Estimate) -> None:
    free = f"{estimate.free_bytes / 1e9:.1f} GB are free"
    disk = f"about {_size(estimate.n_bytes)} of disk ({free})"
    typer.echo(f"{estimate.n_linked} files to link, {estimate.n_written} to write: {disk}.", err=True)
    if estimate.no_links:
        typer.echo(f"Files are copied, because links can't be made here: {estimate.no_links}.", err=True)


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"


def _finish(result: Prepared, kind: str, json_file: str | None) -> None:
    """Print what was done and what is missing. Exit with 1 if anything is missing."""
    print_result({"data": f"{kind}:{result.root}", **_document(result)}, _summary(result, kind), json_file)
    raise typer.Exit(1 if result.incomplete else 0)


def _document(result: Prepared) -> dict[str, Any]:
    missing = {
        archive: [{"frame": w.frame, "file": w.target} for w in files]
        for archive, files in result.missing_by_archive().items()
    }
    return {
        "placed": result.placed,
        "kept": result.kept,
        "incomplete": result.incomplete,
        "n_bytes": result.n_bytes,
        "splits": result.splits,
        "missing": missing,
        "damaged": result.damaged,
    }


def _summary(result: Prepared, kind: str) -> str:
    lines = [f"{kind}:{result.root}: placed {result.placed} frames, kept {result.kept}."]
    if result.incomplete:
        lines.append(f"{result.incomplete} frames are incomplete. Their files would be in:")
    for archive, files in result.missing_by_archive().items():
        n_depth = sum(file.is_depth for file in files)
        counts = ((len(files) - n_depth, "pictures"), (n_depth, "depth maps"))
        what = " and ".join(f"{count} {name}" for count, name in counts if count)
        there = " (it was found, but without them)" if archive in result.searched else ""
        lines.append(f"  {archive}: {what}, the first is {files[0].target}{there}")
    lines += [f"Not usable: {file}: {why.rstrip('.')}." for file, why in result.damaged.items()]
    lists = " or ".join(f"--split {name}" for name in result.splits)
    return "\n".join([*lines, f"Use it as --data {kind}:{result.root} {lists}."])
