import base64
import io
import struct
import time

import numpy as np
import pytest
from PIL import Image
from server_kit import DeclaredClient

from server.app import create_app
from server.settings import Settings
from tiekd import render
from tiekd.codecs import png16
from tiekd.models.registry import load, save
from tiekd.runtime.predictor import Predictor
from tiekd.types import DepthRange


@pytest.fixture(scope="module")
def expected(tiny_models, pixels) -> np.ndarray:
    return Predictor(tiny_models["tiny_dpm"])(pixels).depth_m


def test_png16_is_metres_times_256_at_the_size_of_the_photo(post, expected) -> None:
    answer = post("/predict?model=tiny_dpm")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    np.testing.assert_array_equal(png16.decode(answer.content), png16.to_uint16(expected))
    headers = answer.headers
    assert headers["x-depth-scale"] == "256"
    assert headers["x-depth-unit"] == "m"
    assert headers["x-model"] == "tiny_dpm"
    assert headers["x-depth-range"] == "0.001,80"
    stages = [part.split(";")[0] for part in headers["server-timing"].split(", ")]
    assert stages == ["queue", "decode", "pre", "infer", "post", "encode"]


def test_arrays(post, expected) -> None:
    answer = post("/predict?model=tiny_dpm&format=npy")
    array = np.load(io.BytesIO(answer.content))
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, expected)
    with np.load(io.BytesIO(post("/predict?model=tiny_dpm&format=npz").content)) as archive:
        np.testing.assert_array_equal(archive["depth_m"], expected)
        assert archive["valid"].all()
        assert str(archive["model"]) == "tiny_dpm"


def test_colours_follow_map_and_range(post, expected) -> None:
    answer = post("/predict?model=tiny_dpm&format=color&cmap=viridis&range=20,60")
    shown = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
    wanted = render.colorize(expected, depth_range=DepthRange(20, 60), cmap="viridis")
    np.testing.assert_array_equal(shown, wanted)


def test_json_holds_statistics_and_values_as_asked(post, expected) -> None:
    body = post("/predict?model=tiny_dpm&format=json").json()
    assert (body["model"], body["unit"]) == ("tiny_dpm", "m")
    assert (body["width"], body["height"]) == (120, 50)
    assert body["depth_range"] == {"min_m": 0.001, "max_m": 80.0}
    assert body["statistics"]["median"] == pytest.approx(float(np.median(expected)))
    assert set(body["timings_ms"]) == {"queue", "decode", "pre", "infer", "post"}
    held = body["depth_m"]
    raw = np.frombuffer(base64.b64decode(held["data"]), held["dtype"]).reshape(held["shape"])
    np.testing.assert_array_equal(raw, expected)
    listed = post("/predict?model=tiny_dpm&format=json&values=list").json()["depth_m"]
    np.testing.assert_allclose(np.array(listed["data"]), expected, atol=1e-4)
    assert "depth_m" not in post("/predict?model=tiny_dpm&format=json&values=none").json()


def test_the_focal_length_scales_depth(post, expected) -> None:
    answer = post("/predict?model=tiny_dpm&format=npy&fx=1443.0754")
    np.testing.assert_allclose(np.load(io.BytesIO(answer.content)), 2 * expected, rtol=1e-5)
    assert answer.headers["x-depth-range"] == "0.002,160"


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "application/octet-stream"])
def test_a_raw_body_is_taken_too(client, photo, expected, kind) -> None:
    answer = client.post("/predict?model=tiny_dpm&format=npy", content=photo, headers={"content-type": kind})
    np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), expected)


def test_orientation_is_applied_and_one_pixel_is_answered(post, pixels) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    turned = post("/predict?model=tiny_base&format=npy", data=buffer.getvalue())
    assert np.load(io.BytesIO(turned.content)).shape == (120, 50)
    dot = io.BytesIO()
    Image.new("RGB", (1, 1)).save(dot, "PNG")
    assert png16.decode(post("/predict?model=tiny_base", data=dot.getvalue()).content).shape == (1, 1)


BOMB = b"GIF87a" + struct.pack("<HH", 65535, 65535) + b"\x00\x00\x00," + bytes(4) + b"\xff" * 4 + b"\x00\x08;"


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"<html><script>alert(1)</script></html>", 415, "The file is not a picture of a supported type."),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
            415,
            "The file is not a picture of a supported type.",
        ),
        (b"\x93NUMPY\x01\x00\x80\x04\x95pickle", 415, "The file is not a picture of a supported type."),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00garbage", 422, "can't be decoded"),
        (BOMB, 413, "far too many pixels"),
    ],
)
def test_bad_pictures_get_a_clear_problem(post, is_problem, data, status, words) -> None:
    body = is_problem(post("/predict?model=tiny_dpm", data=data), status)
    assert words in body["detail"]
    assert body["hint"]
    assert "<script>" not in body["detail"]


def test_a_truncated_picture(post, photo, is_problem) -> None:
    assert "truncated" in is_problem(post("/predict?model=tiny_dpm", data=photo[:5000]), 422)["detail"]


def test_more_pixels_than_allowed(settings, client, post, is_problem, monkeypatch) -> None:
    service = client.app.state.service
    monkeypatch.setattr(service, "settings", settings.model_copy(update={"max_photo_pixels": 5999}))
    assert "120x50 pixels" in is_problem(post("/predict?model=tiny_dpm"), 413)["detail"]


def test_more_bytes_than_allowed_stated_or_not(client, is_problem) -> None:
    large = bytes(400_000)
    kind = {"content-type": "image/png"}
    stated = client.post("/predict?model=tiny_dpm", content=large, headers=kind)
    assert "larger than" in is_problem(stated, 413)["detail"]
    pieces = (large[at : at + 50_000] for at in range(0, len(large), 50_000))
    is_problem(client.post("/predict?model=tiny_dpm", content=pieces, headers=kind), 413)
    is_problem(client.post("/predict?model=tiny_dpm", files={"image": large}), 413)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("model=tiny_dpm&format=gif", "format=gif"),
        ("model=tiny_dpm&fx=-1", "fx=-1"),
        ("model=tiny_dpm&fx=nan", "fx=nan"),
        ("model=tiny_dpm&fx=1e300", "0.01 to 1,000,000 pixels, got 1e+300"),
        ("model=tiny_dpm&fx=1e-300", "got 1e-300"),
        ("model=tiny_dpm&fx=wide", "fx=wide"),
        ("model=tiny_dpm&format=color&cmap=jet", "colour map 'jet'"),
        ("model=tiny_dpm&format=color&range=9", "range=9"),
        ("model=tiny_dpm&format=color&range=9,3", "range=9,3"),
        ("format=npy", "model: Field required"),
    ],
)
def test_bad_parameters(post, is_problem, query, words) -> None:
    assert words in is_problem(post(f"/predict?{query}"), 400)["detail"]


def test_unknown_models_suggest_near_ones(post, is_problem) -> None:
    body = is_problem(post("/predict?model=tiny_dmp"), 404)
    assert "tiny_dpm" in body["near"]
    body = is_problem(post("/predict?model=tiekd_mobilenetv2.adabins_kitti"), 404)
    assert "does not serve it" in body["detail"]
    assert "tiny_dpm" in body["hint"]


def test_requests_without_a_picture(client, is_problem) -> None:
    url = "/predict?model=tiny_dpm"
    assert "no file in a field" in is_problem(client.post(url, files={"photo": b"x"}), 400)["detail"]
    assert "no picture" in is_problem(client.post(url), 400)["detail"]
    assert "no picture" in is_problem(client.post(url, files={"image": b""}), 400)["detail"]
    is_problem(client.post(url, data={"image": "text"}), 415)
    broken = {"content-type": "multipart/form-data; boundary=x"}
    is_problem(client.post(url, content=b"nonsense", headers=broken), 400)
    no_boundary = {"content-type": "multipart/form-data"}
    undecodable = {"content-type": "multipart/form-data; boundary=x; charset=undefined"}
    form = b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\nx\r\n--x--\r\n'
    assert "undefined" in is_problem(client.post(url, content=form, headers=undecodable), 400)["detail"]
    assert "boundary" in is_problem(client.post(url, content=b"x", headers=no_boundary), 400)["detail"]


def test_more_pictures_than_one_are_not_silently_dropped(client, photo, is_problem) -> None:
    for count, words in ((2, "2 files in a field called 'image'"), (9, "Too many files")):
        answer = client.post("/predict?model=tiny_dpm", files=[("image", photo)] * count)
        assert words in is_problem(answer, 400)["detail"]


def test_fx_is_refused_for_a_model_of_an_unknown_camera(tiny_models, tmp_path, photo, is_problem):
    model = load(tiny_models["tiny_base"])
    model.describe(name="own", train_fx_px=None)
    save(model, tmp_path / "own.safetensors")
    files = (str(tmp_path / "own.safetensors"), str(tiny_models["tiny_dpm"]))
    app = create_app(Settings(models=files, device="cpu", workers=1))
    with DeclaredClient(app, raise_server_exceptions=False) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.02)
        told = {row["name"]: row["train_fx_px"] for row in client.get("/api/models").json()["models"]}
        assert told == {"own": None, "tiny_dpm": 721.5377}
        sent = {"files": {"image": ("photo.png", photo)}}
        assert client.post("/predict?model=own&format=npy", **sent).status_code == 200
        for call in ("/predict?model=own&fx=900", "/diff?a=tiny_dpm&b=own&fx=900"):
            body = is_problem(client.post(call, **sent), 400)
            assert "own doesn't say for which focal length it is metric" in body["detail"]
