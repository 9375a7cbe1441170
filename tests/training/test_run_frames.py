"""Which frames a run learns from, which validate it, and what its files say of them."""

from __future__ import annotations

import json

import pytest
from training_kit import FOCAL_PX, run

from tiekd.card import Selection
from tiekd.data.frames import Frame, digest_of_names, read_split
from tiekd.datasets import DATASETS, LAYOUTS
from tiekd.errors import ConfigError, DataError
from tiekd.models.registry import load
from tiekd.recipe import Recipe, load_recipe
from tiekd.training.fit import fit
from tiekd.training.frame_sizes import Border, border_of_views
from tiekd.training.frames import HELD_OUT_SHARE, _whole_recordings, choose_frames


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


def frames_of(*names):
    return [Frame(name) for name in names]


KITTI = [
    f"2011_09_26/2011_09_26_drive_{drive:04d}_sync/image_0{camera}/data/{number:010d}.png"
    for drive in range(60) for number in range(2 + drive % 7) for camera in (2, 3)
]  # fmt: skip
NYU = [f"{scene}/rgb_{number:05d}.jpg" for scene in (
    *(f"kitchen_{room:04d}{part}" for room in range(30) for part in "abc"), "dinette_0001", "attic"
) for number in range(4)]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "names", "recording"),
    [
        ("kitti", KITTI, lambda name: name.split("/")[1]),
        # kitchen_0001a, b and c show one kitchen.
        ("nyu", NYU, lambda name: name.split("/")[0].rstrip("abc")),
        ("folder", [f"{day}/shot/{n}.jpg" for day in range(40) for n in range(3)], lambda name: name[:-6]),
    ],
)
def test_whole_recordings_are_held_out_and_always_the_same(kind, names, recording):
    def held_out(frames):
        return _whole_recordings(frames, LAYOUTS[kind].recording)

    chosen = held_out(frames_of(*names))
    assert 0.02 < len(chosen) / len(names) <= HELD_OUT_SHARE
    recordings = {recording(frame.image) for frame in chosen}
    assert {frame.image for frame in chosen} == {name for name in names if recording(name) in recordings}
    assert {frame.image for frame in held_out(frames_of(*names[::-1]))} == {frame.image for frame in chosen}
    # Also where every recording is longer than a twentieth; a single one can't be divided.
    few = [name for name in names if recording(name) in sorted({*map(recording, names)})[:2]]
    some = held_out(frames_of(*few))
    assert 0 < len(some) < len(few)
    assert len({recording(frame.image) for frame in some}) == 1
    assert held_out([frame for frame in frames_of(*few) if frame not in some]) == []


@pytest.mark.parametrize("row", ["tiekd_mobilenetv2.demo", "baseline_mobilenetv2.demo"])
def test_weights_are_chosen_on_held_out_drives_and_the_test_list_is_not_looked_at(
    tiny_recipe, tiny_world, tiny_labels, tmp_path, row
):
    labels = {"data__labels": str(tiny_labels)} if row.startswith("tiekd") else {}
    changes = {**labels, "data__select_on": "held_out", "data__val_split": "no such list.txt"}
    recipe = tiny_recipe(row, **changes)
    result = run(recipe, tmp_path / "run")
    assert result.validated_on == ("teacher labels" if labels else "ground truth")
    chosen = load(tmp_path / "run" / "best.safetensors").card.selected_on
    assert (chosen.split, chosen.held_out, chosen.n_frames) == ("train.txt", True, 1)
    frames = choose_frames(recipe)
    assert len(frames.train.frames) == 5
    assert not {*frames.train.frames} & {*frames.val.frames}
    (tmp_path / "one.txt").write_text((tiny_world / "train.txt").read_text().splitlines()[0] + "\n")
    with pytest.raises(DataError, match="of one drive or scene") as caught:
        run(tiny_recipe(row, **{**changes, "data__train_split": str(tmp_path / "one.txt")}), tmp_path / "one")
    assert "data.select_on=val_split" in caught.value.hint


@pytest.mark.parametrize(
    "row", ["tiekd_mobilenetv2.adabins_kitti", "bts_resnet50.nyu", "baseline_resnet18.kitti"]
)
def test_published_rows_do_not_choose_on_the_test_list(row):
    recipe = load_recipe(row)
    assert recipe.data.select_on == "held_out"
    as_released = load_recipe(row, overrides=["data.select_on=val_split"])
    assert (as_released.data.select_on, as_released.data.val_split) == (
        "val_split", DATASETS[recipe.dataset].test.file,
    )  # fmt: skip
    # A recipe that was written before there was a choice means what it meant then.
    document = {**recipe.model_dump(mode="json")}
    document["data"].pop("select_on")
    assert Recipe.model_validate(document).data.select_on == "val_split"
    with pytest.raises(ConfigError, match="chooses its frames itself"):
        load_recipe(row, overrides=["data.hold_out_every=9", "data.val_split=null"])


@pytest.mark.parametrize(
    ("view", "sizes", "expected"),
    [
        ([64, 96], [(64, 96), (200, 100)], None),
        ([64, 96], [(62, 96)], None),
        # A portrait photo in landscape views, a thumbnail, and both at once.
        ([64, 96], [(96, 64), (64, 96)], Border(1, 1 - 64 / 96, (64, 64))),
        ([64, 96], [(16, 24), (96, 64), (64, 96)], Border(2, 1 - 16 * 24 / 64 / 96, (16, 24))),
        (None, [(16, 24)], None),
    ],
)
def test_views_that_repeat_borders_are_told(tiny_recipe, view, sizes, expected):
    recipe = tiny_recipe("baseline_mobilenetv2.demo", view__size=view)
    shrunk = [(height // 2, width // 2) for height, width in sizes]
    assert border_of_views(shrunk, recipe) == expected


def test_small_frames_are_warned_of_and_too_small_ones_refused(tiny_recipe, tiny_world, tmp_path, capsys):
    row = "baseline_mobilenetv2.demo"
    fit(tiny_recipe(row, view__size=[128, 192]), tmp_path / "large", interactive=True)
    assert (
        "6 of 6 frames are smaller than view.size: up to 75 % of a view repeats a frame's border. "
        "All frames fill -o view.size=[64,96]."
    ) in capsys.readouterr().err
    fit(tiny_recipe(row), tmp_path / "fits", interactive=True)
    assert "border" not in capsys.readouterr().err
    with pytest.raises(DataError, match="is 96x24 pixels as it is seen; views are whole frames"):
        run(tiny_recipe(row, view__size=None, data__trim_px=[40, 0, 0, 0]), tmp_path / "small")
