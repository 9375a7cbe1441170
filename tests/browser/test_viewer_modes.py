"""Modes by their keys: what html and panes say, and what the canvases hold, against numpy."""


def test_shift_and_a_digit_keep_a_reference_without_changing_the_mode(viewer):
    viewer.open().wait(mode="depth", diff=0)
    viewer.press("Shift+Digit3", mode="depth", diff=0)
    assert "ref=3" in viewer.query()
    assert "Baseline is the reference" in viewer.page.locator("[data-notice]").inner_text()
    viewer.press("2", mode="absolute", diff=2).press("Shift+Digit4", mode="absolute", diff=2)
    assert "ref=4" in viewer.query()
    viewer.press("Shift+Digit4", mode="absolute", diff=2)
    assert "ref=" not in viewer.query()
    viewer.press("Shift+Digit9", mode="absolute")
    assert "4 methods" in viewer.page.locator("[data-notice]").inner_text()


def test_the_sign_is_a_mode_and_old_links_still_have_it(viewer):
    viewer.open("?gallery=streets&diff=2&signed=1").wait(mode="signed", diff=2)
    viewer.press("x", mode="absolute", diff=2).press("x", mode="signed", diff=2)
    viewer.press("0", mode="depth", diff=0).press("3", mode="signed", diff=3)
    viewer.page.go_back()
    viewer.wait(mode="depth", diff=0)
