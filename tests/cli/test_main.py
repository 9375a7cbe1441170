import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tiekd import __version__
from tiekd.assets import asset_root
from tiekd.cli import main
from tiekd.cli.main import VERBS, app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_environment():
    """`tiekd serve` hands its options to the app in the environment; give every test its own."""
    with mock.patch.dict(os.environ):
        yield


def tiekd(*arguments: str):
    return CliRunner().invoke(app, arguments)


def test_version() -> None:
    assert tiekd("--version").stdout == f"tiekd {__version__}\n"


def test_help_names_every_verb_and_every_verb_ends_with_an_example() -> None:
    text = tiekd("--help").stdout
    for verb in VERBS:
        assert verb in text
        told = tiekd(verb, "--help")
        assert told.exit_code == 0
        if verb not in {"data", "gallery"}:
            assert told.stdout.count("Example") == 1, verb
            assert "[depth ]" not in told.stdout, "brackets are markup"


def test_an_error_is_one_red_line_and_a_hint_with_exit_code_2() -> None:
    done = tiekd("serve", "--models", "tiekd_mobilenet", "--port", "0")
    assert done.exit_code == 2
    assert done.stdout == ""
    message, hint = done.stderr.splitlines()
    assert message == "Unknown model 'tiekd_mobilenet'."
    assert hint.startswith("Did you mean tiekd_mobilenetv2")


def test_an_unknown_verb_suggests_near_ones() -> None:
    done = tiekd("predic")
    assert done.exit_code == 2
    message, hint = done.stderr.splitlines()
    assert message == "Unknown command 'predic'."
    assert hint.startswith("Did you mean predict")


def test_json_that_can_not_be_written_is_told(tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    done = tiekd("models", "bts*", "--json", str(tmp_path / "file" / "rows.json"))
    assert done.exit_code == 2
    assert "Can't write" in done.stderr


def test_a_photo_is_never_replaced_by_its_depth(tiny_models, tmp_path) -> None:
    photo = tmp_path / "street.png"
    Image.new("RGB", (60, 40), "grey").save(photo)
    before = photo.read_bytes()
    model = str(tiny_models["tiny_base"])
    done = tiekd("predict", model, str(photo), "--out", str(tmp_path))
    assert done.exit_code == 2
    assert "would replace it" in done.stderr
    assert photo.read_bytes() == before
    assert tiekd("predict", model, str(photo), "--out", str(tmp_path), "--format", "npy").exit_code == 0
    assert photo.read_bytes() == before


def test_serve_s_options_are_variables_too(monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("TIEKD_HOST", "127.0.0.1")
        monkeypatch.setenv("TIEKD_PORT", port)
        done = tiekd("serve")
    assert f"Can't listen on 127.0.0.1 port {port}" in done.stderr


@pytest.mark.parametrize(
    ("option", "value"), [("--strict", "True"), ("--no-strict", "False"), ("--host", None)]
)
def test_serve_hands_on_whether_it_is_strict_only_when_asked(option, value) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = tiekd("serve", "--port", port, option, *(["127.0.0.1"] if value is None else []))
    assert "Can't listen" in done.stderr
    assert os.environ.get("TIEKD_STRICT") == value


def test_the_module_runs_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tiekd.cli.main", "--version"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == f"tiekd {__version__}\n"


def test_verbs_are_imported_when_used_and_listing_models_needs_no_torch() -> None:
    code = (
        "import sys\nfrom tiekd.cli.main import app\n"
        "assert not [m for m in sys.modules if m.startswith('tiekd.cli.') and m != 'tiekd.cli.main']\n"
        "app(['models', '*.demo'], standalone_mode=False)\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "tiekd_mobilenetv2.demo" in done.stdout


def test_models_are_listed_filtered_and_written_as_json(tmp_path, monkeypatch) -> None:
    listed = tiekd("models", "tiekd_*.adabins_kitti").stdout.splitlines()
    assert len(listed) == 6
    assert "0.0654" in next(line for line in listed if line.startswith("tiekd_mobilenetv2"))
    rows = json.loads(tiekd("models", "bts*", "--json", "-").stdout)["models"]
    assert [row["name"] for row in rows] == ["bts_resnet50.kitti", "bts_resnet50.nyu"]
    assert rows[0]["published"] == {"abs_rel": 0.0586, "rmse": 2.4798}
    file = tmp_path / "rows.json"
    assert tiekd("models", "*.kitti", "--json", str(file)).exit_code == 0
    assert len(json.loads(file.read_text())["models"]) == 6
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    assert tiekd("models", "*_kitti", "--available").stdout == "No model matches.\n"
    table = (asset_root() / "models" / "README.md").read_text()
    assert tiekd("models", "--markdown").stdout == table


def test_weights_that_can_not_be_used_are_found_on_request(misfit, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    name = "bts_resnet50.kitti"
    shutil.copy(misfit, tmp_path / f"{name}.safetensors")
    assert "here" in tiekd("models", name).stdout
    file = tmp_path / "rows.json"
    done = tiekd("models", name, "--check", "--json", str(file))
    assert done.exit_code == 2
    assert "unusable" in done.stdout
    assert f"1 of the models that are here can't be used: {name}." in done.stderr
    assert "don't fit densedepth_dpm_test_resnet" in done.stderr
    (row,) = json.loads(file.read_text())["models"]
    assert "don't fit" in row["fault"]


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = tiekd("serve", "--port", port)
    assert done.exit_code == 2
    assert f"Can't listen on 127.0.0.1 port {port}" in done.stderr
    assert "--port" in done.stderr


def test_a_results_folder_that_is_not_there_is_told(tmp_path) -> None:
    done = tiekd("serve", "--results", str(tmp_path / "absent"))
    assert done.exit_code == 2
    assert "There is no folder" in done.stderr


def test_serve_prints_its_address_and_answers(tiny_models, tmp_path) -> None:
    models = ",".join(map(str, tiny_models.values()))
    code = "from tiekd.cli.main import app; app()"
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--models", models, "--device", "cpu"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            line = server.stdout.readline()
            assert line.startswith("tiekd serves http://127.0.0.1:")
            address = line.split()[2]
            with urllib.request.urlopen(f"{address}/healthz", timeout=20) as answer:
                assert answer.status == 200
            names: list[str] = []
            deadline = time.monotonic() + 60
            while not names and time.monotonic() < deadline:
                with urllib.request.urlopen(f"{address}/api/models", timeout=20) as answer:
                    models_told = json.load(answer)["models"]
                names = [model["name"] for model in models_told]
            assert names == ["tiny_dpm", "tiny_base"]
        finally:
            server.terminate()
    assert server.returncode == 0


BUSY = {
    "in a load": (
        "from server.inference.residency import Residency\n"
        "def load(self, resident): compute()\n"
        "Residency._load = load\n"
    ),
    "before it listens": "import server.app\nserver.app.create_app = compute\n",
    "in its last thread": (
        "import threading\nfrom server.inference.residency import Residency\n"
        "Residency._load = lambda self, resident: threading.Thread(target=compute).start()\n"
    ),
}
"""Where a server computes for ever -> the code that lets it."""


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("code", BUSY.values(), ids=BUSY)
def test_a_server_that_is_stopped_while_it_computes_ends_soon_with_0(way, code) -> None:
    code = (
        "def compute():\n"
        "    import torch\n"
        "    print('computing', flush=True)\n"
        "    while True: torch.ones(200, 200) @ torch.ones(200, 200)\n"
        f"{code}from tiekd.cli.main import app; app()"
    )
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--device", "cpu"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=one_thread, **pipes) as server:
        while server.stdout.readline().strip() != "computing":
            assert server.poll() is None
        began = time.monotonic()
        server.send_signal(way)
        _, said = server.communicate(timeout=60)
    assert server.returncode == 0, said
    assert "terminate called" not in said
    assert "Traceback" not in said
    assert ("still being loaded after 1 s" in said) == ("Residency._load = load" in code)
    assert time.monotonic() - began < 30, "a second of patience, and what a busy machine takes"


def test_gallery_build_writes_a_gallery(tiny_world, tiny_models, tmp_path) -> None:
    done = tiekd(
        "gallery", "build", "--data", f"kitti:{tiny_world}", "--split", "val.txt",
        "--models", str(tiny_models["tiny_base"]), "--out", str(tmp_path / "g"), "--json", "-",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert done.stderr == "", "a bar is only for terminals"
    told = json.loads(done.stdout)
    assert told["methods"] == ["ground_truth", "tiny_base"]
    assert told["frames"] == 2
    assert json.loads((tmp_path / "g" / "gallery.json").read_text())["title"] == tiny_world.name


def test_gallery_build_takes_a_folder_without_a_list(tiny_models, tmp_path) -> None:
    (tmp_path / "trip").mkdir()
    Image.fromarray(np.full((64, 96, 3), 120, np.uint8)).save(tmp_path / "trip" / "a.jpg")
    done = tiekd(
        "gallery", "build", "--data", f"folder:{tmp_path / 'trip'}", "--title", "A trip",
        "--models", str(tiny_models["tiny_base"]), "--out", str(tmp_path / "g"), "--json", "-",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["methods"] == ["tiny_base"]
    assert json.loads((tmp_path / "g" / "gallery.json").read_text())["title"] == "A trip"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--split": "absent.txt"}, "No split file"),
        ({"--models": ","}, "names no model"),
        ({"--models": "absent.safetensors"}, "There is no file"),
        ({"--keep-bits": "40"}, "keep_bits must be"),
    ],
)
def test_gallery_build_refuses_what_can_not_be_meant(
    tiny_world, tiny_models, tmp_path, change, words
) -> None:
    options = {
        "--data": f"kitti:{tiny_world}",
        "--split": "val.txt",
        "--models": str(tiny_models["tiny_base"]),
        "--out": str(tmp_path / "g"),
    }
    done = tiekd("gallery", "build", *[part for pair in (options | change).items() for part in pair])
    assert done.exit_code == 2
    assert words in done.stderr
    assert not (tmp_path / "g").exists()


def test_all_verbs_of_the_table_are_modules() -> None:
    for verb in VERBS:
        assert (Path(main.__file__).parent / f"{verb}.py").is_file()
