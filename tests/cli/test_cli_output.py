"""What every verb with a result has in common: `--json`, and that no result is computed in vain."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tiekd.cli.main import VERBS, _command, app
from tiekd.cli.output import print_result
from tiekd.errors import DataError

NO_RESULT = {"serve"}
"""Verbs that run until they are stopped and print no result."""


def leaves(command=None, words=()):
    """Every command that can be called: the words of its name, and the command."""
    if command is None:
        return [leaf for verb in VERBS for leaf in leaves(_command(verb), (verb,))]
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(words, command)]
    return [leaf for name, sub in inner.items() for leaf in leaves(sub, (*words, name))]


LEAVES = {" ".join(words): command for words, command in leaves() if words[0] not in NO_RESULT}


def call(name: str, command, **options: str):
    """Call a command with something for all that it needs, and `options`."""
    words, needed = name.split(), []
    for parameter in command.params:
        if parameter.param_type_name == "argument" and parameter.required:
            words.append("1")
        elif parameter.required and parameter.name not in options:
            needed += [parameter.opts[0], "1"]
    return CliRunner().invoke(app, [*words, *needed, *[part for pair in options.items() for part in pair]])


def unwritable(tmp_path: Path) -> list[Path]:
    (tmp_path / "file").write_text("in the way")
    return [tmp_path / "file" / "x", Path("/proc/no/x"), tmp_path / ("n" * 300)]


def test_the_groups_have_leaves():
    assert {"models", "eval", "gallery build", "data check", "data prepare kitti"} <= set(LEAVES)


@pytest.mark.parametrize("name", LEAVES)
def test_every_verb_with_a_result_takes_json_and_finds_at_once_that_it_can_t_be_written(name, tmp_path):
    (option,) = [one for one in LEAVES[name].params if one.name == "json_file"]
    assert (option.opts, option.metavar) == (["--json"], "FILE|-")
    for path in [*unwritable(tmp_path), tmp_path]:
        done = call(name, LEAVES[name], **{"--json": str(path)})
        assert done.exit_code == 2, done.output
        assert f"Can't write {path}" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"], "nothing is left or made"


@pytest.mark.parametrize(
    "name",
    [
        "convert",
        "label",
        "train",
        "gallery build",
        "data synth",
        "data prepare kitti",
        "data prepare nyu",
        "report",
    ],
)
def test_places_that_can_t_be_written_are_found_at_once(name, tmp_path):
    for path in unwritable(tmp_path):
        done = call(name, LEAVES[name], **{"--out": str(path)})
        assert done.exit_code == 2, done.output
        assert f"Can't write {path}" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_folder_that_is_not_there_yet_is_made_only_by_the_result(tmp_path):
    file = tmp_path / "new" / "folder" / "rows.json"
    done = CliRunner().invoke(app, ["data", "check", "folder:absent", "--json", str(file)])
    assert done.exit_code == 2
    assert "absent" in done.stderr
    assert not file.parent.parent.exists()
    assert CliRunner().invoke(app, ["models", "bts*", "--json", str(file)]).exit_code == 0
    assert len(json.loads(file.read_text())["models"]) == 2


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert CliRunner().invoke(app, ["models", "bts*", "--json", str(pipe)]).exit_code == 0
        assert json.loads(os.read(reader, 1 << 16))["models"]
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    "words",
    [
        ("models", "bts*"),
        ("models", "--markdown"),
        ("train", "tiekd_mobilenetv2.demo", "--print-config"),
        ("reproduce", "tiekd_mobilenetv2.adabins_kitti"),
    ],
)
def test_a_minus_prints_json_and_nothing_else(words):
    told = json.loads(CliRunner().invoke(app, [*words, "--json", "-"]).stdout)
    assert isinstance(told, dict)
    with pytest.raises(json.JSONDecodeError):
        json.loads(CliRunner().invoke(app, words).stdout)


def test_numbers_that_are_not_finite_become_null(tmp_path, capsys):
    result = {"a": math.nan, "b": [math.inf, 1.5, {"c": -math.inf}], "d": (1, True, "x"), "e": tmp_path}
    print_result(result, "text", "-")
    expected = {"a": None, "b": [None, 1.5, {"c": None}], "d": [1, True, "x"], "e": str(tmp_path)}
    assert json.loads(capsys.readouterr().out) == expected


def test_a_file_that_fails_late_costs_nothing_else(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    files = {tmp_path / "file" / "x.svg": "<svg/>", tmp_path / "a.csv": "1,2\n", tmp_path / "b.png": b"png"}
    with pytest.raises(DataError, match=r"Can't write .*x\.svg"):
        print_result({"n": 1}, "the table", str(tmp_path / "result.json"), files=files)
    told = capsys.readouterr().out.splitlines()
    assert told == ["the table", str(tmp_path / "a.csv"), str(tmp_path / "b.png")]
    assert (tmp_path / "b.png").read_bytes() == b"png"
    assert json.loads((tmp_path / "result.json").read_text()) == {"n": 1, "files": told[1:]}
    with pytest.raises(DataError, match=r"result\.json"):
        print_result({"n": 1}, "the table", str(tmp_path / "file" / "result.json"))
    assert capsys.readouterr().out == "the table\n"
