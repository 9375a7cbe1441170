"""The visitor's own photo, by button and by dropping it."""

import base64

import numpy as np
from viewer_kit import read_npy

NAMES = ("adabins_test_resnet", "densedepth_dpm_test_resnet", "densedepth_test_resnet")


def predicted(viewer, model: str, photo) -> np.ndarray:
    answer = viewer.page.request.post(
        f"{viewer.base}/predict?model={model}&format=npy",
        multipart={"image": {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo.read_bytes()}},
    )
    return read_npy(answer.body())


def stored(depth_m: np.ndarray) -> np.ndarray:
    return np.maximum(1, np.floor(depth_m.astype(float) * 256 + 0.5)) / 256


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
        viewer.hover(name, 70, 45)
        assert float(viewer.data(name, "cursor-m")) == stored(predicted(viewer, name, photo_file))[45, 70]
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
    assert "can't be favourites" in viewer.page.locator("[data-notice]").inner_text()


def test_what_is_no_picture_is_explained_in_every_pane(viewer, tmp_path):
    viewer.expect_fault("Failed to load resource")
    path = tmp_path / "letter.jpg"
    path.write_text("<html>not a picture</html>")
    viewer.open()
    viewer.page.set_input_files("input[name=image]", path)
    viewer.page.wait_for_selector(f'[data-pane][data-method="{NAMES[0]}"][data-error]')
    viewer.wait()
    for name in ("image", *NAMES):
        message = viewer.data(name, "error")
        assert message, name
        assert message[0].isupper()
        assert "Error" not in message
    assert viewer.pane(NAMES[0]).get_by_text("Try again").is_visible()


def test_busy_server_is_waited_for(viewer, photo_file):
    viewer.expect_fault("503")
    calls = []

    def refuse_once(route):
        calls.append(route.request.url)
        if len(calls) > len(NAMES):
            route.continue_()
            return
        route.fulfill(
            status=503, headers={"Retry-After": "1"}, content_type="application/problem+json",
            body='{"title": "Not ready", "detail": "The model is warming up."}',
        )  # fmt: skip

    viewer.page.route("**/predict*", refuse_once)
    viewer.open()
    viewer.page.set_input_files("input[name=image]", photo_file)
    viewer.page.get_by_text("The model is warming up.").first.wait_for()
    viewer.wait()
    assert viewer.data(NAMES[0], "error") is None
    assert viewer.pixels(NAMES[2]).shape == (90, 140, 4)


def test_address_of_own_photos_without_photos_offers_to_open_one(viewer):
    viewer.open("?gallery=your-photos")
    assert viewer.page.get_by_role("heading", name="No photo yet").is_visible()
    viewer.page.locator("[data-action=choose-gallery]").select_option("streets")
    viewer.page.wait_for_selector('[data-pane][data-method="teacher"]')
