"""The numbers of the panes are those of `tiekd eval --predictions` on the same stored pictures."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner
from viewer_kit import METHODS, SCORED_SIZES, depth_of, make_scored

from tiekd.cli.main import app
from tiekd.metrics import depth_metrics
from tiekd.types import DepthRange

NAMES = {"abs-rel": "abs_rel", "rmse": "rmse", "delta1": "delta1", "silog": "silog"}


def scored(viewer, method: str) -> dict[str, float]:
    pane = viewer.pane(method)
    viewer.page.wait_for_selector(f'[data-pane][data-method="{method}"][data-rank]')
    return {ours: float(pane.get_attribute(f"data-{hook}")) for hook, ours in NAMES.items()}


def expected(method: str, frame: int, crop: str | None = None, cap=(0.001, 80.0)) -> dict[str, float]:
    truth, own = depth_of("ground_truth", frame) / 256, depth_of(method, frame) / 256
    found = depth_metrics(np.clip(own, *cap), truth, depth_range=DepthRange(*cap), crop=crop)
    return {name: found[name] for name in NAMES.values()}


def test_each_pane_has_its_numbers_rank_and_what_they_count(viewer):
    viewer.open("?gallery=streets&index=1")
    methods = [method for method in METHODS if method != "ground_truth"]
    found = {method: scored(viewer, method) for method in methods}
    for method in methods:
        assert found[method] == pytest.approx(expected(method, 1), abs=1e-6), method
        assert viewer.data(method, "stat-box") == "none"
    order = sorted(methods, key=lambda method: found[method]["abs_rel"])
    assert [viewer.data(method, "rank") for method in order] == ["1", "2", "3"]
    truth = depth_of("ground_truth", 1) / 256
    valid = int(((truth > 0.001) & (truth < 80)).sum())
    assert viewer.data("teacher", "valid-pixels") == str(valid)
    for absent in ("ground_truth", "image"):
        assert viewer.data(absent, "abs-rel") is None
    line = viewer.pane("teacher").locator(".pane-scores").inner_text()
    assert viewer.page.locator("[data-count=pixels]").inner_text() == "≤ 80 m"
    assert "no crop, up to 80 m" in viewer.pane("teacher").locator(".pane-scores").get_attribute("title")
    assert f"{found['teacher']['abs_rel']:.3f}" in line


LABELS = """panes => panes.map((pane) => {
  const [facts, scores] = [pane.querySelector('.pane-facts'), pane.querySelector('.pane-scores')];
  const inSight = (part) => part.offsetTop - facts.offsetTop < 10;
  return [...scores.children].map((part) => [part.textContent.split(' ')[0], inSight(part)]);
})"""


@pytest.mark.parametrize("width", [390, 1280, 1440])
def test_all_panes_show_the_same_numbers_and_the_toolbar_what_they_count(width, viewer):
    viewer.page.set_viewport_size({"width": width, "height": 800})
    viewer.open("?gallery=many&box=garg")
    last = viewer.page.locator('[data-pane][data-rank="12"]')
    last.wait_for()
    viewer.page.wait_for_function(  # as soon as the panes have their room
        "[...document.querySelectorAll('[data-rank]')].every((pane) => pane.querySelector('.pane-scores b'))"
    )
    shown = viewer.page.locator("[data-rank]").evaluate_all(LABELS)
    names = {tuple(name for name, _ in parts[1:]) for parts in shown}
    assert len(names) == 1, "the same in all"
    assert names.pop()[0] == "AbsRel"
    assert all(in_sight for parts in shown for _, in_sight in parts), "none falls out of its line"
    count = viewer.page.locator("[data-count=pixels]")
    assert count.is_visible()
    assert count.inner_text() == "Garg ≤ 80 m"
    viewer.hover("ground_truth", 20, 15)
    assert viewer.page.locator("[data-rank]").evaluate_all(LABELS) == shown, "also while one points"


def test_the_key_walks_the_crops_and_a_cap_counts_less(viewer):
    viewer.open("?gallery=streets")
    for crop in ("garg", "eigen"):
        viewer.press("k")
        viewer.page.wait_for_selector(f'[data-method="tiekd"][data-stat-box="{crop}"]')
        assert f"box={crop}" in viewer.query()
        assert scored(viewer, "tiekd") == pytest.approx(expected("tiekd", 0, crop), abs=1e-6)
    viewer.press("k")
    viewer.page.wait_for_selector('[data-method="tiekd"][data-stat-box="none"]')
    viewer.open("?gallery=streets&cap=5..30")
    assert scored(viewer, "tiekd") == pytest.approx(expected("tiekd", 0, cap=(5.0, 30.0)), abs=1e-6)
    assert viewer.page.locator("[data-count=pixels]").inner_text() == "5–30 m"


def test_without_truth_the_numbers_are_against_the_chosen_reference_and_say_so(viewer):
    viewer.open("?gallery=brought")
    assert viewer.data("other", "abs-rel") is None
    viewer.press("Shift+Digit1")
    viewer.page.wait_for_selector('[data-method="other"][data-rank="1"]')
    assert viewer.page.locator("[data-count=pixels]").inner_text() == "to net ≤ 80 m"
    assert "to net" in viewer.pane("other").locator(".pane-scores").get_attribute("title")
    viewer.press("Shift+Digit1")
    viewer.page.wait_for_selector('[data-method="other"]:not([data-abs-rel])')


def test_no_number_of_one_frame_stands_beside_another(viewer):
    viewer.open("?gallery=streets")
    scored(viewer, "teacher")
    viewer.press("ArrowRight", index=1)
    assert scored(viewer, "teacher") == pytest.approx(expected("teacher", 1), abs=1e-6)


PROTOCOLS = {
    ("frame", (375, 1242)): "none",
    ("kitti-garg", (375, 1242)): "garg",
    ("kitti-eigen", (375, 1242)): "eigen",
    ("kitti-none", (375, 1242)): "13,23,1216,352",
    ("kitti-tiekd", (375, 1242)): "56,166,1129,206",
    ("kitti-tiekd", (352, 1216)): "garg",
}
"""Which box of the page is a protocol, for whole frames and for pictures of the crop's size."""


@pytest.mark.parametrize("size", SCORED_SIZES)
def test_they_are_what_the_command_line_evaluates(size, viewer, tmp_path):
    results = make_scored(tmp_path / "results", size)
    data = tmp_path / "data"
    (data / "depth").mkdir(parents=True)
    (data / "depth" / "a.png").write_bytes((results / "ground_truth" / "a.png").read_bytes())
    Image.fromarray(np.zeros((*size, 3), np.uint8)).save(data / "a.png")
    (data / "split.txt").write_text("a.png depth/a.png\n")
    for (protocol, of), box in PROTOCOLS.items():
        if of != size:
            continue
        done = CliRunner().invoke(app, [
            "eval", "--predictions", str(results / "own"), "--data", f"folder:{data},scale=256",
            "--split", str(data / "split.txt"), "--protocol", protocol, "--json", "-",
        ])  # fmt: skip
        assert done.exit_code == 0, done.output
        metrics = json.loads(done.stdout)["metrics"]
        viewer.open(f"?gallery=scored{size[0]}&box={box}&cap=0.001..80")
        found = scored(viewer, "own")
        assert found == pytest.approx({name: metrics[name] for name in found}, abs=1e-4), protocol
