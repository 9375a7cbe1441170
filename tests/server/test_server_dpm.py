import io
import json

import numpy as np
import pytest
from PIL import Image

from tiekd.runtime.dpm import PhotoDpm
from tiekd.runtime.predictor import Predictor
from tiekd.runtime.target import TargetDpm
from tiekd.targets import TARGETS
from tiekd.types import DepthMap, DepthRange


@pytest.fixture(scope="module")
def answer(tiny_models, pixels):
    return Predictor(tiny_models["tiny_dpm"])(pixels, with_dpm=True)


def array_of(response) -> np.ndarray:
    assert response.status_code == 200, response.text
    return np.load(io.BytesIO(response.content))


def test_the_own_distribution_under_a_pixel(post, answer) -> None:
    body = post("/dpm?model=tiny_dpm&x=70&y=20").json()
    expected = PhotoDpm(answer).at(70, 20)
    assert body["source"] == "own"
    assert len(body["bin_edges_m"]) == len(body["probability"]) + 1 == 17
    assert sum(body["probability"]) == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(body["probability"], expected.probability, atol=1e-6)
    assert body["expectation_m"] == pytest.approx(answer.depth_m[20, 70], abs=2e-3)
    assert body["depth_m"] == pytest.approx(answer.depth_m[20, 70], abs=1e-4)
    centers = 0.5 * (np.array(body["bin_edges_m"])[1:] + np.array(body["bin_edges_m"])[:-1])
    assert body["mode_m"] == pytest.approx(centers[int(np.argmax(body["probability"]))])
    share = np.array(body["probability"])
    assert body["entropy_nats"] == pytest.approx(-(share * np.log(share)).sum(), abs=1e-5)


@pytest.mark.parametrize(
    ("model", "query", "n_bins"), [("tiny_dpm", "&source=target", 16), ("tiny_base", "", 257)]
)
def test_the_target_distribution_where_asked_or_where_there_is_no_own(post, model, query, n_bins) -> None:
    body = post(f"/dpm?model={model}&x=70&y=20{query}").json()
    assert body["source"] == "target"
    assert len(body["probability"]) == n_bins
    assert sum(body["probability"]) == pytest.approx(1, abs=1e-9)
    assert body["sigma_m"] == (0.7 if model == "tiny_dpm" else 0.5)
    wide = post(f"/dpm?model={model}&x=70&y=20{query}&sigma_m=3").json()
    assert wide["sigma_m"] == 3
    assert wide["entropy_nats"] > body["entropy_nats"]


@pytest.mark.parametrize(("model", "query"), [("tiny_dpm", "&source=target"), ("tiny_base", "")])
def test_an_answer_names_the_kind_of_its_target(post, model, query) -> None:
    under = f"/dpm?model={model}&x=70&y=20{query}"
    found = {target: post(f"{under}&target={target}").json() for target in TARGETS}
    assert {target: body["target"] for target, body in found.items()} == {t: t for t in TARGETS}
    assert post(under).json() == found["published"], "what states no target was trained on the published one"
    assert found["gaussian"]["entropy_nats"] < found["published"]["entropy_nats"]
    depth_m, body = found["gaussian"]["depth_m"], found["gaussian"]
    expected = TargetDpm(
        DepthMap(depth_m=np.full((1, 1), depth_m, np.float32), depth_range=DepthRange(1e-3, 80), model="m"),
        n_bins=len(body["probability"]),
        sigma_m=body["sigma_m"],
        target="gaussian",
    )
    np.testing.assert_allclose(body["probability"], expected.at(0, 0).probability, atol=1e-5)
    map_ = post(f"/dpm?model={model}&view=entropy{query}&target=gaussian")
    assert map_.headers["x-target"] == "gaussian"
    assert post(f"/dpm?model={model}&view=entropy{query}").headers["x-target"] == "published"


def test_by_default_the_target_is_that_of_the_training(client, post, monkeypatch) -> None:
    resident = client.app.state.service.residency.get("tiny_dpm")
    monkeypatch.setattr(resident, "card", resident.card.model_copy(update={"target": "gaussian"}))
    url = "/dpm?model=tiny_dpm&x=70&y=20&source=target"
    assert post(url).json()["target"] == "gaussian"
    assert post(f"{url}&target=published").json()["target"] == "published"


def test_the_models_own_distribution_has_no_target(post) -> None:
    assert "target" not in post("/dpm?model=tiny_dpm&x=70&y=20").json()
    assert "x-target" not in post("/dpm?model=tiny_dpm&view=entropy").headers


@pytest.mark.parametrize("source", ["own", "target"])
def test_maps_agree_with_the_distribution(post, source) -> None:
    url = f"/dpm?model=tiny_dpm&source={source}"
    under = post(f"{url}&x=70&y=20").json()
    strongest = int(np.argmax(under["probability"]))
    section = array_of(post(f"{url}&view=section&row=20&format=npy"))
    assert section.shape == (16, 120)
    np.testing.assert_allclose(section[:, 70], under["probability"], atol=1e-5)
    np.testing.assert_allclose(section.sum(axis=0), 1, atol=1e-4)
    one = array_of(post(f"{url}&view=slice&bin={strongest}&format=npy"))
    assert one.shape == (50, 120)
    assert one[20, 70] == pytest.approx(under["probability"][strongest], abs=1e-3)
    uncertain = array_of(post(f"{url}&view=entropy&format=npy"))
    assert uncertain.shape == (50, 120)
    assert 0 <= uncertain.min() <= uncertain.max() <= np.log(16) + 1e-5


@pytest.mark.parametrize(
    ("view", "size"), [("entropy", (120, 50)), ("slice&bin=3", (120, 50)), ("section&row=4", (120, 16))]
)
def test_maps_are_pictures_that_state_their_scale(post, view, size) -> None:
    response = post(f"/dpm?model=tiny_dpm&view={view}")
    assert response.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(response.content)).size == size
    low, high = map(float, response.headers["x-value-range"].split(","))
    assert low == 0 < high
    assert response.headers["x-source"] == "own"
    assert response.headers["x-depth-unit"] == "m"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("x=-1&y=0", "x=-1 is outside 0..119"),
        ("x=120&y=0", "x=120 is outside 0..119"),
        ("x=0&y=50", "y=50 is outside 0..49"),
        ("x=0", "needs y"),
        ("", "needs x and y"),
        ("view=slice", "needs bin"),
        ("view=slice&bin=16", "bin=16 is outside 0..15"),
        ("view=section&row=50", "row=50 is outside 0..49"),
        ("view=section&row=-1&source=target", "row=-1 is outside"),
        ("x=1.5&y=0", "x=1.5"),
        ("view=cube", "view=cube"),
        ("x=1&y=1&source=target&sigma_m=0", "sigma_m=0"),
        ("x=1&y=1&source=target&sigma_m=0.1", "0.29 to 80 m works"),
        ("x=1&y=1&source=target&target=normal", "target=normal"),
        ("view=entropy&cmap=jet", "colour map 'jet'"),
    ],
)
def test_what_can_not_be_meant_is_a_bad_request(post, is_problem, query, words) -> None:
    assert words in is_problem(post(f"/dpm?model=tiny_dpm&{query}"), 400)["detail"]


def test_clicks_on_one_photo_run_its_network_once(client, post, pixels, monkeypatch) -> None:
    network = client.app.state.service.residency.residents["tiny_dpm"].network
    runs: list[bool] = []
    run = network.engine.run

    def counted(image, *, with_dpm):
        runs.append(with_dpm)
        return run(image, with_dpm=with_dpm)

    monkeypatch.setattr(network.engine, "run", counted)
    buffer = io.BytesIO()
    Image.fromarray(255 - pixels).save(buffer, "PNG")
    first = post("/dpm?model=tiny_dpm&x=1&y=1", data=buffer.getvalue())
    for x in range(4):
        post(f"/dpm?model=tiny_dpm&x={x}&y=1", data=buffer.getvalue())
    again = post("/dpm?model=tiny_dpm&view=entropy", data=buffer.getvalue())
    assert runs == [True]
    assert "infer" in first.headers["server-timing"]
    assert "infer;dur=0.00" in again.headers["server-timing"]
    post("/dpm?model=tiny_dpm&x=1&y=1&fx=900", data=buffer.getvalue())
    assert len(runs) == 2, "another focal length is another prediction"


BOTH = "/dpm?model=tiny_base,tiny_dpm&x=70&y=20"


def test_several_models_give_a_list_of_what_each_says_alone(post) -> None:
    response = post(BOTH)
    assert response.headers["content-type"] == "application/json"
    assert response.json() == [
        post(f"/dpm?model={name}&x=70&y=20").json() for name in ("tiny_base", "tiny_dpm")
    ]
    made = post(f"{BOTH}&source=target&target=gaussian&sigma_m=2").json()
    assert [(body["source"], body["target"], body["sigma_m"]) for body in made] == [
        ("target", "gaussian", 2)
    ] * 2


def test_a_list_has_an_entry_on_each_line(post) -> None:
    opening, *entries, closing = post(BOTH).text.splitlines()
    assert (opening, closing) == ("[", "]")
    assert [json.loads(entry.removeprefix(","))["model"] for entry in entries] == [
        "tiny_base",
        "tiny_dpm",
    ]


def test_a_model_that_can_not_answer_has_its_problem_in_the_list(post) -> None:
    # A sigma of 0.2 m suits the 257 bins of the one, and not the 16 of the other.
    good, bad = post(f"{BOTH}&source=target&sigma_m=0.2").json()
    assert good["sigma_m"] == 0.2
    assert (bad["model"], bad["status"]) == ("tiny_dpm", 400)
    assert "0.29 to 80 m works" in bad["hint"] + bad["detail"]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("model=tiny_dpm,nope&x=1&y=1", 404, "nope"),
        ("model=tiny_dpm,tiny_base&x=1&y=50", 400, "y=50 is outside 0..49"),
        ("model=tiny_dpm,tiny_base&view=entropy", 400, "view=entropy is for one model"),
        ("model=tiny_dpm,tiny_dpm&x=1&y=1", 400, "named more than once"),
    ],
)
def test_what_can_not_be_meant_of_several_models(post, is_problem, query, status, words) -> None:
    assert words in is_problem(post(f"/dpm?{query}"), status)["detail"]
