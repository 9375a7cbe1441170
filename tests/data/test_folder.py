"""Which pictures a folder holds: links, hidden files, and formats that nothing reads."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.data.folder import Pictures, find_pictures, list_pictures
from tiekd.errors import DataError


def put(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


@pytest.fixture
def root(tmp_path):
    put(tmp_path / "root/a.jpg", tmp_path / "disk/1.jpg", tmp_path / "disk/deep/2.JPG")
    return tmp_path / "root"


def test_linked_folders_are_followed(root, tmp_path):
    (root / "more").symlink_to(tmp_path / "disk")
    assert list_pictures(root) == ["a.jpg", "more/1.jpg", "more/deep/2.JPG"]
    only = tmp_path / "only"
    only.mkdir()
    (only / "more").symlink_to("../disk")
    assert list_pictures(only) == ["more/1.jpg", "more/deep/2.JPG"]
    linked = tmp_path / "linked"
    linked.symlink_to(root)
    assert list_pictures(linked) == ["a.jpg", "more/1.jpg", "more/deep/2.JPG"]


def test_links_in_linked_folders_are_followed(root, tmp_path):
    put(tmp_path / "disk3/3.png")
    (tmp_path / "disk/next").symlink_to(tmp_path / "disk3")
    (root / "more").symlink_to(tmp_path / "disk")
    assert list_pictures(root) == ["a.jpg", "more/1.jpg", "more/deep/2.JPG", "more/next/3.png"]


@pytest.mark.parametrize("target", [".", "..", "root", "../root", "/"])
def test_links_in_a_circle_end(root, target):
    (root / "sub").mkdir()
    put(root / "sub/b.jpg")
    (root / "sub/round").symlink_to(root if target == "root" else target)
    assert list_pictures(root) == ["a.jpg", "sub/b.jpg"]


def test_two_links_to_each_other_end(tmp_path):
    put(tmp_path / "one/1.jpg", tmp_path / "two/2.jpg")
    (tmp_path / "one/other").symlink_to(tmp_path / "two")
    (tmp_path / "two/other").symlink_to(tmp_path / "one")
    assert list_pictures(tmp_path / "one") == ["1.jpg", "other/2.jpg"]
    assert list_pictures(tmp_path) == ["one/1.jpg", "two/2.jpg"]


def test_a_picture_with_several_paths_counts_once(root, tmp_path):
    put(root / "z/real.jpg")
    (root / "again.jpg").symlink_to(root / "z/real.jpg")
    (root / "link_to_z").symlink_to(root / "z")
    (root / "x").symlink_to(tmp_path / "disk")
    (root / "y").symlink_to(tmp_path / "disk/deep")
    assert list_pictures(root) == ["a.jpg", "x/1.jpg", "x/deep/2.JPG", "z/real.jpg"]


def test_a_broken_link_is_listed_so_that_the_check_names_it(root):
    (root / "gone.jpg").symlink_to("nowhere.jpg")
    assert list_pictures(root) == ["a.jpg", "gone.jpg"]


def test_hidden_files_and_folders_are_no_pictures(root, tmp_path):
    put(root / ".tiekd-cache/x.png", root / ".git/y.png", root / "__MACOSX/a.jpg", root / "._a.jpg")
    put(tmp_path / "labels/labels.json", tmp_path / "labels/a.png")
    (root / "labels").symlink_to(tmp_path / "labels")
    (root / ".hidden").symlink_to(tmp_path / "disk")
    assert find_pictures(root) == Pictures(["a.jpg"], {})


def test_what_is_not_read_is_counted(root):
    put(
        root / "b.HEIC",
        root / "c.heic",
        root / "sub/d.TIF",
        root / "e.CR2",
        root / "notes.txt",
        root / ".f.heic",
    )
    found = find_pictures(root)
    assert found == Pictures(["a.jpg"], {".heic": 2, ".tif": 1, ".cr2": 1})
    assert found.warning() == (
        "Left out 1 .cr2, 2 .heic, 1 .tif: convert them to .jpg or .png, or they are not used."
    )
    assert find_pictures(root / "sub").names == []
    with pytest.raises(DataError, match=r"holds no picture\. Left out 1 \.tif"):
        list_pictures(root / "sub")


def test_check_and_label_say_what_is_left_out(tmp_path):
    put(tmp_path / "photos/b.heic")
    Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(tmp_path / "photos/a.png")
    data = f"folder:{tmp_path / 'photos'}"
    done = CliRunner().invoke(app, ["data", "check", data])
    assert (done.exit_code, "Left out 1 .heic" in done.output) == (0, True)
    (tmp_path / "list.txt").write_text("a.png\n")
    done = CliRunner().invoke(app, ["data", "check", data, "--split", str(tmp_path / "list.txt")])
    assert "Left out" not in done.output
    Image.fromarray(np.full((40, 50), 700, np.uint16)).save(tmp_path / "a.png")
    teacher = f"labels:{tmp_path},scale=256"
    done = CliRunner().invoke(app, ["label", teacher, "--data", data, "--out", str(Path(tmp_path, "out"))])
    assert (done.exit_code, "Left out 1 .heic" in done.output) == (0, True), done.output
