"""What test_without_torch.py runs in a process in which torch can't be imported."""

from __future__ import annotations

import io
import sys
import time

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from server.app import create_app
from server.settings import Settings
from tiekd.errors import UnavailableError
from tiekd.runtime.dpm import PhotoDpm
from tiekd.runtime.engines import table
from tiekd.runtime.engines.base import EngineOutput
from tiekd.runtime.engines.open import open_engine
from tiekd.runtime.predictor import Predictor
from tiekd.zoo import read_card


class BrightnessEngine:
    """Brighter is farther. Its DPM has two bins with mass, so that its expectation is its depth."""

    name, device, parameters = "brightness", "cpu", 0

    def __init__(self, path) -> None:
        self.card = read_card(path)

    @staticmethod
    def from_file(path, *, device):
        return BrightnessEngine(path)

    def run(self, image, *, with_dpm):
        card = self.card
        edges = np.linspace(card.min_depth_m, card.max_depth_m, card.n_bins + 1, dtype=np.float32)
        centers = 0.5 * (edges[1:] + edges[:-1])
        share = 1 / (1 + np.exp(-image[0].mean(axis=0)))
        depth = centers[0] * (1 - share) + centers[-1] * share
        if not with_dpm:
            return EngineOutput(depth)
        dpm = np.zeros((card.n_bins, *share.shape), np.float32)
        dpm[0], dpm[-1] = 1 - share, share
        return EngineOutput(depth, dpm, edges, depth)


ENTRY = table.EngineEntry(
    name="brightness", implementation="torch_free_job:BrightnessEngine", package="numpy",
    install="pip install numpy", suffix=".safetensors", devices=("cpu",), precisions=("fp32",),
)  # fmt: skip


def main(weights: str, results: str) -> None:
    """Answer for a photo through the Python interface and through the server, and compare the two.

    weights: a file of which only the card is read. results: a folder of METHOD/FRAME.png.
    """
    with pytest.raises(UnavailableError, match="needs torch, which is not installed"):
        open_engine(weights, engine="torch")
    table.ENGINES = (ENTRY,)
    pixels = np.random.default_rng(0).integers(0, 256, (50, 120, 3)).astype(np.uint8)
    answer = Predictor(weights)(pixels, with_dpm=True)
    dpm = PhotoDpm(answer)
    assert abs(dpm.at(70, 20).expectation_m - answer.depth_m[20, 70]) < 1e-3
    photo = io.BytesIO()
    Image.fromarray(pixels).save(photo, "PNG")

    def post(url):
        response = client.post(url, content=photo.getvalue(), headers={"content-type": "image/png"})
        assert response.status_code == 200, response.text
        return response

    settings = Settings(models=(weights,), device="cpu", engine="brightness", results=(results,))
    with TestClient(create_app(settings)) as client:
        deadline = time.monotonic() + 60
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline, client.get("/readyz").text
            time.sleep(0.02)
        depth = np.load(io.BytesIO(post("/predict?model=tiny_dpm&format=npy").content))
        np.testing.assert_array_equal(depth, answer.depth_m)
        stored = np.asarray(Image.open(io.BytesIO(post("/predict?model=tiny_dpm&format=png16").content)))
        np.testing.assert_allclose(stored / 256, depth, atol=1 / 512)
        assert Image.open(io.BytesIO(post("/predict?model=tiny_dpm&format=color").content)).size == (120, 50)
        section = np.load(io.BytesIO(post("/dpm?model=tiny_dpm&view=section&row=20&format=npy").content))
        np.testing.assert_allclose(section, dpm.section(20), atol=1e-6)
        target = post("/dpm?model=tiny_dpm&x=70&y=20&source=target").json()
        assert abs(sum(target["probability"]) - 1) < 1e-9
        for view in ("entropy", "slice&bin=3", "section&row=4"):
            picture = post(f"/dpm?model=tiny_dpm&source=target&view={view}")
            assert picture.headers["content-type"] == "image/png"
        assert client.get("/").status_code == 200
        assert client.get("/api/models").json()["models"][0]["engine"] == "brightness"
        assert client.get("/api/galleries").json()["galleries"]
    assert sys.modules["torch"] is None
