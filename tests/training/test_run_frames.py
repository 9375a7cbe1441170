"""Which frames a run learns from, which validate it, and what its files say of them."""

from __future__ import annotations

import json

import pytest
from training_kit import FOCAL_PX, run

from tiekd.card import Selection
from tiekd.data.frames import Frame, digest_of_names, read_split
from tiekd.errors import DataError
from tiekd.models.registry import load


def test_the_best_weights_name_the_frames_that_chose_them(tiny_recipe, tiny_world, tiny_labels, tmp_path):
    """So that an evaluation can say that a file was selected on what it is evaluated on."""
    row, chosen = "tiekd_mobilenetv2.demo", {}
    held_out = {"data__val_split": None, "data__hold_out_every": 2}
    for name, changes in {
        "list": {},
        "held out": held_out,
        "few": {**held_out, "data__max_val_frames": 2},
    }.items():
        out = tmp_path / name
        run(tiny_recipe(row, data__labels=str(tiny_labels), **changes), out)
        chosen[name] = load(out / "best.safetensors").card.selected_on
        assert load(out / "last.safetensors").card.selected_on is None
        assert json.loads((out / "data.json").read_text())["selected_on"] == chosen[name].model_dump()
    train, val = (read_split(tiny_world / f"{split}.txt") for split in ("train", "val"))
    assert chosen["list"] == Selection(
        data="kitti", split="val.txt", digest=digest_of_names(val[::-1]), n_frames=len(val)
    )
    assert chosen["held out"] == Selection(
        data="kitti", split="train.txt", held_out=True, digest=digest_of_names(train[1::2]), n_frames=3
    )
    # All that could be scored are meant, even if only some of them were.
    assert chosen["few"] == chosen["held out"].model_copy(update={"n_frames": 2})


def test_weights_that_nothing_chose_name_no_frames(tiny_recipe, tmp_path):
    run(tiny_recipe("baseline_mobilenetv2.demo", data__val_split=None), tmp_path / "run")
    assert load(tmp_path / "run" / "best.safetensors").card.selected_on is None


def test_a_student_whose_validation_list_has_no_truth_is_validated_on_labels(
    tiny_recipe, tiny_world, tiny_labels, tmp_path
):
    frames = read_split(tiny_world / "train.txt")
    (tmp_path / "bare.txt").write_text("".join(f"{frame.image} None {FOCAL_PX}\n" for frame in frames[:3]))
    bare = {"data__val_split": str(tmp_path / "bare.txt")}
    student = tiny_recipe("tiekd_mobilenetv2.demo", data__labels=str(tiny_labels), **bare)
    result = run(student, tmp_path / "run")
    assert (result.validated_on, "abs_rel" in result.metrics) == ("teacher labels", True)
    with pytest.raises(DataError, match=r"No frame of .*bare\.txt has ground truth"):
        run(tiny_recipe("baseline_mobilenetv2.demo", **bare), tmp_path / "baseline")
    unlabelled = read_split(tiny_world / "val.txt")
    (tmp_path / "bare.txt").write_text("".join(f"{frame.image} None {FOCAL_PX}\n" for frame in unlabelled))
    with pytest.raises(DataError, match="frames have no label in"):
        run(student, tmp_path / "unlabelled")


def test_frames_for_validation_are_taken_evenly_from_the_list() -> None:
    from tiekd.training.frames import _spread

    frames = [Frame(str(number)) for number in range(10)]
    assert [frame.image for frame in _spread(frames, 4)] == ["0", "2", "5", "7"]
    assert [frame.image for frame in _spread(frames, 9)] == [str(n) for n in range(9)]
    assert _spread(frames, 20) == frames
    assert _spread([], 3) == []
