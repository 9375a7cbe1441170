"""Menus, number fields and scrolling from the keyboard, and the page's interface for scripts."""

import pytest
from viewer_kit import HEIGHT, WIDTH, depth_of

HAS_FOCUS = "e => e === document.activeElement"


def test_a_menu_acts_on_the_choice_and_not_on_the_way_to_it(viewer):
    viewer.open()
    menu = viewer.page.locator("[data-action=cmap]")
    menu.focus()
    viewer.page.keyboard.press("ArrowDown")
    viewer.page.wait_for_function("document.querySelector('[data-action=cmap]').matches(':open')")
    viewer.page.keyboard.press("ArrowDown")
    assert "cmap" not in viewer.query()
    viewer.page.keyboard.press("Enter")
    viewer.page.wait_for_url("**cmap=turbo_r*")
    assert menu.evaluate(HAS_FOCUS)
    viewer.press("ArrowRight", index=1).press("2", diff=2)
    assert menu.evaluate(HAS_FOCUS)
    assert menu.input_value() == "turbo_r", "keys of the page do not choose"


@pytest.mark.parametrize("end", ["min", "max"])
def test_a_number_field_gives_the_keyboard_back(viewer, end):
    viewer.open("?gallery=streets&range=1..50")
    field = viewer.page.locator(f"[data-action=range-{end}]")
    field.focus()
    viewer.page.keyboard.press("Control+a")
    viewer.page.keyboard.type("40")
    viewer.page.keyboard.press("Enter")
    viewer.press("2", diff=2)
    assert f"range={'40..50' if end == 'min' else '1..40'}" in viewer.query()
    field.focus()
    viewer.page.keyboard.type("7")
    viewer.page.keyboard.press("Escape")
    viewer.press("ArrowRight", index=1)
    assert field.input_value() == "40", "Escape leaves what was"
    viewer.page.locator("[data-action=index]").focus()
    viewer.page.keyboard.press("Control+a")
    viewer.page.keyboard.type("3")
    viewer.page.keyboard.press("Enter")
    viewer.wait(index=3)
    viewer.press("ArrowLeft", index=2)


def test_the_pictures_scroll_from_the_keyboard_when_there_is_more_of_them(viewer):
    viewer.open("?gallery=streets&columns=1")
    top = "document.querySelector('.grid').scrollTop"
    assert viewer.page.evaluate(top) == 0
    for forth, back in (("PageDown", "PageUp"), ("Space", "Shift+Space"), ("ArrowDown", "ArrowUp")):
        viewer.page.keyboard.press(forth)
        viewer.page.wait_for_function(f"{top} > 0")
        viewer.page.keyboard.press(back)
        viewer.page.wait_for_function(f"{top} === 0")
    viewer.page.locator("[data-action=next]").focus()
    viewer.press("Space", index=1)
    assert viewer.page.evaluate(top) == 0, "on a button Space presses it"
    viewer.page.locator("[data-action=index]").focus()
    viewer.page.keyboard.press("PageDown")
    assert viewer.page.evaluate(top) == 0, "keys of a field are the field's"


def test_scripts_read_and_set_the_view(viewer):
    viewer.open()
    assert viewer.page.evaluate("tiekd.view.index") == 0
    viewer.page.evaluate("tiekd.view = {index: 3, cmap: 'grey_r'}")
    viewer.wait(index=3)
    assert "cmap=grey_r" in viewer.query()
    viewer.page.evaluate("tiekd.view.index = 2")
    viewer.wait(index=2)
    assert viewer.page.evaluate("JSON.stringify(tiekd.view)").startswith('{"gallery":"streets","index":2,')
    said = viewer.page.evaluate("(() => { try { tiekd.view.idx = 1 } catch (e) { return e.message } })()")
    assert said == 'The view has no field "idx". Did you mean index?'
    said = viewer.page.evaluate(
        "(() => { try { tiekd.view = {index: 9} } catch (e) { return e.message } })()"
    )
    assert said == (
        "index can't be 9 here. Allowed: the number of a frame, from 0. This gallery would make it 4."
    )
    viewer.wait(index=2)


def test_scripts_read_depth_in_metres(viewer):
    viewer.open("?gallery=streets&index=2&diff=2")
    for method in ("ground_truth", "tiekd"):
        stored = depth_of(method, 2)
        places = [(0, 0), (WIDTH - 1, HEIGHT - 1), (3, 40), (77, 30)]
        read = viewer.page.evaluate(
            "([method, places]) => places.map(([x, y]) => tiekd.value(method, x, y))", [method, places]
        )
        assert read == [stored[y, x] / 256 if stored[y, x] else None for x, y in places]
    beyond = [("tiekd", WIDTH, 0), ("tiekd", 0, -1), ("tiekd", 0.5, 0), ("nobody", 0, 0), ("image", 0, 0)]
    for place in beyond:
        assert viewer.page.evaluate("(place) => tiekd.value(...place)", place) is None
