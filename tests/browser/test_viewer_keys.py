"""Keys, the address and the Back button."""

import re

from viewer_kit import FRAMES, METHODS

LAST = FRAMES - 1


def test_arrows_walk_the_frames_and_stop_at_both_ends(viewer):
    viewer.open()
    assert "index=0" in viewer.query()
    viewer.press("ArrowLeft", index=0).press("ArrowRight", index=1)
    assert "index=1" in viewer.query()
    assert viewer.data("teacher", "frame") == "street_1"
    assert viewer.page.title().startswith("Street 1 (2 of 5)")
    viewer.press("End", index=LAST).press("ArrowRight", index=LAST).press("ArrowLeft", index=LAST - 1)
    viewer.press("Home", index=0)
    assert viewer.data("image", "frame") == "street_0"


def test_digits_toggle_differences_and_ignore_methods_that_are_not_there(viewer):
    viewer.open().press("3", diff=3)
    assert "diff=3" in viewer.query()
    viewer.press("1", diff=1).press("1", diff=0)
    assert "diff" not in viewer.query()
    viewer.press("9", diff=0).says("4 methods")
    viewer.press("Numpad2", diff=2).press("0", diff=0).press("2", diff=2).press("Escape", diff=0)


def test_keys_with_modifiers_and_keys_while_typing_are_left_alone(viewer):
    viewer.open()
    for keys in ("Control+s", "Alt+ArrowRight", "Meta+2", "Control+d", "Control+l"):
        viewer.page.keyboard.press(keys)
    viewer.wait(index=0, diff=0)
    assert viewer.page.locator("[data-count=favorites]").inner_text() == "0"
    assert not viewer.page.locator("dialog[open]").count()
    viewer.press("i")
    viewer.page.keyboard.type("2")
    viewer.wait(index=0, diff=0)
    viewer.press("Enter", index=2)
    viewer.press("3", diff=3)


def test_letters_are_the_keys_that_say_so_and_digits_are_places(viewer):
    viewer.open()
    keyboard = viewer.page.context.new_cdp_session(viewer.page)

    def press(code: str, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            keyboard.send("Input.dispatchKeyEvent", {"type": kind, "code": code, "key": key, "text": key})

    press("Semicolon", "s")  # Dvorak
    viewer.says("Kept Street 0 as a favourite.")
    press("Digit2", "é")  # French
    viewer.wait(diff=2)
    press("KeyX", "ч")  # Russian
    viewer.page.wait_for_url("**signed=1*")


def test_escape_closes_the_menu_of_methods_first(viewer):
    viewer.open("?gallery=streets&diff=2")
    viewer.act("methods")
    menu = viewer.page.locator("#methods-menu")
    menu.wait_for(state="visible")
    viewer.press("Escape", diff=2)
    menu.wait_for(state="hidden")
    viewer.press("Escape", diff=0)


def test_the_menu_of_methods_is_used_from_the_keyboard(viewer):
    viewer.open()
    button = viewer.page.locator("[data-action=methods]")
    button.focus()
    viewer.page.keyboard.press("Enter")
    viewer.page.wait_for_selector("[data-action=methods][aria-expanded=true]")
    viewer.page.keyboard.press("Space")
    viewer.pane("ground_truth").wait_for(state="detached")
    viewer.page.keyboard.press("Tab")
    viewer.page.keyboard.press("Space")
    viewer.pane("teacher").wait_for(state="detached")
    assert "targets=baseline*tiekd" in viewer.query()
    viewer.page.keyboard.press("Escape")
    viewer.page.wait_for_selector("[data-action=methods][aria-expanded=false]")
    assert button.evaluate("b => b === document.activeElement")


def test_back_leads_through_what_was_looked_at(viewer):
    viewer.open().press("ArrowRight", index=1).press("2", diff=2).press("ArrowRight", index=2, diff=2)
    viewer.press("c", index=2).press("x", index=2)
    viewer.go_back()
    viewer.wait(index=1, diff=2)
    assert "signed=1" in viewer.query(), "Back is for places; sign and colours stay"
    assert "cmap=turbo_r" in viewer.query()
    assert viewer.data("tiekd", "frame") == "street_1"
    assert viewer.data("tiekd", "mode") == "diff"
    viewer.go_back()
    viewer.wait(index=1, diff=0)
    viewer.go_back()
    viewer.wait(index=0)
    viewer.page.go_forward()
    viewer.wait(index=1)


def test_held_key_writes_one_address(viewer):
    viewer.open()
    before = viewer.page.evaluate("history.length")
    viewer.page.keyboard.down("ArrowRight")
    # Repeats, made in the page: on a busy machine real ones come too slowly to be those of a held key.
    viewer.page.evaluate("""() => {
      const how = { code: 'ArrowRight', key: 'ArrowRight', repeat: true, bubbles: true };
      for (let i = 0; i < 8; i++) document.body.dispatchEvent(new KeyboardEvent('keydown', how));
    }""")
    viewer.page.keyboard.up("ArrowRight")
    viewer.wait(index=LAST)
    viewer.until(f"location.search.includes('index={LAST}')")
    assert viewer.page.evaluate("history.length") == before + 1
    viewer.go_back()
    viewer.wait(index=0)


def test_dragging_the_slider_is_one_step(viewer):
    viewer.open()
    before = viewer.page.evaluate("history.length")
    box = viewer.page.locator("[data-action=scrub]").bounding_box()
    y = box["y"] + box["height"] / 2
    viewer.page.mouse.move(box["x"] + 9, y)
    viewer.page.mouse.down()
    for index in range(1, FRAMES):
        viewer.page.mouse.move(box["x"] + 9 + (box["width"] - 18) * index / LAST, y)
        viewer.wait(index=index).until(f"location.search.includes('index={index}')")
    viewer.page.mouse.up()
    assert viewer.page.evaluate("history.length") == before + 1
    viewer.go_back()
    viewer.wait(index=0)


def test_numbers_out_of_range_are_said(viewer):
    viewer.open("?gallery=streets&index=99&columns=40&range=9..2&pixel=900,3")
    assert viewer.said() == [
        "Not possible here: range=9..2 (taken: none).",
        f"Not possible here: index=99 (taken: {LAST}), columns=40 (taken: 8), pixel=900,3 (taken: 199,3).",
    ]
    viewer.open()
    assert viewer.said() == []
    for typed, kept in (("77", LAST), ("-2", LAST)):
        viewer.page.locator("[data-action=index]").fill(typed)
        viewer.press("Enter", index=kept)
        assert viewer.said()[-1] == f"Not possible here: index={typed} (taken: {kept})."
        assert viewer.page.locator("[data-action=index]").input_value() == str(kept)


def test_view_survives_a_reload(viewer):
    look = "diff=1&signed=1&cmap=turbo_r&range=1..40&diffmax=5"
    viewer.open(f"?gallery=streets&index=2&targets=tiekd*teacher&{look}")
    before = viewer.query()
    assert viewer.page.locator("[data-pane]").evaluate_all("all => all.map(p => p.dataset.method)") == [
        "image", "tiekd", "teacher",
    ]  # fmt: skip
    assert viewer.data("teacher", "mode") == "diff"
    viewer.reload()
    viewer.wait(index=2, diff=1)
    assert viewer.query() == before
    assert viewer.scale("diff")[1:3] == (-5.0, 5.0)
    assert viewer.scale("depth")[1:3] == (1.0, 40.0)


def test_links_of_the_original_viewer_work(viewer):
    viewer.open("?targets=teacher,tiekd&indexes=0*2*4&index=2")
    assert "gallery=streets" in viewer.query()
    viewer.press("ArrowLeft", index=0).press("ArrowLeft", index=0).press("ArrowRight", index=2)
    viewer.press("ArrowRight", index=4)
    assert viewer.page.locator("[data-pane]").count() == 3
    viewer.open("?targets=teacher*tiekd&indexes=3,1")
    viewer.wait(index=3)
    viewer.open("?targets=teacher*nobody&index=99")
    viewer.wait(index=LAST)
    viewer.says("nobody")


def test_nonsense_in_the_address_falls_back_to_defaults(viewer):
    viewer.open("?gallery=streets&index=-3&diff=abc&range=9..2&cmap=constructor&columns=%ff&indexes=x")
    viewer.wait(index=0, diff=0)
    assert viewer.scale("depth")[2] == 80.0


def test_help_lists_every_key(viewer):
    viewer.open().press("?")
    text = viewer.page.locator("dialog[data-overlay=help]").inner_text()
    keymap = viewer.page.evaluate(
        "import('/static/viewer/input/keymap.js').then((m) => m.KEYMAP.map((b) => [b.show, b.label]))"
    )
    assert len(keymap) > 15
    assert all(show in text and label in text for show, label in keymap)
    viewer.press("ArrowRight", index=0)
    viewer.press("?", index=0)
    assert not viewer.page.locator("dialog[open]").count()


def test_controls_do_what_keys_do_and_say_their_key(viewer):
    viewer.open()
    viewer.act("next")
    viewer.wait(index=1)
    assert "→" in viewer.page.locator("[data-action=next]").get_attribute("title")
    viewer.pane("baseline").locator("[data-action=toggle-diff]").click()
    viewer.wait(diff=3)
    assert viewer.pane("baseline").locator("[aria-pressed=true]").count() == 1
    viewer.act("methods")
    viewer.page.locator("#methods-menu input[value=teacher]").uncheck()
    viewer.wait(diff=2)
    assert "targets=ground_truth*baseline*tiekd" in viewer.query()
    viewer.page.keyboard.press("Escape")
    viewer.page.locator("[data-action=cmap]").select_option("viridis_r")
    viewer.press("ArrowRight", index=2)
    assert "cmap=viridis_r" in viewer.query()


def test_slider_and_gallery_choice(viewer):
    viewer.open()
    viewer.page.locator("[data-action=scrub]").fill("3")
    viewer.wait(index=3)
    viewer.page.locator("[data-action=choose-gallery]").select_option("pictures")
    viewer.wait(index=0)
    viewer.page.wait_for_selector('[data-pane][data-method="first"]')
    viewer.go_back()
    viewer.wait(index=3)
    viewer.page.wait_for_selector('[data-pane][data-method="teacher"]')


def test_every_address_reads_back_as_the_same_view(viewer):
    viewer.open()
    trips = viewer.page.evaluate("""async () => {
      const { DEFAULT_VIEW } = await import('/static/viewer/state/fields.js');
      const { formatView, parseView } = await import('/static/viewer/state/url.js');
      const views = [
        DEFAULT_VIEW,
        { ...DEFAULT_VIEW, gallery: 'a & b', targets: ['x*y', 'p,q', 'ü %'], indexes: [0, 7], diff: 3 },
        { ...DEFAULT_VIEW, gallery: 'g', range: [0, 12.5], diffMax: 0.25, pixel: [0, 0], signed: true,
          columns: 2, axis: 'log', spread: 'linear', cmap: 'grey_r', index: 12 },
      ];
      return views.map((view) => [view, parseView(formatView(view))]);
    }""")
    assert len(trips) == 3
    assert all(before == after for before, after in trips)


def test_numbers_on_labels_are_the_keys(viewer):
    viewer.open("?gallery=streets&targets=tiekd*ground_truth")
    labels = viewer.page.locator("[data-pane] .chip:visible").all_inner_texts()
    assert labels == ["1", "2"]
    viewer.press("1", diff=1)
    assert viewer.data("tiekd", "reference") == "true"
    assert re.search(r"diff=1\b", viewer.query())
    assert len(METHODS) == 4
