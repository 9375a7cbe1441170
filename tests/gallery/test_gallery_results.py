"""Folders as other programs write them: what is depth, which files are of one frame, what is left out."""

import io
import json
import os
import socket
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs import png, png16
from tiekd.codecs.arrays import npy_bytes, npz_bytes
from tiekd.errors import DataError, TiekdError
from tiekd.gallery import Gallery, ResultsOptions, open_gallery, open_results

DEPTH = np.linspace(2, 40, 20 * 30, dtype=np.float32).reshape(20, 30)
COLOURS = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
FRAMES = ("f0", "f1")


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(COLOURS).save(path)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for frame in FRAMES:
        picture(tmp_path / "results" / "image" / f"{frame}.jpg")
        put(tmp_path / "results" / "teacher" / f"{frame}.png", png16.encode(DEPTH))
    return tmp_path / "results"


def is_whole(gallery: Gallery, method: str) -> bool:
    """Whether all frames are the usual ones, without a fault, and the method answers depth in each."""
    frames = [frame.describe() for frame in gallery.listing.frames]
    clean = all(not {"missing", "broken", "sizes"} & set(frame) and frame["has_image"] for frame in frames)
    return (
        clean
        and [frame["id"] for frame in frames] == list(FRAMES)
        and all((gallery.depth(method, frame) == png16.to_uint16(DEPTH)).all() for frame in FRAMES)
    )


def pfm() -> bytes:
    return b"Pf\n30 20\n-1.0\n" + DEPTH[::-1].tobytes()


def tiff(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(DEPTH).save(path)


WRITERS = {
    "several arrays": lambda to, f: put(to / f"{f}.npz", npz_bytes(conf=DEPTH * 0 + 0.5, depth=DEPTH)),
    "a camera first": lambda to, f: put(to / f"{f}.npz", npz_bytes(K=np.eye(3), pred=DEPTH)),
    "another size first": lambda to, f: put(to / f"{f}.npz", npz_bytes(depth=DEPTH[:9], pred=DEPTH)),
    "depth and a preview": lambda to, f: (
        picture(to / f"{f}.jpg"),
        put(to / f"{f}.npz", npz_bytes(depth=DEPTH)),
    ),
    "a preview of the name": lambda to, f: (
        picture(to / f"{f}.png"),
        put(to / f"{f}_raw_depth_meter.npy", npy_bytes(DEPTH)),
    ),
    "named previews": lambda to, f: (picture(to / f"{f}_vis.png"), put(to / f"{f}.npy", npy_bytes(DEPTH))),
    "previews of a folder": lambda to, f: (
        picture(to / "vis" / f"{f}_color.jpg"),
        put(to / "depth" / f"{f}.npy", npy_bytes(DEPTH)),
    ),
    "confidence beside": lambda to, f: (
        put(to / f"{f}_conf.npy", npy_bytes(DEPTH / 100)),
        put(to / f"{f}_depth.npy", npy_bytes(DEPTH)),
    ),
    "16 bits beside arrays": lambda to, f: (
        put(to / "depth_bw" / f"{f}_pred.png", png16.encode(DEPTH / 7)),
        put(to / "depth_npy" / f"{f}_pred.npy", npy_bytes(DEPTH)),
    ),
    "suffix": lambda to, f: put(to / f"{f}_pred.png", png16.encode(DEPTH)),
    "prefix": lambda to, f: put(to / f"depth_{f}.PNG", png16.encode(DEPTH)),
    "float TIFF": lambda to, f: tiff(to / f"{f}.TIFF"),
    "PFM": lambda to, f: put(to / f"{f}.pfm", pfm()),
    "nested": lambda to, f: put(to / "2011_09_26" / "drive_0002" / f"{f}.png", png16.encode(DEPTH)),
    "folders of its own": lambda to, f: put(to / f"seq{f}" / "out" / f"{f}.png", png16.encode(DEPTH)),
    "a folder per frame with previews": lambda to, f: (
        picture(to / f / "preview.png"),
        picture(to / f / "input.jpg"),
        put(to / f / "depth.npy", npy_bytes(DEPTH)),
    ),
    "a folder per frame": lambda to, f: put(to / f / "depth.npy", npy_bytes(DEPTH)),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_the_metres_of_other_programs_are_shown_on_the_frames_they_are_of(results, kind) -> None:
    for frame in FRAMES:
        WRITERS[kind](results / "other", frame)
    assert is_whole(open_results(results), "other")


def test_all_of_them_at_once(results) -> None:
    for kind, write in WRITERS.items():
        for frame in FRAMES:
            write(results / kind, frame)
    gallery = open_results(results)
    for kind in WRITERS:
        assert is_whole(gallery, kind), kind


def test_floats_that_cannot_be_metres_are_not_shown_as_such(results) -> None:
    for frame in FRAMES:
        put(results / "mm" / f"{frame}.npy", npy_bytes(DEPTH * 1000))
    with pytest.raises(
        DataError, match=r"f0\.npy is no depth in metres: most of it is beyond 256 m"
    ) as caught:
        open_results(results).depth("mm", "f0")
    assert "divide millimetres by 1000" in caught.value.hint


@pytest.mark.parametrize(
    ("orientation", "depth", "told"),
    [(1, DEPTH, False), (3, DEPTH, True), (6, DEPTH, True), (6, DEPTH.T, False), (8, DEPTH[:, :20], True)],
)
def test_photos_that_are_turned_by_exif_are_told_unless_the_depth_is_too(
    tmp_path, orientation, depth, told
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "image").mkdir()
    Image.fromarray(COLOURS).save(tmp_path / "image" / "f0.jpg", exif=exif)
    put(tmp_path / "teacher" / "f0.npy", npy_bytes(depth))
    left_out = open_results(tmp_path).listing.left_out
    assert set(left_out) == ({"image"} if told else set())
    assert not told or left_out["image"].startswith("Turned by their EXIF orientation: 1, like f0.jpg.")


def test_arrays_that_nothing_tells_apart_are_listed(results) -> None:
    for frame in FRAMES:
        put(results / "other" / f"{frame}.npz", npz_bytes(a=DEPTH, b=DEPTH * 2))
    gallery = open_results(results)
    told = gallery.frame("f0").broken["other"]
    assert told == "f0.npz holds several arrays that can be depth: a float32 [20, 30], b float32 [20, 30]."
    with pytest.raises(DataError, match=r"a float32 \[20, 30\]"):
        gallery.depth("other", "f0")


def test_frames_of_sub_folders_have_their_path_as_a_name(results) -> None:
    for folder in ("teacher", "other"):
        for scene in ("day", "night"):
            put(results / folder / scene / "0.png", png16.encode(DEPTH))
    gallery = open_results(results)
    assert [frame.id for frame in gallery.listing.frames] == ["day/0", "f0", "f1", "night/0"]
    assert gallery.depth("other", "night/0").shape == DEPTH.shape


def test_sub_folders_of_the_same_names_are_not_chosen_between(results) -> None:
    for side in ("left", "right"):
        for frame in FRAMES:
            put(results / "stereo" / side / f"{frame}.png", png16.encode(DEPTH))
    frames = [frame.id for frame in open_results(results).listing.frames]
    assert frames == ["f0", "f1", "left/f0", "left/f1", "right/f0", "right/f1"]


def test_names_that_are_no_text_are_left_out(results) -> None:
    for name in (b"teacher/\xff.png", b"bad\xfe/f0.png", b"two\nlines/f0.png"):
        path = Path(os.fsdecode(os.fsencode(results) + b"/" + name))
        put(path, png16.encode(DEPTH))
    gallery = open_results(results)
    assert is_whole(gallery, "teacher")
    json.dumps(gallery.describe(), ensure_ascii=False).encode()
    assert gallery.listing.left_out == {
        "teacher": "\ufffd.png has a name that is no text.",
        "bad\ufffd": "Its name is no text.",
        "two\ufffdlines": "Its name is no text.",
    }


def test_what_is_not_shown_is_listed_with_the_reason(results) -> None:
    put(results / "exr" / "f0.exr", b"\x76\x2f\x31\x01")
    put(results / "notes" / "readme.txt", b"")
    (results / "nothing").mkdir()
    put(results / "some exr" / "f0.png", png16.encode(DEPTH))
    put(results / "some exr" / "f1.exr", b"")
    put(results / ".ipynb_checkpoints" / "f0.png", png16.encode(DEPTH))
    put(results / "__MACOSX" / "f0.png", png16.encode(DEPTH))
    put(results / "image" / "f2.heic", b"")
    gallery = open_results(results)
    assert [method.id for method in gallery.listing.methods] == ["some exr", "teacher"]
    left_out = {entry["name"]: entry["reason"] for entry in gallery.describe()["left_out"]}
    assert set(left_out) == {"exr", "notes", "nothing", "some exr", "image"}
    assert "1 × .exr (an OpenEXR picture). Depth is read from .npy" in left_out["exr"]
    assert "1 × .txt" in left_out["notes"]
    assert left_out["nothing"] == "It holds no files."
    assert "1 × .exr" in left_out["some exr"]
    assert "1 × HEIC" in left_out["image"]
    assert "left_out" not in open_results(results, ResultsOptions()).summary()


def test_a_folder_in_which_nothing_can_be_shown_says_why(tmp_path) -> None:
    put(tmp_path / "exr" / "f0.exr", b"")
    with pytest.raises(DataError, match=r"holds no METHOD/FRAME.* exr: Can't be read: 1 × \.exr"):
        open_results(tmp_path)


def test_pictures_that_belong_to_no_depth_are_no_frames(results) -> None:
    for frame in FRAMES:
        put(results / "other" / f"{frame}.npy", npy_bytes(DEPTH))
    picture(results / "other" / "overview.png")
    gallery = open_results(results)
    assert is_whole(gallery, "other")
    assert gallery.listing.left_out["other"] == "Not shown without depth: overview.png."
    for photo in (results / "image").iterdir():
        photo.unlink()
    told = open_results(results).listing.left_out["other"]
    assert told.endswith("overview.png. Photos belong in a folder image beside the methods.")


@pytest.mark.parametrize("above", ["", "drive_1"])
def test_links_to_folders_above_and_to_nothing_are_told(tmp_path, above) -> None:
    sequences(tmp_path / "r", drive_1=30, drive_2=31)
    frames = [frame.id for frame in open_results(tmp_path / "r").listing.frames]
    (tmp_path / "r" / above / "loop").symlink_to(tmp_path / "r")
    (tmp_path / "r" / "dead").symlink_to(tmp_path / "gone")
    gallery = open_results(tmp_path / "r")
    assert [method.id for method in gallery.listing.methods] == ["gt", "net"]
    assert [frame.id for frame in gallery.listing.frames] == frames
    assert gallery.listing.left_out == {
        f"{above}/loop".removeprefix("/"): "It is a link to a folder above itself.",
        "dead": "It is a link to nothing.",
    }


def test_links_out_of_the_folder_are_told_and_not_served(results, tmp_path) -> None:
    secret = put(tmp_path / "secret" / "f0.png", png16.encode(DEPTH))
    (results / "linked").symlink_to(secret.parent)
    (results / "mixed").mkdir()
    put(results / "mixed" / "f1.png", png16.encode(DEPTH))
    (results / "mixed" / "f0.png").symlink_to(secret)
    (results / "image" / "f0.jpg").unlink()
    (results / "image" / "f0.jpg").symlink_to(secret)
    (results / "inside").mkdir()
    for frame in FRAMES:
        (results / "inside" / f"{frame}.png").symlink_to(f"../teacher/{frame}.png")
    gallery = open_results(results)
    assert [method.id for method in gallery.listing.methods] == ["inside", "mixed", "teacher"]
    assert set(gallery.listing.left_out) == {"linked", "mixed", "image"}
    assert all("--follow-links" in reason for reason in gallery.listing.left_out.values())
    assert "leads out of the folder" in gallery.frame("f0").broken["mixed"]
    assert gallery.frame("f0").photo is None
    for method in ("mixed", "linked"):
        with pytest.raises(TiekdError):
            gallery.depth(method, "f0")
    assert gallery.depth("inside", "f0").shape == DEPTH.shape
    followed = open_results(results, ResultsOptions(follow_links=True))
    assert {method.id for method in followed.listing.methods} == {"inside", "linked", "mixed", "teacher"}
    assert followed.depth("linked", "f0").shape == followed.depth("mixed", "f0").shape == DEPTH.shape
    assert followed.listing.left_out == {}


def test_a_file_that_becomes_a_link_is_no_longer_served(results, tmp_path) -> None:
    gallery = open_results(results)
    for path in (results / "teacher" / "f0.png", results / "image" / "f0.jpg"):
        path.rename(tmp_path / path.name)
        path.symlink_to(tmp_path / path.name)
    with pytest.raises(DataError, match="leads out of the folder"):
        gallery.depth("teacher", "f0")
    with pytest.raises(DataError, match="leads out of the folder"):
        gallery.photo_bytes("f0")


def test_pipes_sockets_devices_and_folders_block_nothing(results, monkeypatch) -> None:
    monkeypatch.chdir(results / "teacher")
    os.mkfifo("pipe.png")
    os.mkfifo("pipe.npz")
    Path("device.png").symlink_to("/dev/zero")
    Path("folder.png").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.png")
        os.mkfifo(results / "image" / "pipe.jpg")
        gallery = open_results(results, ResultsOptions(follow_links=True))
    faults = {frame.id: frame.broken["teacher"] for frame in gallery.listing.frames if frame.broken}
    assert set(faults) == {"pipe", "device", "folder", "socket"}
    assert all(fault.endswith("is not a file.") for fault in faults.values())
    for frame in faults:
        with pytest.raises(DataError, match="not a file"):
            gallery.depth("teacher", frame)
    os.unlink("f0.png")  # noqa: PTH108
    os.mkfifo("f0.png")
    with pytest.raises(DataError, match="it is a pipe, not a file"):
        gallery.depth("teacher", "f0")
    (results / "image" / "f0.jpg").unlink()
    os.mkfifo(results / "image" / "f0.jpg")
    with pytest.raises(DataError, match="it is a pipe, not a file"):
        gallery.photo_bytes("f0")


def test_a_gallery_of_our_own_layout_is_closed_in_the_same_way(results, tmp_path) -> None:
    put(tmp_path / "f0.png", png16.encode(DEPTH))
    frames = [{"id": frame, "title": frame, "width": 30, "height": 20} for frame in FRAMES]
    methods = [{"id": name, "label": name, "family": "other"} for name in ("teacher", "..", "linked")]
    about = {"id": "a", "title": "A", "depth_range": {"min_m": 1, "max_m": 80}, "depth_scale": 256}
    put(results / "gallery.json", json.dumps(about | {"methods": methods, "frames": frames}).encode())
    (results / "linked").symlink_to(tmp_path)
    os.mkfifo(results / "linked" / "f1.png")
    gallery = open_gallery(results)
    assert set(gallery.frame("f0").broken) == {"..", "linked"}
    for method in ("..", "linked"):
        with pytest.raises(DataError, match="leads out of the folder"):
            gallery.depth(method, "f0")
    followed = open_gallery(results, follow_links=True)
    assert set(followed.frame("f0").broken) == {".."}
    assert followed.frame("f1").broken["linked"] == "f1.png is not a file."
    assert followed.depth("linked", "f0").shape == DEPTH.shape
    (results / "gallery.json").rename(tmp_path / "about.json")
    (results / "gallery.json").symlink_to(tmp_path / "about.json")
    with pytest.raises(DataError, match="leads out of the folder"):
        open_gallery(results)


def header_of_png(width: int, height: int, *, bits: int, color: int) -> bytes:
    """A PNG that ends after a header, as `png.encode_grey16` and `png.encode_rgb` write it."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return png.SIGNATURE + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png.END


def header_of_npy(shape: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("f0.png", header_of_png(12_000, 12_000, bits=16, color=0)),
        ("f0.png", header_of_png(200_000, 200_000, bits=16, color=0)),
        ("f0.npy", header_of_npy((10**6, 10**6))),
        ("f0.pfm", b"Pf\n12000 12000\n-1.0\n"),
    ],
)
def test_what_claims_to_be_huge_is_refused_by_its_header(results, name, data) -> None:
    put(results / "teacher" / "f0.npy", npy_bytes(DEPTH))
    put(results / "other" / name, data)
    put(results / "other" / "f1.png", png16.encode(DEPTH))
    gallery = open_results(results)
    with pytest.raises(DataError, match=r"^f0\..* (more than 64 million|far too many pixels|can't be read)"):
        gallery.depth("other", "f0")


def test_what_is_no_picture_is_not_served_as_a_photo(results) -> None:
    put(results / "image" / "f0.jpg", b"root:x:0:0:root")
    with pytest.raises(DataError, match=r"f0\.jpg can't be read: it is no JPEG, in spite of its name"):
        open_results(results).photo_bytes("f0")


def test_many_kinds_of_files_are_told_in_short(results) -> None:
    for number in range(9):
        put(results / "etc" / f"a.{number}", b"")
    assert "6 more kinds" in open_results(results).listing.left_out["etc"]


def test_a_file_of_too_many_bytes_is_refused(results, monkeypatch) -> None:
    monkeypatch.setattr("tiekd.gallery.decoders._MOST_BYTES", 100)
    with pytest.raises(DataError, match=r"f0\.jpg has more than 0 MiB"):
        open_results(results).photo_bytes("f0")


def sequences(root: Path, photos: str = "image", ending: str = "png", **sizes: int) -> None:
    """SEQUENCE/METHOD/FRAME, with photos of that many columns; a negative number means other pixels."""
    for sequence, size in sizes.items():
        for frame in FRAMES:
            path = root / sequence / photos / f"{frame}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(size + 99).integers(0, 255, (20, abs(size), 3)).astype(np.uint8)
            Image.fromarray(noise).save(path)
            put(root / sequence / "net" / f"{frame}_pred.png", png16.encode(DEPTH))
            put(root / sequence / "gt" / f"{frame}.npy", npy_bytes(DEPTH))


def test_sequences_may_stand_above_the_methods(tmp_path) -> None:
    sequences(tmp_path, drive_1=30, drive_2=31)
    gallery = open_results(tmp_path)
    told = [(method.id, method.family) for method in gallery.listing.methods]
    assert told == [("gt", "ground_truth"), ("net", "other")]
    frames = [frame.describe() for frame in gallery.listing.frames]
    assert [frame["id"] for frame in frames] == ["drive_1/f0", "drive_1/f1", "drive_2/f0", "drive_2/f1"]
    assert all(frame["has_image"] and "missing" not in frame for frame in frames)
    assert (gallery.depth("net", "drive_2/f1") == png16.to_uint16(DEPTH)).all()


@pytest.mark.parametrize("ending", ["png", "bmp"])
def test_photos_of_one_length_are_told_apart_by_what_they_hold(tmp_path, ending) -> None:
    sequences(tmp_path, ending=ending, drive_1=30, drive_2=-30)
    lengths = {photo.stat().st_size for photo in tmp_path.glob(f"*/image/f0.{ending}")}
    assert len(lengths) == 1
    assert [method.id for method in open_results(tmp_path).listing.methods] == ["gt", "net"]


def test_photos_in_a_folder_of_another_name_are_told_with_the_name_that_counts(tmp_path) -> None:
    sequences(tmp_path, photos="rgb", drive_1=30, drive_2=31)
    assert open_results(tmp_path).listing.left_out["image"] == (
        "There are no photos. They lie in a folder image beside the methods, or, if these folders are "
        "sequences with methods in them, in a folder image in each."
    )


@pytest.mark.parametrize("spoil", ["copies", "image above", "files beside", "no photos", "link out"])
def test_methods_are_taken_for_sequences_only_where_that_is_sure(tmp_path, spoil) -> None:
    root = tmp_path / "r"
    sequences(root, a=30, b=30 if spoil == "copies" else 31)
    if spoil == "image above":
        picture(root / "image" / "f0.jpg")
    elif spoil == "files beside":
        put(root / "a" / "f0.png", png16.encode(DEPTH))
    elif spoil == "no photos":
        put(root / "c" / "f0.png", png16.encode(DEPTH))
    elif spoil == "link out":
        (root / "b").rename(tmp_path / "b")
        (root / "b").symlink_to(tmp_path / "b")
    names = {method.id for method in open_results(root).listing.methods}
    assert names >= {"a"}
    assert "net" not in names
