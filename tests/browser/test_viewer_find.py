"""Frames and methods found by some letters of their names."""

import pytest
from viewer_kit import MANY, Viewer


@pytest.fixture
def many(viewer: Viewer) -> Viewer:
    return viewer.open("?gallery=many")


def rows(viewer: Viewer, kind: str) -> list[str]:
    options = viewer.page.locator(f"dialog[data-overlay=find-{kind}] [role=option]")
    return options.evaluate_all("rows => rows.map(row => row.title)")


def test_slash_jumps_to_a_frame_by_letters_and_by_number(many) -> None:
    many.page.keyboard.press("/")
    many.page.keyboard.type("fr 07")
    assert rows(many, "frame") == ["drive_1_frame_07"]
    many.page.keyboard.press("Enter")
    many.wait(index=7)
    assert not many.page.locator("dialog[open]").count()
    many.page.keyboard.press("a")  # on many keyboards "/" is Shift and a digit
    many.page.keyboard.type("3")
    assert rows(many, "frame")[0] == "drive_0_frame_03", "a number is first of all the frame's"
    many.page.keyboard.press("Enter")
    many.wait(index=3)


def test_the_list_is_a_combobox_for_those_who_hear_it(many) -> None:
    many.page.keyboard.press("/")
    box = many.page.get_by_role("combobox", name="Jump to a frame")
    chosen = many.page.locator("dialog[open] [aria-selected=true]")
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    many.page.keyboard.press("ArrowDown")
    many.page.keyboard.press("ArrowDown")
    assert chosen.get_attribute("title") == "drive_0_frame_02"
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    many.page.keyboard.type("zzz")
    assert "No name has these letters" in many.page.locator("dialog[open] [role=status]").inner_text()
    many.page.keyboard.press("Enter")
    many.page.keyboard.press("Escape")
    many.wait(index=0)
    assert not many.page.locator("dialog[open]").count()


def test_a_method_beyond_the_ninth_is_compared_with_kept_or_shown_alone(many) -> None:
    many.page.keyboard.press(".")
    many.page.keyboard.type("swin d")
    assert rows(many, "method")[0] == MANY[11]
    many.page.keyboard.press("Enter")
    many.wait(diff=13)
    many.page.keyboard.press(".")
    many.page.keyboard.type("swin c")
    many.page.keyboard.press("Shift+Enter")
    many.page.wait_for_function("location.search.includes('ref=12')")
    many.page.keyboard.press(".")
    many.page.keyboard.type("resnet b")
    many.page.keyboard.press("Control+Enter")
    many.page.wait_for_function(f"location.search.includes('targets={MANY[5]}')")


def test_a_method_that_is_not_on_show_is_shown_and_compared_with(viewer) -> None:
    viewer.open(f"?gallery=many&targets=ground_truth*{MANY[0]}")
    viewer.page.keyboard.press(".")
    viewer.page.keyboard.type("swin a")
    viewer.page.locator("dialog[open] [role=option]").first.click()
    viewer.wait(diff=3)
    viewer.pane(MANY[8]).wait_for()
