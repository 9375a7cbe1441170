"""The panel that reads all methods at the cursor: values, errors by depth, profile of a row."""

import itertools
import json
import re

import numpy as np
import pytest
from viewer_kit import HEIGHT, METHODS, WIDTH, depth_of

EDGES = [0, 5, 10, 20, 40, 80]
BOXES = "[...document.querySelectorAll('.stage')].map((e) => JSON.stringify(e.getBoundingClientRect()))"


def rows(viewer) -> list[list[str]]:
    return viewer.page.evaluate(
        "[...document.querySelectorAll('.values tbody tr')].map((row) =>"
        " [row.dataset.value, ...[...row.cells].slice(1).map((cell) => cell.textContent)])"
    )


def read_at(viewer, x: int, y: int) -> None:
    viewer.page.locator(".probe header .dim", has_text=re.compile(rf"^x {x}  y {y}$")).wait_for()


def expected_rows(frame: int, x: int, y: int) -> list[list[str]]:
    depth = {method: depth_of(method, frame)[y, x] / 256 for method in METHODS}
    truth = depth.pop("ground_truth")
    lines = [["ground_truth", f"{truth:.2f} m", "ground truth", "", ""]]
    for method in sorted(depth, key=lambda method: abs(depth[method] - truth)):
        delta = depth[method] - truth
        within = max(depth[method] / truth, truth / depth[method]) < 1.25
        relative = f"{100 * delta / truth:+.1f} %"
        numbers = [f"{depth[method]:.2f} m", f"{delta:+.2f} m", relative, "yes" if within else "no"]
        lines.append([method, *(number.replace("-", "−") for number in numbers)])
    return lines


def without_precision(found: list[list[str]]) -> list[list[str]]:
    """A difference of stored depths is only known to a part of a step near the camera."""
    return [[re.sub(r" ±[\d.]+", "", cell) for cell in row] for row in found]


def test_the_table_has_all_values_at_the_cursor_the_least_error_first(viewer):
    viewer.open("?gallery=streets&index=1")
    before = viewer.page.evaluate(BOXES)
    viewer.hover("teacher", 70, 40)
    viewer.press("q")
    columns = np.flatnonzero(depth_of("ground_truth", 1)[30])
    for x, y in [(70, 40), (int(columns[9]), 30), (int(columns[-3]), 30)]:
        viewer.hover("teacher", x, y)
        read_at(viewer, x, y)
        assert without_precision(rows(viewer)) == expected_rows(1, x, y)
    assert "Error to the ground truth" in viewer.page.locator(".probe").inner_text()
    assert viewer.page.evaluate(BOXES) == before, "no picture moves"
    assert viewer.page.locator(".values[aria-live=off]").count() == 1


def test_it_follows_keyboard_and_frame_and_is_part_of_the_address(viewer):
    viewer.open("?gallery=streets&index=1&panel=table")
    y = HEIGHT // 2
    measured = depth_of("ground_truth", 1)[y] * depth_of("ground_truth", 2)[y].astype(int)
    x = WIDTH // 2 + 1 + int(np.flatnonzero(measured[WIDTH // 2 + 1 :])[0])
    for _ in range(x - WIDTH // 2):
        viewer.press("Shift+ArrowRight")
    read_at(viewer, x, y)
    assert without_precision(rows(viewer)) == expected_rows(1, x, y)
    viewer.press("ArrowRight", index=2)
    depth = f"{depth_of('teacher', 2)[y, x] / 256:.2f} m"
    viewer.page.locator(".values [data-value=teacher]", has_text=depth).wait_for()
    assert without_precision(rows(viewer)) == expected_rows(2, x, y)
    viewer.press("ArrowRight", index=3)
    viewer.page.locator(".values tr:last-child", has_text="no data").wait_for()
    assert rows(viewer)[-1] == ["baseline", "no data", "", "", ""]


@pytest.mark.parametrize("close", ["q", "Escape", "button"])
def test_key_escape_and_button_close_it(viewer, close):
    viewer.open("?gallery=streets&diff=1").press("q")
    viewer.page.wait_for_selector(".probe [data-value]")
    assert "panel=table" in viewer.query()
    viewer.act("close-probe") if close == "button" else viewer.press(close)
    viewer.page.locator(".probe").wait_for(state="hidden")
    assert "panel=" not in viewer.query()
    assert "diff=1" in viewer.query(), "what lies below stays"


def test_without_truth_the_errors_are_to_the_reference_and_it_says_so(viewer):
    viewer.open("?gallery=brought").press("q")
    viewer.page.locator(".probe", has_text="keep a reference").wait_for()
    viewer.press("Shift+Digit1")
    viewer.page.locator(".probe", has_text="Error to the reference, net").wait_for()
    assert rows(viewer)[0][::2] == ["net", "reference", ""]


def test_decoded_depth_has_its_precision(viewer):
    viewer.open("?gallery=coloured").press("q")
    viewer.hover("drawn", 3, 0)
    viewer.page.locator(".values", has_text="≥ 79.7 m").wait_for()
    viewer.hover("drawn", 3, 9)
    viewer.page.locator(".values", has_text="±0.16 m").wait_for()


def bands(viewer, method: str) -> list[tuple[float, float]]:
    cells = viewer.page.locator(f'.bands [data-band="{method}"] td[data-abs-rel]')
    cells.first.wait_for()
    return [
        tuple(pair)
        for pair in cells.evaluate_all("all => all.map((e) => [+e.dataset.absRel, +e.dataset.rmse])")
    ]


@pytest.mark.parametrize("query", ["", "&box=garg", "&box=10,5,100,40&cap=3..50"])
def test_errors_by_depth_are_numpys(viewer, query):
    viewer.open(f"?gallery=streets&index=1{query}").press("y")
    low, high = (3, 50) if "cap" in query else (0.001, 80)
    box = np.zeros((HEIGHT, WIDTH), bool)
    if "garg" in query:
        rows_ = slice(int(0.40810811 * HEIGHT), int(0.99189189 * HEIGHT))
        box[rows_, int(0.03594771 * WIDTH) : int(0.96405229 * WIDTH)] = True
    elif "box" in query:
        box[5:45, 10:110] = True
    else:
        box[:] = True
    truth = depth_of("ground_truth", 1) / 256
    counted = box & (truth > low) & (truth < high)
    for method in ("teacher", "baseline", "tiekd"):
        error = np.abs(np.clip(depth_of(method, 1) / 256, low, high) - truth)
        expected = []
        for near, far in itertools.pairwise(EDGES):
            pixels = counted & (truth >= near) & (truth < far)
            if pixels.any():
                expected.append(
                    ((error / np.maximum(truth, 1e-9))[pixels].mean(), np.sqrt((error[pixels] ** 2).mean()))
                )
        assert np.array(bands(viewer, method)) == pytest.approx(np.array(expected), abs=1e-6)
    total = viewer.page.locator("[data-pixels]").evaluate_all(
        "all => all.map((e) => Number(e.dataset.pixels))"
    )
    assert sum(total) == counted.sum()
    viewer.page.wait_for_selector(f'[data-method="tiekd"][data-valid-pixels="{counted.sum()}"]')


def points(viewer, method: str) -> np.ndarray:
    """Places [n, 2] of a method's line in the chart."""
    path = viewer.page.locator(f'.profile [data-profile="{method}"]')
    path.wait_for(state="attached")
    return np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", path.get_attribute("d")), float)


def test_the_profile_is_the_row_under_the_cursor(viewer):
    viewer.open("?gallery=streets&index=1&spread=linear&range=0..80").press("y")
    viewer.hover("teacher", 70, 40)
    read_at(viewer, 70, 40)
    chart = viewer.page.locator(".profile")
    left, right = (
        chart.locator(".gridline").first.evaluate(f"e => +e.getAttribute('{x}')") for x in ("x1", "x2")
    )
    ys = chart.locator(".gridline").evaluate_all("all => all.map((e) => +e.getAttribute('y1'))")
    for method in METHODS:
        depth = depth_of(method, 1)[40]
        columns = np.flatnonzero(depth)
        found = points(viewer, method)
        assert found[:, 0] == pytest.approx(left + (columns + 0.5) / WIDTH * (right - left), abs=0.06)
        near, far = max(ys), min(ys)
        assert found[:, 1] == pytest.approx(near - depth[columns] / 256 / 80 * (near - far), abs=0.06)
    assert chart.locator("path.dots").get_attribute("data-profile") == "ground_truth"
    cursor = float(chart.locator(".profile-cursor").get_attribute("x1"))
    assert cursor == pytest.approx(left + 70.5 / WIDTH * (right - left), abs=0.01)
    before = points(viewer, "teacher")
    viewer.hover("teacher", 70, 20)
    read_at(viewer, 70, 20)
    assert json.dumps(points(viewer, "teacher").tolist()) != json.dumps(before.tolist())


def test_a_zoomed_picture_has_the_profile_of_what_is_in_sight(viewer):
    viewer.open("?gallery=streets&index=1&zoom=16&at=100,30").press("y")
    count = len(points(viewer, "teacher"))
    width = viewer.pane("teacher").locator(".stage").bounding_box()["width"]
    assert count == pytest.approx(width / 16, abs=2)
    viewer.press("f", zoom="fit")
    viewer.page.wait_for_function(
        "() => document.querySelector('path[data-profile=teacher]').outerHTML.split('L').length === 200"
    )


@pytest.mark.parametrize("key", ["q", "y"])
def test_on_a_narrow_page_it_is_a_sheet_at_the_foot(viewer, key):
    viewer.page.set_viewport_size({"width": 390, "height": 780})
    viewer.open("?gallery=streets&index=1")
    before = viewer.page.evaluate(BOXES)
    viewer.press(key)
    viewer.page.wait_for_selector(".probe tbody tr")
    sheet, work = (viewer.page.locator(part).bounding_box() for part in (".probe", ".work"))
    assert (sheet["x"], sheet["width"]) == (0, 390)
    assert sheet["y"] + sheet["height"] == pytest.approx(work["y"] + work["height"], abs=1)
    assert viewer.page.evaluate("document.documentElement.scrollWidth") == 390
    assert viewer.page.evaluate(BOXES) == before
