"""The authors' checkpoints: what is read, what is refused, and that nothing in them is run."""

from __future__ import annotations

import json
import os
import pickle

import golden_recipes as recipes
import numpy as np
import pytest
import reference_kit as kit
import torch
from safetensors import safe_open

from tiekd import zoo
from tiekd.errors import CheckpointError, DataError, UnknownNameError
from tiekd.files import sha256_of
from tiekd.models.convert import ORIGIN_KEY, MisfitError, convert, fitting_rows
from tiekd.models.reference import likely_architectures, load_reference
from tiekd.models.reference_file import read_reference
from tiekd.models.registry import create_model, load

ROW = "tiekd_mobilenetv2.bts_kitti"
MANIFESTS = {
    "student_base_mobilenetv2_kitti": "densedepth_mobilenetv2",
    "student_base_resnet18_kitti": "densedepth_resnet18",
    "student_base_resnet50_kitti": "densedepth_resnet50",
    "student_dpm_mobilenetv2_nyu": "densedepth_dpm_mobilenetv2",
    "student_dpm_resnet18_kitti": "densedepth_dpm_resnet18",
    "student_dpm_resnet50_kitti": "densedepth_dpm_resnet50",
    "adabins_efnetb5ap_kitti": "adabins_efficientnet_b5",
    "bts_r50_kitti": "bts_resnet50",
    "depthformer_swinl_22k_w7_kitti": "depthformer_swin_large",
}


class Bomb:
    """Pickles as a call that makes a file."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A zoo of small rows, and an empty home."""
    return kit.use_zoo(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def weights():
    return kit.weights(salt="convert")


@pytest.fixture(scope="module")
def base_weights():
    return kit.weights(None, salt="base")


@pytest.fixture
def checkpoint(tmp_path, weights):
    def make(tensors=None, **more):
        return kit.save_checkpoint(tmp_path / "epoch_24.pth", tensors or weights, **more)

    return make


def test_a_published_checkpoint_becomes_a_row_with_its_origin(checkpoint, weights, home):
    path = checkpoint(prefix="module.", optimizer={"state": {}, "param_groups": [{"lr": 0.1}]})
    done = convert(read_reference(path), to=ROW)
    assert done.path == home / f"{ROW}.safetensors" == zoo.resolve(ROW)
    assert done.notes == ()
    assert done.sha256 == sha256_of(done.path)
    with safe_open(done.path, framework="pt") as file:
        origin = json.loads(file.metadata()[ORIGIN_KEY])
    assert origin["source"] == "epoch_24.pth"
    assert origin["source_sha256"] == sha256_of(path) == done.source_sha256
    model = create_model(ROW, pretrained=True)
    assert (model.card.name, model.card.teacher, model.card.n_bins) == (ROW, "bts", 257)
    expected = load_reference(kit.network(), weights).eval()
    image = recipes.smooth_image(33, 47, seed=5)
    with torch.no_grad():
        assert torch.equal(model(image).depth, expected(image).depth)


def test_without_meta_wrapper_or_never_used_tensors(tmp_path, weights, home):
    unused = "decode_head.conv_depth."
    path = tmp_path / "plain.pth"
    torch.save({key: value for key, value in weights.items() if not key.startswith(unused)}, path)
    target = tmp_path / "mine.safetensors"
    assert convert(read_reference(path), to=ROW, out=target).path == target
    assert load(target).card.name == ROW
    assert not home.exists()


def test_other_precisions_become_float32_and_averages_stay_behind(checkpoint, weights, home):
    mixed = {key: value.half() if "conv" in key else value for key, value in weights.items()}
    mixed |= {key: value.bfloat16() for key, value in weights.items() if "conv_list.1" in key}
    averages = {"ema_" + key.replace(".", "_"): value for key, value in weights.items()}
    done = convert(read_reference(checkpoint({**mixed, **averages})), to=ROW)
    assert done.notes == (
        "converted bfloat16 and float16 to float32",
        f"left out {len(weights)} copies named ema_*",
    )
    found = load(done.path).state_dict()["head.conv.weight"]
    assert torch.equal(found, weights["decode_head.conv_out.0.weight"].half().float())


def test_the_bts_repositorys_own_names_are_known(tmp_path):
    """Its ResNet-50 has the same network, an ImageNet classifier too, and no bias in its last convolution."""
    keys = {key: shape for key, shape, _ in recipes.read_manifest("bts_r50_kitti")["tensors"]}
    names = (
        ("backbone.", "encoder.base_model."), ("decode_head.conv_depth", "decoder.get_depth.0"),
        ("decode_head.", "decoder."),
    )  # fmt: skip
    theirs = {f"module.encoder.base_model.fc.{part}": torch.zeros(1) for part in ("weight", "bias")}
    for key, shape in keys.items():
        ours, name = next(pair for pair in names if key.startswith(pair[0]))
        theirs["module." + key.replace(ours, name)] = torch.zeros(()).expand(shape)
    del theirs["module.decoder.get_depth.0.bias"]
    torch.save({"model": theirs, "global_step": 1}, tmp_path / "model-1-best")
    file = read_reference(tmp_path / "model-1-best")
    assert {key: list(value.shape) for key, value in file.tensors.items()} == keys
    assert likely_architectures(file.tensors) == ["bts_resnet50"]
    assert "left out 2 tensors" in file.notes[0]
    assert "fx / 715.0873" in file.notes[0]


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_every_published_network_is_known_by_its_keys(manifest):
    keys = [key for key, _, _ in recipes.read_manifest(manifest)["tensors"]]
    likely = likely_architectures(keys)
    assert MANIFESTS[manifest] in likely
    assert len(likely) == (2 if "student" in manifest else 1)


def test_rows_that_share_a_network_are_listed(checkpoint, weights, base_weights):
    names = [row.name for row in fitting_rows(read_reference(checkpoint()))]
    assert names == [f"tiekd_mobilenetv2.{teacher}_kitti" for teacher in ("adabins", "bts", "depthformer")]
    # A regression student's tensors fit both data sets, but the configuration in the file says 80 m.
    rows = fitting_rows(read_reference(checkpoint(base_weights)))
    assert {row.architecture for row in rows} == {"densedepth_mobilenetv2"}
    assert {row.dataset for row in rows} == {"kitti"}
    rows = fitting_rows(read_reference(checkpoint(base_weights, meta={})))
    assert {row.dataset for row in rows} == {"kitti", "nyu"}


def test_a_wrong_row_is_refused_with_every_fault_and_the_right_rows(checkpoint, weights, home):
    file = read_reference(checkpoint(meta={}))
    with pytest.raises(MisfitError, match=r"\(257, 8, 1, 1\), not \(49, 8, 1, 1\)") as caught:
        convert(file, to="tiekd_mobilenetv2.bts_nyu")
    assert "It can be tiekd_mobilenetv2.adabins_kitti" in caught.value.hint
    assert [key for key, _, _ in caught.value.faults.misshapen] == [
        "decode_head.conv_out.0.weight", "decode_head.conv_out.0.bias",
    ]  # fmt: skip
    with pytest.raises(UnknownNameError) as unknown:
        convert(file, to="tiekd_mobilenetv2.bts")
    assert ROW in unknown.value.hint
    with pytest.raises(CheckpointError, match="not a published architecture"):
        convert(file, to="tiekd_test.demo")
    assert not home.exists()


def test_a_student_with_a_distribution_is_no_baseline(checkpoint, home):
    """Its untrained regression layer has the right name and shape."""
    with pytest.raises(MisfitError, match=r"conv_out\.0\.weight is \(257"):
        convert(read_reference(checkpoint()), to="baseline_mobilenetv2.kitti")


def test_the_range_in_the_configuration_counts(checkpoint, base_weights, home):
    file = read_reference(checkpoint(base_weights))
    with pytest.raises(
        CheckpointError, match=r"trained up to 80 m, baseline_mobilenetv2\.nyu goes up to 10 m"
    ):
        convert(file, to="baseline_mobilenetv2.nyu")


def test_missing_and_unknown_tensors_are_named(checkpoint, weights, home):
    changed = {key: value for key, value in weights.items() if key != "backbone.conv1.bn.bias"}
    changed["decode_head.surprise"] = torch.zeros(2)
    file = read_reference(checkpoint(changed))
    with pytest.raises(MisfitError) as caught:
        convert(file, to=ROW)
    assert "1 missing, 1 unknown: missing backbone.conv1.bn.bias; unknown decode_head.surprise" in str(
        caught.value
    )
    assert "fits no published row" in caught.value.hint
    with pytest.raises(MisfitError, match=r"doesn't fit tiekd_mobilenetv2\.adabins_kitti"):
        fitting_rows(file)


@pytest.mark.parametrize("place", ["meta", "state_dict", "top"])
@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_file_is_not_run(tmp_path, weights, place, legacy):
    mark = tmp_path / "it-ran"
    content = {"meta": {}, "state_dict": dict(weights)}
    if place == "top":
        content["extra"] = Bomb(mark)
    else:
        content[place]["x"] = Bomb(mark)
    path = tmp_path / "bad.pth"
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(
        CheckpointError, match=r"holds more than tensors and plain values \(\w+\.mkdir\)"
    ) as caught:
        read_reference(path)
    assert "weights_only" not in str(caught.value) + caught.value.hint
    assert not mark.exists()
    plain = tmp_path / "bad.pkl"
    plain.write_bytes(pickle.dumps(Bomb(mark)))
    with pytest.raises(CheckpointError):
        read_reference(plain)
    assert not mark.exists()


def test_numbers_that_an_older_numpy_wrote_are_read(tmp_path):
    path = tmp_path / "old.pth"
    content = {"meta": {"best": np.float64(0.5)}, "state_dict": {"a": torch.zeros(1)}}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    now = path.read_bytes()
    path.write_bytes(now.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    assert list(read_reference(path).tensors) == ["a"]


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("keep", [0, 1, 100, 5000, -100])
def test_a_file_that_is_cut_short_is_refused(tmp_path, keep, legacy):
    whole = tmp_path / "whole.pth"
    torch.save(
        {"meta": {}, "state_dict": {"backbone.x": torch.zeros(4000)}}, whole,
        _use_new_zipfile_serialization=not legacy,
    )  # fmt: skip
    whole.write_bytes(whole.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match="not a whole checkpoint") as caught:
        read_reference(whole)
    assert len(str(caught.value)) < len(str(whole)) + 150


def test_files_that_hold_no_network_are_refused(tmp_path):
    def saved(content):
        torch.save(content, tmp_path / "file.pth")
        return tmp_path / "file.pth"

    with pytest.raises(DataError, match="There is no checkpoint"):
        read_reference(tmp_path / "absent.pth")
    with pytest.raises(DataError, match="There is no checkpoint"):
        read_reference(tmp_path)
    optimizer = {"meta": {}, "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": []}}
    with pytest.raises(CheckpointError, match="state of an optimizer, but no network"):
        read_reference(saved(optimizer))
    for nothing in ({}, {"meta": {}}, {"state_dict": {}}, [torch.zeros(1)], torch.zeros(1), 3):
        with pytest.raises(CheckpointError, match="holds no network"):
            read_reference(saved(nothing))
    with pytest.raises(CheckpointError, match="not of a published network; its tensors are called conv1"):
        fitting_rows(read_reference(saved({"conv1.weight": torch.zeros(1)})))
    page = tmp_path / "page.pth"
    page.write_text("\n<!DOCTYPE html><html>Sign in</html>")
    with pytest.raises(CheckpointError, match="is a web page"):
        read_reference(page)
    for text in ("hello", "e\n", "junk\n"):
        page.write_text(text)
        with pytest.raises(CheckpointError, match=r"is not a whole checkpoint: [a-zA-Z].* .*[a-z]"):
            read_reference(page)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"a": torch.tensor([1.0, float("nan")])}, "not finite in 1 tensors, the first is a"),
        ({"a": torch.tensor([70000.0]).half()}, "not finite"),
        ({"a": torch.zeros(1), "b": torch.zeros(1, dtype=torch.int8)}, "b is no tensor of floating-point"),
        ({"a": torch.zeros(1), "b": "text"}, "b is no tensor of floating-point"),
        ({"a": torch.zeros(1), "module.a": torch.zeros(1)}, "holds a twice"),
    ],
)
def test_tensors_that_no_training_leaves_are_refused(tmp_path, values, words):
    torch.save({"state_dict": values}, tmp_path / "file.pth")
    with pytest.raises(CheckpointError, match=words):
        read_reference(tmp_path / "file.pth")


def test_nothing_is_lost_when_writing_fails(checkpoint, home, tmp_path, monkeypatch):
    file = read_reference(checkpoint())
    done = convert(file, to=ROW)
    before = done.path.read_bytes()

    def full_disk(tensors, filename, metadata):
        raise OSError("No space left on device")

    monkeypatch.setattr("tiekd.models.checkpoint.save_file", full_disk)
    with pytest.raises(DataError, match="No space left"):
        convert(file, to=ROW)
    assert done.path.read_bytes() == before
    assert [path.name for path in home.iterdir()] == [done.path.name]
    for out in (tmp_path / "x.pth", tmp_path):
        with pytest.raises(DataError, match="Can't write weights to"):
            convert(file, to=ROW, out=out)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(DataError, match="Can't make the folder"):
        convert(file, to=ROW)
