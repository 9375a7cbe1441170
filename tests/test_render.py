import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiekd import render
from tiekd.codecs import png16
from tiekd.errors import DataError, UnknownNameError
from tiekd.types import DepthMap, DepthRange

VIEWER = Path(__file__).parent.parent / "static" / "viewer"
SPAN = DepthRange(0.001, 80.0)
RAMP = np.linspace(0.001, 79.999, 40 * 64, dtype=np.float32).reshape(40, 64)


def shown(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_the_tables_are_the_published_ones() -> None:
    # Ends and middle of matplotlib's tables.
    magma = render.colormap("magma")
    assert magma[[0, 128, 255]].tolist() == [[0, 0, 3], [182, 54, 121], [251, 252, 191]]
    assert render.colormap("viridis")[[0, 255]].tolist() == [[68, 1, 84], [253, 231, 36]]
    assert (render.colormap("magma_r") == magma[::-1]).all()
    for name in render.COLORMAPS:
        assert render.colormap(name).shape == (256, 3)
    with pytest.raises(UnknownNameError, match="colour map 'magna_r'") as caught:
        render.colormap("magna_r")
    assert "magma_r" in caught.value.hint


def test_the_page_has_the_same_tables() -> None:
    script = (VIEWER / "paint" / "tables.js").read_text("utf-8")
    found = dict(re.findall(r"^  (\w+):\n((?: +\"[0-9a-f]+\"[ +,]*\n)+)", script, re.M))
    assert set(found) == set(render.COLORMAPS) - {"grey", "blue_red"} - {
        name for name in render.COLORMAPS if name.endswith("_r")
    }
    for name, text in found.items():
        assert bytes.fromhex("".join(re.findall(r"[0-9a-f]{6,}", text))) == render.colormap(name).tobytes(), (
            name
        )


def test_colours_follow_the_published_rule() -> None:
    depth = np.array([[0.001, 0.3134, 0.3136, 40.0, 80.0, 200.0]])
    assert render.color_index(depth, 0.001, 80.0).tolist() == [[0, 0, 1, 127, 255, 255]]
    colours = render.colorize(depth, depth_range=SPAN)
    assert (colours[0, 0] == render.colormap("magma_r")[0]).all()


def test_pixels_without_depth_are_black() -> None:
    depth = RAMP.copy()
    depth[3, 4], depth[5, 6] = 0, np.nan
    colours = render.colorize(depth, depth_range=SPAN)
    assert colours[3, 4].tolist() == colours[5, 6].tolist() == [0, 0, 0]
    assert (shown(render.color_png(depth, depth_range=SPAN)) == colours).all()
    whole = render.colorize(RAMP, depth_range=SPAN)
    assert (shown(render.color_png(RAMP, depth_range=SPAN)) == whole).all()


@pytest.mark.parametrize("fmt", ["png16", "npy", "npz", "color"])
def test_every_format_is_written_whole_and_read_back(fmt, tmp_path) -> None:
    depth_map = DepthMap(RAMP, SPAN, "some.model")
    path = tmp_path / "new" / f"depth{render.SUFFIXES[fmt]}"
    render.write(depth_map, path, fmt)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    match fmt:
        case "png16":
            np.testing.assert_allclose(png16.to_metres(png16.decode(path)), RAMP, atol=1 / 256)
        case "npy":
            np.testing.assert_array_equal(np.load(path), RAMP)
        case "npz":
            with np.load(path) as archive:
                np.testing.assert_array_equal(archive["depth_m"], RAMP)
                assert archive["valid"].all()
                assert str(archive["model"]) == "some.model"
        case "color":
            assert (shown(path.read_bytes()) == render.colorize(RAMP, depth_range=SPAN)).all()


def test_unknown_formats_and_folders_that_can_not_be_written(tmp_path) -> None:
    depth_map = DepthMap(RAMP, SPAN, "m")
    with pytest.raises(UnknownNameError, match="format 'exr'"):
        render.encode(depth_map, "exr")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="Can't write"):
        render.write(depth_map, tmp_path / "file" / "depth.png", "png16")
    assert (tmp_path / "file").read_text() == "in the way"
