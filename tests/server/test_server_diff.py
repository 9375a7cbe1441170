import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from tiekd import render
from tiekd.runtime.predictor import Predictor


@pytest.fixture(scope="module")
def depths(tiny_models, pixels) -> tuple[np.ndarray, np.ndarray]:
    return tuple(Predictor(tiny_models[name])(pixels).depth_m for name in ("tiny_dpm", "tiny_base"))


def of(depths, metric: str) -> np.ndarray:
    a, b = depths
    return {"abs": np.abs(b - a), "signed": b - a, "relative": (b - a) / a}[metric]


@pytest.mark.parametrize("metric", ["abs", "signed", "relative"])
def test_arrays_hold_b_minus_a(post, depths, metric) -> None:
    url = f"/diff?a=tiny_dpm&b=tiny_base&metric={metric}"
    response = post(f"{url}&format=npy")
    np.testing.assert_allclose(np.load(io.BytesIO(response.content)), of(depths, metric), rtol=1e-5)
    assert response.headers["x-depth-unit"] == ("1" if metric == "relative" else "m")
    with np.load(io.BytesIO(post(f"{url}&format=npz").content)) as archive:
        np.testing.assert_allclose(archive["difference"], of(depths, metric), rtol=1e-5)
        np.testing.assert_array_equal(archive["depth_b"], depths[1])


def test_statistics_are_those_of_the_difference_in_metres(post, depths) -> None:
    body = post("/diff?a=tiny_dpm&b=tiny_base&format=json&values=base64").json()
    a, b = (depth.astype(np.float64) for depth in depths)
    stats = body["statistics"]
    assert stats["mean"] == pytest.approx((b - a).mean(), rel=1e-5)
    assert stats["median"] == pytest.approx(np.median(b - a), rel=1e-5)
    assert stats["max_abs"] == pytest.approx(np.abs(b - a).max(), rel=1e-5)
    assert stats["rmse"] == pytest.approx(np.sqrt(((b - a) ** 2).mean()), rel=1e-5)
    assert stats["abs_rel"] == pytest.approx((np.abs(b - a) / a).mean(), rel=1e-5)
    assert stats["percentiles_abs"]["p95"] == pytest.approx(np.percentile(np.abs(b - a), 95), rel=1e-5)
    raw = np.frombuffer(base64.b64decode(body["difference"]["data"]), "<f4").reshape(50, 120)
    np.testing.assert_allclose(raw, np.abs(b - a), rtol=1e-5)
    header = post("/diff?a=tiny_dpm&b=tiny_base&format=npy").headers["x-statistics"]
    assert json.loads(header) == stats


def test_the_timings_are_those_of_both_models_and_there_when_remembered(post) -> None:
    for _ in range(2):
        timing = post("/diff?a=tiny_dpm&b=tiny_base").headers["server-timing"]
        stages = [part.split(";")[0] for part in timing.split(", ")]
        assert stages == ["queue", "decode", "pre", "infer", "post", "encode"]
    assert "infer;dur=0.00" in timing, "the second time both depths were remembered"


def test_a_model_does_not_differ_from_itself(post) -> None:
    stats = post("/diff?a=tiny_base&b=tiny_base").json()["statistics"]
    assert stats["max_abs"] == stats["rmse"] == stats["abs_rel"] == 0


def test_colours(post, depths) -> None:
    response = post("/diff?a=tiny_dpm&b=tiny_base&metric=signed&format=color&range=-30,30")
    assert response.headers["x-value-range"] == "-30,30"
    shown = np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"))
    wanted = render.colormap("blue_red")[render.color_index(of(depths, "signed"), -30, 30)]
    np.testing.assert_array_equal(shown, wanted)


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("a=tiny_dpm&b=tiny_bse", 404, "tiny_bse"),
        ("a=tiny_dpm", 400, "b: Field required"),
        ("a=tiny_dpm&b=tiny_base&metric=rms", 400, "metric=rms"),
        ("a=tiny_dpm&b=tiny_base&format=png16", 400, "format=png16"),
        ("a=tiny_dpm&b=tiny_base&format=color&cmap=x", 400, "colour map"),
    ],
)
def test_what_can_not_be_meant(post, is_problem, query, status, words) -> None:
    assert words in is_problem(post(f"/diff?{query}"), status)["detail"]
