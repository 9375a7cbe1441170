import io

import numpy as np
import pytest

from tiekd.codecs.arrays import npy_bytes, npz_bytes, read_map
from tiekd.errors import DataError

DEPTH = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_arrays_go_there_and_back(tmp_path):
    np.testing.assert_array_equal(np.load(io.BytesIO(npy_bytes(DEPTH.T))), DEPTH.T)
    with np.load(io.BytesIO(npz_bytes(a=DEPTH, b=DEPTH > 2))) as archive:
        assert set(archive.files) == {"a", "b"}
        np.testing.assert_array_equal(archive["b"], DEPTH > 2)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.npy", npy_bytes(DEPTH)),
        ("a.npy", npy_bytes(DEPTH[None])),
        ("a.npz", npz_bytes(anything=DEPTH)),
        ("a.npz", npz_bytes(valid=DEPTH > 2, depth_m=DEPTH)),
    ],
)
def test_a_depth_map_is_found_in_a_file(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    np.testing.assert_array_equal(read_map(tmp_path / name), DEPTH)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (npy_bytes(DEPTH)[:-3], "x is no array of numbers: "),
        (b"\x93NUMPY", "x is no array of numbers: "),
        (b"", "x is no array of numbers: "),
        (npy_bytes(np.zeros((2, 3, 4))), r"x holds float64 \[2, 3, 4\], not depth \[H, W\]"),
        (npy_bytes(DEPTH > 1), "x holds bool"),
        (npy_bytes(np.zeros((0, 3))), "x holds float64"),
    ],
)
def test_other_files_are_refused(tmp_path, data, said):
    (tmp_path / "secret.npy").write_bytes(data)
    with pytest.raises(DataError, match=said) as caught:
        read_map(tmp_path / "secret.npy", where="x")
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"b\.npy is no array of numbers: No such file"):
        read_map(tmp_path / "b.npy")
