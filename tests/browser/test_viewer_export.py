"""A static export on a plain web server, below the root of its address, in the same page."""

import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
from conftest import free_port
from viewer_kit import BROKEN, FRAMES, METHODS, MISSING, Viewer, make_brought, make_gallery, make_pictures

from tiekd.gallery import ResultsOptions
from tiekd.gallery.export import export_site
from tiekd.gallery.live import open_folders


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of an export, under a path with a blank."""
    folder = tmp_path_factory.mktemp("export")
    sources = [
        make_gallery(folder / "streets"),
        make_pictures(folder / "pictures"),
        make_brought(folder / "brought"),
    ]
    export_site(open_folders(sources, ResultsOptions()), folder / "web" / "my site" / "v1")
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", folder / "web"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as serving:
        address = f"http://127.0.0.1:{port}/my%20site/v1"
        end = time.monotonic() + 30
        while True:
            try:
                urlopen(address + "/").close()
                break
            except URLError:
                assert time.monotonic() < end
                time.sleep(0.05)
        yield address
        serving.terminate()


@pytest.fixture
def exported(viewer, site):
    """The export in a page whose every request must stay below the address of the export."""
    strays: list[str] = []
    viewer.page.on("request", lambda one: one.url.startswith((site, "blob:")) or strays.append(one.url))
    yield Viewer(viewer.page, site, viewer.faults, viewer.expected)
    assert strays == []


def test_an_export_paints_the_pixels_of_the_server(exported, viewer, server) -> None:
    for query, methods in (
        ("?gallery=streets&index=2", METHODS),
        ("?gallery=streets&index=1&diff=2", METHODS),
        ("?gallery=pictures&index=1", ("first", "second", "other size")),
        ("?gallery=brought", ("net", "other")),
    ):
        exported.open(query)
        plain = {name: exported.pixels(name) for name in methods}
        shown = exported.data(next(iter(methods)), "frame")
        other = viewer.page.context.new_page()
        try:
            served = Viewer(other, server).open(query)
            assert served.data(next(iter(methods)), "frame") == shown
            for name in methods:
                np.testing.assert_array_equal(plain[name], served.pixels(name), err_msg=f"{query} {name}")
        finally:
            other.close()


def test_an_export_walks_and_tells_what_is_missing(exported) -> None:
    exported.open("?gallery=streets")
    for index in range(1, FRAMES):
        exported.press("ArrowRight", index=index)
        assert exported.data("teacher", "frame") == f"street_{index}"
        if index == MISSING[1]:
            assert "no picture" in exported.data(MISSING[0], "error")
    assert "can't be read" in exported.data(BROKEN[0], "error")
    assert "Write or copy it again" in exported.data(BROKEN[0], "error")


def test_what_needs_a_server_is_absent_and_said_so(exported) -> None:
    exported.open("?gallery=streets")
    for action in ("distributions", "sources", "upload"):
        for control in exported.page.locator(f'[data-action="{action}"]').all():
            assert not control.is_visible()
    assert not exported.page.locator("input[name=image]").is_visible()
    exported.page.keyboard.press("p")
    exported.page.wait_for_selector("[data-notice]:not([hidden])")
    assert "without a server" in exported.page.locator("[data-notice]").inner_text()


def test_an_unknown_gallery_of_an_export_is_told(exported) -> None:
    exported.open("?gallery=nope", state="error")
    assert "no gallery named nope" in exported.page.locator(".blank").inner_text()
