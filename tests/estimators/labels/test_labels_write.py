import errno
import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from estimator_kit import Known, depth_of
from label_kit import INFO, RampTeacher
from PIL import Image

from tiekd.card import ModelCard
from tiekd.codecs.png import encode_grey16, encode_rgb
from tiekd.codecs.resample import scale_photo
from tiekd.data.frames import Frame, list_frames, open_source, read_split, with_focal
from tiekd.errors import ConfigError, DataError, InputSizeError
from tiekd.estimators.labels import LabelFolder, read_info, teach, verify_labels, write_labels
from tiekd.estimators.labels.sidecar import begin


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
    np.testing.assert_allclose(back, depth_of(teacher, np.empty((64, 96, 3))), atol=80 / 65535)


@pytest.mark.parametrize("shrink", [2, 3])
def test_coarse_labels_stretch_back_over_the_frame(world, tmp_path, shrink):
    source, frames = world
    info = INFO.model_copy(update={"shrink": shrink})
    write_labels(RampTeacher(), source, frames[:1], tmp_path, info)
    labels = LabelFolder(tmp_path)
    with Image.open(labels.path(frames[0])) as picture:
        assert picture.size == (96 // shrink, info.stored_size((64, 96))[0])
        assert info.stored_size((64, 96))[0] == -(-64 // shrink)
    read = labels.read(frames[0], (64, 96))
    assert read.shape == (64, 96)
    inner = slice(shrink, -2 * shrink)
    np.testing.assert_allclose(read[inner, 9], np.linspace(1, 60, 64)[inner], atol=0.01)


def test_the_kb_crop_is_what_the_teacher_sees(tmp_path):
    from training_kit import write_kitti

    write_kitti(tmp_path / "world", {"train": 1}, size=(375, 1242))
    source, frames = open_source(f"kitti:{tmp_path / 'world'}"), read_split(tmp_path / "world" / "train.txt")

    copycat = Known(lambda picture: picture.pixels[:, :, 0].astype(np.float32) / 4 + 0.5)
    write_labels(copycat, source, frames, tmp_path / "out", INFO.model_copy(update={"crop": "kb"}))
    label = LabelFolder(tmp_path / "out").read(frames[0], (352, 1216))
    seen = source.read_image(frames[0])[23:, 13 : 13 + 1216, 0]
    np.testing.assert_allclose(label, seen / 4 + 0.5, atol=80 / 65535)
    verify_labels(copycat, source, frames, tmp_path / "out")


def test_an_interrupted_call_is_resumed(world, tmp_path):
    source, frames = world
    write_labels(RampTeacher(), source, frames[:2], tmp_path, INFO)
    teacher = RampTeacher()
    counts = write_labels(teacher, source, frames, tmp_path, INFO)
    assert (counts.written, counts.kept, len(teacher.asked)) == (4, 2, 4)


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
    with pytest.raises(DataError, match=r"labels\.json has [1-9] fault"):
        LabelFolder(tmp_path)


@pytest.mark.parametrize("fault", ["nan", "shape", "zero", "negative"])
def test_a_teacher_without_answer_is_told_and_nothing_is_written(world, tmp_path, fault):
    source, frames = world

    class Broken(RampTeacher):
        def ramp(self, picture):
            depth = super().ramp(picture)
            if fault == "shape":
                return depth[1:]
            depth[5, 7] = {"nan": np.nan, "zero": 0, "negative": -1}[fault]
            return depth

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
    spoil(lambda path: Image.fromarray(np.zeros((64, 96), np.uint16)).save(path), "no depth in 6144 of 6144")
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
    stored = INFO.to_stored(np.array([[-1.0, 0.0, 1e-5, 80.0, 90.0]], np.float32))
    assert stored.tolist() == [[0, 0, 1, 65535, 65535]]
    assert Frame("a/b.png").label_name == "a_b.png"


@pytest.mark.parametrize(("scale", "said"), [(1000, "1e.03 to 6e.04"), (0.001, "0.001 to 0.06")])
def test_another_unit_is_told_before_anything_is_written(world, tmp_path, scale, said):
    source, frames = world
    with pytest.raises(DataError, match=rf"{said}, can't be metres in a range up to 80 m"):
        write_labels(RampTeacher(scale), source, frames, tmp_path, INFO)
    assert not list(tmp_path.glob("*.png"))


def test_a_sky_beyond_the_range_stays_at_its_end(world, tmp_path):
    source, frames = world
    write_labels(RampTeacher(5.0), source, frames[:1], tmp_path, INFO)
    assert LabelFolder(tmp_path).read(frames[0], (64, 96)).max() == pytest.approx(80)


def test_only_whole_files_count_as_done(world, tmp_path):
    source, frames = world
    write_labels(RampTeacher(), source, frames, tmp_path, INFO)
    whole = {path.name: path.read_bytes() for path in tmp_path.glob("*.png")}
    cut, empty = (tmp_path / frame.label_name for frame in frames[1:3])
    cut.write_bytes(cut.read_bytes()[:-7])
    empty.write_bytes(b"")
    counts = write_labels(RampTeacher(), source, frames, tmp_path, INFO)
    assert (counts.written, counts.kept) == (2, 4)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.png")} == whole


def test_remains_of_killed_calls_are_removed_and_fresh_ones_left(world, tmp_path):
    source, frames = world
    old, fresh = (
        tmp_path / f".{frames[0].label_name}.0a1b2c3d",
        tmp_path / f".{frames[1].label_name}.4e5f6a7b",
    )
    for part in (old, fresh):
        part.write_bytes(b"half")
    os.utime(old, (time.time() - 3600,) * 2)
    write_labels(RampTeacher(), source, frames, tmp_path, INFO)
    assert not old.exists()
    assert fresh.exists()


def test_a_changed_picture_is_told(tiny_world, tmp_path):
    root = shutil.copytree(tiny_world, tmp_path / "world")
    source, frames = open_source(f"kitti:{root}"), read_split(root / "train.txt")
    out = tmp_path / "out"
    write_labels(RampTeacher(), source, frames[:4], out, INFO)
    picture = source.image_path(frames[2])
    before = picture.read_bytes()
    Image.fromarray(255 - source.read_image(frames[2])).save(picture)
    teacher = RampTeacher()
    with pytest.raises(DataError, match=rf"1 pictures have changed .* first is .*{picture.name}"):
        write_labels(teacher, source, frames, out, INFO)
    assert teacher.asked == []
    with pytest.raises(DataError, match="has changed since it was labelled"):
        verify_labels(None, source, frames[:4], out)
    # Of the same size in bytes: only the checksum tells.
    picture.write_bytes(before[:-20] + bytes([before[-20] ^ 1]) + before[-19:])
    LabelFolder(out).check_unchanged(source, frames[:4])
    with pytest.raises(DataError, match="has changed since it was labelled"):
        verify_labels(None, source, frames[:4], out)
    picture.write_bytes(before)
    assert write_labels(teacher, source, frames, out, INFO).kept == 4


def test_labels_are_checked_before_they_are_used(tiny_world, tmp_path):
    source, frames = open_source(f"kitti:{tiny_world}"), read_split(tiny_world / "train.txt")
    write_labels(RampTeacher(), source, frames, tmp_path, INFO)
    labels, path = LabelFolder(tmp_path), tmp_path / frames[3].label_name
    labels.check(source, frames)
    whole = path.read_bytes()
    faults = {
        "is 20x10, its frame needs 96x64": encode_grey16(np.full((10, 20), 900, np.uint16)),
        "no depth in 6144 of 6144 pixels": encode_grey16(np.zeros((64, 96), np.uint16)),
        "mode RGB, not 16-bit greyscale": encode_rgb(np.zeros((64, 96, 3), np.uint8)),
        "can't be read": whole[:200],
    }
    for said, content in faults.items():
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"{path.name}.*{said}"):
            labels.check(source, frames)
    path.write_bytes(encode_grey16(np.full((64, 96), 900, np.uint16)))  # somebody else's
    labels.check(source, frames)
    path.unlink()
    with pytest.raises(DataError, match=rf"1 of {len(frames)} frames have no label .* {path.name}"):
        labels.check(source, frames)
    with pytest.raises(DataError, match="There is no folder"):
        LabelFolder(tmp_path / "nowhere")


def test_two_pictures_of_one_label_name_are_told(tmp_path):
    for name in ("a.jpg", "a.png"):
        Image.new("RGB", (64, 48)).save(tmp_path / name)
    frames = [Frame("a.jpg"), Frame("a.png")]
    with pytest.raises(ConfigError, match=r"a\.jpg and a\.png would share the label a\.png"):
        write_labels(RampTeacher(), open_source(f"folder:{tmp_path}"), frames, tmp_path / "out", INFO)
    assert not (tmp_path / "out").exists()


def test_large_photos_are_labelled_as_they_will_be_learned_from(tmp_path):
    Image.new("RGB", (1600, 1200)).save(tmp_path / "a.jpg")
    info = INFO.model_copy(update={"max_pixels": 640 * 480})
    source, frame = open_source(f"folder:{tmp_path}"), Frame("a.jpg", None, 1000.0)
    for use_focal, fx_px in ((True, 400.0), (False, None)):
        teacher = RampTeacher()
        asked = info.model_copy(update={"use_focal": use_focal})
        assert teach(teacher, source, frame, asked).shape == (480, 640)
        assert [(picture.size, fx) for picture, fx in teacher.asked] == [((480, 640), fx_px)]
    write_labels(RampTeacher(), source, [frame], tmp_path / "out", info)
    assert verify_labels(RampTeacher(), source, [frame], tmp_path / "out") == 0.0


def test_labels_that_exist_hold_because_all_pixels_of_a_large_jpeg_are_shown(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    info = INFO.model_copy(update={"max_pixels": 60 * 80})
    source, teacher = open_source(f"folder:{tmp_path}"), RampTeacher()
    teach(teacher, source, Frame("a.jpg"), info)
    ((picture, _),) = teacher.asked
    whole = source.read_image(Frame("a.jpg"))
    np.testing.assert_array_equal(picture.pixels, scale_photo(whole, (60, 80)))
    assert (picture.pixels != info.seen.cut(source.read_photo(Frame("a.jpg")))).any()


def test_time_and_disk_are_told_after_two_labels(world, tmp_path):
    source, frames = world
    told, progress = [], []

    class Slow(RampTeacher):
        def ramp(self, picture):
            if len(self.asked) > 1:
                time.sleep(0.05)
            return super().ramp(picture)

    began = time.perf_counter()
    write_labels(
        Slow(), source, frames, tmp_path, INFO, announce=told.append,
        progress=lambda done, total: progress.append((done, total)),
    )  # fmt: skip
    spent_s = time.perf_counter() - began
    (estimate,) = told
    assert estimate.n_labels == 4
    assert 0.2 <= estimate.seconds < 4 * spent_s, "four labels, by the time of one of them"
    sizes = [path.stat().st_size for path in tmp_path.glob("*.png")]
    assert 4 * min(sizes) <= estimate.n_bytes <= 4 * max(sizes)
    assert progress == [(n, 6) for n in range(1, 7)]
    write_labels(Slow(), source, frames, tmp_path, INFO, announce=told.append)
    assert len(told) == 1


def test_too_little_disk_is_told_after_two_labels(world, tmp_path, monkeypatch):
    source, frames = world
    full = shutil._ntuple_diskusage(9, 9, 0)
    monkeypatch.setattr("tiekd.estimators.labels.write.shutil.disk_usage", lambda _: full)
    with pytest.raises(DataError, match=r"still need about .* GB, and .* has 0\.0 GB left"):
        write_labels(RampTeacher(), source, frames, tmp_path, INFO)
    assert len(list(tmp_path.glob("*.png"))) == 2


def test_a_full_disk_leaves_whole_files_only(world, tmp_path, monkeypatch):
    source, frames = world
    write = Path.write_bytes

    def full(path, data):
        if frames[3].label_name in path.name:
            write(path, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"Can't write .*: No space left on device"):
        write_labels(RampTeacher(), source, frames, tmp_path, INFO)
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["labels.json", *(frame.label_name for frame in frames[:3])]
    )
    assert write_labels(RampTeacher(), source, frames, tmp_path, INFO).kept == 3


def test_frames_without_ground_truth_are_labelled_too(tiny_world, tmp_path):
    (tmp_path / "some.txt").write_text(
        (tiny_world / "train.txt").read_text().splitlines()[0].split()[0] + " None 60\n"
    )
    source, frames = open_source(f"kitti:{tiny_world}"), read_split(tmp_path / "some.txt")
    assert write_labels(RampTeacher(), source, frames, tmp_path / "out", INFO).written == 1


def test_a_focal_length_is_the_lines_else_the_data_sets(world):
    source, frames = world
    teacher = RampTeacher()
    info = INFO.model_copy(update={"use_focal": True})
    plain = replace(frames[0], focal_px=None)
    for frame, known in ((frames[0], 500.0), (plain, 500.0)):
        teach(teacher, replace(source, focal_px=known), frame, info)
    assert [fx_px for _, fx_px in teacher.asked] == [60.0, 500.0]
    with pytest.raises(DataError, match=r"focal length of .* is not known"):
        teach(teacher, replace(source, focal_px=None), plain, info)


@pytest.mark.parametrize("place", ["", "sub"])
def test_labels_do_not_go_where_the_pictures_are(tmp_path, place):
    (tmp_path / "sub").mkdir()
    Image.fromarray(np.zeros((40, 60, 3), np.uint8)).save(tmp_path / "sub" / "a.jpg")
    source = open_source(f"folder:{tmp_path}")
    frames = list_frames(source, None)
    with pytest.raises(ConfigError, match="holds the pictures that are labelled"):
        write_labels(RampTeacher(), source, frames, tmp_path / place, INFO)
    assert list_frames(source, None) == frames
    assert write_labels(RampTeacher(), source, frames, tmp_path / "labels", INFO).written == 1


def photos_of(folder, size=(48, 64)):
    """A folder of two photos without any focal length, and its frames."""
    folder.mkdir()
    for number in range(2):
        Image.fromarray(np.full((*size, 3), 60 + number, np.uint8)).save(folder / f"{number}.png")
    source = open_source(f"folder:{folder}")
    return source, list_frames(source, None)


def test_a_stated_focal_length_stands_in_the_sidecar_and_an_unknown_one_does_not(tmp_path):
    source, frames = photos_of(tmp_path / "photos")
    write_labels(RampTeacher(), source, frames, tmp_path / "out", INFO)
    sidecar = tmp_path / "out" / "labels.json"
    assert "fx_px" not in json.loads(sidecar.read_text())
    assert "null" not in sidecar.read_text()
    # It may be stated later, and stays when it is not repeated.
    for stated in (500.0, None, 500.0):
        info = INFO.model_copy(update={"fx_px": stated})
        assert write_labels(RampTeacher(), source, frames, tmp_path / "out", info).kept == 2
        assert read_info(tmp_path / "out").fx_px == 500.0
    scaled = INFO.model_copy(update={"fx_px": 500.0, "use_focal": True})
    with pytest.raises(ConfigError, match="these differ: use_focal"):
        write_labels(RampTeacher(), source, frames, tmp_path / "out", scaled)


def test_labels_that_are_scaled_by_a_stated_focal_length_are_of_that_one_only(tmp_path):
    source, frames = photos_of(tmp_path / "photos")
    scaled = INFO.model_copy(update={"fx_px": 500.0, "use_focal": True})
    write_labels(RampTeacher(), with_focal(source, frames, 500.0), frames, tmp_path / "out", scaled)
    for other in (400.0, None):
        with pytest.raises(ConfigError, match="these differ: fx_px"):
            begin(tmp_path / "out", scaled.model_copy(update={"fx_px": other}))


def test_what_is_stated_beside_labels_is_not_how_they_were_made():
    stated = INFO.model_copy(update={"fx_px": 500.0})
    assert stated.made(exclude_none=False) == INFO.made(exclude_none=False)
    assert "fx_px" not in INFO.made(exclude_none=False)
    scaled = stated.model_copy(update={"use_focal": True})
    assert '"fx_px":500.0' in scaled.made(exclude_none=True)


def test_a_focal_length_is_stated_only_where_the_data_have_none(tiny_world, tmp_path):
    source, frames = photos_of(tmp_path / "photos")
    assert with_focal(source, frames, None) is source
    assert with_focal(source, frames, 500.0).focal_px == 500.0
    for focal_px in (0.0, -3.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="fx must be a focal length"):
            with_focal(source, frames, focal_px)
    kitti = open_source(f"kitti:{tiny_world}")
    with pytest.raises(ConfigError, match="has focal lengths of its own"):
        with_focal(kitti, read_split(tiny_world / "train.txt"), 500.0)
    with pytest.raises(ConfigError, match="has focal lengths of its own"):
        with_focal(source, [Frame("0.png", None, 60.0)], 500.0)


def test_a_picture_too_small_for_the_teacher_is_named_before_any_is_labelled(tmp_path):
    teacher = RampTeacher()
    card = ModelCard(
        name="net", architecture="densedepth_resnet18", method="baseline", encoder="resnet18", dataset="own",
        max_depth_m=80, min_size_px=64,
    )  # fmt: skip
    teacher.about = replace(teacher.about, card=card)
    (tmp_path / "photos").mkdir()
    for name, size in {"a.png": (64, 96), "b.png": (63, 96)}.items():
        (tmp_path / "photos" / name).write_bytes(encode_rgb(np.zeros((*size, 3), np.uint8)))
    source = open_source(f"folder:{tmp_path / 'photos'}")
    frames = list_frames(source, None)
    with pytest.raises(InputSizeError, match=r"1 of 2 .* b\.png: 96x63 pixels .* 64x64"):
        write_labels(teacher, source, frames, tmp_path / "out", INFO)
    assert not list((tmp_path / "out").glob("*.png"))
    assert write_labels(teacher, source, frames[:1], tmp_path / "out", INFO).written == 1
