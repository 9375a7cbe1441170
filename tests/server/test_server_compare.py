"""Many models on one upload: in one answer, or each part as it comes."""

import asyncio
import base64
import io
import json
import threading
from email.parser import BytesParser

import numpy as np
import pytest
from server_kit import DeclaredClient

from server.app import create_app
from tiekd.codecs import png16
from tiekd.codecs.photo import PhotoFile
from tiekd.errors import NotFiniteError
from tiekd.estimators import NetworkEstimator
from tiekd.runtime.predictor import Predictor

NAMES = ("tiny_dpm", "tiny_base")
BOTH = "models=tiny_dpm,tiny_base"


@pytest.fixture(scope="module")
def depths(tiny_models, pixels) -> dict[str, np.ndarray]:
    return {name: Predictor(tiny_models[name])(pixels).depth_m for name in NAMES}


@pytest.fixture
def fresh(client, settings):
    """`fresh(memory_bytes=…)`: a server of its own, with nothing remembered, that shares the warm models."""

    def make(**changes) -> DeclaredClient:
        app = create_app(settings.model_copy(update=changes))
        for name, resident in app.state.service.residency.residents.items():
            resident.network = client.app.state.service.residency.get(name)
        return DeclaredClient(app, raise_server_exceptions=False)

    return make


def send(client, query: str, photo: bytes):
    return client.post(f"/compare?{query}", files={"image": ("photo.png", photo)})


def parts_of(response) -> list[tuple[dict[str, str], bytes]]:
    """Headers and bytes of the parts, as a mail program reads them, and by their stated length."""
    assert response.status_code == 200, response.text
    kind = response.headers["content-type"]
    message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + response.content)
    assert message.is_multipart()
    found, rest = [], response.content
    for part in message.get_payload():
        head, _, rest = rest.partition(b"\r\n\r\n")
        headers = {name.lower(): value for name, value in part.items()}
        assert b"X-Model: " + headers["x-model"].encode() in head
        length = int(headers["content-length"])
        found.append((headers, rest[:length]))
        assert part.get_payload(decode=True) == rest[:length]
        rest = rest[length:]
    assert rest.startswith(b"\r\n--")
    assert rest.endswith(b"--\r\n")
    return found


def test_json_has_every_model_in_the_order_of_the_query(post, depths) -> None:
    body = post("/compare?models=tiny_base,tiny_dpm&values=base64").json()
    assert [found["model"] for found in body["models"]] == ["tiny_base", "tiny_dpm"]
    assert (body["width"], body["height"], body["unit"]) == (120, 50, "m")
    assert "reference" not in body
    for found in body["models"]:
        depth = depths[found["model"]]
        raw = np.frombuffer(base64.b64decode(found["depth_m"]["data"]), "<f4").reshape(50, 120)
        np.testing.assert_array_equal(raw, depth)
        assert found["statistics"]["mean"] == pytest.approx(depth.mean(), rel=1e-5)
        assert found["depth_range"]["max_m"] == 80
        assert "difference" not in found
    assert "depth_m" not in post(f"/compare?{BOTH}").json()["models"][0]


def test_differences_are_those_of_diff(post) -> None:
    body = post(f"/compare?{BOTH}&reference=tiny_dpm").json()
    assert body["reference"] == "tiny_dpm"
    reference, other = body["models"]
    assert "difference" not in reference
    assert other["difference"] == post("/diff?a=tiny_dpm&b=tiny_base").json()["statistics"]


def test_npz_has_depths_differences_and_statistics(post, depths) -> None:
    response = post(f"/compare?{BOTH}&reference=tiny_base&format=npz")
    assert response.headers["x-model"] == "tiny_dpm,tiny_base"
    assert response.headers["x-depth-range"] == "0.001,80"
    with np.load(io.BytesIO(response.content)) as archive:
        assert list(archive["models"]) == list(NAMES)
        for name in NAMES:
            np.testing.assert_array_equal(archive[f"depth_m/{name}"], depths[name])
        difference = depths["tiny_dpm"] - depths["tiny_base"]
        np.testing.assert_array_equal(archive["difference_m/tiny_dpm"], difference)
        assert "difference_m/tiny_base" not in archive
        said = json.loads(str(archive["statistics"]))
    assert said == post(f"/compare?{BOTH}&reference=tiny_base").json() | {"models": said["models"]}, (
        "the statistics are the JSON answer"
    )


def test_u16_has_one_part_for_each_model(post, depths) -> None:
    response = post(f"/compare?{BOTH}&format=u16&reference=tiny_dpm")
    assert response.headers["x-depth-width"] == "120"
    assert response.headers["x-depth-height"] == "50"
    parts = parts_of(response)
    assert [headers["x-model"] for headers, _ in parts] == list(NAMES)
    for headers, data in parts:
        stored = np.frombuffer(data, "<u2").reshape(
            int(headers["x-depth-height"]), int(headers["x-depth-width"])
        )
        np.testing.assert_array_equal(stored, png16.to_uint16(depths[headers["x-model"]]))
        assert headers["x-depth-scale"] == "256"
        assert "infer;dur=" in headers["server-timing"]
    statistics = post("/diff?a=tiny_dpm&b=tiny_base").json()["statistics"]
    assert json.loads(parts[1][0]["x-statistics"]) == statistics
    assert "x-statistics" not in parts[0][0]


@pytest.mark.parametrize("fmt", ["json", "npz", "u16"])
def test_the_photo_is_decoded_once(fresh, photo, monkeypatch, fmt) -> None:
    runs = []
    decode = PhotoFile.decode_turned
    monkeypatch.setattr(PhotoFile, "decode_turned", lambda self: runs.append(1) or decode(self))
    assert send(fresh(workers=2), f"{BOTH}&format={fmt}", photo).status_code == 200
    assert runs == [1]


def fail(client, monkeypatch, name: str, error: Exception) -> None:
    """Let one model of a server raise instead of answering."""

    def failing(*_arguments, **_options):
        raise error

    network = client.app.state.service.residency.get(name)
    copy = NetworkEstimator(network.predictor)
    monkeypatch.setattr(copy, "estimate", failing, raising=False)
    client.app.state.service.residency.residents[name].network = copy


def test_a_model_that_fails_spares_the_others_in_a_stream(fresh, photo, monkeypatch, depths) -> None:
    client = fresh()
    fail(client, monkeypatch, "tiny_dpm", NotFiniteError("tiny_dpm answers NaN.", hint="Ask another."))
    (bad, problem), (good, data) = parts_of(send(client, f"{BOTH}&format=u16", photo))
    assert bad["content-type"] == "application/problem+json"
    body = json.loads(problem)
    assert (body["status"], body["model"], body["detail"]) == (500, "tiny_dpm", "tiny_dpm answers NaN.")
    assert good["x-model"] == "tiny_base"
    assert data == png16.to_uint16(depths["tiny_base"]).astype("<u2").tobytes()
    for fmt in ("json", "npz"):
        assert send(client, f"{BOTH}&format={fmt}", photo).status_code == 500, "there it is all or nothing"


def test_if_every_model_fails_the_answer_is_the_first_problem(fresh, photo, is_problem, monkeypatch) -> None:
    client = fresh()
    for name in NAMES:
        fail(client, monkeypatch, name, NotFiniteError(f"{name} answers NaN.", hint="Ask another."))
    assert is_problem(send(client, f"{BOTH}&format=u16", photo), 500)["detail"] == "tiny_dpm answers NaN."


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("models=tiny_dpm,tiny_bse", 404, "tiny_bse"),
        ("", 400, "models: Field required"),
        ("models=,", 400, "No model is named"),
        ("models=tiny_dpm,tiny_dpm", 400, "tiny_dpm is named more than once"),
        (f"{BOTH}&reference=tiny", 400, "reference=tiny is not among the models"),
        (f"{BOTH}&format=png16", 400, "format=png16"),
        (f"{BOTH}&fx=0", 400, "fx=0"),
        (f"{BOTH}&fx=1e300", 400, "1e+300"),
    ],
)
@pytest.mark.parametrize("fmt", ["json", "u16"])
def test_what_can_not_be_meant(post, is_problem, query, status, words, fmt) -> None:
    url = f"/compare?{query}" + ("" if "format=" in query else f"&format={fmt}")
    assert words in is_problem(post(url), status)["detail"]


@pytest.mark.parametrize("fmt", ["json", "npz", "u16"])
def test_a_damaged_photo_is_the_fault_of_the_client(post, is_problem, photo, fmt) -> None:
    is_problem(post(f"/compare?{BOTH}&format={fmt}", data=photo[:2000]), 422)
    is_problem(post(f"/compare?{BOTH}&format={fmt}", data=b"text"), 415)


def test_what_can_never_be_held_is_refused_and_the_stream_is_named(fresh, photo, is_problem) -> None:
    client = fresh(memory_bytes=6000 * 40)
    body = is_problem(send(client, f"{BOTH}&format=npz", photo), 413)
    assert "2 models on 120x50 pixels" in body["detail"]
    assert "format=u16" in body["hint"]
    assert len(parts_of(send(client, f"{BOTH}&format=u16", photo))) == 2


def test_nothing_is_held_when_all_is_answered_or_refused(fresh, photo) -> None:
    client = fresh()
    for query in (
        BOTH,
        f"{BOTH}&format=u16",
        f"{BOTH}&format=u16&fx=1e300",
        f"{BOTH}&format=u16&reference=x",
    ):
        send(client, query, photo)
        assert client.app.state.service.memory.held_bytes == 0, query


def test_when_the_client_leaves_the_rest_ends_and_nothing_is_held(fresh, photo, monkeypatch) -> None:
    app = fresh(workers=2).app
    service = app.state.service
    held = threading.Event()
    network = NetworkEstimator(service.residency.get("tiny_base").predictor)
    estimate = network.estimate
    monkeypatch.setattr(network, "estimate", lambda *a, **o: held.wait(20) and estimate(*a, **o))
    service.residency.residents["tiny_base"].network = network

    async def scenario() -> list[int]:
        leaves, sent = asyncio.Event(), []
        body = [{"type": "http.request", "body": photo, "more_body": False}]

        async def receive():
            if body:
                return body.pop()
            await leaves.wait()
            return {"type": "http.disconnect"}

        async def send(message) -> None:
            sent.append(len(message.get("body", b"")))
            if sent[-1] == 2 * 50 * 120:
                assert service.memory.held_bytes > 0
                leaves.set()

        scope = {"type": "http", "method": "POST", "path": "/compare", "headers": [], "http_version": "1.1"}
        scope |= {"query_string": f"{BOTH}&format=u16".encode(), "server": ("t", 80), "scheme": "http"}
        await app({**scope, "asgi": {"version": "3.0"}, "root_path": ""}, receive, send)
        return sent

    async def closed() -> list[int]:
        async with asyncio.timeout(20):
            sent = await scenario()
            held.set()
            await service.close()
            return sent

    sent = asyncio.run(closed())
    assert sent.count(2 * 50 * 120) == 1
    assert service.memory.held_bytes == 0
