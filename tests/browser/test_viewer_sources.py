"""What folders were taken for is told in the page, and a visitor declares it anew for this page alone."""

import numpy as np
import pytest
from viewer_kit import depth_of

DEPTH = depth_of("units", 0)
HIDDEN = "Its names say disparity or inverse depth."


def open_sheet(viewer) -> None:
    viewer.act("sources")
    viewer.page.wait_for_selector("[data-sources=ready]")


def card(viewer, name: str):
    return viewer.page.locator(f'[data-source="{name}"]')


def fact(viewer, name: str, term: str) -> str:
    return card(viewer, name).locator(f"dt:text-is('{term}') + dd").inner_text()


def declare(viewer, name: str, reading: str, **fields: str) -> None:
    form = card(viewer, name)
    form.locator("summary").click()
    form.locator("select").select_option(reading)
    for field, value in fields.items():
        form.locator(f"[name={field}]").fill(value)
    form.locator("[type=submit]").click()


@pytest.fixture
def units(viewer):
    """The gallery whose millimetres the server refuses."""
    viewer.expect_fault("422")
    return viewer.open("?gallery=units")


def test_every_folder_says_what_it_was_taken_for(units):
    open_sheet(units)
    assert fact(units, "metres", "Files") == "1 × 16-bit PNG"
    assert fact(units, "metres", "Read as") == "metres = number ÷ 256"
    assert fact(units, "disp_0", "Not shown").startswith(HIDDEN)
    values = card(units, "metres").locator("[data-seen]:has-text('numbers from')")
    assert values.inner_text().startswith(f"numbers from {DEPTH.min()} to {DEPTH.max()};")
    assert (
        "--source mm=scale=1000" in card(units, "mm").locator("[data-seen]:has-text('no depth')").inner_text()
    )


def test_millimetres_and_disparity_become_metres(units):
    open_sheet(units)
    declare(units, "mm", "millimetres", label="From mm, 1")
    units.page.wait_for_selector("[data-source=mm] h3:has-text('From mm, 1')")
    declare(units, "disp_0", "disparity")
    wrong = units.page.locator('[data-source="disp_0"] [role=alert]')
    assert wrong.inner_text().endswith("a value is needed, for example 389.6.")
    card(units, "disp_0").locator("[name=disparity]").fill("none")
    card(units, "disp_0").locator("[type=submit]").click()
    units.page.wait_for_selector('[data-source="disp_0"] [role=alert]:has-text("(got \'none\')")')
    units.expect_fault("400")
    card(units, "disp_0").locator("[name=disparity]").fill("389.6")
    card(units, "disp_0").locator("[type=submit]").click()
    units.page.wait_for_selector('[data-method="disp_0"][data-mode=depth]', state="attached")
    assert "as=mm=scale=1000,label=From%20mm%252C%201*disp_0=disparity=389.6" in units.query()
    for method in ("mm", "disp_0"):
        units.knows(method, 30, 20, DEPTH[20, 30] / 256, within=0.06)
    units.open(units.query())
    assert np.array_equal(units.pixels("mm").shape[:2], DEPTH.shape)
    assert units.pane("mm").locator(".name, figcaption").first.inner_text().count("From mm, 1")


def test_what_one_visitor_declares_is_not_shown_to_another(units, profile):
    open_sheet(units)
    declare(units, "metres", "other", scale="512")
    units.page.wait_for_selector("[data-source=metres] dd:has-text('÷ 512')")
    units.knows("metres", 30, 20, DEPTH[20, 30] / 512, within=0.01)
    other = profile.new_page()
    other.goto(units.base + "/?gallery=units")
    other.wait_for_selector("html[data-viewer=ready]")
    assert other.evaluate("tiekd.value('metres', 30, 20)") == pytest.approx(DEPTH[20, 30] / 256)
    other.close()
    assert "--source 'metres=scale=512'" in units.page.locator(".for-everybody code").inner_text()
    card(units, "metres").locator("summary").click()
    card(units, "metres").get_by_text("Back to the server").click()
    units.page.wait_for_selector("[data-source=metres] dd:has-text('÷ 256')")
    assert "as=" not in units.query()


def test_truth_and_folders_that_are_not_shown(units):
    open_sheet(units)
    card(units, "metres").locator("summary").click()
    card(units, "metres").locator("[name=truth]").check()
    card(units, "metres").locator("[type=submit]").click()
    units.page.wait_for_selector("[data-source=metres] h3 b:has-text('ground truth')")
    card(units, "mm").locator("summary").click()
    card(units, "mm").locator("[name=ignore]").check()
    card(units, "mm").locator("[type=submit]").click()
    units.page.wait_for_selector('[data-pane][data-method="mm"]', state="detached")
    assert units.pane("metres").get_attribute("data-family") == "ground_truth"


def test_a_link_that_declares_what_can_not_be_opens_all_the_same(viewer):
    viewer.expect_fault("400")
    viewer.expect_fault("422")
    viewer.open("?gallery=units&as=metres=scale=zero")
    viewer.says("What is declared of metres: scale:").says("as the server reads them")
    assert viewer.data("metres", "mode") == "depth"


def test_the_sheet_names_folders_in_which_nothing_can_be_read(viewer):
    open_sheet(viewer.open("?gallery=brought"))
    left_out = viewer.page.locator("dialog[data-overlay=sources] .left-out")
    assert left_out.locator("dt").all_inner_texts() == ["exr"]
    assert "Can't be read" in left_out.inner_text()


def test_what_a_configuration_can_not_hold_is_said_once_to_each_visitor(viewer):
    words = "Without a counterpart here: canvasThickness"
    viewer.open("?config=published").says(words)
    viewer.open("?config=published")
    assert not any(words in text for text in viewer.said())
    viewer.open("?config=published&index=0").says(words)


def test_a_link_of_the_second_published_viewer_lands_on_its_view(viewer):
    viewer.open("?config=published.json&indexes=2.0&index=0&diffIndex=1&shadow=1")
    shown = viewer.page.locator("[data-pane]:not([data-method=image])")
    assert [pane.get_attribute("data-method") for pane in shown.all()] == ["second", "first"]
    assert "Second, ours" in viewer.pane("second").inner_text()
    root = viewer.page.locator("html")
    assert (root.get_attribute("data-index"), root.get_attribute("data-diff")) == ("0", "2")
    viewer.says("Without a counterpart here: canvasThickness, targets.labelColor.")
    assert "config=" not in viewer.query()
    viewer.press("ArrowLeft", index=2)


def test_a_configuration_that_is_not_there_is_told(viewer):
    viewer.expect_fault("404")
    viewer.open("?config=publishd", state="error")
    assert "configuration 'publishd'" in viewer.page.locator(".blank").inner_text()
