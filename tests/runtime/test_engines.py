"""What every engine promises, one test per promise, and how engines are found by name.

A new engine needs an entry in `tiekd.runtime.engines.table` and a class like `TestTorch` here.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tiekd.bins import bin_centers
from tiekd.errors import CheckpointError, UnavailableError, UnknownNameError, WeightsUnavailableError
from tiekd.models.registry import load
from tiekd.runtime.engines import table
from tiekd.runtime.engines.open import check_choice, open_engine, untrained_engine
from tiekd.runtime.engines.table import ENGINES, EngineEntry, find_entry

SIZES = ((32, 32), (64, 96), (96, 32), (61, 83))
"""Of photos as they are shown; the last of a picture to be labelled, which the network pads itself."""
ABSENT = EngineEntry(
    name="absent", implementation="absent_engine:AbsentEngine", package="absent_engine",
    install="pip install absent-engine", suffix=".absent", devices=("cpu", "npu"), precisions=("fp32",),
)  # fmt: skip


def image(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(1, 3, height, width)).astype(np.float32)


class EngineContract:
    """Inherit, set `name`, and override `files` where the engine opens something other than weights."""

    name = ""
    tolerance_m = 2e-3

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tiny_models):
        """`tiny_dpm` and `tiny_base` in the form that the engine opens."""
        return tiny_models

    @pytest.fixture(scope="class", params=["tiny_dpm", "tiny_base"])
    @classmethod
    def model(cls, request):
        return request.param

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, files, model):
        return open_engine(files[model], engine=cls.name, device="cpu")

    def test_it_says_what_it_is(self, engine, model, tiny_models) -> None:
        network = load(tiny_models[model])
        assert (engine.name, engine.device) == (self.name, "cpu")
        assert engine.card == network.card
        assert engine.parameters == sum(value.numel() for value in network.parameters())

    @pytest.mark.parametrize("size", SIZES)
    def test_depth_is_metres_at_the_size_of_the_image(self, engine, model, tiny_models, size) -> None:
        output = engine.run(image(*size), with_dpm=False)
        assert output.depth.shape == size
        assert output.depth.dtype == np.float32
        assert output.depth.flags.writeable
        card = engine.card
        assert card.min_depth_m * (1 - 1e-6) <= output.depth.min() < output.depth.max()
        assert output.depth.max() <= card.max_depth_m * (1 + 1e-6)
        with torch.inference_mode():
            want = load(tiny_models[model])(torch.from_numpy(image(*size))).depth[0, 0].numpy()
        np.testing.assert_allclose(output.depth, want, rtol=0, atol=self.tolerance_m)

    def test_the_dpm_is_a_distribution_over_the_bins_of_the_card(self, engine) -> None:
        without = engine.run(image(64, 96), with_dpm=False)
        assert without.dpm is None
        assert without.bin_edges_m is None
        output = engine.run(image(64, 96), with_dpm=True)
        card = engine.card
        if card.n_bins is None:
            assert output.dpm is None
            assert output.bin_edges_m is None
            return
        assert output.dpm.dtype == output.bin_edges_m.dtype == np.float32
        assert output.dpm.shape[0] == card.n_bins == len(output.bin_edges_m) - 1
        assert output.dpm.min() >= 0
        np.testing.assert_allclose(output.dpm.sum(axis=0), 1, atol=1e-5)
        assert (np.diff(output.bin_edges_m) > 0).all()
        np.testing.assert_allclose(output.bin_edges_m[[0, -1]], [card.min_depth_m, card.max_depth_m])

    def test_depth_on_the_grid_is_the_expectation_of_the_dpm(self, engine) -> None:
        output = engine.run(image(64, 96), with_dpm=True)
        if output.grid_depth is None:
            return
        assert output.grid_depth.dtype == np.float32
        assert 96 * output.grid_depth.shape[0] == 64 * output.grid_depth.shape[1]
        if output.dpm is not None:
            centers = bin_centers(torch.from_numpy(output.bin_edges_m)).numpy()
            expected = np.einsum("nhw,n->hw", output.dpm, centers)
            np.testing.assert_allclose(output.grid_depth, expected, atol=self.tolerance_m)

    def test_one_image_has_one_answer(self, engine) -> None:
        """Again, with the DPM, after another image, and from another thread."""
        first = engine.run(image(64, 96), with_dpm=False).depth
        kept = first.copy()
        other = engine.run(image(64, 96, seed=1), with_dpm=True).depth
        np.testing.assert_array_equal(first, kept)
        assert not np.array_equal(first, other)
        np.testing.assert_array_equal(engine.run(image(64, 96), with_dpm=True).depth, kept)
        with ThreadPoolExecutor(1) as thread:
            again = thread.submit(engine.run, image(64, 96), with_dpm=False).result()
        np.testing.assert_array_equal(again.depth, kept)

    def test_threads_may_ask_at_the_same_time(self, engine) -> None:
        pictures = [image(64, 96, seed=seed) for seed in range(4)]
        alone = [engine.run(picture, with_dpm=False).depth for picture in pictures]
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(engine.run, pictures[i % 4], with_dpm=i % 2 == 0) for i in range(24)]
        for i, answer in enumerate(asked):
            output = answer.result()
            np.testing.assert_array_equal(output.depth, alone[i % 4])
            assert (output.dpm is not None) == (i % 2 == 0 and engine.card.n_bins is not None)

    def test_damaged_files_are_refused(self, files, model, tmp_path) -> None:
        whole = files[model].read_bytes()
        for content in (b"", whole[: len(whole) // 2], b"x" * 5000):
            damaged = tmp_path / f"damaged{files[model].suffix}"
            damaged.write_bytes(content)
            with pytest.raises(CheckpointError, match="damaged"):
                open_engine(damaged, engine=self.name, device="cpu")

    def test_devices_and_precisions_that_it_lacks_are_refused(self, files, model) -> None:
        for device in ("gpu", "cuda:99", "cpu-", ""):
            with pytest.raises(UnavailableError, match=f"device {device!r}") as caught:
                open_engine(files[model], engine=self.name, device=device)
            assert "auto" in caught.value.hint
            with pytest.raises(UnavailableError, match=f"device {device!r}"):
                check_choice(engine=self.name, device=device)
        with pytest.raises(UnknownNameError, match=f"precision of the engine {self.name} 'fp3'") as caught:
            open_engine(files[model], engine=self.name, precision="fp3")
        assert "fp32" in caught.value.hint

    def test_auto_takes_it_for_its_files(self, files, model) -> None:
        assert open_engine(files[model], device="cpu").name == self.name


class TestTorch(EngineContract):
    name = "torch"


def test_every_engine_keeps_the_contract() -> None:
    assert {kind.name for kind in EngineContract.__subclasses__()} == {entry.name for entry in ENGINES}
    assert len({entry.name for entry in ENGINES}) == len(ENGINES)


@pytest.fixture
def with_absent(monkeypatch) -> None:
    """A second engine, whose package is not installed."""
    monkeypatch.setattr(table, "ENGINES", (*ENGINES, ABSENT))


@pytest.mark.usefixtures("with_absent")
def test_engines_are_found_by_name_or_by_the_file() -> None:
    assert find_entry("absent") is ABSENT
    assert find_entry("auto") is ENGINES[0]
    assert find_entry("auto", path=Path("a.absent")) is ABSENT
    assert find_entry("auto", path=Path("a.bin")) is ENGINES[0]
    assert find_entry("torch", path=Path("a.absent")) is ENGINES[0]


def test_unknown_engines_suggest_near_ones_before_weights_are_looked_for(tiny_models) -> None:
    with pytest.raises(UnknownNameError, match="Unknown engine 'torhc'") as caught:
        open_engine(tiny_models["tiny_base"], engine="torhc")
    assert caught.value.near[0] == "torch"
    with pytest.raises(UnknownNameError, match="Unknown engine 'tensorrt'"):
        open_engine("absent.safetensors", engine="tensorrt")
    with pytest.raises(UnknownNameError, match="Unknown engine"):
        check_choice(engine="tensorrt", device="auto")


@pytest.mark.usefixtures("with_absent")
def test_an_engine_that_is_not_installed_says_how_to_install_it(tiny_models) -> None:
    with pytest.raises(UnavailableError, match="needs absent_engine, which is not installed") as caught:
        open_engine(tiny_models["tiny_base"], engine="absent")
    assert caught.value.hint == "Install it: pip install absent-engine"
    with pytest.raises(UnavailableError, match="needs absent_engine"):
        check_choice(engine="absent", device="npu:1")
    check_choice(engine="absent", device="cpu")
    # A fault inside an engine's own module is not a missing package.
    with pytest.raises(ModuleNotFoundError, match="absent_engine"):
        replace(ABSENT, package="another").load()


def test_rows_are_opened_by_name(tmp_path, monkeypatch, tiny_models) -> None:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    row = "tiekd_mobilenetv2.adabins_kitti"
    with pytest.raises(WeightsUnavailableError, match="not on this machine"):
        open_engine(row)
    (tmp_path / f"{row}.safetensors").write_bytes(tiny_models["tiny_dpm"].read_bytes())
    assert open_engine(row, device="cpu").card.name == "tiny_dpm"


def test_random_weights_need_a_row_and_a_device() -> None:
    with pytest.raises(UnknownNameError, match="Unknown model 'baseline_mobilenetv2'"):
        untrained_engine("baseline_mobilenetv2")
    with pytest.raises(UnavailableError, match="no device 'gpu'"):
        untrained_engine("baseline_mobilenetv2.demo", device="gpu")


def test_choosing_an_engine_does_not_import_it() -> None:
    code = (
        "import sys; from tiekd.runtime.engines.open import check_choice\n"
        "check_choice(engine='auto', device='auto'); check_choice(engine='torch', device='cpu')\n"
        "sys.exit('torch' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
