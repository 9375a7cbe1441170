"""Zoom, dragging and touch, in all panes at once."""

import numpy as np
import pytest
from viewer_kit import HEIGHT, WIDTH, depth_of

COUNT_PAINTS = """() => {
  window.paints = window.turned = 0;
  addEventListener('wheel', ({ deltaY }) => (window.turned += deltaY));
  for (const name of ['putImageData', 'drawImage']) {
    const paint = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...args) {
      if (this.canvas.dataset.layer === 'depth') window.paints++;
      return paint.apply(this, args);
    };
  }
}"""


def zoom_of(viewer) -> str:
    return viewer.page.locator("html").get_attribute("data-zoom")


def at_of(viewer) -> list[float]:
    part = next(part for part in viewer.query().split("&") if part.startswith("at="))
    return [float(value) for value in part[3:].split(",")]


def middle(viewer, method: str) -> tuple[float, float]:
    box = viewer.pane(method).locator(".stage").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def reading(viewer, method: str) -> float:
    return float(viewer.data(method, "cursor-m"))


def scale_of(viewer, method: str) -> float:
    """Screen pixels per pixel of a pane's picture."""
    canvas = viewer.pane(method).locator("[data-layer=depth]")
    return canvas.bounding_box()["width"] / canvas.evaluate("c => c.width")


def test_the_wheel_zooms_all_panes_about_the_pointer_and_paints_nothing(viewer):
    viewer.open("?gallery=streets&index=2")
    viewer.hover("teacher", 41, 33)
    before = viewer.pixels("teacher")
    viewer.page.evaluate(COUNT_PAINTS)
    for _ in range(6):
        viewer.page.mouse.wheel(0, -120)
    viewer.until("window.turned === -720 && Number(document.documentElement.dataset.zoom) > 4")
    for method in ("teacher", "tiekd"):
        viewer.reads(method, depth_of(method, 2)[33, 41] / 256)
        assert scale_of(viewer, method) == pytest.approx(float(zoom_of(viewer)), rel=0.001)
    assert viewer.page.evaluate("window.paints") == 0
    assert np.array_equal(viewer.pixels("teacher"), before)
    for _ in range(12):
        viewer.page.mouse.wheel(0, 120)
    viewer.page.wait_for_selector("html[data-zoom=fit]")
    viewer.until("!/zoom=|at=/.test(location.search)")


def test_keys_zoom_by_twos_about_the_middle_and_back(viewer):
    viewer.open().press("z", zoom=1)
    assert scale_of(viewer, "tiekd") == pytest.approx(1)
    style = "c => getComputedStyle(c).imageRendering"
    canvas = viewer.pane("tiekd").locator("[data-layer=depth]")
    assert canvas.evaluate(style) == "auto", "smooth below 2 : 1"
    viewer.press("+", zoom=2)
    assert canvas.evaluate(style) == "pixelated"
    viewer.press("=", zoom="fit").press("+", zoom=4).press("+", zoom=8).press("-", zoom=4)
    assert at_of(viewer) == [100, 30]
    for zoom in (8, 16, 32, 64, 64):
        viewer.press("+", zoom=zoom)
    viewer.press("f", zoom="fit")
    viewer.until("!location.search.includes('zoom')")


def test_a_link_shows_the_same_part_in_every_pane(viewer):
    viewer.open("?gallery=streets&index=1&zoom=16&at=120.5,40.5")
    for method in ("teacher", "baseline"):
        viewer.page.mouse.move(*middle(viewer, method))
        viewer.reads("tiekd", depth_of("tiekd", 1)[40, 120] / 256)
    viewer.press("ArrowRight", index=2, zoom=16)
    viewer.reads("tiekd", depth_of("tiekd", 2)[40, 120] / 256)
    viewer.open("?gallery=streets&zoom=8&at=0,0")
    box = viewer.pane("tiekd").locator(".stage").bounding_box()
    viewer.page.mouse.move(box["x"] + 1, box["y"] + 1)
    viewer.reads("tiekd", depth_of("tiekd", 0)[0, 0] / 256)  # there is no gap at the edge


def test_a_picture_of_another_resolution_shows_the_same_part(viewer):
    viewer.open("?gallery=pictures&index=1&columns=3&zoom=8&at=45,15")
    own, first = (
        viewer.pane(name).locator("[data-layer=depth]").bounding_box() for name in ("other size", "first")
    )
    stages = [middle(viewer, name) for name in ("other size", "first")]
    for box, (x, y) in zip((own, first), stages, strict=True):
        assert (x - box["x"]) / box["width"] == pytest.approx(0.5, abs=0.01)
        assert (y - box["y"]) / box["height"] == pytest.approx(0.5, abs=0.01)
    assert own["height"] == pytest.approx(first["height"], rel=0.01)


def test_dragging_moves_the_picture_and_is_never_a_click(viewer):
    viewer.open("?gallery=streets&zoom=8&at=100,30")
    x, y = middle(viewer, "teacher")
    viewer.page.mouse.move(x, y)
    there = reading(viewer, "teacher")
    viewer.page.mouse.down()
    viewer.page.mouse.move(x + 60, y + 16, steps=4)
    viewer.reads("teacher", there)  # the pixel stays under the pointer
    viewer.page.mouse.up()
    assert at_of(viewer) == [100 - 60 / 8, 30 - 16 / 8]
    assert "pixel=" not in viewer.query()
    viewer.press("f", zoom="fit")
    viewer.page.mouse.down()
    viewer.page.mouse.move(x, y, steps=3)
    viewer.page.mouse.up()
    assert "pixel=" not in viewer.query()
    viewer.click("teacher", 20, 30)
    viewer.until("location.search.includes('pixel=20,30')")


def test_the_wheel_scrolls_while_fitted_where_there_is_something_to_scroll(viewer):
    viewer.open("?gallery=streets&columns=1")
    viewer.page.mouse.move(*middle(viewer, "image"))
    viewer.page.mouse.wheel(0, 100)
    viewer.until("document.querySelector('.grid').scrollTop === 100")
    assert zoom_of(viewer) == "fit"
    viewer.page.keyboard.down("Control")
    viewer.page.mouse.wheel(0, -300)
    viewer.page.keyboard.up("Control")
    viewer.page.wait_for_selector("html:not([data-zoom=fit])")
    top = viewer.page.evaluate("document.querySelector('.grid').scrollTop")
    zoom = float(zoom_of(viewer))
    viewer.page.mouse.wheel(0, -100)
    viewer.until(f"Number(document.documentElement.dataset.zoom) > {zoom}")
    assert viewer.page.evaluate("document.querySelector('.grid').scrollTop") == top


def test_the_minimap_shows_the_part_in_sight_and_moves_it(viewer):
    viewer.open()
    assert viewer.page.locator(".minimap").count() == 0
    viewer.open("?gallery=streets&zoom=16&at=100,30")
    viewer.page.mouse.move(*middle(viewer, "tiekd"))
    minimap = viewer.pane("tiekd").locator(".minimap")
    minimap.wait_for(state="visible")
    box, frame = minimap.bounding_box(), minimap.locator("i").bounding_box()
    stage = viewer.pane("tiekd").locator(".stage").bounding_box()
    assert frame["width"] / box["width"] == pytest.approx(stage["width"] / 16 / WIDTH, abs=0.03)
    assert frame["x"] + frame["width"] / 2 == pytest.approx(box["x"] + box["width"] / 2, abs=2)
    viewer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    viewer.page.mouse.down()
    viewer.page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"], steps=3)
    viewer.page.mouse.up()
    assert at_of(viewer) == pytest.approx([150, 30], abs=1.5)
    assert "pixel=" not in viewer.query()


def test_a_tap_reads_a_resting_finger_marks_and_two_fingers_zoom(viewer):
    session = viewer.page.context.new_cdp_session(viewer.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    viewer.open("?gallery=streets&index=1")
    x, y = (at + 1 for at in middle(viewer, "teacher"))
    with viewer.unhurried(500):
        touch("touchStart", (x, y))
        touch("touchEnd")
    viewer.reads("tiekd", depth_of("tiekd", 1)[HEIGHT // 2, WIDTH // 2] / 256)
    assert "pixel=" not in viewer.query()
    touch("touchStart", (x - 30, y), (x + 30, y))
    touch("touchMove", (x - 25, y), (x + 25, y))
    touch("touchEnd")
    assert zoom_of(viewer) == "fit", "outwards there is nothing to see"
    touch("touchStart", (x - 30, y), (x + 30, y))
    touch("touchMove", (x - 60, y), (x + 60, y))
    touch("touchMove", (x - 90, y), (x + 90, y))
    touch("touchEnd")
    fit = viewer.pane("teacher").locator(".stage").bounding_box()["width"] / WIDTH
    viewer.until(f"Math.abs(document.documentElement.dataset.zoom / {3 * fit} - 1) < 0.02")
    at = at_of(viewer)
    assert at == pytest.approx([100, 30], abs=1)
    touch("touchStart", (x, y))
    marked = ",".join(str(int(value + 1 / float(zoom_of(viewer)))) for value in at)
    viewer.until(f"location.search.includes('pixel={marked}')")
    touch("touchEnd")
