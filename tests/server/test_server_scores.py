"""The scores of a gallery's frames over HTTP: progressive, by every rule, in the background."""

import errno
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from server_kit import DeclaredClient

from server import scores as jobs
from server.app import create_app
from server.settings import Settings
from tiekd.codecs import png16
from tiekd.metrics import depth_metrics
from tiekd.types import DepthRange

SPAN = DepthRange(0.001, 80.0)
SIZE = (40, 60)
N_FRAMES = 5


def depth_of(method: str, frame: int) -> np.ndarray:
    rng = np.random.default_rng([frame, *method.encode()])
    return png16.to_metres(png16.to_uint16(rng.uniform(1, 79, SIZE)))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "home"))
    root = tmp_path / "r"
    for method in ("ground_truth", "a*b", "base"):
        (root / method).mkdir(parents=True)
        for frame in range(N_FRAMES):
            (root / method / f"{frame}.png").write_bytes(png16.encode(depth_of(method, frame)))
    return root


@pytest.fixture
def viewer(folder):
    return DeclaredClient(create_app(Settings(results=(folder,), models=())))


def finished(viewer, query: str = "") -> dict:
    """The answer once every frame is scored."""
    deadline = time.monotonic() + 60
    while True:
        body = viewer.get(f"/api/galleries/r/scores?{query}").json()
        if body["done"] == body["of"] or time.monotonic() > deadline:
            return body
        time.sleep(0.02)


def expected(method: str, metric: str, *, against: str = "ground_truth", span=SPAN, crop=None) -> list[float]:
    pairs = [(depth_of(method, frame), depth_of(against, frame)) for frame in range(N_FRAMES)]
    return [
        depth_metrics(p.clip(span.min_m, span.max_m), t, depth_range=span, crop=crop)[metric]
        for p, t in pairs
    ]


@pytest.mark.parametrize("metric", ["abs_rel", "rmse", "delta1", "silog"])
def test_every_metric_of_every_frame_is_that_of_eval(viewer, metric) -> None:
    body = finished(viewer, f"metric={metric}")
    assert {key: body[key] for key in ("against", "against_is", "box", "cap", "first", "done", "of")} == {
        "against": "ground_truth",
        "against_is": "truth",
        "box": "none",
        "cap": {"min_m": 0.001, "max_m": 80.0},
        "first": 0,
        "done": N_FRAMES,
        "of": N_FRAMES,
    }
    assert list(body["scores"]) == ["a*b", "base"]
    for method, values in body["scores"].items():
        assert values == pytest.approx(expected(method, metric), abs=1e-4)


def test_box_cap_methods_and_reference_are_taken(viewer) -> None:
    body = finished(viewer, "box=garg&cap=2..50&method=base&metric=rmse")
    assert list(body["scores"]) == ["base"]
    assert body["scores"]["base"] == pytest.approx(
        expected("base", "rmse", span=DepthRange(2, 50), crop="garg"), abs=1e-4
    )
    told = finished(viewer, "reference=base&method=a%2Ab")
    assert (told["against"], told["against_is"]) == ("base", "reference")
    assert told["scores"]["a*b"] == pytest.approx(expected("a*b", "abs_rel", against="base"), abs=1e-4)


def test_an_answer_goes_on_where_the_last_one_ended(viewer, monkeypatch) -> None:
    whole = finished(viewer)["scores"]["base"]
    assert finished(viewer, "first=3")["scores"]["base"] == whole[3:]
    assert viewer.get("/api/galleries/r/scores?first=99").json()["scores"] == {"a*b": [], "base": []}
    monkeypatch.setattr("server.http.routes.scores._MOST_VALUES", 4)
    body = viewer.get("/api/galleries/r/scores?first=1").json()
    assert (body["first"], body["done"], body["scores"]["base"]) == (1, 3, whole[1:3])


def test_what_is_not_scored_yet_is_not_waited_for_and_nobody_is_kept_waiting(viewer, monkeypatch) -> None:
    go_on = threading.Event()
    really = jobs.Scorer.score

    def held(*given):
        go_on.wait(20)
        return really(*given)

    monkeypatch.setattr(jobs.Scorer, "score", held)
    body = viewer.get("/api/galleries/r/scores").json()
    assert (body["done"], body["of"]) == (0, N_FRAMES)
    assert viewer.get("/api/galleries/r/base/0.u16").status_code == 200
    go_on.set()
    assert finished(viewer)["done"] == N_FRAMES


def test_a_job_stops_when_nobody_asks_and_goes_on_for_the_next(viewer, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "_PATIENCE_S", 0.0)
    viewer.get("/api/galleries/r/scores")
    deadline = time.monotonic() + 20
    while any(thread.name == "tiekd-scores" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert viewer.get("/api/galleries/r/scores").json()["done"] < N_FRAMES
    monkeypatch.setattr(jobs, "_PATIENCE_S", 20.0)
    assert finished(viewer)["done"] == N_FRAMES


def test_on_a_full_disk_errors_are_still_answered_and_one_line_says_so(viewer, monkeypatch, caplog) -> None:
    def write_nothing(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_nothing)
    monkeypatch.setattr(jobs, "_KEEP_EVERY_S", -1.0)
    body = finished(viewer)
    assert body["scores"]["base"] == pytest.approx(expected("base", "abs_rel"), abs=1e-6)
    assert finished(viewer, "metric=rmse&cap=0.001..50")["done"] == N_FRAMES
    told = [line for line in caplog.messages if "Errors of frames are not kept" in line]
    assert len(told) == 1
    assert "No space left on device" in told[0]


def test_a_job_gives_way_to_whoever_waits_for_a_picture() -> None:
    pressing = [True]
    job = jobs.ScoreJob(None, None, busy=lambda: pressing[0], keep=None)  # type: ignore[arg-type]
    began = time.monotonic()
    assert job._wait()
    assert time.monotonic() - began >= jobs._GIVE_WAY_S
    pressing[0] = False
    began = time.monotonic()
    assert job._wait()
    assert time.monotonic() - began < jobs._GIVE_WAY_S


def test_another_server_finds_what_was_scored(viewer, folder, monkeypatch) -> None:
    first = finished(viewer)
    while any(thread.name == "tiekd-scores" for thread in threading.enumerate()):
        time.sleep(0.01)
    monkeypatch.setattr("tiekd.gallery.scores.score", lambda *_given: pytest.fail("scored again"))
    again = DeclaredClient(create_app(Settings(results=(folder,), models=())))
    assert finished(again) == first


def test_a_home_that_can_not_be_written_only_costs_the_next_start(
    viewer, tmp_path, monkeypatch, caplog
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "a file" / "home"))
    assert finished(viewer)["done"] == N_FRAMES
    while any(thread.name == "tiekd-scores" for thread in threading.enumerate()):
        time.sleep(0.01)
    assert "TIEKD_HOME" in caplog.text


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("truth=nope", 404, "method 'nope'"),
        ("method=base&method=nope", 404, "method 'nope'"),
        ("box=1,2,3", 400, "box=1,2,3"),
        ("cap=9..2", 400, "min_m=9.0"),
        ("metric=mse", 400, "metric"),
        ("first=-1", 400, "first"),
    ],
)
def test_what_is_wrong_is_told(viewer, is_problem, query, status, words) -> None:
    assert words in str(is_problem(viewer.get(f"/api/galleries/r/scores?{query}"), status))


def test_scores_are_of_the_depth_as_it_is_read(viewer) -> None:
    usual = finished(viewer)["scores"]["base"]
    body = finished(viewer, "as=base=scale=512")
    halved = [
        depth_metrics((depth_of("base", frame) / 2).clip(SPAN.min_m, SPAN.max_m),
                      depth_of("ground_truth", frame), depth_range=SPAN)["abs_rel"]
        for frame in range(N_FRAMES)
    ]  # fmt: skip
    np.testing.assert_allclose(body["scores"]["base"], halved, atol=2e-3)
    assert finished(viewer, "as=base=truth&as=ground_truth=ignore")["against"] == "base"
    assert finished(viewer)["scores"]["base"] == usual
