"""A static export on a plain web server, below the root of its address, in the same page."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from viewer_kit import BROKEN, FRAMES, METHODS, MISSING, Viewer, make_brought, make_gallery, make_pictures

from tiekd.gallery import ResultsOptions
from tiekd.gallery.export import export_site
from tiekd.gallery.live import open_folders


class Quiet(SimpleHTTPRequestHandler):
    """What `python -m http.server` serves, without a line for each request."""

    def log_message(self, *_: object) -> None: ...


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
    handler = partial(Quiet, directory=folder / "web")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = Thread(target=web.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}/my%20site/v1"
        web.shutdown()
        thread.join()


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


STRIP = "document.querySelector('.filmstrip').toDataURL()"
NOTE = "document.querySelector('[data-strip-note]').textContent"


def frames_of(view: Viewer, query: str) -> tuple[str, str, list[str]]:
    """What the filmstrip says and shows once all errors are there, and the frames as the arrows go."""
    view.open(query)
    view.page.wait_for_function(f"/^mean (AbsRel|RMSE|SILog|1 − δ1) /.test({NOTE})")
    view.press("Home")
    said, shown, order = view.page.evaluate(NOTE), view.page.evaluate(STRIP), []
    while not order or order[-1] != view.data("teacher", "frame"):
        order.append(view.data("teacher", "frame"))
        view.press("ArrowRight")
    return said, shown, order


@pytest.mark.parametrize(
    "asked", ["", "&sort=worst", "&sort=gain&metric=silog&box=garg", "&sort=best&metric=rmse&box=eigen"]
)
def test_the_filmstrip_of_an_export_is_that_of_the_server(exported, viewer, server, asked) -> None:
    query = f"?gallery=streets&index=2{asked}"
    plain = frames_of(exported, query)
    assert len(plain[2]) == FRAMES
    other = viewer.page.context.new_page()
    other.set_viewport_size(viewer.page.viewport_size)
    try:
        assert frames_of(Viewer(other, server), query) == plain
    finally:
        other.close()


def test_an_export_says_which_errors_it_has(exported) -> None:
    exported.open("?gallery=streets&box=0,0,20,20&sort=worst")
    exported.page.wait_for_function(f"{NOTE}.includes('Garg’s and Eigen’s crop')")
    exported.page.locator("[data-strip-note]", has_text="This export has the errors").wait_for()


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
    exported.says("without a server")


def test_a_click_marks_a_pixel_where_no_model_can_run(exported) -> None:
    exported.open("?gallery=streets&index=1").click("teacher", 70, 40)
    exported.page.wait_for_function("location.search.includes('pixel=70,40')")
    exported.page.mouse.move(0, 0)
    exported.press("q")
    exported.page.locator(".probe header .dim", has_text="x 70  y 40").wait_for()
    assert not exported.page.locator(".inspector").is_visible()
    exported.open("?gallery=streets&pixel=5,40")
    assert not exported.page.locator(".inspector").is_visible()


def test_the_help_of_an_export_has_nothing_that_needs_a_server(exported) -> None:
    exported.open("?gallery=streets").press("?")
    said = exported.page.locator("[data-overlay=help]").inner_text()
    assert "Difference of all to the n-th method" in said
    for absent in ("Open photos", "Distributions", "HTTP"):
        assert absent not in said
    assert exported.page.locator('a[href^="/"]').count() == 0


def test_a_configuration_in_the_address_of_an_export_is_left_out(exported) -> None:
    exported.open("?config=lab&gallery=streets&index=2").wait(index=2)
    exported.says("no configurations")
    assert "config" not in exported.query()


def test_an_unknown_gallery_of_an_export_is_told(exported) -> None:
    exported.open("?gallery=nope", state="error")
    assert "no gallery named nope" in exported.page.locator(".blank").inner_text()
