import errno
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs import png, png16
from tiekd.codecs.damage import damage
from tiekd.errors import DataError
from tiekd.gallery import Declared, ResultsOptions, decoders, known, live
from tiekd.gallery.live import LiveGallery, check_folder, live_gallery
from tiekd.gallery.model import LazyFrames

DEPTH = np.linspace(1, 79, 6 * 8, dtype=np.float32).reshape(6, 8)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path, home) -> Path:
    root = tmp_path / "results"
    for method in ("net", "teacher", "image"):
        (root / method / "day").mkdir(parents=True)
    for frame in ("f0", "f1", "day/f2"):
        (root / "net" / f"{frame}.png").write_bytes(png16.encode(DEPTH))
        (root / "teacher" / f"{frame}.png").write_bytes(png16.encode(DEPTH * 0.5))
    (root / "net" / "f1.png").write_bytes(b"")
    np.save(root / "teacher" / "f3.npy", DEPTH[:3])
    Image.new("RGB", (8, 6)).save(root / "image" / "f0.png")
    return grown_old(root)


def grown_old(root: Path) -> Path:
    """Everything in a folder changed long ago."""
    for path in (root, *root.rglob("*")):
        os.utime(path, (1e9, 1e9))
    return root


def opened(folder: Path, options: ResultsOptions | None = None) -> LiveGallery:
    return live_gallery(folder, options or ResultsOptions(), on_read=lambda _: None)


def count_probes(monkeypatch) -> list[str]:
    seen: list[str] = []
    probe = decoders.probe
    monkeypatch.setattr(known, "probe", lambda path, **how: seen.append(path.name) or probe(path, **how))
    return seen


def test_a_folder_opens_at_once_and_is_then_read_whole(folder) -> None:
    gallery = opened(folder)
    quick = gallery.current()
    assert isinstance(quick.listing.frames, LazyFrames)
    assert gallery.scan == (0, 0)
    shown = quick.describe()
    whole = gallery.fresh()
    assert gallery.scan is None
    assert whole.describe() | {"version": ""} == shown | {"version": ""}
    assert whole.listing_version != quick.listing_version
    assert gallery.fresh() is whole


def test_the_second_time_no_file_is_opened(folder, monkeypatch) -> None:
    first = opened(folder).fresh()
    seen = count_probes(monkeypatch)
    again = opened(folder)
    assert again.current().describe() == first.describe()
    assert again.scan is None
    assert again.current().depth("net", "f0").tolist() == first.depth("net", "f0").tolist()
    assert again.current().photo("f0") == first.photo("f0")
    assert again.fresh() is again.current()
    assert seen == []


def test_only_changed_files_are_opened_again(folder, monkeypatch) -> None:
    opened(folder).fresh()
    seen = count_probes(monkeypatch)
    (folder / "net" / "f9.png").write_bytes(png16.encode(DEPTH))
    (folder / "net" / "f1.png").write_bytes(png16.encode(DEPTH))
    (folder / "teacher" / "f0.png").unlink()
    again = opened(folder)
    assert "f9" not in [frame.id for frame in again.current().listing.frames]
    now = again.fresh()
    assert sorted(seen) == ["f1.png", "f9.png"]
    frames = {frame.id: frame for frame in now.listing.frames}
    assert frames["f9"].missing == ("teacher",)
    assert frames["f1"].broken == {}
    assert frames["f0"].missing == ("teacher",)


def test_a_change_that_leaves_the_folder_as_it_was_is_seen(folder) -> None:
    first = opened(folder).fresh()
    with (folder / "net" / "f0.png").open("r+b") as file:
        file.write(png16.encode(DEPTH))
    again = opened(folder)
    assert not again.current().names_changed()
    assert again.current().files_changed()
    versions = zip(first.listing.frames, again.fresh().listing.frames, strict=True)
    assert [one.id for one, other in versions if one.version != other.version] == ["f0"]


def test_a_folder_that_just_changed_is_looked_at_again(folder) -> None:
    assert not opened(folder).fresh().names_changed()
    (folder / "net" / "f4.png").write_bytes(png16.encode(DEPTH))
    assert opened(folder).fresh().names_changed(), "a file that comes in the same instant would be missed"


@pytest.mark.parametrize("ending", ["listing", "files"])
@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"no gzip",
        gzip.compress(b"[]"),
        gzip.compress(b'{"format": "tiekd listing 99"}'),
        gzip.compress(json.dumps({"format": "tiekd listing 1", "frames": [[1]]}).encode()),
        gzip.compress(json.dumps({"format": "tiekd files 1", "probes": 3}).encode()),
    ],
)
def test_a_damaged_index_is_made_again(folder, home, ending, spoilt, caplog) -> None:
    first = opened(folder).fresh()
    [path] = (home / "index").glob(f"*.{ending}")
    whole = path.read_bytes()
    path.write_bytes(spoilt)
    if ending == "files":
        path.with_suffix(".listing").unlink()  # Else what is known of the files is not needed.
    assert opened(folder).fresh().describe() == first.describe()
    assert "is made again" in caplog.text
    if ending == "listing":
        assert path.read_bytes() == whole


def test_a_foreign_index_leads_nowhere(folder, home, tmp_path) -> None:
    """Paths in an index are checked like all others before a file is served."""
    opened(folder).fresh()
    [path] = (home / "index").glob("*.listing")
    body = json.loads(gzip.decompress(path.read_bytes()))
    (tmp_path / "secret.png").write_bytes(png16.encode(DEPTH))
    body["files"]["net"] = ["../secret.png" if name else None for name in body["files"]["net"]]
    path.write_bytes(gzip.compress(json.dumps(body).encode()))
    frame = next(frame.id for frame in opened(folder).current().listing.frames)
    with pytest.raises(DataError, match="leads out"):
        opened(folder).current().depth("net", frame)


def test_another_way_to_read_a_folder_has_an_index_of_its_own(folder, home) -> None:
    opened(folder).fresh()
    declared = ResultsOptions(declared={"net": Declared(scale=1000)})
    assert opened(folder, declared).scan == (0, 0)
    assert opened(folder, declared).fresh().method("net").decoder.scale == 1000
    assert len(list((home / "index").glob("*.listing"))) == 2
    assert opened(folder, declared).current().method("net").decoder.scale == 1000


def test_links_are_checked_again_when_an_index_is_used(folder, tmp_path) -> None:
    (tmp_path / "outside.png").write_bytes(png16.encode(DEPTH))
    (folder / "net" / "f5.png").symlink_to(tmp_path / "outside.png")
    grown_old(folder)
    follow = ResultsOptions(follow_links=True)
    assert "net" not in opened(folder, follow).fresh().frame("f5").broken
    for gallery in (opened(folder).fresh(), opened(folder).current()):
        assert "leads out" in gallery.frame("f5").broken["net"]
        with pytest.raises(DataError, match="leads out"):
            gallery.depth("net", "f5")


@pytest.mark.parametrize("ending", ["listing", "files"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_an_index_that_ends_too_early_is_made_again(folder, home, ending, share, caplog) -> None:
    first = opened(folder).fresh()
    [path] = (home / "index").glob(f"*.{ending}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    if ending == "files":
        path.with_suffix(".listing").unlink()
    again = opened(folder)
    assert again.current().frame("f0").width == 8
    assert again.fresh().describe() == first.describe()
    [line] = caplog.messages
    assert f"{path} is made again" in line


def test_what_is_known_of_files_is_read_only_when_one_has_changed(folder, monkeypatch) -> None:
    opened(folder).fresh()
    read, load = [], known._load
    monkeypatch.setattr(known, "_load", lambda store: read.append(store.suffix) or load(store))
    again = opened(folder)
    again.fresh()
    assert read == []
    seen = count_probes(monkeypatch)
    (folder / "net" / "f9.png").write_bytes(png16.encode(DEPTH))
    again.fresh()
    assert read == [".files"]
    assert seen == ["f9.png"]


def test_servers_on_one_folder_write_their_indexes_at_the_same_time(folder, monkeypatch, caplog) -> None:
    monkeypatch.setattr("tiekd.gallery.index._MOST_FOLDERS", 1)  # so that each removes those of the others
    wanted = opened(folder).fresh().describe()
    ways = [ResultsOptions(), ResultsOptions(), ResultsOptions(follow_links=True)]

    def serve(options: ResultsOptions) -> list[bool]:
        told = []
        for _ in range(15):
            server = opened(folder, options)
            told.append(server.current().frame("f0").width == 8)
            told.append(server.fresh().describe() == wanted)
            server._write(server.fresh())
        return told

    with ThreadPoolExecutor(len(ways)) as servers:
        assert all(all(told) for told in servers.map(serve, ways))
    assert caplog.messages == []


KILLED = """
import os, signal, sys
from pathlib import Path
from tiekd.gallery import ResultsOptions
from tiekd.gallery.live import live_gallery

def write_half(path, data):
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)

Path.write_bytes = write_half
live_gallery(Path(sys.argv[1]), ResultsOptions(), on_read=lambda _: None).fresh()
"""


def test_a_server_that_is_killed_while_it_writes_leaves_the_index_that_was(folder, home, caplog) -> None:
    first = opened(folder).fresh()
    (folder / "net" / "f9.png").write_bytes(png16.encode(DEPTH))
    grown_old(folder)
    os.utime(folder / "net", (1e9 + 5, 1e9 + 5))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    [part] = (home / "index").glob(".*.part")
    assert opened(folder).current().describe() == first.describe()
    assert opened(folder).fresh().frame("f9").missing == ("teacher",)
    assert part.exists(), "another server may still write it"
    os.utime(part, (1e9, 1e9))
    (folder / "net" / "f9.png").unlink()
    assert opened(folder).fresh().describe() == first.describe()
    assert not part.exists()
    assert caplog.messages == []


def test_on_a_full_disk_all_works(folder, home, monkeypatch, caplog) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write_some(path: Path, data: bytes) -> None:
        path.touch()
        raise full

    monkeypatch.setattr(Path, "write_bytes", write_some)
    gallery = opened(folder)
    assert len(gallery.fresh().listing.frames) == 4
    (folder / "net" / "f7.png").symlink_to(folder / "net" / "f0.png")
    assert len(gallery.fresh().listing.frames) == 5
    [line] = caplog.messages
    assert "No space left on device" in line
    assert "Make room on that disk" in line
    assert [*(home / "index").iterdir()] == []


def test_without_a_home_that_can_be_written_all_works(folder, home, caplog) -> None:
    home.write_text("a file")
    first = opened(folder)
    assert len(first.fresh().listing.frames) == 4
    (folder / "net" / "f7.png").write_bytes(png16.encode(DEPTH))
    assert len(first.fresh().listing.frames) == 5
    assert caplog.text.count("work without an index") == 1
    assert "TIEKD_HOME" in caplog.text


def test_the_oldest_indexes_go(folder, home, monkeypatch) -> None:
    monkeypatch.setattr("tiekd.gallery.index._MOST_FOLDERS", 2)
    for scale in (10, 20, 30):
        opened(folder, ResultsOptions(depth_scale=scale)).fresh()
        time.sleep(0.02)
    assert len(list((home / "index").glob("*.listing"))) == 2
    assert len(list((home / "index").glob("*.files"))) == 2


def test_the_results_folder_is_not_written_to(folder) -> None:
    before = sorted(folder.rglob("*"))
    opened(folder).fresh()
    assert sorted(folder.rglob("*")) == before


def test_a_folder_that_goes_away_is_told_and_comes_back(folder, tmp_path) -> None:
    gallery = opened(folder)
    gallery.fresh()
    folder.rename(tmp_path / "away")
    for ask in (gallery.fresh, gallery.current):
        with pytest.raises(DataError, match="Can't read"):
            ask()
    (tmp_path / "away").rename(folder)
    assert len(gallery.fresh().listing.frames) == 4
    assert gallery.current() is gallery.fresh()


def test_a_folder_is_checked_by_a_few_files(folder, tmp_path, monkeypatch) -> None:
    seen = count_probes(monkeypatch)
    assert check_folder(folder, ResultsOptions()) == ("results", {"net", "teacher"})
    assert seen == []
    (tmp_path / "void" / "m").mkdir(parents=True)
    with pytest.raises(DataError, match=r"holds no METHOD/FRAME\.png"):
        check_folder(tmp_path / "void", ResultsOptions())


def test_files_that_change_are_found_while_somebody_asks(folder, monkeypatch) -> None:
    monkeypatch.setattr(live, "NAMES_EVERY_S", 0.01)
    gallery = opened(folder)
    gallery.fresh()
    (folder / "net" / "f8.png").write_bytes(png16.encode(DEPTH))
    end = time.monotonic() + 60
    while "f8" not in [frame.id for frame in gallery.current().listing.frames]:
        gallery.tend()
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_file_that_changes_in_place_is_seen_at_the_next_look(folder, monkeypatch) -> None:
    ahead_s = 0.0
    monkeypatch.setattr(live, "monotonic", lambda: time.monotonic() + ahead_s)
    monkeypatch.setattr(live, "_LOOK_S", 60)
    gallery = opened(folder)
    before = gallery.fresh().listing_version
    with (folder / "net" / "f0.png").open("r+b") as file:
        file.write(png16.encode(DEPTH))
    ahead_s = 3.0
    gallery.look()
    assert gallery.current().listing_version != before


@pytest.mark.parametrize("colours", [(4, 5), (4, 5, 3), (4, 5, 4)])
def test_the_header_of_a_png_says_what_pillow_says(tmp_path, colours) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, colours, np.uint8)
    pictures = [Image.fromarray(pixels)]
    if len(colours) == 2:
        pictures += [Image.fromarray(pixels).convert("1"), Image.fromarray(pixels.astype(np.uint16) * 200)]
        pictures += [pictures[0].convert("P"), pictures[0].convert("LA")]
    for picture in pictures:
        picture.save(tmp_path / "x.png")
        said = decoders.probe(tmp_path / "x.png")
        (tmp_path / "x.png").rename(tmp_path / "x.jpg")  # Pillow looks at the content.
        assert decoders.probe(tmp_path / "x.jpg") == said
        assert png.header(tmp_path / "x.jpg")[2] == (4, 5)


@pytest.mark.parametrize(
    ("head", "ending", "said"),
    [
        (b"", ".npy", "it is empty"),
        (b"\x93NUMPY\x01", ".NPY", "it is cut off or damaged"),
        (b"<!doctype html>", ".png", "it is a page of HTML, in spite of its name"),
        (b"version https://git-lfs.github.com", ".npz", "it is a pointer of Git LFS, not the file itself"),
        (b"hello", ".tiff", "it is no TIFF, in spite of its name"),
        (b"hello", ".xyz", "it is no file of its kind, in spite of its name"),
    ],
)
def test_damage_is_told_in_plain_words(head, ending, said) -> None:
    assert damage(head, ending).startswith(said)
