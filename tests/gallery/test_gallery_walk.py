from pathlib import Path

import pytest

from tiekd.gallery.walk import Boundary, folders_in, walk


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def names(folder: Path, *, follow_links: bool = False) -> list[str]:
    return sorted(walk(folder, Boundary.around(folder, follow_links=follow_links)).files)


def test_files_of_sub_folders_are_found_by_their_path(tmp_path) -> None:
    for name in ("a.png", "day/b.npy", "day/night/c.PFM", "notes.txt"):
        put(tmp_path / name)
    assert names(tmp_path) == ["a.png", "day/b.npy", "day/night/c.PFM", "notes.txt"]


@pytest.mark.parametrize(
    "name",
    [".ipynb_checkpoints/a.png", "__MACOSX/a.png", "._a.png", ".DS_Store", "Thumbs.db", "d/.git/a.png"],
)
def test_hidden_files_and_folders_are_passed_over(tmp_path, name) -> None:
    put(tmp_path / name)
    assert names(tmp_path) == []
    assert [folder.name for folder in folders_in(tmp_path)] in ([], ["d"])


def test_links_inside_are_followed_and_circles_end(tmp_path) -> None:
    put(tmp_path / "run" / "a.png")
    (tmp_path / "latest").symlink_to("run")
    (tmp_path / "run" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    found = walk(tmp_path, Boundary.around(tmp_path))
    assert sorted(found.files) in (["latest/a.png", "self"], ["run/a.png", "self"])
    assert found.closed == {}


def test_a_link_to_a_folder_above_is_not_entered(tmp_path) -> None:
    put(tmp_path / "run" / "a.png")
    put(tmp_path / "other" / "b.png")
    (tmp_path / "run" / "up").symlink_to("..")
    assert sorted(walk(tmp_path / "run", Boundary.around(tmp_path)).files) == ["a.png"]


def test_a_link_to_the_folder_that_holds_it_is_told_and_not_entered(tmp_path) -> None:
    put(tmp_path / "r" / "run" / "a.png")
    for link, target in (("loop", "."), ("run/loop", "../run"), ("run/up", "../../r")):
        (tmp_path / "r" / link).symlink_to(target)
    boundary = Boundary.around(tmp_path / "r")
    for link in ("loop", "run/loop", "run/up"):
        found = walk(tmp_path / "r" / link, boundary)
        assert (found.files, found.closed) == ({}, {"": "is a link to a folder above itself"})
    assert names(tmp_path / "r" / "run") == ["a.png"]


def test_links_that_lead_out_are_closed_unless_they_are_followed(tmp_path) -> None:
    outside, inside = tmp_path / "out", tmp_path / "in"
    put(outside / "secret.png")
    put(inside / "a.png")
    (inside / "b.png").symlink_to(outside / "secret.png")
    (inside / "folder").symlink_to(outside)
    boundary = Boundary.around(inside)
    found = walk(inside, boundary)
    assert sorted(found.files) == ["a.png", "b.png"]
    assert "leads out of the folder" in found.closed["folder"]
    assert "leads out of the folder. `tiekd serve --follow-links`" in boundary.fault(inside / "b.png")
    assert boundary.fault(inside / "a.png") == ""
    assert names(inside, follow_links=True) == ["a.png", "b.png", "folder/secret.png"]
    following = Boundary.around(inside, follow_links=True)
    assert following.fault(inside / "b.png") == ""
    assert not following.holds(inside / ".." / "out" / "secret.png")


def test_the_folder_itself_may_be_a_link(tmp_path) -> None:
    put(tmp_path / "real" / "a.png")
    (tmp_path / "link").symlink_to("real")
    boundary = Boundary.around(tmp_path / "link")
    assert sorted(walk(tmp_path / "link", boundary).files) == ["a.png"]
    assert boundary.fault(tmp_path / "link" / "a.png") == ""


def test_a_neighbour_of_a_longer_name_is_outside(tmp_path) -> None:
    put(tmp_path / "results-private" / "a.png")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "b.png").symlink_to(tmp_path / "results-private" / "a.png")
    assert not Boundary.around(tmp_path / "results").holds(tmp_path / "results" / "b.png")
