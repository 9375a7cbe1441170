"""What the guides to teachers and to own pictures say is so, and their commands run as they stand."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from teacher_kit import save_depth_anything
from test_docs import OWN_PICTURES, README, commands

from tiekd.estimators.huggingface import HuggingFaceOptions
from tiekd.estimators.names import parse_name
from tiekd.estimators.onnx import PREFIX, OnnxOptions
from tiekd.estimators.stored import StoredScale
from tiekd.recipe import load_recipe

DOCS = Path(__file__).resolve().parent.parent / "docs"
TEACHERS = (DOCS / "teachers.md").read_text(encoding="utf-8")
OWN = (DOCS / "own-pictures.md").read_text(encoding="utf-8")
OPTIONS = {"hf": HuggingFaceOptions, "onnx": OnnxOptions, "labels": StoredScale}


def run(line: str, folder: Path) -> str:
    program = str(Path(sys.executable).parent / "tiekd")
    done = subprocess.run(
        [program, *shlex.split(line)[1:]], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_option_of_a_teacher_is_in_the_guide() -> None:
    named = set(re.findall(r"`([a-z_]+)`", TEACHERS)) | {"scale"}
    for model in OPTIONS.values():
        assert set(model.model_fields) <= named
    assert {PREFIX + name for name in ("layout", "scale")} <= set(re.findall(r"`([a-z.]+)`", TEACHERS))


def test_the_examples_of_teachers_can_be_taken_apart() -> None:
    names = [name for name in re.findall(r"`((?:hf|onnx|labels):[^`…]+)`", TEACHERS) if "=" in name]
    names = [name for name in names if "scale=S" not in name]
    assert len(names) >= 4
    for name in names:
        parsed = parse_name(name)
        assert parsed.options
        parsed.parsed(OPTIONS[parsed.kind])


def test_the_settings_of_the_guide_are_settings() -> None:
    overrides = re.findall(r"-o (\S+?=[^\s`]+)", OWN.split("lists every fault")[0].rsplit("\n\n", 1)[0])
    assert len(overrides) >= 6
    for override in overrides:
        load_recipe("own_student", overrides=[override])


def test_the_readme_and_the_guide_tell_the_same_two_commands() -> None:
    assert [line for line in commands(OWN) if line in OWN_PICTURES] == OWN_PICTURES
    assert [line for line in commands(README) if line in OWN_PICTURES] == OWN_PICTURES


@pytest.mark.slow
def test_own_pictures_become_a_student(tmp_path: Path) -> None:
    """The README's two commands and the guide's third, but for the number of steps and sizes."""
    rng = np.random.default_rng(0)
    (tmp_path / "photos" / "trip").mkdir(parents=True)
    for number, size in enumerate([(48, 64), (64, 48), (60, 90), (48, 64), (40, 120), (600, 800)]):
        name = f"trip/{number}.JPG" if number % 2 else f"photo {number}.png"
        Image.fromarray(rng.integers(0, 255, (*size, 3), np.uint8)).save(tmp_path / "photos" / name)
    Image.fromarray(np.full((96, 160, 3), 120, np.uint8)).save(tmp_path / "photo.jpg")
    save_depth_anything(tmp_path / "teacher")
    label, train = OWN_PICTURES
    assert "wrote 6 labels, kept 0, verified" in run(label, tmp_path)
    assert "wrote 0 labels, kept 6, verified" in run(label, tmp_path)
    smaller = (
        " -o optim.steps=2 -o optim.batch_size=2 -o run.val_every=2 -o data.workers=0 -o view.size=[128,192]"
    )
    said = run(train + smaller + " -o data.hold_out_every=3", tmp_path)
    assert "2 steps, finished; best.safetensors against teacher labels: abs_rel" in said
    (predict,) = [line for line in commands(OWN) if line.startswith("tiekd predict")]
    run(predict, tmp_path)
    assert np.asarray(Image.open(tmp_path / "depth" / "photo.png")).shape == (96, 160)
