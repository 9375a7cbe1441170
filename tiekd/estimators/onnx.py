"""ONNX files as estimators, through onnxruntime.

Normalisation and unit are read from the file's metadata (keys `tiekd.<option>`) or declared after its name.
Layout, type and a fixed size are read from its input.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tiekd.card import IMAGE_MEAN, IMAGE_STD, METADATA_KEY, ModelCard
from tiekd.codecs.foreign import AN_ONNX_FILE, foreign_network
from tiekd.codecs.resample import resize, scale_photo
from tiekd.errors import CheckpointError, ConfigError, RunFailedError
from tiekd.estimators.base import (
    DEFAULT_MAX_DEPTH_M,
    About,
    Conversion,
    PictureEstimator,
    first_line,
    range_up_to,
    require,
)
from tiekd.estimators.onnx_ports import Layout, depth_output, picture_input
from tiekd.faults import faults_as
from tiekd.files import digest_of, sha256_of
from tiekd.runtime.engines.torch import pick_device

PREFIX = f"{METADATA_KEY}."
Normalisation = Literal["imagenet", "symmetric", "unit", "byte"]
NORMALISATIONS: dict[Normalisation, tuple[Any, Any]] = {
    "imagenet": (IMAGE_MEAN, IMAGE_STD),
    "symmetric": (127.5, 127.5),
    "unit": (0.0, 255.0),
    "byte": (0.0, 1.0),
}
"""Mean and standard deviation on 0–255 that take a picture to -2..2 or so, -1..1, 0..1 and 0..255."""


class OnnxOptions(Conversion):
    """What can be declared after `onnx:FILE`, and in the file's metadata.

    layout: of the input; default as its shape says, else "nchw". normalise: default "imagenet" ("byte" for a
    uint8 input). channels: default "rgb". size: "HEIGHTxWIDTH" that the picture is stretched to; default the
    input's fixed size, else the picture's own size padded to `multiple`. answer: name of the output; default
    the only one, or the one that is named as depth.
    """

    layout: Layout | None = None
    normalise: Normalisation | None = None
    channels: Literal["rgb", "bgr"] = "rgb"
    size: str | None = Field(default=None, pattern=r"^\d+x\d+$")
    multiple: int = Field(default=32, ge=1)
    answer: str | None = None

    @property
    def height_width(self) -> tuple[int, int] | None:
        """The declared `size` as numbers."""
        if self.size is None:
            return None
        height, width = self.size.split("x")
        return int(height), int(width)


def open_onnx(
    path: Path, options: OnnxOptions, *, device: str = "auto", far_m: float | None = None
) -> PictureEstimator:
    """The network in an ONNX file.

    Raises UnavailableError without onnxruntime, CheckpointError for a file that is no network from one
    picture to one depth, ConfigError for metadata and options that can't be.
    """
    runtime = require("onnxruntime", extra="export")
    _check_file(path)
    session = _session(runtime, path, device)
    metadata = session.get_modelmeta().custom_metadata_map
    options = _with_metadata(options, metadata, path)
    card = ModelCard.from_metadata(metadata, where=str(path)) if METADATA_KEY in metadata else None
    depth = OnnxDepth(session, options, where=str(path))
    about = About(
        name=f"onnx:{path.name}{options.declared}{depth.taken}",
        digest=_digest(path),
        depth_range=range_up_to(options.max_depth_m or (card.max_depth_m if card else DEFAULT_MAX_DEPTH_M)),
        train_fx_px=options.train_fx_px or (card.train_fx_px if card else None),
        card=card,
    )
    return PictureEstimator(depth, about, far_m=far_m)


class OnnxDepth:
    """Picture to metres by an onnxruntime session."""

    def __init__(self, session: Any, options: OnnxOptions, *, where: str) -> None:
        self.session, self.options, self.where = session, options, where
        self.input = picture_input(session, layout=options.layout, size=options.height_width, where=where)
        self.size = self.input.size
        self.normalise: Normalisation = options.normalise or (
            "byte" if self.input.dtype == np.uint8 else "imagenet"
        )
        self.output_name = depth_output(
            session,
            answer=options.answer,
            inverse=options.output == "inverse",
            scale_is_declared=options.scale is not None,
            where=where,
        )

    @property
    def taken(self) -> str:
        """What says which output is taken, where that is not declared and not the first."""
        first = self.session.get_outputs()[0].name
        return "" if self.options.answer or self.output_name == first else f",answer={self.output_name}"

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres of a picture RGB `[H, W, 3]`."""
        height, width = image.shape[:2]
        shown = self._fitted(image)
        tensor = self._tensor(shown)
        try:
            (answer,) = self.session.run([self.output_name], {self.input.name: tensor})
        # onnxruntime's errors share no base class.
        except Exception as error:
            raise RunFailedError(
                f"{self.where} can't compute a picture of {shown.shape[1]}x{shown.shape[0]}: "
                f"{first_line(error)}",
                hint="Declare the size or the multiple that it takes: size=HEIGHTxWIDTH, multiple=….",
            ) from error
        depth = np.asarray(answer, np.float32).squeeze()
        if depth.ndim != 2:
            raise CheckpointError(
                f"The output {self.output_name!r} of {self.where} has the shape {list(np.shape(answer))}, "
                "which is no depth of one picture.",
                hint="Name the right output: answer=….",
            )
        if self.size is None:
            # Back from the padded size; a network may answer at a fraction of it.
            depth = resize(depth, (shown.shape[0], shown.shape[1]), align_corners=False)[:height, :width]
        else:
            depth = resize(depth, (height, width), align_corners=False)
        # Metres come last: an infinitely far cell would take all its neighbours with it.
        return np.ascontiguousarray(self.options.to_metres(depth))

    def _fitted(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self.size is not None:
            return scale_photo(image, self.size, in_one_step=True)
        bottom, right = (-side % self.options.multiple for side in image.shape[:2])
        return np.pad(image, ((0, bottom), (0, right), (0, 0)), mode="symmetric")

    def _tensor(self, image: NDArray[np.uint8]) -> NDArray[Any]:
        if self.options.channels == "bgr":
            image = image[:, :, ::-1]
        mean, std = (np.asarray(value, np.float32) for value in NORMALISATIONS[self.normalise])
        if self.options.channels == "bgr" and mean.ndim:
            mean, std = mean[::-1], std[::-1]
        pixels = (image.astype(np.float32) - mean) / std
        if self.input.layout == "nchw":
            pixels = pixels.transpose(2, 0, 1)
        return np.ascontiguousarray(pixels[None]).astype(self.input.dtype)


def _check_file(path: Path) -> None:
    """Raise CheckpointError for what is no ONNX file as far as its place and its first bytes tell."""
    if not path.exists():
        raise CheckpointError(f"There is no file {path}.", hint="Check the path.")
    foreign = foreign_network(path)
    if foreign and foreign.what != AN_ONNX_FILE:
        raise CheckpointError(f"{path} is {foreign.what}, not an ONNX file.", hint=foreign.advice)


def _digest(path: Path) -> str:
    """sha256 of the file; with that of its weights where the exporter has put these beside it."""
    beside = [path.with_name(path.name + suffix) for suffix in (".data", "_data")]
    digests = [sha256_of(one) for one in (path, *beside) if one.is_file()]
    return digests[0] if len(digests) == 1 else digest_of([" ".join(digests)])


def _session(runtime: Any, path: Path, device: str) -> Any:
    providers: list[Any] = ["CPUExecutionProvider"]
    chosen = pick_device(device)
    if chosen.type == "cuda" and "CUDAExecutionProvider" in runtime.get_available_providers():
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": chosen.index or 0}))
    try:
        return runtime.InferenceSession(str(path), providers=providers)
    except Exception as error:
        raise CheckpointError(
            f"{path} is no ONNX network that onnxruntime can load: {first_line(error)}",
            hint="The file may be cut short, or need a newer onnxruntime.",
        ) from error


def _with_metadata(options: OnnxOptions, metadata: dict[str, str], path: Path) -> OnnxOptions:
    """`options` over what the file says about itself."""
    stated = {key.removeprefix(PREFIX): value for key, value in metadata.items() if key.startswith(PREFIX)}
    hint = f"Known keys: {', '.join(PREFIX + name for name in OnnxOptions.model_fields)}."
    with faults_as(ConfigError, f"The metadata of {path}", model=OnnxOptions, hint=hint):
        return OnnxOptions.model_validate({**stated, **options.model_dump(exclude_unset=True)})
