"""Grid, one large, split, over the photo, and flipping in place."""

import numpy as np
import pytest
from viewer_kit import depth_of


def place(viewer, method: str) -> str:
    return viewer.data(method, "place")


def box(viewer, method: str) -> dict[str, float]:
    return viewer.pane(method).locator(".stage").bounding_box()


def test_one_key_walks_the_layouts_and_the_address_keeps_them(viewer):
    viewer.open().press("v", layout="solo")
    assert "layout=solo" in viewer.query()
    assert place(viewer, "teacher") == "large"
    assert box(viewer, "teacher")["width"] > 3 * box(viewer, "tiekd")["width"]
    viewer.press("v", layout="split").press("v", layout="overlay").press("v", layout="grid")
    viewer.go_back()
    viewer.wait(layout="overlay")


def test_brackets_and_a_click_choose_the_large_method(viewer):
    viewer.open("?gallery=streets&layout=solo").press("]", layout="solo")
    viewer.page.wait_for_selector('[data-method="baseline"][data-place="large"]')
    viewer.press("[").press("[")
    viewer.page.wait_for_selector('[data-method="ground_truth"][data-place="large"]')
    viewer.click("tiekd", 50, 30)
    viewer.page.wait_for_selector('[data-method="tiekd"][data-place="large"]')
    assert "focus=tiekd" in viewer.query()
    assert "pixel=" not in viewer.query(), "a click on a small pane opens nothing"
    viewer.click("tiekd", 50, 30)
    viewer.page.wait_for_function("location.search.includes('pixel=50,30')")


def test_small_panes_show_the_same_part_as_the_large_one(viewer):
    viewer.open("?gallery=streets&layout=solo&zoom=16&at=120.5,40.5")
    for method in ("teacher", "tiekd"):
        stage = box(viewer, method)
        viewer.page.mouse.move(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
        viewer.reads("teacher", depth_of("teacher", 0)[40, 120] / 256)
    scales = [
        viewer.pane(method).locator("[data-layer=depth]").bounding_box()["width"]
        / box(viewer, method)["width"]
        for method in ("teacher", "tiekd")
    ]
    assert scales[0] == pytest.approx(scales[1], rel=0.01)


def test_a_split_is_divided_by_pointer_and_by_keys(viewer):
    viewer.open("?gallery=streets&layout=split")
    assert (place(viewer, "teacher"), place(viewer, "ground_truth")) == ("large", "over")
    stage = box(viewer, "teacher")
    assert box(viewer, "ground_truth") == stage

    def under(share: float) -> str:
        x, y = stage["x"] + share * stage["width"], stage["y"] + 20
        return viewer.page.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).closest('[data-pane]').dataset.method", [x, y]
        )

    assert (under(0.45), under(0.55)) == ("teacher", "ground_truth")
    divider = viewer.page.locator("[data-action=divide]")
    middle = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    viewer.page.mouse.move(*middle)
    viewer.page.mouse.down()
    viewer.page.mouse.move(stage["x"] + 0.25 * stage["width"], middle[1], steps=4)
    viewer.page.mouse.up()
    assert float(divider.input_value()) == pytest.approx(0.25, abs=0.02)
    viewer.drawn()
    assert (under(0.2), under(0.3)) == ("teacher", "ground_truth")
    viewer.page.wait_for_function("location.search.includes('divide=')")
    divider.focus()
    before = float(divider.input_value())
    viewer.page.keyboard.press("ArrowRight")
    assert float(divider.input_value()) == pytest.approx(before + 0.01)
    viewer.wait(index=0)


def test_an_overlay_lies_over_the_photo_and_leaves_the_depth_alone(viewer):
    viewer.open()
    before = viewer.pixels("teacher")
    viewer.press("v").press("v").press("v", layout="overlay")
    assert box(viewer, "image") == box(viewer, "teacher")
    assert np.array_equal(viewer.pixels("teacher"), before)
    shown = "p => getComputedStyle(p.querySelector('.viewport')).opacity"
    assert viewer.pane("teacher").evaluate(shown) == "0.6"
    viewer.page.locator("[data-action=opacity]").fill("0.25")
    viewer.page.wait_for_function("location.search.includes('opacity=0.25')")
    assert viewer.pane("teacher").evaluate(shown) == "0.25"


def test_while_b_is_held_the_pane_shows_the_other_picture(viewer):
    viewer.open()
    viewer.hover("tiekd", 50, 30)
    viewer.page.keyboard.down("b")
    flipped = viewer.pane("tiekd").locator("canvas[data-layer=flip]")
    flipped.wait_for(state="visible")
    own = "c => [...c.getContext('2d').getImageData(50, 30, 1, 1).data]"
    truth = viewer.pane("ground_truth").locator("[data-layer=depth]")
    assert flipped.evaluate(own) == truth.evaluate(own)
    assert viewer.data("tiekd", "flip") == "Ground truth"
    viewer.page.keyboard.up("b")
    flipped.wait_for(state="detached")
    assert viewer.data("tiekd", "flip") is None
    viewer.press("3", diff=3)
    viewer.page.keyboard.down("b")
    assert viewer.data("tiekd", "flip") == "Baseline"
    viewer.page.keyboard.up("b")


def test_a_pointer_that_rests_reads_on_when_the_page_puts_something_else_below_it(viewer):
    viewer.open()
    viewer.hover("tiekd", 50, 30)
    viewer.page.keyboard.down("b")
    flipped = viewer.pane("tiekd").locator("canvas[data-layer=flip]")
    flipped.wait_for(state="visible")
    viewer.hover("tiekd", 51, 30)  # on what goes away next
    viewer.page.keyboard.up("b")
    flipped.wait_for(state="detached")
    viewer.press("c").reads("tiekd", depth_of("tiekd", 0)[30, 51] / 256)
    viewer.page.evaluate("tiekd.view.targets = ['tiekd', 'baseline', 'ground_truth', 'teacher']")  # new panes
    viewer.wait().reads("tiekd", depth_of("tiekd", 0)[30, 51] / 256)


def test_two_methods_fill_the_window(viewer):
    viewer.page.set_viewport_size({"width": 1920, "height": 1080})
    viewer.open("?gallery=streets&targets=baseline*tiekd")
    grid = viewer.page.locator(".grid").bounding_box()
    used = sum(box(viewer, m)["width"] * box(viewer, m)["height"] for m in ("image", "baseline", "tiekd"))
    assert used > 0.6 * grid["width"] * grid["height"]
    assert box(viewer, "baseline")["width"] == box(viewer, "tiekd")["width"]
    assert viewer.page.locator(".grid").evaluate("g => g.scrollHeight <= g.clientHeight")


@pytest.mark.parametrize("width", [390, 1280, 3840])
@pytest.mark.parametrize("layout", ["solo", "split", "overlay"])
def test_layouts_fit_every_width(viewer, layout, width):
    viewer.page.set_viewport_size({"width": width, "height": round(max(width * 0.6, 700))})
    viewer.open(f"?gallery=streets&layout={layout}")
    grid = viewer.page.locator(".grid")
    assert grid.evaluate("g => g.scrollWidth <= g.clientWidth")
    outer, large = grid.bounding_box(), box(viewer, "teacher")
    assert large["width"] > 0.9 * outer["width"] or large["height"] > 0.7 * outer["height"]


def test_the_photo_of_an_overlay_is_pale_below_dots_as_it_is_in_the_grid(viewer) -> None:
    look = "e => getComputedStyle(e).filter"
    viewer.open("?gallery=sparse&truth=laser&mode=error")
    pale = viewer.pane("net").locator("[data-layer=photo]").evaluate(look)
    assert "grayscale" in pale
    viewer.open("?gallery=sparse&truth=laser&mode=error&layout=overlay&focus=net")
    under = viewer.page.locator("[data-place=under] canvas[data-layer=depth]")
    assert under.evaluate(look) == pale
    viewer.press("0", mode="depth")
    assert under.evaluate(look) == "none", "a dense picture needs no pale photo"
