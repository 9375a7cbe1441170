"""Which photos a call names, and what the answers are called."""

import os
from pathlib import Path

import pytest

from tiekd.data.photos import find_photos
from tiekd.errors import ConfigError, DataError


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A folder with sub-folders, photos, and what else lies in such folders. It is the working folder."""
    monkeypatch.chdir(tmp_path)
    names = (
        "in/0.jpg", "in/1.JPEG", "in/day 2/0.jpg", "in/day 2/deep/0.png", "in/IMG.jpg", "in/IMG.png",
        "in/notes.txt", "in/.hidden.jpg", "in/.cache/x.jpg", "in/raw.HEIC", "other/0.jpg", "[x]/0.jpg",
    )  # fmt: skip
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def answers(*named, out="out", suffix=".npy"):
    """Photo -> answer, as text."""
    return {str(photo): str(target) for photo, target in find_photos(named, Path(out), suffix=suffix).pairs}


def test_files_are_answered_under_their_own_names(world):
    assert answers("in/0.jpg", "in/1.JPEG", "absent.jpg") == {
        "in/0.jpg": "out/0.npy", "in/1.JPEG": "out/1.npy", "absent.jpg": "out/absent.npy",
    }  # fmt: skip
    assert answers("[x]/0.jpg") == {"[x]/0.jpg": "out/0.npy"}


@pytest.mark.parametrize("written", ["in", "in/", "./in", "{}/in"])
def test_a_folder_keeps_its_folders_and_counts_what_it_leaves_out(world, written):
    found = find_photos([written.format(world)], world / "out", suffix=".png")
    assert [str(target.relative_to(world / "out")) for _, target in found.pairs] == [
        "0.png", "1.png", "IMG.jpg.png", "IMG.png.png", "day 2/0.png", "day 2/deep/0.png",
    ]  # fmt: skip
    assert (found.left_out, found.n_others) == ({".heic": 1}, 3)
    assert "1 .heic" in found.warning()
    assert "3 other or hidden files" in found.warning()


def test_equal_names_of_different_folders_keep_the_folders(world):
    assert answers("in/0.jpg", "in/day 2/0.jpg") == {
        "in/0.jpg": "out/0.npy", "in/day 2/0.jpg": "out/day 2/0.npy",
    }  # fmt: skip
    assert answers("in/day 2/0.jpg", "other/0.jpg", "in/1.JPEG") == {
        "in/day 2/0.jpg": "out/in/day 2/0.npy", "other/0.jpg": "out/other/0.npy", "in/1.JPEG": "out/in/1.npy",
    }  # fmt: skip
    both = answers("in", "other")
    assert (both["in/0.jpg"], both["other/0.jpg"]) == ("out/in/0.npy", "out/other/0.npy")


def test_names_that_differ_in_their_ending_keep_it(world):
    assert answers("in/IMG.jpg", "in/IMG.png", "in/0.jpg") == {
        "in/IMG.jpg": "out/IMG.jpg.npy", "in/IMG.png": "out/IMG.png.npy", "in/0.jpg": "out/0.npy",
    }  # fmt: skip


def test_a_quoted_pattern_is_expanded_here(world, monkeypatch):
    assert answers("in/*.jpg") == {"in/0.jpg": "out/0.npy", "in/IMG.jpg": "out/IMG.npy"}
    assert set(answers("in/**/*.jpg")) == {"in/0.jpg", "in/IMG.jpg", "in/day 2/0.jpg"}
    assert answers("in/day*/[0-9].jpg") == {"in/day 2/0.jpg": "out/day 2/0.npy"}
    assert answers("*/?.jpg") == {"in/0.jpg": "out/in/0.npy", "other/0.jpg": "out/other/0.npy",
                                  "[x]/0.jpg": "out/[x]/0.npy"}  # fmt: skip
    found = find_photos(["in/*"], world / "out", suffix=".npy")
    assert (len(found.pairs), found.n_others) == (4, 3)
    monkeypatch.setenv("HOME", str(world))
    assert answers("~/other/*.jpg") == {str(world / "other/0.jpg"): "out/0.npy"}
    for pattern in ("in/*.webp", "nowhere/*.jpg", "in/*.txt"):
        with pytest.raises(DataError, match="No picture matches"):
            find_photos([pattern], world / "out", suffix=".npy")


def test_answers_below_the_folder_are_no_photos_next_time(world):
    (world / "in/depth").mkdir()
    (world / "in/depth/0.png").write_bytes(b"x")
    found = find_photos(["in"], Path("in/depth"), suffix=".png")
    assert all("depth" not in photo.parts for photo, _ in found.pairs)
    assert (len(found.pairs), found.n_others) == (6, 4)
    assert answers("in/day 2", out=".") == {"in/day 2/0.jpg": "0.npy", "in/day 2/deep/0.png": "deep/0.npy"}
    with pytest.raises(ConfigError, match="would lie among the photos of in"):
        find_photos(["in"], world / "in", suffix=".png")
    assert len(answers("in", out="in")) == 7


def test_nothing_is_replaced(world):
    for named in (("in/0.jpg", "in/0.jpg"), ("in", "in/0.jpg"), ("in/0.jpg", "in/*.jpg")):
        with pytest.raises(ConfigError, match="Several photos would be written to out"):
            answers(*named)
    with pytest.raises(ConfigError, match=r"IMG\.png is one of the photos"):
        answers("in/IMG.png", out="in", suffix=".png")


def test_a_folder_without_pictures_is_told(world):
    (world / "void").mkdir()
    (world / "phone").mkdir()
    os.link(world / "in/raw.HEIC", world / "phone/a.heic")
    with pytest.raises(DataError, match=r"^void holds no picture\.$"):
        answers("void")
    with pytest.raises(DataError, match=r"phone holds no picture\. Left out 1 \.heic"):
        answers("phone")
