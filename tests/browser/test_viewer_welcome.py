"""The first visit."""

import pytest
from viewer_kit import Viewer


def note(viewer: Viewer):
    return viewer.page.locator(".welcome")


def test_the_first_visit_says_what_to_do_and_the_next_does_not(viewer):
    viewer.open()
    note(viewer).wait_for(state="visible")
    assert note(viewer).locator("p").count() == 3
    keys = note(viewer).locator("kbd").all_inner_texts()
    assert {"1 – 9", "→", "?"} <= set(keys)
    note(viewer).get_by_role("button", name="Got it").click()
    note(viewer).wait_for(state="hidden")
    viewer.open()
    assert not note(viewer).is_visible()
    viewer.press("?")
    assert "Press the number of a method" in viewer.page.locator("dialog[open]").inner_text()


@pytest.mark.parametrize("act", ["key", "click"])
def test_the_note_takes_no_key_and_no_click(viewer, act):
    viewer.open()
    box = note(viewer).bounding_box()
    if act == "key":
        viewer.press("2", diff=2)
    else:
        viewer.page.mouse.move(box["x"] + 20, box["y"] + 20)
        assert viewer.page.locator("[data-cursor-m]").count() > 0, "pictures below are read"
        viewer.page.mouse.click(box["x"] + 20, box["y"] + 20)
    note(viewer).wait_for(state="hidden")


def test_the_idle_bar_invites_to_compare(viewer):
    viewer.open()
    invitation = viewer.page.locator(".invitation")
    assert invitation.inner_text() == "Press 1 – 9 to compare"
    viewer.press("2", diff=2)
    assert not invitation.is_visible()
    viewer.press("2", diff=0)
    assert invitation.is_visible()
