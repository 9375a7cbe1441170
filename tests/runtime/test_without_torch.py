"""Nothing but the torch engine needs torch: photos, DPM answers, galleries and the server work without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
WITHOUT = ("torch", "torchvision", "timm", "pytorch_lightning", "transformers")
RUN = f"""
import sys
sys.modules.update(dict.fromkeys({WITHOUT}))  # With None there, an import fails.
sys.path.append({str(HERE)!r})
import torch_free_job
torch_free_job.main(*sys.argv[1:])
"""


def test_a_network_is_served_without_torch(tiny_models, tmp_path) -> None:
    for method in ("one", "two"):
        folder = tmp_path / "results" / method
        folder.mkdir(parents=True)
        Image.fromarray(np.full((20, 30), 5000, np.uint16)).save(folder / "0.png")
    command = [sys.executable, "-W", "error", "-c", RUN, tiny_models["tiny_dpm"], tmp_path / "results"]
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
