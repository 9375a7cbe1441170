"""The two pages that bench_viewer.py compares, and what they show: folders, and a server for each."""

from __future__ import annotations

import functools
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tiekd.codecs import png, png16
from tiekd.files import write_bytes
from tiekd.gallery import open_gallery, shipped_galleries
from tiekd.render import color_png
from tiekd.types import DepthRange

METHODS, HEIGHT, WIDTH = 9, 352, 1216
MODEL = "tiekd_mobilenetv2.demo"
"""The only one that is loaded: the page shows files."""
RANGE = DepthRange(1e-3, 80.0)
ROOT = Path(__file__).resolve().parents[1]
PUBLISHED_PAGE = ROOT / "benchmarks" / "published_viewer"
_READY_S = 300


def make_folders(folder: Path, frames: int) -> list[str]:
    """Depths and coloured pictures of the shipped gallery's frames, again and again. Returns the methods."""
    gallery = open_gallery(shipped_galleries()[0])
    methods = [method.id for method in gallery.listing.methods][:METHODS]
    shipped = [frame.id for frame in gallery.listing.frames]
    for number in range(frames):
        for method in methods:
            depth_file = folder / "results" / method / f"{number:04}.png"
            colour_file = folder / "coloured" / method / f"{number:04}.png"
            for path in (depth_file, colour_file):
                path.parent.mkdir(parents=True, exist_ok=True)
            if number >= len(shipped):
                earlier = f"{number % len(shipped):04}.png"
                os.link(depth_file.with_name(earlier), depth_file)
                os.link(colour_file.with_name(earlier), colour_file)
                continue
            stored = gallery.depth(method, shipped[number])[-HEIGHT:, :WIDTH]
            write_bytes(depth_file, png.encode_grey16(stored))
            write_bytes(colour_file, color_png(png16.to_metres(stored), depth_range=RANGE, cmap="magma_r"))
    for source in PUBLISHED_PAGE.iterdir():
        write_bytes(folder / source.name, source.read_bytes())
    return methods


@contextmanager
def our_server(
    results: Path, home: Path, *, until: str = "readyz", source: Path = ROOT
) -> Iterator[tuple[str, float]]:
    """`tiekd serve` of a folder, by a working copy: its address, and seconds until `until` answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    verb = ["-c", "from tiekd.cli.main import app; app()", "serve", "--models", MODEL]
    command = [sys.executable, *verb, "--port", str(port), "--results", str(results)]
    environment = os.environ | {"TIEKD_HOME": str(home), "PYTHONPATH": str(source)}
    quiet = subprocess.DEVNULL
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment, cwd=source)
    base = f"http://127.0.0.1:{port}"
    try:
        while True:
            with suppress(OSError), urllib.request.urlopen(f"{base}/{until}", timeout=60):
                break
            if process.poll() is not None:
                raise SystemExit("tiekd serve has ended.")
            if time.perf_counter() - began > _READY_S:
                raise SystemExit("tiekd serve did not become ready.")
            time.sleep(0.02)
        yield base, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def plain_server(folder: Path) -> Iterator[str]:
    """A web server of plain files; its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Nothing: the table is the output."""
