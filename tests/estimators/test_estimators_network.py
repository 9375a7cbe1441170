import numpy as np
import pytest
import torch
from estimator_kit import depth_of
from PIL import Image
from torch import nn

from tiekd.data.frames import Frame, open_source
from tiekd.data.transforms import normalise
from tiekd.errors import CheckpointError, UnavailableError, UnknownNameError
from tiekd.estimators import NetworkEstimator, Picture, network_in_memory, open_estimator
from tiekd.estimators.labels import LabelInfo, write_labels
from tiekd.estimators.stored import StoredLabels
from tiekd.files import sha256_of
from tiekd.models.registry import create_model, save
from tiekd.runtime.engines.torch import pick_device
from tiekd.runtime.predictor import Predictor

FRAME = Frame("a.png", None, 120.0)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    model = create_model("densedepth_test_resnet", output_stride=4, image_pool=2, train_fx_px=60.0)
    # A head that is far from constant, so that mirrored answers differ.
    for parameter in model.head.parameters():
        nn.init.normal_(parameter, std=0.5)
    return model.eval()


def picture(height=64, width=96):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def test_a_network_answers_at_the_pictures_size(network):
    depth = depth_of(network_in_memory(network), picture(70, 101))
    assert depth.shape == (70, 101)
    assert depth.dtype == np.float32


def test_a_network_answers_what_a_predictor_answers(network):
    estimator = network_in_memory(network)
    answer = estimator.estimate(Picture(picture(70, 101)), fx_px=90.0)
    predicted = Predictor(estimator.engine)(picture(70, 101), fx_px=90.0)
    np.testing.assert_array_equal(answer.depth_m, predicted.depth_m)
    assert (answer.depth_range, answer.model) == (predicted.depth_range, predicted.model)
    about = estimator.about
    assert (about.name, about.train_fx_px, about.has_dpm, about.card) == (
        "densedepth_test_resnet", 60.0, False, estimator.card
    )  # fmt: skip


def test_as_it_is_a_picture_reaches_the_network_unpadded(network):
    """The way of labels: any size is the network's own affair."""
    image = picture(70, 101)
    with torch.inference_mode():
        direct = (
            network(normalise(torch.from_numpy(image.transpose(2, 0, 1).copy()))[None]).depth[0, 0].numpy()
        )
    estimator = network_in_memory(network)
    np.testing.assert_allclose(estimator.estimate(Picture(image, fit="as_is")).depth_m, direct, rtol=1e-4)
    assert np.abs(estimator.estimate(Picture(image)).depth_m - direct).max() > 1e-2


def test_the_flip_test_is_the_mean_with_the_mirrored_picture(network):
    image, estimator = picture(), network_in_memory(network)
    mirrored = depth_of(estimator, np.ascontiguousarray(image[:, ::-1]))[:, ::-1]
    both = depth_of(estimator, image, flip=True)
    np.testing.assert_allclose(both, (depth_of(estimator, image) + mirrored) / 2, rtol=1e-5)
    assert np.abs(both - mirrored).max() > 1e-3


def test_the_focal_length_scales_depth_after_the_flip_test_too(network):
    estimator = network_in_memory(network)
    for flip in (False, True):
        plain = estimator.estimate(Picture(picture()), flip=flip)
        far = estimator.estimate(Picture(picture()), fx_px=120.0, flip=flip)
        np.testing.assert_allclose(far.depth_m, 2 * plain.depth_m, rtol=1e-5)
        assert far.depth_range.max_m == 2 * plain.depth_range.max_m


def test_a_network_from_a_file_and_its_labels_from_a_folder(network, tmp_path):
    save(network, tmp_path / "net.safetensors")
    estimator = open_estimator(tmp_path / "net.safetensors", engine="torch")
    assert isinstance(estimator, NetworkEstimator)
    assert estimator.about.digest == sha256_of(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(
        depth_of(estimator, picture()), depth_of(network_in_memory(network), picture())
    )
    Image.fromarray(picture()).save(tmp_path / "a.png")
    info = LabelInfo(teacher="net", teacher_sha256=estimator.about.digest, max_depth_m=80, crop="none")
    write_labels(estimator, open_source(f"folder:{tmp_path}"), [FRAME], tmp_path / "labels", info)
    folder = open_estimator(str(tmp_path / "labels"))
    assert isinstance(folder, StoredLabels)
    assert (folder.about.name, folder.about.depth_range.max_m) == ("net", 80)
    np.testing.assert_allclose(depth_of(folder, picture(), FRAME), depth_of(estimator, picture()), atol=0.002)


def test_what_is_no_model(tmp_path):
    with pytest.raises(UnknownNameError, match=r"adabinz\.demo"):
        open_estimator("adabinz.demo")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(CheckpointError, match="not a whole safetensors"):
        open_estimator(str(tmp_path / "cut.safetensors"))


def test_an_impossible_device_is_named(network):
    with pytest.raises(UnavailableError, match="no device 'abacus'"):
        network_in_memory(network, device="abacus")


@pytest.mark.parametrize(("rank", "device"), [(None, "cuda"), ("1", "cuda:1"), ("5", "cuda:1")])
def test_processes_of_torchrun_share_the_gpus(monkeypatch, rank, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("LOCAL_RANK", rank)
    assert str(pick_device("auto")) == device
    assert str(pick_device("cpu")) == "cpu"
