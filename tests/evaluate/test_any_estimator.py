"""Estimators of any kind under evaluation: what is scored is what they answer."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from estimator_kit import Known, depth_of
from PIL import Image
from teacher_kit import save_depth_anything, save_onnx
from training_kit import write_kitti
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.data.crops import kb_crop_box
from tiekd.data.frames import open_source, read_split
from tiekd.errors import ConfigError, DataError
from tiekd.estimators import open_estimator
from tiekd.estimators.predictions import StoredPredictions
from tiekd.evaluate import evaluate, get_protocol


def tiekd_eval(teacher, world, *words, protocol="frame", code=0):
    data = ("--data", f"kitti:{world}", "--split", "test.txt", "--protocol", protocol)
    result = CliRunner().invoke(app, [str(word) for word in ("eval", teacher, *data, "--json", "-", *words)])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output if code else json.loads(result.stdout)


@pytest.mark.parametrize("kind", ["hf", "onnx"])
def test_a_network_of_other_people_is_scored(tiny_world, tmp_path, kind):
    if kind == "hf":
        name = f"hf:{save_depth_anything(tmp_path / 'metric')}"
    else:
        name = f"onnx:{save_onnx(tmp_path / 'net.onnx')},normalise=byte,scale=0.1"
    source, frames = open_source(f"kitti:{tiny_world}"), read_split(tiny_world / "test.txt")
    network = open_estimator(name)
    protocol = get_protocol("frame").model_copy(update={"flip_tta": True})
    mean = Known(lambda picture: depth_of(network, picture.pixels, flip=True))
    want = evaluate(mean, source, frames, protocol)
    told = tiekd_eval(name, tiny_world, "--flip-tta")
    assert told["metrics"] == pytest.approx(want.metrics, nan_ok=True)
    assert (told["n_images"], told["fingerprint"]) == (2, want.fingerprint)
    assert (told["subject"]["name"], told["subject"]["weights_sha256"]) == (
        network.about.name,
        network.about.digest,
    )
    if kind == "hf":  # the ONNX file answers pixel by pixel, so that a mirrored picture changes nothing
        assert tiekd_eval(name, tiny_world)["metrics"] != told["metrics"]


def test_a_relative_model_is_refused_until_its_conversion_is_declared(tiny_world, tmp_path):
    name = f"hf:{save_depth_anything(tmp_path / 'relative', kind='relative')}"
    assert "answers with relative depth" in tiekd_eval(name, tiny_world, code=2)
    told = tiekd_eval(f"{name},output=depth,scale=2,shift=5", tiny_world)
    assert told["subject"]["name"].endswith("scale=2.0,shift=5.0")


@pytest.mark.parametrize("cut", [False, True])
def test_stored_depth_of_the_frame_or_of_the_window_is_scored(tmp_path, cut):
    root = write_kitti(tmp_path / "world", {"test": 1}, size=(375, 1242))
    source, frames = open_source(f"kitti:{root}"), read_split(root / "test.txt")
    truth = source.read_depth(frames[0])
    depth = np.where(truth > 0, truth, 10) * np.float32(1.05)
    shown = depth[kb_crop_box(*depth.shape).region] if cut else depth
    (tmp_path / "png").mkdir()
    Image.fromarray(np.round(shown * 256).astype(np.uint16)).save(tmp_path / "png" / frames[0].label_name)
    stored = evaluate(StoredPredictions(tmp_path / "png"), source, frames, get_protocol("kitti-garg"))
    told = tiekd_eval(f"labels:{tmp_path / 'png'},scale=256,max_depth_m=90", root, protocol="kitti-garg")
    assert told["metrics"] == pytest.approx(stored.metrics)
    (tmp_path / "npy").mkdir()
    np.save(tmp_path / "npy" / frames[0].label_name.replace(".png", ".npy"), shown[:99])
    name = f"labels:{tmp_path / 'npy'},scale=1,max_depth_m=90"
    assert f"{shown.shape[1]}x99; the frame is 1242x375" in tiekd_eval(
        name, root, protocol="kitti-garg", code=2
    )


def test_labels_of_ours_are_scored_if_they_were_made_as_the_protocol_says(tiny_world, tiny_labels):
    source, frames = open_source(f"kitti:{tiny_world}"), read_split(tiny_world / "train.txt")
    labels = open_estimator(tiny_labels)
    read = Known(lambda picture: depth_of(labels, picture.pixels, picture.frame))
    frame = get_protocol("frame")
    assert evaluate(labels, source, frames, frame).metrics == evaluate(read, source, frames, frame).metrics
    said = (
        f"The labels in {re.escape(str(tiny_labels))} were made without the flip test, kitti-tiekd is with it"
    )
    with pytest.raises(ConfigError, match=said) as told:
        evaluate(open_estimator(f"labels:{tiny_labels}"), source, frames, get_protocol("kitti-tiekd"))
    assert "--no-flip-tta" in told.value.hint
    unlabelled = read_split(tiny_world / "test.txt")
    with pytest.raises(DataError, match="2 of 2 frames have no label"):
        evaluate(labels, source, unlabelled, frame)
