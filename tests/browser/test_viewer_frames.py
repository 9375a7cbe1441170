"""Frames by their errors: the filmstrip, orders, filters, and where one is."""

import numpy as np
import pytest
from viewer_kit import MANY, MANY_FRAMES, Viewer, error_of

NET = MANY[3]
ERRORS = np.array([error_of(NET, frame) for frame in range(MANY_FRAMES)])
NOTE = "document.querySelector('[data-strip-note]').textContent"


@pytest.fixture
def frames(viewer: Viewer) -> Viewer:
    """The page of many methods with the errors of one of them in the filmstrip."""
    return settled(viewer.open(f"?gallery=many&by={NET}"))


def settled(viewer: Viewer) -> Viewer:
    """Until all frames are scored."""
    viewer.page.wait_for_function(f"/^(mean )?(AbsRel|RMSE|SILog|1 − δ1)/.test({NOTE})")
    return viewer


def stands(viewer: Viewer, place: str) -> None:
    """Until the page says so: "1st of 12", or only the end of it."""
    viewer.until(f"document.querySelector('[data-count=frames]').textContent.endsWith('{place}')")


def walked(viewer: Viewer, count: int) -> list[int]:
    """Numbers of the first frames that the arrows walk."""
    viewer.page.keyboard.press("Home")
    found = []
    for _ in range(count):
        viewer.wait()
        found.append(int(viewer.page.locator("html").get_attribute("data-index")))
        viewer.page.keyboard.press("ArrowRight")
    return found


def test_j_walks_through_the_orders_and_the_arrows_follow(frames) -> None:
    frames.press("j", sort="worst")
    assert walked(frames, 5) == list(np.argsort(-ERRORS)[:5])
    frames.press("j", sort="best")
    assert walked(frames, 5) == list(np.argsort(ERRORS)[:5])
    assert "sort=best" in frames.query()
    frames.reload()
    settled(frames.wait(sort="best"))
    assert walked(frames, 3) == list(np.argsort(ERRORS)[:3])


def test_orders_against_the_baseline_ask_for_one_and_say_which_it_is(frames) -> None:
    frames.press("j", sort="worst").press("j", sort="best").press("j", sort="name")
    frames.says("This order needs a baseline.")
    frames.page.locator("[data-action=sort]").select_option("regression")
    frames.wait(sort="regression")
    frames.page.wait_for_function(f"{NOTE}.startsWith('This order needs a baseline.')")
    frames.press("Shift+Digit2", sort="regression")
    settled(frames)
    title = frames.page.locator("[data-action=sort]").get_attribute("title")
    assert MANY[0] in title
    behind = ERRORS - np.array([error_of(MANY[0], frame) for frame in range(MANY_FRAMES)])
    first = walked(frames, 1)[0]
    assert behind[first] == pytest.approx(behind.max(), abs=0.002)


def test_the_note_says_the_error_of_the_frame_and_the_ends(frames) -> None:
    said = frames.page.locator("[data-strip-note]").inner_text()
    assert said == f"AbsRel {ERRORS[0]:.3f} ({ERRORS.min():.3f} to {ERRORS.max():.3f})"
    frames.page.locator("[data-action=metric]").select_option("rmse")
    frames.page.wait_for_function(f"{NOTE}.startsWith('RMSE')")
    assert f"RMSE {10 * ERRORS[0]:.2f}" in frames.page.locator("[data-strip-note]").inner_text()


def test_a_filter_leaves_frames_out_and_is_kept_in_the_link(frames) -> None:
    stands(frames, "1st of 12")
    frames.page.locator("[data-action=filter]").click()
    frames.page.keyboard.type("drive_1")
    frames.wait(index=5)
    stands(frames, "1st of 5")
    frames.page.keyboard.type(" >0.1")
    wanted = [frame for frame in range(5, 10) if ERRORS[frame] > 0.1]
    stands(frames, f"of {len(wanted)}")
    frames.page.keyboard.press("Enter")
    assert walked(frames, len(wanted)) == wanted
    frames.page.wait_for_function("location.search.includes('filter=drive_1%20%3E0.1')")
    frames.reload()
    settled(frames.wait())
    stands(frames, f"of {len(wanted)}")
    frames.act("all-frames")
    frames.page.wait_for_function("!location.search.includes('filter')")
    stands(frames, "of 12")
    frames.page.locator("[data-action=filter]").fill("nowhere")
    frames.page.wait_for_function(f"{NOTE} === 'No frame fits the filter.'")


def test_a_filter_walks_within_the_frames_of_the_link(viewer) -> None:
    viewer.open("?gallery=many&indexes=2*6*8*11&filter=drive_1&index=6")
    stands(viewer, "1st of 2")
    assert walked(viewer, 3) == [6, 8, 8]
    viewer.reload()
    stands(viewer, "2nd of 2")
    settled(viewer.open(f"?gallery=many&by={NET}&indexes=2*6*8*11&sort=worst&filter=drive"))
    wanted = sorted([2, 6, 8, 11], key=lambda frame: -ERRORS[frame])
    assert walked(viewer, 4) == wanted
    viewer.page.locator("[data-action=filter]").fill("drive_2")
    stands(viewer, "1st of 1")
    viewer.wait(index=11)
    viewer.page.locator("[data-action=filter]").fill("")
    stands(viewer, "of 4")
    assert "indexes=2*6*8*11" in viewer.query()


def test_favourites_are_marked_and_can_be_walked_alone(frames) -> None:
    def marked() -> int:
        return frames.page.evaluate(
            """() => {
              const canvas = document.querySelector('.filmstrip');
              const wanted = getComputedStyle(canvas).textDecorationColor.match(/\\d+/g).map(Number);
              const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
              let count = 0;
              for (let i = 0; i < data.length; i += 4)
                count += Number(data[i + 3] === 255 && wanted.every((v, k) => data[i + k] === v));
              return count;
            }"""
        )

    assert marked() == 0
    frames.press("End", index=11).press("s").press("Home", index=0).press("s")
    frames.page.wait_for_function("document.querySelector('[data-count=favorites]').textContent === '2'")
    assert marked() > 10
    frames.act("only-favorites")
    frames.page.wait_for_function("location.search.includes('filter=is%3Afavourite')")
    frames.press("ArrowRight", index=11).press("d")
    frames.wait(index=0)


def test_the_filmstrip_is_clicked_dragged_and_hidden(frames) -> None:
    track = frames.page.locator(".track").bounding_box()
    cell = track["width"] / MANY_FRAMES
    middle = track["y"] + track["height"] / 2
    frames.page.mouse.click(track["x"] + 4.5 * cell, middle)
    frames.wait(index=4)
    frames.page.mouse.move(track["x"] + 4.5 * cell, middle)
    frames.page.mouse.down()
    frames.page.mouse.move(track["x"] + 8.5 * cell, middle, steps=3)
    frames.page.mouse.up()
    frames.wait(index=8)
    tip = frames.page.locator(".strip-tip")
    assert tip.inner_text() == f"drive_1_frame_08   AbsRel {ERRORS[8]:.3f}"
    frames.page.mouse.move(10, 100)
    frames.page.locator("[data-action=scrub]").blur()
    frames.page.keyboard.press("h")
    frames.page.wait_for_selector(".track[data-strip=slim]")
    assert "strip=off" in frames.query()


def test_where_nothing_can_be_compared_the_strip_is_slim(viewer) -> None:
    viewer.open("?gallery=pictures")
    assert viewer.page.locator(".track").get_attribute("data-strip") == "slim"
    viewer.press("j", sort="name")
    viewer.page.locator("[data-notice]", has_text="no ground truth").wait_for()
    viewer.open("?gallery=pictures&sort=worst").wait(sort="worst")
    viewer.page.locator("[data-strip-note]", has_text="no ground truth").wait_for()


def test_the_title_and_the_field_say_which_frame_of_how_many(viewer) -> None:
    viewer.open("?gallery=streets&index=2")
    assert viewer.page.title() == "Street 2 (3 of 5) · tiekd"
    stands(viewer, "3rd of 5")


def test_the_timeline_fits_a_phone(frames) -> None:
    beside = frames.page.locator(".timeline").evaluate(
        """(footer) => {
          footer.style.width = '360px';
          const parts = [...footer.querySelectorAll('button, input, select, .track')];
          const right = footer.getBoundingClientRect().right;
          return parts.filter((e) => e.getBoundingClientRect().right > right).map((e) => e.outerHTML);
        }"""
    )
    assert beside == []


def test_a_long_note_takes_no_row_from_the_tools(frames) -> None:
    frames.page.set_viewport_size({"width": 1400, "height": 900})
    rows = frames.page.locator(".timeline").evaluate(
        """(footer) => {
          const note = footer.querySelector('[data-strip-note]');
          note.textContent = 'Computing errors: 3 of 2,000 … The order is that of the errors. '.repeat(2);
          footer.querySelector('[data-action=sort-again]').hidden = false;
          const parts = [...footer.querySelectorAll('button, select, .title')];
          const shown = parts.filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect());
          return [...new Set(shown.map(({ top, height }) => Math.round(top + height / 2)))];
        }"""
    )
    assert max(rows) - min(rows) <= 2
