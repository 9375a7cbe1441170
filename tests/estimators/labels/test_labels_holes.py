"""Single pixels without depth: told with their place, or filled when that is asked for."""

import json

import numpy as np
import pytest
from label_kit import INFO, RampTeacher
from teacher_kit import save_onnx
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.data.frames import open_source, read_split
from tiekd.errors import DataError
from tiekd.estimators.labels import LabelFolder, read_info, verify_labels, write_labels
from tiekd.estimators.labels.holes import without_holes

CLAMPED = INFO.model_copy(update={"clamp": True})


@pytest.fixture
def world(tiny_world):
    return open_source(f"kitti:{tiny_world}"), read_split(tiny_world / "train.txt")


class Holed(RampTeacher):
    """A ramp that is `value` at row 5, column 7."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def ramp(self, picture):
        depth = super().ramp(picture)
        depth[5, 7] = self.value
        return depth


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, -3.0])
def test_a_bad_pixel_is_told_with_its_place_and_filled_on_request(world, tmp_path, value):
    source, frames = world
    with pytest.raises(
        DataError, match=rf"1 of 6144 have none, the first is {value} at column 7, row 5\."
    ) as caught:
        write_labels(Holed(value), source, frames, tmp_path / "out", INFO)
    assert "--clamp" in caught.value.hint
    # What was begun without the word goes on with it.
    written = write_labels(Holed(value), source, frames, tmp_path / "out", CLAMPED)
    assert (written.written, written.filled_pixels) == (6, 6)
    assert read_info(tmp_path / "out").clamp is True
    label = LabelFolder(tmp_path / "out").read(frames[0], (64, 96))
    expected = 80.0 if value == np.inf else label[5, 6]
    assert label[5, 7] == pytest.approx(expected, abs=1e-6)
    assert verify_labels(Holed(value), source, frames, tmp_path / "out") == 0
    # It stays said when it is not said again.
    write_labels(Holed(value), source, frames, tmp_path / "out", INFO)
    assert read_info(tmp_path / "out").clamp is True


def test_holes_take_the_nearest_depth_of_their_row_and_empty_rows_the_nearest_row():
    nan = np.nan
    depth = np.array([[nan] * 5, [1, nan, nan, nan, 2], [nan, 3, 4, nan, nan], [nan] * 5], np.float32)
    with pytest.raises(DataError, match=r"^x: 16 of 20 have none"):
        without_holes(depth, far_m=80.0, fill=True, what="x")
    tall = np.vstack([depth, np.full((200, 5), 9, np.float32)])
    filled, count = without_holes(tall, far_m=80.0, fill=True, what="x")
    assert count == 16
    assert filled[:4].tolist() == [[1, 1, 1, 2, 2], [1, 1, 1, 2, 2], [3, 3, 4, 4, 4], [3, 3, 4, 4, 4]]
    assert np.isfinite(filled).all()
    whole, none = without_holes(filled, far_m=80.0, fill=False, what="x")
    assert none == 0
    assert whole is filled


def test_a_picture_that_fails_as_a_whole_is_never_filled(world, tmp_path):
    source, frames = world

    class Blind(RampTeacher):
        def ramp(self, picture):
            return np.full(picture.size, np.nan, np.float32)

    with pytest.raises(DataError, match="6144 of 6144 have none") as caught:
        write_labels(Blind(), source, frames, tmp_path / "out", CLAMPED)
    assert "up to 5% of a picture" in caught.value.hint
    assert "null" not in (tmp_path / "out" / "labels.json").read_text().lower()


def test_the_verb_says_how_many_pixels_it_has_filled(tiny_world, tmp_path):
    network = save_onnx(tmp_path / "net.onnx", factor=0.1)
    words = ["label", f"onnx:{network},normalise=byte", "--data", f"kitti:{tiny_world}", "--split"]
    words += ["train.txt", "--crop", "none", "--out", str(tmp_path / "out"), "--json", "-"]
    told = json.loads(CliRunner().invoke(app, [*words, "--clamp"]).stdout)
    sidecar = json.loads((tmp_path / "out" / "labels.json").read_text())
    assert sidecar["clamp"] is True
    assert None not in sidecar.values()
    assert told["filled_pixels"] >= 0


@pytest.mark.parametrize("told", ["max_depth_m=inf", "max_depth_m=nan", "scale=nan", "shift=inf"])
def test_what_is_declared_must_be_a_number(tiny_world, tmp_path, told):
    network = save_onnx(tmp_path / "net.onnx")
    words = ["label", f"onnx:{network},{told}", "--data", f"kitti:{tiny_world}", "--split", "train.txt"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert told.split("=")[0] in done.stderr
    assert not (tmp_path / "out").exists()
