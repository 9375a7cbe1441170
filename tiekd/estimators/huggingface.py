"""Hugging Face depth-estimation models as estimators, through transformers and with their own preprocessing.

Metric models (Depth Anything with a metric head, ZoeDepth, GLPN, DepthPro) answer in metres. Relative ones
(DPT, MiDaS, Depth Anything) do so only after a conversion that the user declares: nothing is guessed.
"""

from __future__ import annotations

import inspect
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from tiekd.codecs.foreign import WEIGHT_SUFFIXES, foreign_network
from tiekd.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    RunFailedError,
    TiekdError,
    UnavailableError,
)
from tiekd.estimators.base import (
    DEFAULT_MAX_DEPTH_M,
    About,
    Conversion,
    PictureEstimator,
    first_line,
    range_up_to,
    require,
)
from tiekd.files import digest_of, sha256_of
from tiekd.models.checkpoint import check_finite
from tiekd.runtime.engines.torch import pick_device

ALWAYS_METRIC = frozenset({"zoedepth", "glpn", "depth_pro"})
"""Model types whose answer is metric whatever their configuration says."""
_EXTRA = "hub"
_CONFIGURATION = ("config.json", "preprocessor_config.json")
_WEIGHTS = (".safetensors", ".bin")
_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
"""owner/name; no path that is written with "." or "/" at its beginning, nor one with two slashes."""


class HuggingFaceOptions(Conversion):
    """What can be declared after `hf:PLACE`."""


def open_huggingface(
    place: str, options: HuggingFaceOptions, *, device: str = "auto", far_m: float | None = None
) -> PictureEstimator:
    """The model in a folder, or of the hub by its id ("owner/name").

    Raises UnavailableError without transformers or without the hub, DataError and CheckpointError for a
    folder that holds no such model, ConfigError for a relative model without a declared conversion.
    """
    transformers = require("transformers", extra=_EXTRA)
    name = f"hf:{Path(place).name if Path(place).is_dir() else place}"
    folder = _folder(place)
    processing_unit = pick_device(device)
    model, processor = _load(transformers, folder, name, device=processing_unit)
    _check_metric(model.config, options, place)
    max_depth_m = options.max_depth_m or _stated_max_depth_m(model.config, folder) or DEFAULT_MAX_DEPTH_M
    about = About(
        name=name + options.declared,
        digest=_digest(folder),
        depth_range=range_up_to(max_depth_m),
        train_fx_px=options.train_fx_px,
    )
    depth = HuggingFaceDepth(model, processor, options, device=processing_unit, name=about.name)
    return PictureEstimator(depth, about, far_m=far_m)


class HuggingFaceDepth:
    """Picture to metres by a transformers model and its image processor. name: of the model, for messages."""

    def __init__(
        self,
        model: Any,
        processor: Any,
        conversion: Conversion,
        *,
        device: torch.device,
        name: str = "The model",
    ) -> None:
        self.model, self.processor, self.conversion = model.eval(), processor, conversion
        self.device, self.name = device, name

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres of a picture RGB `[H, W, 3]`. Raises RunFailedError, CheckpointError."""
        size = (image.shape[0], image.shape[1])
        try:
            with torch.inference_mode():
                answer = self._answer(image, size)
        except TiekdError:
            raise
        # Model and processor come from a folder, so nearly every type of error can come out of them.
        except Exception as error:
            raise RunFailedError(
                f"{self.name} can't compute a picture of {size[1]}x{size[0]}: {first_line(error)}",
                hint=_hint_of(error),
            ) from error
        return self.conversion.to_metres(answer)

    def _answer(self, image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
        """What the model answers, at the picture's `size` (height, width)."""
        inputs = self.processor(images=Image.fromarray(image), return_tensors="pt").to(self.device)
        outputs = self.model(**inputs)
        if getattr(outputs, "predicted_depth", None) is None:
            raise CheckpointError(
                f"{self.name} answers with {_stated(outputs)}, and nothing of that is named predicted_depth.",
                hint="Take a depth-estimation model, or export this one to ONNX and say answer=OUTPUT.",
            )
        depth = self._unpadded(outputs, size)
        if depth.ndim != 2:
            raise CheckpointError(
                f"The predicted_depth of {self.name} is {list(depth.shape)} for one picture: no depth.",
                hint="Take a depth-estimation model.",
            )
        # Bilinear: the bicubic that is usual here overshoots at edges, down to negative depth.
        depth = F.interpolate(depth[None, None].float(), size, mode="bilinear", align_corners=False)[0, 0]
        found: NDArray[np.float32] = depth.cpu().numpy()
        return found

    def _unpadded(self, outputs: Any, size: tuple[int, int]) -> torch.Tensor:
        """The answer `[h, w]` without the padding, whose size only the processor knows."""
        finish = getattr(self.processor, "post_process_depth_estimation", None)
        if finish is None:
            answer: torch.Tensor = outputs.predicted_depth[0]
        elif getattr(outputs, "field_of_view", None) is not None:
            # DepthPro: metric only after the focal length that it saw in the picture, which needs its size.
            answer = finish(outputs, target_sizes=[size])[0]["predicted_depth"]
        elif "source_sizes" in inspect.signature(finish).parameters:
            answer = finish(outputs, source_sizes=[size])[0]["predicted_depth"]
        else:
            answer = finish(outputs)[0]["predicted_depth"]
        return answer


def _stated(outputs: Any) -> str:
    """Names and shapes of what a model answers with, for messages."""
    named = outputs.items() if isinstance(outputs, Mapping) else ()
    shown = [f"{name} {list(value.shape)}" for name, value in named if isinstance(value, torch.Tensor)]
    return ", ".join(shown) or f"a {type(outputs).__name__}"


def _hint_of(error: Exception) -> str:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return "Its memory is full: take smaller pictures (--max-pixels), a smaller model, or --device cpu."
    return (
        "Its config.json and preprocessor_config.json (sizes, keep_aspect_ratio, max_depth) must fit its "
        "weights; pass the folder to transformers alone to see the whole error."
    )


def _load(transformers: Any, folder: Path, name: str, *, device: torch.device) -> tuple[Any, Any]:
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        model, report = transformers.AutoModelForDepthEstimation.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
        model = model.to(device)
    # Whatever is wrong with a folder, transformers and safetensors raise nearly every type there is.
    except Exception as error:
        raise CheckpointError(
            f"{folder} holds no depth-estimation model that transformers can load: {first_line(error)}",
            hint="Expected config.json, preprocessor_config.json and the weights, as save_pretrained writes "
            "them.",
        ) from error
    missing = sorted({*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])})
    if missing:
        raise CheckpointError(
            f"The weights of {name} lack {len(missing)} tensors of its network, the first is {missing[0]}.",
            hint="The file is incomplete or of another model; download it again.",
        )
    check_finite(model.state_dict(), where=name)
    return model, processor


def _check_metric(config: Any, options: HuggingFaceOptions, place: str) -> None:
    if _is_metric(config) or options.is_declared:
        return
    raise ConfigError(
        f"{place} is a {config.model_type} model that answers with relative depth, and nothing says how to "
        "turn that into metres.",
        hint=f"Declare it: hf:{place},output=inverse,scale=S,shift=T for metres = 1 / (S * answer + T), as "
        "DPT and Depth Anything mean it, or output=depth for metres = S * answer + T.",
    )


def _stated_max_depth_m(config: Any, folder: Path) -> float | None:
    """The end of a metric model's range, where its configuration has one. Raises CheckpointError."""
    try:
        if config.model_type == "zoedepth":
            stated = max(bins["max_depth"] for bins in config.bin_configurations)
        else:
            stated = getattr(config, "max_depth", None) if _is_metric(config) else None
        if stated is None:
            return None
        if not 0 < float(stated) < math.inf:
            raise ValueError(f"{stated} is not above 0")
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"The max_depth in {folder / 'config.json'} can't be the end of a range: {first_line(error)}.",
            hint="Write the metres up to which the model answers.",
        ) from error
    return float(stated)


def _is_metric(config: Any) -> bool:
    if not getattr(config, "use_fov_model", True):
        return False  # a DepthPro that doesn't know the focal length
    return config.model_type in ALWAYS_METRIC or getattr(config, "depth_estimation_type", "") == "metric"


def _digest(folder: Path) -> str:
    """sha256 over the files that the answers come from."""
    files = (p for p in sorted(folder.iterdir()) if p.name in _CONFIGURATION or p.suffix in _WEIGHTS)
    return digest_of(f"{path.name} {sha256_of(path)}\n" for path in files)


def _folder(place: str) -> Path:
    """The folder that `place` is, or that the hub's model of that id is downloaded to.

    What is on this machine, and what is named like a file, is never asked of the hub.
    """
    path = Path(place)
    if path.is_dir():
        return path
    if os.path.lexists(path):
        foreign = foreign_network(path)
        raise DataError(
            f"{place} is {foreign.what if foreign else 'a file'}, and hf: takes a folder.",
            hint=foreign.advice if foreign else "Name the folder that holds it: hf:DIR.",
        )
    if not _HUB_ID.fullmatch(place) or place.lower().endswith(WEIGHT_SUFFIXES):
        raise DataError(
            f"There is no folder {place}.",
            hint="hf: takes a folder that save_pretrained wrote, or a hub id such as owner/name.",
        )
    hub = require("huggingface_hub", extra=_EXTRA)
    try:
        folder = Path(hub.snapshot_download(place, allow_patterns=["*.json", "*.safetensors"]))
        if not any(folder.glob("*.safetensors")):
            folder = Path(hub.snapshot_download(place, allow_patterns=["*.json", "pytorch_model*.bin"]))
    # Offline, blocked, unknown, gated: many types of error, one thing to do.
    except Exception as error:
        raise UnavailableError(
            f"Can't get {place} from the Hugging Face hub, and there is no such folder: {first_line(error)}",
            hint=f"Where there is a connection: hf download {place} --local-dir DIR; then say hf:DIR.",
        ) from error
    return folder
