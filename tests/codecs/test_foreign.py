"""What lies where weights are asked for, told by its first bytes rather than by its name."""

import io
import json
import struct

import numpy as np
import pytest
import torch

from tiekd import zoo
from tiekd.codecs.foreign import foreign_network
from tiekd.errors import CheckpointError, DataError
from tiekd.estimators import open_estimator


def torch_file(*, legacy=False):
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(2)}, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


FILES = {
    "net.pth": (torch_file(), "a torch checkpoint", "tiekd convert"),
    "net.pt": (torch_file(legacy=True), "a torch checkpoint", "hf:DIR"),
    "last.ckpt": (torch_file(), "a torch checkpoint", "hf:DIR"),
    "pytorch_model.bin": (torch_file(), "a torch checkpoint", "onnx:FILE"),
    "renamed.safetensors": (torch_file(), "a torch checkpoint", "tiekd convert"),
    "cut.pth": (b"\0" * 40, "a torch checkpoint", "tiekd convert"),
    "empty.PTH": (b"", "a torch checkpoint", "tiekd convert"),
    "net.onnx": (b"\x08\x09\x12\x07pytorch", "an ONNX file", "onnx:"),
    "net.h5": (b"\x89HDF\r\n\x1a\n", "a Keras file", "Export it to ONNX"),
    "net.tflite": (b"\x1c\0\0\0TFL3", "a TensorFlow Lite file", "Export it to ONNX"),
    "pointer.safetensors": (
        b"version https://git-lfs.github.com/spec/v1\n",
        "a pointer of Git LFS",
        "lfs pull",
    ),
    "page.pth": (b"<!DOCTYPE html><html>", "a web page", "Fetch"),
}


@pytest.mark.parametrize("name", FILES)
def test_another_programs_file_is_named_wherever_weights_are_asked_for(tmp_path, name):
    content, what, advice = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    for ask in (zoo.resolve, open_estimator):
        with pytest.raises(CheckpointError, match=f"{name} is {what}, not a file of weights") as caught:
            ask(str(path))
        assert advice in caught.value.hint
    with pytest.raises(DataError, match=f"{name} is {what}, and hf: takes a folder"):
        open_estimator(f"hf:{path}")
    if what != "an ONNX file":
        with pytest.raises(CheckpointError, match=f"{name} is {what}, not an ONNX file"):
            open_estimator(f"onnx:{path}")


def test_safetensors_are_left_to_their_reader_whatever_they_are_called(tmp_path):
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    for name in ("a.safetensors", "a.bin", "a.pth", "a"):
        (tmp_path / name).write_bytes(struct.pack("<Q", len(header)) + header + np.float32(1).tobytes())
        assert foreign_network(tmp_path / name) is None
        assert zoo.resolve(tmp_path / name) == tmp_path / name
    assert foreign_network(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("files", "what", "advice"),
    [
        (["config.json", "model.safetensors"], "a folder of Hugging Face's layout", "Say hf:{}."),
        (
            ["last.safetensors", "best.safetensors"],
            "holds best.safetensors, last.safetensors",
            "{}/best.safetensors",
        ),
        (["net.pth"], "a folder that holds net.pth", "{}/net.pth"),
        (["saved_model.pb"], "a folder that holds saved_model.pb", "{}/saved_model.pb"),
        (["a.txt"], "a folder without weights", "tiekd models"),
    ],
)
def test_a_folder_says_what_to_name_instead(tmp_path, files, what, advice):
    folder = tmp_path / "net"
    folder.mkdir()
    for name in files:
        (folder / name).write_text("{}")
    for written in (str(folder), f"{folder}/"):
        with pytest.raises(CheckpointError, match=what) as caught:
            open_estimator(written)
        assert advice.format(folder) in caught.value.hint


def test_a_checkpoint_in_a_folder_of_hugging_faces_names_that_folder(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(torch_file())
    with pytest.raises(CheckpointError) as caught:
        open_estimator(str(tmp_path / "pytorch_model.bin"))
    assert f"say hf:{tmp_path}" in caught.value.hint


def test_a_row_stays_a_row_beside_a_folder_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiekd_mobilenetv2.demo").mkdir()
    assert zoo.resolve("tiekd_mobilenetv2.demo").is_file()


@pytest.mark.parametrize(
    "place", ["photos/net.pth", "./photos", "photos/", "/photos", "photos/net.onnx", "a/b/c", "photos"]
)
def test_what_may_be_a_path_is_never_asked_of_the_hub(tmp_path, monkeypatch, place):
    import huggingface_hub

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_args, **_more: pytest.fail("asked"))
    with pytest.raises(DataError, match="There is no folder"):
        open_estimator(f"hf:{place}")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "net").write_text("x")
    (tmp_path / "photos" / "link").symlink_to("nowhere")
    for there in ("photos/net", "photos/link"):
        with pytest.raises(DataError, match=f"{there} is a file, and hf: takes a folder"):
            open_estimator(f"hf:{there}")
    with pytest.raises(CheckpointError, match="holds no depth-estimation model"):
        open_estimator("hf:photos/")
