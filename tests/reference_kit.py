"""Checkpoints as the authors' code saves them, for a zoo of their networks with a narrow decoder."""

from __future__ import annotations

import collections

import golden_recipes as recipes
import numpy as np
import torch

from tiekd import zoo
from tiekd.models.reference import reference_key
from tiekd.models.registry import create_model

OPTIONS = {"bottleneck_channels": 8, "decoder_channels": [8, 8, 8]}
_NARROW = "encoder: mobilenetv2, options: {bottleneck_channels: 8, decoder_channels: [8, 8, 8]}"
_DPM = f"architecture: densedepth_dpm_mobilenetv2, {_NARROW}, method: tiekd"
_KITTI = "dataset: kitti, max_depth_m: 80"
_BASE = f"architecture: densedepth_mobilenetv2, {_NARROW}, method: baseline"
ZOO = "rows:\n" + "".join(
    f"- {{{fields}}}\n"
    for fields in (
        *(
            f"name: tiekd_mobilenetv2.{t}_kitti, {_DPM}, teacher: {t}, n_bins: 257, {_KITTI}"
            for t in ("adabins", "bts", "depthformer")
        ),
        f"name: tiekd_mobilenetv2.bts_nyu, {_DPM}, teacher: bts, n_bins: 49, dataset: nyu, max_depth_m: 10",
        f"name: baseline_mobilenetv2.kitti, {_BASE}, {_KITTI}, link: https://example.org/#weights",
        f"name: baseline_mobilenetv2.nyu, {_BASE}, dataset: nyu, max_depth_m: 10",
        "name: tiekd_test.demo, architecture: densedepth_dpm_test_resnet, encoder: test_resnet, n_bins: 8,"
        " options: {output_stride: 4}, method: tiekd, dataset: demo, max_depth_m: 80",
    )
)


def use_zoo(tmp_path, monkeypatch):
    """Put `ZOO` in the place of the shipped zoo and an empty folder in the user's; returns that folder."""
    (tmp_path / "zoo" / "models").mkdir(parents=True)
    (tmp_path / "zoo" / "models" / "zoo.yaml").write_text(ZOO)
    monkeypatch.setattr(zoo, "asset_root", lambda: tmp_path / "zoo")
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def network(n_bins=257):
    """The network of the rows with so many bins (None: the baselines)."""
    if n_bins is None:
        return create_model("densedepth_mobilenetv2", **OPTIONS)
    return create_model("densedepth_dpm_mobilenetv2", n_bins=n_bins, **OPTIONS)


def weights(n_bins=257, *, salt=""):
    """A state dict under the authors' names, never-used tensors too, by the recipe of the parity cases."""
    model = network(n_bins)
    tensors = [
        [reference_key(model, key), list(value.shape), str(value.dtype).removeprefix("torch.")]
        for key, value in model.state_dict().items()
    ]
    unused = {"conv_depth": (1, 3), "conv_out.0": (256, 1)}
    name, (channels, kernel) = list(unused.items())[n_bins is None]
    tensors.append([f"decode_head.{name}.weight", [channels, 8, kernel, kernel], "float32"])
    tensors.append([f"decode_head.{name}.bias", [channels], "float32"])
    return recipes.reference_weights({"tensors": tensors, "gain": {}, "offset": {}}, salt=salt)


def save_checkpoint(path, tensors, *, prefix="", **more):
    """Write what mmcv writes, with `more` beside its `meta` and `state_dict`; returns the path."""
    meta = {
        "epoch": 24, "iter": 1, "mmcv_version": "1.3.13", "time": "x", "CLASSES": None, "seed": None,
        "hook_msgs": {"best_score": np.float64(0.06), "best": np.float32(1), "n": np.int64(3)},
        "config": "model = dict(\n    decode_head=dict(max_depth=80))\ndata = dict(max_depth=80)",
    }  # fmt: skip
    named = collections.OrderedDict((prefix + key, value) for key, value in tensors.items())
    torch.save({"meta": meta, "state_dict": named, **more}, path)
    return path
