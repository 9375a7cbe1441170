"""What `tiekd eval` scores is what `/predict` answers, bit for bit, by the shipped weights and the real app.

Both run on one CPU thread at batch 1 with the torch engine: other numbers of threads may round otherwise.
"""

from __future__ import annotations

import io
import time
from functools import cache

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from training_kit import plane_with_box, write_kitti
from typer.testing import CliRunner

from server.app import create_app
from server.settings import Settings
from tiekd.cli.main import app
from tiekd.codecs.photo import load_photo
from tiekd.data.frames import Frame, open_source, read_split
from tiekd.estimators import Picture, open_estimator
from tiekd.evaluate import evaluate, get_protocol
from tiekd.gallery.build import BuildOptions, build_gallery
from tiekd.runtime.predictor import Predictor

ROWS = ("tiekd_mobilenetv2.demo", "baseline_mobilenetv2.demo", "adabins_tf_efficientnet_lite0.demo")
"""A student with a DPM, one without, and the teacher."""


@pytest.fixture(scope="module")
def client():
    settings = Settings(models=ROWS, device="cpu", engine="torch")
    with TestClient(create_app(settings)) as client:
        deadline = time.monotonic() + 120
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline, client.get("/readyz").text
            time.sleep(0.05)
        yield client


class Overheard:
    """An estimator that keeps the pictures it is asked about and what it answers."""

    def __init__(self, estimator):
        self.estimator, self.about, self.answers = estimator, estimator.about, []
        self.terms, self.check = estimator.terms, estimator.check

    def estimate(self, picture, **asked):
        answer = self.estimator.estimate(picture, **asked)
        self.answers.append((picture.pixels, answer.depth_m.copy()))
        return answer


def served(client, row, pixels):
    """Depth that the server answers for a PNG of the pixels."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return answered(client, row, file.getvalue())


@cache
def answered(client, row, png):
    """The same for a file. The protocols share their crop, so the server is asked once for it."""
    response = client.post(f"/predict?model={row}&format=npy", files={"image": ("photo.png", png)})
    assert response.status_code == 200, response.text
    return np.load(io.BytesIO(response.content))


@cache
def estimator_of(row):
    return open_estimator(row, engine="torch", device="cpu")


def scored(row, root, protocol):
    """Every picture that `evaluate` shows the network, and the depth that it scores, before it is clamped."""
    source, frames = open_source(f"kitti:{root}"), read_split(root / "test.txt")
    overheard = Overheard(estimator_of(row))
    evaluate(overheard, source, frames, protocol)
    assert len(overheard.answers) == len(frames)
    return overheard.answers


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("size", [(375, 1242), (201, 333)])
def test_a_photo_under_the_protocol_frame(client, tmp_path, row, size):
    """The first has as many pixels as the rows allow, and both need padding."""
    root = write_kitti(tmp_path, {"test": 1}, size=size)
    for pixels, depth in scored(row, root, get_protocol("frame")):
        assert pixels.shape[:2] == size
        np.testing.assert_array_equal(depth, served(client, row, pixels))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", ["kitti-tiekd", "kitti-garg", "kitti-eigen", "kitti-none"])
def test_the_crop_under_a_protocol_of_kitti(client, tmp_path, row, name):
    """The server makes no flip test, so that of `kitti-tiekd` is switched off."""
    root = write_kitti(tmp_path, {"test": 1}, size=(375, 1242))
    protocol = get_protocol(name).model_copy(update={"flip_tta": False})
    for pixels, depth in scored(row, root, protocol):
        assert pixels.shape[:2] == (352, 1216)
        np.testing.assert_array_equal(depth, served(client, row, pixels))


def test_the_flip_test_is_the_mean_of_two_served_answers(client, tmp_path):
    row, root = ROWS[0], write_kitti(tmp_path, {"test": 1}, size=(375, 1242))
    ((pixels, depth),) = scored(row, root, get_protocol("kitti-tiekd"))
    mirrored = served(client, row, np.ascontiguousarray(pixels[:, ::-1]))[:, ::-1]
    np.testing.assert_array_equal(depth, (served(client, row, pixels) + mirrored) * np.float32(0.5))


LARGE = (1501, 4971)
"""(height, width) of just over four times the rows' largest view, so that a JPEG is shrunk while decoding."""


@pytest.fixture(scope="module")
def large_jpeg(tmp_path_factory):
    """A folder with one large photo as phones store it, on its side, and ground truth for it."""
    root = tmp_path_factory.mktemp("large")
    image, _ = plane_with_box(np.random.default_rng(0), (375, 1242))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = Image.fromarray(image).resize(LARGE[::-1], Image.Resampling.BICUBIC)
    upright.transpose(Image.Transpose.ROTATE_90).save(root / "a.jpg", quality=90, exif=exif)
    Image.fromarray(np.full(LARGE, 2560, np.uint16)).save(root / "a.png", compress_level=1)
    (root / "test.txt").write_text("a.jpg a.png 3000\n")
    return root


def test_large_jpegs_are_shrunk_alike_by_every_way_to_depth(client, large_jpeg, tmp_path):
    row, file = ROWS[1], large_jpeg / "a.jpg"
    answer = answered(client, row, file.read_bytes())
    assert answer.shape == LARGE

    source, frames = open_source(f"folder:{large_jpeg}"), read_split(large_jpeg / "test.txt")
    overheard = Overheard(estimator_of(row))
    evaluate(overheard, source, frames, get_protocol("frame"))
    ((pixels, scored_depth),) = overheard.answers
    np.testing.assert_array_equal(scored_depth, answer)

    predictor = Predictor(row, engine="torch", device="cpu")
    np.testing.assert_array_equal(predictor(file).depth_m, answer)
    words = ["predict", row, str(file), "--out", str(tmp_path), "--format", "npy"]
    result = CliRunner().invoke(app, [*words, "--engine", "torch", "--device", "cpu"])
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), answer)

    whole = predictor(pixels).depth_m
    assert 0 < np.abs(answer / whole - 1).mean() < 0.003


def test_the_flip_test_of_a_large_jpeg_mirrors_what_was_shown(large_jpeg):
    network, photo = estimator_of(ROWS[1]), load_photo(large_jpeg / "a.jpg")
    pixels, view = network.look(Picture(photo))
    assert pixels.shape[:2] == view.scaled
    mirrored = network.predictor.answer(np.ascontiguousarray(pixels[:, ::-1]), view).depth_m[:, ::-1]
    plain = network.estimate(Picture(photo)).depth_m
    flipped = network.estimate(Picture(photo), flip=True).depth_m
    assert np.abs(plain - mirrored).max() > 0.1
    np.testing.assert_array_equal(flipped, (plain + mirrored) * np.float32(0.5))


def test_a_gallery_holds_what_is_served_for_its_large_photos(client, large_jpeg, tmp_path):
    source, overheard = open_source(f"folder:{large_jpeg}"), Overheard(estimator_of(ROWS[1]))
    options = BuildOptions(focal=False, keep_bits=4)
    build_gallery(source, [Frame("a.jpg")], [overheard], tmp_path, options=options)
    ((_, depth),) = overheard.answers
    (file,) = tmp_path.glob("**/*.jpg")
    np.testing.assert_array_equal(depth, answered(client, ROWS[1], file.read_bytes()))


def test_larger_photos_are_scaled_down_alike(client, tmp_path):
    row, root = ROWS[1], write_kitti(tmp_path, {"test": 1}, size=(450, 1500))
    ((pixels, depth),) = scored(row, root, get_protocol("frame"))
    assert depth.shape == (450, 1500)
    np.testing.assert_array_equal(depth, served(client, row, pixels))
