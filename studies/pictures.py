"""`make study STUDY=pictures`: take the pictures of docs/images/ from the viewer's page, in Chromium."""

from __future__ import annotations

import io
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from server.app import create_app
from server.settings import Settings
from tiekd.errors import ConfigError, TiekdError
from tiekd.files import write_bytes

FOLDER = Path("docs/images")
LARGEST_BYTES = 250_000
MODELS = ("adabins_tf_efficientnet_lite0.demo", "tiekd_mobilenetv2.demo", "tiekd_dpm_mobilenetv2.demo")
"""Those that answer in the panel of distributions."""
PATIENCE_S = 300
"""The server makes the errors of all frames before they are shown."""
READY = "document.documentElement.matches('[data-viewer=ready]:not([data-busy=true])')"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"]


@dataclass(frozen=True, slots=True)
class Shot:
    """A view of the page. `point`: the pixel of the photo under the pointer, where values are read."""

    name: str
    view: str
    theme: Literal["dark", "light"]
    size: tuple[int, int] = (1280, 800)
    point: tuple[int, int] | None = None

    @property
    def file(self) -> str:
        """Its name in the folder."""
        return f"viewer-{self.name}.png"


SHOTS = (
    Shot("depth", "index=4", "dark", (1440, 900), point=(640, 250)),
    Shot("error", "index=4&mode=error&signed=1", "light", (1440, 900), point=(640, 250)),
    Shot(
        "zoom",
        "index=4&layout=solo&focus=tiekd_mobilenetv2.demo&mode=error&signed=1&zoom=30&at=905,150",
        "dark",
    ),
    Shot("split", "index=4&layout=split&focus=tiekd_mobilenetv2.demo", "light"),
    Shot("distributions", "index=4&pixel=640,250", "dark"),
)


def take(browser: Browser, base: str, shot: Shot) -> bytes:
    """The picture of a view as a PNG, which has no more colours than it needs."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=shot.theme, bypass_csp=True
    )
    try:
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        page.add_init_script("localStorage.setItem('tiekd:welcomed', '1')")
        page.goto(f"{base}/?{shot.view}")
        _settle(page, shot)
        return smaller(page.screenshot())
    finally:
        context.close()


def _settle(page: Page, shot: Shot) -> None:
    """Wait until nothing is on its way, and point at the pixel that is to be read."""
    page.wait_for_function(READY)
    page.wait_for_function("!document.querySelector('[data-strip-note]').textContent.includes('…')")
    page.wait_for_function("document.querySelector('.inspector').dataset.state !== 'loading'")
    page.wait_for_load_state("networkidle")
    if shot.point:
        x, y = shot.point
        stage = page.locator("[data-pane] canvas[data-layer=depth]").nth(1)
        box = stage.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + x / 1242 * box["width"], box["y"] + y / 375 * box["height"])
    page.wait_for_timeout(1000)


def smaller(png: bytes) -> bytes:
    """The same picture, with as many colours as `LARGEST_BYTES` has room for."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    data = png
    for colours in (256, 208, 160, 128, 96):
        written = io.BytesIO()
        picture.quantize(colours).save(written, "PNG", optimize=True)
        data = written.getvalue()
        if len(data) <= LARGEST_BYTES:
            break
    return data


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """The page with the shipped gallery; its address."""
    os.environ["TIEKD_HOME"] = str(home)
    config = uvicorn.Config(
        create_app(Settings(models=MODELS)), host="127.0.0.1", port=0, log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, from TIEKD_CHROMIUM or the path."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("TIEKD_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise ConfigError("Chromium is not installed.", hint="Try: apt install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def run(
    *,
    out: Annotated[Path, typer.Option(help="folder to write")] = FOLDER,
    only: Annotated[str, typer.Option(help="names of pictures, with commas between")] = "",
) -> None:
    """Take the pictures of the viewer's guide."""
    wanted = [shot for shot in SHOTS if not only or shot.name in only.split(",")]
    with TemporaryDirectory() as home, serving(Path(home)) as base, chromium() as browser:
        for shot in wanted:
            png = take(browser, base, shot)
            write_bytes(out / shot.file, png)
            print(f"{out / shot.file}: {len(png) / 1000:.0f} KB")


if __name__ == "__main__":
    try:
        typer.run(run)
    except TiekdError as error:
        sys.exit(str(error))
