"""A headless Chromium for benchmarks: CPU time of a page's main thread, by the browser's own trace.

A mark in the trace carries the CPU clock of its thread, so the time between two marks is what the page's main
thread computed meanwhile, however busy the machine was.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
CATEGORIES = ("blink.user_timing",)
_TWO_PICTURES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_POLL_MS = 5


@dataclass(frozen=True, slots=True)
class Spent:
    """What one act took: CPU of the page's main thread, and time on the wall."""

    cpu_ms: float
    wall_ms: float


@dataclass(slots=True)
class Chromium:
    """A browser and its trace."""

    browser: Browser
    session: CDPSession
    events: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = False
    process: int = 0
    """Of the page that was measured last."""

    def page(self, *, script: str = "") -> Page:
        """An empty page of 1920x1080 with nothing in its cache; `script` runs before those of the page."""
        context = self.browser.new_context(viewport={"width": 1920, "height": 1080}, bypass_csp=True)
        context.add_init_script(script)
        return context.new_page()

    def open(self, url: str) -> Page:
        """A page of its own at an address."""
        page = self.page()
        page.goto(url)
        return page

    def measure(self, page: Page, act: Callable[[Page], None], *, until: str) -> Spent:
        """Act on a page, and measure until the JavaScript condition `until` holds on a new picture."""
        page.bring_to_front()
        self.events.clear()
        self.complete = False
        config = {"includedCategories": list(CATEGORIES), "excludedCategories": ["*"]}
        self.session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": config})
        page.evaluate("performance.mark('bench:begin')")
        began = time.perf_counter()
        act(page)
        page.evaluate(
            f"""async () => {{
                do await {_TWO_PICTURES}; while (!({until}));
                performance.mark('bench:end');
            }}"""
        )
        wall_ms = 1000 * (time.perf_counter() - began)
        self.session.send("Tracing.end")
        while not self.complete:
            page.wait_for_timeout(_POLL_MS)
        clock = {event["name"]: event["tts"] for event in self.events if "tts" in event}
        self.process = next(event["pid"] for event in self.events if event["name"] == "bench:end")
        return Spent((clock["bench:end"] - clock["bench:begin"]) / 1000, wall_ms)

    def finish(self) -> None:
        """The browser says that the trace is complete."""
        self.complete = True


@contextmanager
def chromium() -> Iterator[Chromium]:
    """Chromium, from TIEKD_CHROMIUM or the path. Exits with a sentence when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("TIEKD_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise SystemExit("Chromium is not installed. Try: apt install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        session = browser.new_browser_cdp_session()
        made = Chromium(browser, session)
        session.on("Tracing.dataCollected", lambda sent: made.events.extend(sent["value"]))
        session.on("Tracing.tracingComplete", lambda _sent: made.finish())
        yield made
        browser.close()
