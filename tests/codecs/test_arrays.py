import io

import numpy as np
import pytest

from tiekd.codecs.arrays import ArrayHeader, choose, npy_bytes, npz_bytes
from tiekd.errors import DataError

DEPTH = np.arange(6, dtype=np.float32).reshape(2, 3)
FLOAT, BOOL = np.dtype("float32"), np.dtype("bool")
FRAME = (60, 100)


def test_arrays_go_there_and_back():
    np.testing.assert_array_equal(np.load(io.BytesIO(npy_bytes(DEPTH.T))), DEPTH.T)
    with np.load(io.BytesIO(npz_bytes(a=DEPTH, b=DEPTH > 2))) as archive:
        assert set(archive.files) == {"a", "b"}
        np.testing.assert_array_equal(archive["b"], DEPTH > 2)


def headers(shapes):
    return {name: ArrayHeader(shape, BOOL if "mask" in name else FLOAT) for name, shape in shapes.items()}


@pytest.mark.parametrize(
    ("shapes", "taken"),
    [
        ({"conf": FRAME, "depth": FRAME}, "depth"),
        ({"depth": FRAME, "depth_m": FRAME}, "depth_m"),
        ({"intrinsics": (3, 3), "depth": FRAME}, "depth"),
        ({"pred": FRAME, "gt": FRAME}, "pred"),
        ({"confidence": FRAME, "Predicted_Depth": (1, *FRAME)}, "Predicted_Depth"),
        ({"arr_0": FRAME, "other": FRAME}, "arr_0"),
        ({"arr_0": (3, 3), "arr_1": FRAME}, "arr_1"),
        ({"depth": (30, 50), "pred": FRAME}, "pred"),
        ({"depth": (30, 50), "conf": FRAME}, "depth"),
        ({"disp": FRAME, "depth_pred": FRAME}, "depth_pred"),
        ({"rgb": (*FRAME, 3), "sky_prob": FRAME, "metricDepth": FRAME}, "metricDepth"),
        ({"metric_depth_m": FRAME, "score": FRAME}, "metric_depth_m"),
        ({"depth": FRAME, "predicted_depth": FRAME}, "depth"),
        ({"idepth": FRAME, "depths": FRAME}, "depths"),
        ({"mask": FRAME, "z": FRAME}, "z"),
        ({"depth_conf": FRAME, "z": FRAME}, "z"),
        ({"whatever": (2, 3)}, "whatever"),
    ],
)
def test_known_names_are_depth_then_the_only_array(shapes, taken):
    for order in (list(shapes), list(shapes)[::-1]):
        told = headers({name: shapes[name] for name in order})
        assert choose(told, shape=FRAME, where="x") == taken


@pytest.mark.parametrize(
    "shapes",
    [
        {"a": FRAME, "b": FRAME},
        {"arr_0": FRAME, "arr_1": FRAME},
        {"conf": FRAME, "intrinsics": (3, 3)},
        {"disparity": FRAME},
        {"idepth": FRAME},
        {"pose": (4, 4), "rgb": (*FRAME, 3), "range": FRAME},
        {"conf": FRAME, "result": FRAME},
        {"metric_depth": FRAME, "predicted_depth": FRAME},
        {"depth_low": (30, 50), "depth_full": FRAME},
        {"inverse_depth": FRAME},
        {"depth": (5, *FRAME)},
        {"depth": (600,), "pose": (4, 4)},
        {},
    ],
)
def test_an_array_is_never_taken_by_chance(shapes):
    with pytest.raises(DataError) as caught:
        choose(headers(shapes), shape=FRAME, where="x")
    assert all(f"{name} float32 {list(shape)}" in str(caught.value) for name, shape in shapes.items())
    assert "depth_m=depth" in caught.value.hint
