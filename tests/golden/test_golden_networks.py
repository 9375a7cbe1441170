"""Published networks, number by number: weights by formula under the authors' keys, then taps and depth."""

from __future__ import annotations

from pathlib import Path

import golden_recipes as recipes
import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tiekd.errors import CheckpointError
from tiekd.models.reference import load_reference, taps
from tiekd.models.registry import architecture_names, create_model

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
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "parity.md"
# Image and head, as the original code has them; BTS takes multiples of 32 there.
ODD_SIZES = {
    "densedepth_mobilenetv2": ((98, 331), (100, 332)),
    "densedepth_resnet18": ((98, 331), (98, 332)),
    "densedepth_resnet50": ((97, 131), (98, 132)),
    "densedepth_dpm_mobilenetv2": ((98, 331), (100, 332)),
    "densedepth_dpm_resnet18": ((98, 331), (98, 332)),
    "densedepth_dpm_resnet50": ((97, 131), (98, 132)),
    "adabins_efficientnet_b5": ((330, 430), (165, 215)),
    "bts_resnet50": ((64, 96), (64, 96)),
    "depthformer_swin_large": ((97, 131), (49, 66)),
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


@pytest.mark.parametrize("name", architecture_names())
def test_sizes_parameters_and_cost_are_those_in_the_document(name, monkeypatch):
    """On shapes alone: the head's resolution at odd sizes, and the table's row."""
    # Shapes need no memory, so attention need not be computed in parts.
    monkeypatch.setattr("tiekd.models.deformable.QUERIES_AT_A_TIME", 10**9)
    with torch.device("meta"):
        model = create_model(name).eval()
        (height, width), head = ODD_SIZES[name]
        odd = model(torch.empty(1, 3, height, width))
        assert tuple(odd.raw_depth.shape[2:]) == head
        assert tuple(odd.depth.shape[2:]) == (height, width)
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, 352, 1216))
    n_parameters = sum(value.numel() for value in model.parameters())
    row = f"| {name} | {n_parameters:,} | {counter.get_total_flops() / 1e9:.0f} |"
    assert row in DOCUMENT.read_text(encoding="utf-8")
