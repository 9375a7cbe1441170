import asyncio
import re
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from server_kit import DeclaredClient

from server.app import create_app
from server.http.static import StaticTree
from server.inference.cache import Key, PredictionCache
from server.inference.residency import Residency
from server.settings import Settings
from tiekd import zoo
from tiekd.errors import (
    CheckpointError,
    ConfigError,
    UnavailableError,
    UnknownNameError,
    WeightsUnavailableError,
)
from tiekd.methods import FAMILIES
from tiekd.types import DepthMap, DepthRange

ROOT = Path(__file__).resolve().parents[2]


def test_live_at_once_and_ready_when_every_model_is_warm(settings, photo, is_problem, monkeypatch) -> None:
    go = threading.Event()
    load = Residency._load

    def slow(self, resident):
        assert go.wait(30)
        return load(self, resident)

    monkeypatch.setattr(Residency, "_load", slow)
    with DeclaredClient(create_app(settings)) as client:
        assert client.get("/healthz").json()["status"] == "ok"
        body = is_problem(client.get("/readyz"), 503)
        assert body["waiting"] == ["tiny_dpm", "tiny_base"]
        assert [model["loaded"] for model in client.get("/api/models").json()["models"]] == [False, False]
        refused = client.post("/predict?model=tiny_dpm", files={"image": photo})
        is_problem(refused, 503)
        assert int(refused.headers["retry-after"]) >= 1
        go.set()
        for _ in range(600):
            if client.get("/readyz").status_code == 200:
                break
            threading.Event().wait(0.05)
        assert client.get("/readyz").json() == {"status": "ready", "models": ["tiny_dpm", "tiny_base"]}
        assert client.post("/predict?model=tiny_dpm", files={"image": photo}).status_code == 200


def test_models_are_described(client) -> None:
    answer = client.get("/api/models").json()
    first, second = answer["models"]
    assert first["name"] == "tiny_dpm"
    assert (first["label"], first["family"]) == ("TIE-KD", "tiekd")
    assert (second["label"], second["family"]) == ("Baseline", "baseline")
    assert answer["families"] == list(FAMILIES)
    assert (first["role"], first["method"], first["n_bins"]) == ("student", "tiekd", 16)
    assert (first["min_depth_m"], first["max_depth_m"]) == (0.001, 80)
    assert first["engine"] == "torch"
    assert first["device"] == "cpu"
    assert first["loaded"]
    assert first["parameters"] > 1000
    assert first["licence"] == "Apache-2.0"
    assert "untrained" not in first
    assert second["n_bins"] is None


@pytest.mark.parametrize(
    ("query", "cookie", "theme"),
    [("", "dark", "dark"), ("", 'x" onload="y', None), ("?theme=light", "dark", "light"), ("", "", None)],
)
def test_the_first_picture_of_a_page_has_the_visitors_theme(client, query, cookie, theme) -> None:
    for path in ("/", "/docs"):
        page = client.get(path + query, headers={"cookie": f"tiekd_theme={cookie}"}).text
        root = page.split("<html", 1)[1].split(">", 1)[0]
        assert ("data-theme" in root) == (theme is not None)
        assert theme is None or f'data-theme="{theme}"' in root


def test_the_page_has_hashed_addresses_and_a_strict_policy(client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy, "nothing comes from elsewhere"
    assert page.headers["x-content-type-options"] == "nosniff"
    address = page.text.split('src="')[1].split('"')[0]
    folder = re.fullmatch(r"(/static/@[0-9a-f]{16})/viewer/main.joined.js", address)
    assert folder, address
    assert "modulepreload" not in page.text, "all modules are in that one"
    hashed = client.get(address)
    assert "immutable" in hashed.headers["cache-control"]
    assert "immutable" in client.get(f"{folder[1]}/viewer/state/store.js").headers["cache-control"]
    plain = client.get("/static/viewer/main.joined.js")
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.headers["content-type"].startswith("text/javascript")
    held = {"if-none-match": plain.headers["etag"]}
    assert client.get("/static/viewer/main.joined.js", headers=held).status_code == 304
    assert client.get("/static/@0123/viewer/main.joined.js").headers["cache-control"] == "no-cache"
    packed = client.get(address, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == hashed.text == plain.text
    assert "content-encoding" not in client.get(address, headers={"accept-encoding": "identity"}).headers
    assert client.head(address).headers["content-length"]
    assert client.post(address).status_code == 405
    for outside in ("/static/../server/app.py", "/static/@0123/../../server/app.py", "/static/@0123"):
        assert client.get(outside).status_code == 404


def test_an_edit_changes_the_address_of_every_static_file(tmp_path, monkeypatch) -> None:
    (tmp_path / "room").mkdir()
    for name in ("main.js", "room/part.js", "look.css"):
        (tmp_path / name).write_text(name)
    now = 100.0
    monkeypatch.setattr("server.http.static.monotonic", lambda: now)
    static = StaticTree(tmp_path)
    before = static.program("main.js").modules
    assert [address.split("/", 3)[3] for address in before] == ["main.js", "room/part.js"]
    (tmp_path / "look.css").write_text("another")
    now += 2
    after = static.program("main.js").modules
    assert len(after) == 2
    assert not {*before} & {*after}
    assert static.url("look.css").startswith(after[0].removesuffix("main.js"))


@pytest.mark.parametrize("path", ["/nope", "/api/nope", "/static/nope.js"])
def test_what_is_not_there_is_a_problem_or_a_page(client, is_problem, path) -> None:
    assert path in is_problem(client.get(path), 404)["detail"]
    page = client.get(path, headers={"accept": "text/html,application/xhtml+xml"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert path in page.text


def test_other_methods(client, is_problem) -> None:
    answer = client.get("/predict")
    is_problem(answer, 405)
    assert "POST" in answer.headers["allow"]
    options = client.options("/predict")
    assert options.status_code == 204
    assert "POST" in options.headers["allow"]
    for path in ("/", "/healthz", "/api/models", "/openapi.json"):
        head, whole = client.head(path), client.get(path)
        assert head.status_code == whole.status_code == 200
        assert head.content == b""
        assert head.headers["content-type"] == whole.headers["content-type"]


def test_a_bug_is_answered_without_its_traceback(client, is_problem, monkeypatch) -> None:
    def fail() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(client.app.state.monitoring, "text", fail)
    answer = client.get("/metrics")
    is_problem(answer, 500)
    assert "secret" not in answer.text


def test_every_post_route_documents_its_body(client) -> None:
    document = client.get("/openapi.json").json()
    for path in ("/predict", "/dpm", "/diff"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        assert set(content) == {"multipart/form-data", "image/*"}


def test_the_docs_page_describes_every_call_without_scripts(client) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    document = client.get("/openapi.json").json()
    assert len(document["paths"]) > 8
    for path, operations in document["paths"].items():
        assert f"<code>{path}</code>" in page.text
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                assert f"<code>{parameter['name']}</code>" in page.text
            for status, said in operation["responses"].items():
                assert f"<code>{status}</code>" in page.text
                assert all(header in page.text for header in said.get("headers", ()))
    assert "curl -F image=@photo.jpg &#39;http://testserver/predict?model=MODEL&#39;" in page.text
    assert "png16 | npy | npz | color | json" in page.text
    assert "number, &gt; 0" in page.text
    assert "<td>image/png, application/x-npy, application/x-npz, application/json</td>" in page.text


def test_counters(client, post) -> None:
    post("/predict?model=tiny_dpm")
    text = client.get("/metrics").text
    assert 'tiekd_requests_total{method="POST",route="/predict",status="200"}' in text
    assert 'tiekd_stage_seconds_count{model="tiny_dpm",stage="infer"}' in text
    assert 'tiekd_queue_length{model="tiny_dpm"} 0.0' in text
    assert "tiekd_models_ready 2.0" in text
    assert "/nope" not in text, "addresses that don't exist must not become labels"


def test_a_client_that_goes_away_costs_no_inference(settings, photo) -> None:
    app = create_app(settings)
    service = app.state.service
    service.residency.load_all()
    hold, ran = threading.Event(), []
    network = service.residency.get("tiny_dpm")
    run = network.engine.run

    def slow(image, *, with_dpm):
        ran.append(1)
        assert hold.wait(30)
        return run(image, with_dpm=with_dpm)

    network.engine.run = slow

    async def scenario() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            url = "/predict?model=tiny_dpm"
            first = asyncio.create_task(http.post(url, files={"image": photo}))
            while not ran:
                await asyncio.sleep(0.01)
            leaving = asyncio.create_task(http.post(url, files={"image": photo}))
            while service.waiting()["tiny_dpm"] == 0:
                await asyncio.sleep(0.01)
            leaving.cancel()
            while service.waiting()["tiny_dpm"] == 1:
                await asyncio.sleep(0.01)
            hold.set()
            assert (await first).status_code == 200

        await service.close()

    asyncio.run(asyncio.wait_for(scenario(), 30))
    assert len(ran) == 1


def test_a_wrong_start_ends_before_it_listens(tiny_models, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    with pytest.raises(UnknownNameError, match="nonsense"):
        create_app(Settings(models=("nonsense",)))
    with pytest.raises(WeightsUnavailableError, match="bts_resnet50"):
        create_app(Settings(models=("bts_resnet50.kitti",)))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"junk")
    with pytest.raises(CheckpointError, match=r"broken\.safetensors"):
        create_app(Settings(models=(str(broken),)))
    with pytest.raises(UnavailableError, match="no device 'abc'"):
        create_app(Settings(device="abc"))
    with pytest.raises(UnknownNameError, match="engine 'abc'"):
        create_app(Settings(engine="abc"))
    twice = str(tiny_models["tiny_dpm"])
    with pytest.raises(ConfigError, match="Two of the models are called tiny_dpm"):
        create_app(Settings(models=(twice, twice)))


def test_rows_without_weights_are_served_untrained_only_when_asked(tmp_path, monkeypatch) -> None:
    rows = [row.model_copy(update={"file": None, "sha256": None}) for row in zoo.read_zoo()]
    monkeypatch.setattr(zoo, "read_zoo", lambda: zoo.Zoo(rows=tuple(rows)))
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    assert Residency(Settings()).residents == {}
    asked = Residency(Settings(untrained=True)).residents
    assert set(asked) == {row.name for row in rows if row.dataset == "demo"}
    assert all(resident.describe()["untrained"] for resident in asked.values())


def test_a_damaged_file_does_not_keep_the_others_from_being_served(tmp_path, monkeypatch, is_problem) -> None:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path))
    (tmp_path / "bts_resnet50.kitti.safetensors").write_bytes(b"junk")
    app = create_app(Settings())
    assert "bts_resnet50.kitti" in app.state.service.residency.residents
    client = DeclaredClient(app)  # Without its lifespan: nothing is loaded.
    told = {model["name"]: model for model in client.get("/api/models").json()["models"]}
    assert told["bts_resnet50.kitti"]["error"]
    body = is_problem(client.post("/predict?model=bts_resnet50.kitti", files={"image": b"x"}), 503)
    assert str(tmp_path) not in str(body)


def test_weights_that_do_not_fit_their_own_card_are_told_in_the_log_and_as_503(
    tiny_models, misfit, photo, is_problem, caplog
) -> None:
    settings = Settings(models=(str(misfit), str(tiny_models["tiny_base"])), device="cpu", strict=True)
    with DeclaredClient(create_app(settings), raise_server_exceptions=False) as client:
        deadline = time.monotonic() + 60
        while len((waiting := is_problem(client.get("/readyz"), 503))["waiting"]) > 1:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert (waiting["waiting"], waiting["failed"]) == (["tiny_dpm"], ["tiny_dpm"])
        for call in ("predict?", "dpm?x=1&y=1&"):
            told = is_problem(client.post(f"/{call}model=tiny_dpm", files={"image": photo}), 503)
            assert "tiny_dpm can't be loaded" in told["detail"]
        assert client.post("/predict?model=tiny_base", files={"image": photo}).status_code == 200
    said = next(record.getMessage() for record in caplog.records if record.levelname == "ERROR")
    assert f"tiny_dpm can't be loaded: The tensors in {misfit} don't fit densedepth_dpm_test_resnet" in said


def test_a_model_that_fails_to_load_does_not_keep_the_next_from_loading(
    settings, is_problem, monkeypatch
) -> None:
    load = Residency._load

    def out_of_memory(self, resident):
        if resident.card.name == "tiny_dpm":
            raise MemoryError("no room")
        return load(self, resident)

    monkeypatch.setattr(Residency, "_load", out_of_memory)
    app = create_app(settings.model_copy(update={"strict": True}))
    app.state.service.residency.load_all()
    client = DeclaredClient(app)  # Without its lifespan: loaded by the line above.
    body = is_problem(client.get("/readyz"), 503)
    assert (body["waiting"], body["failed"]) == (["tiny_dpm"], ["tiny_dpm"])
    assert body["reasons"] == {"tiny_dpm": "Loading it failed; the server's log says why."}
    assert "log" in body["hint"]
    assert client.get("/api/models").json()["models"][1]["loaded"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (CheckpointError("/secret/path is cut off"), "weights is damaged"),
        (UnavailableError("there is no device"), "A package or a device"),
        (MemoryError("no room"), "Loading it failed"),
    ],
)
def test_a_server_that_is_not_strict_is_ready_without_its_failed_models(
    settings, monkeypatch, fault, words
) -> None:
    def load(self, resident):
        if resident.card.name == "tiny_dpm":
            raise fault
        return object()

    monkeypatch.setattr(Residency, "_load", load)
    app = create_app(settings)
    residency = app.state.service.residency
    assert not residency.ready, "a model that still loads is waited for"
    residency.load_all()
    body = DeclaredClient(app).get("/readyz").json()
    assert body["status"] == "ready"
    assert (body["models"], body["failed"]) == (["tiny_base"], ["tiny_dpm"])
    assert words in body["reasons"]["tiny_dpm"]
    assert "secret" not in str(body)


def test_a_server_all_of_whose_models_have_failed_is_not_ready(settings, monkeypatch, is_problem) -> None:
    def load(_self, _resident):
        raise CheckpointError("/secret/path is cut off")

    monkeypatch.setattr(Residency, "_load", load)
    app = create_app(settings)
    app.state.service.residency.load_all()
    client = DeclaredClient(app)
    body = is_problem(client.get("/readyz"), 503)
    assert body["detail"] == "Can't be loaded: tiny_dpm, tiny_base."
    assert list(body["reasons"]) == body["waiting"] == body["failed"] == ["tiny_dpm", "tiny_base"]
    assert "secret" not in str(body)
    assert client.get("/api/galleries").status_code == 200


def test_a_server_without_any_model_shows_galleries_and_is_ready(settings, monkeypatch) -> None:
    monkeypatch.setattr("tiekd.zoo.find_weights", lambda _row: None)
    app = create_app(settings.model_copy(update={"models": ()}))
    app.state.service.residency.load_all()
    assert DeclaredClient(app).get("/readyz").json() == {"status": "ready", "models": []}


def test_the_container_is_healthy_when_the_server_is_ready(client) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (asked,) = re.findall(r"urlopen\('http://127\.0\.0\.1:8000([^']*)'", dockerfile)
    assert asked == "/readyz"
    assert client.get(asked).status_code == 200
    assert "TIEKD_STRICT=false" in dockerfile


def test_settings_come_from_the_environment(monkeypatch) -> None:
    monkeypatch.setenv("TIEKD_MODELS", "a,b")
    monkeypatch.setenv("TIEKD_RESULTS", '["/x", "/y, z"]')
    monkeypatch.setenv("TIEKD_DEPTH_SCALE", "1000")
    settings = Settings()
    assert settings.models == ("a", "b")
    assert [str(path) for path in settings.results] == ["/x", "/y, z"]
    assert settings.depth_scale == 1000


def test_settings_that_can_not_be_meant_are_all_told(monkeypatch) -> None:
    for name, value in {"DEPTH_SCALE": "0", "QUEUE_SIZE": "many", "MODELS": "[a", "WORKERS": "2"}.items():
        monkeypatch.setenv(f"TIEKD_{name}", value)
    with pytest.raises(ConfigError, match=r"depth_scale: .* greater than 0 \(got '?0'?\)") as caught:
        create_app()
    assert re.search(r"queue_size: .*\(got 'many'\)", str(caught.value))
    assert re.search(r"models: .*\(got '\[a'\)", str(caught.value))
    assert "workers" not in str(caught.value)


def test_the_memory_of_predictions_keeps_to_its_budget() -> None:
    def prediction(pixels: int) -> DepthMap:
        return DepthMap(np.zeros((1, pixels), np.float32), DepthRange(0.1, 80), "m")

    cache = PredictionCache(1000)
    keys = [Key(bytes([number]), "m", None) for number in range(4)]
    for key in keys[:2]:
        cache.put(key, prediction(100))
    assert cache.get(keys[0]) is not None
    cache.put(keys[2], prediction(100))
    assert [cache.get(key) is not None for key in keys[:3]] == [True, False, True], "least recently used goes"
    cache.put(keys[3], prediction(300))
    assert cache.get(keys[3]) is None, "larger than the whole budget"
    assert cache.get(keys[0]) is not None
    cache.put(keys[0], prediction(200))
    assert cache.get(keys[2]) is None
