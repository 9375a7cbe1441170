import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tiekd.errors import CheckpointError, ConfigError, DataError, UnavailableError, UnknownNameError
from tiekd.models.registry import load
from tiekd.runtime.dpm import PhotoDpm
from tiekd.runtime.engines.open import open_engine, untrained_engine
from tiekd.runtime.predictor import Predictor
from tiekd.runtime.preprocess import plan_view, to_network
from tiekd.runtime.target import TargetDpm

PHOTO = np.random.default_rng(3).integers(0, 256, (61, 150, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def dpm_model(tiny_models) -> Predictor:
    return Predictor(tiny_models["tiny_dpm"])


def test_depth_has_the_size_of_the_photo_and_is_what_the_network_says(dpm_model, tiny_models) -> None:
    answer = dpm_model(PHOTO)
    assert answer.depth_m.shape == (61, 150)
    assert answer.depth_m.dtype == np.float32
    assert answer.dpm is None
    assert answer.model == "tiny_dpm"
    view = plan_view(61, 150, dpm_model.card)
    with torch.inference_mode():
        direct = load(tiny_models["tiny_dpm"])(torch.from_numpy(to_network(PHOTO, view))).depth[0, 0].numpy()
    np.testing.assert_allclose(answer.depth_m, direct[:61, :150], atol=1e-4)
    assert set(answer.timings_ms) == {"pre", "infer", "post"}


@pytest.mark.parametrize("model", [b"tiny_dpm", 3, None, ["tiny_dpm"], np.zeros(3)])
def test_what_is_no_model_is_told_at_once(model) -> None:
    with pytest.raises(ConfigError, match=f"not {type(model).__name__}"):
        Predictor(model)


def test_paths_images_and_pixels_give_one_answer(dpm_model, tmp_path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(PHOTO).save(path)
    expected = dpm_model(PHOTO).depth_m
    for photo in (path, str(path), Image.fromarray(PHOTO)):
        np.testing.assert_array_equal(dpm_model(photo).depth_m, expected)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (700, 900)])
def test_any_size_is_answered_within_the_range(dpm_model, size) -> None:
    depth = dpm_model(np.full((*size, 3), 90, np.uint8)).depth_m
    assert depth.shape == size
    assert np.isfinite(depth).all()
    assert 1e-3 * 0.999 <= depth.min() <= depth.max() <= 80.001


def test_the_focal_length_scales_depth_range_and_bins(dpm_model) -> None:
    plain = dpm_model(PHOTO, with_dpm=True)
    far = dpm_model(PHOTO, fx_px=2 * dpm_model.card.train_fx_px, with_dpm=True)
    np.testing.assert_allclose(far.depth_m, 2 * plain.depth_m, rtol=1e-5)
    np.testing.assert_allclose(far.bin_edges_m, 2 * plain.bin_edges_m, rtol=1e-5)
    assert far.depth_range.max_m == pytest.approx(160)


@pytest.mark.parametrize("size", [(61, 150), (700, 901)])
def test_the_dpm_under_a_pixel_has_that_pixel_s_depth_as_expectation(dpm_model, size) -> None:
    photo = np.random.default_rng(5).integers(0, 256, (*size, 3)).astype(np.uint8)
    answer = dpm_model(photo, with_dpm=True)
    dpm = PhotoDpm(answer)
    for x, y in ((0, 0), (size[1] - 1, size[0] - 1), (size[1] // 3, size[0] // 2)):
        found = dpm.at(x, y)
        assert found.probability.sum() == pytest.approx(1, abs=1e-12)
        assert found.expectation_m == pytest.approx(answer.depth_m[y, x], abs=2e-3)
        np.testing.assert_allclose(dpm.section(y)[:, x], found.probability, atol=1e-5)
        np.testing.assert_allclose(dpm.slice(7)[y, x], found.probability[7], atol=1e-5)
    uncertain = dpm.entropy()
    assert uncertain.shape == size
    assert 0 <= uncertain.min() <= uncertain.max() <= np.log(16) + 1e-5


def test_the_target_dpm_is_read_alike(dpm_model) -> None:
    answer = dpm_model(PHOTO)
    target = TargetDpm(answer, n_bins=40, sigma_m=0.5)
    found = target.at(20, 30)
    assert found.probability.sum() == pytest.approx(1, abs=1e-9)
    assert abs(found.mode_m - answer.depth_m[30, 20]) <= 80 / 40
    np.testing.assert_allclose(target.section(30)[:, 20], found.probability, atol=1e-6)
    strongest = int(found.probability.argmax())
    assert target.slice(strongest)[30, 20] == pytest.approx(found.probability[strongest], abs=1e-3)
    assert target.entropy()[30, 20] == pytest.approx(found.entropy_nats, abs=1e-2)


def test_wrong_names_files_engines_devices_and_arrays_say_so(tiny_models, dpm_model, tmp_path) -> None:
    with pytest.raises(UnknownNameError, match="Unknown model 'tiekd_mobilenet'"):
        Predictor("tiekd_mobilenet")
    with pytest.raises(CheckpointError, match="no file"):
        Predictor(tmp_path / "absent.safetensors")
    with pytest.raises(UnknownNameError, match="Unknown engine 'tensorrt'"):
        open_engine(tiny_models["tiny_base"], engine="tensorrt")
    for device in ("gpu", "mps" if not torch.backends.mps.is_available() else "xpu"):
        with pytest.raises(UnavailableError, match=device):
            Predictor(tiny_models["tiny_base"], device=device)
    for array in (PHOTO[:, :, :2], PHOTO.astype(np.float32), PHOTO[:0]):
        with pytest.raises(DataError, match="Expected RGB pixels"):
            dpm_model(array)


def test_a_truncated_file_is_refused(tiny_models, tmp_path) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(tiny_models["tiny_base"].read_bytes()[:5000])
    with pytest.raises(CheckpointError, match=r"cut\.safetensors"):
        Predictor(cut)


def test_untrained_weights_are_the_same_every_time() -> None:
    state = torch.random.get_rng_state()
    name = "baseline_mobilenetv2.demo"
    first, second = Predictor(untrained_engine(name)), Predictor(untrained_engine(name))
    np.testing.assert_array_equal(first(PHOTO).depth_m, second(PHOTO).depth_m)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_runtime_does_not_import_torch() -> None:
    code = "import tiekd.runtime.predictor, tiekd.runtime.target, sys; sys.exit('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
