"""A results folder that changes while the page is open."""

import shutil
from collections.abc import Iterator

import pytest
from conftest import serving
from viewer_kit import Viewer, make_pictures

from server.settings import Settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("follow") / "growing")


@pytest.fixture(scope="module")
def address(folder) -> Iterator[str]:
    settings = Settings(models=("tiekd_mobilenetv2.demo",), results=(folder,))
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
