"""Commands in the documents run as written; the make targets and routes that they name exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from teacher_kit import save_depth_anything, save_onnx
from training_kit import write_kitti
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.evaluate import PROTOCOLS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

# The README's commands are run as they stand, but for sizes: a world of six small frames, two steps.
SMALLER = [
    ("--frames 3000 --seed 21 --workers 2", "--frames 6 --size 416x128 --split 0.34,0.33,0.33 --drive 2"),
    (
        " --out runs/teacher",
        " --out runs/teacher --encoder-weights none -o network.frozen_norms=none"
        " -o optim.steps=1 -o optim.batch_size=2 -o data.workers=0"
        " -o view.size=[128,192] -o run.val_every=1",
    ),
    (
        " --out runs/student",
        " --out runs/student --encoder-weights none -o network.frozen_norms=none"
        " -o optim.steps=1 -o optim.batch_size=2 -o data.workers=0"
        " -o view.size=[128,192] -o run.val_every=1",
    ),
    ("--protocol kitti-garg", "--protocol frame"),
]  # fmt: skip


def commands(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


OWN_PICTURES = [
    "tiekd label hf:teacher --data folder:photos --out labels",
    "tiekd train own_student --data folder:photos --labels labels --out runs/own",
]
"""Run by test_docs_teachers.py."""


def test_make_targets_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = [line.split()[1] for line in commands(README) if line.startswith("make ")]
    assert {"serve", "test"} <= set(named)
    for target in named:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_curl_example_names_a_route_and_a_model() -> None:
    from server.app import create_app
    from tiekd.zoo import read_zoo

    (line,) = [line for line in commands(README) if line.startswith("curl")]
    found = re.search(r"localhost:8000(/\w+)\?model=([\w.]+)&format=(\w+)", line)
    assert found
    assert "post" in create_app().openapi()["paths"][found[1]]
    assert found[2] in {row.name for row in read_zoo().rows}


@pytest.mark.slow
def test_the_training_commands_run(tmp_path: Path) -> None:
    Image.fromarray(np.full((96, 160, 3), 120, np.uint8)).save(tmp_path / "photo.jpg")
    lines = [line for line in commands(README) if line.startswith("tiekd ") and line not in OWN_PICTURES]
    assert [line.split()[1] for line in lines] == ["data", "train", "label", "train", "eval", "predict"]
    assert [long for long, _ in SMALLER if not any(long in line for line in lines)] == []
    for line in lines:
        for long, short in SMALLER:
            line = line.replace(long, short)  # noqa: PLW2901 - the same line, smaller
        argv = [str(Path(sys.executable).parent / "tiekd"), *shlex.split(line)[1:]]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert np.asarray(Image.open(tmp_path / "depth" / "photo.png")).shape == (96, 160)


@pytest.mark.slow
def test_the_commands_about_evaluation_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = write_kitti(tmp_path / "data" / "street", {"test": 1}, size=(375, 1242))
    image, depth, _ = (world / "test.txt").read_text().split()
    stored = np.asarray(Image.open(world / "gt_depth" / depth))
    (tmp_path / "predictions").mkdir()
    Image.fromarray(np.maximum(stored, 256)).save(tmp_path / "predictions" / image.replace("/", "_"))
    save_depth_anything(tmp_path / "teacher")
    save_onnx(tmp_path / "teacher.onnx")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "home"))
    lines = commands((ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8"))
    verbs = [line.split()[1] for line in lines]
    assert verbs == [*["eval"] * 6, "label", "eval", "report", "reproduce"]
    for line, verb in zip(lines, verbs, strict=True):
        done = CliRunner().invoke(app, shlex.split(line)[1:])
        # Nobody has the authors' weights and KITTI here, and that is what the last command says.
        assert done.exit_code == (2 if verb == "reproduce" else 0), f"{line}\n{done.output}"
    assert "kitti-tiekd" in done.output
    assert {"report.md", "report.html"} <= {path.name for path in (tmp_path / "report").iterdir()}


def test_the_table_of_protocols_is_the_programs_own() -> None:
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in re.findall(r"^\| `.*", text, re.M)
    ]
    crops, boxes = {"kb": "352x1216", "none": "whole frame"}, {None: "none", "nyu_eigen": "45:471, 41:601"}
    assert rows == [
        [
            name,
            crops[p.network_crop],
            boxes.get(p.box, f"{p.box} on the {p.score_on}"),
            f"{p.max_depth_m:.0f} m",
            "yes" if p.flip_tta else "no",
            str(p.teacher_top_rows),
        ]
        for name, p in PROTOCOLS.items()
    ]
