"""Stored predictions are read in the right unit, or refused by a sentence that names the unit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from training_kit import write_kitti, write_nyu
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.codecs import png16
from tiekd.data.frames import open_source, read_split
from tiekd.errors import ConfigError, DataError
from tiekd.estimators import open_estimator
from tiekd.estimators.labels import LabelInfo
from tiekd.estimators.labels.sidecar import begin
from tiekd.estimators.predictions import StoredPredictions
from tiekd.evaluate import evaluate, get_protocol
from tiekd.render import write
from tiekd.types import DepthMap, DepthRange

FACTOR = 1.05


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Kind -> data source, frames, protocol."""
    root = tmp_path_factory.mktemp("worlds")
    kitti = write_kitti(root / "kitti", {"test": 10}, size=(375, 1242))
    nyu = write_nyu(root / "nyu", {"test": 2})
    for path in nyu.rglob("*.png"):  # rooms are larger than those
        Image.fromarray(np.minimum(np.asarray(Image.open(path)) * np.uint16(8), 9000)).save(path)
    own = root / "own"
    for line in (kitti / "test.txt").read_text().splitlines()[:1]:
        image, depth, _ = line.split()
        for folder, path in (("input", image), ("gt_depth", depth)):
            place = own / folder / "0.png"
            place.parent.mkdir(parents=True)
            stored = np.asarray(Image.open(kitti / folder / path))
            # Own ground truth is stored as metres x 5000, up to 12 m.
            near = np.where(stored < 12 * 256, stored.astype(np.float64) / 256 * 5000, 0)
            Image.fromarray(stored if folder == "input" else near.astype(np.uint16)).save(place)
    (own / "list.txt").write_text("input/0.png gt_depth/0.png\n")
    return {
        "kitti": (f"kitti:{kitti}", kitti / "test.txt", "kitti-garg"),
        "nyu": (f"nyu:{nyu}", nyu / "nyu_test.txt", "nyu"),
        "folder": (f"folder:{own},scale=5000", own / "list.txt", "frame"),
    }


def store(world, folder, scale, *, suffix=".png", dtype=np.uint16, change=lambda depth: depth, n_frames=None):
    """Write the truth x FACTOR, dense, with its number of one metre."""
    data, split, _ = world
    source = open_source(data)
    frames = read_split(split)[:n_frames]
    folder.mkdir(exist_ok=True)
    for frame in frames:
        truth = source.read_depth(frame)
        depth = change(np.where(truth > 0, truth, np.median(truth[truth > 0])) * FACTOR)
        numbers = depth * scale
        path = folder / frame.image.replace("/", "_").replace(".png", suffix).replace(".jpg", suffix)
        if suffix == ".npy":
            np.save(path, numbers.astype(dtype))
        else:
            Image.fromarray(np.clip(np.nan_to_num(numbers), 0, 65535).round().astype(dtype)).save(path)
    return source, frames


def score(world, folder, source, frames, *, depth_scale=None):
    predictions = StoredPredictions(folder, depth_scale=depth_scale)
    return evaluate(predictions, source, frames, get_protocol(world[2]))


@pytest.mark.parametrize(("kind", "scale"), [("kitti", 256), ("nyu", 1000), ("folder", 5000)])
@pytest.mark.parametrize("suffix", [".png", ".npy"])
def test_whole_numbers_have_the_unit_of_the_data_set(worlds, tmp_path, kind, scale, suffix):
    done = score(worlds[kind], tmp_path, *store(worlds[kind], tmp_path, scale, suffix=suffix))
    assert done.metrics["abs_rel"] == pytest.approx(FACTOR - 1, abs=3e-3)
    assert done.depth_scales == (scale,)


@pytest.mark.parametrize("kind", ["kitti", "nyu"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_metres(worlds, tmp_path, kind, dtype):
    done = score(worlds[kind], tmp_path, *store(worlds[kind], tmp_path, 1, suffix=".npy", dtype=dtype))
    assert done.metrics["abs_rel"] == pytest.approx(FACTOR - 1, abs=3e-3)
    assert done.depth_scales == (1,)


@pytest.mark.parametrize(
    ("kind", "scale", "suffix", "said"),
    [
        # The scale, the numbers, what is told: the scale used, the median read, and the scale that fits.
        ("nyu", 256, ".png", r"metres x 1000, .* median of 0\.\d+ m where .* truth has [1-9]"),
        ("kitti", 1000, ".png", r"metres x 256, .* median of \d+\.\d+ m where"),
        ("kitti", 1, ".png", r"metres x 256, .* median of 0\.0\d+ m where"),
        ("folder", 1000, ".png", r"metres x 5000, "),
        ("nyu", 5000, ".png", r"metres x 1000, .* lie beyond 10 m"),
        ("kitti", 65535 / 80, ".png", r"metres x 256, "),
        ("kitti", 1000, ".npy", r"metres x 1, .* lie beyond 80 m"),
        ("nyu", 100, ".npy", r"metres x 1, .* lie beyond 10 m"),
    ],
)
def test_another_unit_is_refused_with_the_scale_that_fits(worlds, tmp_path, kind, scale, suffix, said):
    dtype = np.float32 if suffix == ".npy" else np.uint16
    source, frames = store(worlds[kind], tmp_path, scale, suffix=suffix, dtype=dtype)
    with pytest.raises(DataError, match=said) as caught:
        score(worlds[kind], tmp_path, source, frames)
    assert f"--depth-scale {scale:.8g} " in caught.value.hint
    done = score(worlds[kind], tmp_path, source, frames, depth_scale=scale)
    assert done.depth_scales == (scale,)
    # Whole metres are off by up to half a metre.
    assert done.metrics["abs_rel"] == pytest.approx(FACTOR - 1, abs=0.1 if scale == 1 else 5e-3)


def test_a_wrong_unit_is_told_before_all_frames_are_read(worlds, tmp_path):
    source, frames = store(worlds["kitti"], tmp_path, 1000)
    (tmp_path / frames[9].image.replace("/", "_")).write_bytes(b"not reached")
    with pytest.raises(DataError, match="Read as metres x 256"):
        score(worlds["kitti"], tmp_path, source, frames)


def test_a_bad_prediction_is_scored_in_the_unit_that_the_user_states(worlds, tmp_path):
    source, frames = store(worlds["nyu"], tmp_path, 256)
    done = score(worlds["nyu"], tmp_path, source, frames, depth_scale=1000)
    assert done.metrics["abs_rel"] == pytest.approx(1 - FACTOR * 0.256, abs=0.01)
    store(worlds["nyu"], tmp_path, 5000)
    with pytest.raises(DataError, match="lie beyond 10 m"):
        score(worlds["nyu"], tmp_path, source, frames, depth_scale=1000)


@pytest.mark.parametrize("factor", [0.45, 1.7, 2.4])
def test_a_network_that_is_off_is_scored(worlds, tmp_path, factor):
    source, frames = store(worlds["kitti"], tmp_path, 256 * factor / FACTOR)
    done = score(worlds["kitti"], tmp_path, source, frames)
    assert done.metrics["abs_rel"] == pytest.approx(abs(factor - 1), abs=0.02)


def test_numbers_that_no_usual_scale_explains_are_refused_where_they_are_beyond_the_range(worlds, tmp_path):
    source, frames = store(worlds["nyu"], tmp_path, 60, suffix=".npy", dtype=np.float32)
    with pytest.raises(DataError, match="lie beyond 10 m") as caught:
        score(worlds["nyu"], tmp_path, source, frames)
    assert "No usual scale fits" in caught.value.hint


@pytest.mark.parametrize("kind", ["nyu", "folder"])
def test_what_tiekd_predicts_states_its_own_scale(worlds, tmp_path, kind):
    data, split, _ = worlds[kind]
    source, frames = open_source(data), read_split(split)
    for frame in frames:
        truth = source.read_depth(frame)
        depth = np.where(truth > 0, truth, 2).astype(np.float32) * np.float32(FACTOR)
        path = tmp_path / frame.image.replace("/", "_").replace(".jpg", ".png")
        write(DepthMap(depth_m=depth, depth_range=DepthRange(1e-3, 80), model="x"), path, "png16")
        assert png16.stated_scale(path) == 256
    done = score(worlds[kind], tmp_path, source, frames)
    assert done.depth_scales == (256,)
    assert done.metrics["abs_rel"] == pytest.approx(FACTOR - 1, abs=3e-3)
    done = score(worlds[kind], tmp_path, source, frames, depth_scale=300)
    assert done.depth_scales == (300,)


def test_labels_of_ours_are_read_as_their_sidecar_says(worlds, tmp_path):
    data, split, protocol = worlds["nyu"]
    store(worlds["nyu"], tmp_path / "labels", 65535 / 20)
    info = LabelInfo(teacher="t", teacher_sha256="0", max_depth_m=20.0, crop="none", flip_tta=True)
    (tmp_path / "labels" / "labels.json").write_text(info.model_dump_json())
    words = ["eval", "--predictions", tmp_path / "labels", "--data", data, "--split", split, "--json", "-"]
    done = CliRunner().invoke(app, [str(word) for word in [*words, "--protocol", protocol]])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"]["abs_rel"] == pytest.approx(FACTOR - 1, abs=3e-3)
    begin(tmp_path / "new", info)


def holes(depth):
    depth = depth.copy()
    depth[:100] = np.nan
    depth[-60:-40, 100:150] = np.nan
    depth[-60:-40, 200:250] = np.inf
    depth[-60:-40, 300:350] = -1
    return depth


def zeros(depth):
    return np.where(np.isfinite(holes(depth)), holes(depth), 0)


@pytest.mark.parametrize("kind", ["kitti", "nyu"])
def test_nan_inf_and_negative_numbers_are_holes_like_0(worlds, tmp_path, kind):
    world, floats = worlds[kind], {"suffix": ".npy", "dtype": np.float32}
    source, frames = store(world, tmp_path / "npy", 1, **floats, change=holes, n_frames=2)
    store(world, tmp_path / "png", source.depth_scale, change=zeros, n_frames=2)
    npy, whole = (score(world, tmp_path / kind, source, frames) for kind in ("npy", "png"))
    labels = open_estimator(f"labels:{tmp_path / 'npy'},scale=1,max_depth_m=200")
    stored = evaluate(labels, source, frames, get_protocol(world[2]))
    assert npy.n_holes == whole.n_holes == stored.n_holes >= 2 * 1000
    assert npy.metrics == stored.metrics
    assert npy.metrics["abs_rel"] == pytest.approx(whole.metrics["abs_rel"], abs=2e-3)
    assert npy.metrics["abs_rel"] > FACTOR - 1 + 0.01, "a hole costs"


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_scales_that_can_not_be_are_refused(tmp_path, scale):
    with pytest.raises(ConfigError, match="No depth is stored as metres x"):
        StoredPredictions(tmp_path, depth_scale=scale)


def test_the_option_states_the_scale(worlds, tmp_path):
    data, split, protocol = worlds["nyu"]
    store(worlds["nyu"], tmp_path, 256)
    words = ["--data", data, "--split", str(split), "--protocol", protocol]
    call = ["eval", "--predictions", str(tmp_path), *words]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 2
    assert "--depth-scale 256 would fit" in done.stderr
    done = CliRunner().invoke(app, [*call, "--depth-scale", "256"])
    assert "read as metres x 256" in done.stdout
    told = json.loads(CliRunner().invoke(app, [*call, "--depth-scale", "256", "--json", "-"]).stdout)
    assert told["depth_scales"] == [256.0]
    for wrong, said in (
        (["eval", f"labels:{tmp_path},scale=256", *words, "--depth-scale", "9"], "is for --predictions"),
        ([*call, "--depth-scale", "nan"], "nan is not in the range"),
    ):
        done = CliRunner().invoke(app, wrong)
        assert (done.exit_code, said in done.stderr) == (2, True), done.output
