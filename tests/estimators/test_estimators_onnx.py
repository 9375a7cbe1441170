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


def save_outputs(path, names, *, kind=TensorProto.FLOAT):
    """A network whose n-th output is n everywhere, `[1, h, w]`."""
    helper = onnx.helper
    nodes = [helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0)]
    nodes.append(helper.make_node("Mul", ["mean", "zero"], ["nothing"]))
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
        helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
    ]
    for number, name in enumerate(names, 1):
        constants.append(helper.make_tensor(f"n{number}", TensorProto.FLOAT, [], [number]))
        nodes.append(helper.make_node("Add", ["nothing", f"n{number}"], [f"real{number}"]))
        nodes.append(helper.make_node("Cast", [f"real{number}"], [name], to=kind))
    graph = helper.make_graph(
        nodes,
        "several",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info(name, kind, [1, "h", "w"]) for name in names],
        constants,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


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
    picky = save_onnx(tmp_path / "picky.onnx")
    taught = onnx.load(picky)
    taught.graph.initializer.append(onnx.helper.make_tensor("grid", TensorProto.FLOAT, [7], [1.0] * 7))
    next(node for node in taught.graph.node if node.op_type == "Mul").input[1] = "grid"
    onnx.save(taught, picky)
    with pytest.raises(RunFailedError, match="can't compute a picture of 128x96"):
        depth(f"onnx:{picky}")


@pytest.mark.parametrize(
    ("outputs", "told", "taken"),
    [
        (("confidence", "depth"), "", "depth"),
        (("depth", "confidence"), "", "depth"),
        (("normals", "Predicted_Depth", "normal_confidence"), "", "Predicted_Depth"),
        (("confidence", "pred"), "", "pred"),
        (("pred", "metric_depth"), "", "metric_depth"),
        (("a", "b"), ",answer=b", "b"),
        (("confidence", "depth"), ",answer=confidence", "confidence"),
        (("607",), "", "607"),
        (("logits", "/head/depth_map"), "", "/head/depth_map"),
        (("confidence",), ",answer=confidence", "confidence"),
    ],
)
def test_the_output_that_is_named_as_depth_is_taken(tmp_path, outputs, told, taken):
    path = save_outputs(tmp_path / "net.onnx", outputs)
    teacher = open_estimator(f"onnx:{path},normalise=byte{told}")
    np.testing.assert_allclose(depth_of(teacher, IMAGE), outputs.index(taken) + 1.0)
    says_so = told or (f",answer={taken}" if outputs[0] != taken else "")
    assert teacher.about.name == f"onnx:net.onnx,normalise=byte{says_so}"


def test_a_single_output_named_as_disparity_is_declared_as_inverse(tmp_path):
    path = save_outputs(tmp_path / "net.onnx", ("disparity",))
    with pytest.raises(ConfigError, match="do not say which one is depth") as caught:
        open_estimator(f"onnx:{path}")
    assert "output=inverse" in caught.value.hint
    teacher = open_estimator(f"onnx:{path},output=inverse,scale=0.5")
    np.testing.assert_allclose(depth_of(teacher, IMAGE), 2.0)


@pytest.mark.parametrize(
    "outputs",
    [
        ("confidence", "607"),
        ("depth", "predicted_depth"),
        ("disparity", "mask"),
        ("confidence",),
        ("mask_1",),
        ("disparity",),
        ("inverse_depth",),
        ("logits",),
        ("depth_features", "out"),
    ],
)
def test_an_output_that_may_not_be_depth_is_not_guessed(tmp_path, outputs):
    path = save_outputs(tmp_path / "net.onnx", outputs)
    with pytest.raises(ConfigError, match="do not say which one is depth") as caught:
        open_estimator(f"onnx:{path}")
    assert all(f"{name} (tensor(float) [1, h, w])" in str(caught.value) for name in outputs)
    assert "answer=" in caught.value.hint


def test_whole_numbers_need_a_scale_and_flags_are_no_depth(tmp_path):
    path = save_outputs(tmp_path / "net.onnx", ("depth", "other"), kind=TensorProto.INT32)
    with pytest.raises(ConfigError, match=r"'depth' of .* holds whole numbers \(tensor\(int32\)\)") as caught:
        open_estimator(f"onnx:{path}")
    assert "scale=0.001" in caught.value.hint
    np.testing.assert_allclose(depth(f"onnx:{path},scale=0.001"), 0.001)
    path = save_outputs(tmp_path / "flags.onnx", ("depth", "other"), kind=TensorProto.BOOL)
    with pytest.raises(CheckpointError, match=r"is a tensor\(bool\), which is no depth"):
        open_estimator(f"onnx:{path},scale=1")


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((2, 3, "H", "W"), "takes batches of 2"),
        ((8, 32, 64, 3), "takes batches of 8"),
        ((1, 6, "H", "W"), "that is 6 channels"),
        ((1, 32, 64, 1), "that is 32 channels"),
        ((3, "H", "W"), r"takes image \(tensor\(float\) \[3, H, W\]\), not one picture"),
        ((1, 1, 3, "H", "W"), "not one picture"),
    ],
)
def test_what_an_input_cannot_take_is_said_when_it_is_opened(tmp_path, shape, said):
    path = save_onnx(tmp_path / "net.onnx", shape=shape)
    with pytest.raises(CheckpointError, match=said):
        open_estimator(f"onnx:{path}")


def test_a_declared_layout_must_fit_the_input(tmp_path):
    path = save_onnx(tmp_path / "net.onnx", shape=(1, "H", "W", 4))
    with pytest.raises(CheckpointError, match="as nhwc that is 4 channels"):
        open_estimator(f"onnx:{path},layout=nhwc")


def test_one_fixed_side_needs_a_declared_size(tmp_path):
    path = save_onnx(tmp_path / "net.onnx", shape=(1, 3, 32, "W"))
    with pytest.raises(ConfigError, match=r"takes pictures of 32xany .* only one side is fixed"):
        open_estimator(f"onnx:{path}")
    with pytest.raises(ConfigError, match=r"32xany only .* not 64x64"):
        open_estimator(f"onnx:{path},size=64x64")
    assert depth(f"onnx:{path},size=32x64").shape == (70, 101)


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
