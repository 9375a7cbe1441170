"""The colour bars: their ends by pointer, keys and numbers, ranges of the frame, marks of what panes read."""

import numpy as np
import pytest
from viewer_kit import METHODS, depth_of

DEPTH_END = "[data-scale=depth] [data-end={}]"


MARKS = """bar => [...document.querySelectorAll(`[data-scale=${bar}] .readings i`)].map((mark) => {
  const { left, width } = mark.getBoundingClientRect();
  return { at: left + width / 2, pointed: mark.dataset.pointed === 'true' };
})"""
"""What is marked on a bar: places on the screen, and which one the pointer is over."""


def middle(locator) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def marks(viewer, bar: str, count: int) -> list[dict]:
    """Once there are so many."""
    shown = f"[...document.querySelectorAll('[data-scale={bar}] .readings i')].length"
    return viewer.until(f"{shown} === {count}").page.evaluate(MARKS, bar)


def test_an_end_is_dragged_and_the_drag_is_one_change_of_the_address(viewer):
    viewer.open("?gallery=streets&spread=linear&range=0..80")
    assert "index=0" in viewer.query(), "what opening writes, is written"
    viewer.page.evaluate("""() => {
      window.written = 0;
      for (const name of ['pushState', 'replaceState']) {
        const write = history[name].bind(history);
        history[name] = (...given) => { window.written += 1; write(...given); };
      }
    }""")
    before = viewer.page.evaluate("history.length")
    ramp = viewer.page.locator("[data-scale=depth] .ramp").bounding_box()
    x, y = middle(viewer.page.locator(DEPTH_END.format("max")))
    with viewer.unhurried(200):
        viewer.page.mouse.move(x, y)
        viewer.page.mouse.down()
        for share in (0.9, 0.8, 0.7, 0.6, 0.5):
            viewer.page.mouse.move(ramp["x"] + share * ramp["width"], y)
        low, high = viewer.scale("depth")[1:3]
        assert low == 0
        assert high == pytest.approx(40, abs=1), "the colours follow the pointer"
        stored = depth_of("teacher", 0)
        over = (stored / 256 > high) & (stored > 0)
        assert over.any()
        above = viewer.beyond("depth")[1]
        assert (viewer.pixels("teacher")[over][:, :3] == above).all()
        ticks = viewer.page.locator("[data-scale=depth] .ticks span").all_inner_texts()
        assert "80" in ticks, "the axis waits until the end is let go"
        viewer.page.mouse.up()
    viewer.until("!document.querySelector('[data-scale=depth] .ticks').innerText.includes('80')")
    assert f"range=0..{high:g}" in viewer.query()
    assert viewer.page.evaluate("window.written") == 1
    assert viewer.page.evaluate("history.length") == before


def test_a_finger_drags_an_end(viewer):
    viewer.open("?gallery=streets&spread=linear&range=0..80")
    handle = viewer.page.locator(DEPTH_END.format("min"))
    x, y = middle(handle)
    assert handle.evaluate("e => getComputedStyle(e).touchAction") == "none"
    touch = viewer.page.context.new_cdp_session(viewer.page)
    for kind, at in (("touchStart", x), ("touchMove", x + 20), ("touchMove", x + 40)):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    viewer.until("location.search.includes('range=') && !location.search.includes('range=0')")
    ramp = viewer.page.locator("[data-scale=depth] .ramp").bounding_box()
    assert viewer.scale("depth")[1] == pytest.approx(80 * 40 / ramp["width"], rel=0.1)


def test_keys_move_an_end_and_not_the_frame(viewer):
    viewer.open("?gallery=streets&spread=linear&range=0..80")
    end = viewer.page.locator(DEPTH_END.format("max"))
    assert end.get_attribute("role") == "slider"
    end.focus()
    viewer.press("ArrowLeft", index=0)
    assert viewer.scale("depth")[2] == pytest.approx(79.2)
    assert end.get_attribute("aria-valuenow") == "79.2"
    assert end.get_attribute("aria-valuetext") == "79.2 m"
    viewer.press("PageDown", index=0)
    assert viewer.scale("depth")[2] == pytest.approx(71.3)
    viewer.press("ArrowUp", index=0)
    assert viewer.scale("depth")[2] == pytest.approx(72.0)


def test_both_ends_of_signed_differences_move_together(viewer):
    viewer.open("?gallery=streets&diff=1")
    begin = viewer.page.locator("[data-scale=diff] [data-end=min]")
    assert not begin.is_visible(), "sizes begin at zero"
    viewer.press("x", diff=1)
    begin.wait_for(state="visible")
    begin.focus()
    viewer.press("ArrowRight", diff=1)
    assert viewer.scale("diff")[1:3] == (-9.8, 9.8)
    assert "diffmax=9.8" in viewer.query()
    viewer.open("?gallery=streets&diff=1&range=10..40&spread=log")
    viewer.page.locator(DEPTH_END.format("min")).focus()
    viewer.press("ArrowLeft", diff=1)
    low, high = viewer.scale("depth")[1:3]
    assert low == pytest.approx(9.86)
    assert high == 40


def test_after_enter_the_keys_belong_to_the_page_again(viewer):
    viewer.open("?gallery=streets")
    field = viewer.page.locator("[data-action=range-max]")
    field.click()
    viewer.page.keyboard.press("Control+a")
    viewer.page.keyboard.type("40")
    viewer.press("Enter", diff=0)
    assert viewer.scale("depth")[2] == 40
    viewer.press("2", diff=2)
    assert field.input_value() == "40"


@pytest.mark.parametrize(
    ("field", "typed", "taken", "said"),
    [
        ("range-max", "402", "255.99", "402 m is farther than a picture can hold"),
        ("range-max", "1", "80", "not possible"),
        ("range-min", "0", "1", "they begin at 1 m"),
        ("diff-max", "402", "255.99", "402 m is farther than a picture can hold"),
        ("diff-max", "0", "10", "above 0 m"),
        ("diff-max", "0.001", "0.01", "too small"),
    ],
)
def test_numbers_that_can_not_be_taken_are_said(viewer, field, typed, taken, said):
    viewer.open("?gallery=streets&range=2..80&diff=2")
    control = viewer.page.locator(f"[data-action={field}]")
    control.fill(typed)
    viewer.page.keyboard.press("Enter")
    viewer.says(said)
    assert control.input_value() == taken


def test_an_address_with_ends_beyond_what_can_be_stored_says_so(viewer):
    viewer.open("?gallery=streets&range=2..402&diffmax=1000")
    assert viewer.scale("depth")[2] == viewer.scale("diff")[2] == 255.99
    viewer.says("range=2..402 (taken: 2..255.99)").says("diffmax=1000 (taken: 255.99)")


def test_the_range_comes_from_the_data_set_or_the_frame(viewer):
    viewer.open("?gallery=streets&spread=linear&index=1")
    button = viewer.page.locator("[data-action=range-next]")
    assert button.inner_text() == "data set"
    depths = np.concatenate([depth_of(method, 1).ravel() for method in METHODS])
    depths = depths[depths > 0] / 256
    viewer.press(",", index=1)
    low, high = viewer.scale("depth")[1:3]
    assert low <= depths.min() <= 1.01 * low + 0.01
    assert high / 1.01 <= depths.max() <= high
    assert button.inner_text() == "own range"
    button.click()
    viewer.says("2–98 %")
    low, high = viewer.scale("depth")[1:3]
    assert low == pytest.approx(np.percentile(depths, 2), rel=0.02)
    assert high == pytest.approx(np.percentile(depths, 98), rel=0.02)
    viewer.press(",", index=1)
    assert button.inner_text() == "data set"
    assert "range" not in viewer.query()


def test_what_the_panes_read_is_marked_on_the_bar(viewer):
    viewer.open("?gallery=streets&spread=linear&range=0..80")
    viewer.hover("teacher", 50, 40)
    (pointed,) = (mark["at"] for mark in marks(viewer, "depth", len(METHODS)) if mark["pointed"])
    depth = depth_of("teacher", 0)[40, 50] / 256
    ramp = viewer.page.locator("[data-scale=depth] .ramp").bounding_box()
    assert pointed == pytest.approx(ramp["x"] + ramp["width"] * depth / 80, abs=2)
    viewer.press("2", diff=2)
    marks(viewer, "diff", len(METHODS) - 1)
    marks(viewer, "depth", 1)  # the reference still shows depth
    viewer.page.mouse.move(2, 2)
    marks(viewer, "depth", 0)


def test_a_mark_on_the_bar_moves_and_is_not_made_anew_by_what_renders_next(viewer):
    viewer.open("?gallery=streets&spread=linear&range=0..80")
    viewer.hover("teacher", 50, 40)
    before = marks(viewer, "depth", len(METHODS))
    viewer.page.evaluate("window.kept = [...document.querySelectorAll('.readings i')]")
    viewer.press("ArrowRight", index=1)
    assert marks(viewer, "depth", len(METHODS)) != before
    assert viewer.page.evaluate("window.kept.every((mark) => mark.isConnected)")


def test_the_bar_says_what_its_ends_mean_and_what_lies_beyond(viewer):
    viewer.open("?gallery=streets")
    meanings = viewer.page.locator("[data-scale=depth] .meanings span")
    assert meanings.all_inner_texts() == ["near", "far"]
    caps = viewer.page.locator("[data-scale=depth] .beyond")
    assert [caps.nth(i).get_attribute("title") for i in (0, 1)] == ["Colour below 1", "Colour above 80"]
    for i in (0, 1):
        shown = caps.nth(i).evaluate("e => getComputedStyle(e).backgroundColor")
        assert shown == "rgb({}, {}, {})".format(*viewer.beyond("depth")[i])
    viewer.press("1", diff=1).press("x", diff=1)
    signed = viewer.page.locator("[data-scale=diff] .meanings span")
    assert signed.all_inner_texts() == ["nearer", "farther"]


def test_difference_colours_begin_dark_or_light(viewer):
    viewer.open("?gallery=streets&diff=1")
    dark = viewer.scale("diff")[0]
    viewer.act("zero")
    assert "zero=light" in viewer.query()
    light = viewer.scale("diff")[0]
    assert dark[0].sum() < 300 < 500 < light[0].sum()
    assert viewer.page.locator("[data-action=zero]").get_attribute("aria-pressed") == "true"


def test_the_letters_of_a_mode_and_the_spread_are_explained_where_they_stand(viewer):
    viewer.open("?gallery=streets&index=1&diff=2")
    mode = viewer.page.locator("[data-action=mode]")
    spread = viewer.page.locator("[data-action=spread-next]")
    assert all(f"depth {letter}" in mode.get_attribute("title") for letter in "ab")
    assert "each doubling of depth" in spread.get_attribute("title")
    viewer.press("g")
    viewer.page.locator("[data-action=spread-next][title*='each metre']").wait_for()
    viewer.press("e", mode="error")
    viewer.page.locator("[data-action=mode][title*='ground truth t']").wait_for()
    for action, formula in (("absolute", "|b − t|"), ("signed", "b − t")):
        button = viewer.page.locator(f".legend [data-action={action}]")
        assert button.inner_text() == formula
        assert "ground truth t" in button.get_attribute("title")
    assert viewer.pane("ground_truth").locator(".pane-note").first.inner_text() == "t"


@pytest.mark.parametrize("mode", ["diff=2", "mode=error", "mode=gain", "mode=delta1&diff=2"])
def test_in_a_narrow_window_the_controls_of_a_comparison_are_one_row(viewer, mode):
    viewer.page.set_viewport_size({"width": 390, "height": 800})
    viewer.open(f"?gallery=streets&index=1&{mode}")
    heights = viewer.page.locator('[data-scale="diff"] :is(select, button, input)').evaluate_all(
        "all => all.filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect())"
        ".map(({ top, bottom }) => (top + bottom) / 2)"
    )
    assert len(heights) > 2
    assert max(heights) - min(heights) < 4
    assert viewer.page.evaluate("document.documentElement.scrollWidth") == 390
