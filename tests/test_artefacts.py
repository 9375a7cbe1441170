"""Artefacts are found by everything they depend on, stored whole, and made once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tiekd import artefacts
from tiekd.artefacts import Artefact, artefact_path, find_artefact, store_artefact
from tiekd.errors import ConfigError, DataError, RunFailedError
from tiekd.files import sha256_of

KEY = Artefact("ab" * 32, "torch", "2.6.0+cpu", "fp32", (64, 96), "network.pt2")
OTHERS = [
    replace(KEY, weights_sha256="cd" * 32),
    replace(KEY, engine="openvino"),
    replace(KEY, version="2.7.0+cpu"),
    replace(KEY, precision="int8"),
    replace(KEY, size=(96, 64)),
    replace(KEY, size=None),
    replace(KEY, file="network.onnx"),
]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def writes(content: bytes):
    return lambda path: path.write_bytes(content)


def refuses(path: Path) -> None:
    raise AssertionError(f"{path} must not be made again")


def test_only_the_artefact_of_exactly_this_key_is_found(home) -> None:
    assert find_artefact(KEY) is None
    stored = store_artefact(KEY, writes(b"graph"))
    assert stored == artefact_path(KEY) == find_artefact(KEY)
    assert stored.is_relative_to(home / "engines")
    assert stored.read_bytes() == b"graph"
    for other in OTHERS:
        assert find_artefact(other) is None
        assert artefact_path(other) != stored
    assert len({artefact_path(key) for key in (KEY, *OTHERS)}) == 1 + len(OTHERS)


def test_new_weights_need_a_new_artefact(tiny_models, tmp_path) -> None:
    weights = tmp_path / "w.safetensors"
    weights.write_bytes(tiny_models["tiny_dpm"].read_bytes())
    key = replace(KEY, weights_sha256=sha256_of(weights))
    store_artefact(key, writes(b"graph"))
    assert find_artefact(replace(KEY, weights_sha256=sha256_of(weights))) is not None
    weights.write_bytes(tiny_models["tiny_base"].read_bytes())
    assert find_artefact(replace(KEY, weights_sha256=sha256_of(weights))) is None


def test_what_is_there_is_not_made_again() -> None:
    store_artefact(KEY, writes(b"graph"))
    assert store_artefact(KEY, refuses).read_bytes() == b"graph"


def test_shipped_artefacts_are_found_too(tmp_path, monkeypatch) -> None:
    stored = store_artefact(KEY, writes(b"graph"))
    shipped = tmp_path / "assets" / "models" / "engines" / KEY.relative_path
    shipped.parent.parent.mkdir(parents=True)
    stored.parent.rename(shipped.parent)
    assert find_artefact(KEY) is None
    monkeypatch.setattr(artefacts, "asset_root", lambda: tmp_path / "assets")
    assert find_artefact(KEY) == shipped
    assert store_artefact(KEY, refuses) == shipped


def test_an_artefact_may_have_several_files_and_all_of_them_count() -> None:
    def write(path: Path) -> None:
        path.write_bytes(b"graph")
        path.with_suffix(".bin").write_bytes(b"weights")

    stored = store_artefact(KEY, write)
    assert {path.name for path in stored.parent.iterdir()} == {"network.pt2", "network.bin", "sha256.json"}
    for name, content in (("network.bin", b"weight"), ("network.pt2", b"graqh"), ("sha256.json", b"{")):
        (stored.parent / name).write_bytes(content)
        assert find_artefact(KEY) is None, name
        assert store_artefact(KEY, write) == find_artefact(KEY) == stored
    for name in ("network.bin", "network.pt2", "sha256.json"):
        (stored.parent / name).unlink()
        assert find_artefact(KEY) is None, name
        store_artefact(KEY, write)


def test_a_failed_export_leaves_nothing(home) -> None:
    def half(path: Path) -> None:
        path.write_bytes(b"gra")
        raise RunFailedError("the op Foo can't be exported")

    def full_disk(path: Path) -> None:
        path.write_bytes(b"gra")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunFailedError, match="Foo"):
        store_artefact(KEY, half)
    with pytest.raises(DataError, match="No space left") as caught:
        store_artefact(KEY, full_disk)
    assert "TIEKD_HOME" in caught.value.hint
    with pytest.raises(RunFailedError, match=r"Nothing was written to network\.pt2"):
        store_artefact(KEY, lambda path: None)
    assert find_artefact(KEY) is None
    assert [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_a_home_that_can_not_be_written_is_named(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(DataError, match="Can't make the folder"):
        store_artefact(KEY, refuses)
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    (tmp_path / "engines").touch()
    with pytest.raises(DataError, match="Can't write"):
        store_artefact(KEY, refuses)


def test_of_several_that_ask_at_once_one_makes_it() -> None:
    together, made = threading.Barrier(4), []

    def slow(path: Path) -> None:
        time.sleep(0.05)  # Long enough for the others to have asked.
        path.write_bytes(b"graph")
        made.append(path)

    def ask(_: int) -> Path:
        together.wait()
        return store_artefact(KEY, slow)

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(ask, range(4))) == {artefact_path(KEY)}
    assert len(made) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weights_sha256", "ab"),
        ("weights_sha256", "AB" * 32),
        ("engine", "../torch"),
        ("engine", ""),
        ("version", "2025-1"),
        ("version", ".."),
        ("precision", "fp/32"),
        ("file", "a/b"),
    ],
)
def test_a_key_is_safe_as_a_path(field: str, value: str) -> None:
    with pytest.raises(ConfigError, match="sha256" if field == "weights_sha256" else f"{field}="):
        replace(KEY, **{field: value})
