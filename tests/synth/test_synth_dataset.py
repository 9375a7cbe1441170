"""`write_dataset`: KITTI's layout, equal files for any number of workers, resuming, clear errors."""

import itertools
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs.png16 import to_uint16
from tiekd.errors import ConfigError, DataError
from tiekd.synth import WorldOptions, render_frame, write_dataset
from tiekd.synth.dataset import _write_splits, frame_paths

OPTIONS = WorldOptions(seed=7, width_px=207, height_px=64, frames_per_drive=2)


def contents(root):
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("world")
    written = write_dataset(root, frames=6, options=OPTIONS, shares=(0.4, 0.3, 0.3))
    assert (written.rendered, written.kept) == (6, 0)
    return root


def test_layout_splits_and_depth(world):
    lines = {name: (world / f"{name}.txt").read_text().splitlines() for name in ("train", "val", "test")}
    assert [len(lines[name]) for name in ("train", "val", "test")] == [2, 2, 2]
    drives = {name: {line.split("/")[1] for line in found} for name, found in lines.items()}
    assert len(set.union(*drives.values())) == 3
    for line in itertools.chain.from_iterable(lines.values()):
        image, depth, focal = line.split()
        assert float(focal) == pytest.approx(721.5377 / 6, abs=1e-3)
        with Image.open(world / "input" / image) as picture:
            assert (picture.mode, picture.size) == ("RGB", (207, 64))
        with Image.open(world / "gt_depth" / depth) as picture:
            assert picture.mode == "I;16"
    frame = render_frame(7, 3, width_px=207, height_px=64)
    image, depth = frame_paths(3, 2)
    assert image == "2011_01_01/2011_01_01_drive_0001_sync/image_02/data/0000000001.png"
    assert depth == "2011_01_01_drive_0001_sync/proj_depth/groundtruth/image_02/0000000001.png"
    np.testing.assert_array_equal(np.asarray(Image.open(world / "input" / image)), frame.image)
    stored = np.asarray(Image.open(world / "gt_depth" / depth)).astype(np.float64) / 256
    np.testing.assert_allclose(stored, frame.depth_m, atol=0.5 / 256 + 1e-6)


def test_two_workers_write_the_same_bytes(world, tmp_path):
    write_dataset(tmp_path / "w", frames=6, options=OPTIONS, workers=2, shares=(0.4, 0.3, 0.3))
    assert contents(tmp_path / "w") == contents(world)


def test_resume_keeps_whole_frames_and_repairs_the_rest(world, tmp_path):
    image, _ = frame_paths(1, 2)
    write_dataset(tmp_path, frames=3, options=OPTIONS, shares=(0.4, 0.3, 0.3))
    truncated = tmp_path / "input" / image
    truncated.write_bytes(truncated.read_bytes()[:500])
    seen = []
    written = write_dataset(
        tmp_path,
        frames=6,
        options=OPTIONS,
        shares=(0.4, 0.3, 0.3),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert (written.rendered, written.kept) == (4, 2)
    assert seen[-1] == (6, 6)
    assert contents(tmp_path) == contents(world)


def test_a_frame_damaged_in_the_middle_is_rendered_again(tmp_path):
    write_dataset(tmp_path, frames=1, options=OPTIONS)
    whole = contents(tmp_path)
    damaged = tmp_path / "input" / frame_paths(0, 2)[0]
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(content)
    assert write_dataset(tmp_path, frames=1, options=OPTIONS).rendered == 1
    assert contents(tmp_path) == whole


def test_lidar_depth_is_sparse_and_true(tmp_path):
    options = replace(OPTIONS, width_px=1242, height_px=375, sparse="lidar", seed=1)
    write_dataset(tmp_path, frames=3, options=options)
    shares = []
    for i in range(3):
        stored = np.asarray(Image.open(tmp_path / "gt_depth" / frame_paths(i, 2)[1]))
        dense = to_uint16(render_frame(1, i, width_px=1242, height_px=375).depth_m)
        hit = stored > 0
        np.testing.assert_array_equal(stored[hit], dense[hit])
        assert stored.max() <= 80 * 256
        shares.append(hit.mean())
    assert 0.03 < np.mean(shares) < 0.06


def test_jittered_focal_length_reaches_the_split_file(tmp_path):
    write_dataset(tmp_path, frames=2, options=replace(OPTIONS, focal_jitter=0.1))
    focals = [float(line.split()[2]) for line in (tmp_path / "train.txt").read_text().splitlines()]
    rendered = [render_frame(7, i, width_px=207, height_px=64, focal_jitter=0.1).fx_px for i in range(2)]
    assert focals == pytest.approx(rendered, abs=1e-4)
    assert abs(focals[0] - focals[1]) > 0.1


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ({"frames": 0}, {}),
        ({"workers": 0}, {}),
        ({"shares": (0.5, 0.1, 0.1)}, {}),
        ({}, {"sparse": "radar"}),
        ({}, {"width_px": 0}),
        ({}, {"seed": -1}),
        ({}, {"frames_per_drive": 0}),
    ],
)
def test_bad_arguments_leave_nothing_behind(tmp_path, arguments, options):
    with pytest.raises(ConfigError) as caught:
        write_dataset(tmp_path / "w", **{"frames": 1, "options": replace(OPTIONS, **options), **arguments})
    assert caught.value.hint
    assert not (tmp_path / "w").exists()


def test_another_world_in_the_folder_is_refused(world):
    before = contents(world)
    with pytest.raises(ConfigError, match="another world"):
        write_dataset(world, frames=6, options=replace(OPTIONS, seed=8))
    assert contents(world) == before


def test_an_older_version_in_the_folder_is_refused(tmp_path):
    record = {"version": 1, **asdict(OPTIONS)}
    (tmp_path / "world.json").write_text(json.dumps(record))
    with pytest.raises(ConfigError, match="'version': 1"):
        write_dataset(tmp_path, frames=1, options=OPTIONS)
    assert not (tmp_path / "input").exists()


def test_pictures_of_an_unknown_world_are_left_alone(tmp_path):
    (tmp_path / "input").mkdir()
    with pytest.raises(ConfigError, match=r"no world\.json"):
        write_dataset(tmp_path, frames=1, options=OPTIONS)
    assert list(tmp_path.iterdir()) == [tmp_path / "input"]


def test_an_unreadable_record_is_named(tmp_path):
    (tmp_path / "world.json").write_text("{")
    with pytest.raises(DataError, match=r"world\.json"):
        write_dataset(tmp_path, frames=1, options=OPTIONS)


def test_an_unwritable_folder_is_a_data_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="file") as caught:
        write_dataset(tmp_path / "file" / "world", frames=1, options=OPTIONS)
    assert "--out" in caught.value.hint


def test_the_record_says_what_the_world_is(world):
    record = json.loads((world / "world.json").read_text())
    assert (record["version"], record["seed"], record["width_px"], record["height_px"]) == (3, 7, 207, 64)


def test_stored_depth_never_rounds_to_none():
    stored = to_uint16(np.array([0.0, 0.0005, 1.0, 255.0, 400.0], np.float32))
    assert stored.tolist() == [0, 1, 256, 65280, 65535]


@pytest.mark.parametrize(
    ("frames", "shares", "counts"),
    [
        (1, (0.9, 0.05, 0.05), (1, 0, 0)),
        (2, (0.9, 0.05, 0.05), (2, 0, 0)),
        (3, (0.9, 0.05, 0.05), (1, 1, 1)),
        (10, (0.9, 0.05, 0.05), (8, 1, 1)),
        (40, (0.9, 0.05, 0.05), (36, 2, 2)),
        (41, (0.9, 0.05, 0.05), (37, 2, 2)),
        (100, (0.9, 0.05, 0.05), (90, 5, 5)),
        (400, (0.9, 0.05, 0.05), (360, 20, 20)),
        (3000, (0.9, 0.05, 0.05), (2700, 140, 160)),
        (10, (0.5, 0.5, 0), (5, 5, 0)),
        (10, (1, 0, 0), (10, 0, 0)),
        (10, (0, 0.5, 0.5), (1, 4, 5)),
    ],
)
def test_every_split_has_frames_and_large_worlds_stay_as_they_were(tmp_path, frames, shares, counts):
    options = WorldOptions(seed=21, width_px=96, height_px=32)
    written = _write_splits(tmp_path, frames, options, shares)
    lines = {name: (tmp_path / f"{name}.txt").read_text().splitlines() for name in written}
    assert {name: len(found) for name, found in lines.items()} == written
    assert len(set(itertools.chain.from_iterable(lines.values()))) == sum(written.values()) == frames
    assert tuple(written.values()) == counts
    if frames >= 3:
        assert [bool(count) for count in written.values()][1:] == [bool(share) for share in shares][1:]
        assert written["train"] > 0
    if frames >= 400:
        drives = [{line.split("/")[1] for line in found} for found in lines.values()]
        assert len(set.union(*drives)) == sum(map(len, drives)), "a drive is in one split"
