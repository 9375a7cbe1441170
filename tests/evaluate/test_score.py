import json
import math

import numpy as np
import pytest
from estimator_kit import Known
from PIL import Image
from training_kit import write_kitti

from tiekd.data.crops import eigen_crop_box, garg_crop_box, kb_crop_box
from tiekd.data.frames import Frame, open_source, read_split
from tiekd.errors import DataError, UnknownNameError
from tiekd.evaluate import PROTOCOLS, RangeTable, evaluate, fingerprint, get_protocol
from tiekd.metrics import depth_metrics
from tiekd.types import DepthRange


@pytest.fixture(scope="module")
def kitti(tmp_path_factory):
    root = write_kitti(tmp_path_factory.mktemp("kitti"), {"test": 2}, size=(375, 1242))
    return open_source(f"kitti:{root}"), read_split(root / "test.txt")


def truth_times(source, factor):
    def answer(picture):
        depth = source.read_depth(picture.frame)[picture.window.box.region]
        return np.where(depth > 0, factor * depth, 1).astype(np.float32)

    return Known(answer)


def constant(value):
    return Known(lambda picture: np.full(picture.size, value, np.float32))


@pytest.mark.parametrize("name", ["kitti-tiekd", "kitti-garg", "kitti-eigen", "kitti-none", "frame"])
def test_a_prediction_off_by_a_tenth_scores_a_tenth(kitti, name):
    source, frames = kitti
    found = evaluate(truth_times(source, 1.1), source, frames, get_protocol(name))
    assert found.metrics["abs_rel"] == pytest.approx(0.1, rel=1e-5)
    assert found.metrics["delta1"] == 1.0
    assert [row["image"] for row in found.per_image] == [frame.image for frame in frames]


@pytest.mark.parametrize(
    ("name", "expected_box", "on_crop"),
    [
        ("kitti-tiekd", garg_crop_box(352, 1216), True),
        ("kitti-garg", garg_crop_box(375, 1242), False),
        ("kitti-eigen", eigen_crop_box(375, 1242), False),
    ],
)
def test_pixels_count_inside_the_box_only(kitti, name, expected_box, on_crop):
    source, frames = kitti
    kb = kb_crop_box(375, 1242)
    top = expected_box.top + (kb.top if on_crop else 0)
    left = expected_box.left + (kb.left if on_crop else 0)

    def wrong_outside(picture):
        depth = source.read_depth(picture.frame)
        wrong = np.where(depth > 0, depth * 3, 1)
        inside = np.s_[top : top + expected_box.height, left : left + expected_box.width]
        wrong[inside] = np.where(depth[inside] > 0, depth[inside], 1)
        return wrong[picture.window.box.region].astype(np.float32)

    found = evaluate(Known(wrong_outside), source, frames, get_protocol(name))
    assert found.metrics["abs_rel"] == 0.0
    assert found.metrics["rmse"] == 0.0


def test_outside_the_predicted_window_nothing_is_scored(kitti):
    source, frames = kitti
    found = evaluate(truth_times(source, 1.2), source, frames, get_protocol("kitti-none"))
    truth = source.read_depth(frames[0])
    window = kb_crop_box(375, 1242)
    expected = depth_metrics(
        1.2 * truth[window.region], truth[window.region], depth_range=get_protocol("kitti-none").depth_range
    )
    assert found.per_image[0]["rmse"] == pytest.approx(expected["rmse"], rel=1e-5)


def test_the_published_protocol_averages_mirrored_answers():
    assert [name for name, protocol in PROTOCOLS.items() if protocol.flip_tta] == ["kitti-tiekd", "nyu"]


def test_frames_without_ground_truth_are_skipped_and_counted(kitti):
    source, frames = kitti
    found = evaluate(
        truth_times(source, 1.0), source, [*frames, Frame("none.png")], get_protocol("kitti-garg")
    )
    assert (len(found.per_image), found.skipped) == (2, [("none.png", "no ground truth in the split")])
    with pytest.raises(DataError, match="No frame of the split has ground truth"):
        evaluate(truth_times(source, 1.0), source, [Frame("none.png")], get_protocol("kitti-garg"))


def test_frames_without_a_pixel_that_counts_are_skipped_and_counted(tmp_path):
    root = write_kitti(tmp_path, {"test": 2}, size=(375, 1242))
    source, frames = open_source(f"kitti:{root}"), read_split(root / "test.txt")
    whole = evaluate(truth_times(source, 1.1), source, frames[1:], get_protocol("kitti-garg"))
    # 80 m is the end of the range, and the range is open.
    Image.fromarray(np.full((375, 1242), 80 * 256, np.uint16)).save(source.depth_path(frames[0]))
    found = evaluate(truth_times(source, 1.1), source, frames, get_protocol("kitti-garg"))
    assert found.skipped == [(frames[0].image, "no ground-truth pixel counts")]
    assert found.metrics == whole.metrics
    assert found.fingerprint == whole.fingerprint
    with pytest.raises(DataError, match="No frame has a ground-truth pixel between"):
        evaluate(truth_times(source, 1.1), source, frames[:1], get_protocol("kitti-garg"))


def test_predictions_are_clamped_to_the_range(kitti):
    source, frames = kitti
    far = evaluate(constant(200), source, frames, get_protocol("frame"))
    at_80 = evaluate(constant(80), source, frames, get_protocol("frame"))
    assert far.metrics == at_80.metrics


def test_a_pixel_without_prediction_is_counted_and_scored_as_the_nearest_depth(kitti):
    source, frames = kitti

    def with_hole(picture):
        depth = source.read_depth(picture.frame)[picture.window.box.region]
        rows, columns = np.nonzero((depth > 0) & (depth < 80))
        depth[rows[0], columns[0]] = 0
        return depth

    found = evaluate(Known(with_hole), source, frames, get_protocol("kitti-none"))
    assert found.n_holes == 2
    n_pixels = found.per_image[0]["n_pixels"]
    assert found.per_image[0]["abs_rel"] == pytest.approx(1 / n_pixels, rel=1e-3)
    assert math.isfinite(found.metrics["rmse_log"])


@pytest.mark.parametrize(
    ("value", "said"),
    [(np.nan, "predicted depths of .* are not finite"), (np.inf, "not finite"), (0, "holds no depth at any")],
)
def test_predictions_that_are_no_depth_are_told_with_their_frame(kitti, value, said):
    source, frames = kitti
    with pytest.raises(DataError, match=said) as caught:
        evaluate(constant(value), source, frames, get_protocol("frame"))
    assert frames[0].image in str(caught.value)
    with pytest.raises(DataError, match=r"is \(5, 5\), not \(375, 1242\)"):
        evaluate(Known(lambda picture: np.ones((5, 5), np.float32)), source, frames, get_protocol("frame"))


def test_the_fingerprint_is_rules_frames_and_ground_truth(kitti, tmp_path):
    source, frames = kitti
    protocol = get_protocol("kitti-garg")
    lines = ["a 1", "b 2"]
    first = fingerprint(protocol, lines)
    assert fingerprint(protocol, lines[::-1]) == first
    assert fingerprint(protocol, lines[:1]) != first
    assert fingerprint(protocol.model_copy(update={"flip_tta": True}), lines) != first
    assert fingerprint(protocol.model_copy(update={"name": "the same by another name"}), lines) == first
    assert fingerprint(get_protocol("kitti-eigen"), lines) != first
    # As it was before protocols stated how a network is fed: evaluations that people keep stay comparable.
    assert first == "94876d463f332252"
    photos = get_protocol("frame")
    assert fingerprint(photos.model_copy(update={"fit": "unscaled"}), lines) != fingerprint(photos, lines)

    copy = write_kitti(tmp_path, {"test": 2}, size=(375, 1242))
    other = open_source(f"kitti:{copy}")

    def evaluated(where, factor):
        return evaluate(truth_times(where, factor), where, frames, protocol).fingerprint

    assert evaluated(source, 1.0) == evaluated(source, 1.3) == evaluated(other, 1.0)
    truth = np.asarray(Image.open(other.depth_path(frames[0]))).copy()
    truth[300, 600] += 1
    Image.fromarray(truth).save(other.depth_path(frames[0]))
    assert evaluated(other, 1.0) != evaluated(source, 1.0)


def test_json_has_the_promised_keys_and_no_nan(kitti):
    source, frames = kitti
    found = evaluate(truth_times(source, 1.1), source, frames, get_protocol("kitti-garg"))
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert {"protocol", "fingerprint", "n_images", "metrics", "per_image", "by_range"} <= set(document)
    assert document["protocol"] == "kitti-garg"
    assert document["n_images"] == 2


def test_errors_by_range():
    table = RangeTable([(0.0, 10.0), (10.0, 20.0), (20.0, 40.0)])
    truth = np.array([[5.0, 8.0, 12.0, 0.0]], np.float32)
    table.add(truth * np.array([[1.1, 1.5, 0.5, 1]], np.float32), truth, truth > 0)
    near, middle, far = table.rows()
    assert near["n_pixels"] == 2
    assert near["abs_rel"] == pytest.approx(0.3)
    assert near["delta1"] == 0.5
    assert near["median_ratio"] == pytest.approx(1.3)
    assert near["rmse"] == pytest.approx(math.sqrt((0.5**2 + 4**2) / 2), rel=1e-5)
    assert middle["abs_rel"] == pytest.approx(0.5)
    assert far["n_pixels"] == 0
    assert math.isnan(far["abs_rel"])


def test_every_pixel_of_dense_truth_is_counted_by_range():
    table, rng = RangeTable([(0.0, 40.0), (40.0, 80.0)]), np.random.default_rng(0)
    truth = rng.uniform(1, 80, (300, 400)).astype(np.float32)
    answer = (truth * rng.uniform(0.7, 1.5, truth.shape)).astype(np.float32)
    table.add(answer, truth, truth > 0)
    near = truth < 40
    for row, chosen in zip(table.rows(), (near, ~near), strict=True):
        scores = depth_metrics(answer[chosen][None], truth[chosen][None], depth_range=DepthRange(0.5, 80))
        assert row["n_pixels"] == chosen.sum()
        for name in ("abs_rel", "rmse", "delta1"):
            assert row[name] == pytest.approx(scores[name], rel=1e-5)
        assert row["median_ratio"] == pytest.approx(float(np.median((answer / truth)[chosen])), rel=0.01)


def test_ground_truth_of_another_size_is_told(kitti, tmp_path):
    source, frames = kitti
    root = write_kitti(tmp_path, {"test": 1}, size=(375, 1242))
    Image.fromarray(np.ones((5, 5), np.uint16)).save(next((root / "gt_depth").rglob("*.png")))
    source, frames = open_source(f"kitti:{root}"), read_split(root / "test.txt")
    with pytest.raises(DataError, match=r"is 5x5, its picture 1242x375"):
        evaluate(truth_times(source, 1.0), source, frames, get_protocol("kitti-garg"))


def test_unknown_protocols_are_told_with_near_ones():
    with pytest.raises(UnknownNameError) as caught:
        get_protocol("kitti-grag")
    assert "kitti-garg" in caught.value.hint


def test_every_frame_is_shown_as_it_was_scored(kitti):
    source, frames = kitti
    for name, size in (("kitti-tiekd", (352, 1216)), ("kitti-garg", (375, 1242))):
        shown = []
        found = evaluate(truth_times(source, 1.1), source, frames, get_protocol(name), watch=shown.append)
        assert [scored.frame for scored in shown] == frames
        first = shown[0]
        assert first.image.shape[:2] == first.truth.shape == first.prediction.shape == size
        assert first.mask.sum() == found.per_image[0]["n_pixels"]
        assert first.scores["abs_rel"] == found.per_image[0]["abs_rel"]
        np.testing.assert_allclose(first.prediction[first.mask], 1.1 * first.truth[first.mask], rtol=1e-5)
