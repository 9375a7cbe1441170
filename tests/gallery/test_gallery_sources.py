"""What each folder of a gallery is said to be."""

from pathlib import Path

import numpy as np
import pytest

from tiekd import render
from tiekd.codecs import png, png16
from tiekd.codecs.arrays import npy_bytes
from tiekd.errors import NotFoundError
from tiekd.gallery import ResultsOptions, open_results, parse_all
from tiekd.gallery.sources import describe_source, describe_sources, seen_values
from tiekd.types import DepthRange

DEPTH = np.linspace(2, 40, 20 * 30, dtype=np.float32).reshape(20, 30)


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    colours = png.encode_rgb(render.colorize(DEPTH, depth_range=DepthRange(0.001, 80)))
    for frame in ("f0", "f1", "f2", "f3"):
        put(tmp_path / "net" / f"{frame}_pred.PNG", png16.encode(DEPTH))
        put(tmp_path / "gt" / f"{frame}.npy", npy_bytes(np.where(DEPTH > 30, 0, DEPTH)))
        put(tmp_path / "drawn" / f"{frame}.png", colours)
        put(tmp_path / "disp" / f"{frame}.png", png16.encode(389.6 / DEPTH))
    return tmp_path


def test_every_folder_is_described(results) -> None:
    described = {one["name"]: one for one in describe_sources(open_results(results))}
    assert list(described) == ["gt", "drawn", "net", "disp"]
    assert described["net"] == {
        "name": "net", "label": "net", "family": "other", "kind": "depth",
        "forms": [{"form": "16-bit PNG", "files": 4}], "scale": 256, "declared": "", "truth": False,
        "reading": "metres = number ÷ 256", "renamed": ["f0_pred", "f0"],
    }  # fmt: skip
    assert described["gt"]["truth"]
    assert described["gt"]["forms"] == [{"form": "NPY", "files": 4}]
    assert described["drawn"]["reading"] == "colours only"
    assert "scale" not in described["drawn"]
    assert described["disp"]["hidden"].startswith("Its names say disparity")


@pytest.mark.parametrize(
    ("source", "reading"),
    [
        ("net=scale=1000", "metres = number ÷ 1000"),
        ("gt=label=Laser", "metres = number (whole numbers ÷ 256)"),
        ("drawn=magma=0.001:80", "colours of magma_r from 0.001 to 80 m"),
        ("disp=scale=256,disparity=389.6", "metres = 389.6 ÷ d; d = number ÷ 256"),
        ("disp=scale=1,inverse=0.01:0.5", "1 ÷ metres = 0.01 × n + 0.5; n = number ÷ 1"),
    ],
)
def test_the_way_to_metres_is_told(results, source, reading) -> None:
    declared = parse_all([source])
    (name,) = declared
    for gallery in (
        open_results(results, ResultsOptions(declared=declared)),
        open_results(results).read_as(declared),
    ):
        told = describe_source(gallery, name)
        assert told["reading"] == reading
        assert told["declared"] == source.partition("=")[2]
        assert "hidden" not in told


def test_values_are_those_of_three_frames(results) -> None:
    gallery = open_results(results)
    seen = seen_values(gallery, "net")
    assert (seen["n_frames"], seen["looked_at"]) == (4, 3)
    assert seen["numbers"] == [512, 10240]
    assert seen["metres"] == pytest.approx([2, 21, 40], abs=0.05)
    assert (seen["none"], seen["beyond"]) == (0, 0)
    truth = seen_values(gallery, "gt")
    assert truth["none"] == pytest.approx((DEPTH > 30).mean(), abs=1e-4)
    assert truth["numbers"] == pytest.approx([2, 30], abs=0.1)
    assert "metres" not in seen_values(gallery, "drawn")
    # A folder that is not shown is looked at too, so that one sees which conversion it needs.
    assert seen_values(gallery, "disp")["numbers"] == pytest.approx(
        [389.6 / 40 * 256, 389.6 / 2 * 256], abs=1
    )
    with pytest.raises(NotFoundError, match="folder 'nope'"):
        seen_values(gallery, "nope")


def test_depth_that_is_too_far_is_counted_and_a_fault_is_told(results) -> None:
    put(results / "net" / "f0_pred.PNG", png16.encode(np.where(DEPTH > 21, 300, DEPTH)))
    put(results / "gt" / "f0.npy", npy_bytes(DEPTH * 1000))
    gallery = open_results(results)
    assert seen_values(gallery, "net")["beyond"] == pytest.approx(1 / 6, abs=0.01)
    assert "--source gt=scale=1000" in seen_values(gallery, "gt")["fault"]
