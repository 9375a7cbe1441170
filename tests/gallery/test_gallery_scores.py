"""Scores of a gallery's frames: equal to `tiekd eval`, kept on disk, made again when a picture changes."""

import math
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from tiekd.codecs import png16
from tiekd.data.crops import Box
from tiekd.data.frames import open_source, read_split
from tiekd.errors import ConfigError
from tiekd.estimators.predictions import StoredPredictions
from tiekd.evaluate import evaluate
from tiekd.evaluate.protocol import get_protocol
from tiekd.gallery import open_results
from tiekd.gallery import scores as scores_module
from tiekd.gallery.scores import NOTHING, SCORED, Rule, Scorer, ScoreStore, score
from tiekd.types import DepthRange

SPAN = DepthRange(1e-3, 80.0)
SIZE = (375, 1242)


def depth_of(seed: int, *, holes: float) -> np.ndarray:
    """Depth [H, W] in metres as a picture stores it, from 0.3 to 90 m, with holes."""
    rng = np.random.default_rng(seed)
    depth = np.linspace(90, 0.3, SIZE[0])[:, None] * rng.uniform(0.7, 1.3, SIZE)
    depth[rng.random(SIZE) < holes] = 0
    return png16.to_metres(png16.to_uint16(depth))


@pytest.fixture
def results(tmp_path, monkeypatch):
    """KITTI's size: a photo, sparse truth and a prediction of two frames; `net` lacks 1 % of its pixels."""
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "home"))
    root = tmp_path / "results"
    for seed, frame in enumerate(("a", "b")):
        for method, holes in (("ground_truth", 0.95), ("net", 0.01), ("dense", 0)):
            path = root / method / f"{frame}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png16.encode(depth_of(seed + 10 * len(method), holes=holes)))
        (root / "image").mkdir(exist_ok=True)
        Image.new("RGB", SIZE[::-1]).save(root / "image" / f"{frame}.png")
    (root / "split.txt").write_text("image/a.png ground_truth/a.png\nimage/b.png ground_truth/b.png\n")
    return root


def scored(root, frame: str, rule: Rule, methods=("net", "dense")) -> dict:
    scorer = Scorer(open_results(root), "ground_truth", rule)
    found = scorer.score(frame, methods)
    scorer.store.keep()
    return found


@pytest.mark.parametrize(
    ("protocol", "box"), [("frame", "none"), ("kitti-garg", "garg"), ("kitti-eigen", "eigen")]
)
def test_scores_are_those_of_eval_on_the_same_pictures(results, protocol, box) -> None:
    source = open_source(f"folder:{results}")
    predictions = results.parent / "predictions"
    predictions.mkdir()
    for frame in ("a", "b"):
        shutil.copy(results / "net" / f"{frame}.png", predictions / f"image_{frame}.png")
    frames = read_split(results / "split.txt")
    wanted = evaluate(StoredPredictions(predictions), source, frames, get_protocol(protocol)).per_image
    for frame, row in zip(("a", "b"), wanted, strict=True):
        found = scored(results, frame, Rule.parse(box, "", usual=SPAN))["net"]
        assert found == pytest.approx([row[name] for name in SCORED], abs=1e-4)


def test_a_rectangle_counts_as_the_cut_pictures_do() -> None:
    truth, pred = depth_of(1, holes=0.9), depth_of(2, holes=0)
    rule = Rule.parse("100,200,300,90", "1..40", usual=SPAN)
    assert rule == Rule(DepthRange(1, 40), Box(200, 100, 90, 300))
    cut = (slice(200, 290), slice(100, 400))
    assert score(pred, truth, rule) == score(pred[cut], truth[cut], Rule(DepthRange(1, 40)))
    outside = Rule.parse("5000,0,10,10", "", usual=SPAN)
    assert score(pred, truth, outside) is NOTHING


def test_what_cannot_be_compared_has_no_score(results) -> None:
    truth = depth_of(1, holes=0.9)
    rule = Rule(SPAN)
    assert score(truth[1:], truth, rule) is NOTHING
    assert score(np.zeros_like(truth), truth, rule) is NOTHING
    assert score(truth, np.zeros_like(truth), rule) is NOTHING
    (results / "net" / "a.png").write_bytes(b"junk")
    (results / "dense" / "a.png").unlink()
    found = scored(results, "a", rule)
    assert all(map(math.isnan, (*found["net"], *found["dense"])))
    assert not math.isnan(scored(results, "b", rule)["net"][0])


@pytest.mark.parametrize("text", ["pink", "1,2,3", "1,2,3,-4", "1,2,3,x", ""])
def test_a_box_that_is_none_is_refused(text) -> None:
    with pytest.raises(ConfigError, match="is no box"):
        Rule.parse(text, "", usual=SPAN)


@pytest.mark.parametrize("text", ["80", "1..x", "9..1", "0..80", "1..inf"])
def test_a_cap_that_is_none_is_refused(text) -> None:
    with pytest.raises(ConfigError):
        Rule.parse("none", text, usual=SPAN)


def test_what_is_known_is_read_and_a_new_picture_is_scored_again(results, monkeypatch) -> None:
    rule, made = Rule(SPAN), []
    really = score

    def counted(*given):
        made.append(given)
        return really(*given)

    monkeypatch.setattr(scores_module, "score", counted)
    first = scored(results, "a", rule)
    assert len(made) == 2
    assert scored(results, "a", rule) == first
    assert len(made) == 2
    (results / "net" / "a.png").write_bytes(png16.encode(depth_of(99, holes=0)))
    again = scored(results, "a", rule)
    assert len(made) == 3
    assert again["net"] != first["net"]
    scored(results, "a", Rule(DepthRange(1e-3, 50)))
    assert len(made) == 5
    os.utime(results / "ground_truth" / "a.png", ns=(1, 1))
    scored(results, "a", rule)
    assert len(made) == 7


def test_a_damaged_store_counts_as_empty_and_is_written_again(results, tmp_path) -> None:
    rule = Rule(SPAN)
    first = scored(results, "a", rule)
    [file] = (tmp_path / "home" / "scores").iterdir()
    for junk in (b"", b"junk", file.read_bytes()[:100]):
        file.write_bytes(junk)
        assert scored(results, "a", rule) == first
    assert scored(results, "a", rule) == first


def test_servers_keep_their_scores_at_the_same_time(results, monkeypatch) -> None:
    monkeypatch.setattr(scores_module, "_MOST_FILES", 1)  # so that each removes those of the others
    rules = [Rule(SPAN), Rule(SPAN), Rule(DepthRange(1e-3, 50))]
    wanted = [scored(results, "a", rule) for rule in rules]
    with ThreadPoolExecutor(len(rules)) as servers:
        for _ in range(20):
            assert [*servers.map(lambda rule: scored(results, "a", rule), rules)] == wanted


def test_only_the_newest_stores_stay(results, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(scores_module, "_MOST_FILES", 2)
    for far in (40, 50, 60):
        scored(results, "a", Rule(DepthRange(1e-3, far)))
    assert len(list((tmp_path / "home" / "scores").iterdir())) == 2


def test_a_store_forgets_the_oldest_scores(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    monkeypatch.setattr(scores_module, "_MOST_SCORES", 2)
    store = ScoreStore(tmp_path / "scores" / "x.npz")
    for key in (1, 2, 2**64 - 1):
        store.add(key, (0.1, 0.2, 0.3, 0.4))
    store.keep()
    again = ScoreStore(tmp_path / "scores" / "x.npz")
    assert [again.get(key) is None for key in (1, 2, 2**64 - 1)] == [True, False, False]
