"""What a run leaves in its folder is found under one set of names and read by one set of readers."""

import subprocess
import sys

import pytest

from tiekd import run_folder
from tiekd.errors import DataError


@pytest.fixture
def run(tmp_path):
    (tmp_path / "recipe.yaml").write_text("optim: {steps: 4}\nrun: {seed: 3}\n")
    (tmp_path / "metrics.csv").write_text("step,loss,val_abs_rel\n1,0.5,\n2,,0.3\n4,0.2,\n4,,0.2\n")
    (tmp_path / "data.json").write_text('{"validated_on": "ground truth", "digests": {"images": "ab"}}')
    return tmp_path


def test_a_run_is_read(run):
    assert run_folder.read_recipe(run) == {"optim": {"steps": 4}, "run": {"seed": 3}}
    assert [row["step"] for row in run_folder.read_metrics(run)] == ["1", "2", "4", "4"]
    assert [row["val_abs_rel"] for row in run_folder.read_validations(run)] == ["0.3", "0.2"]
    assert run_folder.read_data(run)["digests"] == {"images": "ab"}


def test_a_folder_without_a_run_holds_nothing(tmp_path):
    assert run_folder.read_recipe(tmp_path) is None
    assert (run_folder.read_metrics(tmp_path), run_folder.read_data(tmp_path)) == ([], {})
    assert not run_folder.has_ended(tmp_path)


def test_a_row_that_a_kill_has_cut_short_is_left_out(run):
    with (run / "metrics.csv").open("a") as table:
        table.write("5,0.1")
    assert [row["step"] for row in run_folder.read_metrics(run)] == ["1", "2", "4", "4"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("recipe.yaml", b"a: ["), ("recipe.yaml", b"- 1"), ("recipe.yaml", b"run: 3"),
        ("recipe.yaml", b"\xff\xfe\xff"), ("metrics.csv", b"\xff\xfe"), ("metrics.csv", b"loss\n1\n"),
        ("data.json", b"{"), ("data.json", b"[]"), ("data.json", b'{"digests": []}'),
    ],
)  # fmt: skip
def test_a_file_that_is_no_run_s_is_named(run, name, content):
    (run / name).write_bytes(content)
    with pytest.raises(DataError, match=name.replace(".", r"\.")) as caught:
        (run_folder.read_recipe(run), run_folder.read_metrics(run), run_folder.read_data(run))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("table", "ended"),
    [("2,0.3\n4,\n4,0.2\n", True), ("2,0.3\n4,\n", False), ("2,0.3\n", False), ("", False)],
)
def test_a_run_has_ended_after_the_validation_of_its_last_step(run, table, ended):
    (run / "metrics.csv").write_text(f"step,val_abs_rel\n{table}")
    assert run_folder.has_ended(run) is ended
    (run / "recipe.yaml").unlink()
    assert not run_folder.has_ended(run)


def test_reading_a_run_needs_neither_torch_nor_lightning():
    code = "import tiekd.run_folder, sys; sys.exit(bool({'torch', 'pytorch_lightning'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
