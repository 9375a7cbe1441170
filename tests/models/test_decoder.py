"""Position maps, pooling and padding, by which a small network knows where in the image it looks."""

from __future__ import annotations

import torch

from tiekd.models.blocks import UpBlock, position_maps, resize
from tiekd.models.registry import create_model


def test_positions_run_over_the_image_and_past_it_on_padding():
    x, y = position_maps(torch.zeros(1, 4, 3, 5), (1.0, 1.0))[0]
    torch.testing.assert_close(x[0], torch.tensor([-1, -0.5, 0, 0.5, 1]))
    torch.testing.assert_close(y[:, 0], torch.tensor([-1.0, 0, 1]))
    x, y = position_maps(torch.zeros(1, 4, 3, 5), (0.5, 0.5))[0]
    torch.testing.assert_close(x[0], torch.tensor([-1.0, 0, 1, 2, 3]))
    torch.testing.assert_close(y[:, 0], torch.tensor([-1.0, 1, 3]))


def test_positions_from_the_bottom_do_not_move_with_the_sky():
    tall = position_maps(torch.zeros(1, 4, 10, 24), (1.0, 1.0), origin="bottom")[0]
    low = position_maps(torch.zeros(1, 4, 7, 24), (1.0, 1.0), origin="bottom")[0]
    torch.testing.assert_close(tall[:, 3:], low)
    torch.testing.assert_close(tall[1, :, 0].diff(), torch.full((9,), 6 / 24))
    assert float(tall[1, -1, 0]) == 1 - 6 * 0.5 / 24
    padded = position_maps(torch.zeros(1, 4, 20, 48), (0.5, 0.5), origin="bottom")[0]
    torch.testing.assert_close(padded[1, :10, :24], tall[1])


def test_positions_break_translation_and_nothing_else_does():
    flat = torch.zeros(1, 3, 64, 128)
    for position_channels, varies in ((True, True), (False, False)):
        torch.manual_seed(0)
        model = create_model(
            "densedepth_test_resnet", position_channels=position_channels, output_stride=4
        ).eval()
        row = model(flat).raw_depth[0, 0, 8]
        assert (row[8:-8].std() > 1e-4) == varies


def test_pooling_sees_the_same_image_at_half_size():
    torch.manual_seed(0)
    pooled = create_model("densedepth_test_resnet", image_pool=2, output_stride=4).eval()
    picture = torch.randn(1, 3, 64, 96)
    half = torch.nn.functional.avg_pool2d(picture, 2)
    got = pooled(picture)
    pooled.image_pool = 1
    assert torch.equal(got.raw_depth, pooled(half).raw_depth)
    assert got.depth.shape == (1, 1, 64, 96)


def test_depth_is_clamped_before_it_is_resized():
    model = create_model("densedepth_test_resnet", max_depth_m=10.0, min_depth_m=5.2, output_stride=4).eval()
    got = model(torch.randn(1, 3, 64, 96))
    want = resize(got.raw_depth.clamp(5.2, 10), (64, 96))
    assert torch.equal(got.depth, want)
    late = resize(got.raw_depth, (64, 96)).clamp(5.2, 10)
    assert not torch.equal(got.depth, late)


def test_up_block_meets_the_skip_at_the_skips_size():
    block = UpBlock(4, 3, 5)
    out = block(torch.randn(2, 4, 3, 3), [torch.randn(2, 3, 7, 5)], (7, 5))
    assert out.shape == (2, 5, 7, 5)
    assert (out >= 0).all()
