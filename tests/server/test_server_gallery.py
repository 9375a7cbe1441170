import io
import json
import os
import re
import time
from threading import Event
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from server_kit import DeclaredClient

from server.app import create_app
from server.settings import Settings
from tiekd import render
from tiekd.codecs import png, png16
from tiekd.errors import ConfigError, DataError
from tiekd.gallery import live
from tiekd.types import DepthRange

SPAN = DepthRange(0.001, 80.0)
DEPTH = np.linspace(0, 79, 20 * 30, dtype=np.float32).reshape(20, 30)


def until(holds) -> None:
    """Wait for what happens in the background."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "my results"
    for method in ("Teacher_adabins", "TIE KD", "pictures", "image"):
        (root / method).mkdir(parents=True)
    colours = png.encode_rgb(render.colorize(np.maximum(DEPTH, 0.01), depth_range=SPAN))
    for frame in ("a", "b 1"):
        (root / "Teacher_adabins" / f"{frame}.png").write_bytes(colours)
        (root / "TIE KD" / f"{frame}.png").write_bytes(png16.encode(DEPTH))
        (root / "pictures" / f"{frame}.png").write_bytes(colours)
    Image.fromarray(np.full((20, 30, 3), 50, np.uint8)).save(root / "image" / "a.png")
    return root


@pytest.fixture
def viewer(folder):
    return DeclaredClient(create_app(Settings(results=(folder,), models=())))


def test_galleries_are_listed_with_the_results_first(viewer) -> None:
    first = viewer.get("/api/galleries").json()["galleries"][0]
    assert first == {
        "id": "my-results",
        "title": "my results",
        "n_frames": 2,
        "methods": ["Teacher_adabins", "pictures", "TIE KD"],
    }


def early(viewer, query: str) -> list[str]:
    """What the page asks for before its script runs."""
    links = re.findall(r"<link [^>]*>", viewer.get(f"/{query}").text)
    return [re.search('href="(.*?)"', link)[1] for link in links if 'rel="preload" as="fetch"' in link]


@pytest.mark.parametrize(
    ("query", "opened"),
    [
        ("", "my-results?around=0"),
        ("?gallery=demo", "demo?around=0"),
        ("?gallery=demo&index=3&diff=2", "demo?around=3"),
        ("?targets=TIE%20KD", None),
        ("?gallery=nothing", None),
        ("?gallery=my-results&as=pictures=magma=1:80", None),
        ("?gallery=demo&indexes=4*2", None),
        ("?gallery=demo&index=x", None),
    ],
)
def test_the_page_names_early_what_it_will_ask_for_and_nothing_else(viewer, query, opened) -> None:
    told = ["/api/galleries"] + ([f"/api/galleries/{opened}"] if opened else [])
    assert early(viewer, query) == told
    assert all(viewer.get(address).status_code == 200 for address in told)


def test_a_gallery_is_described(viewer) -> None:
    body = viewer.get("/api/galleries/my-results").json()
    assert body["depth_range"] == {"min_m": 0.001, "max_m": 80.0}
    assert [method["unit"] for method in body["methods"]] == ["m", "rgb", "m"]
    first = body["frames"][0]
    assert len(first.pop("version")) == 8
    assert first == {"id": "a", "title": "a", "width": 30, "height": 20, "has_image": True}
    assert (body["n_frames"], body["offset"], body["has_images"]) == (2, 0, True)


def test_a_gallery_is_read_in_pages(viewer, folder, is_problem) -> None:
    url = "/api/galleries/my-results"

    def page(query: str) -> tuple[int, list[str]]:
        body = viewer.get(f"{url}?{query}").json()
        assert body["n_frames"] == 2
        return body["offset"], [frame["id"] for frame in body["frames"]]

    assert page("offset=1&limit=5") == (1, ["b 1"])
    assert page("limit=1") == (0, ["a"])
    assert page("offset=9") == (2, [])
    assert page("around=1&limit=1") == (1, ["b 1"])
    assert page("around=99&limit=1") == (1, ["b 1"])
    assert page("around=0&frame=b%201&limit=1") == (1, ["b 1"])
    is_problem(viewer.get(f"{url}?offset=1&around=1"), 400)


def test_the_state_of_a_gallery_changes_with_its_files(viewer, folder) -> None:
    before = viewer.get("/api/galleries/my-results").json()
    state = viewer.get("/api/galleries/my-results/state").json()
    assert state == {"version": before["version"], "n_frames": 2}
    (folder / "TIE KD" / "a.png").write_bytes(png16.encode(DEPTH * 0.5))
    after = viewer.get("/api/galleries/my-results").json()
    assert after["version"] != before["version"]
    frames = zip(before["frames"], after["frames"], strict=True)
    changed = [one["version"] != other["version"] for one, other in frames]
    assert changed == [True, False]
    assert viewer.get("/api/galleries/my-results/state").json()["version"] == after["version"]
    (folder / "TIE KD" / "c.png").write_bytes(png16.encode(DEPTH))
    until(lambda: viewer.get("/api/galleries/my-results/state").json()["n_frames"] == 3)
    (folder / "pictures" / "a.png").unlink()
    until(
        lambda: (
            "pictures"
            in viewer.get("/api/galleries/my-results?limit=1").json()["frames"][0].get("missing", ())
        )
    )


def test_a_file_that_changes_in_its_place_is_noticed_too(viewer, folder, monkeypatch) -> None:
    monkeypatch.setattr(live, "FILES_EVERY_S", 0.1)
    before = viewer.get("/api/galleries/my-results").json()
    with (folder / "TIE KD" / "a.png").open("r+b") as file:
        file.write(png16.encode(DEPTH * 0.5))
    until(lambda: viewer.get("/api/galleries/my-results/state").json()["version"] != before["version"])


def test_a_gallery_that_is_still_read_answers_its_first_page(folder, tmp_path, monkeypatch) -> None:
    (folder / "TIE KD" / "b 1.png").write_bytes(b"")
    reading = Event()
    monkeypatch.setattr(live.LiveGallery, "_work", lambda self: reading.wait())
    try:
        viewer = DeclaredClient(create_app(Settings(results=(folder,), models=())))
        page = viewer.get("/api/galleries/my-results?around=1").json()
        assert page["scan"] == {"read": 0, "files": 0}
        assert [frame["id"] for frame in page["frames"]] == ["a", "b 1"]
        assert "it is empty" in page["frames"][1]["broken"]["TIE KD"]
        assert viewer.get("/api/galleries/my-results/state").json()["scan"] == {"read": 0, "files": 0}
    finally:
        reading.set()
    whole = viewer.get("/api/galleries/my-results").json()
    assert "scan" not in whole
    assert whole["frames"] == page["frames"]
    assert "scan" not in viewer.get("/api/galleries/my-results/state").json()


def test_long_listings_are_compressed_for_those_who_take_it(tmp_path) -> None:
    (tmp_path / "many").mkdir()
    for i in range(20):
        (tmp_path / "many" / f"{i}.png").write_bytes(png16.encode(DEPTH))
    viewer = DeclaredClient(create_app(Settings(results=(tmp_path,), models=())))
    url = f"/api/galleries/{tmp_path.name}"
    packed, plain = viewer.get(url), viewer.get(url, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_depth_is_raw_and_says_its_size(viewer) -> None:
    answer = viewer.get("/api/galleries/my-results/TIE%20KD/b%201.u16")
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["x-depth-scale"] == "256"
    size = (int(answer.headers["x-depth-height"]), int(answer.headers["x-depth-width"]))
    np.testing.assert_array_equal(np.frombuffer(answer.content, "<u2").reshape(size), png16.to_uint16(DEPTH))
    plain = viewer.get(
        "/api/galleries/my-results/TIE%20KD/b%201.u16", headers={"accept-encoding": "identity"}
    )
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content


def test_unchanged_frames_are_not_sent_again(viewer, folder) -> None:
    for path in ("TIE%20KD/a.u16", "pictures/a.png", "image/a"):
        url = f"/api/galleries/my-results/{path}"
        tag = viewer.get(url).headers["etag"]
        assert viewer.get(url, headers={"if-none-match": tag}).status_code == 304
    (folder / "TIE KD" / "a.png").write_bytes(png16.encode(DEPTH * 0.5))
    changed = viewer.get("/api/galleries/my-results/TIE%20KD/a.u16")
    np.testing.assert_array_equal(
        np.frombuffer(changed.content, "<u2").reshape(20, 30), png16.to_uint16(DEPTH * 0.5)
    )


def test_pictures_keep_their_colours_and_depth_is_coloured(viewer, folder) -> None:
    colours = np.asarray(Image.open(folder / "pictures" / "a.png"))
    for method in ("pictures", "Teacher_adabins"):
        answer = viewer.get(f"/api/galleries/my-results/{method}/a.png")
        assert answer.headers["content-type"] == "image/png"
        shown = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
        np.testing.assert_array_equal(shown, colours)
    other = viewer.get("/api/galleries/my-results/TIE%20KD/a.png?cmap=viridis")
    shown = np.asarray(Image.open(io.BytesIO(other.content)).convert("RGB"))
    stored = png16.to_metres(png16.to_uint16(DEPTH))
    np.testing.assert_array_equal(shown, render.colorize(stored, depth_range=SPAN, cmap="viridis"))
    photo = viewer.get("/api/galleries/my-results/image/a")
    assert photo.headers["content-type"] == "image/png"
    assert photo.content == (folder / "image" / "a.png").read_bytes()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nope", "gallery 'nope'"),
        ("my-results/nope/a.u16", "method 'nope'"),
        ("my-results/pictures/nope.png", "frame 'nope'"),
        ("my-results/image/b%201", "photo of frame 'b 1'"),
        ("my-results/..%2f..%2fetc/passwd.u16", "nothing at"),
        ("my-results/TIE%20KD/%2e%2e%2fa.u16", "nothing at"),
    ],
)
def test_what_is_not_there(viewer, is_problem, path, words) -> None:
    assert words in is_problem(viewer.get(f"/api/galleries/{path}"), 404)["detail"]


def test_damaged_frames_are_told_and_do_not_break_the_rest(viewer, folder, is_problem) -> None:
    assert "no depth" not in viewer.get("/api/galleries/my-results").text
    (folder / "TIE KD" / "a.png").write_bytes(b"junk")
    (folder / "pictures" / "b 1.png").unlink()
    data = bytearray((folder / "Teacher_adabins" / "a.png").read_bytes())
    data[70:80] = bytes(10)
    (folder / "Teacher_adabins" / "a.png").write_bytes(data)
    first, second = viewer.get("/api/galleries/my-results").json()["frames"]
    assert set(first["broken"]) == {"TIE KD"}
    assert second["missing"] == ["pictures"]
    absent = is_problem(viewer.get("/api/galleries/my-results/pictures/b%201.png"), 404)
    assert "frame of pictures 'b 1'" in absent["detail"]
    is_problem(viewer.get("/api/galleries/my-results/TIE%20KD/a.u16"), 422)
    is_problem(viewer.get("/api/galleries/my-results/Teacher_adabins/a.u16"), 422)
    is_problem(viewer.get("/api/galleries/my-results/pictures/a.u16"), 422)
    assert viewer.get("/api/galleries/my-results/TIE%20KD/b%201.u16").status_code == 200


def test_a_results_folder_that_can_not_be_shown_ends_the_start(tmp_path, folder) -> None:
    with pytest.raises(DataError, match="holds no METHOD/FRAME"):
        create_app(Settings(results=(tmp_path / "my results" / "pictures",)))
    for wrong in ({"magma_ranges": ("pictures",)}, {"depth_range": "0-80"}, {"depth_range": "9:1"}):
        with pytest.raises(ConfigError):
            create_app(Settings(results=(folder,), **wrong))


def test_a_declared_range_decodes_other_magma_folders(folder) -> None:
    viewer = DeclaredClient(create_app(Settings(results=(folder,), magma_ranges=("pictures=0.001:80",))))
    answer = viewer.get("/api/galleries/my-results/pictures/a.u16")
    decoded = np.frombuffer(answer.content, "<u2").reshape(20, 30) / 256
    assert np.abs(decoded - DEPTH).max() <= 0.16 + 1 / 256


def test_two_folders_of_one_name_are_told_apart(folder, tmp_path) -> None:
    other = tmp_path / "other" / "my results"
    (other / "m").mkdir(parents=True)
    (other / "m" / "a.png").write_bytes(png16.encode(DEPTH))
    viewer = DeclaredClient(create_app(Settings(results=(folder, other))))
    ids = [gallery["id"] for gallery in viewer.get("/api/galleries").json()["galleries"]]
    assert ids[:2] == ["my-results", "my-results-2"]


def test_frames_of_sub_folders_are_asked_for_with_or_without_quoted_slashes(tmp_path) -> None:
    root = tmp_path / "nested"
    for name in ("m/day 1/a.png", "m/night/a.png", "colours/day 1/a.png", "image/day 1/a.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        data = png16.encode(DEPTH) if name[0] == "m" else png.encode_rgb(np.zeros((20, 30, 3), np.uint8))
        (root / name).write_bytes(data)
    viewer = DeclaredClient(create_app(Settings(results=(root,))))
    frames = viewer.get("/api/galleries/nested").json()["frames"]
    assert [frame["id"] for frame in frames] == ["day 1/a", "night/a"]
    for frame in ("day%201/a", "day%201%2Fa"):
        answer = viewer.get(f"/api/galleries/nested/m/{frame}.u16")
        assert answer.status_code == 200
        assert np.frombuffer(answer.content, "<u2").size == DEPTH.size
        assert viewer.get(f"/api/galleries/nested/colours/{frame}.png").status_code == 200
        assert viewer.get(f"/api/galleries/nested/image/{frame}").status_code == 200


def test_what_is_left_out_is_answered_and_logged_once(folder, tmp_path, caplog) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.png").write_bytes(png16.encode(DEPTH))
    (folder / "linked").symlink_to(secret)
    (folder / "exr").mkdir()
    (folder / "exr" / "a.exr").write_bytes(b"")
    viewer = DeclaredClient(create_app(Settings(results=(folder,))))
    left_out = viewer.get("/api/galleries/my-results").json()["left_out"]
    assert [entry["name"] for entry in left_out] == ["exr", "linked"]
    assert "tiekd serve --follow-links" in left_out[1]["reason"]
    viewer.get("/api/galleries/my-results")
    told = [record.getMessage() for record in caplog.records if "Not everything of" in record.getMessage()]
    assert [line.split(" is shown")[0] for line in told] == [
        "Not everything of my results/exr",
        "Not everything of my results/linked",
    ]
    assert viewer.get("/api/galleries/my-results/linked/a.u16").status_code == 404
    following = DeclaredClient(create_app(Settings(results=(folder,), follow_links=True)))
    assert following.get("/api/galleries/my-results/linked/a.u16").status_code == 200


def test_links_and_pipes_that_come_later_are_refused(
    viewer, folder, tmp_path, is_problem, monkeypatch
) -> None:
    monkeypatch.setattr(live, "NAMES_EVERY_S", 600)
    viewer.get("/api/galleries/my-results")
    (tmp_path / "secret").write_bytes(b"root:x:0:0")
    (folder / "TIE KD" / "a.png").unlink()
    (folder / "TIE KD" / "a.png").symlink_to(tmp_path / "secret")
    (folder / "image" / "a.png").unlink()
    (folder / "image" / "a.png").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "TIE KD" / "pipe.png")
    (folder / "TIE KD" / "b 1.png").unlink()
    os.mkfifo(folder / "TIE KD" / "b 1.png")
    for path in ("TIE%20KD/a.u16", "TIE%20KD/a.png", "image/a"):
        answer = is_problem(viewer.get(f"/api/galleries/my-results/{path}"), 422)
        assert "a link that leads out of the folder" in answer["detail"]
    assert (
        "not a file" in is_problem(viewer.get("/api/galleries/my-results/TIE%20KD/b%201.u16"), 422)["detail"]
    )
    frames = {frame["id"]: frame for frame in viewer.get("/api/galleries/my-results").json()["frames"]}
    assert frames["a"]["has_image"] is False
    assert frames["pipe"]["broken"] == {"TIE KD": "pipe.png is not a file."}


def test_a_folder_of_results_may_lie_anywhere(settings, tmp_path) -> None:
    root = tmp_path / "f\udcff" / "模型 100%"
    (root / "m").mkdir(parents=True)
    (root / "m" / "ü.png").write_bytes(png16.encode(np.ones((4, 6), np.float32)))
    client = DeclaredClient(create_app(settings.model_copy(update={"results": (root,)})))
    [gallery] = [found for found in client.get("/api/galleries").json()["galleries"] if found["id"] != "demo"]
    base = f"/api/galleries/{gallery['id']}"
    assert client.get(base).json()["frames"][0]["id"] == "ü"
    for kind in ("u16", "png"):
        assert client.get(f"{base}/m/{quote('ü')}.{kind}").status_code == 200
    (root / "m").rename(root.parent / "away")
    said = client.get(base)
    assert said.status_code == 422
    assert r"\udcff" in said.json()["detail"]


def test_a_visitor_reads_a_folder_in_another_way_and_nobody_else_does(viewer, is_problem) -> None:
    url = "/api/galleries/my-results/TIE%20KD/a.u16"
    usual = viewer.get(url)
    read = viewer.get(url, params={"as": "TIE KD=scale=512"})
    assert read.headers["etag"] != usual.headers["etag"]
    expected = png16.to_uint16(png16.to_uint16(DEPTH) / np.float32(512))
    np.testing.assert_array_equal(np.frombuffer(read.content, "<u2").reshape(20, 30), expected)
    assert viewer.get(url).content == usual.content
    described = viewer.get(
        "/api/galleries/my-results",
        params={"as": ["TIE KD=truth,label=Laser", "pictures=magma=0.001:80", "Teacher_adabins=ignore"]},
    ).json()
    told = [
        (method["id"], method["label"], method["family"], method["unit"]) for method in described["methods"]
    ]
    assert told == [("TIE KD", "Laser", "ground_truth", "m"), ("pictures", "pictures", "other", "m")]
    assert "left_out" not in described
    drawn = viewer.get("/api/galleries/my-results/pictures/a.u16", params={"as": "pictures=magma=0.001:80"})
    assert np.abs(np.frombuffer(drawn.content, "<u2").reshape(20, 30) / 256 - DEPTH).max() < 0.17
    wrong = is_problem(viewer.get(url, params={"as": "TIE KD=scale=zero"}), 400)
    assert wrong["detail"].startswith("What is declared of TIE KD: scale: ")
    assert "(got 'zero')" in wrong["detail"]
    assert "folder 'nope'" in is_problem(viewer.get(url, params={"as": "nope=truth"}), 404)["detail"]


def test_two_readings_that_differ_by_a_little_are_two_readings(viewer) -> None:
    url = "/api/galleries/my-results/TIE%20KD/a.u16"
    first, second = (
        viewer.get(url, params={"as": f"TIE KD=inverse=1:{offset}"}) for offset in ("-6.19", "-6.190004")
    )
    assert first.headers["etag"] != second.headers["etag"]
    assert first.content != second.content


def test_sources_of_the_settings_hold_for_all(folder, monkeypatch, caplog) -> None:
    for text in ('["TIE KD=scale=512,truth", "picture=ignore"]', "TIE KD=scale=512,truth*picture=ignore"):
        monkeypatch.setenv("TIEKD_SOURCES", text)
        caplog.clear()
        viewer = DeclaredClient(create_app(Settings(results=(folder,))))
        first = viewer.get("/api/galleries/my-results").json()["methods"][0]
        assert (first["id"], first["family"]) == ("TIE KD", "ground_truth")
        (told,) = [record.getMessage() for record in caplog.records if "no folder" in record.getMessage()]
        assert told == "There is no folder 'picture'; what is declared of it is not used. Is it 'pictures'?"
    with pytest.raises(ConfigError, match="What is declared of TIE KD: scale"):
        create_app(Settings(results=(folder,), sources=("TIE KD=scale=-1",)))


def test_declarations_of_folders_in_our_own_layout(tmp_path) -> None:
    (tmp_path / "g" / "net").mkdir(parents=True)
    (tmp_path / "g" / "net" / "f.png").write_bytes(png16.encode(DEPTH))
    entry = {"id": "f", "title": "f", "width": 30, "height": 20}
    index = {
        "id": "g", "title": "G", "depth_range": {"min_m": 1, "max_m": 80}, "depth_scale": 256,
        "methods": [{"id": "net", "label": "Net", "family": "other"}], "frames": [entry],
    }  # fmt: skip
    (tmp_path / "g" / "gallery.json").write_text(json.dumps(index))
    viewer = DeclaredClient(create_app(Settings(results=(tmp_path / "g",), sources=("net=truth", "x=truth"))))
    assert viewer.get("/api/galleries/g").json()["methods"][0]["family"] == "ground_truth"


def test_folders_say_what_they_were_taken_for_and_what_they_hold(viewer, is_problem) -> None:
    sources = viewer.get("/api/galleries/my-results/sources", params={"as": "TIE KD=scale=512"}).json()[
        "sources"
    ]
    told = {source["name"]: (source["reading"], source["declared"]) for source in sources}
    assert told["TIE KD"] == ("metres = number ÷ 512", "scale=512")
    seen = viewer.get("/api/galleries/my-results/sources/TIE%20KD", params={"as": "TIE KD=scale=512"}).json()
    assert seen["looked_at"] == 2
    assert seen["metres"][2] == pytest.approx(79 / 2, abs=0.01)
    assert seen["numbers"][1] == 79 * 256
    described = viewer.get("/api/galleries/my-results", params={"as": "TIE KD=scale=512"}).json()
    assert [method.get("read_as") for method in described["methods"]] == [None, None, "scale=512"]
    is_problem(viewer.get("/api/galleries/my-results/sources/nope"), 404)
