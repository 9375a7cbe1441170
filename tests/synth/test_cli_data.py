"""`tiekd data synth` from the command line."""

import json

import pytest
from typer.testing import CliRunner

from tiekd.cli.data import app
from tiekd.errors import ConfigError
from tiekd.synth import WorldOptions, write_dataset


def test_synth_writes_a_world_and_says_so(tmp_path):
    result = CliRunner().invoke(
        app,
        [
            "synth",
            "--out",
            str(tmp_path / "w"),
            "--frames",
            "2",
            "--seed",
            "3",
            "--size",
            "96x32",
            "--drive",
            "1",
            "--split",
            "0.5,0.5,0",
            "--json",
            "-",
        ],
    )
    assert result.exit_code == 0, result.output
    answer = json.loads(result.output)
    assert answer["rendered"] == 2
    assert answer["splits"] == {"train": 1, "val": 1, "test": 0}
    assert (tmp_path / "w" / "train.txt").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value"), [("--size", "96"), ("--size", "-5x9"), ("--split", "1,0"), ("--split", "a,b,c")]
)
def test_synth_refuses_what_it_cannot_read(tmp_path, option, value):
    result = CliRunner().invoke(app, ["synth", "--out", str(tmp_path / "w"), "--frames", "1", option, value])
    assert isinstance(result.exception, ConfigError)
    assert value in str(result.exception)
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("value", ["0.5", "-0.1", "nan", "1e9"])
def test_synth_refuses_a_focal_jitter_that_is_no_cameras(tmp_path, value):
    with pytest.raises(ConfigError, match="No camera has a focal jitter of ") as refused:
        write_dataset(tmp_path / "w", frames=1, options=WorldOptions(seed=0, focal_jitter=float(value)))
    assert f" {float(value):g}." in str(refused.value)
    assert "below 0.5" in refused.value.hint
    words = ["synth", "--out", str(tmp_path / "w"), "--frames", "1", "--focal-jitter", value]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert not (tmp_path / "w").exists()


def test_synth_renders_the_widest_jitter_that_it_takes(tmp_path):
    words = ["synth", "--out", str(tmp_path / "w"), "--frames", "4", "--size", "96x32", "--split", "1,0,0"]
    result = CliRunner().invoke(app, [*words, "--focal-jitter", "0.499"])
    assert result.exit_code == 0, result.output
    focals = [float(line.split()[2]) for line in (tmp_path / "w" / "train.txt").read_text().splitlines()]
    assert max(focals) > 1.2 * min(focals)
