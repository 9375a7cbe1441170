"""Which methods are on show and in which order: the menu of methods, and their labels."""

import pytest
from viewer_kit import MANY, Viewer


@pytest.fixture
def menu(viewer: Viewer) -> Viewer:
    """The page of many methods with its menu open."""
    viewer.open("?gallery=many").act("methods")
    viewer.page.wait_for_selector("#methods-menu:popover-open")
    return viewer


def shown(viewer) -> list[str]:
    panes = viewer.page.locator("[data-pane]:not([data-method=image])")
    return panes.evaluate_all("panes => panes.map((pane) => pane.dataset.method)")


def wait_for(viewer, *methods: str) -> None:
    viewer.page.wait_for_function(
        "(wanted) => JSON.stringify([...document.querySelectorAll('[data-pane]')].map(p => p.dataset.method)"
        ".filter(m => m !== 'image')) === JSON.stringify(wanted)",
        arg=list(methods),
    )


def row(viewer, method: str):
    return viewer.page.locator(f'#methods-menu li[data-method="{method}"]')


def test_three_of_many_need_four_clicks(menu) -> None:
    menu.act("no-methods")
    assert "Nothing is ticked" in menu.page.locator("[data-menu-note]").inner_text()
    assert len(shown(menu)) == 13
    for name in (MANY[4], "ground_truth", MANY[9]):
        row(menu, name).locator("input").click()
    wait_for(menu, "ground_truth", MANY[4], MANY[9])
    menu.act("all-methods")
    wait_for(menu, "ground_truth", *MANY)


def test_typing_filters_and_enter_on_a_box_shows_only_that(menu) -> None:
    menu.page.keyboard.type("swin")
    assert menu.page.locator("#methods-menu li:visible").count() == 4
    menu.act("fitting-methods")
    wait_for(menu, *MANY[8:])
    row(menu, MANY[9]).locator("input").focus()
    menu.page.keyboard.press("Enter")
    wait_for(menu, MANY[9])
    row(menu, MANY[8]).hover()
    row(menu, MANY[8]).get_by_text("only").click()
    wait_for(menu, MANY[8])


def test_a_family_is_one_click(menu) -> None:
    chip = menu.page.locator("#methods-menu [data-action=method-family][data-family=ground_truth]")
    assert chip.get_attribute("aria-pressed") == "true"
    chip.click()
    wait_for(menu, *MANY)
    assert chip.get_attribute("aria-pressed") == "false"
    chip.click()
    wait_for(menu, *MANY, "ground_truth")


def test_rows_are_moved_by_keys_and_by_dragging(menu) -> None:
    row(menu, "ground_truth").locator("input").focus()
    menu.page.keyboard.press("ArrowDown")
    menu.page.keyboard.press("Alt+ArrowUp")
    wait_for(menu, MANY[0], "ground_truth", *MANY[1:])
    grip, goal = row(menu, MANY[11]).locator(".grip"), row(menu, MANY[0])
    grip.scroll_into_view_if_needed()
    grip.hover()
    menu.page.mouse.down()
    box = goal.bounding_box()
    menu.page.mouse.move(box["x"] + 5, box["y"] + 2, steps=4)
    menu.page.mouse.up()
    wait_for(menu, MANY[11], MANY[0], "ground_truth", *MANY[1:11])
    menu.reload()
    menu.wait()
    assert shown(menu)[0] == MANY[11]


def test_labels_say_once_what_they_share_and_show_where_they_differ(menu) -> None:
    assert menu.page.locator("[data-common]").inner_text() == "most: densedepth … run1_kitti"
    label = menu.pane(MANY[5]).locator(".pane-name")
    assert label.inner_text().replace("\n", "") == "resnet18_b"
    assert MANY[5] in label.get_attribute("title")
    colours = {
        menu.pane(name).evaluate("p => getComputedStyle(p.querySelector('.chip')).backgroundColor")
        for name in MANY[:8]
    }
    assert len(colours) == 8


def test_the_menu_fits_a_phone(menu) -> None:
    menu.page.set_viewport_size({"width": 360, "height": 640})
    menu.page.keyboard.press("Escape")
    menu.act("methods")
    box = menu.page.locator("#methods-menu").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
