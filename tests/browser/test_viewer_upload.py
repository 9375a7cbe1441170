"""The visitor's own photo, by button and by dropping it."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from viewer_kit import read_npy

from tiekd.codecs import png16

NO_WAITING = """{
  const later = setTimeout;
  window.setTimeout = (run, ms, ...given) => later(run, ms === 9000 ? 0 : ms, ...given);
}"""
"""Messages of errors that go by themselves go at once."""
NAMES = ("adabins_test_resnet", "densedepth_dpm_test_resnet", "densedepth_test_resnet")


def predicted(viewer, model: str, photo) -> np.ndarray:
    answer = viewer.page.request.post(
        f"{viewer.base}/predict?model={model}&format=npy",
        multipart={"image": {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo.read_bytes()}},
    )
    return read_npy(answer.body())


def stored(depth_m: np.ndarray) -> np.ndarray:
    return png16.to_metres(png16.to_uint16(depth_m))


def test_every_model_runs_on_an_opened_photo(viewer, photo_file):
    viewer.open()
    viewer.page.set_input_files("input[type=file][name=image]", photo_file)
    viewer.page.wait_for_selector('[data-pane][data-method="adabins_test_resnet"]')
    viewer.wait(index=0)
    assert "gallery=your-photos" in viewer.query()
    assert viewer.page.locator("[data-frame-title]").inner_text() == "my street.jpg"
    assert viewer.pixels("image").shape == (90, 140, 4)
    for name in NAMES:
        assert viewer.pixels(name).shape == (90, 140, 4)
        reads(viewer, name, photo_file)
    viewer.press("1", diff=1)
    assert viewer.data(NAMES[1], "mode") == "diff"
    options = viewer.page.locator("[data-action=choose-gallery] option").all_inner_texts()
    assert "Your photos (1)" in options


def test_dropped_photos_become_further_frames(viewer, photo_file):
    viewer.open()
    drop = """([text, names]) => {
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      const files = new DataTransfer();
      for (const name of names) files.items.add(new File([bytes], name, { type: 'image/jpeg' }));
      const event = (type) => new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true });
      document.body.dispatchEvent(event('dragover'));
      const shown = !document.querySelector('.drop').hidden;
      document.body.dispatchEvent(event('drop'));
      return shown && document.querySelector('.drop').hidden;
    }"""
    photo = base64.b64encode(photo_file.read_bytes()).decode()
    assert viewer.page.evaluate(drop, [photo, ["a.jpg", "b.jpg"]])
    viewer.page.wait_for_selector(f'[data-pane][data-method="{NAMES[0]}"]')
    viewer.wait(index=1)
    assert viewer.page.locator("[data-frame-title]").inner_text() == "b.jpg"
    viewer.press("ArrowLeft", index=0)
    assert viewer.data(NAMES[0], "frame") == "photo-1"
    viewer.press("s")
    viewer.says("Kept a.jpg as a favourite.")


def opened(viewer, *files):
    """The page at the last of the photos, once every model has answered."""
    viewer.open()
    viewer.page.set_input_files("input[name=image]", list(files))
    viewer.page.wait_for_selector(f'html[data-index="{len(files) - 1}"] [data-method="{NAMES[0]}"]')
    return viewer.wait(index=len(files) - 1)


def kept(viewer, depths: int) -> None:
    """Until so many depths are stored in the browser."""
    viewer.page.wait_for_function(
        """async (count) => {
          const open = indexedDB.open('tiekd-photos');
          await new Promise((resolve) => (open.onsuccess = resolve));
          const counted = open.result.transaction('depths').objectStore('depths').count();
          await new Promise((resolve) => (counted.onsuccess = resolve));
          open.result.close();
          return counted.result === count;
        }""",
        arg=depths,
    )


def posts(viewer) -> list[str]:
    """Addresses of the POST requests from now on."""
    seen: list[str] = []
    viewer.page.on("request", lambda r: r.method == "POST" and seen.append(r.url.removeprefix(viewer.base)))
    return seen


def reads(viewer, name: str, photo, **query) -> None:
    """The pane reads what the server answers for the photo."""
    asked = predicted(viewer, "&".join([name, *(f"{k}={v}" for k, v in query.items())]), photo)
    viewer.hover(name, 70, 45)
    viewer.reads(name, stored(asked)[45, 70])


def saved_as(path: Path, name: str, **options) -> Path:
    """The picture in a file, in another file."""
    Image.open(path).save(path.with_name(name), **options)
    return path.with_name(name)


def test_all_models_run_on_one_upload(viewer, photo_file):
    asked = posts(viewer)
    opened(viewer, photo_file)
    assert asked == [f"/compare?models={','.join(sorted(NAMES))}&format=u16".replace(",", "%2C")]


def test_photos_and_depths_survive_a_reload(viewer, photo_file):
    opened(viewer, photo_file, saved_as(photo_file, "second.png"))
    viewer.press("ArrowLeft", index=0)
    viewer.wait()
    kept(viewer, 2 * len(NAMES))
    asked = posts(viewer)
    viewer.reload()
    viewer.wait(index=0)
    assert viewer.page.locator("[data-frame-title]").inner_text() == "my street.jpg"
    reads(viewer, NAMES[0], photo_file)
    viewer.press("ArrowRight", index=1)
    viewer.wait()
    assert viewer.page.locator("[data-frame-title]").inner_text() == "second.png"
    assert asked == [], "nothing is computed again"


def test_a_photo_is_removed_and_stays_removed(viewer, photo_file):
    opened(viewer, photo_file, saved_as(photo_file, "second.png"))
    viewer.act("photo-menu")
    viewer.act("remove-photo")
    viewer.wait(index=0)
    assert viewer.page.locator("[data-frame-title]").inner_text() == "my street.jpg"
    viewer.reload()
    viewer.wait(index=0)
    viewer.page.wait_for_selector("option:text-is('Your photos (1)')", state="attached")
    viewer.act("photo-menu")
    viewer.act("remove-photo")
    viewer.page.get_by_role("heading", name="No photo yet").wait_for()


def test_removing_all_photos_asks_once_more(viewer, photo_file):
    opened(viewer, photo_file, saved_as(photo_file, "second.png"))
    viewer.act("photo-menu")
    remove = viewer.page.locator("[data-action=remove-photos]")
    assert remove.inner_text() == "Remove all 2 photos"
    remove.click()
    assert remove.inner_text() == "Really remove all?"
    remove.click()
    viewer.page.get_by_role("heading", name="No photo yet").wait_for()


def test_the_focal_length_makes_depth_metric_for_the_camera(viewer, photo_file):
    opened(viewer, photo_file)
    reads(viewer, NAMES[2], photo_file)
    before = viewer.data(NAMES[2], "cursor-m")
    viewer.act("photo-menu")
    viewer.page.keyboard.type("900")
    viewer.page.keyboard.press("Enter")
    viewer.page.wait_for_selector("text=Photo · fx 900")
    viewer.wait()
    viewer.press("Escape")
    reads(viewer, NAMES[2], photo_file, fx=900)
    assert viewer.data(NAMES[2], "cursor-m") != before
    viewer.reload()
    viewer.wait(index=0)
    reads(viewer, NAMES[2], photo_file, fx=900)


def test_a_focal_length_can_be_stated_for_all_photos(viewer, photo_file):
    opened(viewer, photo_file, saved_as(photo_file, "second.png"))
    viewer.act("photo-menu")
    viewer.page.keyboard.type("500")
    viewer.page.keyboard.press("Enter")
    viewer.page.locator("#photo-menu input[type=checkbox]").check()
    viewer.press("Escape").press("ArrowLeft", index=0)
    viewer.page.wait_for_selector("text=Photo · fx 500")
    viewer.wait()
    reads(viewer, NAMES[0], photo_file, fx=500)


def test_a_broken_file_is_a_message_and_no_frame(viewer, photo_file, tmp_path):
    viewer.expect_fault("Failed to load resource")
    letter = tmp_path / "letter.jpg"
    letter.write_text("<html>not a picture</html>")
    half = tmp_path / "half.jpg"
    half.write_bytes(photo_file.read_bytes()[:2000])
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    viewer.page.add_init_script(NO_WAITING)
    viewer.open()
    for path, words in ((letter, "not a picture"), (half, "can't be decoded"), (empty, "file is empty")):
        viewer.page.set_input_files("input[name=image]", path)
        viewer.says(f"{path.name}: ")
        assert words in viewer.said()[-1]
        viewer.page.wait_for_selector("option:text('Your photos')", state="detached")
        messages = viewer.page.locator("[data-stays]")
        expect(messages).to_have_count(1)  # that of the file before went with this one
    messages.get_by_role("button").click()
    expect(messages).to_have_count(0)
    viewer.page.set_input_files("input[name=image]", [letter, photo_file, empty])
    viewer.page.wait_for_selector(f'[data-method="{NAMES[0]}"]')
    viewer.wait(index=0)
    assert viewer.page.locator("[data-frame-title]").inner_text() == "my street.jpg"
    expect(messages).to_have_count(2)


@pytest.mark.parametrize("status", [400, 500])
def test_any_refusal_of_what_the_browser_cannot_show_is_a_message(viewer, tmp_path, status):
    viewer.expect_fault("Failed to load resource")
    letter = tmp_path / "letter.jpg"
    letter.write_text("<html>not a picture</html>")
    refusal = json.dumps({"detail": "The disk of the server is full."})
    answer = {"status": status, "content_type": "application/problem+json", "body": refusal}
    viewer.page.route("**/compare?*", lambda route: route.fulfill(**answer))
    viewer.open()
    viewer.page.set_input_files("input[name=image]", letter)
    viewer.says("letter.jpg: The disk of the server is full.")


def test_a_kind_that_only_the_browser_knows_is_sent_as_a_png(viewer, photo_file):
    viewer.expect_fault("415")
    path = saved_as(photo_file, "street.avif")
    opened(viewer, path)
    assert viewer.pixels(NAMES[0]).shape == (90, 140, 4)
    assert viewer.data(NAMES[0], "error") is None


def test_a_photo_is_pasted(viewer, photo_file):
    viewer.open()
    paste = """(text) => {
      const files = new DataTransfer();
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      files.items.add(new File([bytes], 'image.png', { type: 'image/jpeg' }));
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: files, bubbles: true }));
    }"""
    viewer.page.evaluate(paste, base64.b64encode(photo_file.read_bytes()).decode())
    viewer.page.wait_for_selector(f'[data-method="{NAMES[0]}"]')
    viewer.wait(index=0)
    assert viewer.page.locator("[data-frame-title]").inner_text() == "image.png"


def test_without_storage_photos_stay_until_the_page_is_closed(viewer, photo_file):
    viewer.page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    opened(viewer, photo_file)
    viewer.says("is not kept after this page is closed")
    reads(viewer, NAMES[1], photo_file)
    viewer.press("Escape").press("1", diff=1)
    assert viewer.data(NAMES[1], "mode") == "diff"


def test_a_full_disk_is_a_message(viewer, photo_file):
    viewer.page.add_init_script("""IDBObjectStore.prototype.add = () => {
      throw new DOMException('full', 'QuotaExceededError');
    }""")
    opened(viewer, photo_file)
    viewer.says("no more room")
    reads(viewer, NAMES[1], photo_file)


def test_busy_server_is_waited_for(viewer, photo_file):
    viewer.expect_fault("503")
    calls = []

    def refuse_once(route):
        calls.append(route.request.url)
        if len(calls) > 1:
            route.continue_()
            return
        route.fulfill(
            status=503, headers={"Retry-After": "3"}, content_type="application/problem+json",
            body='{"title": "Not ready", "detail": "The model is warming up."}',
        )  # fmt: skip

    viewer.page.route("**/compare?*", refuse_once)
    viewer.open()
    viewer.page.set_input_files("input[name=image]", photo_file)
    viewer.page.get_by_text("The model is warming up.").first.wait_for()
    viewer.wait()
    assert viewer.data(NAMES[0], "error") is None
    assert viewer.pixels(NAMES[2]).shape == (90, 140, 4)


def test_one_failing_model_spares_the_others_and_can_be_tried_again(viewer, photo_file):
    problem = json.dumps({"status": 500, "detail": "It answers NaN.", "model": NAMES[0]})
    part = f"--b\r\nContent-Type: application/problem+json\r\nX-Model: {NAMES[0]}\r\n"
    part += f"Content-Length: {len(problem)}\r\n\r\n{problem}\r\n"

    def fail_first(route):
        real = route.fetch(url=route.request.url.replace(f"{NAMES[0]}%2C", ""))
        kind, body = real.headers["content-type"], real.body()
        boundary = kind.partition("boundary=")[2]
        route.fulfill(content_type=kind, body=part.replace("--b", f"--{boundary}", 1).encode() + body)

    viewer.page.route("**/compare?*", fail_first)
    opened(viewer, photo_file)
    assert "It answers NaN." in viewer.data(NAMES[0], "error")
    assert viewer.data(NAMES[1], "error") is None
    viewer.page.unroute("**/compare?*")
    viewer.pane(NAMES[0]).get_by_text("Try again").click()
    viewer.page.wait_for_selector(f'[data-method="{NAMES[0]}"]:not([data-error])')
    viewer.wait()
    reads(viewer, NAMES[0], photo_file)


def test_address_of_own_photos_without_photos_offers_to_open_one(viewer):
    viewer.open("?gallery=your-photos")
    assert viewer.page.get_by_role("heading", name="No photo yet").is_visible()
    viewer.page.locator("[data-action=choose-gallery]").select_option("streets")
    viewer.page.wait_for_selector('[data-pane][data-method="teacher"]')
