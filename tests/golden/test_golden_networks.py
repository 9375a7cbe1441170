"""Published networks, number by number: weights by formula under the authors' keys, then taps and depth."""

from __future__ import annotations

import golden_recipes as recipes
import numpy as np
import pytest
import torch

from tiekd.errors import CheckpointError
from tiekd.models.reference import load_reference, taps
from tiekd.models.registry import create_model

CASES = {
    "student_base_mobilenetv2_kitti": "densedepth_mobilenetv2",
    "student_base_resnet18_kitti": "densedepth_resnet18",
    "student_base_resnet50_kitti": "densedepth_resnet50",
    "student_dpm_mobilenetv2_kitti": "densedepth_dpm_mobilenetv2",
    "student_dpm_resnet18_kitti": "densedepth_dpm_resnet18",
    "student_dpm_resnet50_kitti": "densedepth_dpm_resnet50",
    "student_dpm_mobilenetv2_nyu": "densedepth_dpm_mobilenetv2",
    "adabins_efnetb5ap_kitti": "adabins_efficientnet_b5",
    "bts_r50_kitti": "bts_resnet50",
    "depthformer_swinl_22k_w7_kitti": "depthformer_swin_large",
}
HEAVY = {"depthformer_swinl_22k_w7_kitti": pytest.mark.slow}


def build(case):
    manifest = recipes.read_manifest(case)
    facts = manifest["facts"]
    options = {"min_depth_m": facts["min_depth"], "max_depth_m": facts["max_depth"]}
    if "_dpm_" in case or "adabins" in case:
        options["n_bins"] = facts["n_bins"]
    return create_model(CASES[case], **options).eval(), recipes.reference_weights(manifest)


@pytest.mark.parametrize("case", [pytest.param(case, marks=HEAVY.get(case, ())) for case in CASES])
def test_network_reproduces_the_reference(case):
    meta, stored = recipes.read_case(case)
    model, weights = build(case)
    load_reference(model, weights)
    image = recipes.smooth_image(meta["height"], meta["width"], meta["image_seed"])
    with torch.no_grad():
        prediction = model(image)
    for got, name in ((prediction.raw_depth, "head_depth"), (prediction.depth, "inference_depth")):
        want = stored[name]
        assert got.shape == want.shape
        error = np.abs(got.numpy() - want)
        assert (error <= 2.5e-5 * meta["max_depth"] + 2e-4 * want).all(), (name, error.max())
    if "bin_edges" in stored:
        np.testing.assert_allclose(prediction.bin_edges.numpy(), stored["bin_edges"], rtol=1e-6)
    found = taps(model, image)
    assert set(found) == set(meta["taps"])
    for name, tap in meta["taps"].items():
        assert list(found[name].shape) == tap["shape"]
        sample = found[name].numpy().ravel()[:: tap["stride"]]
        assert np.abs(sample - stored[f"tap/{name}"]).max() <= 1e-3 * tap["std"], name


def test_never_used_tensors_may_be_missing_but_nothing_else():
    model, weights = build("student_base_resnet18_kitti")
    unused = [key for key in weights if "conv_out" in key or "upsample_custom2" in key]
    assert unused
    load_reference(model, {key: value for key, value in weights.items() if key not in unused})
    with pytest.raises(CheckpointError, match=r"missing decode_head\.conv_depth\.bias"):
        load_reference(
            model, {key: value for key, value in weights.items() if key != "decode_head.conv_depth.bias"}
        )
    with pytest.raises(CheckpointError, match=r"unknown decode_head\.extra"):
        load_reference(model, {**weights, "decode_head.extra": torch.zeros(1)})


def test_a_state_dict_of_another_size_is_refused():
    _, weights = build("student_dpm_resnet18_kitti")
    with pytest.raises(CheckpointError, match="not \\(49,\\)"):
        load_reference(create_model("densedepth_dpm_resnet18", n_bins=49), weights)
    with pytest.raises(CheckpointError, match="not a published architecture"):
        load_reference(create_model("densedepth_mobilenetv2_100"), weights)
