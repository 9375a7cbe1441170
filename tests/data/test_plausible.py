"""A wrong unit of ground truth is found and named, and sound ground truth is left alone."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.data.check import check_data
from tiekd.data.frames import Frame, open_source

HEIGHT, WIDTH = 96, 128
ROWS, COLUMNS = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)


def ramp(near, far):
    """A street: near at the bottom."""
    return np.linspace(far, near, HEIGHT)[:, None] * np.ones((1, WIDTH))


def slope(near, far):
    """A plane that is seen from the side."""
    along = COLUMNS + 0.3 * ROWS
    return near + (far - near) * along / along.max()


def ground():
    """Flat ground to the horizon, with boxes; no depth above it."""
    depth = 150.0 / np.maximum(ROWS - 30, 1)
    depth[(depth > 80) | (ROWS <= 30)] = 0
    depth[20:60, 30:50], depth[10:45, 80:120] = 9, 25
    return depth


def laser(depth):
    """Rings of a laser scan, with holes and noise."""
    rng = np.random.default_rng(3)
    scan = depth * (1 + rng.normal(0, 0.01, depth.shape))
    scan[:, ::3] = 0
    scan[np.arange(HEIGHT) % 4 > 0] = 0
    return scan


def room():
    """Floor, walls and a table, with the noise of a sensor."""
    rng = np.random.default_rng(4)
    sides = np.minimum(130 / np.abs(ROWS - 48.5), 160 / np.abs(COLUMNS - 64.5))
    depth = np.minimum(4.5, sides)
    depth[60:80, 30:60] = 1.5
    return depth * (1 + rng.normal(0, 0.01, depth.shape))


SOUND = {
    "street": ramp(2, 40),
    "deep street": ramp(3, 79),
    "ground": ground(),
    "laser": laser(ground()),
    "sparse": np.where(np.random.default_rng(5).random((HEIGHT, WIDTH)) < 0.05, ramp(4, 70), 0),
    "room": room(),
    "table": slope(0.3, 1.4),
    "hand": slope(0.2, 0.6),
    "wall": slope(2.0, 2.1),
    "far wall": slope(29, 33),
    "flat": np.full((HEIGHT, WIDTH), 3.0),
}


def sun_rgbd(depth):
    millimetres = np.clip(np.round(depth * 1000), 0, 65535).astype(np.uint32)
    return ((millimetres << 3) | (millimetres >> 13)) & 65535


@pytest.fixture
def check(tmp_path):
    """Store numbers as ground truth, and give the one fault that is found, or ""."""
    Image.fromarray(np.zeros((HEIGHT, WIDTH, 3), np.uint8)).save(tmp_path / "a.png")

    def checked(numbers, declared="", kind="folder"):
        stored = np.clip(np.round(numbers), 0, 65535).astype(np.uint16)
        for name in ("1.png", "2.png"):
            Image.fromarray(stored).save(tmp_path / name)
        source = open_source(f"{kind}:{tmp_path}{declared}")
        frames = [Frame("a.png", "1.png"), Frame("a.png", "2.png")]
        faults = check_data(source, frames, crop="none").faults
        assert all(fault.kind == "misscaled" for fault in faults)
        return faults[0].detail if faults else ""

    return checked


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("scale", [256, 1000, 5000, 100])
def test_sound_ground_truth_is_left_alone(check, name, scale):
    depth = SOUND[name]
    if depth.max() * scale > 65535:
        pytest.skip("does not fit into 16 bits")
    assert check(depth * scale, f",scale={scale}") == ""
    if scale == 256:
        assert check(depth * scale) == ""


@pytest.mark.parametrize("name", ["street", "deep street", "laser", "sparse", "far wall"])
@pytest.mark.parametrize("declared", ["", ",scale=256"])
def test_millimetres_of_streets_are_found(check, name, declared):
    assert "scale=1000 (millimetres)" in check(SOUND[name] * 1000, declared)


@pytest.mark.parametrize("name", ["street", "room"])
def test_the_scale_of_tum_is_found(check, name):
    assert "scale=5000 (TUM RGB-D)" in check(
        SOUND[name] / 5 * 5000 if name == "street" else SOUND[name] * 5000
    )


@pytest.mark.parametrize("name", ["street", "deep street", "ground", "room", "laser", "wall"])
def test_whole_metres_are_found(check, name):
    said = check(SOUND[name])
    assert "scale=1 (whole metres)" in said
    assert check(SOUND[name], ",scale=1") == ""
    assert check(SOUND[name], ",scale=1000") != ""


@pytest.mark.parametrize("name", ["street", "ground", "laser", "sparse", "room", "table", "wall"])
@pytest.mark.parametrize("scale", [256, 1000])
def test_swapped_bytes_are_found(check, name, scale):
    stored = np.clip(SOUND[name] * scale, 0, 65535).astype(np.uint16).byteswap()
    assert "bytes of every number are swapped" in check(stored)
    assert "bytes of every number are swapped" in check(stored, f",scale={scale}")


@pytest.mark.parametrize("name", ["room", "table", "wall"])
def test_the_bits_of_sun_rgbd_are_found(check, name):
    stored = sun_rgbd(SOUND[name])
    assert "scale=8000 (SUN RGB-D" in check(stored)
    assert check(stored, ",scale=8000") == ""


@pytest.mark.parametrize(("near", "far"), [(1, 10), (6, 9.5), (0.5, 12)])
def test_bits_that_came_out_on_the_other_side_are_found(check, near, far):
    stored = sun_rgbd(slope(near, far))
    assert "rotated by 3" in check(stored)
    assert check((stored >> 3) | (stored << 13) & 65535, ",scale=1000") == ""


@pytest.mark.parametrize("name", ["street", "table", "room"])
def test_a_mark_for_no_depth_is_found(check, name):
    stored = np.where(COLUMNS < 20, 65535, SOUND[name] * 256)
    assert "declare missing=65535" in check(stored)
    assert check(stored, ",missing=65535") == ""
    assert check(stored, ",max_depth_m=90") == ""


def test_grey_levels_and_wrong_limits_are_found(check):
    assert "grey levels of 8 bits" in check(np.round(SOUND["street"] * 6) * 257)
    assert "beyond max_depth_m=10" in check(SOUND["street"] * 256, ",max_depth_m=10")
    assert "no pixel has depth up to 1 m" in check(SOUND["street"] * 256, ",max_depth_m=1")
    assert check(slope(60, 200) * 256, ",max_depth_m=250") == ""
    assert "declare max_depth_m" in check(slope(60, 200) * 256)
    assert "all are 0" in check(np.zeros((HEIGHT, WIDTH)))


def test_other_kinds_of_data_take_a_scale_too(check):
    assert check(SOUND["room"] * 1000, kind="nyu") == ""
    assert "scale=256" in check(SOUND["deep street"] * 256, kind="nyu")
    assert check(SOUND["room"] * 256, ",scale=256", kind="nyu") == ""


def test_the_summary_says_how_depth_was_read(check, tmp_path):
    """Rooms in millimetres look like streets x 256, so the reader is asked."""
    (tmp_path / "list.txt").write_text("a.png 1.png\n")

    def said(declared):
        done = CliRunner().invoke(
            app, ["data", "check", f"folder:{tmp_path}{declared}", "--split", "list.txt"]
        )
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    check(SOUND["room"] * 1000)
    assert "at 256 per metre), nothing is wrong. Nothing is nearer than" in said("")
    assert "declare scale=1000" in said("")
    assert "Nothing is nearer" not in said(",scale=256")
    assert "at 1000 per metre), nothing is wrong." in said(",scale=1000")
    check(slope(0.6, 6) * 1000)
    assert "declare scale=1000" in said("")
    check(SOUND["street"] * 256)
    assert said("").endswith("at 256 per metre), nothing is wrong.")
