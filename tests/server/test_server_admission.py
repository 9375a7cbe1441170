"""What a request costs before it is its turn: its bytes, and nothing else."""

import asyncio
import contextlib
import io
import threading
import time

import numpy as np
import pytest
from PIL import Image
from server_kit import DeclaredClient, run

from server.app import create_app
from server.http.middleware import BodyMemory
from server.inference.errors import DeadlineError, MemoryFullError, QueueFullError
from server.inference.memory import Memory
from server.inference.service import Service
from tiekd.codecs.photo import Photo, PhotoFile
from tiekd.errors import ImageError


def png(width: int, height: int, mode: str = "1") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


class Decoder:
    """Counts and holds up decoding."""

    def __init__(self, monkeypatch) -> None:
        self.begun, self.go, self.runs = threading.Event(), threading.Event(), 0
        decode = PhotoFile.decode_turned

        def held(photo: PhotoFile):
            self.runs += 1
            self.begun.set()
            assert self.go.wait(20)
            return decode(photo)

        monkeypatch.setattr(PhotoFile, "decode_turned", held)

    async def until_begun(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, 20)


@pytest.fixture
def decoder(monkeypatch):
    held = Decoder(monkeypatch)
    yield held
    held.go.set()


@pytest.fixture
def make(settings, client):
    """`make(queue_size=1, …)`: a service with those settings, whose models are warm."""
    warm = client.app.state.service.residency

    def build(**changes) -> Service:
        service = Service(settings.model_copy(update=changes))
        for name, resident in service.residency.residents.items():
            resident.network = warm.get(name)
        return service

    return build


def size_of(depth_map) -> tuple[int, ...]:
    return depth_map.depth_m.shape


def test_what_waits_is_not_decoded_and_a_refusal_costs_no_decoding(make, decoder, photo) -> None:
    service = make(queue_size=2)

    async def scenario():
        asked = [asyncio.create_task(service.predict(photo, "tiny_dpm", size_of)) for _ in range(3)]
        await decoder.until_begun()
        while service.waiting() != {"tiny_dpm": 2}:
            await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await service.predict(photo, "tiny_dpm", size_of)
        assert decoder.runs == 1
        decoder.go.set()
        return await asyncio.gather(*asked)

    assert run(service, scenario) == [(50, 120)] * 3
    assert decoder.runs == 3


def test_the_deadline_covers_decoding(make, decoder, photo) -> None:
    service = make(deadline_s=0.1)

    async def scenario():
        with pytest.raises(DeadlineError):
            await service.predict(photo, "tiny_dpm", size_of)
        decoder.go.set()

    run(service, scenario)


def test_who_leaves_while_it_is_decoded_keeps_the_thread_until_that_is_done(make, decoder, photo) -> None:
    service = make()

    async def scenario():
        leaving = asyncio.create_task(service.predict(photo, "tiny_dpm", size_of))
        await decoder.until_begun()
        waiting = asyncio.create_task(service.predict(photo, "tiny_base", size_of))
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
        await asyncio.sleep(0.1)
        assert decoder.runs == 1, "no other decoding begins meanwhile"
        assert service.waiting()["tiny_base"] == 1
        decoder.go.set()
        return await waiting

    ran = []
    network = service.residency.get("tiny_dpm")
    estimate = network.estimate
    network.estimate = lambda *args, **options: ran.append(1) or estimate(*args, **options)
    try:
        assert run(service, scenario) == (50, 120)
    finally:
        del network.estimate
    assert ran == [], "and the network of the one who left never runs"


def test_a_picture_is_decoded_once_for_all_its_models(make, decoder, photo) -> None:
    service = make()
    decoder.go.set()

    async def scenario():
        await service.recall(photo, ["tiny_dpm", "tiny_base"], len)
        await service.recall(photo, ["tiny_dpm", "tiny_base"], len)

    run(service, scenario)
    assert decoder.runs == 1


def test_pixels_at_work_count_by_the_header_and_are_given_back(make, decoder) -> None:
    service = make()

    async def scenario():
        asked = asyncio.create_task(service.predict(png(300, 200), "tiny_base", size_of))
        await decoder.until_begun()
        held = service.memory.held_bytes
        decoder.go.set()
        await asked
        await asyncio.sleep(0.01)
        return held, service.memory.held_bytes

    assert run(service, scenario) == (300 * 200 * 28, 0)


def test_an_ordinary_photo_passes_large_ones(make, decoder, photo) -> None:
    service = make(workers=2)
    decode = PhotoFile.decode_turned

    async def scenario():
        larges = [
            asyncio.create_task(service.predict(png(2500, 2000), "tiny_base", size_of)) for _ in range(4)
        ]
        await decoder.until_begun()
        PhotoFile.decode_turned = lambda shown: (
            decode(shown) if shown.size == (2000, 2500) else Photo.of(np.zeros((9, 9, 3), np.uint8))
        )
        assert await service.predict(photo, "tiny_base", size_of) == (9, 9)
        assert decoder.runs == 1
        for large in larges:
            large.cancel()
        decoder.go.set()

    try:
        run(service, scenario)
    finally:
        PhotoFile.decode_turned = decode


def progressive(n_scans: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 90, 60)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * n_scans + data[-2:]


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (progressive(300), 413, "scans"),
        (b"II*\0" + bytes(100), 415, "not a picture of a supported type"),
        (b"MM\0*" + bytes(100), 415, "not a picture of a supported type"),
        (b"\0\0\0\x18ftypheic" + bytes(100), 415, "not a picture of a supported type"),
        (png(8000, 7000), 413, "56 megapixels|8000x7000"),
    ],
    ids=["scans", "tiff", "big-endian tiff", "heic", "pixels"],
)
@pytest.mark.parametrize(
    "call", ["/predict?model=tiny_dpm", "/dpm?model=tiny_dpm&view=entropy", "/diff?a=tiny_dpm&b=tiny_base"]
)
def test_every_call_refuses_bombs_without_decoding_them(
    post, is_problem, decoder, call, data, status, words
) -> None:
    body = is_problem(post(call, data=data), status)
    assert any(word in body["detail"] for word in words.split("|"))
    assert decoder.runs == 0


@pytest.mark.parametrize(
    "call",
    [
        "/predict?model=tiny_dpm&format=json",
        "/dpm?model=tiny_dpm&view=entropy",
        "/diff?a=tiny_dpm&b=tiny_base",
    ],
)
def test_the_event_loop_answers_while_a_photo_is_computed_and_encoded(client, post, decoder, call) -> None:
    answers = []
    asking = threading.Thread(target=lambda: answers.append(post(call, data=png(90, 41))))
    asking.start()
    assert decoder.begun.wait(10)
    assert client.get("/healthz").status_code == 200
    decoder.go.set()
    asking.join(20)
    assert answers[0].status_code == 200


def test_the_deadline_covers_the_upload(settings, photo, is_problem) -> None:
    async def main():
        app = create_app(settings.model_copy(update={"deadline_s": 0.2}))
        await asyncio.to_thread(app.state.service.residency.load_all)
        sent: list[dict] = []

        async def receive():
            await asyncio.sleep(60)

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/predict", "query_string": b"model=tiny_dpm",
            "headers": [(b"content-type", b"image/png")], "http_version": "1.1", "scheme": "http",
        }  # fmt: skip
        began = time.monotonic()
        await app(scope, receive, send)
        return sent[0]["status"], time.monotonic() - began

    status, spent_s = asyncio.run(main())
    assert status == 408, "the client was slow, not the server"
    assert spent_s < 30, "by the deadline, and not when the body is there"


def test_bodies_for_which_there_is_no_room_are_refused_and_room_comes_back(
    settings, photo, is_problem
) -> None:
    app = create_app(settings.model_copy(update={"memory_bytes": 20_000}))
    app.state.service.residency.load_all()
    client = DeclaredClient(app, raise_server_exceptions=False)
    small = png(16, 16)
    assert client.post("/predict?model=tiny_dpm", files={"image": small}).status_code == 200
    refused = client.post("/predict?model=tiny_dpm", files={"image": bytes(30_000)})
    assert "no room" in is_problem(refused, 503)["detail"]
    assert int(refused.headers["retry-after"]) >= 1
    pieces = (bytes(7000) for _ in range(4))
    kind = {"content-type": "image/png"}
    is_problem(client.post("/predict?model=tiny_dpm", content=pieces, headers=kind), 503)
    assert app.state.service.memory.held_bytes == 0
    assert client.post("/predict?model=tiny_dpm", files={"image": small}).status_code == 200
    text = client.get("/metrics").text
    assert "tiekd_memory_held_bytes 0.0" in text
    assert "tiekd_memory_limit_bytes 20000.0" in text


def test_an_answer_counts_until_it_is_taken() -> None:
    async def main():
        memory = Memory(100)
        seen = []

        async def app(scope, receive, send):
            await receive()
            for size in (150, 150, 30, 160):
                await send({"type": "http.response.body", "body": bytes(size), "more_body": True})

        async def receive():
            return {"type": "http.request", "body": bytes(40), "more_body": False}

        async def send(message):
            seen.append(memory.held_bytes)

        scope = {"type": "http", "headers": [(b"content-length", b"40")]}
        await BodyMemory(app, memory)(scope, receive, send)
        with pytest.raises(MemoryFullError):
            await BodyMemory(app, memory)({**scope, "headers": [(b"content-length", b"101")]}, receive, send)
        return seen, memory.held_bytes

    assert asyncio.run(main()) == ([190, 190, 190, 200], 0), "pieces that were sent before are gone"


def test_a_picture_that_is_none_is_refused_before_the_queue(make, decoder) -> None:
    service = make(queue_size=1)

    async def scenario():
        tasks = [asyncio.create_task(service.predict(png(20, 20), "tiny_dpm", size_of)) for _ in range(2)]
        await decoder.until_begun()
        with pytest.raises(ImageError):
            await service.predict(b"junk", "tiny_dpm", size_of)
        decoder.go.set()
        await asyncio.gather(*tasks)

    run(service, scenario)
