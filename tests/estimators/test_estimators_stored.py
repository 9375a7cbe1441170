import os
import re

import numpy as np
import pytest
from estimator_kit import depth_of
from label_kit import INFO
from PIL import Image

from tiekd.data.frames import Frame, open_source
from tiekd.errors import ConfigError, DataError, UnknownNameError
from tiekd.estimators import Terms, open_estimator
from tiekd.estimators.labels.sidecar import begin
from tiekd.estimators.names import parse_name, split_names
from tiekd.estimators.predictions import StoredPredictions
from tiekd.estimators.stored import StoredDepth, fault_of_declared
from tiekd.places import Place

FRAME = Frame("day/a.jpg", "truth/a.png")
IMAGE = np.zeros((6, 8, 3), np.uint8)
DEPTH = np.linspace(2, 60, 48, dtype=np.float32).reshape(6, 8)


def save(path, numbers):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, numbers)
    else:
        Image.fromarray(np.round(numbers).astype(np.uint16)).save(path)


@pytest.mark.parametrize("name", ["day/a.png", "day_a.png", "day/a.npy", "day_a.npy"])
@pytest.mark.parametrize("scale", [256, 819.1875])
def test_stored_depth_in_a_declared_scale(tmp_path, name, scale):
    save(tmp_path / name, DEPTH * scale)
    stored = open_estimator(f"labels:{tmp_path},scale={scale}")
    assert isinstance(stored, StoredDepth)
    np.testing.assert_allclose(depth_of(stored, IMAGE, FRAME), DEPTH, atol=0.51 / scale)
    assert stored.about.depth_range.max_m == 80


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (DEPTH * 400, r"reaches 93\.8 m at scale 256, beyond the declared 80 m"),
        (np.where(DEPTH > 50, 0, DEPTH * 256), "pixels without depth"),
        (np.where(DEPTH > 50, np.nan, DEPTH * 256), "pixels without depth"),
        (-DEPTH, "pixels without depth"),
        (DEPTH[1:], r"is \[5, 8\], what is shown of its picture \[6, 8\]"),
    ],
)
def test_numbers_that_cannot_be_its_depth_are_told(tmp_path, numbers, said):
    save(tmp_path / "day_a.npy", numbers)
    with pytest.raises(DataError, match=said):
        depth_of(open_estimator(f"labels:{tmp_path},scale=256"), IMAGE, FRAME)


def test_missing_and_broken_files_are_told(tmp_path):
    with pytest.raises(DataError, match="is not a folder of labels"):
        open_estimator(f"labels:{tmp_path / 'gone'},scale=256")
    stored = open_estimator(f"labels:{tmp_path},scale=256")
    with pytest.raises(DataError, match=r"holds no label for day/a\.jpg") as caught:
        depth_of(stored, IMAGE, FRAME)
    assert "day_a.npy" in caught.value.hint
    (tmp_path / "day_a.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError, match="no array of numbers"):
        depth_of(stored, IMAGE, FRAME)


def test_a_folder_needs_a_sidecar_or_a_scale(tmp_path):
    with pytest.raises(DataError, match=r"holds no labels\.json, so the scale .* is unknown") as caught:
        open_estimator(f"labels:{tmp_path}")
    assert "scale=" in caught.value.hint
    with pytest.raises(ConfigError, match="scale: Field required"):
        open_estimator(f"labels:{tmp_path},max_depth_m=10")
    with pytest.raises(ConfigError, match=r"2 faults(?s:.*)there are scale"):
        open_estimator(f"labels:{tmp_path},scale=-1,unit=mm")


def test_the_digest_follows_the_files(tmp_path):
    save(tmp_path / "day_a.npy", DEPTH)
    digest = open_estimator(f"labels:{tmp_path},scale=1").about.digest
    os.utime(tmp_path / "day_a.npy", (1, 1))
    assert open_estimator(f"labels:{tmp_path},scale=1").about.digest != digest


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("hf:a/b", ("hf", "a/b", {})),
        ("hf:x,output=inverse,scale=0.1", ("hf", "x", {"output": "inverse", "scale": "0.1"})),
        ("onnx:my,file.onnx,size=32x64", ("onnx", "my,file.onnx", {"size": "32x64"})),
        ("tiekd_mobilenetv2.demo", ("", "tiekd_mobilenetv2.demo", {})),
        ("runs/a:b/x.safetensors", ("", "runs/a:b/x.safetensors", {})),
    ],
)
def test_names_are_taken_apart(text, parsed):
    assert parse_name(text) == Place(*parsed)


def test_lists_of_names_keep_what_is_declared_after_a_name():
    names = [
        "hf:a/b,output=inverse,scale=0.1",
        "tiekd_mobilenetv2.demo",
        "lr=3/best.safetensors",
        "onnx:x.onnx",
    ]
    assert split_names(",".join(names) + ",") == names


def test_names_that_say_nothing(tmp_path):
    with pytest.raises(UnknownNameError, match="Unknown kind of model 'hff'"):
        open_estimator("hff:x")
    with pytest.raises(ConfigError, match="names no model"):
        open_estimator("onnx:")


def test_the_depth_of_others_is_metric_for_the_camera_that_the_user_says(tmp_path):
    save(tmp_path / "day_a.npy", DEPTH)
    stored = open_estimator(f"labels:{tmp_path},scale=1")
    for use_focal in (False, True):
        assert stored.terms(Terms(True, use_focal)) == Terms(None, use_focal)
    np.testing.assert_array_equal(
        depth_of(stored, IMAGE, FRAME, fx_px=99.0, flip=True), depth_of(stored, IMAGE, FRAME)
    )


def test_labels_of_ours_are_asked_how_they_were_made(tmp_path):
    begin(tmp_path, INFO)
    labels = open_estimator(tmp_path)
    assert labels.terms(Terms(True, use_focal=False)) == Terms(False, use_focal=False)
    with pytest.raises(ConfigError, match="were made without --use-focal"):
        labels.terms(Terms(False, use_focal=True))
    (tmp_path / "own").mkdir()
    begin(tmp_path / "own", INFO.model_copy(update={"use_focal": True, "flip_tta": True}))
    assert open_estimator(tmp_path / "own").terms(Terms(False, use_focal=False)) == Terms(
        True, use_focal=True
    )


def test_stored_depth_knows_frames_and_no_photos(tmp_path):
    save(tmp_path / "day_a.npy", DEPTH)
    begin(tmp_path / "own", INFO)
    others, own = open_estimator(f"labels:{tmp_path},scale=1"), open_estimator(tmp_path / "own")
    for stored in (others, own, StoredPredictions(tmp_path)):
        folder = stored.about.folder
        assert folder == tmp_path / ("own" if stored is own else "")
        said = f"^{re.escape(str(folder))} holds depth of the frames of a data set"
        with pytest.raises(ConfigError, match=said):
            depth_of(stored, IMAGE)


def test_an_engine_is_for_networks_of_ours(tmp_path):
    for name in (f"labels:{tmp_path},scale=1", "hf:a/b", "onnx:net.onnx"):
        with pytest.raises(ConfigError, match="can't run on the engine torch"):
            open_estimator(name, engine="torch")
    with pytest.raises(UnknownNameError, match="Unknown engine 'tensorrt'"):
        open_estimator("hf:a/b", engine="tensorrt")


def test_stored_depth_is_checked_at_the_size_that_is_labelled(tmp_path):
    (tmp_path / "photos").mkdir()
    Image.fromarray(np.zeros((1200, 1600, 3), np.uint8)).save(tmp_path / "photos" / "a.jpg")
    source, frame = open_source(f"folder:{tmp_path / 'photos'}"), Frame("a.jpg")
    for size, sound in (((480, 640), True), ((1200, 1600), False)):
        save(tmp_path / "depth" / "a.npy", np.full(size, 5.0, np.float32))
        stored = open_estimator(f"labels:{tmp_path / 'depth'},scale=1")
        assert (fault_of_declared(stored, "none", source, frame) is None) is sound
