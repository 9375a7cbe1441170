"""A real server with a small gallery and tiny networks, and a real Chromium to look at it."""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from PIL import Image
from viewer_kit import (
    KEEP_MESSAGES,
    SCORED_SIZES,
    Viewer,
    make_brought,
    make_coloured,
    make_config,
    make_gallery,
    make_many,
    make_models,
    make_pictures,
    make_scored,
    make_sparse,
    make_units,
)

from server.app import create_app
from server.settings import Settings

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

FORGET_PHOTOS = """new Promise((resolve, reject) => {
  const request = indexedDB.deleteDatabase('tiekd-photos');
  Object.assign(request, { onsuccess: resolve, onerror: reject });
})"""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """A server in a thread of this process; its address, which is nobody else's from the beginning."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"  # what is asked before it answers, waits
        running.should_exit = True
        thread.join(60)


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("viewer")
    settings = Settings(
        models=make_models(folder),
        device="cpu",
        results=(
            make_gallery(folder / "streets"),
            make_pictures(folder / "pictures"),
            make_coloured(folder / "coloured"),
            make_brought(folder / "brought"),
            make_units(folder / "units"),
            make_sparse(folder / "sparse"),
            make_many(folder / "many"),
            *(make_scored(folder / f"scored{size[0]}", size) for size in SCORED_SIZES),
        ),
        magma_ranges=("drawn=0.001:80",),
        configs=(make_config(folder),),
    )
    with serving(settings) as address:
        yield address  # the models may still be loading: the page must know how to wait


@pytest.fixture(scope="session")
def chromium():
    executable = os.environ.get("TIEKD_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if executable is None:
        message = "Chromium is not installed, so the page was NOT tested. Try: apt install chromium"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def profile(chromium):
    """One browser profile for all tests: filling a cold cache would be much of a test's time.

    Playwright runs what a test evaluates with eval, which the page's policy forbids.
    """
    context = chromium.new_context(bypass_csp=True)
    context.set_default_timeout(60_000)  # for a machine that does much else, too
    yield context
    context.close()


@pytest.fixture
def viewer(profile, server) -> Iterator[Viewer]:
    """A fresh page with nothing stored; any error in its console fails the test."""
    page = profile.new_page()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.add_init_script(KEEP_MESSAGES)
    view = Viewer(page, server)
    page.on("console", lambda message: message.type == "error" and view.faults.append(message.text))
    photos: list[str] = []
    page.on("request", lambda request: "/compare?" in request.url and photos.append(request.url))
    page.on("pageerror", lambda error: view.faults.append(str(error)))
    yield view
    page.evaluate("localStorage.clear()")
    profile.clear_cookies()
    page.close()
    if photos:
        other = profile.new_page()  # what a test takes away from its page, this one has
        other.goto(f"{server}/healthz")
        other.evaluate(FORGET_PHOTOS)
        other.close()
    unexpected = [fault for fault in view.faults if not any(part in fault for part in view.expected)]
    assert unexpected == []


@pytest.fixture
def photo_file(tmp_path) -> Path:
    path = tmp_path / "my street.jpg"
    noise = np.random.default_rng(5).integers(0, 255, (90, 140, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, quality=90)
    return path
