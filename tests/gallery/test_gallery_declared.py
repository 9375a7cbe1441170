"""What somebody declares of a folder of results, as text and on files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiekd import render
from tiekd.codecs import png, png16
from tiekd.codecs.arrays import npy_bytes
from tiekd.errors import ConfigError, DataError, NotFoundError
from tiekd.gallery import Declared, Gallery, ResultsOptions, open_results, parse_all
from tiekd.gallery.declared import declared_text, parse_declared
from tiekd.types import DepthRange

DEPTH = np.linspace(2, 40, 20 * 30, dtype=np.float32).reshape(20, 30)
SPAN = DepthRange(0.001, 80.0)


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    put(tmp_path / "net" / "f0.png", png16.encode(DEPTH))
    return tmp_path


def gallery_of(results: Path, *sources: str) -> Gallery:
    return open_results(results, ResultsOptions(declared=parse_all(sources)))


@pytest.mark.parametrize(
    "declared",
    [
        Declared(scale=1000.0),
        Declared(disparity=389.6295, label="a = 1, b", scale=256.0),
        Declared(inverse=(0.01, -0.25)),
        Declared(inverse=(1.0, -6.020004)),
        Declared(disparity=721.5377 * 0.5327190426, scale=1e9),
        Declared(magma=(0.001, 80.0), truth=False),
        Declared(colors=True, ignore=True, truth=True),
        Declared(label="100 % Grüße *"),
        Declared(),
    ],
)
@pytest.mark.parametrize("name", ["net", "a=b,c %", "day/my net"])
def test_a_declaration_is_read_back_from_its_text(declared, name) -> None:
    assert parse_declared(declared_text(name, declared)) == (name, declared)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("net", "'net' is not METHOD=SETTINGS"),
        ("=scale=2", "is not METHOD=SETTINGS"),
        ("net=scale=no", r"of net: scale: .*number.* \(got 'no'\)"),
        ("net=scale=0", "scale: .*greater"),
        ("net=scale=nan", "scale: .*finite"),
        ("net=scales=2", r"scales: there is no such key \(did you mean scale\?\)"),
        ("net=magma=9:1", r"magma: MIN:MAX in metres is needed here.*\(got '9:1'\)"),
        ("net=inverse=1", r"inverse: two numbers with : between are needed here \(got '1'\)"),
        ("net=magma=1:2:3", r"magma: two numbers with : between are needed here \(got '1:2:3'\)"),
        ("net=scale=256,scale=1000", "of net: scale is stated twice"),
        ("my%20net=label=a, label=b", "of my net: label is stated twice"),
        ("net=inverse=0:1", "needs an A that is not 0"),
        ("net=magma=1:9,colors", "magma and colors can't both hold"),
        ("net=disparity=3,inverse=1:2", "disparity and inverse can't both hold"),
        ("net=scale=3,colors", "scale and colors can't both hold"),
        ("net=truth=maybe", r"truth: .*\(got 'maybe'\)"),
        ("net=label=", "label: .*at least 1"),
        ("net=label=two%0Alines", "label: a label is one line"),
    ],
)
def test_what_can_not_be_meant_is_told_with_the_folder_the_field_and_the_value(text, words) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_all([text])


def test_a_later_declaration_adds_to_an_earlier_but_never_mixes_two_ways_to_read() -> None:
    read = parse_all(["a=scale=1000,label=A", "b=truth", "a=disparity=40", "b=truth=0"])
    assert read == {"a": Declared(disparity=40.0, label="A"), "b": Declared(truth=False)}


@pytest.mark.parametrize(
    ("stored", "source"),
    [
        (png16.encode(DEPTH, scale=1000), "scale=1000"),
        (png16.encode(DEPTH, scale=100), "scale=100"),
        (npy_bytes(DEPTH * 1000), "scale=1000"),
        (npy_bytes(np.round(DEPTH * 1000).astype(np.uint16)), "scale=1000"),
        (npy_bytes(np.float32(389.6) / DEPTH), "disparity=389.6"),
        (png16.encode(389.6 / DEPTH), "disparity=389.6"),
        (npy_bytes((1 / DEPTH - 0.001) / 0.02), "inverse=0.02:0.001"),
    ],
)
def test_declared_numbers_become_metres(results, stored, source) -> None:
    name = "other.png" if stored.startswith(png.SIGNATURE) else "other.npy"
    put(results / "other" / name.replace("other", "f0"), stored)
    shown = gallery_of(results, f"other={source}").depth("other", "f0") / 256
    np.testing.assert_allclose(shown, DEPTH, rtol=0.012, atol=1 / 256)
    as_visitor = gallery_of(results).read_as(parse_all([f"other={source}"]))
    np.testing.assert_array_equal(as_visitor.depth("other", "f0") / 256, shown)


def test_disparity_of_0_and_depth_behind_the_camera_are_no_data(results) -> None:
    numbers = np.array([[0, -1, np.nan, np.inf, 1, 4]], np.float32)
    put(results / "other" / "f0.npy", npy_bytes(numbers))
    shown = gallery_of(results, "other=disparity=8").depth("other", "f0")
    assert shown.tolist() == [[0, 0, 0, 0, 8 * 256, 2 * 256]]
    shown = gallery_of(results, "other=inverse=-1:2").depth("other", "f0")
    assert shown.tolist() == [[0, 0, 0, 0, 256, 0]]


def test_depth_beyond_what_is_stored_stays_at_the_end(results) -> None:
    put(results / "other" / "f0.npy", npy_bytes(np.array([[1, 255.99, 256, 300, 1e30, 2, 3]], np.float32)))
    assert gallery_of(results).depth("other", "f0").tolist() == [[256, 65533, 65535, 65535, 65535, 512, 768]]


def test_millimetres_are_refused_with_the_declaration_that_mends_it(results) -> None:
    put(results / "other" / "f0.npy", npy_bytes(DEPTH * 1000))
    with pytest.raises(DataError, match="most of it is beyond 256 m") as caught:
        gallery_of(results).depth("other", "f0")
    assert "`tiekd serve --source other=scale=1000`" in caught.value.hint


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("my other=scale=0.001", "divided by 0.001. Declare another scale by `tiekd serve --source 'my"),
        ("my other=disparity=1e9", "Declare another by `tiekd serve --source 'my other=SETTINGS'`"),
        ("my other=inverse=1e-9:0", "--source 'my other=SETTINGS'`"),
    ],
)
def test_a_declaration_that_gives_depth_that_is_too_far_is_named(results, source, words) -> None:
    put(results / "my other" / "f0.npy", npy_bytes(DEPTH))
    with pytest.raises(DataError, match="most of it is beyond 256 m") as caught:
        gallery_of(results, source).depth("my other", "f0")
    assert words in caught.value.hint
    assert "Its numbers are read as metres" not in caught.value.hint


def test_inverse_depth_of_which_no_number_is_depth_is_told(results) -> None:
    put(results / "other" / "f0.npy", npy_bytes(DEPTH))
    with pytest.raises(DataError, match=r"-1 × number \+ 0 = 1 / metres is not above 0 for any") as caught:
        gallery_of(results, "other=inverse=-1:0").depth("other", "f0")
    assert "--source other=inverse=A:B" in caught.value.hint
    put(results / "void" / "f0.npy", npy_bytes(DEPTH * 0))
    assert not gallery_of(results, "void=inverse=-1:0").depth("void", "f0").any()


@pytest.mark.parametrize("folder", ["midas_disparity", "disp_0", "inverseDepth"])
def test_disparity_is_never_taken_for_metres(results, folder) -> None:
    put(results / folder / "f0.png", png16.encode(389.6 / DEPTH))
    gallery = gallery_of(results)
    assert [method.id for method in gallery.listing.methods] == ["net"]
    assert f"--source {folder}=disparity=FX*BASELINE" in gallery.listing.left_out[folder]
    declared = gallery.read_as(parse_all([f"{folder}=disparity=389.6"]))
    assert declared.listing.left_out == {}
    np.testing.assert_allclose(declared.depth(folder, "f0") / 256, DEPTH, rtol=0.01)
    assert "disparity" not in str(gallery_of(results, f"{folder}=scale=256").listing.left_out)


def test_colours_can_be_declared_and_undeclared(results) -> None:
    put(results / "drawn" / "f0.png", png.encode_rgb(render.colorize(DEPTH, depth_range=SPAN)))
    put(results / "Teacher_adabins" / "f0.png", png.encode_rgb(render.colorize(DEPTH, depth_range=SPAN)))
    gallery = gallery_of(results, "drawn=magma=0.001:80", "Teacher_adabins=colors")
    units = {method.id: method.decoder.unit for method in gallery.listing.methods}
    assert units == {"drawn": "m", "Teacher_adabins": "rgb", "net": "m"}
    assert gallery.rgb("Teacher_adabins", "f0").shape == (*DEPTH.shape, 3)


def test_what_does_not_fit_the_files_is_left_out_with_the_reason(results) -> None:
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(results / "net" / "preview_f0.jpg")
    put(results / "drawn" / "f0.png", png.encode_rgb(render.colorize(DEPTH, depth_range=SPAN)))
    gallery = gallery_of(results, "drawn=scale=256", "net=colors")
    assert gallery.listing.methods == ()
    assert gallery.listing.left_out == {
        "drawn": "Its files are pictures of colours, so scale can't be declared of it.",
        "net": "Its files hold numbers, not colours, so colors can't be declared of it.",
    }


def test_labels_truth_and_ignored_folders(results) -> None:
    for folder in ("lidar", "old", "gt"):
        put(results / folder / "f0.png", png16.encode(DEPTH))
    gallery = gallery_of(results, "lidar=truth,label=HDL-64", "old=ignore", "gt=truth=0")
    told = [(method.id, method.label, method.family) for method in gallery.listing.methods]
    assert told == [("lidar", "HDL-64", "ground_truth"), ("gt", "gt", "other"), ("net", "net", "other")]
    assert gallery.listing.left_out == {}
    assert set(gallery.folders) == {"lidar", "old", "gt", "net"}
    with pytest.raises(NotFoundError, match="method 'old'"):
        gallery.depth("old", "f0")
    again = gallery.read_as(parse_all(["old=ignore=0", "net=ignore"]))
    assert [method.id for method in again.listing.methods] == ["lidar", "gt", "old"]
    assert [method.id for method in gallery.listing.methods] == ["lidar", "gt", "net"]
    with pytest.raises(NotFoundError, match="folder 'nett'"):
        gallery.read_as(parse_all(["nett=ignore"]))


def test_a_version_changes_with_what_is_declared(results) -> None:
    gallery = gallery_of(results)
    path = gallery.path("net", "f0")
    declared = gallery.read_as(parse_all(["net=scale=1000"]))
    assert declared.version(path, "net") != gallery.version(path, "net")


def test_the_guide_lists_every_setting() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    section = guide.split("## Declare what a folder holds")[1].split("\n## ")[0]
    named = [row.split("`")[1] for row in section.splitlines() if row.startswith("| `")]
    assert [name.split("=")[0] for name in named] == list(Declared.model_fields)
    for name in named:
        parse_declared(f"net={name.replace('A:B', '0.01:0.02')}")
