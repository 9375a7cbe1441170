"""Padding of cropped pictures to the frame that a network was trained on."""

from __future__ import annotations

import pytest
import torch

from tiekd.models.framing import Margins, margins
from tiekd.models.registry import create_model, load, save

FRAME = (376, 1240)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((376, 1240), Margins()),
        ((375, 1242), Margins()),  # KITTI's own frames
        ((352, 1216), Margins(left=16, right=16, top=24)),  # and their published crop
        ((376, 1216), Margins(left=16, right=16)),
        ((300, 1240), Margins()),  # too little of it
        ((376, 1400), Margins()),  # another camera
        ((480, 640), Margins()),
    ],
)
def test_only_a_part_of_the_frame_gets_margins(size, expected):
    assert margins(size, FRAME, stride=8) == expected


def test_without_a_frame_there_are_none():
    assert margins((352, 1216), None, stride=8) == Margins()


def test_what_is_removed_lies_over_the_picture():
    grid = torch.arange(47 * 156.0).reshape(1, 1, 47, 156)
    inside = Margins(left=16, right=16, top=24).removed(grid, (352, 1216), stride=8)
    assert inside.shape == (1, 1, 44, 152)
    assert inside[0, 0, 0, 0] == grid[0, 0, 3, 2]


def test_a_framed_network_answers_a_crop_as_it_answers_the_crop_with_its_edges_repeated(tmp_path):
    torch.manual_seed(0)
    known = {"position_channels": True, "position_origin": "bottom", "output_stride": 4, "image_pool": 2}
    plain = create_model("densedepth_dpm_test_resnet", n_bins=8, **known).eval()
    framed = create_model("densedepth_dpm_test_resnet", n_bins=8, frame_px=(64, 128), **known).eval()
    framed.load_state_dict(plain.state_dict())
    crop = torch.randn(1, 3, 56, 112)
    repeated = torch.nn.functional.pad(crop, (8, 8, 8, 0), mode="replicate")
    with torch.no_grad():
        seen, whole, alone = framed(crop), plain(repeated), plain(crop)
    assert torch.equal(seen.raw_depth, whole.raw_depth[..., 2:, 2:-2])
    assert torch.equal(seen.dpm_logits, whole.dpm_logits[..., 2:, 2:-2])
    assert seen.depth.shape[-2:] == crop.shape[-2:]
    assert not torch.allclose(seen.raw_depth, alone.raw_depth, atol=1e-3)
    save(framed, tmp_path / "framed.safetensors")
    assert load(tmp_path / "framed.safetensors").card.frame_px == (64, 128)
