from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiekd.data.frames import Frame, check_files, find_split, list_frames, open_source, read_split
from tiekd.errors import ConfigError, DataError, UnknownNameError


def split(tmp_path, text):
    path = tmp_path / "split.txt"
    path.write_text(text)
    return path


def test_a_line_is_image_depth_focal(tmp_path):
    text = "/a/b.jpg  c/d.png 518.8579\n\ne.png None 7\nf.png g.png\nh.png"
    assert read_split(split(tmp_path, text)) == [
        Frame("a/b.jpg", "c/d.png", 518.8579),
        Frame("e.png", None, 7.0),
        Frame("f.png", "g.png", None),
        Frame("h.png", None, None),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no frame"),
        ("\n \n", "names no frame"),
        ("a b c d", "4 words"),
        ("a.png b.png far", "'far' is not a focal length"),
        ("a.png b.png -3", "'-3' is not a focal length"),
        ("a.png b.png nan", "'nan' is not a focal length"),
        ("../secret.png b.png 3", "leaves the data set"),
        ("a.png x/../../b.png 3", "leaves the data set"),
    ],
)
def test_a_bad_line_is_told(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        read_split(split(tmp_path, text))


def test_a_split_that_is_not_text_is_told(tmp_path):
    (tmp_path / "split.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="Can't read the split"):
        read_split(tmp_path / "split.txt")


def test_labels_are_named_as_published():
    frame = Frame("2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0000000069.png")
    assert frame.label_name == "2011_09_26_2011_09_26_drive_0002_sync_image_02_data_0000000069.png"
    assert Frame("bathroom/rgb_00045.jpg").label_name == "bathroom_rgb_00045.png"


def test_the_kinds_of_data(tiny_world, tmp_path):
    kitti = open_source(f"kitti:{tiny_world}")
    frame = read_split(find_split(kitti, "train.txt"))[0]
    assert kitti.image_path(frame) == tiny_world / "input" / frame.image
    assert kitti.read_image(frame).shape == (64, 96, 3)
    with Image.open(tiny_world / "gt_depth" / frame.depth) as picture:
        stored = np.array(picture)
    np.testing.assert_array_equal(kitti.read_depth(frame), (stored / 256).astype(np.float32))
    (tmp_path / "room").mkdir()
    Image.fromarray(np.array([[1500, 0]], np.uint16)).save(tmp_path / "room" / "depth.png")
    nyu = open_source(f"nyu:{tmp_path}")
    assert nyu.read_depth(Frame("room/rgb.jpg", "room/depth.png")).tolist() == [[1.5, 0.0]]
    assert nyu.focal_px == pytest.approx(518.8579)
    assert open_source(f"folder:{tmp_path}").image_path(Frame("room/x.png")) == tmp_path / "room/x.png"


def test_what_is_no_data_set(tmp_path):
    with pytest.raises(ConfigError, match="does not name a data set"):
        open_source("data/kitti")
    with pytest.raises(UnknownNameError, match="kittti") as caught:
        open_source(f"kittti:{tmp_path}")
    assert "kitti" in caught.value.hint
    with pytest.raises(DataError, match="is not a folder"):
        open_source(f"kitti:{tmp_path / 'nowhere'}")
    with pytest.raises(DataError, match="no input/ folder"):
        open_source(f"kitti:{tmp_path}")


def test_a_split_is_found_here_or_in_the_data_set(tiny_world, tmp_path):
    source = open_source(f"kitti:{tiny_world}")
    assert find_split(source, "val.txt") == tiny_world / "val.txt"
    own = split(tmp_path, "a.png")
    assert find_split(source, own) == own
    with pytest.raises(DataError, match=r"No split file 'tset\.txt'") as caught:
        find_split(source, "tset.txt")
    assert "test.txt" in caught.value.hint


def test_missing_files_are_counted_before_work_begins(tiny_world):
    source = open_source(f"kitti:{tiny_world}")
    frames = read_split(tiny_world / "val.txt")
    check_files(source, frames, need_depth=True)
    with pytest.raises(DataError, match=r"2 of the files .* missing, the first is .*gone\.png"):
        check_files(source, [*frames, Frame("gone.png"), Frame("gone_too.png")], need_depth=False)
    with pytest.raises(DataError, match="no ground truth given"):
        check_files(source, [Frame(frames[0].image)], need_depth=True)
    with pytest.raises(DataError, match="gives no ground truth"):
        source.read_depth(Frame(frames[0].image))


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_broken_pictures_are_told_with_their_path(tiny_world, tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    source = open_source(f"folder:{tmp_path}")
    with pytest.raises(DataError, match=r"a\.png"):
        source.read_image(Frame("a.png", "a.png"))
    with pytest.raises(DataError, match=r"a\.png"):
        source.read_depth(Frame("a.png", "a.png"))


def test_a_truncated_picture_is_told(tiny_world, tmp_path):
    whole = next((tiny_world / "input").rglob("*.png")).read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"a\.png can.t be decoded"):
        open_source(f"folder:{tmp_path}").read_image(Frame("a.png"))


def test_depth_of_eight_bits_is_refused(tmp_path):
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(Path(tmp_path) / "a.png")
    with pytest.raises(DataError, match="16-bit"):
        open_source(f"folder:{tmp_path}").read_depth(Frame("a.png", "a.png"))


def test_a_folder_needs_no_split(tiny_world, tmp_path):
    picture = Image.fromarray(np.zeros((4, 5, 3), np.uint8))
    for name in ("b/2.JPG", "a photo.png", "b/1.webp", ".cache/x.png", "labels/b_1.png", ".hidden.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        picture.save(path)
    (tmp_path / "labels" / "labels.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("none of these")
    source = open_source(f"folder:{tmp_path}")
    assert [frame.image for frame in list_frames(source, None)] == ["a photo.png", "b/1.webp", "b/2.JPG"]
    (tmp_path / "some.txt").write_text("b/2.JPG\n")
    assert list_frames(source, "some.txt") == [Frame("b/2.JPG")]
    with pytest.raises(ConfigError, match="No split file is given"):
        list_frames(open_source(f"kitti:{tiny_world}"), None)


def test_a_folder_without_pictures_is_told(tmp_path):
    (tmp_path / "readme.txt").write_text("")
    with pytest.raises(DataError, match="holds no picture"):
        list_frames(open_source(f"folder:{tmp_path}"), None)


def test_names_that_others_keep_depth_under():
    frame = Frame("a/b.jpg", "d/c.png")
    assert frame.stored_names() == ["a/b.png", "d/c.png", "a_b.png", "d_c.png"]
    assert Frame("a/b.jpg").stored_names(".npy") == ["a/b.npy", "a_b.npy"]


def test_what_is_declared_of_stored_depth(tmp_path):
    Image.fromarray(np.array([[500, 0, 65535, 2000]], np.uint16)).save(tmp_path / "d.png")
    frame = Frame("a.png", "d.png")

    def depth(declared):
        return open_source(f"folder:{tmp_path}{declared}").read_depth(frame).tolist()

    assert depth("") == [[500 / 256, 0, 65535 / 256, 2000 / 256]]
    assert depth(",scale=1000,missing=65535") == [[0.5, 0, 0, 2]]
    assert depth(",scale=1000,max_depth_m=1.5") == [[0.5, 0, 0, 0]]
    assert open_source(f"nyu:{tmp_path},scale=500").read_depth(frame)[0, 0] == 1


@pytest.mark.parametrize(
    "declared", ["scale=0", "scale=nan", "scale=inf", "max_depth_m=-1", "scael=3", "missing=x"]
)
def test_what_cannot_be_declared_is_refused(tmp_path, declared):
    with pytest.raises(ConfigError, match=declared.split("=")[0]):
        open_source(f"folder:{tmp_path},{declared}")
