"""The server against a straightforward one: alone, beside a busy process, and beside decode bombs.

    python benchmarks/bench_server.py                                         # a quarter of an hour
    python benchmarks/bench_server.py --rounds 1 --seconds 4                  # a first impression
    python benchmarks/bench_server.py --json benchmarks/results/server.json   # write the results there

Straightforward: FastAPI with a plain function for the route, Pillow, the network as it was trained, torch's
own threads, and a 16-bit PNG by Pillow. Ours: `tiekd serve`. Both answer the same JPEG of 375x1242 with the
same model over loopback. Both run all the time, and in each round they take turns in every case.

Cases: 1, 4 and 16 clients; the same beside one process that never sleeps; and one client beside four others
that send nothing but files which take much decoding. There the times are those of the one client.
"""

from __future__ import annotations

import argparse
import http.client
import io
import itertools
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import measuring
import numpy as np
from fastapi import FastAPI, Response, UploadFile
from PIL import Image

MODEL = "tiekd_mobilenetv2.demo"
SIZE = (375, 1242)
WHAT = ("case", "clients", "model")
HEAD = measuring.head(
    "case", "clients:", "photos/s, straightforward:", "ours:", "ratio:", "p50 and p99 of ours:",
    "straightforward:", "peak memory of ours:", "straightforward:",
)  # fmt: skip
_READY_S, _ANSWER_S = 120, 120
_BOMBS_BEGIN_S = 3
"""Until the process that sends bombs has started."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one server did for some seconds: seconds of each answered photo, and its largest memory so far."""

    seconds: float
    latencies_s: list[float]
    failed: int
    peak_mb: float

    @property
    def per_s(self) -> float:
        return len(self.latencies_s) / self.seconds


@dataclass(frozen=True, slots=True)
class Row:
    """One case. Pairs are straightforward first, then ours; latencies are over all rounds."""

    case: str
    clients: int
    model: str
    per_s: tuple[float, float]
    ratio: float | None
    p50_s: tuple[float | None, float | None]
    p99_s: tuple[float | None, float | None]
    failed: tuple[int, int]
    peak_mb: tuple[float, float]
    cores: int = field(default_factory=lambda: os.cpu_count() or 1)
    load_before: float = 0.0
    circumstances: dict[str, Any] = field(default_factory=dict)


def naive_app(model: str) -> FastAPI:
    """The straightforward server: what one writes first."""
    import torch

    import tiekd
    from tiekd.card import IMAGE_MEAN, IMAGE_STD

    network = tiekd.create_model(model, pretrained=True).eval()
    app = FastAPI()

    @app.post("/predict")
    def predict(image: UploadFile) -> Response:
        photo = np.asarray(Image.open(image.file).convert("RGB"), np.float32)
        normalised = (photo - np.array(IMAGE_MEAN, np.float32)) / np.array(IMAGE_STD, np.float32)
        height, width = normalised.shape[:2]
        multiple = network.card.size_multiple
        padding = ((0, -height % multiple), (0, -width % multiple), (0, 0))
        padded = np.pad(normalised, padding, mode="reflect")
        with torch.no_grad():
            depth = network(torch.from_numpy(padded).permute(2, 0, 1)[None]).depth[0, 0, :height, :width]
        stored = np.maximum(np.round(depth.numpy() * 256), 1).astype(np.uint16)
        buffer = io.BytesIO()
        Image.fromarray(stored).save(buffer, "PNG")
        return Response(buffer.getvalue(), media_type="image/png")

    return app


def photo() -> bytes:
    """A JPEG of a smooth random picture."""
    small = np.random.default_rng(0).integers(0, 256, (24, 78, 3)).astype(np.uint8)
    return _saved(Image.fromarray(small).resize(SIZE[::-1], Image.Resampling.BICUBIC), "JPEG", quality=90)


def bombs() -> list[bytes]:
    """Small files that take much decoding: 50 megapixels of 1 bit, 4,000 scans, run lengths."""
    many = _saved(Image.new("RGB", (3000, 2000), (90, 120, 60)), "JPEG", progressive=True)
    scans = many[:-2] + many[many.rindex(b"\xff\xda") : -2] * 4000 + many[-2:]
    flat = _saved(Image.new("1", (8000, 6000), 1), "PNG", optimize=True)
    head = (
        np.array([40, 8000, 6000], "<i4").tobytes()
        + b"\1\0\x08\0\1\0\0\0"
        + bytes(12)
        + b"\0\1\0\0"
        + bytes(4)
    )
    lengths = b"\1\5" * 4_000_000
    offset = 14 + 40 + 1024
    start = b"BM" + np.array([offset + len(lengths), 0, offset], "<u4").tobytes()
    return [flat, scans, start + head + bytes(1024) + lengths]


def _saved(image: Image.Image, fmt: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


class Server:
    """A server in a process of its own."""

    def __init__(self, command: Sequence[str], port: int, log: Path) -> None:
        self.port = port
        # The measured servers choose their threads themselves.
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "MKL_"))
        }
        self._log = log.open("wb")
        self.process = subprocess.Popen(command, env=environment, stdout=self._log, stderr=self._log)

    def wait(self, data: bytes) -> None:
        """Wait until it answers a photo."""
        ends = time.monotonic() + _READY_S
        while ask(self.port, data) != 200:
            if self.process.poll() is not None or time.monotonic() > ends:
                raise SystemExit(f"A server did not start, see {self._log.name}.")
            time.sleep(0.5)

    def peak_mb(self) -> float:
        """Its largest memory since `forget_peak`."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))

    def forget_peak(self) -> None:
        """Count the largest memory from now on, where the system can do that."""
        with suppress(OSError):
            Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def close(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._log.close()


def ask(port: int, data: bytes, connection: http.client.HTTPConnection | None = None) -> int:
    """Send a photo as a form; the status of the answer, 0 without one."""
    form = (
        b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + data + b"\r\n--b--\r\n"
    )
    link = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    try:
        link.request(
            "POST", f"/predict?model={MODEL}", form, {"Content-Type": "multipart/form-data; boundary=b"}
        )
        answer = link.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        link.close()
        return 0
    if connection is None:
        link.close()
    return answer.status


def measure(server: Server, data: bytes, *, clients: int, seconds: float) -> Window:
    """Let so many clients ask for some seconds; each asks again as soon as it has its answer."""
    server.forget_peak()
    latencies: list[float] = []
    failed: list[int] = []
    ends = time.perf_counter() + seconds

    def client() -> None:
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_ANSWER_S)
        while (began := time.perf_counter()) < ends:
            status = ask(server.port, data, link)
            if status == 200:
                latencies.append(time.perf_counter() - began)
            else:
                failed.append(status)
                time.sleep(0.05)

    began = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Window(time.perf_counter() - began, latencies, len(failed), server.peak_mb())


@contextmanager
def beside(*command: str) -> Iterator[None]:
    """Another process of Python, until the end of the block."""
    process = subprocess.Popen([sys.executable, *command])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def send_bombs(port: int) -> None:
    """Send bombs from four clients, one after another, without end."""

    def client(number: int) -> None:
        for data in itertools.islice(itertools.cycle(bombs()), number, None):
            ask(port, data)

    for number in range(4):
        threading.Thread(target=client, args=(number,)).start()


CASES = {"quiet": (1, 4, 16), "busy neighbour": (1, 4, 16), "decode bombs": (1,)}


def one_round(
    servers: Sequence[Server], data: bytes, case: str, clients: int, seconds: float
) -> list[Window]:
    """Both servers in turn."""
    found = []
    for server in servers:
        with ExitStack() as around:
            if case == "busy neighbour":
                around.enter_context(beside("-c", "while True: pass"))
            if case == "decode bombs":
                around.enter_context(beside(__file__, "--bombs", str(server.port)))
                time.sleep(_BOMBS_BEGIN_S)
            found.append(measure(server, data, clients=clients, seconds=seconds))
    return found


def row_of(case: str, clients: int, rounds: Sequence[Sequence[Window]], load: float) -> Row:
    """The medians over rounds, and latencies over all of them."""
    pairs = list(zip(*rounds, strict=True))
    per_s = [statistics.median(window.per_s for window in one) for one in pairs]
    ratios = [ours.per_s / plain.per_s for plain, ours in rounds if plain.per_s]
    latencies = [[spent for window in one for spent in window.latencies_s] for one in pairs]
    p50, p99 = ([float(np.quantile(one, q)) if one else None for one in latencies] for q in (0.5, 0.99))
    return Row(
        case,
        clients,
        MODEL,
        (per_s[0], per_s[1]),
        statistics.median(ratios) if ratios else None,
        (p50[0], p50[1]),
        (p99[0], p99[1]),
        (sum(window.failed for window in pairs[0]), sum(window.failed for window in pairs[1])),
        (max(window.peak_mb for window in pairs[0]), max(window.peak_mb for window in pairs[1])),
        load_before=load,
        circumstances=measuring.circumstances(len(rounds)),
    )


def show(row: Row) -> None:
    """Print a row of the table."""

    def spent(which: int) -> str:
        p50, p99 = row.p50_s[which], row.p99_s[which]
        return "no answer" if p50 is None or p99 is None else f"{p50:.2f} s, {p99:.2f} s"

    cells = [
        row.case,
        str(row.clients),
        f"{row.per_s[0]:.1f}",
        f"{row.per_s[1]:.1f}",
        measuring.times(row.ratio),
    ]
    cells += [spent(1), spent(0), *(measuring.megabytes(row.peak_mb[which]) for which in (1, 0))]
    print(measuring.line(*cells), flush=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    """Measure every case and print its row."""
    parser = measuring.parser(__doc__, rounds=3)
    parser.add_argument("--seconds", type=float, default=12, help="of each window")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--naive", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--bombs", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.naive:
        import uvicorn

        uvicorn.run(naive_app(MODEL), port=options.naive, log_level="warning")
        return []
    if options.bombs:
        send_bombs(options.bombs)
        return []
    measuring.start(options, HEAD)
    data, rows = photo(), []
    with ExitStack() as running:
        folder = Path(running.enter_context(TemporaryDirectory()))
        servers = []
        verb = ["-c", "from tiekd.cli.main import app; app()", "serve", "--models", MODEL, "--port"]
        for name, command in (("straightforward", [__file__, "--naive"]), ("ours", verb)):
            port = free_port()
            server = Server([sys.executable, *command, str(port)], port, folder / f"{name}.log")
            running.callback(server.close)
            server.wait(data)
            servers.append(server)
        for case in options.cases:
            for clients in CASES[case]:
                load = os.getloadavg()[0]
                rounds = [
                    one_round(servers, data, case, clients, options.seconds) for _ in range(options.rounds)
                ]
                rows.append(row_of(case, clients, rounds, load))
                show(rows[-1])
                measuring.keep_row(rows[-1], options.json, what=WHAT)
    return rows


if __name__ == "__main__":
    main()
