"""What people without a mouse, without colours, with large text or a small screen need."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from viewer_kit import HEIGHT, WIDTH, Viewer, depth_of, photo_of

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
    viewer.page.wait_for_selector(".inspector[data-state=ready]")


def values(viewer: Viewer) -> None:
    viewer.open("?gallery=streets&index=1").press("q")
    viewer.page.wait_for_selector(".probe [data-value=tiekd]")


def profile(viewer: Viewer) -> None:
    viewer.open("?gallery=streets&index=1").press("y")
    viewer.page.wait_for_selector(".probe [data-abs-rel]")


def split(viewer: Viewer) -> None:
    viewer.open("?gallery=streets&index=1&layout=split")


def overlay(viewer: Viewer) -> None:
    viewer.open("?gallery=streets&index=1&layout=overlay&mode=error")


def counting(viewer: Viewer) -> None:
    viewer.open("?gallery=streets&index=1&box=10,5,60,30")
    viewer.page.get_by_role("button", name="Count").click()
    viewer.page.wait_for_selector("#counting:popover-open")


def own_photos(viewer: Viewer) -> None:
    viewer.open()
    data = io.BytesIO()
    photo_of(0).save(data, "JPEG")
    file = {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}
    viewer.page.set_input_files("input[type=file][name=image]", file)
    viewer.page.wait_for_selector("[data-pane][data-method=adabins_test_resnet]")
    viewer.wait(busy="false")


def no_photo(viewer: Viewer) -> None:
    viewer.open("?gallery=your-photos")


def broken(viewer: Viewer) -> None:
    viewer.open("?gallery=streets&index=4&diff=4")


STATES = [
    depth,
    difference,
    help_sheet,
    methods_menu,
    favourites,
    distributions,
    values,
    profile,
    split,
    overlay,
    counting,
    own_photos,
    no_photo,
    broken,
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing(viewer, state, scheme):
    viewer.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    state(viewer)
    assert faults_of(viewer) == []
    assert viewer.page.evaluate(TARGETS) == []


@pytest.mark.parametrize("width", [360, 390, 640, 800])
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


def test_the_keyboard_reads_every_pane_through_one_region(viewer):
    viewer.open("?gallery=streets&index=1&targets=teacher*tiekd&diff=1")
    regions = viewer.page.locator("[aria-live], output, [role=status]:not(.strip-note *)")
    x, y = WIDTH // 2, HEIGHT // 2
    viewer.page.keyboard.press("Shift+ArrowRight")
    viewer.page.keyboard.press("Shift+ArrowDown")
    own, reference = (depth_of(method, 1)[y + 1, x + 1] / 256 for method in ("tiekd", "teacher"))
    said = viewer.page.locator("[data-spoken]")
    said.filter(has_text=f"Column {x + 1}, row {y + 1}").wait_for(state="attached")
    words = f"TIE-KD {own:.2f} m, Δ {abs(own - reference):.2f} m"
    assert said.inner_text().endswith(f". Teacher {reference:.2f} m. {words}")
    assert viewer.pane("tiekd").locator(".pane-value").inner_text().startswith("Δ")
    before = regions.all_inner_texts()
    viewer.hover("tiekd", 5, 5)
    viewer.page.wait_for_timeout(250)
    assert viewer.pane("tiekd").get_attribute("data-cursor-m")
    assert regions.all_inner_texts() == before, "the mouse changes no live region"
    viewer.page.keyboard.press("Shift+ArrowLeft")
    said.filter(has_text="Column 4, row 5").wait_for(state="attached")
    viewer.page.keyboard.press("p")
    viewer.page.wait_for_url("**pixel=4,5*")
    viewer.page.keyboard.press("Shift+ArrowUp")
    viewer.page.wait_for_url("**pixel=4,4*")
    said.filter(has_text="Column 4, row 4").wait_for(state="attached")


def test_the_focus_comes_back_when_a_sheet_closes(viewer):
    viewer.open()
    for action, close in (("help", "Escape"), ("list", "Escape"), ("help", "?")):
        button = viewer.page.locator(f"[data-action={action}]")
        button.focus()
        viewer.page.keyboard.press("Enter")
        viewer.page.wait_for_selector("dialog[open]")
        viewer.page.keyboard.press(close)
        viewer.page.wait_for_selector("dialog[open]", state="detached")
        assert button.evaluate("e => e === document.activeElement")


def test_the_focus_can_be_seen_wherever_it_goes(viewer):
    viewer.open("?gallery=streets&diff=2&pixel=20,30")
    seen = []
    for _ in range(80):
        viewer.page.keyboard.press("Tab")
        found = viewer.page.evaluate("""() => {
          const at = document.activeElement;
          const shown = at.matches('input[type=file]') ? at.closest('label') : at;
          if (at === document.body) return null;
          return [at.outerHTML.slice(0, 80), getComputedStyle(shown).outlineWidth];
        }""")
        if found is None:
            break
        seen.append(found)
    assert len(seen) > 20
    assert [where for where, width in seen if float(width.removesuffix("px")) < 2] == []


def test_nothing_moves_for_those_who_want_less_motion(viewer):
    viewer.page.emulate_media(reduced_motion="reduce")
    viewer.open()
    moving = viewer.page.evaluate("""() => [...document.querySelectorAll('*')].filter((e) => {
      const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(e);
      const still = /^0s(, 0s)*$/.test(transitionDuration) && animationName === 'none';
      return !still || scrollBehavior === 'smooth';
    }).map((e) => e.outerHTML.slice(0, 80))""")
    assert moving == []


def test_forced_colours_keep_what_is_pressed_and_what_is_no_data(viewer):
    viewer.page.emulate_media(forced_colors="active")
    viewer.open("?gallery=streets&diff=2")
    look = (
        "e => { const s = getComputedStyle(e); return [s.outlineStyle, s.borderColor, s.forcedColorAdjust]; }"
    )
    pressed, other = (
        viewer.page.locator(f"[data-action={action}]").evaluate(look) for action in ("absolute", "signed")
    )
    assert pressed != other
    reference, shown = (
        viewer.pane(method).locator(".chip").evaluate(look) for method in ("teacher", "tiekd")
    )
    assert reference != shown
    hatch = (
        viewer.pane("ground_truth").locator(".ground").evaluate("e => getComputedStyle(e).backgroundImage")
    )
    assert "gradient" in hatch


def test_what_is_read_out_follows_the_frame_and_the_mode(viewer):
    viewer.open("?gallery=streets&index=1&targets=teacher*tiekd")
    said = viewer.page.locator("[data-spoken]")
    viewer.press("Shift+ArrowRight")
    x, y = WIDTH // 2 + 1, HEIGHT // 2

    def words(frame: int) -> str:
        teacher, tiekd = (depth_of(method, frame)[y, x] / 256 for method in ("teacher", "tiekd"))
        return f"Column {x}, row {y}. Teacher {teacher:.2f} m. TIE-KD {tiekd:.2f} m"

    def heard(text: str) -> None:
        viewer.page.wait_for_function(
            "t => document.querySelector('[data-spoken]').textContent === t", arg=text
        )

    heard(words(1))
    viewer.press("1", diff=1)
    said.filter(has_text=", Δ").wait_for(state="attached")
    viewer.press("1", diff=0)
    heard(words(1))
    viewer.press("ArrowRight", index=2)
    heard(f"Street 2, 3 of 5. {words(2)}")
    viewer.press("Shift+ArrowDown")
    y += 1
    heard(words(2))
    viewer.hover("tiekd", 5, 5)
    viewer.press("ArrowRight", index=3)
    heard("Street 3, 4 of 5")


def test_the_cursor_stays_in_sight_of_a_zoomed_picture(viewer):
    viewer.open("?gallery=streets&zoom=16&at=100,30")
    cross = viewer.pane("teacher").locator(".cross")
    for _ in range(25):
        viewer.page.keyboard.press("Shift+ArrowRight")
    viewer.page.locator("[data-spoken]", has_text="Column 125, row 30").wait_for(state="attached")
    stage = viewer.pane("teacher").locator(".stage").bounding_box()
    left = cross.evaluate("e => parseFloat(e.style.getPropertyValue('--x'))")
    assert 0 < left < stage["width"]
    viewer.until("location.search.includes('at=') && !location.search.includes('at=100,30')")
