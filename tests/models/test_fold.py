"""Folded networks give the same depth as the networks they were made from, with fewer layers."""

from __future__ import annotations

import copy
import operator

import golden_recipes as recipes
import numpy as np
import pytest
import torch
from torch import nn

import tiekd
from tiekd.bins import DepthBins, expectation
from tiekd.models import fold
from tiekd.models.encoders import Encoder
from tiekd.models.fold import expected_depth, fold_for_inference, keeping_dpm
from tiekd.models.reference import load_reference
from tiekd.models.registry import create_model
from tiekd.types import DepthRange

NETWORKS = {
    "published encoder, wide bottleneck": (
        "densedepth_dpm_mobilenetv2",
        {"bottleneck_channels": 330, "decoder_channels": (16, 8, 8), "n_bins": 20},
    ),
    "narrow bottleneck, norms": ("densedepth_dpm_test_resnet", {"norm": "batch", "n_bins": 9}),
    "pool and positions": (
        "densedepth_test_resnet",
        {"norm": "batch", "output_stride": 4, "image_pool": 2, "position_channels": True},
    ),
    "regression without norms": ("densedepth_test_convnext", {}),
    "adaptive bins": (
        "adabins_test_efficientnet",
        {"embed_dim": 16, "n_layers": 1, "ff_dim": 32, "patch_size": 4, "n_bins": 12},
    ),
    "local planes": ("bts_test_resnet", {"width": 128}),
    "deformable attention": ("depthformer_test_convnext", {"width": 32, "n_heads": 2, "n_points": 2}),
}


def trained(name, options):
    """A network whose norms and biases do something."""
    torch.manual_seed(0)
    model = create_model(name, **options)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
        elif isinstance(module, nn.Conv2d) and module.bias is not None:
            nn.init.normal_(module.bias, std=0.2)
    return model.eval()


def image(height, width, batch=2):
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(height))


@pytest.mark.parametrize("kind", NETWORKS)
def test_folded_equals_unfolded(kind):
    model = trained(*NETWORKS[kind])
    before = copy.deepcopy(model.state_dict())
    folded = fold_for_inference(model)
    assert folded.card == model.card
    assert not folded.training
    assert not any(parameter.requires_grad for parameter in folded.parameters())
    for size in ((32, 64), (33, 47)):
        with torch.no_grad():
            want, got = model(image(*size)), folded(image(*size))
        scale = float(want.raw_depth.abs().max())
        for field in ("raw_depth", "depth"):
            torch.testing.assert_close(
                getattr(got, field), getattr(want, field), rtol=1e-4, atol=1e-4 * scale
            )
        if want.dpm_logits is None:
            assert got.dpm_logits is None
        else:
            torch.testing.assert_close(
                got.dpm_logits.softmax(1), want.dpm_logits.softmax(1), rtol=0, atol=2e-3
            )
            torch.testing.assert_close(got.bin_edges, want.bin_edges)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_the_published_student_folded_still_reproduces_the_reference():
    case = "student_dpm_mobilenetv2_kitti"
    meta, stored = recipes.read_case(case)
    model = create_model("densedepth_dpm_mobilenetv2").eval()
    load_reference(model, recipes.reference_weights(recipes.read_manifest(case)))
    folded = fold_for_inference(model, keep_dpm=False)
    with torch.no_grad():
        got = folded(recipes.smooth_image(meta["height"], meta["width"], meta["image_seed"]))
    error = np.abs(got.depth.numpy() - stored["inference_depth"])
    assert (error <= 2.5e-5 * meta["max_depth"] + 2e-4 * stored["inference_depth"]).all(), error.max()


def test_norms_and_the_bottleneck_are_gone():
    model = trained(*NETWORKS["published encoder, wide bottleneck"])
    folded = fold_for_inference(model)
    assert not [module for module in folded.modules() if isinstance(module, nn.BatchNorm2d)]
    merged = folded.decoder.up[0].conv_a.conv
    assert merged.in_channels == 320 + 1 + 96
    assert sum(p.numel() for p in folded.parameters()) < sum(p.numel() for p in model.parameters())
    # Twice is as good as once.
    with torch.no_grad():
        assert torch.equal(fold_for_inference(folded)(image(32, 32)).depth, folded(image(32, 32)).depth)


def test_a_network_that_takes_none_of_the_sizes_keeps_its_norms(monkeypatch):
    monkeypatch.setattr(fold, "_TRIAL_SIZES", ((16, 16),))
    model = trained(*NETWORKS["narrow bottleneck, norms"])
    folded = tiekd.models.fold_for_inference(model)
    assert [module for module in folded.modules() if isinstance(module, nn.BatchNorm2d)]
    with torch.no_grad():
        torch.testing.assert_close(folded(image(32, 32)).depth, model(image(32, 32)).depth)


def test_a_bottleneck_that_narrows_stays():
    folded = fold_for_inference(trained("densedepth_test_resnet", {"bottleneck_channels": 8}))
    assert folded.decoder.bottleneck.conv.out_channels == 8


def test_the_distribution_is_kept_on_request():
    folded = fold_for_inference(trained(*NETWORKS["adaptive bins"]), keep_dpm=False)
    keeping = keeping_dpm(folded)
    assert all(map(operator.is_, keeping.parameters(), folded.parameters())), "the weights are shared"
    with torch.no_grad():
        kept = keeping(image(32, 32))
        without = folded(image(32, 32))
    assert without.dpm_logits is None
    assert kept.dpm_logits.shape == (2, 12, 16, 16)
    assert torch.equal(without.depth, kept.depth)
    assert without.bin_edges.shape == (2, 13)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_chunks_end_where_they_should(layout):
    draw = torch.Generator().manual_seed(0)
    feature = torch.randn(2, 5, 17, 31, generator=draw).to(memory_format=layout)
    weight, bias = torch.randn(1, 7, 5, generator=draw), torch.randn(7, generator=draw)
    edges = DepthBins(7, DepthRange(1.0, 9.0)).edges()
    assert fold.PIXELS_AT_A_TIME < 17 * 31 < 3 * fold.PIXELS_AT_A_TIME
    logits = torch.einsum("oc,bchw->bohw", weight[0], feature) + bias[:, None, None]
    want = expectation(logits.softmax(dim=1), edges)
    depth, kept = expected_depth(feature, weight, bias, edges, keep_logits=True)
    torch.testing.assert_close(depth, want)
    torch.testing.assert_close(kept, logits)
    assert expected_depth(feature, weight, bias, edges, keep_logits=False)[1] is None


def test_a_convolution_that_others_look_at_keeps_its_norm():
    """Its output before the norm is needed, and so is a norm that follows something else."""

    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.seen = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4)
            self.next, self.norm = nn.Conv2d(4, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4)
            self.after = nn.BatchNorm2d(4)

        def forward(self, picture):
            raw = self.stem(picture)
            level = self.norm(self.next(raw + self.seen(raw)))
            return [raw, self.after(torch.relu(level))]

    model = trained("densedepth_test_resnet", {})
    model.encoder = Encoder("odd", Odd(), (4, 4), (2, 4))
    pairs = fold._norms_after_convolutions(_with_decoder_for(model))
    assert ("encoder.pyramid.next", "encoder.pyramid.norm") in pairs
    assert not [pair for pair in pairs if pair[1].endswith((".seen", ".after"))]


def _with_decoder_for(model):
    from tiekd.models.decoder import DecoderOptions, build_decoder

    model.decoder = build_decoder(model.encoder, DecoderOptions(decoder_channels=(8,)))
    model.head.conv = nn.Conv2d(8, 1, 3, padding=1)
    return model.eval()
