import pytest

from tiekd.card import ModelCard
from tiekd.data.seen import fitted_size
from tiekd.runtime.preprocess import plan_view


@pytest.mark.parametrize("size", [(480, 640), (3024, 4032), (4032, 3024), (375, 1242), (100, 90), (1, 9000)])
def test_photos_are_fitted_as_prediction_does(size):
    card = ModelCard(
        name="x", architecture="x", method="teacher", encoder="x", dataset="x", max_depth_m=80,
        max_pixels=300_000, min_size_px=1,
    )  # fmt: skip
    assert fitted_size(*size, 300_000) == plan_view(*size, card).scaled
    assert fitted_size(*size, None) == size
