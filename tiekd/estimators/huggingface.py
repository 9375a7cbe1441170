"""Hugging Face depth-estimation models as estimators, through transformers and with their own preprocessing.

Metric models (Depth Anything with a metric head, ZoeDepth, GLPN, DepthPro) answer in metres. Relative ones
(DPT, MiDaS, Depth Anything) do so only after a conversion that the user declares: nothing is guessed.
"""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from tiekd.errors import CheckpointError, ConfigError, DataError, UnavailableError
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
from tiekd.runtime.engines.torch import pick_device

ALWAYS_METRIC = frozenset({"zoedepth", "glpn", "depth_pro"})
"""Model types whose answer is metric whatever their configuration says."""
_EXTRA = "hub"
_CONFIGURATION = ("config.json", "preprocessor_config.json")
_WEIGHTS = (".safetensors", ".bin")


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
    model, processor = _load(transformers, folder, name)
    _check_metric(model.config, options, place)
    max_depth_m = options.max_depth_m or _stated_max_depth_m(model.config) or DEFAULT_MAX_DEPTH_M
    about = About(
        name=name + options.declared,
        digest=_digest(folder),
        depth_range=range_up_to(max_depth_m),
        train_fx_px=options.train_fx_px,
    )
    depth = HuggingFaceDepth(model, processor, options, device=pick_device(device))
    return PictureEstimator(depth, about, far_m=far_m)


class HuggingFaceDepth:
    """Picture to metres by a transformers model and its image processor."""

    def __init__(self, model: Any, processor: Any, conversion: Conversion, *, device: torch.device) -> None:
        self.model, self.processor, self.conversion = model.to(device).eval(), processor, conversion
        self.device = device

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Depth `[H, W]` in metres of a picture RGB `[H, W, 3]`."""
        size = (image.shape[0], image.shape[1])
        inputs = self.processor(images=Image.fromarray(image), return_tensors="pt").to(self.device)
        with torch.inference_mode():
            answer = self._unpadded(self.model(**inputs), size)[None, None].float()
            # Bilinear: the bicubic that is usual here overshoots at edges, down to negative depth.
            answer = F.interpolate(answer, size, mode="bilinear", align_corners=False)[0, 0]
        return self.conversion.to_metres(answer.cpu().numpy())

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


def _load(transformers: Any, folder: Path, name: str) -> tuple[Any, Any]:
    transformers.utils.logging.disable_progress_bar()
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        model, report = transformers.AutoModelForDepthEstimation.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
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


def _stated_max_depth_m(config: Any) -> float | None:
    """The end of a metric model's range, where its configuration has one."""
    if config.model_type == "zoedepth":
        return max(float(bins["max_depth"]) for bins in config.bin_configurations)
    stated = getattr(config, "max_depth", None)
    return float(stated) if stated and _is_metric(config) else None


def _is_metric(config: Any) -> bool:
    if not getattr(config, "use_fov_model", True):
        return False  # a DepthPro that doesn't know the focal length
    return config.model_type in ALWAYS_METRIC or getattr(config, "depth_estimation_type", "") == "metric"


def _digest(folder: Path) -> str:
    """sha256 over the files that the answers come from."""
    files = (p for p in sorted(folder.iterdir()) if p.name in _CONFIGURATION or p.suffix in _WEIGHTS)
    return digest_of(f"{path.name} {sha256_of(path)}\n" for path in files)


def _folder(place: str) -> Path:
    """The folder that `place` is, or that the hub's model of that id is downloaded to."""
    if Path(place).is_dir():
        return Path(place)
    if place.startswith((".", "/", "~")) or place.count("/") > 1 or os.sep not in place:
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
            f"Can't get {place} from the Hugging Face hub: {first_line(error)}",
            hint=f"Where there is a connection: hf download {place} --local-dir DIR; then say hf:DIR.",
        ) from error
    return folder
