"""A results folder that changes while the page is open."""

import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from conftest import serving
from PIL import Image
from viewer_kit import Viewer, make_pictures

from server.settings import Settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("follow") / "growing")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A ground truth of 10 m, and two methods with errors of 0.5 and 2 m."""
    folder = tmp_path_factory.mktemp("follow") / "measured"
    for method, depth_m in (("ground_truth", 10), ("near", 10.5), ("far", 12)):
        (folder / method).mkdir(parents=True)
        Image.fromarray(np.full((6, 20), round(256 * depth_m), np.uint16)).save(folder / method / "0.png")
    return folder


@pytest.fixture(scope="module")
def address(folder, measured) -> Iterator[str]:
    settings = Settings(models=("tiekd_mobilenetv2.demo",), results=(folder, measured))
    with serving(settings) as served:
        yield served


def test_files_that_come_and_go_show_up_without_a_reload(viewer, address, folder) -> None:
    page = Viewer(viewer.page, address).open("?gallery=growing&index=1")
    shown = page.data("first", "frame")
    for method in ("first", "second", "other size"):
        shutil.copy(folder / method / "0.png", folder / method / "00.png")
    page.wait(index=2)
    assert page.data("first", "frame") == shown, "the frame on show stays, wherever it lies now"
    page.press("ArrowLeft", index=1)
    assert page.data("first", "frame") == "00"
    page.press("ArrowRight", index=2)
    for method in ("first", "second", "other size"):
        (folder / method / "00.png").unlink()
    page.wait(index=1)
    assert page.data("first", "frame") == shown
    assert "index=1" in page.query()


def test_the_ground_truth_has_no_rank_after_a_refresh(viewer, address, measured) -> None:
    page = Viewer(viewer.page, address).open("?gallery=measured")
    for method in ("ground_truth", "near", "far"):
        shutil.copy(measured / method / "0.png", measured / method / "1.png")
    page.page.wait_for_function("document.querySelector('[data-action=scrub]').max === '1'")
    page.press("ArrowRight", index=1)
    page.page.wait_for_selector('[data-method="far"][data-frame="1"][data-rank]')
    assert {method: page.data(method, "rank") for method in ("ground_truth", "near", "far")} == {
        "ground_truth": None,
        "near": "1",
        "far": "2",
    }
