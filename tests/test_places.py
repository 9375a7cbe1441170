"""`KIND:PLACE,key=value` and `~`: one rule wherever a place is named."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.data.frames import find_split, open_source
from tiekd.errors import ConfigError, UnknownNameError
from tiekd.estimators.names import parse_name
from tiekd.places import Place, at_home, parse_place
from tiekd.recipe.settings import DataSettings
from tiekd.zoo import resolve

KINDS = ("kitti", "folder", "x")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder with one picture in `photos`."""
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / "me" / "photos").mkdir(parents=True)
    Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(tmp_path / "me" / "photos" / "a.png")
    return tmp_path / "me"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("folder:a/b", ("folder", "a/b", {})),
        ("folder:a/b,scale=1000,missing=65535", ("folder", "a/b", {"scale": "1000", "missing": "65535"})),
        ("kitti:my,data", ("kitti", "my,data", {})),
        ("x:lr=3/y,k=v", ("x", "lr=3/y", {"k": "v"})),
        ("a/b:c", ("", "a/b:c", {})),
        ("plain", ("", "plain", {})),
    ],
)
def test_text_is_taken_apart(text, parsed):
    assert parse_place(text, KINDS, what="data") == Place(*parsed)


def test_text_that_names_nothing_is_refused():
    with pytest.raises(UnknownNameError, match="kind of data 'foldr'"):
        parse_place("foldr:a", KINDS, what="data")
    with pytest.raises(ConfigError, match="names no data"):
        parse_place("folder:", KINDS, what="data")


def test_the_home_folder_is_known_after_a_colon(home):
    assert parse_place("folder:~/photos,scale=2", KINDS, what="data").place == f"{home}/photos"
    assert parse_place("folder:~", KINDS, what="data").place == str(home)
    assert open_source("folder:~/photos").root == home / "photos"
    for name in ("hf:~/net", "onnx:~/net,size=2x2", "labels:~/net,scale=3", "~/net"):
        assert parse_name(name).place == f"{home}/net"
    (home / "list.txt").write_text("a.png")
    assert find_split(open_source("folder:~/photos"), "~/list.txt") == home / "list.txt"
    (home / "w.safetensors").write_text("")
    assert resolve("~/w.safetensors") == home / "w.safetensors"
    settings = DataSettings(labels="~/l", cache_dir="~/c", train_split="~/t.txt", val_split=None)
    assert (settings.labels, settings.cache_dir, settings.train_split) == (
        f"{home}/l",
        f"{home}/c",
        f"{home}/t.txt",
    )


def test_names_that_only_look_like_the_home_folder_stay(home):
    assert at_home("a/~/b") == "a/~/b"
    assert at_home("~nobody-of-this-name/x") == "~nobody-of-this-name/x"


def test_the_command_line_knows_it_after_an_equals_sign(home, monkeypatch):
    monkeypatch.chdir(home)
    (home / "list.txt").write_text("a.png\n")
    done = CliRunner().invoke(
        app, ["data", "check", "folder:~/photos", "--split=~/list.txt", "--json=~/faults.json"]
    )
    assert done.exit_code == 0, done.output
    assert Path(home, "faults.json").is_file()
    assert not Path(home, "~").exists()
    done = CliRunner().invoke(app, ["data", "check", "folder:photos", "--labels", "labels:~/photos"])
    assert f"{home}/photos holds no labels.json" in done.output.replace("\n", " ")


def test_a_path_that_exists_may_look_like_options(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("photos,scale=2").mkdir()
    Path("photos").mkdir()
    assert parse_place("folder:photos,scale=2", KINDS, what="data") == Place("folder", "photos,scale=2", {})
    assert parse_place("folder:photos,scale=2,scale=3", KINDS, what="data").options == {"scale": "3"}
    assert parse_place("folder:photos,scale=3", KINDS, what="data") == Place(
        "folder", "photos", {"scale": "3"}
    )
    with pytest.raises(ConfigError, match="is not KEY=VALUE"):
        parse_place("folder:photos,scale", KINDS, what="data")
