"""Whole runs on tiny networks: what they write, how they resume, and what stops them."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from training_kit import FILES, rows, run

from tiekd.data.frames import list_frames, open_source, read_split
from tiekd.errors import CheckpointError, ConfigError, DataError, RunFailedError, UnavailableError
from tiekd.estimators.labels import LabelInfo, write_labels
from tiekd.models.registry import load
from tiekd.recipe import load_recipe
from tiekd.training.average import update_average
from tiekd.training.datamodule import open_data
from tiekd.training.dry_run import dry_run
from tiekd.training.fit import fit
from tiekd.training.keeper import Keeper
from tiekd.training.network import build_network, known_frame_px
from tiekd.training.step import DistillTask
from tiekd.types import Sample


def test_a_run_leaves_files_that_fit_together(tiny_recipe, tmp_path):
    recipe = tiny_recipe("adabins_tf_efficientnet_lite0.demo")
    result = run(recipe, tmp_path / "run")
    assert (result.steps, result.finished) == (2, True)
    assert set(result.metrics) == {
        "abs_rel", "sq_rel", "rmse", "rmse_log", "log10", "silog", "delta1", "delta2", "delta3"
    }  # fmt: skip
    assert all((tmp_path / "run" / name).is_file() for name in FILES)
    assert not list((tmp_path / "run").glob(".*"))
    model = load(tmp_path / "run" / "best.safetensors")
    assert model.card.name == recipe.name
    assert (model.card.method, model.card.train_fx_px, model.image_pool) == ("teacher", 60.0, 2)
    assert load_recipe(str(tmp_path / "run" / "recipe.yaml")) == recipe
    told = json.loads((tmp_path / "run" / "data.json").read_text())
    assert told["validated_on"] == "ground truth"
    assert set(told["digests"]) == {"images", "ground truth", "validation frames"}
    table = rows(tmp_path / "run")
    assert [row["step"] for row in table] == ["1", "2", "2"]
    assert float(table[0]["loss"]) == pytest.approx(
        10 * float(table[0]["silog_loss"]) + 0.1 * float(table[0]["chamfer_loss"]), rel=1e-4
    )
    assert float(table[2]["val_abs_rel"]) == pytest.approx(result.metrics["abs_rel"], rel=1e-4)


def test_the_recipe_says_where_views_are_compared_with_ground_truth(tiny_recipe, tmp_path):
    garg, whole = (
        run(tiny_recipe("baseline_mobilenetv2.demo", data__val_box=box), tmp_path / box).metrics["abs_rel"]
        for box in ("garg", "none")
    )
    assert garg != whole


@pytest.mark.parametrize("row", ["tiekd_mobilenetv2.demo", "reskd_ssim_si_mobilenetv2.demo"])
def test_students_learn_from_labels_alone(tiny_recipe, tiny_world, tiny_labels, tmp_path, row):
    root = shutil.copytree(tiny_world, tmp_path / "world")
    for line in (root / "train.txt").read_text().splitlines():
        (root / "gt_depth" / line.split()[1]).unlink()
    recipe = tiny_recipe(row, data__source=f"kitti:{root}", data__labels=str(tiny_labels))
    assert run(recipe, tmp_path / "run").finished


@pytest.mark.parametrize("target", ["published", "gaussian"])
def test_card_and_data_say_which_target_labels_were_turned_into(tiny_recipe, tiny_labels, tmp_path, target):
    rows = {"tiekd_dpm_mobilenetv2.demo": (target, 0.5), "reskd_mse_mobilenetv2.demo": (None, None)}
    for row, stated in rows.items():
        recipe = tiny_recipe(row, data__labels=str(tiny_labels), loss__target=target)
        run(recipe, tmp_path / row)
        card = load(tmp_path / row / "best.safetensors").card
        told = json.loads((tmp_path / row / "data.json").read_text())
        assert (card.target, card.sigma_m) == (told["target"], told["sigma_m"]) == stated


def test_training_lowers_the_loss(tiny_recipe, tmp_path):
    recipe = tiny_recipe(
        "baseline_mobilenetv2.demo", optim__steps=30, optim__lr=0.01, run__save_every=100, run__val_every=30,
        photo={}, view={"size": [64, 96], "flip": 0.0},
    )  # fmt: skip
    run(recipe, tmp_path / "run")
    losses = [float(row["loss"]) for row in rows(tmp_path / "run") if row["loss"]]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_a_run_keeps_its_last_step(tiny_recipe, tmp_path, monkeypatch, number):
    recipe = tiny_recipe(
        "baseline_mobilenetv2.demo", optim__steps=4, run__save_every=4, run__val_every=3, data__workers=1
    )
    step = DistillTask.training_step

    def interrupted(self, batch, batch_idx):
        if self.global_step == 1:
            for child in multiprocessing.active_children():
                os.kill(child.pid, number)
            os.kill(os.getpid(), number)
        return step(self, batch, batch_idx)

    before = signal.getsignal(number)
    monkeypatch.setattr(DistillTask, "training_step", interrupted)
    result = run(recipe, tmp_path / "run")
    assert (result.steps, result.finished) == (2, False)
    assert signal.getsignal(number) is before
    assert [row["step"] for row in rows(tmp_path / "run")] == ["1", "2"]
    monkeypatch.setattr(DistillTask, "training_step", step)
    result = run(recipe, tmp_path / "run", resume=True)
    assert (result.steps, result.finished) == (4, True)
    assert [row["step"] for row in rows(tmp_path / "run")] == ["1", "2", "3", "3", "4", "4"]


def test_a_folder_that_cannot_be_written_is_told_before_any_work(tiny_recipe, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="Can't write into"):
        run(tiny_recipe("baseline_mobilenetv2.demo"), tmp_path / "file" / "run")


def test_a_loss_that_is_no_number_stops_the_run(tiny_recipe, tmp_path, monkeypatch):
    nan = {"silog_loss": torch.tensor(float("nan"), requires_grad=True)}
    monkeypatch.setattr("tiekd.training.step.loss_parts", lambda *_: nan)
    with pytest.raises(RunFailedError, match="The loss is nan at step 0"):
        run(tiny_recipe("baseline_mobilenetv2.demo"), tmp_path / "run")
    assert not (tmp_path / "run" / "last.ckpt").exists()


def test_what_the_data_lack_is_told_before_the_first_step(tiny_recipe, tiny_world, tiny_labels, tmp_path):
    row = "tiekd_mobilenetv2.demo"
    with pytest.raises(ConfigError, match="learns from teacher labels"):
        run(tiny_recipe(row), tmp_path / "a")
    few = shutil.copytree(tiny_labels, tmp_path / "few")
    next(few.glob("*.png")).unlink()
    with pytest.raises(DataError, match="1 of 6 frames have no label"):
        run(tiny_recipe(row, data__labels=str(few)), tmp_path / "b")
    with pytest.raises(ConfigError, match="cover crop 'none', not 'kb'"):
        run(tiny_recipe(row, data__labels=str(tiny_labels), data__crop="kb"), tmp_path / "c")
    with pytest.raises(ConfigError, match="use_focal=True"):
        run(tiny_recipe(row, data__labels=str(tiny_labels), data__train_focal_px=None), tmp_path / "d")
    with pytest.raises(ConfigError, match="names no data"):
        run(tiny_recipe(row, data__source=None), tmp_path / "e")
    with pytest.raises(DataError, match=r"No split file 'trian\.txt'"):
        run(tiny_recipe(row, data__labels=str(tiny_labels), data__train_split="trian.txt"), tmp_path / "f")


def test_labels_that_do_not_fit_the_recipe_are_told(tiny_recipe, tiny_world, tiny_labels, tmp_path):
    row = "tiekd_mobilenetv2.demo"

    def refused(error, said, name, **changes):
        with pytest.raises(error, match=said):
            run(tiny_recipe(row, **{"data__labels": str(tiny_labels), **changes}), tmp_path / name)

    refused(ConfigError, r"max_pixels=None, .*data\.max_pixels=5000", "a", data__max_pixels=5000)
    refused(
        DataError, "Half of the label .* lies beyond", "b", data__max_depth_m=0.5, network__start_depth_m=None
    )
    changed = shutil.copytree(tiny_world, tmp_path / "world")
    picture = changed / "input" / (changed / "train.txt").read_text().split()[0]
    Image.fromarray(np.zeros((64, 96, 3), np.uint8)).save(picture)
    refused(DataError, "1 pictures have changed since", "c", data__source=f"kitti:{changed}")
    holes = shutil.copytree(tiny_labels, tmp_path / "holes")
    for path in holes.glob("*.png"):
        Image.fromarray(np.zeros((64, 96), np.uint16)).save(path)
    refused(DataError, "no depth in 6144 of 6144 pixels", "d", data__labels=str(holes))


def test_lines_without_ground_truth_are_left_out(tiny_recipe, tiny_world, tmp_path, capsys):
    lines = (tiny_world / "train.txt").read_text().splitlines()
    some = [f"{line.split()[0]} None 60" for line in lines[:2]]
    (tmp_path / "some.txt").write_text("\n".join([*some, *lines[2:]]))
    (tmp_path / "none.txt").write_text("\n".join(some))
    row, split = "baseline_mobilenetv2.demo", "data__train_split"
    result = fit(tiny_recipe(row, **{split: str(tmp_path / "some.txt")}), tmp_path / "run")
    assert (result.finished, result.validated_on) == (True, "ground truth")
    assert "Left out 2 frames without ground truth." in capsys.readouterr().err
    with pytest.raises(DataError, match=r"No frame of .*none\.txt has ground truth"):
        run(tiny_recipe(row, **{split: str(tmp_path / "none.txt")}), tmp_path / "none")


def test_too_few_frames_to_hold_one_out_are_told(tiny_recipe, tmp_path, capsys):
    recipe = tiny_recipe("baseline_mobilenetv2.demo", data__hold_out_every=9, data__val_split=None)
    assert fit(recipe, tmp_path / "run").validated_on is None
    assert "6 frames are too few to hold out one of 9: nothing will be validated." in capsys.readouterr().err


def test_held_out_frames_are_validated_on_what_the_method_learns_from(
    tiny_recipe, tiny_world, tiny_labels, tmp_path, monkeypatch
):
    from tiekd.training import datamodule

    opened = []
    loader = datamodule._val_loader
    monkeypatch.setattr(
        datamodule,
        "_val_loader",
        lambda recipe, loose, *rest: opened.append(loose) or loader(recipe, loose, *rest),
    )
    changes = {"data__val_split": None, "data__hold_out_every": 3}
    student = run(
        tiny_recipe("tiekd_mobilenetv2.demo", data__labels=str(tiny_labels), **changes), tmp_path / "s"
    )
    baseline = run(tiny_recipe("baseline_mobilenetv2.demo", **changes), tmp_path / "b")
    assert (student.validated_on, baseline.validated_on) == ("teacher labels", "ground truth")
    assert {"abs_rel", "delta1"} <= set(student.metrics)
    frames = read_split(tiny_world / "train.txt")
    for loose in opened:
        assert loose.frames == [frames[2], frames[5]]
    assert opened[0].labels.root == tiny_labels
    assert opened[1].labels is None


def test_held_out_frames_are_validated_as_often_as_the_recipe_says(tiny_recipe, tmp_path):
    recipe = tiny_recipe(
        "baseline_mobilenetv2.demo", data__val_split=None, data__hold_out_every=3, optim__steps=5,
        run__val_every=2, run__save_every=2, run__log_every=5,
    )  # fmt: skip
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keeper, "keep", lambda self, trainer, task: kept.append(trainer.global_step))
        run(recipe, tmp_path / "run")
    assert [row["step"] for row in rows(tmp_path / "run") if row["val_abs_rel"]] == ["2", "4", "5"]
    assert sorted(set(kept)) == [2, 4, 5]


def test_a_student_of_own_pictures(tiny_models, tmp_path):
    """No split, no ground truth, sizes as they come, the range from the labels, weights to start from."""
    from label_kit import RampTeacher

    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number, size in enumerate([(60, 80), (80, 60), (40, 120), (64, 64)]):
        Image.fromarray(rng.integers(0, 255, (*size, 3), np.uint8)).save(photos / f"{number}.jpg")
    source = open_source(f"folder:{photos}")
    info = LabelInfo(teacher="ramp", teacher_sha256="", max_depth_m=64, crop="none", max_pixels=2400)
    write_labels(RampTeacher(), source, list_frames(source, None), tmp_path / "labels", info)
    recipe = load_recipe(
        "own_student",
        values={
            "network.start_from": str(tiny_models["tiny_dpm"]), "data.source": f"folder:{photos}",
            "data.labels": str(tmp_path / "labels"), "data.max_pixels": 2400, "data.hold_out_every": 2,
            "data.workers": 0, "view.size": [64, 64], "optim.steps": 2, "run.val_every": 2,
        },
    )  # fmt: skip
    result = run(recipe, tmp_path / "run")
    assert (result.finished, result.validated_on) == (True, "teacher labels")
    card = load(tmp_path / "run" / "best.safetensors").card
    assert (card.name, card.n_bins, card.max_depth_m, card.max_pixels) == (
        "tiekd_test_resnet.own",
        16,
        64,
        2400,
    )
    assert card.sigma_m == pytest.approx(0.5 * 64 / 80)
    # What ran can be run again: the range is not scaled a second time.
    again = load_recipe(str(tmp_path / "run" / "recipe.yaml"))
    assert run(again, tmp_path / "run", resume=True).finished


def test_weights_that_can_not_be_had_are_told_before_the_data_is_read(
    tiny_recipe, tiny_world, tmp_path, monkeypatch
):
    def unread(*given, **named):
        pytest.fail("reads the data first")

    monkeypatch.setattr("tiekd.training.datamodule._store", unread)
    monkeypatch.setattr("tiekd.models.encoders.why_silent", lambda: "no route to host")
    monkeypatch.setattr("tiekd.models.encoders.kept_weights", lambda config: None)
    for start in (tmp_path / "absent.pth", "imagenet"):
        recipe = tiny_recipe("baseline_mobilenetv2.demo", network__encoder_weights=str(start))
        for attempt in (fit, dry_run):
            with pytest.raises((DataError, UnavailableError)):
                attempt(recipe, tmp_path / "run")
    assert not any((tmp_path / "run").iterdir())


def test_training_goes_on_from_other_weights(tiny_models, tiny_recipe):
    start = {"network__start_from": str(tiny_models["tiny_dpm"]), "network__start_depth_m": None}
    options = load(tiny_models["tiny_dpm"]).card.options
    recipe = tiny_recipe("tiekd_mobilenetv2.demo", **start, network__options=options)
    network = build_network(recipe, train_focal_px=60.0)
    for key, value in load(tiny_models["tiny_dpm"]).state_dict().items():
        assert torch.equal(network.state_dict()[key], value), key
    assert network.card.train_fx_px == 60
    other = tiny_recipe("tiekd_mobilenetv2.demo", **start, network__options={**options, "norm": "batch"})
    with pytest.raises(CheckpointError, match="don't fit densedepth_dpm_test_resnet: missing"):
        build_network(other, train_focal_px=60.0)


POSITIONS = {"network__options": {"position_channels": True}}


@pytest.mark.parametrize(
    ("values", "frames", "expected"),
    [
        # One size, seen whole.
        (POSITIONS | {"view__size": (64, 96)}, [(64, 96)], (64, 96)),
        (POSITIONS | {"view__size": None}, [(64, 96)], (64, 96)),
        # A few rows less are still that frame, as KITTI's days have them.
        (POSITIONS | {"view__size": (64, 96)}, [(62, 96), (64, 95)], (64, 96)),
        # Parts of frames, frames of several sizes, objects of several sizes, and no positions.
        (POSITIONS | {"view__size": (32, 64)}, [(64, 96)], None),
        (POSITIONS | {"view__size": (64, 96)}, [(64, 96), (96, 64)], None),
        (POSITIONS | {"view__size": None}, [(64, 96), (62, 96)], None),
        (POSITIONS | {"view__size": (64, 96), "view__zoom": (1.0, 1.5)}, [(64, 96)], None),
        ({"network__options": {}, "view__size": (64, 96)}, [(64, 96)], None),
    ],
)
def test_a_network_that_knows_positions_keeps_the_frame_it_has_seen_whole(
    tiny_recipe, values, frames, expected
):
    recipe = tiny_recipe("baseline_mobilenetv2.demo", data__shrink=1, **values)
    assert known_frame_px(recipe, frames) == expected


@pytest.mark.parametrize(("view", "expected"), [((64, 96), (64, 96)), ((32, 64), None), (None, (64, 96))])
def test_the_card_says_which_frames_a_run_has_seen_whole(tiny_recipe, tmp_path, view, expected):
    options = {"image_pool": 2, "output_stride": 4, "norm": "batch", "position_channels": True}
    run(
        tiny_recipe("baseline_mobilenetv2.demo", view__size=view, network__options=options),
        tmp_path / "run",
    )
    assert load(tmp_path / "run" / "best.safetensors").card.frame_px == expected


def test_too_few_frames_for_a_batch_still_fill_one(tiny_recipe, tmp_path):
    recipe = tiny_recipe("baseline_mobilenetv2.demo", optim__batch_size=8)
    assert run(recipe, tmp_path / "run").steps == 2


def test_without_validation_the_last_weights_are_the_best(tiny_recipe, tmp_path):
    result = run(tiny_recipe("baseline_mobilenetv2.demo", data__val_split=None), tmp_path / "run")
    assert result.metrics == {}
    assert all((tmp_path / "run" / name).is_file() for name in FILES)


def test_the_best_weights_are_those_of_the_best_validation(tiny_recipe, tmp_path, monkeypatch):
    scores = iter([0.5, 0.2, 0.9])

    def validated(self):
        self.log("val/abs_rel", next(scores))

    monkeypatch.setattr(DistillTask, "on_validation_epoch_end", validated)
    recipe = tiny_recipe("baseline_mobilenetv2.demo", optim__steps=6, run__save_every=6)
    kept = {}
    from tiekd.training import keeper

    write = keeper.save
    monkeypatch.setattr(
        keeper, "save", lambda model, path: kept.setdefault(path.name, []).append(write(model, path))
    )
    run(recipe, tmp_path / "run")
    assert len(kept["best.safetensors"]) == 2
    best, last = (load(tmp_path / "run" / f"{n}.safetensors").state_dict() for n in ("best", "last"))
    assert not all(torch.equal(best[key], last[key]) for key in best)


def test_the_average_moves_by_its_decay():
    average, model = torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    torch.nn.init.constant_(model.weight, 3.0)
    model.num_batches_tracked.fill_(7)
    update_average(average, model, 0.75)
    assert average.weight.tolist() == [1.5, 1.5]
    assert int(average.num_batches_tracked) == 7


def test_targets_are_at_the_heads_size(tiny_recipe):
    recipe = tiny_recipe("tiekd_mobilenetv2.demo", loss__top_crop_rows=32)
    task = DistillTask(recipe, build_network(recipe, train_focal_px=60.0))
    depth = torch.rand(1, 1, 32, 48) * 90
    batch = Sample(torch.zeros(1, 3, 32, 48, dtype=torch.uint8), depth, depth < 80, depth + 1)
    prediction = task.network(batch.image.float())
    target = task.target(batch, prediction)
    assert target.depth.shape == target.teacher.shape == prediction.raw_depth.shape == (1, 1, 16, 24)
    assert target.top_rows == 8
    assert (target.depth[target.valid_mask] < 80).all()
    assert (target.depth[~target.valid_mask] == 0).all()


def test_the_recipe_as_it_ran_is_plain_yaml(tiny_recipe, tmp_path):
    run(tiny_recipe("baseline_mobilenetv2.demo", optim__steps=1), tmp_path / "run")
    document = yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text())
    assert document["network"]["encoder"] == "test_resnet"


def test_a_canonical_camera_needs_every_focal_length(tiny_recipe, tiny_world, tmp_path):
    image, depth, _ = (tiny_world / "train.txt").read_text().splitlines()[0].split()
    (tmp_path / "some.txt").write_text(f"input/{image} gt_depth/{depth}\n")
    changes = {"data__source": f"folder:{tiny_world}", "data__train_split": str(tmp_path / "some.txt")}
    row = "baseline_mobilenetv2.demo"
    with pytest.raises(DataError, match="does not give every focal length"):
        run(tiny_recipe(row, **changes), tmp_path / "a")
    plain = tiny_recipe(row, **changes, data__train_focal_px=None, data__val_split=None)
    assert run(plain, tmp_path / "b").finished


@pytest.mark.parametrize("workers", [0, 1])
def test_cached_frames_train_to_the_same_weights(tiny_recipe, tmp_path, workers):
    told = []
    changes = {"data__shrink": 2, "data__cache_dir": str(tmp_path / "cache")}
    row = "baseline_mobilenetv2.demo"
    run(tiny_recipe(row, **changes), tmp_path / "loose")
    cached = tiny_recipe(row, **changes, data__cache=True, data__workers=workers)
    run(cached, tmp_path / "cached", progress=lambda done, total: told.append((done, total)))
    assert told == [(n, 6) for n in range(1, 7)] + [(n, 2) for n in range(1, 3)]
    a, b = (load(tmp_path / name / "last.safetensors").state_dict() for name in ("loose", "cached"))
    assert all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize(
    ("frozen", "moved"), [("none", {"encoder", "decoder"}), ("encoder", {"decoder"}), ("all", set())]
)
def test_frozen_norms_keep_their_statistics(tiny_recipe, frozen, moved):
    recipe = tiny_recipe("baseline_mobilenetv2.demo", network__frozen_norms=frozen)
    task = DistillTask(recipe, build_network(recipe, train_focal_px=60.0))
    before = {name: value.clone() for name, value in task.network.named_buffers()}
    task.network(torch.rand(2, 3, 64, 96))
    changed = {
        name.partition(".")[0]
        for name, value in task.network.named_buffers()
        if name.endswith("running_mean") and not torch.equal(value, before[name])
    }
    assert changed == moved
    task.eval()
    assert not any(module.training for module in task.modules())


def test_a_broken_frame_is_told_in_one_line_by_a_worker_too(tiny_recipe, tiny_world, tmp_path):
    root = shutil.copytree(tiny_world, tmp_path / "world")
    next((root / "input").rglob("0000000003.png")).write_bytes(b"broken")
    recipe = tiny_recipe(
        "baseline_mobilenetv2.demo", data__source=f"kitti:{root}", data__workers=1, optim__steps=3
    )
    with pytest.raises(DataError, match=r"0000000003\.png") as caught:
        run(recipe, tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_the_stated_focal_length_is_that_of_frames_as_they_are_scaled(tiny_recipe):
    stated = [
        open_data(
            tiny_recipe("baseline_mobilenetv2.demo", data__train_focal_px=None, data__max_pixels=most)
        ).train_focal_px
        for most in (None, 64 * 96 // 4)
    ]
    assert stated == [60.0, 30.0]


def test_a_validation_split_without_focal_lengths_is_told(tiny_recipe, tiny_world, tmp_path):
    image, depth, focal_px = (tiny_world / "train.txt").read_text().splitlines()[0].split()
    line = f"input/{image} gt_depth/{depth}"
    (tmp_path / "train.txt").write_text(f"{line} {focal_px}\n")
    (tmp_path / "val.txt").write_text(f"{line}\n")
    splits = {f"data__{name}_split": str(tmp_path / f"{name}.txt") for name in ("train", "val")}
    with pytest.raises(DataError, match=r"val\.txt does not give every focal length"):
        open_data(tiny_recipe("baseline_mobilenetv2.demo", data__source=f"folder:{tiny_world}", **splits))
