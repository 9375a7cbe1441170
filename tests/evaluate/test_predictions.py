"""Evaluation of predictions against an independent computation, on synthetic and on real frames."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from training_kit import write_kitti

from tiekd.data.crops import kb_crop_box
from tiekd.data.frames import open_source, read_split
from tiekd.errors import DataError
from tiekd.estimators.predictions import StoredPredictions
from tiekd.evaluate import evaluate, get_protocol

REAL = Path(os.environ.get("TIEKD_REAL_DATA") or Path(__file__).parents[3] / "shared" / "real")
"""Folder with kitti/ and nyu/ in the published layouts, where somebody has one."""
FRACTIONS = {
    "garg": (0.40810811, 0.99189189, 0.03594771, 0.96405229),
    "eigen": (0.3324324, 0.91351351, 0.03594771, 0.96405229),
}
KITTI_PRESETS = ("kitti-tiekd", "kitti-garg", "kitti-eigen", "kitti-none")


@pytest.fixture(scope="module")
def kitti(tmp_path_factory):
    root = write_kitti(tmp_path_factory.mktemp("kitti"), {"test": 2}, size=(375, 1242))
    return open_source(f"kitti:{root}"), read_split(root / "test.txt")


def naive(pred, truth, box, *, max_depth_m=80.0):
    """Every metric of one image from the definitions, in double precision; `box` is a mask."""
    mask = box & (truth > 1e-3) & (truth < max_depth_m)
    p, t = np.clip(pred[mask].astype(float), 1e-3, max_depth_m), truth[mask].astype(float)
    log = np.log(p / t)
    return {
        "abs_rel": np.mean(abs(p - t) / t),
        "sq_rel": np.mean((p - t) ** 2 / t),
        "rmse": np.mean((p - t) ** 2) ** 0.5,
        "rmse_log": np.mean(log**2) ** 0.5,
        "log10": np.mean(abs(np.log10(p) - np.log10(t))),
        "silog": 100 * np.std(log),
        **{f"delta{i}": np.mean(np.maximum(p / t, t / p) < 1.25**i) for i in (1, 2, 3)},
    }


def box_mask(preset, height, width):
    """Which pixels of the whole frame a KITTI preset may count."""
    top, left = height - 352, int((width - 1216) / 2)
    mask = np.zeros((height, width), bool)
    box = preset.removeprefix("kitti-")
    if box == "tiekd":
        mask[top + 143 : top + 349, left + 43 : left + 1172] = True
    elif box == "none":
        mask[top : top + 352, left : left + 1216] = True
    else:
        y0, y1, x0, x1 = FRACTIONS[box]
        mask[int(y0 * height) : int(y1 * height), int(x0 * width) : int(x1 * width)] = True
    return mask


def write_predictions(folder, source, frames, *, cut):
    """Disturbed ground truth, dense, some of it beyond the range. Returns what was stored, in metres."""
    rng = np.random.default_rng(5)
    stored = {}
    for frame in frames:
        truth = source.read_depth(frame)
        rows = np.linspace(90, 3, truth.shape[0])[:, None]
        depth = np.where(truth > 0, truth, rows) * rng.uniform(0.7, 1.5, truth.shape)
        pixels = np.round(depth * 256).astype(np.uint16)
        stored[frame.image] = pixels.astype(np.float32) / 256
        path = folder / Path(frame.image.replace("/", "_")).with_suffix(".png")
        region = kb_crop_box(*truth.shape).region if cut else ...
        Image.fromarray(np.ascontiguousarray(pixels[region])).save(path)
    return stored


def agrees(folder, source, frames, preset, expected):
    found = evaluate(StoredPredictions(folder), source, frames, get_protocol(preset))
    assert len(found.per_image) == len(frames)
    for name, value in found.metrics.items():
        assert value == pytest.approx(np.mean([row[name] for row in expected]), rel=1e-5), (preset, name)


def compare_presets(source, frames, folder, *, cut):
    stored = write_predictions(folder, source, frames, cut=cut)
    for preset in KITTI_PRESETS:
        truths = {frame.image: source.read_depth(frame) for frame in frames}
        expected = [
            naive(stored[image], truth, box_mask(preset, *truth.shape)) for image, truth in truths.items()
        ]
        agrees(folder, source, frames, preset, expected)


@pytest.mark.parametrize("cut", [False, True], ids=["frame", "crop"])
def test_presets_agree_with_a_second_computation(kitti, tmp_path, cut):
    compare_presets(*kitti, tmp_path, cut=cut)


@pytest.mark.skipif(not (REAL / "kitti").is_dir(), reason="no real KITTI frames here")
@pytest.mark.parametrize("cut", [False, True], ids=["frame", "crop"])
def test_presets_agree_on_real_frames(tmp_path, cut):
    source = open_source(f"kitti:{REAL / 'kitti'}")
    compare_presets(source, read_split(next(source.root.glob("*.txt"))), tmp_path, cut=cut)


def compare_nyu(source, frames, folder):
    rng, expected = np.random.default_rng(2), []
    for frame in frames:
        truth = source.read_depth(frame)
        pixels = np.round(np.maximum(truth, 0.5) * rng.uniform(0.7, 1.4, truth.shape) * 1000).astype(
            np.uint16
        )
        path = folder / Path(frame.image).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        mask = np.zeros(truth.shape, bool)
        mask[45:471, 41:601] = True
        expected.append(naive(pixels.astype(np.float32) / 1000, truth, mask, max_depth_m=10.0))
    agrees(folder, source, frames, "nyu", expected)


def test_nyu_agrees_with_a_second_computation(tmp_path):
    rng = np.random.default_rng(1)
    (tmp_path / "room").mkdir()
    depth = rng.integers(0, 10_500, (480, 640)).astype(np.uint16)
    depth[200:220] = 10_000
    Image.fromarray(depth).save(tmp_path / "room" / "sync_depth_1.png")
    Image.fromarray(rng.integers(0, 255, (480, 640, 3), np.uint8)).save(tmp_path / "room" / "rgb_1.jpg")
    (tmp_path / "test.txt").write_text("/room/rgb_1.jpg /room/sync_depth_1.png 518.8579\n")
    compare_nyu(open_source(f"nyu:{tmp_path}"), read_split(tmp_path / "test.txt"), tmp_path / "predicted")


@pytest.mark.skipif(not (REAL / "nyu").is_dir(), reason="no real NYU frames here")
def test_nyu_agrees_on_real_frames(tmp_path):
    source = open_source(f"nyu:{REAL / 'nyu'}")
    compare_nyu(source, read_split(next(source.root.glob("*.txt"))), tmp_path)


@pytest.mark.parametrize("layout", ["image", "depth", "image flat", "depth flat"])
@pytest.mark.parametrize("whole", [True, False])
def test_predictions_on_disk(kitti, tmp_path, layout, whole):
    source, frames = kitti
    window = kb_crop_box(375, 1242)
    for frame in frames:
        name = frame.image if layout.startswith("image") else frame.depth
        path = tmp_path / (name.replace("/", "_") if layout.endswith("flat") else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = np.round(np.maximum(source.read_depth(frame), 1) * 1.25 * 256).astype(np.uint16)
        Image.fromarray(np.ascontiguousarray(stored if whole else stored[window.region])).save(path)
    found = evaluate(StoredPredictions(tmp_path), source, frames, get_protocol("kitti-eigen"))
    assert found.metrics["abs_rel"] == pytest.approx(0.25, abs=1e-3)


def test_predictions_that_cannot_be_used(kitti, tmp_path):
    source, frames = kitti
    with pytest.raises(DataError, match="not a folder of predictions"):
        StoredPredictions(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no prediction for"):
        evaluate(StoredPredictions(tmp_path), source, frames, get_protocol("kitti-garg"))
    path = tmp_path / frames[0].image.replace("/", "_")
    Image.fromarray(np.ones((10, 20), np.uint16)).save(path)
    cases = [
        (frames, "kitti-garg", f"for 1 of 2 frames, the first is {frames[1].image}"),
        (frames[:1], "kitti-garg", "is 20x10; the frame is 1242x375 and its crop 1216x352"),
        (frames[:1], "frame", r"is 20x10; the frame is 1242x375\."),
    ]
    for some, preset, said in cases:
        with pytest.raises(DataError, match=said):
            evaluate(StoredPredictions(tmp_path), source, some, get_protocol(preset))
    Image.fromarray(np.ones((375, 1242), np.uint8)).save(path)
    with pytest.raises(DataError, match="mode L, not 16-bit"):
        evaluate(StoredPredictions(tmp_path), source, frames[:1], get_protocol("kitti-garg"))
