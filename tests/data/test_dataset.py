import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from tiekd.data.cache import cache_key, cached
from tiekd.data.dataset import LooseFrames, StreamLoader, StreamSampler, ViewDataset, ViewKey, collate
from tiekd.data.frames import open_source, read_split
from tiekd.data.seen import Seen
from tiekd.data.settings import PhotoSettings, ViewSettings
from tiekd.data.transforms import Layers, depth_of_cells, still_view, take_view
from tiekd.errors import DataError
from tiekd.estimators.labels import LabelFolder
from tiekd.types import Sample


def loose(root, *, labels=None, with_depth=True, **seen):
    source, frames = open_source(f"kitti:{root}"), read_split(root / "train.txt")
    return LooseFrames(source, frames, seen=Seen(**seen), labels=labels, with_depth=with_depth)


class FlatTeacher:
    step_m = 1 / 256

    def read(self, frame, size):
        return np.full(size, 12.5, np.float32)


def views(store, **changes):
    settings = {
        "view": ViewSettings(size=(32, 64), zoom=(0.9, 1.2)), "shrink": 1, "photo": PhotoSettings(noise=5),
        "train_focal_px": 60.0, "max_depth_m": 80.0, "seed": 3,
    }  # fmt: skip
    return ViewDataset(store, **{**settings, **changes})


def same(a, b):
    return all(torch.equal(getattr(a, name), getattr(b, name)) for name in ("image", "depth", "valid_mask"))


def test_a_sample_depends_on_seed_epoch_and_index_only(tiny_world):
    dataset = views(loose(tiny_world))
    first = dataset[ViewKey(0, 1)]
    dataset[ViewKey(0, 2)]
    assert same(first, dataset[ViewKey(0, 1)])
    assert not same(first, dataset[ViewKey(1, 1)])
    assert not same(first, dataset[ViewKey(0, 2)])
    assert not same(first, views(loose(tiny_world), seed=4)[ViewKey(0, 1)])


def test_a_sample_has_the_promised_shapes_and_mask(tiny_world):
    sample = views(loose(tiny_world, labels=FlatTeacher()), max_depth_m=20.0)[ViewKey(0, 0)]
    assert sample.image.shape == (3, 32, 64)
    assert sample.image.dtype == torch.uint8
    assert sample.depth.shape == sample.valid_mask.shape == sample.teacher_depth.shape == (1, 32, 64)
    assert sample.valid_mask.dtype == torch.bool
    assert torch.equal(sample.valid_mask, (sample.depth > 0) & (sample.depth < 20))
    assert sample.valid_mask.any()
    assert not sample.valid_mask.all()


def test_without_photometry_views_stand_still(tiny_world):
    dataset = views(loose(tiny_world), photo=None)
    assert same(dataset[ViewKey(0, 1)], dataset[ViewKey(7, 1)])


def test_ground_truth_can_be_left_unread(tiny_world, tmp_path):
    shutil.copytree(tiny_world, tmp_path / "world")
    shutil.rmtree(tmp_path / "world" / "gt_depth")
    assert loose(tmp_path / "world", with_depth=False)[0].depth is None
    with pytest.raises(DataError, match="gt_depth"):
        loose(tmp_path / "world")[0]


def test_image_and_depth_of_two_sizes_are_told(tiny_world, tmp_path):
    root = shutil.copytree(tiny_world, tmp_path / "world")
    frames = loose(root)
    Image.fromarray(np.ones((8, 9), np.uint16)).save(frames.source.depth_path(frames.frames[0]))
    with pytest.raises(DataError, match=r"0000000000\.png is 9x8, its picture 96x64"):
        frames[0]


def test_large_frames_are_scaled_down_with_all_their_layers(tiny_world, tmp_path):
    plain = loose(tiny_world, labels=FlatTeacher())
    small = loose(tiny_world, labels=FlatTeacher(), max_pixels=64 * 96 // 4)
    frame = small[0]
    assert frame.image.shape == (3, 32, 48)
    assert frame.depth.shape == frame.teacher.shape == (1, 32, 48)
    assert frame.focal_px == plain[0].focal_px / 2
    assert set(frame.depth.unique().tolist()) <= set(plain[0].depth.unique().tolist())
    kept = cached(small, folder=tmp_path)
    assert torch.equal(kept[0].image, frame.image)
    assert torch.equal(kept[0].teacher, frame.teacher)
    assert cached(plain, folder=tmp_path)[0].image.shape == (3, 64, 96)


def test_the_kb_crop_refuses_small_frames(tiny_world):
    with pytest.raises(DataError, match="1216x352"):
        loose(tiny_world, crop="kb")[0]


@pytest.mark.parametrize("shrink", [1, 2])
def test_a_cache_gives_what_the_files_give(tiny_world, tmp_path, shrink):
    frames = loose(tiny_world, shrink=shrink, labels=FlatTeacher())
    kept = cached(frames, folder=tmp_path, label_digest="x")
    assert len(kept) == len(frames) == 6
    for index in range(len(frames)):
        for name in ("image", "depth", "teacher"):
            assert torch.equal(getattr(kept[index], name), getattr(frames[index], name)), name
        assert kept[index].focal_px == frames[index].focal_px


def test_a_cache_keeps_depth_in_the_steps_it_came_in(tiny_world, tmp_path):
    class Far(FlatTeacher):
        step_m = 1000 / 65535

        def read(self, frame, size):
            stored = np.random.default_rng(0).integers(1, 65536, size).astype(np.float32)
            return stored * np.float32(self.step_m)

    source = replace(open_source(f"kitti:{tiny_world}"), depth_scale=1000.0)
    frames = LooseFrames(source, read_split(tiny_world / "train.txt"), labels=Far())
    kept, frame = cached(frames, folder=tmp_path)[1], frames[1]
    assert float(frame.teacher.max()) > 990
    assert torch.equal(kept.teacher, frame.teacher)
    np.testing.assert_allclose(kept.depth, frame.depth, rtol=1e-6)
    assert float(((frame.depth * 256) % 1).max()) > 0.1  # which 1/256 m would have lost


def test_a_cache_is_made_once_and_again_when_a_file_changes(tiny_world, tmp_path):
    root = shutil.copytree(tiny_world, tmp_path / "world")
    counted = []

    def count(done, total):
        counted.append((done, total))

    cached(loose(root), folder=tmp_path / "cache", progress=count)
    assert counted == [(n, 6) for n in range(1, 7)]
    cached(loose(root), folder=tmp_path / "cache", progress=count)
    assert len(counted) == 6
    path = loose(root).source.image_path(loose(root).frames[2])
    Image.fromarray(np.zeros((64, 96, 3), np.uint8)).save(path)
    assert (cached(loose(root), folder=tmp_path / "cache", progress=count)[2].image == 0).all()
    assert len(counted) == 12


def test_frames_of_several_sizes_share_a_cache(tiny_world, tmp_path):
    root = shutil.copytree(tiny_world, tmp_path / "world")
    frames = loose(root)
    for index, size in ((1, (50, 120)), (4, (70, 40))):
        Image.fromarray(np.full((*size, 3), index, np.uint8)).save(
            frames.source.image_path(frames.frames[index])
        )
        Image.fromarray(np.full(size, 256 * index, np.uint16)).save(
            frames.source.depth_path(frames.frames[index])
        )
    kept = cached(frames, folder=tmp_path / "cache")
    assert kept[1].depth.shape == (1, 50, 120)
    assert kept[4].image.shape == (3, 70, 40)
    for index in range(6):
        assert torch.equal(kept[index].image, frames[index].image)
        assert torch.equal(kept[index].depth, frames[index].depth)


def test_a_broken_frame_leaves_no_cache_behind(tiny_world, tmp_path):
    root = shutil.copytree(tiny_world, tmp_path / "world")
    frames = loose(root)
    frames.source.depth_path(frames.frames[3]).write_bytes(b"broken")
    with pytest.raises(DataError, match="0000000003"):
        cached(frames, folder=tmp_path / "cache")
    assert [path for path in (tmp_path / "cache").iterdir() if path.suffix != ".lock"] == []


def test_an_unwritable_cache_is_told(tiny_world, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="Can't write the cache"):
        cached(loose(tiny_world), folder=tmp_path / "file")


def test_the_stream_is_permutations_and_can_be_entered_anywhere():
    def stream(seed, start=0):
        sampler = StreamSampler(5, total=13, seed=seed, n_coarse=6)
        sampler.start = start
        return list(sampler)

    whole = stream(1)
    assert len(whole) == 13
    for epoch in (0, 1):
        assert sorted(key.frame for key in whole if key.epoch == epoch) == [0, 1, 2, 3, 4]
    assert [key.epoch for key in whole] == [0] * 5 + [1] * 5 + [2] * 3
    assert [key.coarse for key in whole] == [True] * 6 + [False] * 7
    for start in range(13):
        assert stream(1, start) == whole[start:]
    assert stream(2) != whole
    assert [key.frame for key in whole[:5]] != [0, 1, 2, 3, 4]


@pytest.mark.parametrize("world", [1, 2, 3, 6])
def test_processes_share_every_round_of_the_stream(world):
    def dealt(rank, start=0):
        sampler = StreamSampler(5, total=24, seed=1, n_coarse=6, round_size=6, rank=rank, world=world)
        sampler.start = start
        keys = list(sampler)
        return [keys[i : i + 6 // world] for i in range(0, len(keys), 6 // world)]

    whole = list(StreamSampler(5, total=24, seed=1, n_coarse=6))
    for start in (0, 12):
        shares = [dealt(rank, start) for rank in range(world)]
        rounds = [[key for share in shared for key in share] for shared in zip(*shares, strict=True)]
        assert [key for a_round in rounds for key in a_round] == whole[start:]
    assert len(StreamSampler(5, total=24, seed=1, round_size=6, world=world)) == 24 // world


def test_a_step_takes_frames_of_one_group_and_no_frame_is_left_out():
    groups = [[0, 2, 4, 6], [1], [3, 5]]

    def steps(parts, world=1, start=0):
        shares = []
        for rank in range(world):
            sampler = StreamSampler(
                7, total=280, seed=3, round_size=4 // parts, rank=rank, world=world,
                groups=groups, step_size=4,
            )  # fmt: skip
            sampler.start = start
            shares.append(list(sampler))
        each = 4 // parts // world
        rounds = range(0, len(shares[0]), each)
        keys = [key for first in rounds for share in shares for key in share[first : first + each]]
        return [keys[first : first + 4] for first in range(0, len(keys), 4)]

    whole = steps(parts=1)
    assert len(whole) == 70
    for step in whole:
        assert any({key.frame for key in step} <= set(group) for group in groups)
        assert len(set(step)) == 4, "views of a step differ, even of a single frame"
    counts = np.bincount([key.frame for step in whole for key in step], minlength=7)
    assert counts.min() > 20, "about 40 each"
    # Parts of a step and processes share it without changing it, and a run can go on anywhere.
    assert steps(parts=2) == steps(parts=1, world=2) == steps(parts=2, world=2) == whole
    assert steps(parts=1, start=120) == whole[30:]


@pytest.mark.parametrize("size", [(40, 60), (41, 61), (40, 61), (41, 60)])
def test_a_still_view_is_a_window_of_whole_pixels(size):
    image = torch.arange(41 * 61, dtype=torch.int32).reshape(1, 41, 61)[:, : size[0], : size[1]] % 251
    frame = Layers(image.expand(3, -1, -1).to(torch.uint8), None, None, 0.0)
    for view_size in (None, (32, 32), (33, 33), (32, 33)):
        view = still_view(size, ViewSettings(size=view_size))
        seen = take_view(frame, view, train_focal_px=None).image
        height, width = view_size or size
        left = (size[1] - width) // 2
        assert torch.equal(seen, frame.image[:, size[0] - height :, left : left + width])


def test_whole_frames_are_views_of_their_own_size(tiny_world):
    still = views(loose(tiny_world), view=ViewSettings(size=None), photo=None)
    frame = loose(tiny_world)[1]
    assert torch.equal(still[ViewKey(0, 1)].image, frame.image)
    assert torch.equal(still[ViewKey(0, 1)].depth, frame.depth)
    turned = views(
        loose(tiny_world), view=ViewSettings(size=None, rotate_deg=5, flip=0), photo=PhotoSettings()
    )
    assert turned[ViewKey(0, 1)].image.shape == frame.image.shape
    with pytest.raises(ValidationError, match="can't be combined with zoom"):
        ViewSettings(size=None, zoom=(1.0, 1.5))


def test_a_coarse_view_is_the_same_view_at_half_the_size(tiny_world):
    dataset = views(loose(tiny_world, labels=FlatTeacher()), photo=PhotoSettings())
    fine, coarse = dataset[ViewKey(0, 1)], dataset[ViewKey(0, 1, coarse=True)]
    assert coarse.image.shape == (3, 16, 32)
    assert coarse.depth.shape == coarse.teacher_depth.shape == (1, 16, 32)
    pooled = torch.nn.functional.avg_pool2d(fine.image.float(), 2)
    assert (coarse.image.float() - pooled).abs().max() <= 1
    torch.testing.assert_close(coarse.depth, depth_of_cells(fine.depth[None], 2)[0])


def test_a_loader_goes_on_where_it_was(tiny_world):
    def loader():
        sampler = StreamSampler(6, total=8, seed=0, round_size=2)
        return StreamLoader(views(loose(tiny_world)), sampler=sampler, workers=0)

    whole = list(loader())
    assert len(whole) == len(loader()) == 4
    first = loader()
    batches = iter(first)
    next(batches)
    next(batches)
    second = loader()
    second.load_state_dict(first.state_dict())
    rest = list(second)
    assert len(rest) == 2
    assert all(same(a, b) for a, b in zip(rest, whole[2:], strict=True))


def test_collating_keeps_what_all_samples_have():
    image, depth = torch.zeros(3, 4, 4), torch.zeros(1, 4, 4)
    batch = collate([Sample(image, depth), Sample(image)])
    assert batch.image.shape == (2, 3, 4, 4)
    assert batch.depth is None
    assert collate([Sample(image, depth)] * 3).depth.shape == (3, 1, 4, 4)


def test_a_border_is_taken_off_frames_and_labels_alike(tiny_world, tiny_labels):
    labels, margins = LabelFolder(tiny_labels), (8, 4, 12, 16)
    whole, trimmed = (loose(tiny_world, labels=labels, trim_px=trim)[1] for trim in ((0, 0, 0, 0), margins))
    for name in ("image", "depth", "teacher"):
        assert torch.equal(getattr(trimmed, name), getattr(whole, name)[:, 8:52, 4:80]), name
    halved = loose(tiny_world, labels=labels, trim_px=margins, shrink=2)[1]
    assert halved.image.shape == (3, 22, 38)


def test_a_cache_of_trimmed_frames_is_another_one_and_holds_the_same(tiny_world, tmp_path):
    trimmed = loose(tiny_world, trim_px=(8, 4, 12, 16))
    assert cache_key(trimmed, "") != cache_key(loose(tiny_world), "")
    kept = cached(trimmed, folder=tmp_path)[0]
    assert torch.equal(kept.image, trimmed[0].image)
    assert torch.equal(kept.depth, trimmed[0].depth)


@pytest.mark.skipif(sys.platform != "linux", reason="asks glibc")
def test_a_loader_process_does_not_fetch_its_memory_again_for_every_sample():
    code = """
import resource, sys
import numpy as np
from tiekd.data.dataset import modest_worker
modest_worker(0)
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for turn in range(5):
    before = faults()
    first, second, third = (np.ones(20_000_000, np.uint8) for _ in range(3))
    del first, second, third
print(faults() - before)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 1000, "60 MB are 14,648 pages"


def test_a_cache_is_of_one_kind_of_data(tiny_world, tmp_path):
    frames = read_split(tiny_world / "train.txt")
    source = open_source(f"kitti:{tiny_world}")
    changes = ({}, {"depth_scale": 1000.0}, {"focal_px": 500.0}, {"kind": "x"})
    others = [replace(source, **changed) for changed in changes]
    assert len({cache_key(LooseFrames(other, frames), "") for other in others}) == 4
