"""Files of other programs are found by their names, or refused by name where a name fits twice."""

from __future__ import annotations

import re

import pytest

from tiekd.data.frames import Frame, FrameSource
from tiekd.errors import DataError
from tiekd.estimators.stored_files import StoredFiles

DAY, DRIVE = "2011_09_26", "2011_09_26_drive_0002_sync"
KITTI = Frame(
    f"{DAY}/{DRIVE}/image_02/data/0000000069.png",
    f"{DRIVE}/proj_depth/groundtruth/image_02/0000000069.png",
)
NYU = Frame("bathroom/rgb_00045.jpg", "bathroom/sync_depth_00045.png")
OWN = Frame("rgb/trip 1/IMG-0.JPG", "depth/trip 1/IMG-0.png")


def source(kind, root):
    return FrameSource(kind, root, root, root, 256.0, "none")


def folder(tmp_path, *names):
    for name in names:
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "results"


def found(tmp_path, names, frames, *, kind="kitti", with_truth=True):
    """Image -> name of its file, with a data set in `DATA/nyu` or the like."""
    files = StoredFiles(folder(tmp_path, *names), "prediction", with_truth=with_truth)
    files.assign(source(kind, tmp_path / "DATA" / kind), frames)
    return {frame.image: files.find(frame).relative_to(files.root).as_posix() for frame in frames}


@pytest.mark.parametrize(
    ("frame", "kind", "name"),
    [
        (KITTI, "kitti", f"{DRIVE}_0000000069.png"),
        (KITTI, "kitti", f"{DRIVE}_image_02_0000000069.png"),
        (KITTI, "kitti", f"{DRIVE}/0000000069.npy"),
        (KITTI, "kitti", f"{DAY}/{DRIVE}/69.tiff"),
        (KITTI, "kitti", f"{DAY}_{DRIVE}_image_02_data_0000000069.PNG"),
        (KITTI, "kitti", f"{DRIVE}_proj_depth_groundtruth_image_02_0000000069.Png"),
        (KITTI, "kitti", f"{DRIVE}-0000000069.png"),
        (KITTI, "kitti", f"run/7/{DRIVE}/image_02/0000000069.png"),
        (KITTI, "kitti", f"kitti_input_{DAY}_{DRIVE}_image_02_data_0000000069.png"),
        (KITTI, "kitti", f"{DRIVE}_0000000069.png.npz"),
        (NYU, "nyu", "bathroom_rgb_00045.png"),
        (NYU, "nyu", "bathroom__rgb_00045.png"),
        (NYU, "nyu", "bathroom_rgb_00045_depth.png"),
        (KITTI, "kitti", f"{DRIVE}_0000000069_raw_depth_meter.npy"),
        (NYU, "nyu", "Bathroom_RGB_45.PNG"),
        (NYU, "nyu", "data_nyu_bathroom_rgb_00045.png"),
        (NYU, "nyu", "_bathroom_rgb_00045.pfm"),
        (NYU, "nyu", "test/bathroom/rgb_00045.tif"),
        (NYU, "nyu", "bathroom/rgb_00045.jpg.png"),
        (NYU, "nyu", "bathroom_sync_depth_00045.png"),
        (NYU, "nyu", "rgb_00045.npy"),
        (OWN, "folder", "rgb_trip 1_IMG-0.png"),
        (OWN, "folder", "rgb-trip-1-img-0.npy"),
        (OWN, "folder", "IMG-0.png"),
    ],
)
def test_names_that_programs_give_are_understood(tmp_path, frame, kind, name):
    others = [name.replace("69", "70").replace("45", "46").replace("0.", "9.")]
    assert found(tmp_path, [name, *others], [frame], kind=kind) == {frame.image: name}


def test_many_frames_are_told_apart(tmp_path):
    scenes = ("office", "home_office", "room_1")
    frames = [Frame(f"{scene}/rgb_{n:05d}.jpg") for scene in scenes for n in (1, 11, 101)]
    names = {frame.image: f"data_nyu_{frame.image.replace('/', '__')[:-4]}.png" for frame in frames}
    assert found(tmp_path, names.values(), frames, kind="nyu") == names


@pytest.mark.parametrize(
    "name",
    [
        "home_office_rgb_00045.png",
        "office_2_rgb_00045.png",
        "office_rgb_000450.png",
        "office_rgb_00045_confidence.png",
        "office/rgb_00045.jpg",
        ".office_rgb_00045.png",
        "office_rgb_00045.exr",
    ],
)
def test_files_of_something_else_are_not_taken(tmp_path, name):
    frame = Frame("office/rgb_00045.jpg")
    with pytest.raises(DataError, match=r"holds no prediction for office/rgb_00045\.jpg") as caught:
        found(tmp_path, [name], [frame], kind="nyu")
    assert "office_rgb_00045.png" in caught.value.hint
    assert ".npy" in caught.value.hint


@pytest.mark.parametrize(
    "name",
    [
        f"{DAY}_drive_0009_sync_0000000069.png",
        f"{DRIVE}_image_03_0000000069.png",
        f"{DAY}/{DAY}_drive_0009_sync/image_02/data/0000000069.png",
        "image_02/data/0000000069.png",
    ],
)
def test_another_drive_or_camera_is_another_frame(tmp_path, name):
    with pytest.raises(DataError, match="holds no prediction for") as caught:
        found(tmp_path, [name], [KITTI])
    assert f"{DRIVE}_0000000069.png" in caught.value.hint


def test_the_missing_are_counted(tmp_path):
    frames = [Frame(f"a/{n}.jpg") for n in range(5)]
    with pytest.raises(DataError, match=r"no prediction for 3 of 5 frames, the first is a/2\.jpg"):
        found(tmp_path, ["a_0.png", "A-01.png"], frames, kind="folder")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["bathroom_rgb_00045.png", "bathroom_rgb_00045.npy"], "bathroom_rgb_00045.npy"),
        (["bathroom/rgb_00045.png", "bathroom_rgb_00045.png"], "bathroom_rgb_00045.png"),
        (["bathroom__rgb_00045.png", "bathroom-rgb-45.png"], "bathroom-rgb-45.png"),
        (["run1/bathroom/rgb_00045.png", "run2/bathroom/rgb_00045.png"], "run2/bathroom/rgb_00045.png"),
    ],
)
def test_two_files_of_one_frame_are_refused_by_name(tmp_path, names, told):
    said = f"several files that can be the prediction of {NYU.image}: .*{re.escape(told)}"
    with pytest.raises(DataError, match=said):
        found(tmp_path, names, [NYU], kind="nyu")


def test_one_file_of_two_frames_is_refused_by_name(tmp_path):
    right = Frame(KITTI.image.replace("image_02", "image_03"))
    with pytest.raises(
        DataError, match=rf"{DRIVE}_0000000069\.png can be the prediction of .*image_02.* or of"
    ):
        found(tmp_path, [f"{DRIVE}_0000000069.png"], [KITTI, right])
    two = [Frame("a/0.jpg"), Frame("b/0.jpg")]
    with pytest.raises(DataError, match=r"0\.png can be the prediction of a/0\.jpg or of b/0\.jpg"):
        found(tmp_path, ["0.png"], two, kind="folder")
    # A stray file of such a name does no harm where the frames have files of their own.
    names = {"a/0.jpg": "a_0.png", "b/0.jpg": "b_0.png"}
    assert found(tmp_path, [*names.values(), "0.png"], two, kind="folder") == names


def test_exact_names_come_before_likely_ones(tmp_path):
    names = ["a/01.png", "a/1.png"]
    assert found(tmp_path, names, [Frame("a/01.jpg"), Frame("a/1.jpg")], kind="folder") == {
        "a/01.jpg": "a/01.png",
        "a/1.jpg": "a/1.png",
    }


def test_what_stands_before_the_paths_is_the_same_for_all(tmp_path):
    frames = [Frame(f"a/{n}.jpg") for n in range(3)]
    names = [*(f"run/a/{n}.png" for n in range(3)), "old/run/b/a/0.png"]
    with pytest.raises(DataError, match="several files"):
        found(tmp_path, names, frames, kind="folder")
    assert found(tmp_path / "2", names[:3], frames, kind="folder")["a/2.jpg"] == "run/a/2.png"


def test_labels_are_not_named_after_ground_truth(tmp_path):
    with pytest.raises(DataError, match="holds no prediction"):
        found(tmp_path, ["bathroom/sync_depth_00045.png"], [NYU], kind="nyu", with_truth=False)


def test_links_are_followed_and_two_ways_to_one_file_are_one_file(tmp_path):
    root = folder(tmp_path, "real/bathroom/rgb_00045.npy")
    (root / "link").symlink_to("real")
    (root / "real" / "loop").symlink_to("..")
    assert found(tmp_path, [], [NYU], kind="nyu")[NYU.image].endswith("bathroom/rgb_00045.npy")


def test_a_repeated_line_is_one_frame(tmp_path):
    assert found(tmp_path, ["bathroom__rgb_45.png"], [NYU, NYU], kind="nyu")


def test_a_single_frame_is_found_by_its_plain_names(tmp_path):
    root = folder(tmp_path, "bathroom_rgb_00045.PNG")
    files = StoredFiles(root, "label", with_truth=False)
    assert files.find(NYU).name == "bathroom_rgb_00045.PNG"
    with pytest.raises(DataError, match=r"^.* holds no label for bathroom/rgb_1\.jpg\.$"):
        files.find(Frame("bathroom/rgb_1.jpg"))
