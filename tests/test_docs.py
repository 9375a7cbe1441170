"""What the documents tell people to type works: commands run, make targets and routes exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

# The README's commands are run as they stand, but for sizes: a world of six small frames, two steps.
SMALLER = [
    ("--frames 1800 --seed 21 --workers 2", "--frames 6 --size 416x128 --split 0.34,0.33,0.33 --drive 2"),
    (
        " --out runs/teacher",
        " --out runs/teacher --encoder-weights none -o optim.steps=1 -o optim.batch_size=2 -o data.workers=0"
        " -o view.size=[128,192] -o run.val_every=1",
    ),
    (
        " --out runs/student",
        " --out runs/student --encoder-weights none -o optim.steps=1 -o optim.batch_size=2 -o data.workers=0"
        " -o view.size=[128,192] -o run.val_every=1",
    ),
    ("--protocol kitti-garg", "--protocol frame"),
]  # fmt: skip


def commands(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


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
    lines = [line for line in commands(README) if line.startswith("tiekd ")]
    assert [line.split()[1] for line in lines] == ["data", "train", "label", "train", "eval", "predict"]
    assert [long for long, _ in SMALLER if not any(long in line for line in lines)] == []
    for line in lines:
        for long, short in SMALLER:
            line = line.replace(long, short)  # noqa: PLW2901 - the same line, smaller
        argv = [str(Path(sys.executable).parent / "tiekd"), *shlex.split(line)[1:]]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert np.asarray(Image.open(tmp_path / "depth" / "photo.png")).shape == (96, 160)
