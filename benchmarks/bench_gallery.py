"""How long a large folder of results takes: start of the server, first frame, whole listing, the next frame.

Each size is opened three times: with nothing known of it, after a restart of the server (the index is there),
and by a second page of the same server. `--source DIR` measures another working copy of tiekd.

    python benchmarks/bench_gallery.py --sizes 40x2000,40x10000 --json benchmarks/results/gallery.json
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import measuring
from chromium import Chromium, chromium
from make_results import make_results
from viewer_pages import ROOT, our_server

HEAD = measuring.head("methods x frames", "opening", "listens:", "first frame:", "all known:", "next frame:")
READY = "html[data-viewer=ready]"
_STEPS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One opening. Seconds on the wall; `next_s` is the median of a walk from frame to frame."""

    size: str
    version: str
    opening: str
    listens_s: float | None
    first_s: float
    whole_s: float | None
    next_s: float
    machine: str = field(default_factory=measuring.machine)
    date: str = field(default_factory=lambda: measuring.circumstances(0)["date"])
    load: float = field(default_factory=lambda: os.getloadavg()[0])


def visit(browser: Chromium, address: str, gallery: str, n_frames: int) -> tuple[float, float, float]:
    """Seconds to the first frame and until every frame is known, and of a step to the next frame."""
    page = browser.page()
    began = time.perf_counter()
    page.goto(f"{address}/?gallery={gallery}&targets=method_01*method_02*method_03&index=3", timeout=300_000)
    page.wait_for_selector(READY, timeout=600_000)
    first_s = time.perf_counter() - began
    steps = []
    for step in range(_STEPS):
        at = time.perf_counter()
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(f'html[data-viewer=ready][data-index="{4 + step}"]', timeout=60_000)
        steps.append(time.perf_counter() - at)
    page.keyboard.press("End")
    page.wait_for_selector(f'html[data-viewer=ready][data-index="{n_frames - 1}"]', timeout=600_000)
    page.wait_for_function(
        "!document.querySelector('[data-scan]') || document.querySelector('[data-scan]').hidden",
        timeout=600_000,
    )
    whole_s = time.perf_counter() - began
    page.context.close()
    return first_s, whole_s, statistics.median(steps)


def measure(size: tuple[int, int], results: Path, source: Path, version: str) -> Iterator[Row]:
    """The three openings of one folder."""
    n_methods, n_frames = size
    name = f"{n_methods} x {n_frames}"
    with TemporaryDirectory() as home, chromium() as browser:
        for opening in ("first", "after a restart"):
            with our_server(results, Path(home), until="healthz", source=source) as (address, listens_s):
                yield Row(name, version, opening, listens_s, *visit(browser, address, results.name, n_frames))
                if opening == "after a restart":
                    again = visit(browser, address, results.name, n_frames)
                    yield Row(name, version, "second page", None, *again)


def cells(row: Row) -> tuple[str, ...]:
    """A row as it is printed."""
    seconds = (row.listens_s, row.first_s, row.whole_s, row.next_s)
    return row.size, row.opening, *("-" if one is None else f"{one:.2f} s" for one in seconds)


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    """Measure and print all sizes."""
    parser = measuring.parser(__doc__, rounds=1)
    parser.add_argument("--sizes", default="40x2000", help="METHODSxFRAMES, separated by commas")
    parser.add_argument("--folder", type=Path, help="keep and reuse the folders here")
    parser.add_argument("--source", type=Path, default=ROOT)
    parser.add_argument("--name", default="now", help="what the rows call this version")
    options = parser.parse_args(arguments)
    measuring.start(options, HEAD)
    rows = []
    for text in options.sizes.split(","):
        n_methods, n_frames = map(int, text.split("x"))
        with TemporaryDirectory() as temporary:
            results = (options.folder or Path(temporary)) / f"r{n_frames}"
            if not results.is_dir():
                make_results(results, n_methods=n_methods, n_frames=n_frames, size=(620, 188))
            for row in measure((n_methods, n_frames), results, options.source, options.name):
                print(measuring.line(*cells(row)), flush=True)
                measuring.keep_row(row, options.json, what=("size", "version", "opening"))
                rows.append(row)
    return rows


if __name__ == "__main__":
    main()
