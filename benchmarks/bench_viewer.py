"""The viewer's page in headless Chromium, against the published way on the same pictures.

    python benchmarks/bench_viewer.py                                         # some minutes
    python benchmarks/bench_viewer.py --rounds 3 --frames 100                 # a first impression
    python benchmarks/bench_viewer.py --json benchmarks/results/viewer.json   # write the results there

Nine methods of 352x1216, in a window of 1920x1080. Published way: benchmarks/published_viewer, coloured
PNGs and a canvas of its own for each difference. Ours: `tiekd serve` with the same depths as 16-bit PNGs.
Both pages stay open and take turns. CPU is that of the page's main thread, by the browser's trace;
"nothing" is the cost of measuring, which is part of every other row. Between acts the page comes to rest,
and what it does then is in no row.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import measuring
from chromium import Chromium, Spent, chromium
from playwright.sync_api import Page
from viewer_pages import make_folders, our_server, plain_server

HEAD = measuring.head(
    "act", "published, CPU:", "ours, CPU:", "ratio:", "published, wall:", "ours, wall:", "goal, CPU:"
)
OURS_READY = "document.documentElement.matches('[data-viewer=ready]:not([data-busy=true])')"
PUBLISHED_READY = "document.body.dataset.ready === 'true'"
MEMORY_AT = (100, 400, 700, 1000)
"""Frames after which the memory of the walk is read: the cache is full by the first."""

_REST_MS = 800
"""The page begins what it does at rest after 0.2 s, and is done some 0.3 s later."""

Act = Callable[[Page], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One act. Times are medians over rounds in ms; the published page knows only some of the acts."""

    act: str
    published_cpu_ms: float | None
    ours_cpu_ms: float | None
    ratio: float | None
    published_wall_ms: float | None
    ours_wall_ms: float | None
    goal_cpu_ms: float | None
    rounds: int
    cores: int = field(default_factory=lambda: os.cpu_count() or 1)
    machine: str = field(default_factory=measuring.machine)
    date: str = field(default_factory=lambda: measuring.circumstances(0)["date"])


# ---- acts --------------------------------------------------------------------------------------------------


def key(name: str) -> Act:
    """Press a key."""
    return lambda page: page.keyboard.press(name)


def drag_scale(page: Page) -> None:
    """One step of dragging the far end of the depth colours."""
    far = 80 - time.perf_counter_ns() // 1000 % 40
    page.evaluate("(far) => { window.tiekd.view = { range: [1, far] }; }", far)


OTHERS = itertools.cycle("4567")


def compare_with_another(page: Page) -> None:
    """The difference to a method that was not compared with for some frames."""
    page.keyboard.press(next(OTHERS))


ACTS: tuple[tuple[str, Act, Act | None, float | None], ...] = (
    ("nothing", lambda _page: None, lambda _page: None, None),
    ("difference on", key("2"), key("2"), 16.7),
    ("difference to another", compare_with_another, compare_with_another, 16.7),
    ("difference back", key("2"), key("2"), 16.7),
    ("difference off", key("2"), key("2"), 16.7),
    ("next frame, preloaded", key("ArrowRight"), key("ArrowRight"), 33.0),
    ("zoom step", key("+"), None, 16.7),
    ("zoom back", key("-"), None, 16.7),
    ("scale drag step", drag_scale, None, 16.7),
)
"""Name, act in our page, act in the published page, goal in ms of CPU.

A page at rest has computed all differences ahead; only that to the method which was compared with last has
its pixels, too.
"""


def measure_acts(browser: Chromium, ours: Page, published: Page, rounds: int) -> list[Row]:
    """Every act on both pages in turns."""
    spent: dict[str, tuple[list[Spent], list[Spent]]] = {name: ([], []) for name, *_ in ACTS}
    for number in range(rounds + 1):
        for name, act, other, _goal in ACTS:
            pages = [(ours, act, OURS_READY, 0), (published, other, PUBLISHED_READY, 1)]
            for page, what, until, place in pages if number % 2 else pages[::-1]:
                if what is None:
                    continue
                found = browser.measure(page, what, until=until)
                _rest(page)
                if number:  # the first round fills caches
                    spent[name][place].append(found)
    return [_row(name, *spent[name], goal) for name, _act, _other, goal in ACTS]


def _rest(page: Page) -> None:
    """Until the neighbours are loaded and the page has nothing left to do."""
    page.wait_for_timeout(_REST_MS)
    page.evaluate("new Promise((done) => requestIdleCallback(done))")


def _row(name: str, ours: Sequence[Spent], published: Sequence[Spent], goal: float | None) -> Row:
    pairs = zip(published, ours, strict=False)
    return Row(
        act=name,
        published_cpu_ms=_median(one.cpu_ms for one in published),
        ours_cpu_ms=_median(one.cpu_ms for one in ours),
        ratio=_median(other.cpu_ms / own.cpu_ms for other, own in pairs),
        published_wall_ms=_median(one.wall_ms for one in published),
        ours_wall_ms=_median(one.wall_ms for one in ours),
        goal_cpu_ms=goal,
        rounds=len(ours),
    )


def _median(values: Iterator[float]) -> float | None:
    known = list(values)
    return statistics.median(known) if known else None


# ---- opening and walking ----------------------------------------------------------------------------------

FIRST_PICTURE = """
const seen = () => {
  const pane = document.querySelector('[data-pane][data-mode=depth][data-frame]:not([data-frame=""])');
  if (pane && !window.benchFirst) requestAnimationFrame(() => { window.benchFirst ??= performance.now(); });
  if (!window.benchFirst) requestAnimationFrame(seen);
};
requestAnimationFrame(seen);
"""


def first_picture_ms(browser: Chromium, base: str) -> float:
    """From the start of navigation to the first depth, with an empty cache."""
    page = browser.page(script=FIRST_PICTURE)
    page.goto(base)
    page.wait_for_function("window.benchFirst")
    found = float(page.evaluate("window.benchFirst"))
    page.context.close()
    return found


@dataclass(frozen=True, slots=True)
class Memory:
    """Of the page's process after so many frames, in MB."""

    frames: int
    heap_mb: float
    """JavaScript objects, without the numbers of arrays."""
    resident_mb: float
    """All of the process: arrays, decoded pictures, canvases, and the browser's own code."""


def walk_memory(ours: Page, process: int) -> list[Memory]:
    """The page's memory on a walk of a thousand frames to and fro."""
    session = ours.context.new_cdp_session(ours)
    session.send("Performance.enable")
    found = []
    for number in range(1, MEMORY_AT[-1] + 1):
        ours.keyboard.press("ArrowRight" if number // 50 % 2 == 0 else "ArrowLeft")
        ours.wait_for_function(OURS_READY)
        if number in MEMORY_AT:
            session.send("HeapProfiler.collectGarbage")
            metrics = session.send("Performance.getMetrics")["metrics"]
            heap = next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")
            status = Path(f"/proc/{process}/status").read_text()
            resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
            found.append(Memory(number, heap / 2**20, int(resident.split()[1]) / 2**10))
    return found


# ---- the script -------------------------------------------------------------------------------------------


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def print_row(row: Row) -> None:
    """A row of the table."""
    cells = [row.published_cpu_ms, row.ours_cpu_ms, None, row.published_wall_ms, row.ours_wall_ms]
    texts = [_cell(value) for value in [*cells, row.goal_cpu_ms]]
    texts[2] = measuring.times(row.ratio)
    print(measuring.line(row.act, *texts), flush=True)


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    """Measure, print the tables, and return the rows of the first."""
    parser = measuring.parser(__doc__, rounds=15)
    parser.add_argument("--frames", type=int, default=100, help="of the folder that is looked at")
    parser.add_argument("--no-walk", action="store_true", help="leave the thousand frames out")
    parser.add_argument("--no-opening", action="store_true", help="leave the first picture out")
    options: argparse.Namespace = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        methods = make_folders(folder, options.frames)
        base, _ready_s = stack.enter_context(our_server(folder / "results", folder / "home"))
        plain = stack.enter_context(plain_server(folder))
        browser = stack.enter_context(chromium())
        frames = "*".join(f"{number:04}" for number in range(options.frames))
        published = browser.open(f"{plain}/index.html?methods={'*'.join(methods)}&frames={frames}&index=0")
        ours = browser.open(f"{base}/?gallery=results")
        measuring.start(options, HEAD)
        for page, ready in ((ours, OURS_READY), (published, PUBLISHED_READY)):
            page.wait_for_function(ready)
            _rest(page)
        rows = measure_acts(browser, ours, published, options.rounds)
        for row in rows:
            print_row(row)
            measuring.keep_row(row, options.json, what=("act",))
        if not options.no_opening:
            opened = [first_picture_ms(browser, f"{base}/?gallery=demo") for _ in range(options.rounds)]
            told = f"{statistics.median(opened):.0f} ms (goal 700)"
            print(f"\nFirst picture of the shipped gallery, empty cache: {told}")
        if not options.no_walk:
            browser.measure(ours, key("ArrowLeft"), until=OURS_READY)
            print("\nMemory of the page's process on a walk over frames:")
            for one in walk_memory(ours, browser.process):
                print(
                    f"after {one.frames:4}: {one.heap_mb:.1f} MB of objects, {one.resident_mb:.0f} MB in all"
                )
    return rows


if __name__ == "__main__":
    main()
