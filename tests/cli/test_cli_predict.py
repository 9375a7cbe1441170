"""`tiekd predict` on many photos, some of which are broken."""

import json

import numpy as np
import pytest
from PIL import Image
from teacher_kit import save_depth_anything, save_onnx
from typer.testing import CliRunner

from tiekd.cli.main import app


def predict(*words):
    return CliRunner().invoke(app, ["predict", *map(str, words)])


@pytest.fixture
def photos(tmp_path):
    """Five files that are named as photos: two are, one is cut short, one is text, one is empty."""
    folder = tmp_path / "photos"
    (folder / "trip").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    for name in ("a.jpg", "trip/a.jpg", "cut.jpg"):
        Image.fromarray(noise).save(folder / name)
    (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:900])
    (folder / "text.png").write_text("no picture")
    (folder / "empty.jpg").write_bytes(b"")
    return folder


def test_a_broken_photo_does_not_stop_the_others(tiny_models, photos, tmp_path):
    out, told = tmp_path / "out", tmp_path / "told.json"
    done = predict(tiny_models["tiny_base"], photos, "--out", out, "--json", told)
    assert done.exit_code == 1
    assert "3 of 5 photos have no answer:" in done.stderr
    for name in ("cut.jpg", "text.png", "empty.jpg"):
        assert f"  {photos / name}" in done.stderr
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == ["a.png", "trip/a.png"]
    said = json.loads(told.read_text())
    assert [row["photo"] for row in said["answers"]] == [str(photos / "a.jpg"), str(photos / "trip/a.jpg")]
    assert [row["photo"] for row in said["broken"]] == [
        str(photos / name) for name in ("cut.jpg", "empty.jpg", "text.png")
    ]
    assert f"{photos / 'trip/a.jpg'} -> {out / 'trip/a.png'}" in done.stdout


def test_json_on_the_output_is_alone_there(tiny_models, photos, tmp_path):
    done = predict(tiny_models["tiny_base"], photos, "--out", tmp_path / "out", "--json", "-")
    assert (done.exit_code, len(json.loads(done.stdout)["broken"])) == (1, 3)


@pytest.mark.parametrize("name", ["cut.jpg", "text.png", "absent.jpg"])
def test_of_one_photo_its_own_error_is_the_verbs(tiny_models, photos, tmp_path, name):
    told = tmp_path / "told.json"
    done = predict(tiny_models["tiny_base"], photos / name, "--out", tmp_path / "out", "--json", told)
    assert done.exit_code == 2
    assert name in done.stderr
    assert json.loads(told.read_text())["answers"] == []


def test_a_file_that_is_not_there_is_one_of_the_broken(tiny_models, photos, tmp_path):
    done = predict(tiny_models["tiny_base"], photos / "a.jpg", photos / "absent.jpg", "--out", tmp_path / "o")
    assert (done.exit_code, (tmp_path / "o/a.png").is_file()) == (1, True)
    assert "1 of 2 photos have no answer" in done.stderr
    assert "absent.jpg: No such file" in done.stderr


def test_what_was_done_is_told_when_the_disk_ends_the_call(tiny_models, photos, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/trip").write_text("in the way")
    told = tmp_path / "told.json"
    words = (photos / "a.jpg", photos / "trip/a.jpg")
    done = predict(tiny_models["tiny_base"], *words, "--out", tmp_path / "out", "--json", told)
    assert done.exit_code == 2
    assert "Can't write" in done.stderr
    assert [row["photo"] for row in json.loads(told.read_text())["answers"]] == [str(photos / "a.jpg")]


def test_other_programs_networks_answer_photos_too(photos, tmp_path):
    network = save_onnx(tmp_path / "net.onnx", shape=(1, 3, 32, 32))
    folder = save_depth_anything(tmp_path / "hub")
    for name in (f"onnx:{network},normalise=byte,scale=0.1", f"hf:{folder}"):
        done = predict(name, photos / "trip", "--out", tmp_path / "out", "--format", "npy", "--json", "-")
        assert done.exit_code == 0
        (answer,) = json.loads(done.stdout)["answers"]
        assert np.load(answer["file"]).shape == (40, 60)


def test_a_network_that_fails_on_a_photo_is_told_for_each(photos, tmp_path):
    configuration = save_depth_anything(tmp_path / "hub") / "config.json"
    stated = json.loads(configuration.read_text())
    configuration.write_text(json.dumps(stated | {"max_depth": None}))
    done = predict(
        f"hf:{tmp_path / 'hub'}", photos / "a.jpg", photos / "trip/a.jpg", "--out", tmp_path / "out"
    )
    assert done.exit_code == 1
    assert "2 of 2 photos have no answer" in done.stderr
    assert "trip/a.jpg: hf:hub can't compute a picture of 60x40" in done.stderr
    assert not list((tmp_path / "out").glob("*"))
