"""The benchmark of the loader runs, and both of its forms make the same samples."""

import json
import math
from pathlib import Path

import bench_loader as bench
import numpy as np
import pytest
import torch

from tiekd.data.dataset import ViewKey
from tiekd.data.frames import open_source, read_split
from tiekd.data.transforms import IMAGE_MEAN, IMAGE_STD, make_view, take_view
from tiekd.recipe import load_recipe


def recipe_of(**values):
    dotted = {key.replace("__", "."): value for key, value in values.items()}
    small = {"data.crop": "none", "view.size": [32, 48], "loss.top_crop_rows": 0}
    return load_recipe(bench.RECIPE, values={**small, **dotted})


@pytest.fixture(params=bench.STORED)
def frames(request, tiny_world, tmp_path):
    source, listed = open_source(f"kitti:{tiny_world}"), read_split(tiny_world / "train.txt")
    return bench.store(source, listed, tmp_path / request.param, crop="none", stored=request.param)


def levels(image):
    """A normalised image on 0–255 again."""
    return image * torch.tensor(IMAGE_STD)[:, None, None] + torch.tensor(IMAGE_MEAN)[:, None, None]


def test_it_measures_every_way(tiny_world, tmp_path, capsys):
    report = tmp_path / "report.json"
    rows = bench.main([
        "--data", f"kitti:{tiny_world}", "--frames", "3", "--crop", "none", "--view", "32x48",
        "--rounds", "2", "--json", str(report),
    ])  # fmt: skip
    assert [(row.stored, row.ours) for row in rows] == [
        (stored, ours) for stored in bench.STORED for ours in ("from files", "cached")
    ]
    assert all(row.speedup > 0 and min(row.ms) > 0 and row.frames == 3 for row in rows)
    assert [row["ms"] for row in json.loads(report.read_text())] == [list(row.ms) for row in rows]
    assert "| cached |" in capsys.readouterr().out


def test_by_default_it_takes_the_published_setting():
    options = bench._parse([])
    recipe = load_recipe(bench.RECIPE)
    assert (options.crop, options.view, options.data) == (recipe.data.crop, recipe.view.size, None)


def test_the_document_shows_what_was_measured():
    root = Path(bench.__file__).parents[1]
    rows = json.loads((root / "benchmarks" / "results" / "loader.json").read_text())
    table = "\n".join([bench.HEAD, *(bench._line(bench.Row(**row)) for row in rows)])
    assert table in (root / "docs" / "benchmarks.md").read_text(encoding="utf-8")


def test_unturned_samples_are_the_same_to_a_grey_level(frames):
    recipe = recipe_of(view__rotate=0)
    views = bench.our_views(frames, recipe)
    flips = set()
    for epoch in range(4):
        for index in range(len(frames)):
            drawn = bench.draw(bench.generator(recipe, epoch, index), recipe, (64, 96))
            theirs = bench.straightforward(bench.paths_of(frames, index), drawn, recipe)
            ours = views[ViewKey(epoch, index)]
            assert (levels(theirs.image) - ours.image.float()).abs().max() <= 0.501
            assert torch.equal(theirs.depth, ours.depth)
            assert torch.equal(theirs.valid_mask, ours.valid_mask)
            torch.testing.assert_close(theirs.teacher_depth, ours.teacher_depth)
            flips.add((drawn.flip, drawn.coloured))
    assert len(flips) == 4


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("angle_deg", [-2.5, 1.7])
def test_turned_samples_are_the_same_view(frames, angle_deg, flip):
    recipe = recipe_of()
    drawn = bench.Drawn(angle_deg, flip, 11, 20, False, np.ones(3, np.float32), 1.0)
    theirs = bench.straightforward(bench.paths_of(frames, 2), drawn, recipe)
    center = (11 + 32 / 2, 20 + 48 / 2)
    view = make_view((32, 48), center=center, zoom=1.0, angle=math.radians(angle_deg), flip=flip)
    ours = take_view(frames[2], view, train_focal_px=None)
    # Pillow cuts off the fraction of a level, we round it.
    assert ((levels(theirs.image) + 0.5 - ours.image.float()).abs() <= 1.01).all()
    for name, layer in (("depth", ours.depth), ("teacher_depth", ours.teacher)):
        same = (getattr(theirs, name) - layer).abs() < 1e-4
        assert same.float().mean() > 0.995, "but for pixels halfway between two"
