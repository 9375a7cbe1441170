"""`tiekd predict`: depth of photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiekd.cli.options import Device, Engine, between
from tiekd.cli.output import JsonFile, print_result, writable_folder
from tiekd.errors import DataError, InputSizeError, RunFailedError, TiekdError
from tiekd.limits import FOCAL_RANGE_PX

if TYPE_CHECKING:
    from tiekd.estimators import Estimator

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
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO...",
            help="Photos; folders, with what is below them; or quoted patterns, 'trip/**/*.jpg'.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for the answers, named after the photos; folders below a folder are kept.",
            callback=writable_folder,
        ),
    ],
    *,
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option(help="png16 (metres x 256), npy, npz or color.")
    ] = "png16",
    fx: Annotated[
        float | None,
        typer.Option(
            help="Focal length of the photos in pixels; corrects the metric scale.",
            callback=between(*FOCAL_RANGE_PX),
        ),
    ] = None,
    engine: Engine = "auto",
    device: Device = "auto",
    json_file: JsonFile = None,
) -> None:
    """Write metric depth of photos at their own size. A photo that can't be used does not stop the others."""
    from tiekd.data.photos import find_photos
    from tiekd.errors import UnknownNameError
    from tiekd.estimators import open_estimator
    from tiekd.render import SUFFIXES

    if format not in SUFFIXES:
        raise UnknownNameError("format", format, SUFFIXES)
    found = find_photos(photos, out, suffix=SUFFIXES[format])
    if found.warning():
        typer.echo(found.warning(), err=True)
    estimator = open_estimator(model, engine=engine, device=device)
    done = Done()
    try:
        _answer(estimator, found.pairs, done, fmt=format, fx_px=fx)
    finally:
        # What was done is told even where something ends the call.
        result = {"model": estimator.about.name, "answers": done.answers, "broken": done.told_broken()}
        text = "\n".join(f"{row['photo']} -> {row['file']}" for row in done.answers)
        print_result(result, text, json_file)
    done.raise_broken(len(found.pairs))


@dataclass(slots=True)
class Done:
    """What a call has done so far: the answers, and the photos that can't be used with the reason."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    broken: dict[Path, TiekdError] = field(default_factory=dict)

    def told_broken(self) -> list[dict[str, str]]:
        """The broken photos for the JSON."""
        return [{"photo": str(photo), "error": str(error)} for photo, error in self.broken.items()]

    def raise_broken(self, n_photos: int) -> None:
        """Raise RunFailedError if a photo is broken; of a single photo its own error."""
        if not self.broken:
            return
        first = next(iter(self.broken.values()))
        if n_photos == 1:
            raise first
        lines = [_line(photo, str(error)) for photo, error in self.broken.items()]
        raise RunFailedError(
            "\n  ".join([f"{len(lines)} of {n_photos} photos have no answer:", *lines]), hint=first.hint
        )


def _line(photo: Path, said: str) -> str:
    return said if str(photo) in said else f"{photo}: {said}"


def _answer(
    estimator: Estimator, pairs: Sequence[tuple[Path, Path]], done: Done, *, fmt: str, fx_px: float | None
) -> None:
    """Answer every photo that can be used; a file that can't be written ends it."""
    from tiekd.cli.progress import progress_bar
    from tiekd.estimators import Picture
    from tiekd.render import write
    from tiekd.runtime.predictor import as_photo

    with progress_bar("Answering") as progress:
        for number, (photo, target) in enumerate(pairs, 1):
            try:
                answer = estimator.estimate(Picture(as_photo(photo)), fx_px=fx_px)
            except (DataError, InputSizeError, RunFailedError) as error:
                done.broken[photo] = error
            else:
                write(answer, target, fmt)
                height, width = answer.depth_m.shape
                done.answers.append(
                    {"photo": str(photo), "file": str(target), "height": height, "width": width}
                )
            progress(number, len(pairs))
