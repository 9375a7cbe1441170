import numpy as np
import pytest

from tiekd.errors import DataError
from tiekd.export.parity import measure

OWN = np.full((20, 50), 10, np.float32)


def test_equal_depths_do_not_differ() -> None:
    got = measure([(OWN, OWN), (3 * OWN, 3 * OWN)])
    assert (got.n_images, got.max_m, got.p999_m, got.mean_m, got.p999_of_allowed) == (2, 0, 0, 0, 0)
    assert got.is_rounding


def test_the_figures_are_those_of_all_pixels_of_all_images() -> None:
    off = OWN.copy()
    off[0, :4] += np.float32(0.5)
    got = measure([(off, OWN), (OWN, OWN)])
    assert got.n_images == 2
    assert got.max_m == 0.5
    assert got.mean_m == pytest.approx(4 * 0.5 / 2000)
    # 4 of 2000 pixels are more than 0.1 %, 1 of 2000 is less.
    assert got.p999_m == 0.5
    off[0, 1:4] = OWN[0, 1:4]
    assert measure([(off, OWN), (OWN, OWN)]).p999_m == 0


@pytest.mark.parametrize(("depth_m", "allowed_m"), [(1.0, 2.1e-3), (10.0, 3e-3), (80.0, 10e-3)])
def test_rounding_may_be_2_mm_and_a_share_of_the_depth(depth_m: float, allowed_m: float) -> None:
    own = np.full((4, 5), depth_m, np.float64)
    for sign in (-1, 1):
        within, beyond = (measure([(own + sign * part * allowed_m, own)]) for part in (0.99, 1.01))
        assert within.is_rounding
        assert not beyond.is_rounding
        assert beyond.p999_of_allowed == pytest.approx(1.01)


def test_what_can_not_be_compared_is_refused() -> None:
    with pytest.raises(DataError, match=r"is \[5, 4\], the network's own \[20, 50\]"):
        measure([(np.ones((5, 4), np.float32), OWN)])
    with pytest.raises(DataError, match="no images"):
        measure([])
    for wrong in (np.nan, np.inf):
        broken = OWN.copy()
        broken[3, 4] = wrong
        for pair in ((broken, OWN), (OWN, broken)):
            with pytest.raises(DataError, match="NaN or infinite"):
                measure([pair])
