"""The contract of all networks: one test per promise, over all architectures."""

from __future__ import annotations

import copy

import pytest
import torch

from tiekd.errors import ConfigError, InputSizeError
from tiekd.export.torch_export import compare, export_network
from tiekd.models.fold import fold_for_inference
from tiekd.models.registry import architecture_names, create_model, load, save
from tiekd.types import Prediction

COMPACT = {"norm": "batch", "output_stride": 4, "image_pool": 2, "position_channels": True}
SMALL_TRANSFORMER = {"embed_dim": 16, "n_layers": 1, "ff_dim": 32, "patch_size": 4, "n_bins": 12}
SMALL_NECK = {"width": 32, "n_heads": 4, "n_points": 2, "decoder_channels": (64, 48, 32, 16)}
PUBLISHED_BY_GOLDEN_TESTS = ("resnet50", "adabins", "swin_large")
NETWORKS = {
    **{
        name: (name, {})
        for name in architecture_names()
        if not any(part in name for part in PUBLISHED_BY_GOLDEN_TESTS)
    },
    "compact dpm": ("densedepth_dpm_mobilenetv2_100", {**COMPACT, "n_bins": 16, "dropout": 0.1}),
    "compact regression": ("densedepth_test_resnet", COMPACT),
    "framed": ("densedepth_dpm_test_resnet", {**COMPACT, "n_bins": 8, "frame_px": (36, 52)}),
    "padded encoder": ("densedepth_dpm_test_convnext", {"output_stride": 2, "n_bins": 8}),
    "padded and pooled": ("densedepth_test_convnext", COMPACT),
    "channels-last encoder": ("densedepth_dpm_test_mambaout", {"output_stride": 4, "n_bins": 8}),
    "small adabins": ("adabins_test_efficientnet", {**COMPACT, **SMALL_TRANSFORMER}),
    "full adabins": ("adabins_test_efficientnet", SMALL_TRANSFORMER),
    "adabins with published tokens": (
        "adabins_test_efficientnet",
        {**SMALL_TRANSFORMER, "tokens": "published", "embed_dim": 8, "norm": "batch"},
    ),
    "small depthformer": ("depthformer_swin_tiny", SMALL_NECK),
    "hybrid of any encoder": ("depthformer_test_convnext", SMALL_NECK),
    "small bts": ("bts_test_resnet", {"width": 128}),
}
SIZES = ((32, 32), (33, 47), (64, 97))


@pytest.fixture(scope="module", params=NETWORKS)
def model(request):
    name, options = NETWORKS[request.param]
    torch.manual_seed(0)
    network = create_model(name, **options)
    if "depthformer" in name:
        # Its ReLU may be off everywhere by chance, and a constant answer would prove nothing.
        network.start_at(30.0)
    return network


def image(height, width, batch=1):
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(height + width))


@pytest.mark.parametrize("size", SIZES)
def test_shapes_and_range(model, size):
    with torch.no_grad():
        got = model.eval()(image(*size, batch=2))
    card = model.card
    assert got.depth.shape == (2, 1, *size)
    assert got.depth.dtype == got.raw_depth.dtype == torch.float32
    assert torch.isfinite(got.depth).all()
    # Resizing may round a clamped depth down by a bit.
    assert got.depth.min() >= card.min_depth_m * (1 - 1e-6)
    assert got.depth.max() <= card.max_depth_m * (1 + 1e-6)
    assert got.depth.std() > 0
    assert (got.dpm_logits is None) == (card.n_bins is None) == (got.bin_edges is None)
    if got.dpm_logits is not None:
        assert got.dpm_logits.shape == (2, card.n_bins, *got.raw_depth.shape[2:])
        assert got.bin_edges.shape[-1] == card.n_bins + 1
        assert (got.bin_edges.diff(dim=-1) > 0).all()
        torch.testing.assert_close(
            got.bin_edges[..., 0], torch.full_like(got.bin_edges[..., 0], card.min_depth_m)
        )
        torch.testing.assert_close(
            got.bin_edges[..., -1], torch.full_like(got.bin_edges[..., -1], card.max_depth_m)
        )


def test_training_may_start_at_a_depth(model):
    started = copy.deepcopy(model)
    started.start_at(12.0)
    with torch.no_grad():
        before = model.eval()(image(64, 96)).raw_depth.mean()
        depth = started.eval()(image(64, 96)).raw_depth.mean()
    assert abs(float(depth) - 12) < 0.75 * abs(float(before) - 12)
    with pytest.raises(ConfigError, match="Can't start at 80"):
        model.start_at(80.0)


def test_head_covers_the_image_exactly_at_multiples_of_the_card(model):
    height, width = (max(32, model.card.size_multiple) * n for n in (1, 2))
    got = model.eval()(image(height, width))
    assert got.raw_depth.shape[3] == 2 * got.raw_depth.shape[2]
    assert height % got.raw_depth.shape[2] == 0


def test_every_parameter_learns(model):
    model.train()
    model.zero_grad()
    got = model(image(64, 97, batch=2))
    (got.raw_depth.log().var() + got.raw_depth.mean() + got.depth.mean()).backward()
    idle = [name for name, value in model.named_parameters() if value.grad is None]
    assert not idle
    assert all(torch.isfinite(value.grad).all() for value in model.parameters())
    model.zero_grad()


def test_eval_is_deterministic_and_images_do_not_mix(model):
    both = image(64, 64, batch=2)
    with torch.no_grad():
        first, again, alone = (model.eval()(x).depth for x in (both, both, both[1:]))
    assert torch.equal(first, again)
    torch.testing.assert_close(first[1:], alone, rtol=1e-4, atol=1e-3)


def test_saved_and_loaded_it_answers_the_same(model, tmp_path):
    path = tmp_path / "network.safetensors"
    save(model, path)
    loaded = load(path)
    assert not loaded.training
    assert loaded.card == model.card
    with torch.no_grad():
        assert torch.equal(loaded(image(33, 47)).depth, model.eval()(image(33, 47)).depth)


def test_exported_it_answers_the_same(model):
    picture = image(64, 97)
    model.eval()
    program = export_network(model, size=(64, 97))
    with torch.no_grad():
        got, want = program.module()(picture), model(picture)
    assert type(got) is Prediction
    for field in ("raw_depth", "depth", "dpm_logits", "bin_edges"):
        torch.testing.assert_close(getattr(got, field), getattr(want, field), rtol=1e-4, atol=1e-3)
    parity = compare(program, model, [picture])
    assert parity.is_rounding, parity


def test_folded_it_answers_the_same(model):
    picture = image(33, 47, batch=2)
    with torch.no_grad():
        want, got = model.eval()(picture), fold_for_inference(model)(picture)
    for field in ("raw_depth", "depth", "dpm_logits", "bin_edges"):
        torch.testing.assert_close(getattr(got, field), getattr(want, field), rtol=1e-4, atol=2e-3)


def test_bfloat16_autocast_is_finite_and_near(model):
    picture = image(32, 32)
    with torch.no_grad():
        exact = model.eval()(picture)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = model(picture)
    assert rough.raw_depth.dtype == torch.float32
    assert torch.isfinite(rough.depth).all()
    assert (rough.depth - exact.depth).abs().mean() < 0.05 * model.card.max_depth_m


def test_too_small_and_misshapen_images_are_refused(model):
    with pytest.raises(InputSizeError, match="40x31 pixels"):
        model(image(31, 40))
    with pytest.raises(ConfigError, match="Expected an image"):
        model(torch.zeros(3, 64, 64))
    with pytest.raises(ConfigError, match="Expected an image"):
        model(torch.zeros(1, 1, 64, 64))
