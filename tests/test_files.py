"""Files appear whole or not at all, whatever goes wrong while they are written."""

import errno
import hashlib
import multiprocessing
import os
import signal
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from tiekd import files
from tiekd.errors import DataError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_written_with_its_folder(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    files.write_text(path, "grüße")
    assert path.read_bytes() == "grüße".encode()
    files.write_bytes(path, b"again")
    assert path.read_bytes() == b"again"
    assert names(path.parent) == ["a.txt"]


def test_a_file_that_was_there_survives_a_failed_write(tmp_path, monkeypatch):
    path = tmp_path / "depth.npy"
    path.write_bytes(b"old")
    monkeypatch.setattr("pathlib.Path.replace", full_disk)
    with pytest.raises(DataError, match=r"Can't write .*depth\.npy: No space left") as caught:
        files.write_bytes(path, b"new")
    assert "Make room" in caught.value.hint
    assert names(tmp_path) == ["depth.npy"]
    assert path.read_bytes() == b"old"


def test_what_will_fail_is_found_beforehand_and_nothing_stays(tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "a", tmp_path / "folder", Path("/proc/no/a"), tmp_path / ("n" * 300)):
        with pytest.raises(DataError, match="Can't write"):
            files.check_target(path)
    for path in (tmp_path / "file", tmp_path / "a", tmp_path / "new" / "b" / "c"):
        files.check_target(path)
    assert names(tmp_path) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_folder_that_refuses_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for write in (files.write_bytes, files.create):
        with pytest.raises(DataError, match=r"Can't write .*a\.bin") as caught:
            write(tmp_path / "file" / "a.bin", b"1")
        assert caught.value.hint == "Choose a folder you may write to."
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("alone", [False, True])
def test_a_writer_that_fails_leaves_the_old_file_and_no_rubbish(tmp_path, alone):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def half_way():
        with files.arriving(path, alone=alone) as part:
            part.write_bytes(b"ne")
            assert path.read_bytes() == b"old"
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        half_way()
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["a.bin"])
    with files.arriving(path, alone=alone) as part:
        part.write_bytes(b"new")
    assert (path.read_bytes(), names(tmp_path)) == (b"new", ["a.bin"])


def test_what_a_killed_call_left_is_replaced_by_the_next(tmp_path):
    path = tmp_path / "a.bin"
    (tmp_path / f".a.bin{files.PART}").write_bytes(b"half, and longer than the whole")
    with files.arriving(path, alone=True) as part:
        assert not part.exists()
        part.write_bytes(b"whole")
    assert (path.read_bytes(), names(tmp_path)) == (b"whole", ["a.bin"])


def test_a_hard_link_to_the_same_file_arrives_and_leaves_no_second_name(tmp_path):
    path, source = tmp_path / "a.bin", tmp_path / "b.bin"
    source.write_bytes(b"1")
    os.link(source, path)
    with files.arriving(path) as part:
        os.link(source, part)
    assert names(tmp_path) == ["a.bin", "b.bin"]


def _race(path: Path, ready: Barrier, text: str, won: "multiprocessing.Queue[str]") -> None:
    ready.wait()
    if files.create(path, text.encode()):
        won.put(text)


def test_of_many_processes_one_creates_a_file(tmp_path):
    path = tmp_path / "a.json"
    spawn = multiprocessing.get_context("spawn")
    won, ready = spawn.Queue(), spawn.Barrier(3)
    racers = [spawn.Process(target=_race, args=(path, ready, str(n) * 5000, won)) for n in range(3)]
    for racer in racers:
        racer.start()
    winner = won.get(timeout=60)
    for racer in racers:
        racer.join()
    assert (path.read_text(), won.empty(), names(tmp_path)) == (winner, True, ["a.json"])
    assert not files.create(path, b"other")
    assert path.read_text() == winner


def test_a_file_is_created_without_hard_links(tmp_path, monkeypatch):
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert files.create(tmp_path / "a.json", b"1")
    assert ((tmp_path / "a.json").read_bytes(), names(tmp_path)) == (b"1", ["a.json"])


def test_a_folder_arrives_whole_and_does_not_replace_another(tmp_path):
    target = tmp_path / "cache"

    def half_way():
        with files.arriving_folder(target) as part:
            (part / "a").write_bytes(b"1")
            raise KeyError

    with pytest.raises(KeyError):
        half_way()
    assert names(tmp_path) == []
    for content in (b"first", b"second"):
        with files.arriving_folder(target) as part:
            (part / "a").write_bytes(content)
    assert (names(tmp_path), (target / "a").read_bytes()) == (["cache"], b"first")


def _write_for_ever(path: Path) -> None:
    content = 0
    while True:
        files.write_bytes(path, bytes([content % 256]) * 2_000_000)
        content += 1


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_killed_writer_leaves_a_whole_file_and_its_leftovers_can_be_removed(tmp_path):
    path = tmp_path / "a.bin"
    process = multiprocessing.get_context("spawn").Process(target=_write_for_ever, args=(path,))
    process.start()
    while not path.is_file():
        time.sleep(0.01)
    time.sleep(0.05)
    process.kill()
    process.join()
    content = path.read_bytes()
    assert content == content[:1] * 2_000_000
    (tmp_path / ".a.bin.0badcafe").write_bytes(b"left by an earlier version")
    (tmp_path / "b.bin").write_bytes(b"another")
    files.remove_leftovers(tmp_path, "a.bin")
    assert names(tmp_path) == ["a.bin", "b.bin"]


def test_leftovers_of_running_processes_are_spared(tmp_path):
    old, fresh = tmp_path / ".a.png.0a1b2c3d.part", tmp_path / ".b.png.4e5f6a7b.part"
    for part in (old, fresh):
        part.write_bytes(b"half")
    os.utime(old, (time.time() - 3600,) * 2)
    files.remove_leftovers(tmp_path, "*.png", older_than_s=600)
    assert names(tmp_path) == [fresh.name]


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    files.check_writable(tmp_path)
    assert names(tmp_path) == []
    with pytest.raises(OSError, match="No such file"):
        files.check_writable(tmp_path / "absent")


def test_digests(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    assert files.sha256_of(path) == hashlib.sha256(b"abc").hexdigest()
    assert files.digest_of(["a", b"bc"]) == files.sha256_of(path)
    assert files.digest_of(["abc"], digits=16) == files.sha256_of(path)[:16]
    os.utime(path, ns=(5, 7))
    assert (files.state_of(path), files.state_of(path, name="x/a")) == ("a.bin 3 7\n", "x/a 3 7\n")
