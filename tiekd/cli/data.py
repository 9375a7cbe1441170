"""`tiekd data`: make, prepare and check data sets."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiekd.cli.data_prepare import app as prepare
from tiekd.cli.options import between
from tiekd.cli.output import JsonFile, print_result, writable_folder
from tiekd.datasets import DATASETS
from tiekd.errors import ConfigError
from tiekd.limits import MOST_PROCESSES

if TYPE_CHECKING:
    from tiekd.data.check import AlsoCheck, DataCheck, Fault
    from tiekd.data.frames import Frame, FrameSource, NetworkCrop

app = typer.Typer(help="Make, prepare and check data sets.", no_args_is_help=True, add_completion=False)
app.add_typer(prepare, name="prepare")
_EXAMPLES = 3


@app.callback()
def _group() -> None:
    """Make, prepare and check data sets."""


@app.command(
    epilog="Example: tiekd data synth --out data/world --frames 2000 --seed 7 --size 621x188 --workers 2"
)
def synth(
    out: Annotated[
        Path,
        typer.Option(help="Folder of the data set. An interrupted run is resumed.", callback=writable_folder),
    ],
    frames: Annotated[int, typer.Option(min=1, max=10**7, help="Number of frames.")],
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Frame i depends only on the seed and i.")
    ] = 0,
    size: Annotated[
        str, typer.Option(help="WIDTHxHEIGHT in pixels. The focal length scales with the width.")
    ] = "1242x375",
    workers: Annotated[
        int, typer.Option(min=1, max=MOST_PROCESSES, help="Number of processes. Files do not depend on it.")
    ] = 1,
    sparse: Annotated[str, typer.Option(help='"none" for dense depth, "lidar" for a 64-ring scan.')] = "none",
    split: Annotated[
        str,
        typer.Option(
            help="Shares of train, val and test. All frames of a drive are in one split, if there are enough "
            "drives. From three frames on, no split with a share is empty; one or two are for training."
        ),
    ] = "0.9,0.05,0.05",
    drive: Annotated[int, typer.Option(min=1, max=10**7, help="Frames per drive folder.")] = 20,
    focal_jitter: Annotated[
        float,
        typer.Option(help="Relative spread of the focal length, below 0.5.", callback=between(0, 0.499)),
    ] = 0.0,
    json_file: JsonFile = None,
) -> None:
    """Render a synthetic street world with exact depth, in KITTI's layout."""
    from tiekd.cli.progress import progress_bar
    from tiekd.synth.dataset import WorldOptions, write_dataset

    width, height = _pair(size)
    options = WorldOptions(
        seed=seed,
        width_px=width,
        height_px=height,
        sparse=sparse,
        frames_per_drive=drive,
        focal_jitter=focal_jitter,
    )
    with progress_bar("Rendering") as progress:
        written = write_dataset(
            out,
            frames=frames,
            options=options,
            workers=workers,
            shares=_shares(split),
            progress=progress,
        )
    splits = ", ".join(f"{name} {count}" for name, count in written.splits.items())
    print_result(
        {"out": str(out), "rendered": written.rendered, "kept": written.kept, "splits": written.splits},
        f"{out}: rendered {written.rendered} frames, kept {written.kept}; {splits}.",
        json_file,
    )


def _pair(size: str) -> tuple[int, int]:
    """WIDTHxHEIGHT to two numbers."""
    width, separator, height = size.lower().partition("x")
    if not (separator and width.isdecimal() and height.isdecimal()):
        raise ConfigError(f"Not a size: {size!r}.", hint="Write WIDTHxHEIGHT, e.g. --size 1242x375.")
    return int(width), int(height)


def _shares(split: str) -> tuple[float, float, float]:
    """Three shares that add up to 1 (the writer checks the sum)."""
    try:
        train, val, test = (float(part) for part in split.split(","))
    except ValueError as error:
        raise ConfigError(
            f"Not three shares: {split!r}.", hint="Write e.g. --split 0.9,0.05,0.05."
        ) from error
    return train, val, test


@app.command(
    epilog=f"Example: tiekd data check kitti:data/kitti --split {DATASETS['kitti'].test.file} "
    "--json faults.json"
)
def check(
    data: Annotated[str, typer.Argument(help="Data set as KIND:ROOT.")],
    *,
    split: Annotated[
        str | None, typer.Option(help="List of frames, here or in ROOT; folder:DIR needs none.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="Check teacher labels too: a folder of `tiekd label`, or labels:DIR,scale=… for others."
        ),
    ] = None,
    crop: Annotated[
        str | None, typer.Option(help='"kb" (352x1216) or "none". Default: the crop of the published data.')
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_PROCESSES, help="Processes that read files.", show_default="one per core"
        ),
    ] = os.cpu_count() or 1,
    json_file: JsonFile = None,
) -> None:
    """Read every file that a list names: missing, corrupt, misshapen or mis-scaled ones, and duplicate lines.

    Exits with 1 when anything is wrong.
    """
    from tiekd.cli.progress import progress_bar
    from tiekd.data.check import check_data, duplicate_lines
    from tiekd.data.frames import find_split, left_out, list_frames, open_source
    from tiekd.data.plausible import doubt

    source = open_source(data)
    frames = list_frames(source, split)
    shown = _crop(crop or source.network_crop)
    also = _label_check(labels, shown, source, frames) if labels else None
    with progress_bar("Checking") as progress:
        result = check_data(source, frames, crop=shown, also=also, workers=workers, progress=progress)
    result.faults += duplicate_lines(find_split(source, split), source) if split else []
    doubts = "" if result.faults else doubt(result.depths, source)
    notes = [note for note in (left_out(source, split), _turned(result.n_turned), doubts) if note]
    print_result(
        {"data": data, "split": split, "labels": labels, "notes": notes, **result.to_json()},
        "\n".join([f"{data}{f', {split}' if split else ''}: {_summary(result)}", *notes]),
        json_file,
    )
    raise typer.Exit(1 if result.faults else 0)


def _read_at(result: DataCheck) -> str:
    scales = sorted({depth.scale for depth in result.depths})
    return "" if scales == [1] else f", at {' and '.join(f'{scale:g}' for scale in scales)} per metre"


def _turned(n_frames: int) -> str:
    if not n_frames:
        return ""
    return (
        f"{n_frames} pictures have an EXIF orientation. Their ground truth lies as the stored pixels do and "
        "is turned with them. If it is upright already, store the pictures upright, without an orientation."
    )


def _crop(name: str) -> NetworkCrop:
    if name not in ("kb", "none"):
        raise ConfigError(f"There is no crop {name!r}.", hint="Use --crop kb or --crop none.")
    return "kb" if name == "kb" else "none"


def _label_check(labels: str, crop: NetworkCrop, source: FrameSource, frames: list[Frame]) -> AlsoCheck:
    """The check of a frame's label. Raises the errors of opening the labels."""
    from tiekd.estimators.labels import fault_of_label, read_info
    from tiekd.places import parse_place

    named = parse_place(labels, ("labels",), what="labels")
    if named.options:
        from tiekd.estimators.stored import StoredDepth, fault_of_declared, open_stored

        stored = open_stored(named)
        if isinstance(stored, StoredDepth):
            stored.files.assign(source, frames, need_all=False)
            return partial(fault_of_declared, stored, crop)
    folder = Path(named.place)
    read_info(folder)
    return partial(fault_of_label, folder)


def _summary(result: DataCheck) -> str:
    """The summary: one line per kind of fault, with advice and the first examples."""
    heads = [f"{result.n_frames} frames"]
    if result.n_without_depth:
        heads.append(f"{result.n_without_depth} without ground truth")
    if result.medians_m:
        near, far = min(one.near_m for one in result.depths), max(one.far_m for one in result.depths)
        heads.append(f"median depth {result.median_m:.1f} m ({near:.1f} to {far:.1f} m{_read_at(result)})")
    heads.append("" if result.faults else "nothing is wrong")
    lines = [", ".join(filter(None, heads)) + "."]
    for kind, faults in result.by_kind().items():
        lines.append(f"{kind:10} {len(faults):5}  {result.advice[kind]}")
        lines += [f"{'':16}  - {_example(fault)}" for fault in faults[:_EXAMPLES]]
        if len(faults) > _EXAMPLES:
            lines.append(f"{'':16}  - and {len(faults) - _EXAMPLES} more, see --json")
    return "\n".join(lines)


def _example(fault: Fault) -> str:
    return fault.detail if fault.file in fault.detail else f"{fault.file}: {fault.detail}"
