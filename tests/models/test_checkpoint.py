"""Weight files: written whole or not at all, read strictly."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tiekd.errors import CheckpointError, DataError
from tiekd.models.checkpoint import check_finite, write
from tiekd.models.registry import create_model, load, save


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return create_model("densedepth_dpm_test_resnet", n_bins=8, norm="batch", output_stride=4).eval()


@pytest.fixture
def path(model, tmp_path):
    save(model, tmp_path / "network.safetensors")
    return tmp_path / "network.safetensors"


def test_half_precision_halves_matrices_and_keeps_statistics(model, path, tmp_path):
    half = tmp_path / "half.safetensors"
    save(model, half, dtype=torch.float16)
    assert half.stat().st_size < 0.6 * path.stat().st_size
    kinds = {key: (value.dtype, value.ndim) for key, value in load_file(half).items()}
    assert {dtype for dtype, ndim in kinds.values() if ndim > 1} == {torch.float16}
    assert kinds["encoder.pyramid.bn1.running_var"][0] == torch.float32
    loaded = load(half)
    assert {value.dtype for value in loaded.parameters()} == {torch.float32}
    picture = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(loaded(picture).depth, model(picture).depth, rtol=0.02, atol=0.2)


def test_whole_numbers_are_a_quarter_and_within_half_a_step(model, path, tmp_path):
    small = tmp_path / "small.safetensors"
    save(model, small, dtype=torch.int8)
    assert small.stat().st_size < 0.32 * path.stat().st_size
    wanted, loaded = model.state_dict(), load(small)
    assert {value.dtype for value in loaded.parameters()} == {torch.float32}
    for key, value in loaded.state_dict().items():
        if wanted[key].ndim <= 1:
            assert torch.equal(value, wanted[key])
            continue
        most = wanted[key].abs().amax(dim=tuple(range(1, value.ndim)), keepdim=True)
        assert ((value - wanted[key]).abs() <= 0.51 * most / 127 + 1e-7).all(), key
    picture = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(loaded(picture).depth, model(picture).depth, rtol=0.05, atol=0.5)


def test_a_channel_of_zeros_stays_zero(model, tmp_path):
    other = create_model("densedepth_dpm_test_resnet", n_bins=8, norm="batch", output_stride=4)
    key = next(key for key, value in other.state_dict().items() if value.numel() >= 4096)
    other.state_dict()[key][3] = 0
    save(other, tmp_path / "zeros.safetensors", dtype=torch.int8)
    loaded = load(tmp_path / "zeros.safetensors").state_dict()[key]
    assert not loaded[3].any()
    assert loaded[2].any()


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(DataError, match="no weights file"):
        load(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("keep", [0, 5, 200, -100])
def test_a_truncated_file_is_refused(path, keep):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        load(path)


def test_foreign_files_are_refused(path):
    tensors = load_file(path)
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match="no tiekd configuration"):
        load(path)
    save_file(tensors, path, metadata={"tiekd": '{"name": "x"}'})
    with pytest.raises(CheckpointError, match=r"configuration in .* has 5 faults"):
        load(path)
    torch.save(tensors, path)
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        load(path)


def test_tensors_of_another_architecture_are_refused(model, path):
    tensors = load_file(path)
    other = create_model("densedepth_dpm_test_resnet", n_bins=9, norm="none", output_stride=4)
    save_file(tensors, path, metadata=other.card.to_metadata())
    with pytest.raises(CheckpointError) as caught:
        load(path)
    for part in ("missing decoder.up.0.conv_a.conv.bias", "don't fit", "and"):
        assert part in str(caught.value)
    unknown = model.card.model_copy(update={"architecture": "magic_net"})
    save_file(tensors, path, metadata=unknown.to_metadata())
    with pytest.raises(CheckpointError, match="can't be built"):
        load(path)


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(model, path, tmp_path, monkeypatch):
    before = path.read_bytes()

    def full_disk(tensors, filename, metadata):
        raise OSError("No space left on device")

    monkeypatch.setattr("tiekd.models.checkpoint.save_file", full_disk)
    with pytest.raises(DataError, match="No space left"):
        save(model, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_equal_content_gives_equal_bytes_whatever_the_metadata_hold(model, path):
    awkward = 'é → “"\\/\n\t\x01\x7f\u2028😀'
    origin = {"z": "", "source": awkward, awkward: "key", "a": "{}"}
    tensors, written = load_file(path), set()
    for names in permutations(origin):
        write(tensors, model.card, path=path, origin={name: origin[name] for name in names})
        written.add(path.read_bytes())
    assert len(written) == 1
    with safe_open(path, framework="pt") as file:
        assert file.metadata() == origin | model.card.to_metadata()
    for key, value in load_file(path).items():
        assert torch.equal(value, tensors[key]), key


def test_an_unwritable_folder_is_a_clear_error(model, tmp_path):
    with pytest.raises(DataError, match="Can't write"):
        save(model, tmp_path / "absent" / "network.safetensors")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int8])
def test_weights_that_are_not_finite_are_named_when_they_are_loaded(model, tmp_path, value, dtype):
    layer = "encoder.pyramid.bn1.running_var"
    kept = model.state_dict()[layer].clone()
    try:
        model.state_dict()[layer][1] = value
        save(model, tmp_path / "broken.safetensors", dtype=dtype)
    finally:
        model.state_dict()[layer].copy_(kept)
    said = rf"broken\.safetensors hold NaN or infinity in 1 of the \d+ values of {layer}\."
    with pytest.raises(CheckpointError, match=said):
        load(tmp_path / "broken.safetensors")


def test_large_weights_are_finite_though_their_sum_is_not():
    check_finite({"a": torch.full((4,), 3e38), "n": torch.tensor(3)}, where="x")
    with pytest.raises(
        CheckpointError, match=r"of x hold NaN or infinity in 2 of the 4 values of b, and in 1 more"
    ):
        check_finite(
            {"b": torch.tensor([1.0, torch.nan, torch.inf, 0]), "c": torch.tensor([torch.nan])}, where="x"
        )
