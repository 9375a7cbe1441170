"""Modes by their keys: what html and panes say, and what the canvases hold, against numpy."""

import numpy as np
import pytest
from viewer_kit import HEIGHT, WIDTH, depth_of, painted


def test_shift_and_a_digit_keep_a_reference_without_changing_the_mode(viewer):
    viewer.open().wait(mode="depth", diff=0)
    viewer.press("Shift+Digit3", mode="depth", diff=0)
    assert "ref=3" in viewer.query()
    viewer.says("Baseline is the reference")
    viewer.press("2", mode="absolute", diff=2).press("Shift+Digit4", mode="absolute", diff=2)
    assert "ref=4" in viewer.query()
    viewer.press("Shift+Digit4", mode="absolute", diff=2)
    assert "ref=" not in viewer.query()
    viewer.press("Shift+Digit9", mode="absolute")
    viewer.says("4 methods")


def test_the_sign_is_a_mode_and_old_links_still_have_it(viewer):
    viewer.open("?gallery=streets&diff=2&signed=1").wait(mode="signed", diff=2)
    viewer.press("x", mode="absolute", diff=2).press("x", mode="signed", diff=2)
    viewer.press("0", mode="depth", diff=0).press("3", mode="signed", diff=3)
    viewer.go_back()
    viewer.wait(mode="depth", diff=0)


def pixels_of(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return rng.integers(0, HEIGHT, n), rng.integers(0, WIDTH, n)


def stored(method: str, frame: int = 0) -> np.ndarray:
    return depth_of(method, frame).astype(np.int64)


def check(viewer, method: str, values: np.ndarray, valid: np.ndarray) -> None:
    """At random pixels the canvas has the colour of the bar for these values."""
    rows, columns = pixels_of()
    scale = viewer.scale("diff")
    shown = viewer.pixels(method)[rows, columns]
    values, valid = values[rows, columns], valid[rows, columns]
    inside = valid & (values >= scale[1]) & (values <= scale[2])
    assert inside.sum() > 100
    assert np.array_equal(shown[inside][:, :3], painted(values[inside], *scale))
    assert (shown[valid][:, 3] == 255).all()
    assert (shown[~valid] == 0).all()


def test_relative_differences_are_shares_of_the_reference(viewer):
    viewer.open().press("Shift+Digit2").press("r", mode="relative", diff=2)
    a, b = stored("teacher"), stored("tiekd")
    check(viewer, "tiekd", np.round(65536 * (b - a) / a) / 65536, a > 0)
    assert viewer.data("tiekd", "mode") == "relative"
    assert viewer.data("teacher", "mode") == "depth"
    unit = viewer.page.locator("[data-scale=diff] [data-unit]")
    assert unit.inner_text() == "of a"
    viewer.hover("tiekd", 50, 30)
    share = (b[30, 50] / a[30, 50] - 1) * 100
    text = viewer.pane("tiekd").locator(".pane-value").inner_text()
    assert float(text.removesuffix(" %").replace("−", "-")) == pytest.approx(share, abs=0.05)
    viewer.press("r", mode="depth", diff=0)


def test_the_mask_shows_where_depth_is_within_a_factor_of_125(viewer):
    viewer.open("?gallery=streets&ref=1").press("u", mode="delta1", diff=1)
    table = viewer.scale("diff")[0]
    truth, own = stored("ground_truth"), stored("tiekd")
    valid = (truth > 0) & (own > 0)
    with np.errstate(divide="ignore"):
        ratio = np.maximum(truth / own, own / truth)
    classes = sum((ratio >= 1.25**k).astype(int) for k in (1, 2, 3))
    shown = viewer.pixels("tiekd")
    assert np.array_equal(shown[valid][:, :3], table[64 * classes[valid] + 32])
    assert (shown[~valid] == 0).all()
    share = 100 * (ratio[valid] < 1.25).mean()
    assert viewer.pane("tiekd").locator(".pane-mean").inner_text().startswith(f"δ < 1.25: {share:.1f} %")


def test_errors_are_differences_to_the_truth(viewer):
    viewer.open("?gallery=streets&diffmax=20").press("e", mode="error", diff=0)
    truth, own = stored("ground_truth"), stored("baseline")
    check(viewer, "baseline", np.abs(own - truth) / 256, (truth > 0) & (own > 0))
    assert viewer.data("ground_truth", "mode") == "depth"
    assert viewer.pane("ground_truth").get_by_text("t", exact=True).is_visible()
    viewer.press("x", mode="error")
    check(viewer, "baseline", (own - truth) / 256, (truth > 0) & (own > 0))
    viewer.press("Escape", mode="depth")


def test_gain_is_what_the_baseline_is_farther_off(viewer):
    viewer.open("?gallery=streets&diffmax=20").press("w", mode="gain")
    truth, base, own = stored("ground_truth"), stored("baseline"), stored("tiekd")
    gain = (np.abs(base - truth) - np.abs(own - truth)) / 256
    check(viewer, "tiekd", gain, truth > 0)
    assert viewer.pane("baseline").get_by_text("baseline a", exact=True).is_visible()
    viewer.press("Shift+Digit2", mode="gain")
    teacher = stored("teacher")
    check(viewer, "baseline", (np.abs(teacher - truth) - np.abs(base - truth)) / 256, truth > 0)


def test_without_truth_the_keys_say_what_is_missing(viewer):
    viewer.open("?gallery=pictures").press("e", mode="depth")
    viewer.says("no ground truth")


def test_without_a_baseline_gain_asks_for_one(viewer):
    viewer.open("?gallery=streets&targets=ground_truth*teacher*tiekd")
    viewer.press("w", mode="gain")
    note = viewer.page.locator(".legend-note")
    assert note.inner_text() == "The baseline is Baseline."
    viewer.open("?gallery=many").press("w", mode="depth").says("Gain needs a baseline.")
    viewer.page.locator("[data-action=mode]").select_option("gain")
    asked = [text for text in viewer.drawn().said() if "Gain needs a baseline." in text]
    assert len(asked) == 2, "the key and the menu ask for it"
    assert viewer.page.locator("[data-action=mode]").input_value() == "depth"
    viewer.press("Shift+Digit2", mode="depth").press("w", mode="gain")


def test_the_lists_say_and_set_what_is_compared_with_what(viewer):
    viewer.open()
    modes = viewer.page.locator("[data-action=mode]")
    against = viewer.page.locator("[data-action=against]")
    modes.select_option("relative")
    viewer.wait(mode="relative", diff=1)
    assert against.input_value() == "1"
    against.select_option(label="Baseline")
    viewer.wait(mode="relative", diff=3)
    viewer.press("0", mode="depth", diff=0)
    assert modes.input_value() == "depth"
    against.select_option(label="Teacher")
    viewer.wait(mode="depth", diff=0)
    assert "ref=2" in viewer.query()
    viewer.open("?gallery=brought")
    assert modes.locator("option").all_inner_texts()[-1] == "δ < 1.25", "no truth, no error"
