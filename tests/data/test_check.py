"""Every kind of fault in the files of a data set is found and reported; files without a fault pass."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from download_kit import cut_short
from label_kit import INFO, RampTeacher
from PIL import Image
from training_kit import write_kitti

from tiekd.data.check import ADVICE, check_data, check_frame, duplicate_lines
from tiekd.data.frames import Frame, list_frames, open_source
from tiekd.errors import ConfigError, RunFailedError
from tiekd.estimators.labels import fault_of_label, write_labels

REAL = Path(os.environ.get("TIEKD_REAL_DATA") or Path(__file__).parents[3] / "shared" / "real")


@pytest.fixture
def world(tiny_world, tmp_path):
    """A copy of the tiny world, to break: its source and the frames of train.txt."""
    shutil.copytree(tiny_world, tmp_path / "world")
    source = open_source(f"kitti:{tmp_path / 'world'}")
    return source, list_frames(source, "train.txt")


def found(source, frames, **options):
    result = check_data(source, frames, crop="none", **options)
    return [(fault.kind, fault.file) for fault in result.faults]


def save(path, pixels):
    Image.fromarray(pixels).save(path)


def test_a_sound_data_set_passes(world):
    source, frames = world
    seen = []
    result = check_data(source, frames, crop="none", progress=lambda *n: seen.append(n))
    assert result.faults == []
    assert (result.n_frames, result.n_without_depth, seen[-1]) == (6, 0, (6, 6))
    assert len(result.medians_m) == 6
    assert 5 < result.median_m < 40


def test_frames_without_ground_truth_are_counted(world):
    source, frames = world
    result = check_data(source, [*frames, Frame(frames[0].image)], crop="none")
    assert (result.faults, result.n_without_depth) == ([], 1)


def test_missing_files_are_told_with_their_official_archive(world):
    source, frames = world
    source.image_path(frames[1]).unlink()
    source.depth_path(frames[2]).unlink()
    result = check_data(source, frames, crop="none")
    assert [(f.kind, f.file, f.detail) for f in result.faults] == [
        ("missing", frames[1].image, "officially in 2011_01_01_drive_0001_sync.zip"),
        ("missing", frames[2].depth, "officially in data_depth_annotated.zip"),
    ]
    (fault,) = check_frame(source, Frame("own/1.png"), crop="none").faults
    assert "there is no" in fault.detail


def test_a_link_that_leads_nowhere_is_told(world, tmp_path):
    source, frames = world
    path = source.image_path(frames[0])
    path.rename(tmp_path / "moved.png")
    path.symlink_to(tmp_path / "gone.png")
    (fault,) = check_frame(source, frames[0], crop="none").faults
    assert (fault.kind, fault.detail) == (
        "missing",
        f"its link leads to {tmp_path / 'gone.png'}, which does not exist",
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_files_that_are_cut_short_are_corrupt(world, share):
    source, frames = world
    cut_short(source.image_path(frames[0]), share)
    cut_short(source.depth_path(frames[1]), share)
    assert found(source, frames) == [("corrupt", frames[0].image), ("corrupt", frames[1].depth)]


def test_a_flipped_bit_is_corrupt(world):
    source, frames = world
    path = source.depth_path(frames[0])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert found(source, frames[:1]) == [("corrupt", frames[0].depth)]


def test_a_truncated_jpeg_is_corrupt(tmp_path):
    rng = np.random.default_rng(0)
    save(tmp_path / "a.jpg", rng.integers(0, 255, (64, 64, 3), np.uint8))
    cut_short(tmp_path / "a.jpg")
    assert found(open_source(f"folder:{tmp_path}"), [Frame("a.jpg")]) == [("corrupt", "a.jpg")]


def test_depth_of_another_size_than_its_picture_is_misshapen(world):
    source, frames = world
    save(source.depth_path(frames[0]), np.full((64, 95), 2560, np.uint16))
    (fault,) = check_frame(source, frames[0], crop="none").faults
    assert (fault.kind, fault.detail) == ("misshapen", "95x64 pixels, its picture has 96x64")


def test_pictures_that_a_network_cannot_take_are_misshapen(world):
    source, frames = world
    (fault,) = check_frame(source, frames[0], crop="kb").faults
    assert (fault.kind, fault.detail) == ("misshapen", "96x64 pixels, KITTI's crop needs at least 1216x352")
    save(source.image_path(frames[0]), np.zeros((20, 96, 3), np.uint8))
    kinds = [fault.detail for fault in check_frame(source, frames[0], crop="none").faults]
    assert kinds[0] == "96x20 pixels, a network needs at least 32x32"


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (np.zeros((64, 96), np.uint16), "all are 0"),
        (np.full((64, 96), 200, np.uint8), "mode L, not 16-bit"),
        (np.zeros((64, 96, 3), np.uint8), "mode RGB, not 16-bit"),
        (np.full((64, 96), 65535, np.uint16), "its median is 256 m"),
        (np.full((64, 96), 12, np.uint16), "its median is 0.0469 m"),
    ],
)
def test_what_cannot_be_metres_is_misscaled(world, stored, said):
    source, frames = world
    save(source.depth_path(frames[0]), stored)
    (fault,) = check_frame(source, frames[0], crop="none").faults
    assert (fault.kind, fault.file) == ("misscaled", frames[0].depth)
    assert said in fault.detail


def test_kittis_scale_is_not_nyus(tmp_path):
    """Street depth x 256 read as millimetres, and rooms in millimetres read as metres x 256."""
    metres = np.linspace(3, 79, 64)[:, None] * np.ones(64)
    (tmp_path / "room").mkdir()
    save(tmp_path / "room/rgb_1.png", np.zeros((64, 64, 3), np.uint8))
    frame = Frame("room/rgb_1.png", "room/sync_depth_1.png")
    nyu, folder = open_source(f"nyu:{tmp_path}"), open_source(f"folder:{tmp_path}")
    save(tmp_path / frame.depth, (metres * 256).astype(np.uint16))
    (fault,) = check_data(nyu, [frame], crop="none").faults
    assert fault.detail == (
        "reaches 20.2 m at 1000 steps per metre, more than 15 m; its median is 10.5 m at 1000 steps per "
        "metre, outside of 0.3 to 10 m. If it is stored otherwise, declare it after KIND:ROOT: scale=256 "
        "(metres × 256) makes it 41 m, scale=5000 (TUM RGB-D) makes it 2.1 m"
    )
    assert check_data(folder, [frame], crop="none").faults == []
    save(tmp_path / frame.depth, (metres / 10 * 1000).astype(np.uint16))
    assert check_data(nyu, [frame], crop="none").faults == []


def test_a_scale_that_only_all_files_together_give_away(world):
    source, frames = world
    for frame in frames:
        with Image.open(source.depth_path(frame)) as picture:
            stored = np.minimum(np.array(picture).astype(np.uint32) * 1000 // 256, 65535)
        save(source.depth_path(frame), stored.astype(np.uint16))
    (fault,) = check_data(source, frames, crop="none").faults
    assert (fault.kind, fault.file) == ("misscaled", "(all ground truth)")
    assert "2 to 25 m are usual for kitti" in fault.detail


def test_duplicate_lines_are_told_by_number(tmp_path):
    split = tmp_path / "list.txt"
    split.write_text("/a.png d.png 7\n\nb.png\na.png e.png 7\nc.png\nb.png\nb.png")
    assert [(f.kind, f.file, f.detail) for f in duplicate_lines(split)] == [
        ("duplicate", "a.png", "lines 1, 4"),
        ("duplicate", "b.png", "lines 3, 6, 7"),
    ]


def test_processes_find_the_same_in_the_same_order(world):
    source, frames = world
    cut_short(source.image_path(frames[4]))
    source.depth_path(frames[1]).unlink()
    assert found(source, frames, workers=2) == found(source, frames)
    with pytest.raises(ConfigError, match="0 workers"):
        check_data(source, frames, crop="none", workers=0)


def die(source, frame):
    os._exit(1)


def test_a_killed_process_is_told(world):
    source, frames = world
    with pytest.raises(RunFailedError, match="was killed"):
        check_data(source, frames, crop="none", workers=2, also=die)


def test_labels_are_verified(world, tmp_path):
    from functools import partial

    source, frames = world
    labels = tmp_path / "labels"
    write_labels(RampTeacher(), source, frames, labels, INFO)
    also = partial(fault_of_label, labels)
    assert found(source, frames, also=also) == []
    (labels / frames[0].label_name).unlink()
    cut_short(labels / frames[1].label_name)
    save(labels / frames[2].label_name, np.full((9, 9), 700, np.uint16))
    save(source.image_path(frames[3]), np.full((64, 96, 3), 7, np.uint8))
    faults = check_data(source, frames, crop="none", also=also).faults
    assert [(fault.kind, fault.file) for fault in faults] == [
        ("missing", frames[0].label_name),
        ("label", frames[1].label_name),
        ("label", frames[2].label_name),
        ("label", frames[3].label_name),
    ]
    assert "needs 96x64" in faults[2].detail
    assert "has changed since it was labelled" in faults[3].detail


def test_every_kind_has_advice_and_all_is_in_the_json(world):
    source, frames = world
    cut_short(source.image_path(frames[0]))
    source.depth_path(frames[0]).unlink()
    document = check_data(source, frames, crop="none").to_json()
    assert document["ok"] is False
    assert document["counts"] == {"missing": 1, "corrupt": 1}
    assert document["advice"] == {kind: ADVICE[kind] for kind in ("missing", "corrupt")}
    assert [fault["kind"] for fault in document["faults"]] == ["corrupt", "missing"]


@pytest.mark.parametrize("kind", ["kitti", "nyu"])
def test_real_frames_pass(kind):
    root = REAL / kind
    if not root.is_dir():
        pytest.skip("no real frames here")
    source = open_source(f"{kind}:{root}")
    result = check_data(source, list_frames(source, f"{kind}_sample_test.txt"), crop=source.network_crop)
    assert result.faults == []


def test_a_world_of_kittis_size_passes_with_its_crop(tmp_path):
    root = write_kitti(tmp_path, {"test": 1}, size=(375, 1242))
    source = open_source(f"kitti:{root}")
    assert check_data(source, list_frames(source, "test.txt"), crop="kb").faults == []


def test_what_every_other_command_reads_is_sound(world):
    source, frames = world
    jpeg, longer = (source.image_path(frame) for frame in frames[:2])
    with Image.open(jpeg) as picture:
        pixels = picture.convert("RGB")
    pixels.save(jpeg, format="JPEG")
    longer.write_bytes(longer.read_bytes() + b"and more")
    assert found(source, frames) == []
