import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tiekd.data.frames import Frame, open_source, read_split
from tiekd.errors import ConfigError, DataError
from tiekd.labels import LabelFolder, LabelInfo, stored_size, verify_labels, write_labels

INFO = LabelInfo(teacher="ramp", teacher_sha256="0" * 64, max_depth_m=80.0, crop="none", shrink=1)


class RampTeacher:
    """Depth grows with the row; counts how often it is asked."""

    name = "ramp"

    def __init__(self, scale=1.0):
        self.scale, self.asked = scale, 0

    def depth(self, frame, image):
        self.asked += 1
        rows = np.linspace(1, 60, image.shape[0], dtype=np.float32)[:, None]
        return self.scale * np.repeat(rows, image.shape[1], axis=1)


@pytest.fixture
def world(tiny_world):
    return open_source(f"kitti:{tiny_world}"), read_split(tiny_world / "train.txt")


def test_labels_are_stored_as_published(world, tmp_path):
    source, frames = world
    teacher = RampTeacher()
    counts = write_labels(teacher, source, frames, tmp_path / "out", INFO)
    assert (counts.written, counts.kept) == (6, 0)
    name = frames[0].image.replace("/", "_")
    with Image.open(tmp_path / "out" / name) as picture:
        stored = np.array(picture)
    assert stored.dtype == np.uint16
    np.testing.assert_array_equal(
        stored[:, 5], np.round(np.linspace(1, 60, 64, dtype=np.float32) * (65535 / 80))
    )
    sidecar = json.loads((tmp_path / "out" / "labels.json").read_text())
    assert (sidecar["teacher"], sidecar["max_depth_m"], sidecar["crop"]) == ("ramp", 80.0, "none")
    back = LabelFolder(tmp_path / "out").read(frames[0], (64, 96))
    np.testing.assert_allclose(back, teacher.depth(frames[0], np.empty((64, 96, 3))), atol=80 / 65535)


@pytest.mark.parametrize("shrink", [2, 3])
def test_coarse_labels_stretch_back_over_the_frame(world, tmp_path, shrink):
    source, frames = world
    info = INFO.model_copy(update={"shrink": shrink})
    write_labels(RampTeacher(), source, frames[:1], tmp_path, info)
    labels = LabelFolder(tmp_path)
    with Image.open(labels.path(frames[0])) as picture:
        assert picture.size == (96 // shrink, stored_size((64, 96), shrink)[0])
    read = labels.read(frames[0], (64, 96))
    assert read.shape == (64, 96)
    inner = slice(shrink, -2 * shrink)
    np.testing.assert_allclose(read[inner, 9], np.linspace(1, 60, 64)[inner], atol=0.01)


def test_the_kb_crop_is_what_the_teacher_sees(tmp_path):
    from training_kit import write_kitti

    write_kitti(tmp_path / "world", {"train": 1}, size=(375, 1242))
    source, frames = open_source(f"kitti:{tmp_path / 'world'}"), read_split(tmp_path / "world" / "train.txt")

    class Copycat:
        name = "copycat"

        def depth(self, frame, image):
            return image[:, :, 0].astype(np.float32) / 4

    write_labels(Copycat(), source, frames, tmp_path / "out", INFO.model_copy(update={"crop": "kb"}))
    label = LabelFolder(tmp_path / "out").read(frames[0], (352, 1216))
    seen = source.read_image(frames[0])[23:, 13 : 13 + 1216, 0]
    np.testing.assert_allclose(label, seen / 4, atol=80 / 65535)
    verify_labels(Copycat(), source, frames, tmp_path / "out")


def test_an_interrupted_call_is_resumed(world, tmp_path):
    source, frames = world
    write_labels(RampTeacher(), source, frames[:2], tmp_path, INFO)
    teacher = RampTeacher()
    counts = write_labels(teacher, source, frames, tmp_path, INFO)
    assert (counts.written, counts.kept, teacher.asked) == (4, 2, 4)


def test_labels_of_another_teacher_are_not_mixed_in(world, tmp_path):
    source, frames = world
    write_labels(RampTeacher(), source, frames[:2], tmp_path, INFO)
    other = INFO.model_copy(update={"teacher_sha256": "1" * 64, "flip_tta": True})
    with pytest.raises(ConfigError, match="these differ: teacher_sha256, flip_tta"):
        write_labels(RampTeacher(), source, frames, tmp_path, other)
    assert len(list(tmp_path.glob("*.png"))) == 2


def test_a_call_that_labelled_nothing_does_not_bind_the_next(world, tmp_path):
    source, frames = world
    with pytest.raises(DataError, match="1216x352"):
        write_labels(RampTeacher(), source, frames, tmp_path, INFO.model_copy(update={"crop": "kb"}))
    assert write_labels(RampTeacher(), source, frames, tmp_path, INFO).written == 6
    assert LabelFolder(tmp_path).info == INFO


def test_pictures_without_a_sidecar_are_not_adopted(world, tmp_path):
    source, frames = world
    write_labels(RampTeacher(), source, frames[:1], tmp_path, INFO)
    (tmp_path / "labels.json").unlink()
    with pytest.raises(ConfigError, match="holds pictures but no labels"):
        write_labels(RampTeacher(), source, frames, tmp_path, INFO)
    with pytest.raises(DataError, match="the scale of its labels is unknown"):
        LabelFolder(tmp_path)


@pytest.mark.parametrize("text", ["", "{}", '{"max_depth_m": -1}', "[1"])
def test_a_broken_sidecar_is_told(tmp_path, text):
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(DataError, match=r"labels\.json can't be read"):
        LabelFolder(tmp_path)


@pytest.mark.parametrize("fault", ["nan", "shape"])
def test_a_teacher_without_answer_is_told_and_nothing_is_written(world, tmp_path, fault):
    source, frames = world

    class Broken(RampTeacher):
        def depth(self, frame, image):
            depth = super().depth(frame, image)
            return depth * np.nan if fault == "nan" else depth[1:]

    with pytest.raises(DataError, match="gave no depth for every pixel"):
        write_labels(Broken(), source, frames, tmp_path, INFO)
    assert not list(tmp_path.glob("*.png"))


def test_verifying_accepts_what_was_written_and_nothing_else(world, tmp_path):
    source, frames = world
    write_labels(RampTeacher(), source, frames, tmp_path, INFO)
    assert verify_labels(RampTeacher(), source, frames, tmp_path, samples=6) == 0.0
    assert verify_labels(None, source, frames, tmp_path) == 0.0
    with pytest.raises(DataError, match="differs from what ramp says now"):
        verify_labels(RampTeacher(1.1), source, frames, tmp_path)
    victim = tmp_path / frames[3].label_name

    def spoil(content, said):
        shutil.copy(victim, tmp_path / "kept")
        content(victim)
        with pytest.raises(DataError, match=said):
            verify_labels(None, source, frames, tmp_path)
        shutil.move(tmp_path / "kept", victim)

    spoil(lambda path: path.write_bytes(path.read_bytes()[:200]), "can't be read")
    spoil(lambda path: path.unlink(), "There is no file")
    spoil(lambda path: Image.fromarray(np.zeros((64, 96), np.uint16)).save(path), "no depth at all")
    spoil(
        lambda path: Image.fromarray(np.ones((4, 4), np.uint16)).save(path), "is 4x4, its frame needs 96x64"
    )
    assert verify_labels(RampTeacher(), source, frames, tmp_path) == 0.0


def test_the_digest_follows_the_labels(world, tmp_path):
    source, frames = world
    write_labels(RampTeacher(), source, frames[:2], tmp_path, INFO)
    before = LabelFolder(tmp_path).digest()
    assert LabelFolder(tmp_path).digest() == before
    write_labels(RampTeacher(), source, frames[:3], tmp_path, INFO)
    assert LabelFolder(tmp_path).digest() != before


def test_an_unwritable_folder_is_told(world, tmp_path):
    source, frames = world
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="Can't write"):
        write_labels(RampTeacher(), source, frames, tmp_path / "file" / "out", INFO)


def test_depth_beyond_the_scale_is_clipped_not_wrapped():
    stored = INFO.to_stored(np.array([[-1.0, 0.0, 80.0, 90.0]], np.float32))
    assert stored.tolist() == [[0, 0, 65535, 65535]]
    assert Frame("a/b.png").label_name == "a_b.png"
