"""docs/fidelity.md: its switches exist on the rows that it names, and so do its files."""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.recipe import load_recipe
from tiekd.zoo import read_zoo

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")
ROWS = [row.name for row in read_zoo() if row.dataset in ("kitti", "nyu")]


def spans(text):
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def switches():
    """(pattern of rows, overrides) of every switch in a table, and of the one in the text."""
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in TEXT.splitlines() if "| `-o" in line
    ]
    found = [
        (pattern, switch) for *_, rows, named in cells for switch in spans(named)[:1]
        for pattern in spans(rows) or ["*"]
    ]  # fmt: skip
    written = next(span for span in spans(TEXT) if "encoder_lr_scale" in span)
    return [*found, ("adabins_*.kitti", written), ("adabins_*.nyu", written)]


def overrides_of(switch):
    return [word for word in shlex.split(switch) if word != "-o"]


@pytest.mark.parametrize(("pattern", "switch"), switches())
def test_a_switch_changes_what_it_names(pattern, switch):
    row = next(row for row in ROWS if fnmatchcase(row, pattern))
    overrides = overrides_of(switch)
    before, after = load_recipe(row), load_recipe(row, overrides=overrides)
    for override in overrides:
        key, _, value = override.partition("=")
        now, was = after, before
        for part in key.split("."):
            now, was = getattr(now, part), getattr(was, part)
        assert now == yaml.safe_load(value) != was, key


def test_there_are_switches():
    keys = {one.partition("=")[0] for _, switch in switches() for one in overrides_of(switch)}
    assert {"loss.sigma_m", "loss.weights", "method", "view.reference_augmentation"} <= keys
    assert len(switches()) >= 13


def test_the_released_baseline_is_res_kd_with_another_name():
    for dataset in ("kitti", "nyu"):
        pattern, switch = next(pair for pair in switches() if pair[0] == f"baseline_*.{dataset}")
        overrides = overrides_of(switch)
        released = load_recipe(pattern.replace("*", "mobilenetv2"), overrides=overrides)
        res_kd = load_recipe(f"reskd_si_mobilenetv2.depthformer_{dataset}")
        other = {"name", "loss"}
        assert released.model_dump(exclude=other) == res_kd.model_dump(exclude=other)
        assert (dict(released.weights), released.needs_labels) == ({"si_loss": 1.0}, True)


def test_the_commands_run():
    block = re.search(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
    assert block
    for line in block[1].splitlines():
        done = CliRunner().invoke(app, shlex.split(line)[1:])
        assert done.exit_code == 0, done.output
        assert yaml.safe_load(done.output)["method"] in ("tiekd", "reskd_si")


def test_files_and_options_exist():
    paths = {span for span in spans(TEXT) if "/" in span}
    assert len(paths) >= 8
    assert [path for path in paths if not (ROOT / path).exists()] == []
    for verb, option in (("train", "--encoder-weights"), ("eval", "--no-flip-tta"), ("eval", "--labels")):
        assert option in TEXT
        parameters = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "300"}).output
        assert option in parameters
