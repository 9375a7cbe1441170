"""Codes and shapes of the HAHI neck, and what DepthFormer requires of encoder and checkpoints."""

from __future__ import annotations

import pytest
import torch

from tiekd.errors import CheckpointError, ConfigError
from tiekd.models.hahi import HahiNeck, cell_centres, sine_position
from tiekd.models.heads import UnboundedHead
from tiekd.models.reference import load_reference, reference_key
from tiekd.models.registry import create_model
from tiekd.types import DepthRange

SMALL = {"width": 32, "n_heads": 4, "n_points": 2, "decoder_channels": (64, 48, 32, 16)}


def test_position_codes_count_from_one_with_y_first():
    codes = sine_position((3, 5), 8, like=torch.zeros(1)).view(3, 5, 8)
    at = torch.tensor([3.0, 5.0])
    frequency = torch.tensor([1.0, 1 / 100])
    expected = torch.stack([(at[:, None] * frequency).sin(), (at[:, None] * frequency).cos()], dim=2)
    torch.testing.assert_close(codes[2, 4], expected.flatten())
    assert torch.equal(codes[0, :, :4], codes[0, :1, :4].expand(5, 4))
    assert torch.equal(codes[:, 0, 4:], codes[:1, 0, 4:].expand(3, 4))


def test_position_codes_round_like_the_published_ones_far_out():
    """They divide by a power of 10,000; its inverse shows in the depth of a whole KITTI image."""
    codes = sine_position((1, 608), 512, like=torch.zeros(1))
    wavelength = 10000.0 ** (2 * torch.arange(128) / 256)
    assert (codes[-1, 256::2] - (torch.tensor(608.0) / wavelength).sin()).abs().max() < 1e-6


def test_cell_centres_are_x_then_y():
    centres = cell_centres((2, 4), like=torch.zeros(1))
    torch.testing.assert_close(centres[:2], torch.tensor([[0.125, 0.25], [0.375, 0.25]]))
    torch.testing.assert_close(centres[-1], torch.tensor([0.875, 0.75]))


def test_neck_keeps_shapes_and_lets_every_level_see_every_other():
    torch.manual_seed(0)
    channels = (4, 6, 8, 10, 12)
    neck = HahiNeck(channels, width=16, n_heads=4, n_points=3).eval()
    sizes = ((17, 23), (9, 12), (5, 6), (3, 3), (2, 2))
    features = [torch.randn(1, c, *size, requires_grad=True) for c, size in zip(channels, sizes, strict=True)]
    fused = neck(features)
    assert [level.shape for level in fused] == [feature.shape for feature in features]
    for level in range(1, 5):
        gradients = torch.autograd.grad(fused[level].sum(), features, retain_graph=True, allow_unused=True)
        assert gradients[0] is None, "the transformer's levels don't look at the stem"
        assert all(gradient.abs().sum() > 0 for gradient in gradients[1:])
    to_stem = torch.autograd.grad(fused[0].sum(), features)
    assert all(gradient.abs().sum() > 0 for gradient in to_stem)


def test_depth_is_unbounded_above_and_never_below_the_range():
    head = UnboundedHead(1, DepthRange(0.5, 10.0))
    torch.nn.init.ones_(head.conv.weight)
    torch.nn.init.zeros_(head.conv.bias)
    depth = head(torch.tensor([-30.0, 30.0]).view(2, 1, 1, 1)).raw_depth.flatten()
    torch.testing.assert_close(depth, torch.tensor([0.5, 30.5]))
    head.start_at(4.0)
    torch.testing.assert_close(head(torch.zeros(1, 1, 1, 1)).raw_depth.flatten(), torch.tensor([4.0]))


def test_odd_sizes_need_no_padding():
    torch.manual_seed(0)
    model = create_model("depthformer_swin_tiny", **SMALL).eval()
    with torch.no_grad():
        got = model(torch.randn(1, 3, 45, 71))
    assert got.raw_depth.shape == (1, 1, 23, 36)
    assert got.depth.shape == (1, 1, 45, 71)
    assert (model.card.size_multiple, model.card.encoder) == (2, "swin_tiny")


@pytest.mark.parametrize(
    ("name", "options", "fault"),
    [
        ("depthformer_mobilenetv2", {}, r"strides \(4, 8, 16, 32\), mobilenetv2 has \(4, 8, 8, 8\)"),
        (
            "depthformer_test_convnext",
            {"width": 36, "n_heads": 8},
            "36 must be a multiple of n_heads=8",
        ),
        ("depthformer_test_convnext", {"decoder_channels": (8, 8)}, "decoder_channels"),
    ],
)
def test_what_does_not_fit_is_named(name, options, fault):
    with pytest.raises(ConfigError, match=fault):
        create_model(name, **options)


def test_only_swin_large_was_published():
    with pytest.raises(CheckpointError, match="not a published architecture"):
        load_reference(create_model("depthformer_test_convnext", **SMALL), {})


def test_the_authors_names():
    with torch.device("meta"):
        model = create_model("depthformer_swin_large")
    names = {
        "encoder.pyramid.transformer.pyramid.stages.2.blocks.17.attn.qkv.bias": (
            "backbone.stages.2.blocks.17.attn.w_msa.qkv.bias"
        ),
        "encoder.pyramid.transformer.pyramid.stages.0.downsample.norm.weight": (
            "backbone.stages.0.downsample.norm.weight"
        ),
        "encoder.pyramid.transformer.pyramid.stages.3.blocks.0.mlp.fc2.weight": (
            "backbone.stages.3.blocks.0.ffn.layers.1.weight"
        ),
        "decoder.neck.fusions.2.norm.running_var": "neck.trans_fusion.2.bn.running_var",
        "decoder.pyramid.up.3.conv_b.conv.bias": "decode_head.conv_list.4.convB.conv.bias",
    }
    assert {key: reference_key(model, key) for key in names} == names
    theirs = {reference_key(model, key): value for key, value in model.state_dict().items()}
    assert len(theirs) == len(model.state_dict())
    with pytest.raises(CheckpointError, match=r"unknown neck\.extra"):
        load_reference(model, {**theirs, "neck.extra": torch.zeros(1)})
    cut = {key: value for key, value in theirs.items() if key != "neck.level_embed"}
    with pytest.raises(CheckpointError, match=r"missing neck\.level_embed"):
        load_reference(model, cut)
