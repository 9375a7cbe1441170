"""Pictures of the worst frames, and charts."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tiekd.charts import Bar, Line, bar_chart, line_chart
from tiekd.codecs.photo import Photo
from tiekd.data.frames import Frame
from tiekd.evaluate import ScoredFrame
from tiekd.evaluate.pictures import WorstFrames, picture
from tiekd.types import DepthRange

RANGE = DepthRange(1e-3, 80.0)


def scored(name, abs_rel, size=(40, 100)):
    truth = np.zeros(size, np.float32)
    truth[20, 50] = 10
    prediction = np.full(size, 10 * (1 + abs_rel), np.float32)
    photo = Photo.of(np.full((*size, 3), 200, np.uint8))
    return ScoredFrame(Frame(name), photo, prediction, truth, truth > 0, {"abs_rel": abs_rel})


def test_the_worst_frames_are_kept_and_drawn_in_order():
    keeper = WorstFrames(2)
    for name, error in (("d/a.png", 0.1), ("d/b.png", 0.4), ("d/c.png", 0.2), ("d/e.png", 0.3)):
        keeper.keep(scored(name, error))
    assert [frame.scores["abs_rel"] for frame in keeper.frames()] == [0.4, 0.3]
    files = keeper.files(RANGE)
    assert list(files) == ["worst-01-d_b.png", "worst-02-d_e.png"]
    with Image.open(BytesIO(files["worst-01-d_b.png"])) as view:
        assert view.mode == "RGB"
        assert view.width == 100
    none = WorstFrames(0)
    none.keep(scored("a.png", 1.0))
    assert none.frames() == []


def test_a_picture_holds_four_views_and_shows_the_error_where_it_is():
    wide = picture(scored("a.png", 0.5), RANGE)
    caption = wide.shape[0] // 4 - 40
    views = [wide[i * (40 + caption) + caption : (i + 1) * (40 + caption)] for i in range(4)]
    assert (views[0] == 200).all()
    truth, error = views[1].any(axis=-1), views[3].any(axis=-1)
    assert truth.sum() == error.sum() == 9
    assert truth[19:22, 49:52].all()
    # Half of the true depth is the end of the scale, which is red.
    assert views[3][20, 50, 0] > 2 * views[3][20, 50, 2]
    room = picture(scored("a.png", 0.5, size=(60, 80)), RANGE)
    assert room.shape[1] == 160


def test_charts_are_svg_that_names_everything():
    bars = bar_chart("AbsRel <of> all", [Bar("a & b", 0.25, 0.05), Bar("none", float("nan"))])
    root = ET.fromstring(bars)
    assert root.attrib["role"] == "img"
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"AbsRel <of> all", "a & b", "0.250 ± 0.050", "none", "–"} <= set(texts)
    rectangles = [element for element in root.iter() if element.tag.endswith("rect")]
    assert len(rectangles) == 1
    lines = line_chart(
        "Loss", [Line("one", [(0, 0.1), (10, 0.4), (5, float("inf"))]), Line("two", [(3, 0.2)])],
        x_label="step", y_label="AbsRel",
    )  # fmt: skip
    root = ET.fromstring(lines)
    (first, _) = [element for element in root.iter() if element.tag.endswith("polyline")]
    assert first.attrib["points"].count(",") == 2
    assert len([element for element in root.iter() if element.tag.endswith("circle")]) == 1
    ET.fromstring(line_chart("empty", [], x_label="x", y_label="y"))


@pytest.mark.parametrize("high", [0.04, 0.1, 3.0, 780.0])
def test_axes_reach_the_highest_point(high):
    root = ET.fromstring(line_chart("t", [Line("a", [(0, 0), (1, high)])], x_label="x", y_label="y"))
    (path,) = [element for element in root.iter() if element.tag.endswith("polyline")]
    ys = [float(point.split(",")[1]) for point in path.attrib["points"].split()]
    assert 50 <= ys[1] < ys[0] == 300
