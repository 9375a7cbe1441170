"""`tiekd data`: make data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tiekd.cli.output import print_result
from tiekd.errors import ConfigError

app = typer.Typer(help="Make data sets.", no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Make data sets."""


@app.command(
    epilog="Example: tiekd data synth --out data/world --frames 2000 --seed 7 --size 621x188 --workers 2"
)
def synth(
    out: Annotated[Path, typer.Option(help="Folder of the data set; an interrupted one is resumed.")],
    frames: Annotated[int, typer.Option(help="Number of frames.")],
    seed: Annotated[int, typer.Option(help="Frame i depends only on the seed and i.")] = 0,
    size: Annotated[
        str, typer.Option(help="WIDTHxHEIGHT in pixels; the focal length scales with the width.")
    ] = "1242x375",
    workers: Annotated[int, typer.Option(help="Processes; the files don't depend on it.")] = 1,
    sparse: Annotated[str, typer.Option(help='"none" for dense depth, "lidar" for a 64-ring scan.')] = "none",
    split: Annotated[
        str, typer.Option(help="Shares of train, val and test; a drive is never divided.")
    ] = "0.9,0.05,0.05",
    drive: Annotated[int, typer.Option(help="Frames per drive folder.")] = 20,
    focal_jitter: Annotated[float, typer.Option(help="Relative spread of the focal length.")] = 0.0,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON.")
    ] = None,
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
