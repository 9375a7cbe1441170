"""The panel of distributions over depth."""

import json
import re

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
    viewer.page.wait_for_selector(".inspector[data-state=ready]")
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
    viewer.reload()
    settled(viewer.wait(index=1))
    assert shown(viewer, "teacher") == first
    settled(viewer.press("ArrowRight", index=2))
    assert shown(viewer, "teacher") != first


def test_keyboard_opens_moves_and_closes(viewer):
    viewer.open().press("p")
    settled(viewer)
    assert "pixel=100,30" in viewer.query()
    viewer.press("Shift+ArrowRight", index=0)
    viewer.press("Shift+ArrowUp", index=0)
    assert "101, 29" in viewer.page.locator(".inspector").inner_text()
    viewer.press("Escape")
    assert viewer.page.locator(".inspector").is_hidden()
    assert "pixel" not in viewer.query()
    viewer.press("p").act("close-distributions")
    assert viewer.page.locator(".inspector").is_hidden()


def test_logarithmic_axis(viewer):
    opened(viewer).act("axis")
    viewer.page.wait_for_selector("[data-action=axis]:text-is('log')")
    line = viewer.page.locator('[data-dpm="teacher"] line.expectation').get_attribute("x1")
    expected = answered(viewer, MODELS["teacher"], 70, 41)["expectation_m"]
    assert float(line) == pytest.approx(np.log(expected / 1) / np.log(80) * 360, abs=0.01)
    assert "axis=log" in viewer.query()


def test_pixel_outside_is_brought_inside(viewer):
    viewer.open("?gallery=streets&pixel=9999,9999")
    settled(viewer)
    assert "199, 59" in viewer.page.locator(".inspector").inner_text()


def test_failing_model_says_why_and_the_others_stay(viewer):
    def refuse(route):
        name = MODELS["baseline"]
        real = route.fetch(url=route.request.url.replace(f"%2C{name}", ""))
        entry = json.dumps({"model": name, "status": 400, "detail": "No such pixel."})
        route.fulfill(content_type="application/json", body=f"[\n{entry}\n,{real.text()[2:]}")

    viewer.page.route("**/dpm?*", refuse)
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


def boxes(viewer) -> list[dict]:
    return viewer.page.evaluate(
        "[...document.querySelectorAll('.stage')].map((s) => s.getBoundingClientRect().toJSON())"
    )


@pytest.mark.parametrize("x", [20, 190])
def test_opening_moves_no_picture_and_covers_no_pixel_that_was_picked(viewer, x):
    viewer.open("?gallery=streets&index=1&columns=2")
    before = boxes(viewer)
    method = "teacher" if x < 100 else "ground_truth"
    viewer.click(method, x, 41)
    settled(viewer)
    assert boxes(viewer) == before
    viewer.hover(method, x, 41)
    assert viewer.data(method, "cursor-m") is not None, "the pixel is still under the pointer"
    side = viewer.page.locator(".inspector").get_attribute("data-side")
    assert side in {"left", "right"}


def test_docked_it_has_a_place_of_its_own_and_stays_so(viewer):
    opened(viewer)
    viewer.act("dock")
    for _ in range(2):
        viewer.until("""(() => {
          const panel = document.querySelector('.inspector').getBoundingClientRect();
          const stages = [...document.querySelectorAll('.stage')].map((one) => one.getBoundingClientRect());
          return stages.length > 0 && stages.every(({ right }) => right <= panel.left);
        })()""")
        viewer.reload()
        settled(viewer.wait(index=1))


def test_in_a_narrow_window_it_is_a_sheet_at_the_foot(viewer):
    viewer.page.set_viewport_size({"width": 390, "height": 800})
    viewer.open("?gallery=streets&index=1").press("p")
    settled(viewer)
    panel = viewer.page.locator(".inspector").bounding_box()
    assert panel["x"] == 0
    assert panel["width"] == 390
    assert panel["height"] < 450
    assert viewer.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_pick_is_one_request_for_all_models_and_no_further_photo(viewer):
    asked = []
    viewer.page.on("request", lambda r: asked.append((r.method, r.url.removeprefix(viewer.base))))
    opened(viewer)
    asked.clear()
    viewer.hover("tiekd", 71, 42)
    settled(viewer.press("Shift+ArrowRight", index=1))
    posts = [url for method, url in asked if method == "POST"]
    assert len(posts) == 1
    assert all(name in posts[0] for name in MODELS.values())
    assert not [url for _, url in asked if "/image/" in url]


def test_methods_that_are_not_served_are_marks_at_their_depth(viewer):
    viewer.page.route("**/api/models", lambda route: without(route, MODELS["baseline"]))
    opened(viewer)
    row = viewer.page.locator('[data-reading="baseline"]')
    depth = depth_of("baseline", 1)[41, 70] / 256
    assert f"{depth:.2f} m" in row.inner_text()
    assert "this server has no such model" in row.inner_text()
    assert float(row.locator("line.stored").get_attribute("x1")) == pytest.approx(depth / 80 * 360, abs=0.01)
    assert viewer.page.locator("[data-dpm]").count() == 2


def test_a_depth_without_a_model_keeps_its_bound_its_precision_and_its_axis(viewer):
    for y, words in ((0, r"^≥ \d+\.\d m$"), (30, r"^\d+\.\d ±0\.\d\d m$")):
        settled(viewer.open(f"?gallery=coloured&index=0&pixel=50,{y}"))
        row = viewer.page.locator('[data-reading="drawn"]')
        said = row.locator("header b").inner_text()
        assert re.match(words, said)
        assert row.locator("svg.curve").get_attribute("aria-label") == f"Depth {said}"
        assert row.locator(".axis text").count() == row.locator(".gridline").count() > 2


def test_the_panel_says_why_no_model_runs(viewer):
    foot = viewer.page.locator(".inspector > p")
    settled(viewer.open("?gallery=coloured&index=0&pixel=50,30"))
    assert foot.inner_text().startswith("None of the methods on show is a model of this server")
    settled(viewer.open("?gallery=coloured&index=1&pixel=40,30"))
    assert foot.inner_text().startswith("There is no photo here")


def without(route, name: str) -> None:
    body = route.fetch().json()
    body["models"] = [model for model in body["models"] if model["name"] != name]
    route.fulfill(json=body)


def test_the_target_that_the_student_learned_is_drawn_with_its_sigma(viewer):
    viewer.page.route("**/api/models", lambda route: with_target(route, "gaussian", 4))
    opened(viewer)
    row = viewer.page.locator('[data-dpm="tiekd"]')
    assert "dotted: its gaussian target, σ 4 m" in row.inner_text()
    assert row.locator("path.target").count() == 1
    assert viewer.page.locator('[data-dpm="teacher"] path.target').count() == 0
    spikes = viewer.page.locator('[data-dpm="teacher"] .curve-note')
    assert "Spikes" in spikes.inner_text()
    assert "plateau" in viewer.page.locator('[data-dpm="baseline"] .curve-note').inner_text()


def with_target(route, kind: str, sigma_m: float) -> None:
    body = route.fetch().json()
    for model in body["models"]:
        if model["name"] == MODELS["tiekd"]:
            model.update(target=kind, sigma_m=sigma_m)
    route.fulfill(json=body)


@pytest.mark.parametrize("kind", ["published", "gaussian"])
def test_the_page_draws_targets_by_the_formula_of_the_server(viewer, kind):
    viewer.open()
    photo = viewer.page.request.get(f"{viewer.base}/api/galleries/streets/image/street_1").body()
    said = viewer.page.request.post(
        f"{viewer.base}/dpm?model={MODELS['tiekd']}&x=9&y=9&source=target&target={kind}&sigma_m=5",
        data=photo, headers={"Content-Type": "image/jpeg"},
    ).json()  # fmt: skip
    made = viewer.page.evaluate(
        """async ([edges, depth, kind]) => {
          const { targetDpm } = await import('/static/viewer/paint/target-dpm.js');
          return targetDpm(edges, depth, { sigma: 5, kind });
        }""",
        [said["bin_edges_m"], said["depth_m"], kind],
    )
    np.testing.assert_allclose(made, said["probability"], atol=2e-6)


def test_scrolling_for_the_sheet_moves_no_reading(viewer):
    viewer.page.set_viewport_size({"width": 390, "height": 800})
    viewer.open("?gallery=streets")
    box = viewer.pane("ground_truth").locator(".stage").bounding_box()
    at = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
    touch = viewer.page.context.new_cdp_session(viewer.page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    viewer.page.locator(".inspector").wait_for()  # the finger rests
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    x, y = viewer.page.evaluate("tiekd.view.pixel")
    viewer.reads("teacher", depth_of("teacher", 0)[y, x] / 256)
    before = viewer.page.evaluate("document.querySelector('.grid').scrollTop")
    viewer.page.evaluate("document.querySelector('.grid').scrollBy(0, 40)")
    assert viewer.page.evaluate("document.querySelector('.grid').scrollTop") > before
    viewer.press("ArrowRight", index=1)
    viewer.reads("teacher", depth_of("teacher", 1)[y, x] / 256)
