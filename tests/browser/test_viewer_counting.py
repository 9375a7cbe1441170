"""Which pixels count in the numbers: a box dragged over a picture, the truth and the cap."""

import json
import time
from urllib.request import urlopen

import numpy as np
import pytest
from conftest import serving
from PIL import Image
from viewer_kit import HEIGHT, METHODS, WIDTH, Viewer, depth_of

from server.settings import Settings
from tiekd.metrics import depth_metrics
from tiekd.types import DepthRange


def point(viewer, method: str, x: float, y: float) -> tuple[float, float]:
    """The point of the window at a place of a picture that fits its pane."""
    box = viewer.pane(method).locator("canvas[data-layer=depth]").bounding_box()
    return box["x"] + x * box["width"] / WIDTH, box["y"] + y * box["height"] / HEIGHT


def drag(viewer, method: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    viewer.page.mouse.move(*point(viewer, method, *start))
    viewer.page.mouse.down()
    for share in (0.3, 0.7, 1):
        place = (a + share * (b - a) for a, b in zip(start, end, strict=True))
        viewer.page.mouse.move(*point(viewer, method, *place))
    viewer.page.mouse.up()


def scores_of(address: str, *, frames: int) -> dict[str, list[float]]:
    """The server's answer, once so many frames are computed."""
    for _ in range(600):
        with urlopen(address) as answer:
            found = json.load(answer)
        if found["done"] >= frames:
            return found["scores"]
        time.sleep(0.1)
    raise TimeoutError(f"only {found['done']} of {found['of']} frames in a minute")


def scored(viewer, method: str, box: str) -> float:
    viewer.page.wait_for_selector(f'[data-method="{method}"][data-rank][data-stat-box="{box}"]')
    return float(viewer.data(method, "abs-rel"))


def expected(method: str, frame: int, box: tuple[int, int, int, int], truth: str = "ground_truth") -> float:
    x, y, width, height = box
    part = np.s_[y : y + height, x : x + width]
    own, true = (depth_of(name, frame)[part] / 256 for name in (method, truth))
    return depth_metrics(np.clip(own, 0.001, 80), true, depth_range=DepthRange(0.001, 80))["abs_rel"]


def history_writes(viewer) -> None:
    viewer.page.evaluate("""() => {
      window.writes = [];
      for (const name of ["pushState", "replaceState"]) {
        const write = history[name].bind(history);
        history[name] = (...given) => { window.writes.push(name); write(...given); };
      }
    }""")


def test_a_box_is_dragged_with_shift_and_escape_removes_it(viewer):
    viewer.open("?gallery=streets&index=1&zoom=3&at=100,30").page.keyboard.press("f")
    viewer.wait(zoom="fit").until("!/zoom=|at=/.test(location.search)")
    history_writes(viewer)
    viewer.page.keyboard.down("Shift")
    drag(viewer, "teacher", (150.5, 50.5), (40.5, 20.5))
    viewer.page.keyboard.up("Shift")
    box = (40, 20, 111, 31)
    name = ",".join(map(str, box))
    for method in ("teacher", "baseline", "tiekd"):
        assert scored(viewer, method, name) == pytest.approx(expected(method, 1, box), abs=1e-6)
    assert f"box={name}" in viewer.query()
    assert viewer.page.evaluate("window.writes") == ["replaceState"]
    assert viewer.page.locator(".inspector").is_hidden(), "a drag is no click"
    assert "pixel=" not in viewer.query()
    outlines = viewer.page.locator(".outline:visible")
    assert outlines.count() == len(METHODS) + 1
    edge = viewer.pane("tiekd").locator(".outline").bounding_box()
    assert (edge["x"], edge["y"]) == pytest.approx(point(viewer, "tiekd", 40, 20), abs=1)
    assert edge["x"] + edge["width"] == pytest.approx(point(viewer, "tiekd", 151, 51)[0], abs=1)
    viewer.press("Escape")
    viewer.page.wait_for_selector('[data-method="tiekd"][data-stat-box="none"]')
    assert outlines.count() == 0
    assert "box=" not in viewer.query()


def test_the_tool_draws_one_box_and_neither_moves_the_picture_nor_clicks(viewer):
    viewer.open("?gallery=streets&zoom=6&at=100,30")
    viewer.page.get_by_role("button", name="Count").click()
    viewer.act("draw-box")
    assert viewer.page.locator("#counting").is_hidden()
    stage = viewer.pane("teacher").locator(".stage").bounding_box()
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    viewer.page.mouse.move(x, y)
    viewer.page.mouse.down()
    viewer.page.mouse.move(x + 30, y + 20)
    viewer.page.mouse.move(x + 40, y + 20)
    assert viewer.pane("tiekd").locator(".outline").is_visible(), "it is seen while it is dragged"
    viewer.page.keyboard.press("Escape")
    assert viewer.pane("tiekd").locator(".outline").is_hidden()
    viewer.page.mouse.up()
    assert "box=" not in viewer.query()
    viewer.page.get_by_role("button", name="Count").click()
    viewer.act("draw-box")
    viewer.page.mouse.move(x, y)
    viewer.page.mouse.down()
    viewer.page.mouse.move(x + 40, y + 20)
    viewer.page.mouse.up()
    viewer.page.wait_for_selector('[data-method="tiekd"][data-stat-box*=","]')
    width, height = map(int, viewer.data("tiekd", "stat-box").split(",")[2:])
    assert 7 <= width <= 9
    assert 4 <= height <= 6
    assert "at=100,30" in viewer.query()
    assert "pixel=" not in viewer.query()
    viewer.page.mouse.move(x, y)
    viewer.page.mouse.down()
    viewer.page.mouse.move(x + 40, y + 20)
    viewer.page.mouse.up()
    viewer.page.wait_for_function("!location.search.includes('at=100,30')")  # the tool was put back


def test_a_finger_draws_a_box_with_the_tool(viewer):
    viewer.page.set_viewport_size({"width": 390, "height": 800})
    viewer.open("?gallery=streets")
    viewer.page.get_by_role("button", name="More controls").click()
    viewer.page.get_by_role("button", name="Count").click()
    viewer.act("draw-box")
    assert viewer.page.locator("#more").is_hidden()
    x, y = point(viewer, "teacher", 50, 10)
    touch = viewer.page.context.new_cdp_session(viewer.page)
    for kind, points in (
        ("touchStart", [(x, y)]), ("touchMove", [(x + 10, y + 20)]), ("touchMove", [(x + 20, y + 40)]),
        ("touchEnd", []),
    ):  # fmt: skip
        at = [{"x": px, "y": py} for px, py in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
    viewer.page.wait_for_selector('[data-method="tiekd"][data-stat-box*=","]')
    assert "pixel=" not in viewer.query()


def test_truth_cap_and_box_are_chosen_below_one_control(viewer):
    viewer.open("?gallery=streets&index=1")
    viewer.page.get_by_role("button", name="Count").click()
    menu = viewer.page.locator("#counting")
    assert menu.is_visible()
    menu.get_by_label("Ground truth").select_option(label="Teacher")
    viewer.page.wait_for_selector('[data-method="ground_truth"][data-abs-rel]')
    assert "truth=teacher" in viewer.query()
    assert viewer.page.locator("[data-count=pixels]").inner_text() == "to Teacher ≤ 80 m"
    menu.get_by_label("Box").fill("20, 10, 100, 40")
    viewer.page.keyboard.press("Tab")
    box = (20, 10, 100, 40)
    assert scored(viewer, "tiekd", "20,10,100,40") == pytest.approx(
        expected("tiekd", 1, box, truth="teacher"), abs=1e-6
    )
    menu.get_by_label("Nearest depth that counts").fill("50")
    menu.get_by_label("Farthest depth that counts").fill("40")
    viewer.page.keyboard.press("Enter")
    viewer.says("50 m to 40 m is not possible")
    assert "cap=50..80" in viewer.query()
    assert menu.get_by_label("Farthest depth that counts").input_value() == "80"
    menu.get_by_role("button", name="Back to usual").click()
    viewer.page.wait_for_selector('[data-method="tiekd"][data-stat-box="none"]')
    assert not {"truth", "cap", "box"} & {part.split("=")[0] for part in viewer.query()[1:].split("&")}


@pytest.mark.parametrize("truth", ["ground_truth", "teacher"])
def test_the_page_and_the_server_agree_on_the_numbers(viewer, truth):
    box, cap = "33,17,121,29", "0..80"
    viewer.open(f"?gallery=streets&index=2&box={box}&cap={cap}&truth={truth}&strip=on")
    for method in {"teacher", "baseline", "tiekd"} - {truth}:
        page = {"abs_rel": scored(viewer, method, box), "silog": float(viewer.data(method, "silog"))}
        for metric, value in page.items():
            query = f"truth={truth}&method={method}&box={box}&cap=0.000001..80&metric={metric}"
            address = f"{viewer.base}/api/galleries/streets/scores?{query}&first=2"
            assert scores_of(address, frames=3)[method][0] == pytest.approx(value, abs=1e-6), metric


@pytest.mark.parametrize("width", [390, 1024, 1280, 1440, 1920])
def test_the_control_is_there_in_every_width_and_the_toolbar_has_one_row(viewer, width):
    viewer.page.set_viewport_size({"width": width, "height": 800})
    viewer.open("?gallery=streets")
    assert viewer.page.locator("header.bar").bounding_box()["height"] < 64
    if width < 900:
        viewer.page.get_by_role("button", name="More controls").click()
    viewer.page.get_by_role("button", name="Count").click()
    box = viewer.page.locator("#counting").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


HALF = {"ground_truth": depth_of("teacher", 0)[::2, ::2], "net": depth_of("tiekd", 0)[::2, ::2]}


@pytest.fixture(scope="module")
def sizes(tmp_path_factory):
    """A server with ground truth and one method of half the size of the others, and a larger photo."""
    folder = tmp_path_factory.mktemp("results") / "sizes"
    whole = {name: depth_of(name, 0) for name in ("large", "larger", "largest")}
    for name, depth in {**HALF, **whole}.items():
        (folder / name).mkdir(parents=True)
        Image.fromarray(depth).save(folder / name / "0.png")
    (folder / "image").mkdir()
    Image.new("RGB", (4 * WIDTH, 4 * HEIGHT)).save(folder / "image" / "0.jpg")
    with serving(Settings(results=(folder,), models=())) as address:
        yield address


def test_a_box_is_of_the_pixels_of_the_truth_where_sizes_differ(viewer, sizes):
    view = Viewer(viewer.page, sizes).open("?gallery=sizes")
    view.page.keyboard.down("Shift")
    drag(view, "large", (40.5, 20.5), (150.5, 50.5))
    view.page.keyboard.up("Shift")
    x, y, width, height = box = (20, 10, 56, 16)
    name = ",".join(map(str, box))
    found = scored(view, "net", name)
    part = np.s_[y : y + height, x : x + width]
    own, true = (HALF[method][part] / 256 for method in ("net", "ground_truth"))
    wanted = depth_metrics(np.clip(own, 0.001, 80), true, depth_range=DepthRange(0.001, 80))["abs_rel"]
    assert found == pytest.approx(wanted, abs=1e-4)
    scores = scores_of(f"{sizes}/api/galleries/sizes/scores?box={name}", frames=1)
    assert scores["net"][0] == pytest.approx(wanted, abs=1e-4)
    canvas, outline = (
        view.pane("net").locator(part).bounding_box() for part in ("[data-layer=depth]", ".outline")
    )
    assert (outline["x"] - canvas["x"]) / canvas["width"] == pytest.approx(2 * x / WIDTH, abs=0.01)
    assert outline["width"] / canvas["width"] == pytest.approx(2 * width / WIDTH, abs=0.01)
    view.open("?gallery=sizes&box=90,0,500,500")
    assert scored(view, "net", "90,0,10,30") > 0
