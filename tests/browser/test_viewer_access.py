"""What people without a mouse, without colours, with large text or a small screen need."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from viewer_kit import Viewer

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"]
TARGETS = """() => {
  const things = 'button, select, input:not(label input), label:has(input), a.button';
  const all = [...document.querySelectorAll(things)];
  return all.filter((e) => e.checkVisibility({ visibilityProperty: true })).flatMap((e) => {
    const { width, height } = e.getBoundingClientRect();
    return width < 24 || height < 24 ? [`${e.outerHTML.slice(0, 90)} ${width} × ${height}`] : [];
  });
}"""
"""What can be pressed and is smaller than 24 × 24 pixels."""


def faults_of(viewer: Viewer) -> list[str]:
    found = Axe().run(viewer.page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [
        f"{fault['impact']}: {fault['help']}: {[node['html'][:90] for node in fault['nodes']]}"
        for fault in found.response["violations"]
    ]


def depth(viewer: Viewer) -> None:
    viewer.open()


def difference(viewer: Viewer) -> None:
    viewer.open("?gallery=streets&diff=2&index=1")


def help_sheet(viewer: Viewer) -> None:
    viewer.open().press("?")


def methods_menu(viewer: Viewer) -> None:
    viewer.open().act("methods")


def favourites(viewer: Viewer) -> None:
    viewer.open().press("s").press("l")


def distributions(viewer: Viewer) -> None:
    viewer.open("?gallery=streets&pixel=20,30")
    viewer.page.wait_for_selector(".inspector[data-state=ready]", timeout=60_000)


def no_photo(viewer: Viewer) -> None:
    viewer.open("?gallery=your-photos")


def broken(viewer: Viewer) -> None:
    viewer.open("?gallery=streets&index=4&diff=4")


STATES = [depth, difference, help_sheet, methods_menu, favourites, distributions, no_photo, broken]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(viewer, state, scheme):
    viewer.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    state(viewer)
    assert faults_of(viewer) == []
    assert viewer.page.evaluate(TARGETS) == []


@pytest.mark.parametrize("width", [360, 390, 640])
def test_a_narrow_page_fits_and_has_everything_behind_a_button(viewer, width):
    viewer.page.set_viewport_size({"width": width, "height": 780})
    viewer.open("?gallery=streets&diff=2")
    assert viewer.page.evaluate("document.documentElement.scrollWidth") == width
    assert faults_of(viewer) == []
    assert viewer.page.evaluate(TARGETS) == []
    assert not viewer.page.locator("[data-action=theme]").is_visible()
    viewer.page.locator("[popovertarget=more]").click()
    viewer.page.locator("[data-action=theme]").click()
    viewer.wait(theme="dark")
    assert faults_of(viewer) == []
    viewer.page.keyboard.press("Escape")
    assert not viewer.page.locator("[data-action=theme]").is_visible()
    assert viewer.page.locator("[popovertarget=more]").evaluate("e => e === document.activeElement")
