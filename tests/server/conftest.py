"""A server with two tiny models, warm, and photos to send it."""

import io
import time

import numpy as np
import pytest
from PIL import Image
from server_kit import DeclaredClient

from server.app import create_app
from server.settings import Settings


def wait_until_ready(client: DeclaredClient) -> None:
    deadline = time.monotonic() + 60
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline, client.get("/readyz").text
        time.sleep(0.02)


def encoded(image: Image.Image, fmt: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def settings(tiny_models) -> Settings:
    models = tuple(map(str, tiny_models.values()))
    return Settings(models=models, device="cpu", workers=1, max_upload_bytes=300_000)


@pytest.fixture(scope="session")
def client(settings):
    with DeclaredClient(create_app(settings), raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (50, 120, 3)).astype(np.uint8)


@pytest.fixture(scope="session")
def photo(pixels) -> bytes:
    return encoded(Image.fromarray(pixels))


@pytest.fixture
def post(client, photo):
    """`post("/predict?…")` sends the photo as the form's field."""

    def send(url: str, data: bytes = photo, **more):
        return client.post(url, files={"image": ("photo.png", data)}, **more)

    return send


@pytest.fixture
def is_problem():
    """Checks the shape of a problem+json answer and gives its body."""

    def check(response, status: int) -> dict:
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        body = response.json()
        assert body["status"] == status
        assert body["type"]
        assert body["title"]
        assert body["detail"]
        assert body["hint"]
        assert "Traceback" not in response.text
        return body

    return check
