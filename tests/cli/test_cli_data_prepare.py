"""`tiekd data prepare` and `tiekd data check` from the command line."""

import json
import shutil

import numpy as np
import pytest
from download_kit import DRIVES, LIST, cut_short, nyu_sync_files, pack, pack_kitti, write_labelled, write_list
from typer.testing import CliRunner

from tiekd.cli.main import app


def tiekd(*words, code=0):
    result = CliRunner().invoke(app, ["data", *map(str, words)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def test_kitti_is_prepared_and_checked(tmp_path):
    packed, split = pack_kitti(tmp_path / "packed"), write_list(tmp_path / LIST, none=())
    prepare = ("prepare", "kitti", "--raw", packed, "--split", split, "--out", tmp_path / "k")
    done = tiekd(*prepare)
    assert f"kitti:{tmp_path / 'k'}: placed 4 frames, kept 0." in done.stdout
    assert f"Use it as --data kitti:{tmp_path / 'k'} --split {LIST}." in done.stdout
    assert "0 files to link, 8 to write: about 0." in done.stderr
    done = tiekd("check", f"kitti:{tmp_path / 'k'}", "--split", LIST, "--workers", 1)
    assert "4 frames, median depth" in done.stdout
    assert "nothing is wrong" in done.stdout
    assert json.loads(tiekd(*prepare, "--json", "-").stdout)["kept"] == 4


def test_missing_frames_are_told_and_exit_with_1(tmp_path):
    packed = pack_kitti(tmp_path / "packed")
    cut_short(packed / f"{DRIVES[1]}.zip")
    split = write_list(tmp_path / LIST, numbers=(5, 6, 8), none=())
    file = tmp_path / "missing.json"
    prepare = ("prepare", "kitti", "--raw", packed, "--split", split, "--out", tmp_path / "k", "--json", file)
    told = tiekd(*prepare, code=1).stdout
    assert "placed 2 frames, kept 0." in told
    assert "4 frames are incomplete" in told
    assert f"  {DRIVES[1]}.zip: 3 pictures, the first is input/" in told
    assert "data_depth_annotated.zip: 2 depth maps" in told
    assert "(it was found, but without them)" in told
    assert f"Not usable: {packed / DRIVES[1]}.zip: is cut short" in told
    assert len(json.loads(file.read_text())["missing"][f"{DRIVES[1]}.zip"]) == 3
    told = tiekd("check", f"kitti:{tmp_path / 'k'}", "--split", LIST, "--workers", 1, code=1).stdout
    assert "missing        6  Fetch them" in told
    assert f"officially in {DRIVES[0]}.zip" in told
    assert "- and 3 more, see --json" in told


def test_nyu_is_prepared_and_checked(tmp_path):
    (tmp_path / "list.txt").write_text(
        "kitchen_0028b/rgb_00045.jpg kitchen_0028b/sync_depth_00045.png 518.8579\n"
        "kitchen/rgb_00000.jpg kitchen/sync_depth_00000.png 518.8579\n"
    )
    sync = pack(nyu_sync_files(), tmp_path / "sync.zip")
    write_labelled(tmp_path / "labeled.mat")
    lists = ("--split", tmp_path / "list.txt", "--out", tmp_path / "n")
    told = tiekd("prepare", "nyu", "--sync", sync, "--labeled", tmp_path / "labeled.mat", *lists).stdout
    assert "placed 2 frames" in told
    told = tiekd("check", f"nyu:{tmp_path / 'n'}", "--split", "list.txt", "--workers", 1).stdout
    assert "nothing is wrong" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("prepare", "kitti", "--raw", "nowhere", "--split", "gone.txt", "--out", "k"),
            "Can't read the split",
        ),
        (("prepare", "nyu", "--split", "gone.txt", "--out", "n"), "No download is given"),
        (("check", "kitti:nowhere", "--split", "x.txt"), "nowhere is not a folder"),
        (("prepare", "kitti", "--out", "k"), "Missing option"),
    ],
)
def test_wrong_input_ends_with_2(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    assert said in tiekd(*words, code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_check_tells_every_fault_in_json(tiny_world, tiny_labels, tmp_path):
    root = shutil.copytree(tiny_world, tmp_path / "w")
    lines = (root / "train.txt").read_text()
    (root / "train.txt").write_text(lines + lines.splitlines()[0] + "\n")
    words = ("check", f"kitti:{root}", "--split", "train.txt", "--workers", 1, "--labels", tiny_labels)
    document = json.loads(tiekd(*words, "--crop", "none", "--json", "-", code=1).stdout)
    assert document["counts"] == {"duplicate": 1}
    assert document["faults"][0]["detail"] == "lines 1, 7"
    assert json.loads(tiekd(*words, "--json", "-", code=1).stdout)["counts"]["misshapen"] == 7
    assert "There is no crop 'kbb'" in tiekd(*words, "--crop", "kbb", code=2).stderr
    (tmp_path / "empty").mkdir()
    words = ("check", f"kitti:{root}", "--split", "val.txt", "--labels", tmp_path / "empty")
    assert "holds no labels.json" in tiekd(*words, code=2).stderr


def test_other_peoples_labels_are_checked_by_their_declared_scale(tiny_world, tmp_path):
    names = [line.split()[0] for line in (tiny_world / "val.txt").read_text().splitlines()]
    stored = {names[0]: np.full((64, 96), 9.5, np.float32), names[1]: np.full((64, 96), np.nan, np.float32)}
    for name, depth in stored.items():
        np.save(tmp_path / f"{name.replace('/', '_').removesuffix('.png')}.npy", depth)
    words = ("check", f"kitti:{tiny_world}", "--split", "val.txt", "--crop", "none", "--workers", 1)
    found = tiekd(*words, "--labels", f"labels:{tmp_path},scale=1", "--json", "-", code=1)
    (fault,) = json.loads(found.stdout)["faults"]
    assert (fault["kind"], fault["file"]) == ("label", names[1])
    assert "not finite" in fault["detail"]
