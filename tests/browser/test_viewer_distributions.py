"""The panel of distributions over depth."""

import numpy as np
import pytest
from viewer_kit import depth_of, photo_of

MODELS = {
    "teacher": "adabins_test_resnet",
    "baseline": "densedepth_test_resnet",
    "tiekd": "densedepth_dpm_test_resnet",
}


def opened(viewer, x: int = 70, y: int = 41):
    viewer.open("?gallery=streets&index=1")
    viewer.click("tiekd", x, y)
    return settled(viewer)


def settled(viewer):
    viewer.page.wait_for_selector(".inspector[data-state=ready]", timeout=60_000)
    return viewer


def shown(viewer, method: str) -> str:
    return viewer.page.locator(f'[data-dpm="{method}"] .curve-expectation').inner_text()


def answered(viewer, model: str, x: int, y: int) -> dict:
    photo = viewer.page.request.get(f"{viewer.base}/api/galleries/streets/image/street_1").body()
    return viewer.page.request.post(
        f"{viewer.base}/dpm?model={model}&view=distribution&x={x}&y={y}",
        data=photo, headers={"Content-Type": "image/jpeg"},
    ).json()  # fmt: skip


def test_click_shows_what_every_model_believes_there(viewer):
    opened(viewer)
    for method, model in MODELS.items():
        answer = answered(viewer, model, 70, 41)
        assert shown(viewer, method) == f"{answer['expectation_m']:.2f} m"
        row = viewer.page.locator(f'[data-dpm="{method}"]')
        assert row.locator("svg.curve path.area").count() == 1
        assert row.locator("svg.curve line.expectation").count() == 1
        kind = "own distribution" if answer["source"] == "own" else f"{answer['target']} target of its depth"
        assert kind in row.inner_text()
    assert viewer.page.locator('[data-dpm="tiekd"] path.ghost').count() == 1
    assert viewer.page.locator('[data-dpm="teacher"] path.ghost').count() == 0
    assert photo_of(1).size == (200, 60)


def test_expectation_and_truth_stand_at_their_depth(viewer):
    opened(viewer)
    line = viewer.page.locator('[data-dpm="teacher"] line.expectation').get_attribute("x1")
    expected = answered(viewer, MODELS["teacher"], 70, 41)["expectation_m"]
    assert float(line) == pytest.approx(expected / 80 * 360, abs=0.01)
    truth = viewer.page.locator('[data-dpm="teacher"] line.truth').get_attribute("x1")
    assert float(truth) == pytest.approx(depth_of("ground_truth", 1)[41, 70] / 256 / 80 * 360, abs=0.01)


def test_panel_is_part_of_the_address_and_follows_frames(viewer):
    opened(viewer)
    assert "pixel=70,41" in viewer.query()
    first = shown(viewer, "teacher")
    viewer.page.reload()
    settled(viewer.wait(index=1))
    assert shown(viewer, "teacher") == first
    viewer.press("ArrowRight", index=2)
    viewer.page.wait_for_selector(".inspector[data-state=loading]")
    settled(viewer)
    assert shown(viewer, "teacher") != first


def test_keyboard_opens_moves_and_closes(viewer):
    viewer.open().press("p")
    settled(viewer)
    assert "pixel=100,30" in viewer.query()
    viewer.press("Shift+ArrowRight", index=0)
    viewer.press("Shift+ArrowUp", index=0)
    assert "x 101  y 29" in viewer.page.locator(".inspector").inner_text()
    viewer.press("Escape")
    assert viewer.page.locator(".inspector").is_hidden()
    assert "pixel" not in viewer.query()
    viewer.press("p").act("close-distributions")
    assert viewer.page.locator(".inspector").is_hidden()


def test_logarithmic_axis(viewer):
    opened(viewer).act("axis")
    viewer.page.wait_for_selector("text=log depth")
    line = viewer.page.locator('[data-dpm="teacher"] line.expectation').get_attribute("x1")
    expected = answered(viewer, MODELS["teacher"], 70, 41)["expectation_m"]
    assert float(line) == pytest.approx(np.log(expected / 1) / np.log(80) * 360, abs=0.01)
    assert "axis=log" in viewer.query()


def test_pixel_outside_is_brought_inside(viewer):
    viewer.open("?gallery=streets&pixel=9999,9999")
    settled(viewer)
    assert "x 199  y 59" in viewer.page.locator(".inspector").inner_text()


def test_failing_model_says_why_and_the_others_stay(viewer):
    viewer.expect_fault("400")

    def refuse(route):
        if MODELS["baseline"] in route.request.url:
            problem = '{"detail": "No such pixel."}'
            route.fulfill(status=400, content_type="application/problem+json", body=problem)
        else:
            route.continue_()

    viewer.page.route("**/dpm*", refuse)
    opened(viewer)
    assert "No such pixel." in viewer.page.locator('[data-dpm="baseline"]').inner_text()
    assert shown(viewer, "teacher").endswith(" m")


def test_works_on_own_photos(viewer, photo_file):
    viewer.open()
    viewer.page.set_input_files("input[name=image]", photo_file)
    viewer.page.wait_for_selector('[data-pane][data-method="adabins_test_resnet"]')
    viewer.wait()
    viewer.click("image", 20, 80)
    settled(viewer)
    assert viewer.page.locator(".curve-row svg.curve").count() == 3
    assert "pixel=20,80" in viewer.query()
