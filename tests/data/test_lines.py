"""Lists of frames as people have them: blanks, quotes, tabs, encodings, all kinds of paths, monodepth2's."""

import unicodedata

import pytest

from tiekd.data.check import duplicate_lines
from tiekd.data.frames import Frame, list_frames, open_source, read_split
from tiekd.errors import DataError

NAMES = (
    "IMG 0001.JPG",
    "IMG 2024 01 (copy).jpg",
    "plain.jpg",
    "sub dir/a b.jpg",
    "Bob's.jpg",
    "d 1.png",
    "d.png",
)


@pytest.fixture
def photos(tmp_path):
    """A folder with files of such names."""
    for name in NAMES:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return open_source(f"folder:{tmp_path / 'photos'}")


def frames(source, content):
    path = source.root.parent / "list.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list_frames(source, path)


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        ("IMG 0001.JPG", Frame("IMG 0001.JPG")),
        ("IMG 2024 01 (copy).jpg", Frame("IMG 2024 01 (copy).jpg")),
        ("  IMG 0001.JPG  ", Frame("IMG 0001.JPG")),
        ("IMG 0001.JPG d.png", Frame("IMG 0001.JPG", "d.png")),
        ("IMG 0001.JPG d.png 700", Frame("IMG 0001.JPG", "d.png", 700)),
        ("IMG 0001.JPG d 1.png 700.5", Frame("IMG 0001.JPG", "d 1.png", 700.5)),
        ("IMG 0001.JPG d 1.png", Frame("IMG 0001.JPG", "d 1.png")),
        ("plain.jpg d 1.png 7", Frame("plain.jpg", "d 1.png", 7)),
        ("sub dir/a b.jpg None 7", Frame("sub dir/a b.jpg", None, 7)),
        ("IMG 0001.JPG gone.png 700", Frame("IMG 0001.JPG", "gone.png", 700)),
        ('"IMG 0001.JPG"', Frame("IMG 0001.JPG")),
        ("'IMG 0001.JPG' 'd 1.png' 7", Frame("IMG 0001.JPG", "d 1.png", 7)),
        ('"plain.jpg" "d 1.png" 7', Frame("plain.jpg", "d 1.png", 7)),
        ('"not there.jpg" d.png', Frame("not there.jpg", "d.png")),
        ("Bob's.jpg", Frame("Bob's.jpg")),
        ("IMG 0001.JPG\td 1.png\t7", Frame("IMG 0001.JPG", "d 1.png", 7)),
        ("IMG 0001.JPG\tnot there.png\t7", Frame("IMG 0001.JPG", "not there.png", 7)),
        ("plain.jpg\td.png 7", Frame("plain.jpg", "d.png", 7)),
        ("plain.jpg none 700", Frame("plain.jpg", None, 700)),
        ("plain.jpg - 700", Frame("plain.jpg", None, 700)),
        ("plain.jpg NONE", Frame("plain.jpg")),
        ("/plain.jpg", Frame("plain.jpg")),
        ("./plain.jpg", Frame("plain.jpg")),
        (".\\sub dir\\a b.jpg", Frame("sub dir/a b.jpg")),
        ("gone\\too.jpg", Frame("gone/too.jpg")),
        ("gone.jpg", Frame("gone.jpg")),
    ],
)
def test_a_line_is_read_by_the_files_that_exist(photos, line, frame):
    assert frames(photos, f"{line}\n") == [frame]


def test_paths_may_start_elsewhere(photos, monkeypatch):
    monkeypatch.chdir(photos.root.parent)
    outside = photos.root.parent / "outside.jpg"
    outside.write_bytes(b"")
    (photos.root / "link").symlink_to(photos.root / "sub dir")
    assert frames(photos, "photos/plain.jpg photos/d 1.png 7") == [Frame("plain.jpg", "d 1.png", 7)]
    assert frames(photos, f"{photos.root}/IMG 0001.JPG") == [Frame("IMG 0001.JPG")]
    assert frames(photos, "../" + photos.root.parent.name + "/photos/plain.jpg") == [Frame("plain.jpg")]
    assert frames(photos, "photos/link/a b.jpg") == [Frame("link/a b.jpg")]
    assert frames(photos, str(outside)) == [Frame(str(outside).lstrip("/"))]
    monkeypatch.chdir(photos.root)
    assert frames(photos, "sub dir/a b.jpg\n./plain.jpg") == [Frame("sub dir/a b.jpg"), Frame("plain.jpg")]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfplain.jpg\r\nIMG 0001.JPG\r\n",
        "plain.jpg\r\nIMG 0001.JPG\r\n".encode("utf-16"),
        b"\xfe\xff" + "plain.jpg\nIMG 0001.JPG".encode("utf-16-be"),
        b"plain.jpg\rIMG 0001.JPG\r",
        b"# my list\n\nplain.jpg\n   \n#\nIMG 0001.JPG",
    ],
    ids=["BOM", "UTF-16", "UTF-16 big-endian", "old Mac", "comments"],
)
def test_every_encoding_and_end_of_line(photos, content):
    assert frames(photos, content) == [Frame("plain.jpg"), Frame("IMG 0001.JPG")]


@pytest.mark.parametrize("content", ["plain.jpg".encode("utf-16-le"), b"caf\xe9.jpg\n", b"\xff\xfe\x00"])
def test_what_is_not_text_is_told(photos, content):
    with pytest.raises(DataError, match="split file") as caught:
        frames(photos, content)
    assert "UTF-8" in caught.value.hint


def test_a_list_that_is_not_there_is_not_called_no_text(tmp_path):
    with pytest.raises(DataError, match=r"absent\.txt: No such file") as caught:
        read_split(tmp_path / "absent.txt")
    assert "UTF-8" not in caught.value.hint


def test_accents_of_another_form_find_their_file(photos):
    composed, decomposed = (unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD"))
    (photos.root / decomposed).write_bytes(b"")
    assert frames(photos, composed) == [Frame(decomposed)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no such file at all.jpg", "5 words, and no file fits"),
        ("plain.jpg d.png far", "'far' is not a focal length"),
        ("gone 1.jpg 2.png", "'2.png' is not a focal length"),
        ("../plain.jpg", "leaves the data set"),
        ("2011_09_26/2011_09_26_drive_0002_sync 69 l", "monodepth2"),
    ],
)
def test_a_line_that_fits_no_file_says_how_to_write_it(photos, line, said):
    with pytest.raises(DataError, match=said) as caught:
        frames(photos, line)
    assert caught.value.hint


DRIVE = "2011_09_26/2011_09_26_drive_0002_sync"
TRUTH = "2011_09_26_drive_0002_sync/proj_depth/groundtruth"


def test_the_form_of_monodepth2_is_read_for_kitti(tmp_path):
    for name in (
        f"input/{DRIVE}/image_02/data/0000000069.png",
        f"input/{DRIVE}/image_03/data/0000000070.jpg",
        f"gt_depth/{TRUTH}/image_02/0000000069.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    source = open_source(f"kitti:{tmp_path}")
    assert frames(source, f"{DRIVE} 69 l\n{DRIVE} 0000000070 r\n{DRIVE} 71 l") == [
        Frame(f"{DRIVE}/image_02/data/0000000069.png", f"{TRUTH}/image_02/0000000069.png"),
        Frame(f"{DRIVE}/image_03/data/0000000070.jpg"),
        Frame(f"{DRIVE}/image_02/data/0000000071.png"),
    ]
    with pytest.raises(DataError, match="monodepth2"):
        read_split(source.root.parent / "list.txt")


def test_a_frame_that_is_written_in_two_ways_is_a_duplicate(photos):
    frames(photos, f"plain.jpg\n./plain.jpg d.png\n{photos.root}/plain.jpg\nIMG 0001.JPG\n")
    (fault,) = duplicate_lines(photos.root.parent / "list.txt", photos)
    assert (fault.file, fault.detail) == ("plain.jpg", "lines 1, 2, 3")
