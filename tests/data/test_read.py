import numpy as np
import pytest
from PIL import Image

from tiekd.card import ModelCard
from tiekd.data.read import fit_depth, fit_image, fitted_size, image_size, read_image
from tiekd.runtime.preprocess import plan_view


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_phone_photos_are_read_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.zeros((6, 10, 3), np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    size = (10, 6) if orientation in (6, 8) else (6, 10)
    assert image_size(tmp_path / "a.jpg") == size
    assert read_image(tmp_path / "a.jpg").shape[:2] == size


@pytest.mark.parametrize("size", [(480, 640), (3024, 4032), (4032, 3024), (375, 1242), (100, 90), (1, 9000)])
def test_photos_are_fitted_as_prediction_does(size):
    card = ModelCard(
        name="x", architecture="x", method="teacher", encoder="x", dataset="x", max_depth_m=80,
        max_pixels=300_000, min_size_px=1,
    )  # fmt: skip
    assert fitted_size(*size, 300_000) == plan_view(*size, card).scaled
    assert fitted_size(*size, None) == size


def test_fitting_averages_colours_but_not_surfaces():
    stripes = np.zeros((40, 60), np.uint8)
    stripes[:, ::2] = 200
    image = fit_image(np.repeat(stripes[:, :, None], 3, axis=2), (10, 15))
    assert image.shape == (10, 15, 3)
    assert np.abs(image.astype(int) - 100).max() < 40
    depth = fit_depth(stripes.astype(np.float32), (10, 15))
    assert depth.shape == (10, 15)
    assert set(np.unique(depth)) <= {0.0, 200.0}
    assert fit_depth(depth, (10, 15)) is depth
