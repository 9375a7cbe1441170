"""Stopping and going on: a run that was killed, stopped or out of disk ends as if nothing had been."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import signal
import time
from pathlib import Path

import pytest
import torch
from training_kit import FILES, TINY_STUDENT, different, rows, run, run_row

from tiekd.errors import CheckpointError, ConfigError, DataError, RunFailedError
from tiekd.models.registry import load
from tiekd.recipe import load_recipe
from tiekd.training.folder import load_checkpoint
from tiekd.training.metrics_table import MetricsTable
from tiekd.training.step import DistillTask

ROW = "baseline_mobilenetv2.demo"


class KilledError(Exception):
    pass


@pytest.fixture
def killed_at(monkeypatch):
    """Makes the training step after so many steps die."""
    step = DistillTask.training_step

    def kill(after):
        def dying(self, batch, batch_idx):
            if self.global_step == after:
                raise KilledError
            return step(self, batch, batch_idx)

        monkeypatch.setattr(DistillTask, "training_step", dying)
        return lambda: monkeypatch.setattr(DistillTask, "training_step", step)

    return kill


@pytest.mark.parametrize("ema", [None, 0.9])
def test_a_resumed_run_ends_where_an_unbroken_one_does(tiny_recipe, tmp_path, killed_at, ema):
    recipe = tiny_recipe(
        "baseline_mobilenetv2.demo",
        optim__steps=5,
        optim__coarse_share=0.6,
        view__size=[128, 192],
        optim__ema_decay=ema,
        run__val_every=2,
        run__save_every=2,
    )
    run(recipe, tmp_path / "whole")
    revive = killed_at(3)
    with pytest.raises(KilledError):
        run(recipe, tmp_path / "broken")
    assert [row["step"] for row in rows(tmp_path / "broken")] == ["1", "2", "2", "3"]
    revive()
    result = run(recipe, tmp_path / "broken", resume=True)
    assert (result.steps, result.finished) == (5, True)
    assert rows(tmp_path / "broken") == rows(tmp_path / "whole")
    for name in ("last", "best"):
        a, b = (load(tmp_path / f / f"{name}.safetensors").state_dict() for f in ("whole", "broken"))
        assert [key for key in a if not torch.equal(a[key], b[key])] == []


def as_lightning_counted(path):
    """A checkpoint as it was when Lightning made the steps: it counted them in another place."""
    checkpoint = load_checkpoint(path)
    loop = checkpoint["loops"]["fit_loop"]
    theirs = loop["epoch_loop.automatic_optimization.optim_progress"]["optimizer"]
    ours = "epoch_loop.manual_optimization.optim_step_progress"
    loop[ours], theirs["step"] = theirs["step"], loop[ours]
    assert theirs["step"]["total"]["completed"] == checkpoint["global_step"] > 0
    torch.save(checkpoint, path)


def test_a_run_of_an_older_version_goes_on_twice(tiny_recipe, tmp_path):
    settings = {"optim__steps": 4, "optim__ema_decay": 0.9, "run__save_every": 10, "run__val_every": 4}
    run(tiny_recipe(ROW, **settings), tmp_path / "whole")
    run(tiny_recipe(ROW, **settings, run__max_time="0:00:00:00"), tmp_path / "old")
    as_lightning_counted(tmp_path / "old" / "last.ckpt")
    again = run(tiny_recipe(ROW, **settings, run__max_time="0:00:00:00"), tmp_path / "old", resume=True)
    assert again.steps == 2
    assert run(tiny_recipe(ROW, **settings), tmp_path / "old", resume=True).steps == 4
    assert rows(tmp_path / "old") == rows(tmp_path / "whole")
    first, second = (load_checkpoint(tmp_path / name / "last.ckpt") for name in ("whole", "old"))
    assert different(first["state_dict"], second["state_dict"]) == []


STEPS = 24
EVERYTHING_ON = {
    **TINY_STUDENT,
    "network.options": {
        **TINY_STUDENT["network.options"],
        "dropout": 0.2,
        "decoder_channels": [8, 8, 8, 8],
        "bottleneck_channels": 8,
    },
    "data.workers": 2,
    "optim.steps": STEPS,
    "optim.batch_size": 4,
    "optim.accumulate": 2,
    "optim.ema_decay": 0.9,
    "view.size": [64, 64],
    "run.val_every": 5,
    "run.save_every": 2,
    "run.log_every": 3,
    "run.pictures": 1,
    "run.threads": 1,
}


def last_step(out):
    """Of metrics.csv, while another process writes it."""
    lines = (out / "metrics.csv").read_text().splitlines() if (out / "metrics.csv").is_file() else []
    steps = [line.partition(",")[0] for line in lines[1:]]
    return max((int(step) for step in steps if step.isdigit()), default=0)


def kill_after(process, out, step):
    """SIGKILL while the step after a logged one goes on."""
    until = time.monotonic() + 300
    while last_step(out) < step and process.is_alive() and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(random.random() * 0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL, "it ended before it could be killed"


@pytest.mark.slow
def test_killed_three_times_a_run_ends_bit_for_bit_where_an_unbroken_one_does(tiny_world, tmp_path):
    # A server that has imported all forks the runs: each is a process of its own, without its own imports.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tiekd.training.fit", "torch.utils.tensorboard"])
    values = {**EVERYTHING_ON, "data.source": f"kitti:{tiny_world}"}

    def start(name, resume):
        process = context.Process(target=run_row, args=(ROW, values, str(tmp_path / name), resume))
        process.start()
        return process

    whole = start("whole", False)
    whole.join()
    chosen = [random.randrange(low, low + 3) for low in (3, 9, 15)]
    print("killed after steps", chosen)
    for step in chosen:
        kill_after(start("broken", resume=step != chosen[0]), tmp_path / "broken", step)
        assert load_checkpoint(tmp_path / "broken" / "last.ckpt")["global_step"] < STEPS
    end = start("broken", resume=True)
    end.join()
    assert (whole.exitcode, end.exitcode) == (0, 0)
    assert rows(tmp_path / "broken") == rows(tmp_path / "whole")
    first, second = (load_checkpoint(tmp_path / name / "last.ckpt") for name in ("whole", "broken"))
    for part in ("state_dict", "optimizer_states", "lr_schedulers", "callbacks", "begun_row"):
        assert different(first[part], second[part]) == []
    for name in ("last", "best"):
        first, second = (
            load(tmp_path / folder / f"{name}.safetensors").state_dict() for folder in ("whole", "broken")
        )
        assert different(dict(first), dict(second)) == []
    assert not list((tmp_path / "broken").glob(".*"))


@pytest.fixture(scope="module")
def finished_once(tiny_world, tmp_path_factory):
    from training_kit import TINY_STUDENT

    out = tmp_path_factory.mktemp("finished") / "run"
    values = {**TINY_STUDENT, "data.source": f"kitti:{tiny_world}"}
    run(load_recipe("baseline_mobilenetv2.demo", values=values), out)
    return out


@pytest.fixture
def finished(finished_once, tmp_path):
    """The folder tmp_path/run with a finished baseline, to do anything with."""
    return shutil.copytree(finished_once, tmp_path / "run")


def test_resuming_a_finished_run_changes_nothing(tiny_recipe, finished, tmp_path):
    recipe = tiny_recipe("baseline_mobilenetv2.demo")
    before = {name: (tmp_path / "run" / name).read_bytes() for name in FILES}
    assert run(recipe, tmp_path / "run", resume=True).finished
    assert before == {name: (tmp_path / "run" / name).read_bytes() for name in FILES}


def test_a_folder_that_holds_a_run_is_not_overwritten(tiny_recipe, finished):
    recipe = tiny_recipe("baseline_mobilenetv2.demo")
    with pytest.raises(ConfigError, match="already holds a run"):
        run(recipe, finished)


def test_resuming_with_another_recipe_is_refused_and_names_the_keys(tiny_recipe, finished):
    other = tiny_recipe("baseline_mobilenetv2.demo", optim__lr=0.5, run__seed=9, run__threads=1)
    with pytest.raises(ConfigError, match=r"differ: optim\.lr, run\.seed\.$"):
        run(other, finished, resume=True)


@pytest.mark.parametrize("damage", ["truncated", "foreign", "empty"])
def test_a_damaged_checkpoint_is_told(tiny_recipe, finished, damage):
    recipe = tiny_recipe("baseline_mobilenetv2.demo")
    last = finished / "last.ckpt"
    whole = last.read_bytes()
    last.write_bytes(
        {"truncated": whole[: len(whole) // 2], "foreign": b"PK not a checkpoint", "empty": b""}[damage]
    )
    with pytest.raises(CheckpointError, match=r"last\.ckpt can't be read"):
        run(recipe, finished, resume=True)


STOPPED = {"run__max_time": "0:00:00:00", "optim__steps": 4, "run__save_every": 10, "run__val_every": 4}
"""Out of time after the first step."""


def test_out_of_time_a_run_stops_after_a_step_and_goes_on(tiny_recipe, tmp_path):
    result = run(tiny_recipe(ROW, **STOPPED), tmp_path / "run")
    assert (result.steps, result.finished, result.metrics) == (1, False, {})
    assert run(tiny_recipe(ROW, **STOPPED), tmp_path / "run", resume=True).steps == 2
    result = run(tiny_recipe(ROW, **{**STOPPED, "run__max_time": None}), tmp_path / "run", resume=True)
    assert (result.steps, result.finished) == (4, True)


def test_a_run_reports_the_metrics_of_its_best_weights(tiny_recipe, tmp_path):
    settings = {"optim__lr": 0.3, "optim__steps": 4, "run__val_every": 1}
    result = run(tiny_recipe(ROW, **settings, run__max_time="0:00:00:00"), tmp_path / "run")
    while not result.finished:
        result = run(tiny_recipe(ROW, **settings, run__max_time="0:00:00:00"), tmp_path / "run", resume=True)
    found = [float(row["val_abs_rel"]) for row in rows(tmp_path / "run") if row["val_abs_rel"]]
    assert found[-1] > min(found), "the last weights are the best: the test proves nothing"
    assert result.metrics["abs_rel"] == pytest.approx(min(found), rel=1e-4)
    again = run(tiny_recipe(ROW, **settings), tmp_path / "run", resume=True)
    assert (again.metrics, again.validated_on) == (result.metrics, "ground truth")


def test_without_validation_a_run_that_went_on_leaves_its_last_weights(tiny_recipe, tmp_path):
    stopped = {**STOPPED, "data__val_split": None}
    run(tiny_recipe(ROW, **stopped), tmp_path / "run")
    first = load(tmp_path / "run" / "best.safetensors").state_dict()
    assert run(tiny_recipe(ROW, **{**stopped, "run__max_time": None}), tmp_path / "run", resume=True).finished
    best, last = (load(tmp_path / "run" / f"{name}.safetensors").state_dict() for name in ("best", "last"))
    assert different(best, last) == []
    assert different(best, first) != []


def test_a_row_that_was_begun_is_kept_for_all_processes(tiny_recipe):
    class Trainer:
        world_size, loggers, global_step, max_steps = 2, [], 3, 9

        class strategy:  # noqa: N801
            root_device = "cpu"

            @staticmethod
            def reduce(values, reduce_op):
                assert reduce_op == "mean"
                return (values + 5.0) / 2  # the other process has summed up 5 of everything

    recipe = tiny_recipe(ROW, run__log_every=4)
    table = MetricsTable(Path("none"), recipe, lines=False)
    table.sums, table.count = {"loss": 1.0, "silog_loss": 2.0}, 3
    checkpoint = {}
    table.on_save_checkpoint(Trainer(), None, checkpoint)
    again = MetricsTable(Path("none"), recipe, lines=False)
    again.on_load_checkpoint(Trainer(), None, checkpoint)
    assert (again.sums, again.count) == ({"loss": 3.0, "silog_loss": 3.5}, 3)


def test_a_run_may_go_on_with_its_data_elsewhere_but_not_with_other_data(
    tiny_recipe, tiny_world, tiny_labels, tmp_path
):
    root = shutil.copytree(tiny_world, tmp_path / "world")
    labels = shutil.copytree(tiny_labels, tmp_path / "labels")
    first = {**STOPPED, "data__source": f"kitti:{root}", "data__labels": str(labels)}
    row = "reskd_mse_mobilenetv2.demo"
    run(tiny_recipe(row, **first), tmp_path / "run")
    root.rename(tmp_path / "moved")
    moved = {**first, "data__source": f"kitti:{tmp_path / 'moved'}"}
    assert run(tiny_recipe(row, **moved), tmp_path / "run", resume=True).steps == 2
    kept = (tmp_path / "run" / "last.ckpt").read_bytes()
    label, picture = next(labels.glob("*.png")), next((tmp_path / "moved" / "input").rglob("0000000000.png"))
    label.write_bytes(label.read_bytes() + b"more")
    with pytest.raises(DataError, match="have changed since it was begun: teacher labels"):
        run(tiny_recipe(row, **moved), tmp_path / "run", resume=True)
    picture.write_bytes(picture.read_bytes() + b"more")
    with pytest.raises(DataError, match="1 pictures have changed since they were labelled"):
        run(tiny_recipe(row, **moved), tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "last.ckpt").read_bytes() == kept


def test_without_patience_left_a_run_is_finished(tiny_recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(DistillTask, "on_validation_epoch_end", lambda self: self.log("val/abs_rel", 0.5))
    settings = {"optim__steps": 6, "run__val_every": 1, "run__save_every": 10}
    result = run(tiny_recipe(ROW, **settings, run__patience=2), tmp_path / "run")
    assert (result.steps, result.finished) == (3, True)
    again = run(tiny_recipe(ROW, **settings, run__patience=2), tmp_path / "run", resume=True)
    assert (again.steps, again.finished) == (3, True)
    more = run(tiny_recipe(ROW, **settings, run__patience=4), tmp_path / "run", resume=True)
    assert (more.steps, more.finished) == (5, True)


def test_a_full_disk_is_told_and_loses_nothing(tiny_recipe, tmp_path):
    settings = {"optim__steps": 3, "run__pictures": 0, "run__val_every": 3}
    out = tmp_path / "run"
    run(tiny_recipe(ROW, **settings, run__max_time="0:00:00:00"), out)
    kept = {name: (out / name).read_bytes() for name in ("last.ckpt", "last.safetensors")}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow beyond this: writing fails as it does on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(RunFailedError, match=r"Can't write .*last\.ckpt.*kept before are whole"):
            run(tiny_recipe(ROW, **settings), out, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert kept == {name: (out / name).read_bytes() for name in kept}
    assert run(tiny_recipe(ROW, **settings), out, resume=True).finished
    assert not [path for path in out.iterdir() if path.name not in (*FILES, "tensorboard")]


def test_what_a_killed_run_left_half_written_is_cleared_away(tiny_recipe, tmp_path):
    out = tmp_path / "run"
    run(tiny_recipe(ROW, **STOPPED), out)
    (out / ".last.ckpt.0badcafe").write_bytes(b"half")
    (out / "best.safetensorsx1.part").write_bytes(b"half")
    with (out / "metrics.csv").open("a") as table:
        table.write("1")
    run(tiny_recipe(ROW, **STOPPED), out, resume=True)
    assert [row["step"] for row in rows(out)] == ["1", "2"]
    assert not [path for path in out.iterdir() if path.name not in (*FILES, "tensorboard")]
