"""The core of the service, used with plain asyncio: no HTTP anywhere."""

import asyncio
import contextlib
import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from server_kit import run

from server.inference.errors import (
    DeadlineError,
    DrainingError,
    LoadFailedError,
    NotReadyError,
    NotServedError,
    QueueFullError,
)
from server.inference.residency import Residency
from server.inference.service import Service
from tiekd.errors import ConfigError, DataError, ImageError, NotFoundError
from tiekd.runtime.predictor import Predictor

ROOT = Path(__file__).resolve().parents[2]


def kept(depth):
    """As an answer: the depth itself."""
    return depth


class Recorder:
    """An observer that keeps what it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, float]]] = []

    def predicted(self, model, timings_ms) -> None:
        self.seen.append((model, dict(timings_ms)))


class Hold:
    """Lets a model's network begin, and end only after `go`."""

    def __init__(self, service: Service, monkeypatch, model: str = "tiny_dpm") -> None:
        self.begun, self.go, self.runs = threading.Event(), threading.Event(), 0
        engine = service.residency.get(model).engine
        run = engine.run

        def held(image, *, with_dpm):
            self.runs += 1
            self.begun.set()
            assert self.go.wait(20)
            return run(image, with_dpm=with_dpm)

        monkeypatch.setattr(engine, "run", held)

    async def until_begun(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, 20)


@pytest.fixture(scope="module")
def warm(settings) -> Residency:
    """The two tiny models, loaded once for all tests here."""
    residency = Residency(settings)
    residency.load_all()
    return residency


@pytest.fixture
def make(settings, warm):
    """`make(queue_size=1, …)`: a service with those settings, whose models are warm."""

    def build(observer=None, **changes) -> Service:
        service = Service(settings.model_copy(update=changes), observer=observer)
        for name, resident in service.residency.residents.items():
            resident.network = warm.get(name)
        return service

    return build


async def one_runs_and_one_waits(service: Service, hold: Hold, pixels):
    """Two tasks that ask for depth: the first is being answered, the second waits for its turn."""
    answered = asyncio.create_task(service.predict(pixels, "tiny_dpm", kept))
    await hold.until_begun()
    waiting = asyncio.create_task(service.predict(pixels, "tiny_dpm", kept))
    while service.waiting() != {"tiny_dpm": 1}:
        await asyncio.sleep(0)
    return answered, waiting


def test_the_core_imports_nothing_of_http_or_metrics() -> None:
    code = (
        "import server.inference.service, sys\n"
        "found = {'starlette', 'fastapi', 'uvicorn', 'prometheus_client', 'server.http'} & set(sys.modules)\n"
        "sys.exit(str(found) if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_picture_is_a_file_or_pixels_and_both_give_the_same_depth(make, tiny_models, photo, pixels) -> None:
    service = make()
    expected = Predictor(tiny_models["tiny_dpm"])(pixels).depth_m

    async def scenario():
        return await service.predict(photo, "tiny_dpm", kept), await service.predict(pixels, "tiny_dpm", kept)

    for depth_map in run(service, scenario):
        np.testing.assert_array_equal(depth_map.depth_m, expected)
        assert depth_map.model == "tiny_dpm"
        assert list(depth_map.timings_ms) == ["queue", "decode", "pre", "infer", "post"]


def test_the_focal_length_and_the_distribution_are_passed_on(make, pixels) -> None:
    service = make()

    async def scenario():
        plain = await service.predict(pixels, "tiny_dpm", kept)
        return plain, await service.predict(pixels, "tiny_dpm", kept, fx_px=1443.0754, with_dpm=True)

    plain, wide = run(service, scenario)
    assert plain.dpm is None
    assert wide.dpm.shape[0] == 16
    np.testing.assert_allclose(wide.depth_m, 2 * plain.depth_m, rtol=1e-5)


def test_what_is_computed_is_observed_and_what_is_remembered_is_not(make, photo) -> None:
    recorder = Recorder()
    service = make(recorder)

    async def scenario():
        first = await service.recall(photo, ["tiny_dpm", "tiny_base"], kept)
        return first, await service.recall(photo, ["tiny_dpm", "tiny_base"], kept)

    first, again = run(service, scenario)
    assert [model for model, _ in recorder.seen] == ["tiny_dpm", "tiny_base"]
    assert recorder.seen[0][1] == first[0].timings_ms
    assert set(again[0].timings_ms.values()) == {0.0}
    assert again[0].depth_m is first[0].depth_m


def test_a_prediction_without_its_distribution_is_not_enough_where_that_is_asked_for(make, photo) -> None:
    recorder = Recorder()
    service = make(recorder)

    async def scenario():
        await service.recall(photo, ["tiny_dpm", "tiny_base"], kept)
        return await service.recall(photo, ["tiny_dpm", "tiny_base"], kept, with_dpm=True)

    own, base = run(service, scenario)
    assert own.dpm is not None
    assert base.dpm is None, "a regression network has none, so its prediction is as good as before"
    assert [model for model, _ in recorder.seen] == ["tiny_dpm", "tiny_base", "tiny_dpm"]


def test_the_same_bytes_at_another_width_are_another_picture(make) -> None:
    recorder = Recorder()
    service = make(recorder)
    wide = np.zeros((32, 64, 3), np.uint8)

    async def scenario():
        return [
            (await service.recall(shown, ["tiny_base"], kept))[0].depth_m.shape
            for shown in (wide, wide.reshape(64, 32, 3))
        ]

    assert run(service, scenario) == [(32, 64), (64, 32)]
    assert len(recorder.seen) == 2


@pytest.mark.parametrize(
    ("picture", "model", "error", "words"),
    [
        (b"junk", "tiny_dpm", ImageError, "not a picture"),
        (np.zeros((4, 4), np.uint8), "tiny_dpm", DataError, r"\[H, W, 3\]"),
        (b"junk", "tiny_dmp", NotFoundError, "tiny_dmp"),
        (b"junk", "tiekd_mobilenetv2.adabins_kitti", NotServedError, "does not serve it"),
    ],
)
def test_what_can_not_be_answered(make, picture, model, error, words) -> None:
    service = make()
    with pytest.raises(error, match=words):
        run(service, lambda: service.predict(picture, model, kept))


def test_a_wrong_focal_length_is_a_wrong_setting(make, photo) -> None:
    service = make()
    with pytest.raises(ConfigError, match="1e\\+300"):
        run(service, lambda: service.predict(photo, "tiny_dpm", kept, fx_px=1e300))


def test_names_that_are_not_served_suggest_served_ones() -> None:
    error = NotServedError("tiekd_mobilenetv2.adabins_kitti", ["tiekd_mobilenetv2.demo", "other"])
    assert error.near == ["tiekd_mobilenetv2.demo"]
    assert "tiekd_mobilenetv2.demo, other" in error.hint


def test_every_wrong_name_is_found_before_the_first_network_runs(make, photo) -> None:
    recorder = Recorder()
    service = make(recorder)
    with pytest.raises(NotFoundError):
        run(service, lambda: service.recall(photo, ["tiny_dpm", "nope"], kept))
    assert recorder.seen == []


def test_a_full_queue_refuses(make, pixels, monkeypatch) -> None:
    service = make(queue_size=1)
    hold = Hold(service, monkeypatch)

    async def scenario():
        answered, waiting = await one_runs_and_one_waits(service, hold, pixels)
        with pytest.raises(QueueFullError) as caught:
            await service.predict(pixels, "tiny_dpm", kept)
        hold.go.set()
        await asyncio.gather(answered, waiting)
        return caught.value.retry_after_s

    assert run(service, scenario) >= 1
    assert hold.runs == 2


def test_a_deadline_ends_the_wait(make, pixels, monkeypatch) -> None:
    service = make(deadline_s=0.1)
    hold = Hold(service, monkeypatch)

    async def scenario():
        with pytest.raises(DeadlineError, match=r"0\.1 s"):
            await service.predict(pixels, "tiny_dpm", kept)
        hold.go.set()

    run(service, scenario)


def test_a_caller_that_is_cancelled_before_its_turn_costs_no_inference(make, pixels, monkeypatch) -> None:
    service = make()
    hold = Hold(service, monkeypatch)

    async def scenario():
        answered, leaving = await one_runs_and_one_waits(service, hold, pixels)
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
        assert service.waiting() == {"tiny_dpm": 0}
        hold.go.set()
        await answered

    run(service, scenario)
    assert hold.runs == 1


def test_a_model_that_is_not_loaded_yet_or_could_not_be(settings, photo, monkeypatch) -> None:
    def fail(self, resident):
        raise ImageError("secret", reason="decode")

    monkeypatch.setattr(Residency, "_load", fail)
    service = Service(settings)

    async def scenario():
        with pytest.raises(NotReadyError) as caught:
            await service.predict(photo, "tiny_dpm", kept)
        service.residency.load_all()
        with pytest.raises(LoadFailedError, match="tiny_dpm can't be loaded") as failed:
            await service.recall(photo, ["tiny_dpm"], kept)
        return caught.value.retry_after_s, str(failed.value) + failed.value.hint

    retry_after_s, said = run(service, scenario)
    assert retry_after_s >= 1
    assert "secret" not in said


def test_a_service_that_stops_refuses_what_waits_and_what_comes(make, pixels, monkeypatch) -> None:
    service = make()
    hold = Hold(service, monkeypatch)

    async def scenario():
        answered, waiting = await one_runs_and_one_waits(service, hold, pixels)
        await service.close()
        with pytest.raises(DrainingError):
            await waiting
        for refused in (
            service.predict(pixels, "tiny_dpm", kept),
            service.recall(pixels, ["tiny_base"], kept),
        ):
            with pytest.raises(DrainingError):
                await refused
        hold.go.set()
        return (await answered).depth_m.shape

    assert run(service, scenario) == (50, 120)
    assert hold.runs == 1


class SlowLoad:
    """Stands in for loading: it begins, and ends only after `go`."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.ended: list[str] = []

    def __call__(self, resident):
        self.begun.set()
        assert self.go.wait(20)
        self.ended.append(resident.card.name)


def test_closing_waits_for_the_load_in_progress_and_begins_no_other(settings, monkeypatch) -> None:
    load = SlowLoad()
    monkeypatch.setattr(Residency, "_load", lambda _self, resident: load(resident))
    service = Service(settings)
    service.start()
    assert load.begun.wait(10)
    threading.Timer(0.2, load.go.set).start()
    asyncio.run(service.close())
    assert load.ended == ["tiny_dpm"], "the load had ended when `close` returned, and the next never began"


def test_closing_does_not_wait_longer_than_its_patience(settings, monkeypatch, caplog) -> None:
    load = SlowLoad()
    monkeypatch.setattr(Residency, "_load", lambda _self, resident: load(resident))
    service = Service(settings.model_copy(update={"stop_patience_s": 0.1}))
    service.start()
    assert load.begun.wait(10)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING, logger="tiekd.server"):
        asyncio.run(service.close())
    assert time.monotonic() - began < 5
    assert "still being loaded after 0.1 s" in caplog.text
    load.go.set()
    loaders = [thread for thread in threading.enumerate() if thread.name == "tiekd-load"]
    for loader in loaders:
        loader.join(10)
