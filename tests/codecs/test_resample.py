import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from tiekd.codecs.resample import enlarge_cells, resize, scale_nearest, scale_photo, taps


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("size", [(33, 70), (5, 4), (1, 1), (13, 20), (40, 3), (1100, 6)])
def test_resize_equals_torch(size: tuple[int, int], align_corners: bool) -> None:
    values = np.random.default_rng(1).random((2, 13, 20), np.float32)
    expected = interpolate(
        torch.from_numpy(values)[None], size=size, mode="bilinear", align_corners=align_corners
    )[0]
    np.testing.assert_allclose(resize(values, size, align_corners=align_corners), expected, atol=2e-6)


@pytest.mark.parametrize("align_corners", [True, False])
def test_rows_of_taps_are_the_resize_as_a_matrix(align_corners: bool) -> None:
    line = np.random.default_rng(2).random((1, 9), np.float32)
    axis = taps(9, 25, align_corners=align_corners)
    matrix = np.stack([axis.row(i, 9) for i in range(25)])
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(
        matrix @ line[0], resize(line, (1, 25), align_corners=align_corners)[0], atol=1e-6
    )


def test_photos_are_averaged_and_surfaces_are_not():
    stripes = np.zeros((40, 60), np.uint8)
    stripes[:, ::2] = 200
    photo = np.repeat(stripes[:, :, None], 3, axis=2)
    for in_one_step in (False, True):
        image = scale_photo(photo, (10, 15), in_one_step=in_one_step)
        assert image.shape == (10, 15, 3)
        assert np.abs(image.astype(int) - 100).max() < 40
    assert scale_photo(photo, (40, 60)) is photo
    depth = scale_nearest(stripes.astype(np.float32), (10, 15))
    assert (depth.shape, depth.dtype) == ((10, 15), np.float32)
    assert set(np.unique(depth)) <= {0.0, 200.0}
    assert scale_nearest(depth, (10, 15)) is depth
    assert scale_nearest(photo, (10, 15)).dtype == np.uint8


def test_cells_are_stretched_over_the_pixels_they_stand_for():
    # Three cells of four pixels cover ten pixels: a ramp over cell centres stays that ramp.
    cells = np.tile(np.array([2.0, 6.0, 10.0], np.float32), (3, 1))
    stretched = enlarge_cells(cells, (10, 10), cell_px=4)
    np.testing.assert_allclose(stretched[5, 2:10], np.arange(2, 10) + 0.5, atol=1e-5)
    assert (stretched[:, :2] == 2).all()
