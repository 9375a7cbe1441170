"""Several processes, parts of a batch and precisions: what they change, and what they must not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from training_kit import TINY_STUDENT, different, rows, run

from tiekd.errors import ConfigError, RunFailedError
from tiekd.models.registry import load
from tiekd.recipe import load_recipe
from tiekd.training.failures import clear_errors
from tiekd.training.fit import run_network
from tiekd.training.ranks import Ranks, share_of_batch, this_rank

SMALL = {"decoder_channels": [8, 8, 8, 8], "bottleneck_channels": 8}
TESTS = Path(__file__).resolve().parent.parent
MEANS = ["tiekd_mobilenetv2.demo", "reskd_ssim_mobilenetv2.demo", "reskd_mse_mobilenetv2.demo"]
"""Their losses are means over frames; SI is not, and is computed by each process on its share."""


def assert_close(first, second):
    """Weights and tables of two runs."""
    for name in ("last", "best"):
        a, b = (load(folder / f"{name}.safetensors").state_dict() for folder in (first, second))
        assert max(float((a[key] - b[key]).abs().max()) for key in a) <= 1e-5
    for here, there in zip(rows(first), rows(second), strict=True):
        assert {k: float(v) for k, v in here.items() if v} == pytest.approx(
            {k: float(v) for k, v in there.items() if v}, rel=1e-5, abs=1e-5
        )


def two_processes(jobs):
    """Run (row, values, folder, resume) one after another, each by the same two processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    done = subprocess.run(
        [*command, str(TESTS / "training" / "torchrun_job.py"), json.dumps(jobs)],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def values_of_means(world, labels):
    return {
        **TINY_STUDENT,
        "network.frozen_norms": "all",
        "network.options": {**TINY_STUDENT["network.options"], **SMALL},
        "data.source": f"kitti:{world}",
        "data.labels": str(labels),
        # Three frames: one process validates two of them, the other one.
        "data.val_split": "train.txt",
        "data.max_val_frames": 3,
        # From a flat start, where SSIM's covariance is smallest.
        "network.start_depth_m": 12.0,
        "optim.steps": 20,
        # AdamW divides by the gradient's own size: where that is rounding alone, a step is lr times noise.
        # With this seed no unit of the encoder is so close to silent.
        "run.seed": 2,
        "optim.lr": 3e-4,
        "run.val_every": 15,
        "run.save_every": 15,
        "run.log_every": 5,
        "run.threads": 1,
    }


def values_of_parts(world):
    return {
        **TINY_STUDENT,
        "network.options": {**TINY_STUDENT["network.options"], **SMALL, "dropout": 0.2},
        "data.source": f"kitti:{world}",
        "optim.steps": 4,
        "optim.batch_size": 4,
        "optim.accumulate": 2,
        "optim.ema_decay": 0.9,
        "run.save_every": 4,
        "run.threads": 1,
    }


@pytest.fixture(scope="module")
def by_two(tiny_world, tiny_labels, tmp_path_factory):
    """Folders of runs by two processes. The same two make all of them, because their start takes longest."""
    root, row = tmp_path_factory.mktemp("two"), "baseline_mobilenetv2.demo"
    means, parts = values_of_means(tiny_world, tiny_labels), values_of_parts(tiny_world)
    one_step = {**parts, "run.max_time": "0:00:00:00"}
    two_processes(
        [
            *((name, means, str(root / name), False) for name in MEANS),
            (row, parts, str(root / "whole"), False),
            (row, one_step, str(root / "broken"), False),
            (row, one_step, str(root / "broken"), True),
            (row, one_step, str(root / "broken"), True),
            (row, parts, str(root / "broken"), True),
        ]
    )
    return root


@pytest.mark.slow
def test_two_processes_train_like_one(by_two, tiny_world, tiny_labels, tmp_path):
    for row in MEANS:
        run(load_recipe(row, values=values_of_means(tiny_world, tiny_labels)), tmp_path / row)
        assert_close(tmp_path / row, by_two / row)
        assert not list((by_two / row).glob(".*"))


@pytest.mark.slow
def test_two_processes_go_on_bit_for_bit(by_two):
    """With batch norms in training, whose running statistics each process finds for itself."""
    whole, broken = by_two / "whole", by_two / "broken"
    assert [line["step"] for line in rows(whole) if line["val_abs_rel"]] == ["2", "4"]
    assert rows(broken) == rows(whole)
    for name in ("last", "best"):
        a, b = (load(folder / f"{name}.safetensors").state_dict() for folder in (whole, broken))
        assert different(dict(a), dict(b)) == []


def test_a_batch_in_parts_trains_like_a_whole_one(tiny_recipe, tiny_labels, tmp_path):
    def train(name, **changes):
        recipe = tiny_recipe(
            "reskd_mse_mobilenetv2.demo", data__labels=str(tiny_labels), network__frozen_norms="all",
            optim__steps=4, optim__batch_size=4, run__val_every=3, **changes,
        )  # fmt: skip
        run(recipe, tmp_path / name)

    train("whole")
    train("parts", optim__accumulate=2)
    assert [row["step"] for row in rows(tmp_path / "parts")] == ["1", "2", "3", "3", "4", "4"]
    assert_close(tmp_path / "whole", tmp_path / "parts")


def test_half_precision_trains_to_nearly_the_same(tiny_recipe, tiny_labels, tmp_path):
    losses = {}
    for precision in ("fp32", "bf16"):
        recipe = tiny_recipe(
            "tiekd_mobilenetv2.demo", data__labels=str(tiny_labels), optim__precision=precision
        )
        assert run(recipe, tmp_path / precision).finished
        losses[precision] = [float(row["loss"]) for row in rows(tmp_path / precision) if row["loss"]]
    assert losses["bf16"] != losses["fp32"]
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.03)
    weights = load(tmp_path / "bf16" / "last.safetensors").state_dict()
    assert all(torch.isfinite(value).all() for value in weights.values())


def test_what_the_machine_lacks_is_told(tiny_recipe, tmp_path):
    with pytest.raises(ConfigError, match="fp16 needs a GPU"):
        run(tiny_recipe(MEANS[0], optim__precision="fp16", run__device="cpu"), tmp_path / "a")
    with pytest.raises(ConfigError, match=r"Can't train on run\.device=gpuu"):
        run(tiny_recipe(MEANS[0], run__device="gpuu"), tmp_path / "b")
    with (
        pytest.raises(RunFailedError, match="The GPU's memory is full: CUDA out of memory"),
        clear_errors(tmp_path),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
    with (
        pytest.raises(RunFailedError, match=r"memory of this machine is full: .*can't allocate") as caught,
        clear_errors(tmp_path),
    ):
        torch.empty(2**60, dtype=torch.uint8, device="cpu")
    assert "optim.accumulate" in caught.value.hint
    with pytest.raises(RuntimeError, match="of another kind"), clear_errors(tmp_path):
        raise RuntimeError("of another kind")


def test_norms_in_sync_keep_what_timm_puts_into_them(tiny_recipe, monkeypatch):
    monkeypatch.setattr("tiekd.training.fit.on_cuda", lambda recipe: True)
    recipe = tiny_recipe("adabins_tf_efficientnet_lite0.demo")
    data = SimpleNamespace(train_focal_px=60.0, frame_px=None, teacher=None, taught_by=None)
    networks = []
    for world in (1, 2):
        torch.manual_seed(0)
        networks.append(run_network(recipe, data, Ranks(0, world, world), load_weights=False).eval())
    plain, synced = networks
    assert any(isinstance(module, torch.nn.SyncBatchNorm) for module in synced.modules())
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in synced.modules())
    assert different(dict(plain.state_dict()), dict(synced.state_dict())) == []
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        assert torch.equal(plain(image).depth, synced(image).depth)


TORCHRUN = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}


def test_torchrun_says_which_process_this_is(tiny_recipe, monkeypatch):
    assert this_rank() == Ranks()
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(ConfigError, match="asks for several processes without RANK, LOCAL_WORLD_SIZE"):
        this_rank()
    for name, value in {**TORCHRUN, "RANK": "3", "WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    assert this_rank() == Ranks(rank=3, world=4, local_world=2)
    assert not this_rank().is_first
    recipe = tiny_recipe(MEANS[0], optim__batch_size=12, optim__accumulate=3)
    assert share_of_batch(recipe, Ranks(0, 2, 2)) == 2
    with pytest.raises(ConfigError, match=r"optim\.batch_size=12 can't be shared equally by 8"):
        share_of_batch(recipe, Ranks(0, 8, 8))


def test_a_port_in_use_is_told(tiny_recipe, tmp_path, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for name, value in {**TORCHRUN, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(RunFailedError, match=f"port {port} is in use"):
            run(tiny_recipe("baseline_mobilenetv2.demo"), tmp_path / "run")
