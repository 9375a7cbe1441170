"""`prepare_kitti` makes what `kitti:ROOT` reads, from packed, unpacked, complete and broken downloads."""

import errno
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from download_kit import (
    DRIVES,
    LIST,
    cut_short,
    depth_map,
    free_disk,
    kitti_files,
    kitti_names,
    pack,
    pack_kitti,
    picture,
    tree,
    unpack,
    write_list,
)
from filelock import FileLock

from tiekd.codecs.whole import has_ends
from tiekd.data.check import check_data
from tiekd.data.frames import list_frames, open_source
from tiekd.data.prepare import downloads, job, prepare_kitti
from tiekd.errors import ConfigError, DataError

ROOT = Path(__file__).resolve().parents[3]
FOUR_FRAMES = {
    f"{top}/{name}"
    for drive in DRIVES
    for number in (5, 6)
    for top, name in zip(("input", "gt_depth"), kitti_names(drive, number), strict=True)
}


@pytest.fixture
def split(tmp_path):
    """Six frames of two drives, two of them without ground truth and not in the downloads of most tests."""
    return write_list(tmp_path / LIST, none=())


@pytest.fixture
def packed(tmp_path):
    return pack_kitti(tmp_path / "packed")


@pytest.fixture
def unpacked(tmp_path):
    raw, depth = kitti_files()
    return unpack(raw, tmp_path / "raw"), unpack(depth, tmp_path / "depth")


def test_archives_become_the_published_layout_and_only_named_frames_are_taken(packed, split, tmp_path):
    told, seen = [], []
    result = prepare_kitti(
        packed, None, [split], tmp_path / "k", announce=told.append, progress=lambda *n: seen.append(n)
    )
    assert tree(tmp_path / "k") == FOUR_FRAMES | {LIST}
    assert (result.placed, result.kept, result.incomplete, result.missing) == (4, 0, 0, [])
    assert (told[0].n_linked, told[0].n_written) == (0, 8)
    assert told[0].n_bytes >= sum(len(p.read_bytes()) for p in (tmp_path / "k").rglob("*.png"))
    assert seen[-1] == (8, 8)
    source = open_source(f"kitti:{tmp_path / 'k'}")
    frames = list_frames(source, LIST)
    assert len(frames) == 4
    raw, depth = kitti_files()
    for frame in frames:
        assert source.image_path(frame).read_bytes() == raw[frame.image]
        assert source.depth_path(frame).read_bytes() in depth.values()
        assert np.median(source.read_depth(frame)) > 0


@pytest.mark.parametrize("places", ["file", "folder", "dates", "depth_file", "no_date"])
def test_downloads_may_lie_in_several_ways(tmp_path, split, places):
    raw, depth = kitti_files()
    if places == "no_date":
        raw = {name.split("/", 1)[1]: content for name, content in raw.items()}
        depth = {name.split("/", 1)[1]: content for name, content in depth.items()}
    if places in {"folder", "no_date"}:
        given = unpack(raw, tmp_path / "raw"), unpack(depth, tmp_path / "depth")
    elif places == "file":
        given = pack(raw, tmp_path / "all drives.zip"), pack(depth, tmp_path / "depth" / "x.zip")
    else:
        pack_kitti(tmp_path / "raw")
        given = tmp_path / "raw", tmp_path / "raw" / "data_depth_annotated.zip"
    if places == "dates":
        for drive in DRIVES:
            (tmp_path / "raw" / drive[:10]).mkdir()
            (tmp_path / "raw" / f"{drive}.zip").rename(tmp_path / "raw" / drive[:10] / f"{drive}.zip")
    result = prepare_kitti(*given, [split], tmp_path / "k")
    assert result.placed == 4
    assert tree(tmp_path / "k") == FOUR_FRAMES | {LIST}


def test_lines_without_ground_truth_need_only_their_picture(tmp_path):
    split = write_list(tmp_path / LIST, numbers=(5,), none=(6,))
    result = prepare_kitti(pack_kitti(tmp_path / "packed"), None, [split], tmp_path / "k")
    assert (result.placed, result.incomplete) == (4, 0)
    assert len([path for path in tree(tmp_path / "k") if path.startswith("gt_depth")]) == 2


@pytest.mark.parametrize("mode", ["hardlink", "link", "copy"])
def test_unpacked_files_are_linked_or_copied(unpacked, split, tmp_path, mode):
    told = []
    prepare_kitti(*unpacked, [split], tmp_path / "k", mode=mode, announce=told.append)
    name = kitti_names(DRIVES[0], 5)[0]
    original, placed = unpacked[0] / name, tmp_path / "k" / "input" / name
    assert placed.read_bytes() == original.read_bytes()
    assert placed.is_symlink() == (mode == "link")
    assert placed.samefile(original) == (mode != "copy")
    assert (told[0].n_linked, told[0].n_written) == ((0, 8) if mode == "copy" else (8, 0))
    assert (told[0].n_bytes == 0) == (mode != "copy")
    assert not list((tmp_path / "k").rglob("*.part"))


def test_where_links_cannot_be_made_files_are_copied(unpacked, split, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setitem(job._LINKS, "hardlink", refuse)
    told = []
    assert prepare_kitti(*unpacked, [split], tmp_path / "k", announce=told.append).placed == 4
    assert (told[0].n_linked, told[0].n_written) == (0, 8)
    assert told[0].no_links == "Invalid cross-device link"
    assert not (tmp_path / "k" / "input" / kitti_names(DRIVES[0], 5)[0]).samefile(
        unpacked[0] / kitti_names(DRIVES[0], 5)[0]
    )


def test_what_is_there_stays_and_what_is_cut_short_is_made_again(packed, split, tmp_path):
    prepare_kitti(packed, None, [split], tmp_path / "k")
    whole, broken = (tmp_path / "k" / "input" / kitti_names(DRIVES[0], n)[0] for n in (5, 6))
    content, time = broken.read_bytes(), whole.stat().st_mtime_ns
    cut_short(broken)
    result = prepare_kitti(packed, None, [split], tmp_path / "k")
    assert (result.placed, result.kept) == (1, 3)
    assert (broken.read_bytes(), whole.stat().st_mtime_ns) == (content, time)
    for archive in packed.iterdir():
        archive.unlink()
    result = prepare_kitti(packed, None, [split], tmp_path / "k")
    assert (result.placed, result.kept, result.incomplete) == (0, 4, 0)


def test_a_second_list_adds_its_frames(tmp_path, split):
    packed = pack_kitti(tmp_path / "packed", numbers=(5, 6, 7))
    prepare_kitti(packed, None, [split], tmp_path / "k")
    more = write_list(tmp_path / "more.txt", numbers=(6, 7), none=())
    result = prepare_kitti(packed, None, [split, more], tmp_path / "k")
    assert (result.placed, result.kept, result.splits) == (2, 4, [LIST, "more.txt"])
    assert {LIST, "more.txt"} < tree(tmp_path / "k")


def test_a_symbolic_link_that_leads_nowhere_is_made_again(unpacked, split, tmp_path):
    prepare_kitti(*unpacked, [split], tmp_path / "k", mode="link")
    unpacked[0].rename(tmp_path / "moved")
    assert prepare_kitti(tmp_path / "moved", unpacked[1], [split], tmp_path / "k", mode="link").placed == 4


def test_missing_frames_are_told_with_their_official_archive(tmp_path):
    packed = pack_kitti(tmp_path / "packed")
    (packed / f"{DRIVES[1]}.zip").unlink()
    split = write_list(tmp_path / LIST, numbers=(5, 6, 8), none=())
    result = prepare_kitti(packed, None, [split], tmp_path / "k")
    assert (result.placed, result.incomplete) == (2, 4)
    missing = {archive: [w.target for w in files] for archive, files in result.missing_by_archive().items()}
    assert missing == {
        f"{DRIVES[0]}.zip": [f"input/{kitti_names(DRIVES[0], 8)[0]}"],
        f"{DRIVES[1]}.zip": [f"input/{kitti_names(DRIVES[1], n)[0]}" for n in (5, 6, 8)],
        "data_depth_annotated.zip": [f"gt_depth/{kitti_names(drive, 8)[1]}" for drive in DRIVES],
    }
    assert result.searched == {f"{DRIVES[0]}.zip", "data_depth_annotated.zip"}


def test_an_archive_that_is_cut_short_costs_only_its_own_frames(packed, split, tmp_path):
    cut_short(packed / f"{DRIVES[0]}.zip")
    (packed / f"{DRIVES[1]}.zip").write_bytes(b"<!DOCTYPE html><title>Log in</title>")
    with pytest.raises(DataError, match=r"none of the 4 pictures .*48_sync\.zip is cut short") as caught:
        prepare_kitti(packed, None, [split], tmp_path / "k")
    assert "<drive>_sync.zip" in caught.value.hint
    pack({n: c for n, c in kitti_files()[0].items() if DRIVES[1] in n}, packed / f"{DRIVES[1]}.zip")
    result = prepare_kitti(packed, None, [split], tmp_path / "k")
    assert (result.placed, result.incomplete) == (2, 2)
    assert result.damaged == {
        str(packed / f"{DRIVES[0]}.zip"): "is cut short: its table of contents is missing."
    }
    (packed / f"{DRIVES[0]}.zip").write_bytes(b"<!DOCTYPE html><title>Log in</title>")
    (said,) = prepare_kitti(packed, None, [split], tmp_path / "k").damaged.values()
    assert said == "is not a zip archive."


def test_a_damaged_member_is_told_and_not_placed(packed, split, tmp_path):
    name = kitti_names(DRIVES[0], 5)[0]
    archive = packed / f"{DRIVES[0]}.zip"
    content = bytearray(archive.read_bytes())
    with downloads.ZipFile(archive) as opened:
        info = opened.getinfo(name)
    middle = info.header_offset + 30 + len(name) + info.compress_size // 2
    content[middle : middle + 8] = bytes(byte ^ 0xFF for byte in content[middle : middle + 8])
    archive.write_bytes(content)
    result = prepare_kitti(packed, None, [split], tmp_path / "k")
    assert (result.placed, result.incomplete) == (3, 1)
    assert list(result.damaged) == [f"input/{name}"]
    assert "can't be unpacked" in result.damaged[f"input/{name}"]
    assert tree(tmp_path / "k") == (FOUR_FRAMES | {LIST}) - {f"input/{name}"}
    assert not list((tmp_path / "k").rglob("*.part"))


def test_a_loose_file_that_is_cut_short_is_not_placed(unpacked, split, tmp_path):
    name = kitti_names(DRIVES[0], 5)[0]
    broken = cut_short(unpacked[0] / name)
    result = prepare_kitti(*unpacked, [split], tmp_path / "k")
    assert (result.placed, result.incomplete) == (3, 1)
    assert result.damaged == {str(broken): "is cut short"}
    assert not (tmp_path / "k" / "input" / name).exists()
    # The archive beside it has it whole.
    pack({n: c for n, c in kitti_files()[0].items() if DRIVES[0] in n}, unpacked[0] / f"{DRIVES[0]}.zip")
    assert prepare_kitti(*unpacked, [split], tmp_path / "k").incomplete == 0


def test_a_wrong_folder_is_told_with_what_it_holds(unpacked, split, tmp_path):
    (tmp_path / "photos" / "2020").mkdir(parents=True)
    (tmp_path / "photos" / "a.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"none of the 4 pictures .* It holds 2020/, a\.jpg\.") as caught:
        prepare_kitti(tmp_path / "photos", unpacked[1], [split], tmp_path / "k")
    assert "<date>/<drive>_sync/image_02" in caught.value.hint
    with pytest.raises(DataError, match=r"none of the 4 depth maps .* It holds 2011_09_26/, 2011_09_28/\."):
        prepare_kitti(unpacked[0], None, [split], tmp_path / "k")
    with pytest.raises(DataError, match="is not there"):
        prepare_kitti(tmp_path / "nowhere", None, [split], tmp_path / "k")
    (tmp_path / "page.zip").write_bytes(b"<html>")
    with pytest.raises(DataError, match=r"page\.zip is not a zip archive"):
        prepare_kitti(tmp_path / "page.zip", None, [split], tmp_path / "k")
    assert not (tmp_path / "k").exists()


@pytest.mark.parametrize(
    "line",
    [
        "photos/1.png None",
        "2011_09_26/2011_09_26_drive_0048_sync/image_02/data/0000000005.tif None",
        "2011_09_26/2011_09_26_drive_0048_sync/image_02/data/0000000005.png depth/5.png 721",
    ],
)
def test_a_list_of_other_names_is_told(tmp_path, packed, line):
    (tmp_path / "other.txt").write_text(line)
    with pytest.raises(DataError, match="no official download holds"):
        prepare_kitti(packed, None, [tmp_path / "other.txt"], tmp_path / "k")


def test_a_disk_that_cannot_hold_it_is_refused_before_anything_is_written(
    packed, unpacked, split, tmp_path, monkeypatch
):
    monkeypatch.setattr(job.shutil, "disk_usage", free_disk(1000))
    with pytest.raises(DataError, match=r"takes 0\.0 GB, and .* has 0\.0 GB left"):
        prepare_kitti(packed, None, [split], tmp_path / "k")
    assert tree(tmp_path / "k") == set()
    assert prepare_kitti(*unpacked, [split], tmp_path / "k").placed == 4  # links need no room


def test_a_disk_that_fills_up_is_told_and_what_is_placed_stays(packed, split, tmp_path, monkeypatch):
    copied = []

    def fill_up(source, target, *_):
        target.write(source.read(10))
        copied.append(target)
        if len(copied) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        target.write(source.read())

    with monkeypatch.context() as patch:
        patch.setattr(downloads.shutil, "copyfileobj", fill_up)
        with pytest.raises(DataError, match="No space left on device") as caught:
            prepare_kitti(packed, None, [split], tmp_path / "k")
    assert "What is placed stays" in caught.value.hint
    assert len(tree(tmp_path / "k")) == 3
    assert not list((tmp_path / "k").rglob("*.part"))
    assert prepare_kitti(packed, None, [split], tmp_path / "k").incomplete == 0
    assert tree(tmp_path / "k") == FOUR_FRAMES | {LIST}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_killed_call_is_resumed(packed, split, tmp_path):
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tiekd.data.prepare import downloads, prepare_kitti\n"
        "def die(source, target, *_):\n"
        "    target.write(source.read(20)); target.flush()\n"
        "    if len(list(Path(sys.argv[3]).rglob('*.png'))) > 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    target.write(source.read())\n"
        "downloads.shutil.copyfileobj = die\n"
        "prepare_kitti(Path(sys.argv[1]), None, [Path(sys.argv[2])], Path(sys.argv[3]))\n"
    )
    out = tmp_path / "k"
    killed = subprocess.run([sys.executable, "-c", code, packed, split, out], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = len(tree(out))
    assert 0 < left < 8
    assert len(list(out.rglob(".*.part"))) == 1
    result = prepare_kitti(packed, None, [split], out)
    assert result.incomplete == 0
    assert tree(out) == FOUR_FRAMES | {LIST}
    assert not list(out.rglob(".*.part"))
    assert all(has_ends(path) for path in out.rglob("*.png"))


def test_two_calls_do_not_work_in_one_folder(packed, split, tmp_path):
    (tmp_path / "k").mkdir()
    with (
        FileLock(tmp_path / "k" / job._LOCK),
        pytest.raises(ConfigError, match="Another `tiekd data prepare`"),
    ):
        prepare_kitti(packed, None, [split], tmp_path / "k")


def test_no_file_is_lost(packed, split, tmp_path):
    own = tmp_path / "k" / "gt_depth" / kitti_names(DRIVES[0], 5)[1]
    own.parent.mkdir(parents=True)
    own.write_bytes(depth_map(9, (80, 90)))
    with pytest.raises(DataError, match=r"0000000005\.png is another file than the download's"):
        prepare_kitti(packed, None, [split], tmp_path / "k")
    own.unlink()
    (tmp_path / "k" / LIST).write_text("mine.png")
    with pytest.raises(ConfigError, match=r"eigen_test\.txt is another list than"):
        prepare_kitti(packed, None, [split], tmp_path / "k")
    twin = write_list(tmp_path / "b" / LIST)
    with pytest.raises(ConfigError, match=r"Two lists are called eigen_test\.txt"):
        prepare_kitti(packed, None, [split, twin], tmp_path / "k2")
    assert not (tmp_path / "k2").exists()


def test_a_folder_that_cannot_be_written_is_told(packed, split, tmp_path):
    (tmp_path / "k").write_text("a file")
    with pytest.raises(DataError, match=r"Can't write .*k: File exists"):
        prepare_kitti(packed, None, [split], tmp_path / "k")


def as_jpeg(files, ending=".jpg"):
    """The pictures of raw drives, converted to JPEG."""
    names = (name.replace(".png", ending) for name in files)
    return {name: picture(number, file_format="JPEG") for number, name in enumerate(names)}


@pytest.mark.parametrize(
    ("listed", "stored"),
    [
        (".png", ".png"),
        (".png", ".jpg"),
        (".jpg", ".png"),
        (".jpg", ".jpg"),
        (".png", ".jpeg"),
        (".jpeg", ".jpg"),
    ],
)
def test_raw_drives_may_be_converted_to_jpeg_and_lists_have_either_ending(tmp_path, split, listed, stored):
    raw, depth = kitti_files()
    unpack(raw if stored == ".png" else as_jpeg(raw, stored), tmp_path / "raw")
    unpack(depth, tmp_path / "depth")
    split.write_text(re.sub(r"(data/\d+)\.png", rf"\1{listed}", split.read_text()))
    expected = {name.replace(".png", stored) if name.startswith("input") else name for name in FOUR_FRAMES}
    for placed, kept in ((4, 0), (0, 4)):
        result = prepare_kitti(tmp_path / "raw", tmp_path / "depth", [split], tmp_path / "k")
        assert (result.placed, result.kept, result.incomplete) == (placed, kept, 0)
        assert tree(tmp_path / "k") == expected | {LIST}
    source = open_source(f"kitti:{tmp_path / 'k'}")
    frames = list_frames(source, LIST)
    assert {f"input/{frame.image}" for frame in frames} == {name for name in expected if "input" in name}
    assert check_data(source, frames, crop="kb").faults == []
    (tmp_path / "empty").mkdir()
    (tmp_path / "raw").rename(tmp_path / "gone")
    result = prepare_kitti(tmp_path / "empty", tmp_path / "depth", [split], tmp_path / "k")
    assert (result.placed, result.kept, result.incomplete) == (0, 4, 0), "what is placed stays"


def test_a_converted_drive_that_lacks_pictures_is_told(tmp_path, split):
    raw, depth = kitti_files()
    jpegs = as_jpeg(raw)
    del jpegs[next(name for name in jpegs if "image_02" in name)]
    unpack(jpegs, tmp_path / "raw")
    unpack(depth, tmp_path / "depth")
    result = prepare_kitti(tmp_path / "raw", tmp_path / "depth", [split], tmp_path / "k")
    assert (result.placed, result.incomplete) == (3, 1)
    assert list(result.missing_by_archive()) == [f"{DRIVES[0]}.zip"]
