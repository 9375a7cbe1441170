"""The torch engine: the network as it was trained, on CPU, CUDA or Apple's GPU."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray

from tiekd.errors import UnavailableError
from tiekd.models.base import DepthModel
from tiekd.models.fold import fold_for_inference, keeping_dpm
from tiekd.models.registry import create_model, load
from tiekd.runtime.engines.base import EngineOutput

UNTRAINED_SEED = 0


def pick_device(device: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda`, `cuda:N` or `mps` stands for here.

    `auto` is a GPU where there is one, else the CPU. Among processes that torchrun started, each takes its
    own share of the GPUs. Raises UnavailableError when the device is not on this machine.
    """
    if device == "auto":
        if not torch.cuda.is_available():
            return torch.device("cpu")
        rank = os.environ.get("LOCAL_RANK")
        return torch.device("cuda", int(rank) % torch.cuda.device_count()) if rank else torch.device("cuda")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise UnavailableError(
            f"There is no device {device!r}.", hint="Use auto, cpu, cuda or mps."
        ) from error
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (chosen.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present.get(chosen.type, False):
        raise UnavailableError(f"The device {device!r} is not on this machine.", hint="Use auto or cpu.")
    return chosen


class TorchEngine:
    """A `DepthModel` in evaluation mode on one device, folded for inference."""

    name = "torch"

    def __init__(self, model: DepthModel, *, device: str = "auto") -> None:
        self._device = pick_device(device)
        # Convolutions of these sizes are faster in channels-last memory, on CPU and GPU.
        network = model.to(self._device).to(memory_format=torch.channels_last)
        self._without_dpm = fold_for_inference(network, keep_dpm=False)
        self._with_dpm = keeping_dpm(self._without_dpm)
        # A GPU computes one image after another in any case, and memory for several is not always there.
        self._turn = nullcontext() if self._device.type == "cpu" else Lock()
        self.card = model.card
        self.device = str(self._device)
        self.parameters = sum(parameter.numel() for parameter in model.parameters())

    @staticmethod
    def check_device(device: str) -> None:
        """Raise UnavailableError when the device of that name is not on this machine."""
        pick_device(device)

    @classmethod
    def from_file(cls, path: Path, *, device: str = "auto") -> TorchEngine:
        """Load a file of weights. Raises CheckpointError, and UnavailableError for the device."""
        return cls(load(path), device=device)

    @classmethod
    def untrained(cls, row_name: str, *, device: str = "auto") -> TorchEngine:
        """The network of a zoo row with random weights, which are the same on every call."""
        # The caller's random numbers go on as if nothing had been drawn here.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(UNTRAINED_SEED)
            model = create_model(row_name)
        return cls(model, device=device)

    def run(self, image: NDArray[np.float32], *, with_dpm: bool) -> EngineOutput:
        """Answer for one normalised image `[1, 3, H, W]`."""
        model = self._with_dpm if with_dpm else self._without_dpm
        with self._turn, torch.inference_mode():
            tensor = torch.from_numpy(image).to(self._device, memory_format=torch.channels_last)
            prediction = model(tensor)
            depth = prediction.depth[0, 0].float().cpu().numpy()
            inside = prediction.raw_depth[0, 0].clamp(self.card.min_depth_m, self.card.max_depth_m)
            grid = inside.float().cpu().numpy()
            logits, edges = prediction.dpm_logits, prediction.bin_edges
            if not with_dpm or logits is None or edges is None:
                return EngineOutput(depth, grid_depth=grid)
            dpm = logits[0].float().softmax(dim=0).cpu().numpy()
            edges_m = (edges if edges.ndim == 1 else edges[0]).float().cpu().numpy()
            return EngineOutput(depth, dpm, edges_m, grid)
