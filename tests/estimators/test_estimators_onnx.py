import sys

import numpy as np
import onnx
import pytest
from estimator_kit import depth_of
from onnx import TensorProto
from teacher_kit import save_onnx

from tiekd.card import ModelCard
from tiekd.errors import CheckpointError, ConfigError, RunFailedError, UnavailableError
from tiekd.estimators import open_estimator
from tiekd.files import sha256_of

IMAGE = np.random.default_rng(0).integers(1, 255, (70, 101, 3), np.uint8)
GREY = IMAGE.astype(np.float32).mean(axis=2)


def depth(name, image=IMAGE, **asked):
    return depth_of(open_estimator(name), image, **asked)


def test_a_network_of_any_size_is_fed_the_picture_as_it_is(tmp_path):
    path = save_onnx(tmp_path / "net.onnx")
    about = open_estimator(f"onnx:{path}").about
    assert (about.name, about.digest, about.depth_range.max_m) == ("onnx:net.onnx", sha256_of(path), 80.0)
    normalised = ((IMAGE - [123.675, 116.28, 103.53]) / [58.395, 57.12, 57.375]).mean(axis=2)
    np.testing.assert_allclose(depth(f"onnx:{path}"), normalised, atol=1e-4)
    np.testing.assert_allclose(depth(f"onnx:{path},normalise=byte"), GREY, rtol=1e-5)
    np.testing.assert_allclose(depth(f"onnx:{path},normalise=unit"), GREY / 255, rtol=1e-5)
    np.testing.assert_allclose(depth(f"onnx:{path},normalise=symmetric"), GREY / 127.5 - 1, atol=1e-5)


def test_channels_and_layouts(tmp_path):
    path = save_onnx(tmp_path / "net.onnx")
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    # Normalised by their own channel whichever comes first.
    np.testing.assert_allclose(depth(f"onnx:{path},channels=bgr", red), depth(f"onnx:{path}", red), atol=1e-5)
    for shape in ((1, "H", "W", 3), (1, 70, 101, 3)):
        path = save_onnx(tmp_path / "last.onnx", shape=shape)
        np.testing.assert_allclose(depth(f"onnx:{path},normalise=byte"), GREY, rtol=1e-5)


@pytest.mark.parametrize(("kind", "dtype"), [(TensorProto.UINT8, "byte"), (TensorProto.FLOAT16, "half")])
def test_the_inputs_type_is_respected(tmp_path, kind, dtype):
    path = save_onnx(tmp_path / "net.onnx", kind=kind)
    told = "" if dtype == "byte" else ",normalise=byte"
    np.testing.assert_allclose(depth(f"onnx:{path}{told}"), GREY, rtol=2e-3)


def test_a_fixed_size_is_reached_by_stretching(tmp_path):
    path = save_onnx(tmp_path / "net.onnx", shape=(1, 3, 32, 64))
    smooth = (
        np.repeat(np.linspace(20, 200, 101)[None, :, None], 70, axis=0).repeat(3, axis=2).astype(np.uint8)
    )
    found = depth(f"onnx:{path},normalise=byte", smooth)
    assert found.shape == (70, 101)
    np.testing.assert_allclose(found[:, 3:-3], smooth[:, 3:-3, 0], atol=2.5)
    with pytest.raises(ConfigError, match="32x64 only"):
        open_estimator(f"onnx:{path},size=64x64")
    anysize = save_onnx(tmp_path / "any.onnx")
    np.testing.assert_allclose(depth(f"onnx:{anysize},normalise=byte,size=32x64", smooth), found, atol=1e-4)


def test_units_are_declared(tmp_path):
    path = save_onnx(tmp_path / "net.onnx")
    name = f"onnx:{path},normalise=byte"
    np.testing.assert_allclose(depth(f"{name},scale=0.001"), GREY / 1000, rtol=1e-5)
    np.testing.assert_allclose(
        depth(f"{name},output=inverse,scale=0.01,shift=0.5"), 1 / (0.01 * GREY + 0.5), rtol=1e-5
    )
    np.testing.assert_allclose(depth(f"{name},answer=negative,scale=-1"), GREY, rtol=1e-5)
    np.testing.assert_allclose(depth(f"{name},train_fx_px=60", fx_px=120.0), 2 * GREY, rtol=1e-5)


def test_a_file_can_say_all_that_itself_and_be_overruled(tmp_path):
    stated = {"tiekd.normalise": "byte", "tiekd.scale": "0.5", "tiekd.max_depth_m": "200", "author": "me"}
    path = save_onnx(tmp_path / "net.onnx", metadata=stated)
    np.testing.assert_allclose(depth(f"onnx:{path}"), GREY / 2, rtol=1e-5)
    assert open_estimator(f"onnx:{path}").about.depth_range.max_m == 200
    np.testing.assert_allclose(depth(f"onnx:{path},scale=2"), 2 * GREY, rtol=1e-5)
    path = save_onnx(tmp_path / "bad.onnx", metadata={"tiekd.normalise": "byte", "tiekd.colour": "red"})
    with pytest.raises(ConfigError, match=r"The metadata of .*bad\.onnx has 1 fault"):
        open_estimator(f"onnx:{path}")


def test_a_model_card_gives_range_and_focal_length(tmp_path):
    card = ModelCard(
        name="x",
        architecture="x",
        method="teacher",
        encoder="x",
        dataset="x",
        max_depth_m=40,
        train_fx_px=240,
    )
    path = save_onnx(tmp_path / "net.onnx", metadata=card.to_metadata())
    about = open_estimator(f"onnx:{path},normalise=byte").about
    assert (about.depth_range.max_m, about.train_fx_px, about.card) == (40, 240, card)
    answer = depth(f"onnx:{path},normalise=byte", fx_px=120.0)
    np.testing.assert_allclose(answer, GREY / 2, rtol=1e-5)


def test_what_is_no_such_network(tmp_path):
    path = save_onnx(tmp_path / "net.onnx")
    with pytest.raises(CheckpointError, match="There is no file"):
        open_estimator(f"onnx:{tmp_path / 'gone.onnx'}")
    (tmp_path / "cut.onnx").write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="no ONNX network that onnxruntime can load"):
        open_estimator(f"onnx:{tmp_path / 'cut.onnx'}")
    with pytest.raises(ConfigError, match="has no output 'disparity'"):
        open_estimator(f"onnx:{path},answer=disparity")
    with pytest.raises(ConfigError, match="normalise: Input should be"):
        open_estimator(f"onnx:{path},normalise=imgnet")
    two = onnx.load(path)
    two.graph.input.append(onnx.helper.make_tensor_value_info("camera", TensorProto.FLOAT, [1, 3, 3]))
    onnx.save(two, tmp_path / "two.onnx")
    with pytest.raises(CheckpointError, match="not one picture"):
        open_estimator(f"onnx:{tmp_path / 'two.onnx'}")
    channels = save_onnx(tmp_path / "six.onnx", shape=(1, 6, "H", "W"))
    with pytest.raises(RunFailedError, match="can't compute a picture of 128x96"):
        depth(f"onnx:{channels}")


def test_without_onnxruntime_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UnavailableError, match="needs the package onnxruntime") as caught:
        open_estimator(f"onnx:{save_onnx(tmp_path / 'net.onnx')}")
    assert caught.value.hint == "pip install 'tiekd[export]'"


def test_weights_beside_the_file_are_part_of_its_checksum(tmp_path):
    path = save_onnx(tmp_path / "net.onnx")
    digests = [open_estimator(f"onnx:{path}").about.digest]
    for suffix in (".data", "_data"):
        for content in (b"1", b"2"):
            path.with_name(path.name + suffix).write_bytes(content)
            digests.append(open_estimator(f"onnx:{path}").about.digest)
    assert len(set(digests)) == 5
