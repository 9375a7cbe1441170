"""The statements of docs/data.md are true, and its commands run as written on artificial downloads."""

import re
import shlex
from pathlib import Path

import pytest
from download_kit import kitti_files, nyu_sync_files, pack, pack_kitti, write_labelled, write_list
from test_docs import commands
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.data.check import ADVICE
from tiekd.datasets import LAYOUTS

GUIDE = (Path(__file__).resolve().parent.parent / "docs" / "data.md").read_text(encoding="utf-8")


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pack_kitti(tmp_path / "downloads" / "raw")
    pack(kitti_files()[1], tmp_path / "downloads" / "data_depth_annotated.zip")
    pack(nyu_sync_files(), tmp_path / "downloads" / "sync.zip")
    write_labelled(tmp_path / "downloads" / "nyu_depth_v2_labeled.mat")
    write_list(tmp_path / "kitti_eigen_train.txt", numbers=(5,), none=())
    write_list(tmp_path / "kitti_eigen_test.txt", numbers=(6,), none=())
    for name, scene, number in (("train", "/kitchen_0028b", "00045"), ("test", "kitchen", "00000")):
        line = f"{scene}/rgb_{number}.jpg {scene}/sync_depth_{number}.png 518.8579"
        (tmp_path / f"nyu_{name}.txt").write_text(line)
    lines = commands(GUIDE)
    assert [line.split()[2] for line in lines] == ["prepare", "check", "prepare", "check"]
    for line in lines:
        short = [*shlex.split(line)[1:], *(["--workers", "1"] if " check " in line else [])]
        done = CliRunner().invoke(app, short)
        assert done.exit_code == 0, f"{line}\n{done.output}"
        assert ("placed" if "prepare" in line else "nothing is wrong") in done.output


def test_the_tables_are_the_programs_own() -> None:
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in re.findall(r"^\| `.*", GUIDE, re.M)
    ]
    assert [row[0] for row in rows if len(row) == 2] == list(ADVICE)
    kinds = [row[0] for row in rows if len(row) == 4 and " to " not in row[1]]
    assert kinds == list(LAYOUTS), "the table of kinds"
    ranges = [row for row in rows if len(row) == 4 and " to " in row[1]]
    assert ranges == [
        [
            kind,
            f"{p.median_m[0]:g} to {p.median_m[1]:g}",
            f"{p.typical_m[0]:g} to {p.typical_m[1]:g}",
            f"{p.max_m:g}",
        ]
        for kind, p in ((kind, layout.plausible) for kind, layout in LAYOUTS.items())
    ]
