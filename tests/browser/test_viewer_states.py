"""Trouble, late answers, layout and looks."""

import threading

import pytest
from viewer_kit import BROKEN, METHODS, MISSING, depth_of, picture_of

from tiekd.methods import FAMILIES

SIZES = (800, 1280, 1920, 3840)


def test_missing_and_broken_pictures_are_explained_in_their_pane(viewer):
    viewer.open(f"?gallery=streets&index={MISSING[1]}")
    assert "no picture" in viewer.data(MISSING[0], "error")
    assert viewer.data("teacher", "error") is None
    viewer.press("3", diff=3)
    assert "Baseline has no picture" in viewer.data("teacher", "error")
    viewer.press("3", diff=0).press("End", index=BROKEN[1])
    assert viewer.data(BROKEN[0], "error")
    assert viewer.data("baseline", "error") is None


def test_what_is_left_out_is_said_with_the_reason(viewer):
    viewer.open("?gallery=brought&index=1")
    assert viewer.said() == ["Not everything is shown of exr. The menu of methods says why."]
    assert viewer.page.locator("[data-count=methods]").inner_text() == "2, 1 left out"
    viewer.act("methods")
    assert "1 × .exr (an OpenEXR picture)" in viewer.page.locator("#methods-menu .left-out").inner_text()


def test_frames_of_sub_folders_are_shown(viewer):
    viewer.open("?gallery=brought&index=0")
    assert viewer.data("net", "frame") == viewer.data("other", "frame") == "day 1/0"
    assert viewer.data("net", "error") is viewer.data("other", "error") is None
    assert viewer.pixels("image").shape == (*depth_of("net", 0).shape, 4)
    viewer.press("ArrowRight", index=1)
    assert viewer.data("other", "frame") == "night/0"
    assert viewer.page.locator("[data-count=methods]").inner_text() == "2, 1 left out"


def test_unknown_gallery_and_unreachable_server_end_in_words_and_a_way_on(viewer):
    viewer.expect_fault("404")
    viewer.expect_fault("ERR_FAILED")
    viewer.open("?gallery=nothing", state="error")
    assert "nothing" in viewer.page.locator(".blank p").inner_text()
    viewer.page.get_by_text("Show Test streets").click()
    viewer.wait(index=0)
    viewer.page.route("**/api/galleries", lambda route: route.abort())
    viewer.reload()
    viewer.wait("error")
    assert "can't be reached" in viewer.page.locator(".blank p").inner_text()
    viewer.page.unroute("**/api/galleries")
    viewer.page.get_by_text("Try again").click()
    viewer.wait("ready")


def test_a_gallery_that_is_named_opens_before_the_list_of_all(viewer):
    held = []

    def hold(route):
        held.append(route)

    viewer.page.route("**/api/galleries", hold)
    viewer.page.goto(f"{viewer.base}/?gallery=streets", wait_until="commit")
    viewer.wait("ready")
    chooser = viewer.page.locator("[data-action=choose-gallery]")
    assert chooser.locator("option").count() == 0
    for route in held:
        route.continue_()
    chooser.locator("option[value=streets]").wait_for(state="attached")
    assert chooser.input_value() == "streets"


def test_one_failing_picture_can_be_tried_again(viewer):
    viewer.expect_fault("ERR_FAILED")
    pattern = "**/streets/teacher/street_0.u16"
    viewer.page.route(pattern, lambda route: route.abort())
    viewer.open()
    assert "can't be reached" in viewer.data("teacher", "error")
    assert viewer.data("tiekd", "error") is None
    viewer.page.unroute(pattern)
    viewer.pane("teacher").get_by_text("Try again").click()
    viewer.page.wait_for_selector('[data-method="teacher"]:not([data-error])')
    viewer.wait()


def test_trying_again_helps_all_panes_and_the_neighbours_at_once(viewer):
    viewer.expect_fault("500")
    pattern = "**/streets/*/street_*.u16"
    viewer.page.route(pattern, lambda route: route.fulfill(status=500, body="{}"))
    viewer.open()
    viewer.page.wait_for_function("performance.getEntriesByName(location.origin +"
        " '/api/galleries/streets/tiekd/street_1.u16').length")  # fmt: skip
    assert all(viewer.data(method, "error") for method in METHODS)
    viewer.page.unroute(pattern)
    viewer.pane("teacher").get_by_text("Try again").click()
    viewer.page.wait_for_selector("html:not(:has([data-error]))")
    viewer.wait().press("ArrowRight", index=1)
    assert [viewer.data(method, "error") for method in METHODS] == [None] * len(METHODS)


def test_a_server_that_comes_back_is_noticed(viewer):
    viewer.expect_fault("ERR_FAILED")
    pattern = "**/streets/*/street_*.u16"
    viewer.page.route(pattern, lambda route: route.abort())
    viewer.open()
    assert "can't be reached" in viewer.data("teacher", "error")
    viewer.page.unroute(pattern)
    viewer.page.wait_for_selector("html:not(:has([data-error]))")
    viewer.wait().press("ArrowRight", index=1)
    assert [viewer.data(method, "error") for method in METHODS] == [None] * len(METHODS)


def test_a_list_of_galleries_that_comes_back_is_noticed(viewer):
    viewer.expect_fault("ERR_FAILED")
    viewer.page.route("**/api/galleries", lambda route: route.abort())
    viewer.open(state="error")
    viewer.page.unroute("**/api/galleries")
    viewer.wait("ready")


def test_a_button_keeps_the_keyboard_when_trying_again_fails_again(viewer):
    viewer.expect_fault("ERR_FAILED")
    viewer.page.route("**/api/galleries**", lambda route: route.abort())
    viewer.open(state="error")
    held = []
    viewer.page.route("**/api/galleries**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright sets attributes on it
    focused = "document.activeElement.textContent"
    viewer.page.get_by_role("button", name="Try again").press("Enter")
    viewer.wait("loading")
    viewer.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert viewer.page.evaluate(focused) == "Try again"
    for route in held:
        route.abort()
    viewer.wait("error")
    assert viewer.page.evaluate(focused) == "Try again"


def test_a_frame_without_a_photo_says_so(viewer):
    viewer.open("?gallery=coloured")
    assert viewer.pixels("image").any()
    viewer.press("ArrowRight", index=1)
    assert viewer.data("image", "error") == "This frame has no photo."
    assert not viewer.pixels("image").any()
    assert viewer.page.locator("html").get_attribute("data-busy") == "false"


def test_until_a_frame_is_there_its_panes_say_loading_and_read_nothing(viewer):
    viewer.open("?gallery=streets&index=0&targets=teacher&diff=1")
    viewer.hover("teacher", 50, 30)
    assert viewer.data("teacher", "cursor-m")
    held = []

    def hold(route):
        held.append(route)

    viewer.page.route("**/street_3*", hold)
    viewer.page.locator("[data-action=index]").fill("3")
    viewer.page.keyboard.press("Enter")
    viewer.wait("loading", index=3, busy="true")
    for method in ("image", "teacher"):
        viewer.page.wait_for_selector(f'[data-method="{method}"][data-stale=true]')
    viewer.hover("teacher", 60, 30)
    for method in ("image", "teacher"):
        pane = viewer.pane(method)
        assert viewer.data(method, "cursor-m") is None
        assert pane.locator(".pane-value").inner_text() == ""
        pane.get_by_text("Loading").wait_for()  # it is shown a moment later
        assert viewer.data(method, "frame") == "street_0", "the frame that the canvas holds"
        assert pane.get_attribute("aria-label").endswith(", Street 3, loading")
    for route in held:
        route.continue_()
    viewer.wait(index=3, busy="false")
    assert viewer.data("teacher", "stale") is None
    viewer.reads("teacher", depth_of("teacher", 3)[30, 60] / 256)


def test_cut_off_depth_is_not_shown(viewer):
    viewer.page.route("**/streets/teacher/street_0.u16", lambda route: route.fulfill(
        body=b"\0" * 10, headers={"X-Depth-Width": "200", "X-Depth-Height": "60"}))  # fmt: skip
    viewer.open()
    assert "10 bytes" in viewer.data("teacher", "error")


def test_late_answers_never_overwrite_newer_frames(viewer):
    held = threading.Event()
    late = []

    def hold(route):
        late.append(route)  # answered after the visitor has moved on
        held.set()

    viewer.open("?gallery=streets&index=0&targets=teacher&spread=linear")
    viewer.page.route("**/teacher/street_3.u16", hold)
    viewer.page.locator("[data-action=index]").fill("3")
    viewer.page.keyboard.press("Enter")
    viewer.wait("loading", index=3)
    assert viewer.data("teacher", "frame") == "street_0"
    viewer.press("Home", index=0)
    viewer.press("ArrowRight", index=1)
    assert held.is_set()
    for route in late:
        route.continue_()
    viewer.page.evaluate("fetch('/healthz').then((answer) => answer.text())")  # asked for later, and here
    assert viewer.data("teacher", "frame") == "street_1"
    viewer.hover("teacher", 50, 30)
    viewer.reads("teacher", depth_of("teacher", 1)[30, 50] / 256)


def test_a_letterboxed_pane_reads_only_inside_its_picture(viewer):
    viewer.open("?gallery=pictures&index=1&columns=3")
    wide, own = (viewer.pane(name).locator("[data-layer=depth]") for name in ("first", "other size"))
    box = own.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(40 / 24, rel=0.01)
    assert box["width"] < 0.7 * wide.bounding_box()["width"]
    reading = viewer.pane("other size").locator(".pane-value")
    for x, y in ((0, 0), (39, 23), (17, 5)):
        viewer.hover("other size", x, y)
        assert reading.inner_text() == " ".join(map(str, picture_of("other size", 1)[y, x]))
    viewer.page.mouse.move(box["x"] - 3, box["y"] + 20)
    assert reading.inner_text() == ""
    assert viewer.pane("first").locator(".pane-value").inner_text() == ""


@pytest.mark.parametrize("window", ["", "&zoom=16&at=45,15"])
def test_a_picture_of_another_shape_is_read_where_it_is_drawn(viewer, window):
    viewer.open(f"?gallery=pictures&index=1&columns=3{window}")
    pane = viewer.pane("other size")
    label = pane.locator(".pane-shape")
    assert label.inner_text() == "40 × 24: not aligned"
    assert "another shape than the photo, which is 90 × 30" in label.get_attribute("title")
    for x, y in ((45, 15), (38, 13), (49, 18)):
        viewer.hover("first", x, y)
        box = pane.locator("[data-layer=depth]").bounding_box()
        at_x, at_y = (pane.locator(f".cross {line}").bounding_box() for line in ("i", "b"))
        column = int((at_x["x"] - box["x"]) / box["width"] * 40)
        row = int((at_y["y"] - box["y"]) / box["height"] * 24)
        drawn = " ".join(map(str, picture_of("other size", 1)[row, column]))
        assert pane.locator(".pane-value").inner_text() == drawn, (x, y)
    if not window:
        viewer.hover("first", 10, 15)
        assert viewer.pane("first").locator(".pane-value").inner_text()
        assert pane.locator(".pane-value").inner_text() == "", "beside the picture nothing is read"


def test_neighbours_are_loaded_ahead(viewer):
    viewer.open("?gallery=streets&index=1&targets=teacher")
    loaded = viewer.page.wait_for_function("""() => {
      const names = performance.getEntriesByType('resource').map(({ name }) => name.split('/').at(-1));
      const depths = new Set(names.filter((name) => name.endsWith('.u16')));
      return depths.size > 2 && [...depths];
    }""")
    assert sorted(loaded.json_value()) == ["street_0.u16", "street_1.u16", "street_2.u16"]


@pytest.mark.parametrize("width", SIZES)
def test_page_fits_every_width(viewer, width):
    viewer.page.set_viewport_size({"width": width, "height": round(width * 0.6)})
    viewer.open()
    assert viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    hidden = viewer.page.evaluate("""() => {
      const controls = document.querySelectorAll('.bar > *, .timeline > *, .legend input, .legend select');
      const outside = ({ left, right }) => right > innerWidth + 1 || left < 0;
      return [...controls].filter((e) => e.checkVisibility() && outside(e.getBoundingClientRect()))
        .map((e) => e.outerHTML.slice(0, 80));
    }""")
    assert hidden == []
    boxes = viewer.page.locator("[data-layer=depth]").evaluate_all(
        "all => all.map((c) => { const b = c.getBoundingClientRect(); return b.width / b.height; })"
    )
    assert boxes == pytest.approx([200 / 60] * 5, rel=0.01)


@pytest.mark.parametrize(("width", "side"), [(800, "width"), (700, "height")])
def test_the_panel_leaves_half_of_a_small_window_to_the_pictures(viewer, width, side):
    viewer.page.set_viewport_size({"width": width, "height": 600})
    viewer.open("?gallery=streets&pixel=20,20")
    sizes = [viewer.page.locator(part).bounding_box()[side] for part in (".grid", ".inspector")]
    assert sizes[0] > 2 * sizes[1] - 1
    assert sizes[1] > 120


def test_the_end_of_a_long_name_stays_when_there_is_no_room(viewer):
    viewer.open()
    name = viewer.page.locator("[data-frame-title]")
    left = "e => e.getBoundingClientRect().left"
    assert name.evaluate(left) == name.locator("xpath=..").evaluate(left), "short ones stand at the left"
    name.evaluate("e => (e.textContent = 'a_long_drive_and_its_date_'.repeat(4) + '0000000051')")
    beyond = name.evaluate("""e => {
      const [inner, outer] = [e, e.parentElement].map((x) => x.getBoundingClientRect());
      return [outer.left - inner.left, inner.right - outer.right];
    }""")
    assert beyond[0] > 100
    assert beyond[1] == pytest.approx(0, abs=1)


def test_nothing_jumps_between_frames_differences_and_pointing(viewer):
    def places():
        return viewer.page.evaluate("""() =>
          [...document.querySelectorAll('[data-layer=depth], .legend, .timeline, .timeline > *')]
            .map((e) => Object.values(e.getBoundingClientRect().toJSON()))""")

    viewer.open("?gallery=streets&index=1")
    before = places()
    viewer.press("ArrowRight", index=2)
    assert places() == before
    viewer.press("2", diff=2)
    assert places() == before
    viewer.hover("tiekd", 20, 20)
    assert places() == before


def test_a_bar_in_another_unit_names_it_and_offers_no_metres(viewer):
    one_by_one = {"content_type": "text/javascript", "body": "import './main.js';"}  # to change one of them
    viewer.page.route("**/main.joined.js", lambda route: route.fulfill(**one_by_one))
    viewer.open("?gallery=streets&diff=1")
    select = viewer.page.locator("[data-scale=diff] [data-action=diff-max]")
    unit = viewer.page.locator("[data-scale=diff] .unit")
    assert (select.is_visible(), unit.is_visible()) == (True, False)
    viewer.page.evaluate("""async () => {
      const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
      const { difference } = await import(loaded.find((name) => name.endsWith('/modes/difference.js')));
      const inMetres = difference.legend;
      difference.legend = (state) => state.view.diff === 2
        ? { ...inMetres(state), what: 'ratio', unit: 'times' } : inMetres(state);
    }""")
    viewer.press("2", diff=2)
    unit.wait_for(state="visible")
    assert unit.inner_text() == "times"
    assert not select.is_visible()
    label = viewer.page.locator("[data-scale=diff] canvas").get_attribute("aria-label")
    assert label.startswith("Colours of ratio from 0 to ")
    assert label.endswith(" times, linear")
    viewer.press("3", diff=3)
    select.wait_for(state="visible")
    assert not unit.is_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_labels_are_legible(viewer, theme):
    viewer.open(f"?gallery=streets&theme={theme}")
    families = [*FAMILIES, "photo"]
    contrasts = viewer.page.evaluate("""(families) => {
      const canvas = new OffscreenCanvas(1, 1).getContext('2d');
      const luminance = (color) => {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
          .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const contrast = (a, b) => {
        const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
        return (x + 0.05) / (y + 0.05);
      };
      const ground = getComputedStyle(document.body).backgroundColor;
      const pane = document.querySelector('[data-pane][data-family=teacher]');
      return families.flatMap((family) => {
        pane.dataset.family = family;
        const name = getComputedStyle(pane.querySelector('.pane-name'));
        const chip = getComputedStyle(pane.querySelector('.chip'));
        return [contrast(name.color, ground), contrast(chip.color, chip.backgroundColor)];
      });
    }""", families)  # fmt: skip
    assert len(contrasts) == 2 * len(families) == 18
    assert min(contrasts) >= 4.5


def test_theme_key_turns_and_is_remembered_and_is_not_in_the_address(viewer):
    viewer.open()
    viewer.press("t", theme="dark")
    assert "theme" not in viewer.query()
    assert viewer.page.evaluate("getComputedStyle(document.body).colorScheme") in ("dark", "normal")
    dark = viewer.page.evaluate("getComputedStyle(document.body).backgroundColor")
    viewer.press("t", theme="light")
    assert viewer.page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    viewer.press("ArrowRight", index=1)
    viewer.go_back()
    viewer.wait(index=0, theme="light")
    viewer.open()
    viewer.wait(theme="light")
    assert 'data-theme="light"' in viewer.page.request.get(viewer.base).text(), "from the first picture on"
    viewer.open("?gallery=streets&theme=dark")
    viewer.wait(theme="dark")
    assert "theme" not in viewer.query(), "an old link shows its theme, and hands it on to nobody"
    viewer.open()
    viewer.wait(theme="light")


def test_the_page_needs_no_exception_from_its_policy(chromium, server):
    context, said = chromium.new_context(), []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    answer = page.goto(f"{server}/?gallery=streets&diff=2")
    page.wait_for_selector('html[data-viewer="ready"]')
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    policy = answer.header_value("content-security-policy")
    context.close()
    assert said == []
    assert "unsafe" not in policy


def test_focus_is_visible(viewer):
    viewer.open()
    viewer.page.keyboard.press("Tab")
    viewer.page.keyboard.press("Tab")
    outline = viewer.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2


def test_a_click_on_a_name_shows_the_difference_and_saves_nothing(viewer):
    viewer.open()
    saved = []
    viewer.page.on("download", lambda file: saved.append(file))  # noqa: PLW0108 - Playwright sets attributes on it
    viewer.pane("teacher").locator(".pane-name").click()
    viewer.wait(diff=2)
    viewer.pane("image").locator(".pane-name").click()
    viewer.pane("teacher").locator(".pane-name").click()
    viewer.wait(diff=0)
    assert saved == []


def test_what_is_shown_can_be_saved(viewer):
    viewer.open().press("2", diff=2)
    with viewer.page.expect_download() as saved:
        viewer.pane("tiekd").locator("[data-action=download]").click()
    assert saved.value.suggested_filename == "street_0, tiekd minus teacher, absolute.png"
    viewer.says("Saved street_0, tiekd")
    viewer.press("0", diff=0)
    with viewer.page.expect_download() as saved:
        viewer.page.get_by_label("Save the picture of Teacher as it is shown").press("Enter")
    assert saved.value.suggested_filename == "street_0, teacher, depth.png"
