"""Models that can't be loaded, and networks that answer NaN: told by name, and no others suffer."""

import io
import json
import os
import shutil
import time
from unittest import mock
from urllib.parse import quote, unquote

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from server_kit import DeclaredClient
from typer.testing import CliRunner

from server.app import create_app
from server.inference.residency import Residency, finite
from server.settings import Settings
from tiekd import zoo
from tiekd.card import ModelCard
from tiekd.cli.main import app as verbs
from tiekd.errors import ChecksumError, NotFiniteError
from tiekd.files import sha256_of
from tiekd.runtime.predictor import Predictor

ROW = "tiny_dpm"
DEPTH_CALLS = [
    *(f"predict?model={ROW}&format={fmt}" for fmt in ("png16", "npy", "npz", "color", "json")),
    f"predict?model={ROW}&format=json&values=list",
    *(f"diff?a=tiny_base&b={ROW}&format={fmt}" for fmt in ("npy", "npz", "color", "json")),
    f"diff?a={ROW}&b=tiny_base&format=json&values=list",
    f"dpm?model={ROW}&x=1&y=1",
    f"dpm?model={ROW}&x=1&y=1&source=target",
    *(f"dpm?model={ROW}&view={view}" for view in ("entropy", "slice&bin=3", "section&row=2")),
    f"dpm?model={ROW}&view=entropy&format=npy",
]


@pytest.fixture
def home(tiny_models, tmp_path, monkeypatch):
    """A folder of weights with the only two rows of the zoo; the row `tiny_dpm` states its digest."""
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    rows = []
    for name, path in tiny_models.items():
        card = zoo.read_card(path)
        digest = {"sha256": sha256_of(path)} if name == ROW else {}
        rows.append(zoo.ZooRow(**card.model_dump(), **digest, measured={"frame": {"abs_rel": 0.1}}))
        shutil.copy(path, tmp_path / f"{name}.safetensors")
    monkeypatch.setattr(zoo, "read_zoo", lambda: zoo.Zoo(rows=tuple(rows)))
    return tmp_path


def weights(home):
    return home / f"{ROW}.safetensors"


def one_bit(home) -> None:
    data = bytearray(weights(home).read_bytes())
    data[-5] ^= 1
    weights(home).write_bytes(data)


def cut_short(home) -> None:
    weights(home).write_bytes(weights(home).read_bytes()[:-100])


def junk(home) -> None:
    weights(home).write_bytes(b"junk")


def another_network(home) -> None:
    with safe_open(str(weights(home)), "pt") as file:
        card = file.metadata()
    save_file(load_file(home / "tiny_base.safetensors"), weights(home), metadata=card)


DAMAGE = [one_bit, cut_short, junk, another_network]


def settled(client) -> dict:
    """The answer of /readyz once no model is being loaded any more."""
    deadline = time.monotonic() + 60
    while True:
        body = client.get("/readyz").json()
        if body["status"] == "ready" or set(body["waiting"]) <= set(body["failed"]):
            return body
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("models", [(), (ROW, "tiny_base")], ids=["all", "named"])
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_row_s_file_with_another_checksum_is_never_loaded(
    home, photo, is_problem, monkeypatch, damage, models
) -> None:
    damage(home)
    monkeypatch.setattr("tiekd.runtime.engines.torch.load", refuse_tiny_dpm(home))
    with DeclaredClient(create_app(Settings(models=models, device="cpu"))) as client:
        body = settled(client)
        assert (body["status"], body["models"], body["failed"]) == ("ready", ["tiny_base"], [ROW])
        assert "sha256" in body["reasons"][ROW]
        told = {model["name"]: model for model in client.get("/api/models").json()["models"]}
        assert not told[ROW]["loaded"]
        assert "sha256" in told[ROW]["error"]
        for call in DEPTH_CALLS:
            said = is_problem(client.post(f"/{call}", files={"image": photo}), 503)
            assert f"{ROW} can't be loaded" in said["detail"]
            assert "sha256" in said["detail"]
            assert str(home) not in str(said)
        assert client.post("/predict?model=tiny_base", files={"image": photo}).status_code == 200
    with DeclaredClient(create_app(Settings(models=models, device="cpu", strict=True))) as client:
        assert settled(client)["failed"] == [ROW]
        is_problem(client.get("/readyz"), 503)


def refuse_tiny_dpm(home):
    """Loads files of weights, but never that of `tiny_dpm`."""
    from tiekd.models.registry import load

    def refusing(path):
        assert path != weights(home), "the file with the wrong checksum was loaded"
        return load(path)

    return refusing


def test_a_file_that_changes_after_the_start_is_noticed_when_it_is_loaded(home) -> None:
    residency = Residency(Settings(device="cpu"))
    one_bit(home)
    residency.load_all()
    assert "sha256" in residency.failed[ROW]
    assert residency.ready


@pytest.mark.parametrize(
    "gone", [lambda path: path.unlink(), lambda path: (path.unlink(), path.mkdir())], ids=["gone", "folder"]
)
def test_a_file_that_is_gone_when_it_is_to_be_loaded_is_a_fault(tiny_models, tmp_path, gone) -> None:
    path = tmp_path / "own.safetensors"
    shutil.copy(tiny_models[ROW], path)
    residency = Residency(Settings(models=(str(path), str(tiny_models["tiny_base"])), device="cpu"))
    gone(path)
    residency.load_all()
    assert residency.ready
    assert "missing" in residency.failed[ROW]
    assert residency.get("tiny_base")


def test_a_server_none_of_whose_models_can_be_loaded_does_not_start(home) -> None:
    one_bit(home)
    with pytest.raises(ChecksumError, match="its sha256 differs"):
        create_app(Settings(models=(ROW,)))


@pytest.mark.parametrize(
    "call",
    [
        ["predict", ROW, "photo.png", "--out", "depth"],
        ["eval", ROW, "--data", "kitti:world", "--split", "test.txt", "--protocol", "frame"],
        ["label", ROW, "--data", "kitti:world", "--split", "train.txt", "--out", "labels"],
        ["serve", "--models", ROW, "--port", "0"],
    ],
    ids=lambda call: call[0],
)
def test_the_verbs_refuse_it_in_one_line(home, tiny_world, tmp_path, monkeypatch, photo, call) -> None:
    one_bit(home)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_bytes(photo)
    (tmp_path / "world").symlink_to(tiny_world)
    with mock.patch.dict(os.environ):  # `tiekd serve` hands on its options there.
        done = CliRunner().invoke(verbs, call)
    assert done.exit_code == 2, done.output
    message, hint = done.stderr.splitlines()[-2:]
    assert f"is not the file that the zoo promises for {ROW} (its sha256 differs)" in message
    assert "Fetch it again" in hint


def test_a_file_that_is_named_by_its_path_does_not_boast_of_the_row_s_numbers(home) -> None:
    one_bit(home)
    residency = Residency(Settings(models=(str(weights(home)), "tiny_base")))
    own, row = (resident.describe() for resident in residency.residents.values())
    assert own["metrics"] == {}
    assert row["metrics"] == {"frame": {"abs_rel": 0.1}}


@pytest.fixture
def broken_file(tiny_models, tmp_path):
    """`broken_file(value)`: the weights of `tiny_dpm` with `value` in one of its last parameters."""

    def make(value: float):
        path = tmp_path / "broken.safetensors"
        tensors = load_file(tiny_models[ROW])
        with safe_open(str(tiny_models[ROW]), "pt") as file:
            card = file.metadata()
        last = [name for name, tensor in tensors.items() if tensor.is_floating_point()][-1]
        tensors[last] = torch.full_like(tensors[last], value)
        save_file(tensors, path, metadata=card)
        return path

    return make


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_of_nan_are_a_fault_when_they_are_loaded(
    broken_file, tiny_models, photo, is_problem, value
) -> None:
    settings = Settings(models=(str(broken_file(value)), str(tiny_models["tiny_base"])), device="cpu")
    with DeclaredClient(create_app(settings)) as client:
        body = settled(client)
        assert body["failed"] == [ROW]
        for call in DEPTH_CALLS:
            said = is_problem(client.post(f"/{call}", files={"image": photo}), 503)
            assert ROW in said["detail"]
        assert client.post("/predict?model=tiny_base", files={"image": photo}).status_code == 200


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("call", DEPTH_CALLS)
def test_a_network_that_answers_nan_is_a_fault_of_the_server_that_names_it(
    client, is_problem, monkeypatch, call, value
) -> None:
    engine = client.app.state.service.residency.get(ROW).engine
    run = engine.run

    def broken(image, *, with_dpm):
        output = run(image, with_dpm=with_dpm)
        output.depth[3, 4] = value
        return output

    monkeypatch.setattr(engine, "run", broken)
    buffer = io.BytesIO()  # A photo of this test alone: predictions are remembered.
    Image.fromarray(np.frombuffer(os.urandom(40 * 64 * 3), np.uint8).reshape(40, 64, 3)).save(buffer, "PNG")
    said = is_problem(client.post(f"/{call}", files={"image": buffer.getvalue()}), 500)
    assert ROW in said["detail"]
    assert "NaN" in said["detail"]
    monkeypatch.undo()
    assert client.post(f"/{call}", files={"image": buffer.getvalue()}).status_code == 200, "not remembered"


NAMES = ["模型", "ü", "a b", "100%", "a\tb\r\nX-Evil: 1", "\x00", "😀" * 50, "x" * 3000]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("path", ["predict?model={}", "dpm?x=1&y=1&model={}", "diff?a={}&b=tiny_base"])
def test_a_model_of_any_name_that_is_not_here_is_404(client, is_problem, photo, path, name) -> None:
    said = is_problem(client.post("/" + path.format(quote(name)), files={"image": photo}), 404)
    assert "Unknown model" in said["detail"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_model_of_any_name_answers_and_its_header_can_be_read(tiny_models, tmp_path, photo, name) -> None:
    card = zoo.read_card(tiny_models["tiny_base"])
    path = tmp_path / "named.safetensors"
    named = ModelCard(**{**card.model_dump(), "name": name})
    save_file(load_file(tiny_models["tiny_base"]), path, metadata=named.to_metadata())
    with DeclaredClient(create_app(Settings(models=json.dumps([str(path)]), device="cpu"))) as client:
        settled(client)
        for call in ("predict?model={0}", "dpm?x=1&y=1&model={0}", "diff?a={0}&b={0}"):
            answer = client.post("/" + call.format(quote(name)), files={"image": photo})
            assert answer.status_code == 200
            told = answer.headers["x-model"]
            assert told.isascii()
            assert told.isprintable()
            assert unquote(told) == (f"{name},{name}" if "diff" in call else name)
            assert "x-evil" not in answer.headers
        assert client.get("/metrics").status_code == 200
        assert client.get("/api/models").json()["models"][0]["name"] == name


def test_a_prediction_of_nan_is_told_with_the_models_name(tiny_models) -> None:
    depth_map = Predictor(tiny_models[ROW])(np.zeros((40, 64, 3), np.uint8), with_dpm=True)
    assert finite(depth_map) is depth_map
    depth_map.dpm[0, 0, 0] = np.nan
    with pytest.raises(NotFiniteError, match=ROW):
        finite(depth_map)
