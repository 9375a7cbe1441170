"""`tiekd eval` as a person types it: on a folder of predictions, with everything it can write."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image
from training_kit import write_kitti
from typer.main import get_command
from typer.testing import CliRunner

from tiekd.cli import eval as eval_verb
from tiekd.cli.main import app
from tiekd.evaluate import PROTOCOLS


def tiekd(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Three KITTI-sized frames, the last one without ground truth, and predictions too far by 5 and 20 %."""
    root = write_kitti(tmp_path_factory.mktemp("world"), {"test": 3}, size=(375, 1242))
    lines = (root / "test.txt").read_text().splitlines()
    lines[2] = f"{lines[2].split()[0]} None 60.0"
    (root / "test.txt").write_text("\n".join(lines))
    for line, factor in zip(lines[:2], (1.05, 1.2), strict=True):
        image, depth, _ = line.split()
        stored = np.asarray(Image.open(root / "gt_depth" / depth)).astype(float)
        path = root / "predicted" / image.replace("/", "_")
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.round(np.where(stored > 0, stored, 2560) * factor).astype(np.uint16)).save(path)
    return root


def words(world, *more, protocol="kitti-garg"):
    data = ("--data", f"kitti:{world}", "--split", "test.txt", "--protocol", protocol)
    return ("eval", "--predictions", world / "predicted", *data, *more)


def test_the_help_names_every_protocol():
    (option,) = [option for option in get_command(eval_verb.app).params if option.name == "protocol"]
    assert option.help.rstrip(".").split(", ") == list(PROTOCOLS)


def test_the_document_states_protocol_subject_and_fingerprint(world):
    document = json.loads(tiekd(*words(world, "--json", "-", "--name", "theirs")).stdout)
    assert document["protocol"] == "kitti-garg"
    details = document["protocol_details"]
    assert (details["network_crop"], details["score_on"], details["box"]) == ("kb", "frame", "garg")
    assert (details["max_depth_m"], details["clamp"], details["resize"]) == (
        80.0,
        "before resize",
        "bilinear",
    )
    assert details["mean"] == "over images"
    assert len(document["fingerprint"]) == 16
    assert document["subject"]["name"] == "theirs"
    assert (document["n_images"], document["n_skipped"], document["n_holes"]) == (2, 1, 0)
    assert [row["abs_rel"] for row in document["per_image"]] == pytest.approx([0.05, 0.2], abs=2e-3)
    assert document["metrics"]["abs_rel"] == pytest.approx(0.125, abs=2e-3)
    assert document["skipped"][0]["reason"] == "no ground truth in the split"
    other = json.loads(tiekd(*words(world, "--json", "-", protocol="kitti-eigen")).stdout)
    assert other["fingerprint"] != document["fingerprint"]


def test_everything_that_can_be_written_is(world, tmp_path):
    out = tmp_path / "out"
    told = tiekd(*words(world, "--csv", tmp_path / "rows.csv", "--worst", 1, "--plots", "--out", out)).stdout
    assert "skipped 1: no ground truth in the split" in told
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["abs_rel"]) for row in rows] == pytest.approx([0.05, 0.2], abs=2e-3)
    assert {"image", "n_pixels", "rmse", "delta3"} <= set(rows[0])
    names = sorted(path.name for path in out.iterdir())
    assert names[:3] == ["bias_by_depth.svg", "error_by_depth.svg", "images.svg"]
    (worst,) = names[3:]
    assert worst.startswith("worst-01-2011_01_01")
    assert rows[1]["image"].replace("/", "_") in worst
    assert all(name in told for name in names)


def test_holes_are_warned_of(world, tmp_path):
    for path in (world / "predicted").iterdir():
        stored = np.asarray(Image.open(path)).copy()
        stored[300:310, 600:620] = 0
        (tmp_path / "holes").mkdir(exist_ok=True)
        Image.fromarray(stored).save(tmp_path / "holes" / path.name)
    data = ("--data", f"kitti:{world}", "--split", "test.txt", "--protocol", "kitti-garg")
    told = tiekd("eval", "--predictions", tmp_path / "holes", *data).stdout
    assert "warning: 400 pixels that count have no prediction (0)" in told


def test_wrong_input_is_told_before_anything_is_written(world, tmp_path):
    out = ("--out", tmp_path / "out", "--worst", 1)
    cases = [
        (words(world, "--labels", world / "predicted", *out), "labels.json"),
        (words(world, *out, protocol="kitti"), "Unknown protocol 'kitti'"),
        (("eval", "--predictions", tmp_path / "no", *words(world)[3:], *out), "not a folder of predictions"),
        (("eval", "model", *words(world, *out)[1:]), "Give either a model or --predictions"),
    ]
    for argv, said in cases:
        result = tiekd(*argv, code=2)
        assert said in result.output
        assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()
