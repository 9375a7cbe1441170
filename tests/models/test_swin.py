"""Swin against timm at sizes where both agree, and its own padding, shifting and merging elsewhere."""

from __future__ import annotations

import pytest
import timm
import torch

from tiekd.errors import CheckpointError
from tiekd.models.encoders import create_encoder
from tiekd.models.swin import SwinBlock, SwinPyramid, SwinSize, WindowAttention, from_timm, shift_mask

SIZE = SwinSize(8, (2, 2, 2, 2), 2)


@pytest.fixture(scope="module")
def from_timm_pair():
    """A small Swin of timm's with random weights, and ours with the same."""
    torch.manual_seed(0)
    theirs = timm.create_model(
        "swin_tiny_patch4_window7_224",
        embed_dim=SIZE.width,
        depths=SIZE.depths,
        num_heads=[SIZE.n_heads * 2**i for i in range(4)],
        num_classes=3,
        always_partition=True,
        strict_img_size=False,
    ).eval()
    for value in theirs.parameters():
        torch.nn.init.normal_(value, std=0.3)
    ours = SwinPyramid(SIZE).eval()
    ours.load_state_dict(from_timm(theirs.state_dict(), ours, where="test"))
    return theirs, ours


def test_it_is_timms_where_every_map_holds_whole_windows(from_timm_pair):
    theirs, ours = from_timm_pair
    image = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    levels = []
    hooks = [stage.register_forward_hook(lambda _m, _i, out: levels.append(out)) for stage in theirs.layers]
    with torch.no_grad():
        theirs.forward_features(image)
        features = ours(image)
    for hook in hooks:
        hook.remove()
    for level, feature, norm in zip(levels, features, ours.norms, strict=True):
        torch.testing.assert_close(feature, norm(level).permute(0, 3, 1, 2), rtol=1e-4, atol=1e-4)


def test_the_authors_merge_where_a_stage_ends(from_timm_pair):
    theirs, ours = from_timm_pair
    names = {
        key.replace(f"layers.{i}.downsample", f"layers.{i - 1}.downsample"): value
        for i in range(1, 4)
        for key, value in theirs.state_dict().items()
        if f"layers.{i}.downsample" in key
    }
    names |= {key: value for key, value in theirs.state_dict().items() if "downsample" not in key}
    names |= {"layers.0.blocks.1.attn_mask": torch.zeros(1), "norm.weight": torch.zeros(1)}
    names |= {"layers.0.blocks.0.attn.relative_position_index": torch.zeros(1)}
    converted = from_timm(names, ours, where="test")
    assert set(converted) == set(ours.state_dict())
    assert all(torch.equal(value, ours.state_dict()[key]) for key, value in converted.items())


def test_weights_of_another_swin_are_refused(from_timm_pair, tmp_path):
    theirs, _ = from_timm_pair
    path = tmp_path / "swin.pth"
    torch.save(theirs.state_dict(), path)
    with pytest.raises(
        CheckpointError, match=r"swin\.pth doesn't fit this Swin.*missing stages\.2\.blocks\.2"
    ):
        create_encoder("swin_tiny", weights=path)
    short = {key: value for key, value in theirs.state_dict().items() if "layers.3" not in key}
    with pytest.raises(CheckpointError, match=r"missing stages\.3"):
        from_timm({**short, "extra": torch.zeros(1)}, SwinPyramid(SIZE), where="test")


def test_files_fill_an_encoder(tmp_path):
    torch.manual_seed(0)
    theirs = timm.create_model("swin_tiny_patch4_window7_224", num_classes=0)
    torch.save({"model": theirs.state_dict()}, tmp_path / "swin.pth")
    encoder = create_encoder("swin_tiny", weights=tmp_path / "swin.pth")
    assert (encoder.channels, encoder.strides, encoder.size_multiple) == (
        (96, 192, 384, 768),
        (4, 8, 16, 32),
        1,
    )
    last = encoder.pyramid.get_submodule("stages.3.blocks.1.mlp.fc2")
    assert torch.equal(last.weight, theirs.layers[3].blocks[1].mlp.fc2.weight)


def test_odd_sizes_round_up():
    pyramid = SwinPyramid(SIZE).eval()
    with torch.no_grad():
        shapes = [tuple(level.shape[1:]) for level in pyramid(torch.randn(1, 3, 33, 67))]
    assert shapes == [(8, 9, 17), (16, 5, 9), (32, 3, 5), (64, 2, 3)]


def test_padding_comes_before_the_shift_and_takes_part():
    torch.manual_seed(0)
    block = SwinBlock(4, 1, shift=3, drop_path=0.0).eval()
    block.attn.relative_position_bias_table.data.zero_()
    torch.nn.init.zeros_(block.attn.qkv.weight[:8])
    torch.nn.init.eye_(block.attn.proj.weight)
    for value in (block.attn.qkv.bias, block.attn.proj.bias, *block.mlp.fc2.parameters()):
        torch.nn.init.zeros_(value)
    token = torch.randn(1, 1, 1, 4)
    with torch.no_grad():
        got = block(token, shift_mask(1, 1)) - token
        value = block.attn.qkv(block.norm1(token))[..., 8:]
    # The shift moves the lone token to the last three rows and columns of its window, with eight tokens of
    # padding whose values are 0; queries and keys are 0, so attention over these nine is even.
    torch.testing.assert_close(got, value / 9)


@pytest.mark.parametrize("size", [(5, 5), (7, 14), (16, 20)])
def test_shift_mask_keeps_apart_what_the_shift_joins(size):
    mask = shift_mask(*size)
    height, width = (n + -n % 7 for n in size)
    assert mask.shape == (height * width // 49, 49, 49)
    assert set(mask.unique().tolist()) <= {0.0, -100.0}
    ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    rolled = torch.stack([torch.roll(place, (-3, -3), (0, 1)) for place in (ys, xs)], dim=-1)
    cells = rolled.view(height // 7, 7, width // 7, 7, 2).transpose(1, 2).reshape(-1, 49, 2)
    apart = cells[:, :, None] - cells[:, None]
    inside = torch.cartesian_prod(torch.arange(7), torch.arange(7))
    unmoved = (apart == inside[:, None] - inside).all(dim=-1)
    assert torch.equal(mask == 0, unmoved)


def test_relative_positions_are_those_of_the_pair():
    attention = WindowAttention(4, 1)
    index = attention.relative_position_index
    assert index.shape == (49, 49)
    assert (index.diagonal() == 6 * 13 + 6).all()
    # Query one row below its key, and one column to the right of it.
    assert index[7, 0] == 7 * 13 + 6
    assert index[1, 0] == 6 * 13 + 7
