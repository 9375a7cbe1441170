"""Graphs of networks: exact, kept in files, and found again. `test_contract.py` exports every network."""

from __future__ import annotations

import copy

import pytest
import torch

from tiekd.artefacts import Artefact, find_artefact, store_artefact
from tiekd.errors import ConfigError, DataError, InputSizeError
from tiekd.export.torch_export import compare, export_network
from tiekd.files import sha256_of
from tiekd.models.fold import fold_for_inference
from tiekd.models.registry import load
from tiekd.types import Prediction

SIZE = (64, 96)


@pytest.fixture(scope="module", params=["tiny_dpm", "tiny_base"])
def path(request, tiny_models):
    return tiny_models[request.param]


def images(*size, batch=1, count=3):
    draw = torch.Generator().manual_seed(0)
    return [torch.randn(batch, 3, *size, generator=draw) for _ in range(count)]


@pytest.mark.parametrize("keep_dpm", [True, False])
def test_a_folded_network_can_be_exported(path, keep_dpm) -> None:
    model = load(path)
    program = export_network(fold_for_inference(model, keep_dpm=keep_dpm), size=SIZE, batch=2)
    parity = compare(program, model, images(*SIZE, batch=2))
    assert parity.n_images == 6
    assert parity.is_rounding, parity


def test_a_graph_is_kept_in_a_file_under_its_key(path, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    model = load(path)
    program = export_network(model, size=SIZE)
    key = Artefact(sha256_of(path), "torch", torch.__version__, "fp32", SIZE, "network.pt2")
    store_artefact(key, lambda file: torch.export.save(program, file))
    loaded = torch.export.load(find_artefact(key))
    assert type(loaded.module()(images(*SIZE)[0])) is Prediction
    parity = compare(loaded, model, images(*SIZE))
    assert parity.is_rounding, parity


def test_a_graph_of_other_weights_is_found_out(path) -> None:
    model = load(path)
    changed = copy.deepcopy(model)
    with torch.no_grad():
        next(changed.head.parameters()).mul_(1.2)
    parity = compare(export_network(changed, size=SIZE), model, images(*SIZE))
    assert not parity.is_rounding
    assert parity.max_m >= parity.p999_m > parity.mean_m > 2e-3


def test_what_can_not_be_exported_or_compared_is_refused(path) -> None:
    model = load(path)
    with pytest.raises(InputSizeError, match="96x16 pixels"):
        export_network(model, size=(16, 96))
    with pytest.raises(DataError, match="no images"):
        compare(export_network(model, size=SIZE), model, [])
    with pytest.raises(ConfigError, match="is in training mode"):
        export_network(model.train(), size=SIZE)
