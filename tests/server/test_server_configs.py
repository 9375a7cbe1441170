"""Configurations and links of the second published viewer."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from server_kit import DeclaredClient

from server.app import create_app
from server.configs import LINK_FIELDS, WITHOUT, Configs
from server.settings import Settings
from tiekd.codecs import png16
from tiekd.errors import ConfigError

FRAMES = ("f10", "f2", "f7")
PUBLISHED = {
    "type": "default",
    "title": "AdaBins",
    "canvasLeftColor": "limegreen",
    "SSIMWindowSize": 11,
    "targets": [
        {"path": "results/Teacher", "label": "Teacher", "labelBackgroundColor": "#EEE"},
        {"path": "results/tie kd", "label": "TIE-KD, ours"},
        {"path": "results/base", "groundTruth": True},
        {"path": "results/old", "hide": True},
        {"path": "results/gone"},
        {"path": "results/broken", "ignore": True},
    ],
}


@pytest.fixture
def site(tmp_path):
    """The folders of that viewer: `configs` beside `results`."""
    for method in ("Teacher", "tie kd", "base", "old", "broken", "other"):
        for frame in FRAMES:
            path = tmp_path / "results" / method / f"{frame}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png16.encode(np.full((20, 30), 5, np.float32)))
    return tmp_path


def write(site, content, name="AdaBins"):
    path = site / "configs" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def client_of(site, content=PUBLISHED, **settings):
    return DeclaredClient(create_app(Settings(configs=(write(site, content),), models=(), **settings)))


def landing(client, **link):
    answer = client.get("/api/configs/AdaBins", params=link)
    assert answer.status_code == 200, answer.text
    return answer.json()


def fields(client, **link) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in landing(client, **link)["query"][1:].split("&"))


def test_a_configuration_is_a_gallery_and_a_view_of_it(site) -> None:
    client = client_of(site)
    assert client.get("/api/galleries").json()["galleries"][0]["id"] == "results"
    body = landing(client)
    assert (
        body["query"]
        == "?gallery=results&targets=Teacher*tie%20kd*base&truth=base&as=tie%20kd=label=TIE-KD%252C%20ours"
    )
    assert body["notes"] == [
        "Without a counterpart here: title, canvasLeftColor, SSIMWindowSize, targets.labelBackgroundColor.",
        "There is no folder gone (results/gone).",
    ]


@pytest.mark.parametrize(
    ("link", "field", "value"),
    [
        # Frames are counted in that viewer's order: f2, f7, f10 lie at 0, 1, 2 here too.
        ({"index": "0"}, "index", "0"),
        ({"index": "2"}, "index", "2"),
        ({"indexes": "2.0"}, "indexes", "2*0"),
        ({"indexes": "1,2"}, "indexes", "1*2"),
        ({"indexes": "1*2"}, "indexes", "1*2"),
        ({"diffIndex": "0"}, "diff", "1"),
        ({"diffIndex": "2"}, "diff", "3"),
        ({"diffIndex": "-1"}, "diff", None),
        ({"hides": "0.1"}, "targets", "base"),
        ({"hides": "0.1.2"}, "targets", None),
        ({"pageZoom": "1.5"}, "zoom", "1.5"),
        ({"crop": "x100y20w300h50d0p1"}, "box", "100,20,300,50"),
        ({"crop": "x100y20w300h50d0p1"}, "at", "250,45"),
        ({"crop": "x100y20w300h50d0p1"}, "diff", "1"),
        ({"crop": "x100y20w300h50d0p1"}, "zoom", "2"),
        ({"crop": "x1y2w3h4", "pageZoom": "1.5"}, "zoom", "1.5"),
        ({"cmap": "turbo_r"}, "cmap", "turbo_r"),
    ],
)
def test_links_land_on_the_view_that_they_meant(site, link, field, value) -> None:
    assert fields(client_of(site), **link).get(field) == value


def test_zero_and_false_of_a_link_win_over_the_file(site) -> None:
    content = PUBLISHED | {"index": 2, "diffIndex": 1, "hides": [0], "pageZoom": 2}
    client = client_of(site, content)
    of_file = fields(client)
    assert (of_file["index"], of_file["diff"], of_file["targets"], of_file["zoom"]) == (
        "2",
        "2",
        "tie%20kd*base",
        "2",
    )
    of_link = fields(client, index="0", diffIndex="0", hides="")
    assert (of_link["index"], of_link["diff"], of_link["targets"]) == ("0", "1", "Teacher*tie%20kd*base")


def test_frames_are_counted_as_the_listed_files(site) -> None:
    content = {"targets": [{"path": "results/base", "files": ["f10.png", "f2.png"]}]}
    client = client_of(site, content)
    assert fields(client, indexes="0.1") == {"gallery": "results", "indexes": "2*0", "targets": "base"}
    assert landing(client, index="2")["notes"] == ["There is no frame 2; there are 2."]


def test_listed_files_may_have_longer_names_and_lie_in_sub_folders(site) -> None:
    root = site / "results"
    for method, name in (("deep", "{}"), ("long", "{}_pred"), ("plain", "{}")):
        for frame in ("s1/cam/000001", "s1/cam/000002", "s2/cam/000001"):
            path = root / method / f"{name.format(frame)}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((root / "base" / "f2.png").read_bytes())
    for method in ("Teacher", "tie kd", "base", "old", "broken", "other"):
        for file in (root / method).iterdir():
            file.unlink()
    for method, files in {
        "plain": ["s2/cam/000001.png", "./s1/cam/000002.png"],
        "long": ["s2/cam/000001_pred.png", "s1/cam/000002_pred.png"],
    }.items():
        client = client_of(site, {"targets": [{"path": f"results/{method}", "files": files}]})
        assert fields(client, indexes="0.1")["indexes"] == "2*1"
    listed = {"path": "results/long", "files": ["s1/cam/000001_pred.png", "gone.png", "s9/x.png"]}
    other = {"path": "results/plain", "files": ["s2/cam/000001.png"]}
    body = landing(client_of(site, {"targets": [listed, other]}), index="0")
    assert "index=0" in body["query"]
    assert body["notes"] == [
        "Frames are counted by long; files of plain are not used.",
        "2 files of long are not there, like gone.png.",
    ]


def test_a_difference_to_no_target_is_told(site) -> None:
    body = landing(client_of(site), diffIndex="99")
    assert "diff=" not in body["query"]
    assert body["notes"][-1] == "There is no target 99 for a difference; 3 are on show."


def test_what_has_no_counterpart_is_named(site, caplog) -> None:
    client = client_of(site, {"targets": [{"path": "results/base", "shadow": 1}], "mine": 1, "zoomAlpha": 0})
    link = dict.fromkeys(WITHOUT, "1")
    (note,) = landing(client, **link)["notes"]
    told = note.removeprefix("Without a counterpart here: ").rstrip(".").split(", ")
    assert set(told) == {"targets.shadow", "mine", *WITHOUT}
    (line,) = [record.getMessage() for record in caplog.records if "counterpart" in record.getMessage()]
    assert line.endswith("AdaBins has fields without a counterpart here: mine, zoomAlpha, targets.shadow.")
    assert landing(client, crop="all")["notes"][-1] == "crop=all is not x…y…w…h…, so it is left out."


def test_parameters_in_paths_choose_folders_of_the_gallery_and_nothing_else(site) -> None:
    (site / "secret").mkdir()
    client = client_of(site, {"targets": [{"path": "results/{model}"}, {"path": "results/base"}]})
    assert fields(client, model="Teacher")["targets"] == "Teacher*base"
    for model in ("../secret", "..", "/etc", "nope", "%2e%2e"):
        body = landing(client, model=model)
        assert "targets=base" in body["query"]
        assert body["notes"][0].startswith("There is no folder ")
    assert landing(client)["notes"][0] == "The path results/{model} needs model=… in the address."
    (site / "results" / "{x}").mkdir()
    (site / "results" / "{x}" / "f2.png").write_bytes((site / "results" / "base" / "f2.png").read_bytes())
    assert fields(client_of(site, {"targets": [{"path": "results/\\{x\\}"}]}))["targets"] == "%7Bx%7D"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", r"AdaBins\.json is no JSON: "),
        ({}, "targets: Field required"),
        ({"targets": []}, "targets: "),
        ({"targets": [{"label": "x"}]}, r"targets\.0\.path: Field required"),
        ({"targets": [{"path": "results/base"}], "index": -1}, r"index: .*\(got -1\)"),
        ({"targets": [{"path": "results/base"}], "index": "first"}, r"index: .*\(got 'first'\)"),
        (
            {"targets": [{"path": "results/base"}], "index": True},
            "index: a number is needed here, not true or false",
        ),
        ({"targets": [{"path": "results/base", "hide": 7}]}, r"targets\.0\.hide: .*\(got 7\)"),
        ({"targets": [{"path": "nowhere/base"}]}, "there is no folder 'nowhere/base'"),
        ({"targets": [{"path": "results/.."}]}, r"the last part must name.*\(got 'results/\.\.'\)"),
        ({"targets": [{"path": "../../outside/base"}]}, r"targets\.0\.path: there is no folder"),
        ({"targets": [{"path": "{x}/base"}]}, r"targets\.0\.path: .*only that may be a {param}"),
        ("[]", r"AdaBins\.json is no JSON object {"),
        (
            {"targets": [{"path": "a/x"}, {"path": "b/x"}]},
            r"targets\.1\.path: all targets must lie in one folder",
        ),
    ],
)
def test_a_configuration_that_can_not_be_meant_ends_the_start(site, content, words) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        create_app(Settings(configs=(write(site, content),), models=()))
    assert "AdaBins.json" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"Can't read the configuration .*gone\.json: No such file"):
        Configs([tmp_path / "gone.json"], [])


def test_the_folder_may_be_named_by_results(site, tmp_path) -> None:
    moved = tmp_path / "elsewhere" / "pictures"
    moved.parent.mkdir()
    (site / "results").rename(moved)
    client = client_of(site, results=(moved,))
    assert fields(client)["gallery"] == "pictures"
    assert [one["id"] for one in client.get("/api/galleries").json()["galleries"]].count("pictures") == 1


def test_dots_before_a_target_lead_nowhere_else(site) -> None:
    assert fields(client_of(site, {"targets": [{"path": "../results/base"}]}))["targets"] == "base"
    assert fields(client_of(site, {"targets": [{"path": "../../x/base"}]}, results=(site / "results",)))


def test_wrong_links_are_told(site, is_problem) -> None:
    client = client_of(site)
    assert "configuration 'AdaBin'" in is_problem(client.get("/api/configs/AdaBin"), 404)["detail"]
    assert client.get("/api/configs/AdaBins.json").status_code == 200
    body = landing(client, index="x", indexes="1.y", pageZoom="0", diffIndex="1")
    assert re.search("[?&]diff=2(&|$)", body["query"])
    assert not re.search("[?&](index|indexes|zoom)=", body["query"])
    left_out = [note for note in body["notes"] if note.startswith("Left out of the link: ")]
    assert [note.split(": ")[1] for note in left_out] == ["index", "indexes.1", "pageZoom"]
    assert "(got 'x')" in left_out[0]


def test_the_bare_address_opens_the_first_configuration(site) -> None:
    client = client_of(site)
    answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/?config=AdaBins")
    assert client.get("/?index=0", follow_redirects=False).status_code == 200


def test_the_guide_lists_every_field() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    section = guide.split("## Links and configurations of the published viewers")[1].split("\n## ")[0]
    ours, without = section.split("Without a counterpart")
    assert set(re.findall(r"`(\w+)`", without)) == set(WITHOUT)
    for name in (*LINK_FIELDS, "path", "label", "hide", "ignore", "groundTruth", "files"):
        assert f"| `{name}`" in ours, name
