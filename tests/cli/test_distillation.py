"""The verbs of distillation in a row, as a person types them, on tiny networks and frames."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from training_kit import TINY_STUDENT, TINY_TEACHER
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.models.registry import load


def tiekd(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def overrides(values):
    return [word for key, value in values.items() for word in ("-o", f"{key}={json.dumps(value)}")]


@pytest.fixture(scope="module")
def done(tiny_world, tmp_path_factory):
    """train teacher, label, distil: the folder with what each verb left."""
    root = tmp_path_factory.mktemp("distillation")
    data = ("--data", f"kitti:{tiny_world}")
    tiekd(
        "train", "adabins_tf_efficientnet_lite0.demo", *data, "--out", root / "teacher",
        "--json", root / "teacher.json", *overrides(TINY_TEACHER),
    )  # fmt: skip
    teacher = root / "teacher" / "best.safetensors"
    tiekd(
        "label", teacher, *data, "--split", "train.txt", "--out", root / "labels", "--crop", "none",
        "--shrink", "2", "--no-flip-tta", "--use-focal", "--json", root / "labels.json",
    )  # fmt: skip
    tiekd(
        "train", "tiekd_mobilenetv2.demo", *data, "--labels", root / "labels", "--out", root / "student",
        *overrides(TINY_STUDENT),
    )  # fmt: skip
    return root


def test_train_leaves_a_network_and_its_story(done):
    result = json.loads((done / "teacher.json").read_text())
    assert (result["steps"], result["finished"]) == (2, True)
    assert 0 <= result["metrics"]["delta1"] <= 1
    student = load(done / "student" / "best.safetensors").card
    assert (student.name, student.method, student.teacher) == ("tiekd_mobilenetv2.demo", "tiekd", "adabins")
    assert student.n_bins == 16


def test_label_writes_every_frame_once(done, tiny_world):
    counts = json.loads((done / "labels.json").read_text())
    assert (counts["n"], counts["written"], counts["kept"]) == (6, 6, 0)
    assert counts["max_difference_m"] < 0.01
    assert len(list((done / "labels").glob("*.png"))) == 6


def test_labels_of_labels_are_the_same(done, tiny_world, tmp_path):
    """Ours by their folder, and the same files as somebody else's by a declared scale."""
    data = ("--data", f"kitti:{tiny_world}", "--split", "train.txt", "--crop", "none")
    tiekd("label", done / "labels", *data, "--shrink", "2", "--out", tmp_path / "again")
    before, after = (
        json.loads((root / "labels.json").read_text()) for root in (done / "labels", tmp_path / "again")
    )
    assert (after["teacher"], after["flip_tta"], after["use_focal"]) == (before["teacher"], False, True)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for line in (tiny_world / "train.txt").read_text().splitlines():
        depth = np.linspace(500, 10000, 64 * 96).reshape(64, 96).astype(np.uint16)
        Image.fromarray(depth).save(foreign / line.split()[0].replace("/", "_"))
    tiekd("label", f"labels:{foreign},scale=256", *data, "--out", tmp_path / "taken")
    label = next((tmp_path / "taken").glob("*.png"))
    with Image.open(label) as picture:
        np.testing.assert_allclose(np.array(picture) * (80 / 65535), depth / 256, atol=0.001)


def test_eval_scores_the_student(done, tiny_world, tmp_path):
    words = (
        "eval", done / "student" / "best.safetensors", "--data", f"kitti:{tiny_world}", "--split", "test.txt",
        "--protocol", "frame", "--json",
    )  # fmt: skip
    document = json.loads(tiekd(*words, "-").stdout)
    assert (document["protocol"], document["n_images"]) == ("frame", 2)
    subject = document["subject"]
    assert (subject["name"], subject["method"], subject["seed"]) == ("tiekd_mobilenetv2.demo", "tiekd", 1)
    assert subject["recipe"]["optim"]["steps"] == 2
    assert {"abs_rel", "rmse", "delta1"} <= set(document["metrics"])
    text = tiekd(*words, tmp_path / "result.json").stdout
    assert "abs_rel" in text
    assert json.loads((tmp_path / "result.json").read_text()) == document


def test_report_reads_what_train_and_eval_wrote(done, tiny_world, tmp_path):
    shutil.copytree(done / "teacher", tmp_path / "teacher")
    shutil.copytree(done / "student", tmp_path / "student")
    words = ("--data", f"kitti:{tiny_world}", "--split", "test.txt", "--protocol", "frame", "--json")
    tiekd("eval", tmp_path / "student" / "best.safetensors", *words, tmp_path / "student" / "test.json")
    out = ("--out", tmp_path / "report", "--json", "-")
    told = json.loads(tiekd("report", tmp_path / "teacher", tmp_path / "student", *out).stdout)
    assert [(table["protocol"], [row["method"] for row in table["rows"]]) for table in told["tables"]] == [
        ("validation", ["teacher"]), ("frame", ["tiekd"]),
    ]  # fmt: skip
    assert told["tables"][1]["rows"][0]["seeds"] == [1]
    assert "<polyline" in (tmp_path / "report" / "curves.svg").read_text()


def test_predict_then_eval_of_the_files_agrees_with_eval_of_the_model(done, tiny_world, tmp_path):
    student = done / "student" / "best.safetensors"
    names = [line.split()[0] for line in (tiny_world / "test.txt").read_text().splitlines()]
    for name in names:
        out = tmp_path / "predictions" / name
        tiekd("predict", student, tiny_world / "input" / name, "--out", out.parent)
    common = ("--data", f"kitti:{tiny_world}", "--split", "test.txt", "--protocol", "frame", "--json", "-")
    stored = json.loads(tiekd("eval", "--predictions", tmp_path / "predictions", *common).stdout)
    direct = json.loads(tiekd("eval", student, *common).stdout)
    assert stored["fingerprint"] == direct["fingerprint"]
    assert stored["metrics"]["abs_rel"] == pytest.approx(direct["metrics"]["abs_rel"], rel=5e-3)


FORMATS = [("png16", ".png"), ("npy", ".npy"), ("npz", ".npz"), ("color", ".png")]


@pytest.mark.parametrize(("fmt", "suffix"), FORMATS)
def test_predict_writes_every_format_at_the_photos_size(done, tmp_path, fmt, suffix):
    noise = np.random.default_rng(0).integers(0, 255, (70, 101, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "photo.jpg")
    student = done / "student" / "best.safetensors"
    words = ("--out", tmp_path / "out", "--format", fmt, "--json", "-")
    answer = json.loads(tiekd("predict", student, tmp_path / "photo.jpg", *words).stdout)["answers"][0]
    assert (answer["height"], answer["width"]) == (70, 101)
    file = tmp_path / "out" / f"photo{suffix}"
    assert answer["file"] == str(file)
    if suffix == ".png":
        with Image.open(file) as picture:
            assert picture.size == (101, 70)
    elif fmt == "npy":
        assert np.load(file).shape == (70, 101)
    else:
        with np.load(file) as arrays:
            assert arrays["depth_m"].shape == (70, 101)


def test_predict_corrects_the_scale_for_another_camera(done, tmp_path):
    Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save(tmp_path / "photo.png")
    student = done / "student" / "best.safetensors"
    words = ("predict", student, tmp_path / "photo.png", "--format", "npy", "--out")
    tiekd(*words, tmp_path / "plain")
    tiekd(*words, tmp_path / "tele", "--fx", "120")
    plain, tele = (np.load(tmp_path / folder / "photo.npy") for folder in ("plain", "tele"))
    np.testing.assert_allclose(tele, 2 * plain, rtol=1e-5)


def test_wrong_input_is_one_line_a_hint_and_exit_code_2(done, tiny_world, tmp_path):
    student = done / "student" / "best.safetensors"
    data = ("--data", f"kitti:{tiny_world}")
    split = ("--split", "test.txt")
    (tmp_path / "gone.txt").write_text("nowhere/0.png nowhere/1.png 60\n")
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "void").mkdir()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(student.read_bytes()[:5000])
    (tmp_path / "file").write_text("")
    (tmp_path / "not.jpg").write_text("no picture")
    photo = next((tiny_world / "input").rglob("*.png"))
    cases = [
        (("train", "tiekd_mobilenetv2.demoo", *data, "--out", tmp_path / "o"), "Unknown recipe or row"),
        (("train", "tiekd_mobilenetv2.demo", *data, "--out", tmp_path / "o", "-o", "a.b=1"), "no such key"),
        (("train", "baseline_mobilenetv2.demo", "--out", tmp_path / "o"), "names no data"),
        (
            ("train", "baseline_mobilenetv2.demo", *data, "--out", tmp_path / "o", "-o",
             f"data.train_split={tmp_path / 'gone.txt'}"),
            "files that the split names are missing",
        ),
        (("label", student, *data, "--split", tmp_path / "gone.txt", "--out", tmp_path / "l"), "are missing"),
        (("label", student, *data, *split, "--out", tmp_path / "l", "--crop", "garg"), "no crop 'garg'"),
        (("label", student, *data, *split, "--out", tmp_path / "l"), "needs at least 1216x352"),
        (("label", cut, *data, *split, "--out", tmp_path / "l"), "not a whole safetensors"),
        (("label", student, *data, "--out", tmp_path / "l"), "No split file is given"),
        (("label", student, "--data", f"folder:{tmp_path / 'void'}", "--out", tmp_path / "l"), "no picture"),
        (("label", student, *data, "--split", tmp_path / "empty.txt", "--out", tmp_path / "l"), "no frame"),
        (("label", student, *data, *split, "--out", tmp_path / "l", "--max-pixels", 9), "leaves nothing"),
        (("label", "hf:./nowhere", *data, *split, "--out", tmp_path / "l"), "There is no folder ./nowhere"),
        (("label", "onnx:gone.onnx", *data, *split, "--out", tmp_path / "l"), "There is no file gone.onnx"),
        (("label", "labels:gone,scale=1", *data, *split, "--out", tmp_path / "l"), "not a folder of labels"),
        (("label", "hub:x", *data, *split, "--out", tmp_path / "l"), "Unknown kind of model 'hub'"),
        (("eval", student, *data, *split, "--protocol", "kitti-grag"), "Unknown protocol"),
        (("eval", student, *data, "--split", tmp_path / "empty.txt", "--protocol", "frame"), "no frame"),
        (("eval", *data, *split, "--protocol", "frame"), "Give either a model or --predictions"),
        (("eval", student, "--data", "kitti", *split, "--protocol", "frame"), "does not name a data set"),
        (("predict", student, tmp_path / "not.jpg", "--out", tmp_path / "p"), "not a picture"),
        (("predict", student, photo, "--out", tmp_path / "file" / "p"), "Can't write"),
        (("predict", student, photo, photo, "--out", tmp_path / "p"), "Several photos"),
        (("predict", student, photo, "--out", tmp_path / "p", "--format", "jpg"), "Unknown format"),
        (("predict", student, photo, "--out", tmp_path / "p", "--fx", "-3"), "not in the range 0.01<=x"),
        (("predict", tmp_path / "nowhere.safetensors", photo, "--out", tmp_path / "p"), "nowhere."),
    ]  # fmt: skip
    for words, said in cases:
        result = tiekd(*words, code=2)
        assert said in result.output, (words, result.output)
        assert "Traceback" not in result.output
    assert not list((tmp_path).rglob("*.part"))
    assert not list(tmp_path.glob("p/*"))
    assert not list(tmp_path.glob("l/*.png"))


def test_labels_that_do_not_fit_are_told_and_nothing_is_lost(done, tiny_world, tmp_path):
    few, small, world, foreign = (tmp_path / name for name in ("few", "small", "world", "foreign"))
    for folder in (few, small):
        shutil.copytree(done / "labels", folder)
    next(few.glob("*.png")).unlink()
    Image.fromarray(np.full((10, 20), 900, np.uint16)).save(next(small.glob("*.png")))
    shutil.copytree(tiny_world, world)
    lines = [line.split() for line in (world / "train.txt").read_text().splitlines()]
    Image.fromarray(np.zeros((64, 96, 3), np.uint8)).save(world / "input" / lines[2][0])
    (world / "none.txt").write_text("".join(f"{image} None 60\n" for image, *_ in lines))
    foreign.mkdir()
    for image, *_ in lines:
        np.save(foreign / image.replace("/", "_").replace(".png", ".npy"), np.full((64, 96), np.nan, "f4"))
    here, there = ("--data", f"kitti:{tiny_world}"), ("--data", f"kitti:{world}")
    student = ("train", "tiekd_mobilenetv2.demo", *overrides(TINY_STUDENT))
    baseline = ("train", "baseline_mobilenetv2.demo", *overrides(TINY_STUDENT))
    out, own = ("--out", tmp_path / "run"), ("--labels", done / "labels")
    before = {path.name: path.read_bytes() for path in (done / "student").iterdir() if path.is_file()}
    label = (*here, "--split", "train.txt", "--crop", "none", "--out", tmp_path / "l")
    cases = [
        ((*student, *here, *out, "--labels", few), "1 of 6 frames have no label"),
        ((*student, *here, *out, "--labels", small), "is 20x10, its frame needs 48x32"),
        ((*student, *here, *out, "--labels", tmp_path / "no"), "There is no folder"),
        ((*student, *there, *out, *own), "1 pictures have changed since they were labelled"),
        ((*baseline, *there, *out, "-o", "data.train_split=none.txt"), "none.txt has ground truth"),
        ((*student, *here, *own, "--out", done / "student"), "already holds a run"),
        (
            (*student, *here, *own, "--out", done / "student", "--resume", "-o", "optim.lr=0.5"),
            "was trained by another recipe; these differ: optim.lr",
        ),
        (("label", f"labels:{foreign},scale=1", *label), "(zero, negative or not finite)"),
        (
            ("eval", done / "student" / "best.safetensors", *there, "--split", "train.txt", "--protocol",
             "frame", *own),
            "1 pictures have changed since they were labelled",
        ),
    ]  # fmt: skip
    for words, said in cases:
        result = tiekd(*words, code=2)
        assert said in result.output, (words, result.output)
        assert "Traceback" not in result.output
    assert {path.name: path.read_bytes() for path in (done / "student").iterdir() if path.is_file()} == before
    assert not list(tmp_path.glob("run/*")) + list(tmp_path.glob("l/*.png"))


def test_a_checkpoint_of_another_architecture_is_told(done, tiny_world, tmp_path):
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(str(done / "student" / "best.safetensors"), "pt") as student:
        metadata = student.metadata()
    with safe_open(str(done / "teacher" / "best.safetensors"), "pt") as teacher:
        tensors = {key: teacher.get_tensor(key) for key in teacher.keys()}  # noqa: SIM118
    save_file(tensors, tmp_path / "mixed.safetensors", metadata=metadata)
    result = tiekd(
        "eval", tmp_path / "mixed.safetensors", "--data", f"kitti:{tiny_world}", "--split", "test.txt",
        "--protocol", "frame", code=2,
    )  # fmt: skip
    assert "don't fit" in result.output


def test_a_run_goes_on_from_its_own_recipe(done, tmp_path):
    out = shutil.copytree(done / "teacher", tmp_path / "run")
    assert "already holds a run" in tiekd("train", out / "recipe.yaml", "--out", out, code=2).output
    assert "2 steps, finished" in tiekd("train", out / "recipe.yaml", "--out", out, "--resume").stdout


def test_a_run_that_fails_exits_with_1(tiny_world, tmp_path):
    words = [*overrides(TINY_STUDENT), "-o", "optim.lr=1.0e+30", "-o", "optim.steps=6"]
    result = tiekd(
        "train", "baseline_mobilenetv2.demo", "--data", f"kitti:{tiny_world}", "--out", tmp_path / "run",
        *words, code=1,
    )  # fmt: skip
    assert "The loss is" in result.output
