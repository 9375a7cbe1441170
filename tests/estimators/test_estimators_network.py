import numpy as np
import pytest
import torch
from torch import nn

from tiekd.data.frames import Frame
from tiekd.errors import CheckpointError, ConfigError, UnknownNameError
from tiekd.estimators import FolderTeacher, NetworkTeacher, open_teacher
from tiekd.estimators.labels import LabelInfo, write_labels
from tiekd.models.registry import create_model, save

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
    depth = NetworkTeacher(network).depth(FRAME, picture(70, 101))
    assert depth.shape == (70, 101)
    assert depth.dtype == np.float32


def test_flip_tta_is_the_mean_with_the_mirrored_picture(network):
    image = picture()
    once = NetworkTeacher(network)
    mirrored = once.depth(FRAME, image[:, ::-1])[:, ::-1]
    both = NetworkTeacher(network, flip_tta=True).depth(FRAME, image)
    np.testing.assert_allclose(both, (once.depth(FRAME, image) + mirrored) / 2, rtol=1e-5)
    assert np.abs(both - mirrored).max() > 1e-3


def test_the_focal_length_scales_depth(network):
    plain = NetworkTeacher(network).depth(FRAME, picture())
    np.testing.assert_allclose(NetworkTeacher(network, use_focal=True).depth(FRAME, picture()), 2 * plain)
    unknown = Frame("a.png")
    np.testing.assert_allclose(NetworkTeacher(network, use_focal=True).depth(unknown, picture()), plain)


def test_a_teacher_from_a_file_or_a_folder(network, tmp_path):
    from tiekd.data.frames import open_source

    save(network, tmp_path / "net.safetensors")
    teacher = open_teacher(str(tmp_path / "net.safetensors"))
    assert isinstance(teacher, NetworkTeacher)
    assert len(teacher.digest) == 64
    np.testing.assert_allclose(
        teacher.depth(FRAME, picture()), NetworkTeacher(network).depth(FRAME, picture())
    )
    from PIL import Image

    Image.fromarray(picture()).save(tmp_path / "a.png")
    info = LabelInfo(teacher="net", teacher_sha256=teacher.digest, max_depth_m=80, crop="none")
    write_labels(teacher, open_source(f"folder:{tmp_path}"), [FRAME], tmp_path / "labels", info)
    folder = open_teacher(str(tmp_path / "labels"))
    assert isinstance(folder, FolderTeacher)
    assert (folder.name, folder.max_depth_m) == ("net", 80)
    np.testing.assert_allclose(folder.depth(FRAME, picture()), teacher.depth(FRAME, picture()), atol=0.002)


def test_who_is_no_teacher(tmp_path):
    with pytest.raises(UnknownNameError, match=r"adabinz\.demo"):
        open_teacher("adabinz.demo")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(CheckpointError, match="not a whole safetensors"):
        open_teacher(str(tmp_path / "cut.safetensors"))


def test_an_impossible_device_is_told(network):
    with pytest.raises(ConfigError, match="Can't use the device 'abacus'"):
        NetworkTeacher(network, device="abacus")
