"""`prepare_nyu` makes what `nyu:ROOT` reads; the numbers of labelled frames are the published ones."""

import builtins
import sys

import numpy as np
import pytest
from download_kit import cut_short, nyu_sync_files, pack, tree, unpack, write_labelled

from tiekd.data.frames import list_frames, open_source
from tiekd.data.prepare import labelled, prepare_nyu
from tiekd.errors import ConfigError, DataError, UnavailableError

TRAIN = (
    "/kitchen_0028b/rgb_00045.jpg /kitchen_0028b/sync_depth_00045.png 518.8579\n"
    "/nyu_office_0/rgb_00045.jpg /nyu_office_0/sync_depth_00045.png 518.8579\n"
)
TEST = "bathroom/rgb_00001.jpg bathroom/sync_depth_00001.png 518.8579\n"
PLACED_TEST = {"bathroom/rgb_00001.jpg", "bathroom/sync_depth_00001.png"}
PLACED_TRAIN = {
    f"{scene}/{name}"
    for scene in ("kitchen_0028b", "nyu_office_0")
    for name in ("rgb_00045.jpg", "sync_depth_00045.png")
}


@pytest.fixture
def lists(tmp_path):
    (tmp_path / "nyu_train.txt").write_text(TRAIN)
    (tmp_path / "nyu_test.txt").write_text(TEST)
    return [tmp_path / "nyu_train.txt", tmp_path / "nyu_test.txt"]


@pytest.fixture(scope="module")
def mat(tmp_path_factory):
    path = tmp_path_factory.mktemp("mat") / "nyu_depth_v2_labeled.mat"
    return path, *write_labelled(path)


def test_both_downloads_become_the_published_layout(lists, mat, tmp_path):
    told = []
    sync = pack(nyu_sync_files(), tmp_path / "sync.zip")
    result = prepare_nyu(sync, mat[0], lists, tmp_path / "n", announce=told.append)
    assert (result.placed, result.incomplete, told[0].n_written) == (3, 0, 6)
    assert tree(tmp_path / "n") == PLACED_TEST | PLACED_TRAIN | {"nyu_train.txt", "nyu_test.txt"}
    again = prepare_nyu(sync, mat[0], lists, tmp_path / "n")
    assert (again.placed, again.kept) == (0, 3)
    source = open_source(f"nyu:{tmp_path / 'n'}")
    assert len(list_frames(source, "nyu_train.txt")) == 2
    assert source.read_depth(list_frames(source, "nyu_train.txt")[0]).max() == pytest.approx(2.25, abs=0.01)


def test_labelled_frames_are_raw_depth_rounded_down_and_a_black_frame(lists, mat, tmp_path):
    _, images, metres = mat
    prepare_nyu(None, mat[0], lists[1:], tmp_path / "n")
    source = open_source(f"nyu:{tmp_path / 'n'}")
    (frame,) = list_frames(source, "nyu_test.txt")
    depth, image = source.read_depth(frame), source.read_image(frame)
    expected = (metres[1] * np.float32(1000)).astype(np.uint16).astype(np.float32) / 1000
    np.testing.assert_allclose(depth, expected, atol=1e-6)
    assert depth[0, 0] == 0, "holes of the sensor stay holes"
    assert image.shape == (480, 640, 3)
    assert image[:6].max() < 8, "the white frame is black"
    np.testing.assert_allclose(image[100:400, 100:500].mean((0, 1)), images[1, 200, 300], atol=2)


@pytest.mark.parametrize("places", ["folder", "extracted", "sync_folder"])
def test_downloads_may_lie_in_several_ways(lists, mat, tmp_path, places):
    sync, test = pack(nyu_sync_files(), tmp_path / "down" / "sync.zip"), mat[0].parent
    if places == "sync_folder":
        sync = unpack(nyu_sync_files(), tmp_path / "unpacked")
    if places == "extracted":
        prepare_nyu(None, mat[0], lists[1:], tmp_path / "official_splits" / "test")
        test = tmp_path
    given = sync.parent if places == "folder" else sync
    assert prepare_nyu(given, test, lists, tmp_path / "n").incomplete == 0
    assert tree(tmp_path / "n") > PLACED_TEST | PLACED_TRAIN


def test_missing_frames_are_told_with_their_download(lists, mat, tmp_path):
    lists[1].write_text(TEST + "kitchen/rgb_01448.jpg kitchen/sync_depth_01448.png 518.8579\n")
    result = prepare_nyu(None, mat[0], lists, tmp_path / "n")
    assert (result.placed, result.incomplete) == (1, 3)
    counts = {archive: len(files) for archive, files in result.missing_by_archive().items()}
    assert counts == {"sync.zip": 4, "nyu_depth_v2_labeled.mat": 2}
    assert result.searched == {"nyu_depth_v2_labeled.mat"}
    with pytest.raises(ConfigError, match="No download is given"):
        prepare_nyu(None, None, lists, tmp_path / "n")


def test_a_list_that_counts_otherwise_is_told(lists, mat, tmp_path):
    lists[1].write_text("bathroom/rgb_00002.jpg bathroom/sync_depth_00002.png 518.8579\n")
    with pytest.raises(DataError, match=r"frame 2 of nyu_depth_v2_labeled\.mat is of type 'study_room'"):
        prepare_nyu(None, mat[0], lists[1:], tmp_path / "n")
    lists[1].write_text("bathroom/2.jpg bathroom/2.png 518.8579\n")
    with pytest.raises(DataError, match=r"names bathroom/2\.jpg, which no official download holds"):
        prepare_nyu(None, mat[0], lists[1:], tmp_path / "n")


def test_a_file_that_is_not_the_labelled_set_is_told(lists, mat, tmp_path):
    import h5py

    broken = tmp_path / "nyu_depth_v2_labeled.mat"
    broken.write_bytes(mat[0].read_bytes())
    with pytest.raises(DataError, match="is cut short"):
        prepare_nyu(None, cut_short(broken), lists[1:], tmp_path / "n")
    broken.write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(500))
    with pytest.raises(DataError, match=r"is not a MATLAB 7\.3"):
        prepare_nyu(None, broken, lists[1:], tmp_path / "n")
    with h5py.File(broken, "w") as file:
        file["trainNdxs"] = [1, 2]
    with pytest.raises(DataError, match=r"holds trainNdxs, not images, rawDepths and sceneTypes of 640x480"):
        prepare_nyu(None, broken, lists[1:], tmp_path / "n")
    with pytest.raises(DataError, match=r"nyu_test\.txt is not a zip archive"):
        prepare_nyu(lists[1], None, lists[:1], tmp_path / "n")
    with pytest.raises(DataError, match=r"none of the 2 files that the lists name\. It holds "):
        prepare_nyu(None, tmp_path / "..", lists[1:], tmp_path / "n")


def test_without_h5py_the_package_is_named(lists, mat, tmp_path, monkeypatch):
    original = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "h5py":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "h5py", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UnavailableError, match="needs the package h5py") as caught:
        labelled.LabelledFrames(mat[0])
    assert caught.value.hint == "pip install 'tiekd[nyu]'"
