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


@pytest.fixture
def phone(chromium, server):
    """A narrow window under a finger, at its first visit."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True, bypass_csp=True
    )
    yield Viewer(context.new_page(), server)
    context.close()


def test_a_finger_is_told_what_to_tap_and_finds_the_modes(phone):
    phone.open()
    note(phone).wait_for(state="visible")
    said = note(phone).inner_text()
    assert "Tap the number" in said
    assert not {"Press", "Point"} & set(said.split())
    note(phone).get_by_role("button", name="Got it").tap()
    invitation = phone.page.locator(".invitation")
    assert invitation.is_visible()
    assert invitation.inner_text() == "Tap a number to compare"
    phone.page.locator("[data-action=mode]").select_option("error")
    phone.wait(mode="error")
    phone.page.locator("[data-action=mode]").select_option("depth")
    phone.wait(mode="depth")
    phone.page.locator("[data-pane] [data-action=compare-to]").first.tap()
    phone.wait(diff=1)


def test_the_foot_of_a_phone_has_three_rows_and_cuts_nothing(phone):
    phone.open()
    boxes = (
        phone.page.locator(".timeline")
        .locator("button, input, select")
        .evaluate_all(
            "all => all.filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect().toJSON())"
        )
    )
    assert all(box["left"] >= 0 and box["right"] <= 390 for box in boxes)
    assert len({round(box["top"] + box["height"] / 2) for box in boxes}) <= 3
    assert phone.page.locator(".brand a").bounding_box()["height"] >= 24
    tools = phone.page.locator("[data-action=sort], [data-action=filter], [data-action=only-favorites]")
    assert not any(tool.is_visible() for tool in tools.all())
    note(phone).get_by_role("button", name="Got it").tap()
    phone.page.get_by_role("button", name="Order").tap()
    for tool in tools.all():
        box = tool.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 800
