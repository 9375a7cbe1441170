import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from tiekd.codecs.resample import resize, taps


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
