"""The OpenAPI document is true: what it declares is what the server answers, and nothing else."""

import asyncio
import io

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter
from server_kit import DeclaredClient, declared_answers, operation

from server.app import create_app
from server.http import schemas
from server.http.patience import SlowClientError
from server.http.problems import status_of
from server.inference import errors as service
from tiekd import errors
from tiekd.codecs import png16
from tiekd.gallery import live

PHOTO_CALLS = {
    "/predict": ("model=tiny_dpm", ["", "format=npy", "format=npz", "format=json"]),
    "/dpm": ("model=tiny_dpm", ["x=1&y=1", "view=entropy", "view=entropy&format=npy"]),
    "/compare": ("models=tiny_dpm,tiny_base", ["", "format=npz", "format=u16"]),
    "/diff": ("a=tiny_dpm&b=tiny_base", ["", "format=npy", "format=npz", "format=color"]),
}
"""Path -> the parameters that name models, and a query for each kind of answer."""
BUG = 500
"""Declared everywhere. One test provokes it in one route; the handler is the same for all."""


class Dripping:
    """An app whose bodies never end."""

    def __init__(self, app) -> None:
        self._app = app
        self.openapi = app.openapi

    async def __call__(self, scope, receive, send) -> None:
        begun = False

        async def drip():
            nonlocal begun
            if begun:
                await asyncio.sleep(20)
            begun = True
            return {**await receive(), "more_body": True}

        await self._app(scope, drip if scope["type"] == "http" else receive, send)


@pytest.fixture
def another(client, settings):
    """`another(deadline_s=…)`: a server with those settings that shares the warm models."""

    def make(**changes) -> DeclaredClient:
        app = create_app(settings.model_copy(update=changes))
        for name, resident in app.state.service.residency.residents.items():
            resident.network = client.app.state.service.residency.get(name)
        return DeclaredClient(app)

    return make


@pytest.mark.parametrize("path", PHOTO_CALLS)
def test_every_declared_answer_to_a_photo_is_really_given(another, photo, path) -> None:
    models, queries = PHOTO_CALLS[path]
    usual, late = another(), another(deadline_s=1e-6)
    slow = DeclaredClient(Dripping(another(transfer_timeout_s=0.1).app))
    first = f"{path}?{models}&{queries[0]}"

    def post(query: str = first, *, to: DeclaredClient = usual, data: bytes = photo, **more) -> None:
        to.post(query, files={"image": data}, **more)

    for query in queries:
        post(f"{path}?{models}&{query}")
    post(f"{path}?{models}&fx=-1")
    post(first.replace("tiny_dpm", "nope"))
    post(data=bytes(400_000))
    post(data=b"text")
    post(data=photo[:2000])
    post(to=late)
    post(to=slow)
    for resident in usual.app.state.service.residency.residents.values():
        resident.network = None
    post()
    given = {(status, kind) for seen, _, status, kind in usual.seen | late.seen | slow.seen if seen == path}
    wanted = declared_answers(usual.app.openapi())[path]
    assert given == {(status, kind) for status, kind in wanted if status != BUG}


def test_every_declared_answer_of_a_gallery_is_really_given(settings, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(live, "NAMES_EVERY_S", 600)
    root = tmp_path / "r"
    for folder in ("m", "image"):
        (root / folder).mkdir(parents=True)
    for frame in ("a", "damaged", "gone"):
        (root / "m" / f"{frame}.png").write_bytes(png16.encode(np.ones((4, 6), np.float32)))
        Image.new("RGB", (6, 4)).save(root / "image" / f"{frame}.png")
    client = DeclaredClient(create_app(settings.model_copy(update={"results": (root,)})))
    client.get("/api/galleries")
    client.get("/api/galleries/r")
    data = (root / "m" / "damaged.png").read_bytes()
    (root / "m" / "damaged.png").write_bytes(data[:45] + bytes(8) + data[53:])
    (root / "image" / "gone.png").unlink()

    base = "/api/galleries/r"
    for path in (f"{base}/image/a", f"{base}/m/a.u16", f"{base}/m/a.png"):
        tag = client.get(path).headers["etag"]
        client.get(path, headers={"if-none-match": tag})
    wrong = ["nope", "r/image/nope", "r/image/gone", "r/m/nope.u16", "r/m/damaged.u16"]
    wrong += ["r/m/nope.png", "r/m/damaged.png", "r/m/a.png?cmap=nope"]
    wrong += ["r/scores", "r/scores?truth=nope", "nope/state", "r?offset=1&around=1"]
    client.get(f"{base}/scores?reference=m")
    wrong += ["r?as=m", "r/m/a.u16?as=m", "r/state?as=m"]
    for accept in ("*/*", "text/html"):
        for path in [*wrong, "nope/sources", "r/sources?as=m", "r/sources/m?as=m"]:
            client.get(f"/api/galleries/{path}", headers={"accept": accept})
    client.get(base)
    for path in ("state", "sources", "sources/m"):
        client.get(f"{base}/{path}")
    for accept in ("*/*", "text/html"):
        client.get(f"{base}/sources/nope", headers={"accept": accept})
    (root / "m").rename(tmp_path / "away")
    for accept in ("*/*", "text/html"):
        for path in ("", "/state", "/scores?reference=m", "/sources", "/sources/m"):
            client.get(base + path, headers={"accept": accept})
    given = {(path, status, kind) for path, _, status, kind in client.seen}
    wanted = declared_answers(client.app.openapi())
    assert given == {
        (path, status, kind.replace("image/*", "image/png"))
        for path in wanted
        for status, kind in wanted[path]
        if path.startswith("/api/galleries") and status != BUG
    }


def test_every_declared_answer_of_the_rest_is_really_given(client, settings) -> None:
    waiting = DeclaredClient(create_app(settings))  # without its lifespan: nothing is loaded
    draining = DeclaredClient(create_app(settings))
    draining.app.state.service.drain()
    assert draining.get("/readyz").status_code == 503
    for path in ("/healthz", "/readyz", "/metrics", "/api/models"):
        given = {
            (answer.status_code, answer.headers["content-type"].partition(";")[0])
            for answer in (client.get(path), waiting.get(path))
        }
        wanted = declared_answers(client.app.openapi())[path]
        assert given == {(status, kind) for status, kind in wanted if status != BUG}


def test_every_call_is_checked() -> None:
    """`operation` finds every call of the document, so no answer escapes the comparison."""
    document = create_app().openapi()
    for path, operations in document["paths"].items():
        example = path.replace("{", "some-").replace("}", "")
        for method in operations:
            assert operation(document, method.upper(), example)[0] == path
    assert operation(document, "HEAD", "/healthz")[0] == "/healthz"
    assert operation(document, "GET", "/predict") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("200"),
        lambda said: said["200"]["content"].pop("image/png"),
        lambda said: said["200"]["headers"].pop("X-Model"),
        lambda said: said["200"]["headers"].update({"X-Absent": {"required": True}}),
    ],
)
def test_an_answer_that_is_not_declared_fails_the_suite(another, photo, change) -> None:
    client = another()
    change(client.app.openapi()["paths"]["/predict"]["post"]["responses"])
    with pytest.raises(AssertionError, match="declared"):
        client.post("/predict?model=tiny_dpm", files={"image": photo})


def test_a_null_or_a_field_that_is_not_declared_fails_the_suite(another, monkeypatch) -> None:
    client = another()
    resident = next(iter(client.app.state.service.residency.residents.values()))
    told = resident.describe()
    monkeypatch.setattr(type(resident), "describe", lambda _self: told | {"error": None})
    with pytest.raises(AssertionError, match="error is null"):
        client.get("/api/models")
    monkeypatch.setattr(type(resident), "describe", lambda _self: told | {"colour": "red"})
    with pytest.raises(ValueError, match="colour"):
        client.get("/api/models")


def bodies(above: type = schemas.Body) -> list[type[schemas.Body]]:
    return [kind for found in above.__subclasses__() for kind in (found, *bodies(found))]


@pytest.mark.parametrize("kind", bodies(), ids=lambda kind: kind.__name__)
def test_the_examples_of_fields_are_values_of_their_types(kind) -> None:
    for name, field in kind.model_fields.items():
        for example in field.examples or ():
            TypeAdapter(field.annotation).validate_python(example)
        assert field.annotation is not None, name


def test_the_examples_of_problems_are_problems_of_their_status(client) -> None:
    count = 0
    for operations in client.app.openapi()["paths"].values():
        for call in operations.values():
            for status, said in call["responses"].items():
                example = said.get("content", {}).get("application/problem+json", {}).get("example")
                if example:
                    count += 1
                    assert schemas.Problem.model_validate(example).status == int(status)
    assert count > 30


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ConfigError("x"), 400),
        (errors.UnknownNameError("model of a kind that no address names", "x", []), 400),
        (errors.NotFoundError("anything", "x", []), 404),
        (errors.DataError("x"), 422),
        (SlowClientError("body", 1), 408),
        (errors.ImageError("x", reason="type"), 415),
        (errors.ImageError("x", reason="size"), 413),
        (errors.ImageError("x", reason="decode"), 422),
        (errors.InputSizeError("x"), 422),
        (errors.CheckpointError("x"), 503),
        (errors.ChecksumError("x"), 503),
        (errors.WeightsUnavailableError("x"), 503),
        (errors.UnavailableError("x"), 503),
        (errors.RunFailedError("x"), 500),
        (errors.NotFiniteError("x"), 500),
        (service.NotServedError("x", []), 404),
        (service.LoadFailedError("x", "why"), 503),
        (service.NotReadyError("x"), 503),
        (service.QueueFullError("x", waiting=1, retry_after_s=1), 503),
        (service.DrainingError(), 503),
        (service.DeadlineError("x", 1), 504),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_the_class_of_an_error_decides_its_status(error, status) -> None:
    assert status_of(error) == status


def test_the_document_says_how_to_send_a_picture_and_what_comes_back(client) -> None:
    call = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    assert call["requestBody"]["required"]
    answer = call["responses"]["200"]
    assert {"X-Depth-Unit", "X-Model", "X-Depth-Range", "Server-Timing"} <= set(answer["headers"])
    assert answer["content"]["application/x-npy"]["schema"]["format"] == "binary"
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/DepthBody")
    assert "Retry-After" in call["responses"]["503"]["headers"]


def test_pictures_of_every_kind_are_sent_as_the_document_says(client, pixels) -> None:
    for kind in ("png", "jpeg", "webp", "bmp", "gif"):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind)
        sent = {"content": buffer.getvalue(), "headers": {"content-type": f"image/{kind}"}}
        assert client.post("/predict?model=tiny_base", **sent).status_code == 200
