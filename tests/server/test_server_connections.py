"""Real sockets: slow, silent and too many clients, and a stop that none of them holds up."""

import contextlib
import io
import json
import re
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from server.app import create_app
from server.http.connections import Config
from server.inference.errors import DrainingError
from server.inference.residency import Residency
from server.process import Server
from tiekd.cli.serve import _listen

UPLOAD = (
    b"POST /predict?model=tiny_base HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: image/png\r\nContent-Length: %d\r\n\r\n"
)
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


class Running:
    """A server in a thread."""

    def __init__(self, settings, address: str = "127.0.0.1") -> None:
        self.app = create_app(settings)
        self.server = Server(Config(self.app, settings, log_config=None))
        self.listening = _listen(address, 0)
        self.clients: list[socket.socket] = []
        self.address = self.listening.getsockname()[:2]
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listening]})
        self.thread.start()
        self.until(lambda: self.server.started and self.app.state.service.residency.ready)

    def connect(self, data: bytes = b"", **options: int) -> socket.socket:
        client = socket.socket(self.listening.family)
        self.clients.append(client)
        for name, value in options.items():
            client.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        client.settimeout(60)
        client.connect(self.address)
        client.sendall(data)
        return client

    def until(self, holds) -> None:
        deadline = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        for client in self.clients:
            client.close()
        assert not self.thread.is_alive()


@pytest.fixture
def serving(client, settings, monkeypatch):
    """`serving(max_connections=2, …)`: a running server with those settings, whose models are warm."""
    warm = client.app.state.service.residency
    monkeypatch.setattr(Residency, "_load", lambda _self, resident: warm.get(resident.card.name))
    with contextlib.ExitStack() as stack:

        def make(address: str = "127.0.0.1", **changes) -> Running:
            running = Running(settings.model_copy(update=changes), address)
            stack.callback(running.stop)
            return running

        yield make


def answer(client: socket.socket, *, then_closed: bool = False):
    """Status, headers and body of the next answer. then_closed: the connection must end after it."""
    with client.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = dict(
            line.decode().rstrip().lower().split(": ", 1) for line in iter(stream.readline, b"\r\n")
        )
        body = stream.read(int(headers["content-length"]))
        if then_closed:
            assert headers["connection"] == "close"
            ended(stream.read)
    return status, headers, body


def ended(read) -> None:
    """The peer has closed the connection, or reset it."""
    with contextlib.suppress(ConnectionResetError):
        assert read(1) == b""


def drip(client: socket.socket, data: bytes, every_s: float) -> None:
    """Send byte after byte until the other side ends the connection."""
    with contextlib.suppress(OSError):
        for byte in data:
            client.sendall(bytes([byte]))
            time.sleep(every_s)


def large_photo() -> bytes:
    """A small file whose depth is so large that no socket's buffers hold it: 16 MB."""
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((2000, 2000, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def ask_for_much(running: Running) -> socket.socket:
    data = large_photo()
    head = (UPLOAD % len(data)).replace(b"tiny_base", b"tiny_base&format=npy")
    return running.connect(head + data, SO_RCVBUF=4096)


@pytest.mark.parametrize("began", [b"", GET], ids=["first", "second"])
def test_a_header_that_never_ends_is_answered_408_and_closed(serving, began) -> None:
    running = serving(header_timeout_s=0.3)
    client = running.connect(began)
    if began:
        assert answer(client)[0] == 200
    client.sendall(b"GET / HTTP/1.1\r\nX: ")
    threading.Thread(target=drip, args=(client, b"x" * 200, 0.05)).start()
    status, headers, body = answer(client, then_closed=True)
    assert (status, headers["content-type"]) == (408, "application/problem+json")
    assert "header" in json.loads(body)["detail"]
    assert json.loads(body)["hint"]


def test_a_client_that_says_nothing_is_closed_and_an_idle_one_too(serving) -> None:
    running = serving(header_timeout_s=0.3, keep_alive_s=1)
    silent, idle = running.connect(), running.connect(GET)
    assert answer(idle)[0] == 200
    ended(silent.recv)
    ended(idle.recv)


@pytest.mark.parametrize("kind", [b"image/png", b"multipart/form-data; boundary=b"])
@pytest.mark.parametrize("length", [b"Content-Length: 250000", b"Transfer-Encoding: chunked"])
def test_a_body_that_drips_is_answered_408_and_closed(serving, kind, length) -> None:
    running = serving(transfer_timeout_s=0.4)
    client = running.connect(UPLOAD.replace(b"image/png", kind).replace(b"Content-Length: %d", length))
    body = b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n' + b"x" * 200
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in body) if b"chunked" in length else body
    threading.Thread(target=drip, args=(client, pieces, 0.02)).start()
    status, headers, said = answer(client, then_closed=True)
    assert (status, headers["content-type"]) == (408, "application/problem+json")
    assert "body" in json.loads(said)["detail"]


def test_an_upload_that_takes_all_the_time_of_a_request_is_the_clients_fault(serving) -> None:
    running = serving(deadline_s=0.5, min_bytes_per_s=1)
    client = running.connect(UPLOAD % 250_000)
    threading.Thread(target=drip, args=(client, b"x" * 200, 0.05)).start()
    assert answer(client, then_closed=True)[0] == 408


def test_a_body_may_take_long_while_its_pace_is_kept(serving, photo) -> None:
    running = serving(transfer_timeout_s=1, min_bytes_per_s=10_000)
    client = running.connect(UPLOAD % len(photo))
    began, step = time.monotonic(), len(photo) // 20
    for start in range(0, len(photo), step):
        client.sendall(photo[start : start + step])
        time.sleep(0.075)
    assert answer(client)[0] == 200
    assert time.monotonic() - began > 1.5, "longer than the pace of nothing allows"


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (UPLOAD.replace(b"image/png", b"text/plain") % 250_000, 415),
        (UPLOAD.replace(b"/predict", b"/nope") % 250_000, 404),
        (UPLOAD % 400_000, 413),
        (GET.replace(b"Host: x", b"Host: x\r\nContent-Length: 250000"), 200),
    ],
)
def test_a_body_that_goes_on_after_its_answer_does_not_keep_the_connection(
    serving, request_head, status
) -> None:
    running = serving(transfer_timeout_s=0.4)
    client = running.connect(request_head)
    threading.Thread(target=drip, args=(client, b"x" * 300, 0.03)).start()
    assert answer(client)[0] == status
    running.until(lambda: running.connections == 0)


def test_a_client_that_does_not_take_its_answer_is_cut_off(serving) -> None:
    running = serving(transfer_timeout_s=0.5)
    ask_for_much(running)
    running.until(lambda: running.connections == 1)
    running.until(lambda: running.connections == 0)


def test_a_client_that_takes_its_answer_slowly_gets_it_whole(serving) -> None:
    running = serving(transfer_timeout_s=0.5, min_bytes_per_s=1_000_000)
    client = ask_for_much(running)
    began, taken = time.monotonic(), 0
    while taken < 16_000_128:
        piece = client.recv(400_000)
        assert piece, f"the connection ended after {taken} bytes"
        taken += len(piece)
        time.sleep(len(piece) / 8e6)
    assert time.monotonic() - began > 1.5, "longer than the pace of nothing allows"


def test_one_connection_too_many_is_told_so(serving) -> None:
    running = serving(max_connections=2)
    held = [running.connect(GET), running.connect(GET)]
    assert [answer(client)[0] for client in held] == [200, 200]
    status, headers, body = answer(running.connect(GET), then_closed=True)
    assert (status, headers["content-type"]) == (503, "application/problem+json")
    assert int(headers["retry-after"]) >= 1
    assert "2 connections" in json.loads(body)["detail"]
    held[0].close()
    running.until(lambda: running.connections == 1)
    assert answer(running.connect(GET))[0] == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (GET.replace(b"Host", b"Ho st"), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET /" + b"a" * 100_000, 431),
        (GET.replace(b"Host: x", b"Host: x\r\nX: " + b"a" * 100_000), 431),
        (GET.replace(b"Host: x", b"Host: x" + b"".join(b"\r\nX%d: a" % n for n in range(9000))), 431),
    ],
    ids=["nonsense", "field", "tls", "target", "value", "fields"],
)
def test_what_is_not_http_or_too_long_is_a_problem(serving, data, status) -> None:
    got, headers, body = answer(serving().connect(data), then_closed=True)
    assert (got, headers["content-type"]) == (status, "application/problem+json")
    assert json.loads(body)["status"] == status


CHUNKED = UPLOAD.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        (b"1\r\nx\r\n" * 60_000, "small chunks"),
        (b"4\r\nphot\r\n" * 40_000, "small chunks"),
        (b"-5\r\n", "Invalid"),
    ],
    ids=["one byte", "four bytes", "no size"],
)
def test_a_body_that_is_mostly_framing_or_badly_framed_is_answered_400(serving, chunks, words) -> None:
    client = serving().connect(CHUNKED)
    with contextlib.suppress(OSError):
        for start in range(0, len(chunks), 10_000):
            client.sendall(chunks[start : start + 10_000])
            time.sleep(0.002)
    status, _, body = answer(client)
    assert (status, words in json.loads(body)["detail"]) == (400, True)


def test_a_body_in_chunks_of_ordinary_size_is_taken(serving, photo) -> None:
    pieces = [photo[start : start + 100] for start in range(0, len(photo), 100)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    status, _, _ = answer(serving().connect(CHUNKED + framed + b"0\r\n\r\n"))
    assert status == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_small_answers_are_sent_without_delay(serving, address) -> None:
    if address == "::1" and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    running = serving(address)
    client = running.connect(GET)
    assert answer(client)[0] == 200
    (connection,) = running.server.server_state.connections
    accepted = connection.transport.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


class Held:
    """Lets the network of `tiny_base` begin, and end only after `go`."""

    def __init__(self, running: Running, monkeypatch) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        engine = running.app.state.service.residency.get("tiny_base").engine
        run = engine.run

        def held(image, *, with_dpm):
            self.begun.set()
            assert self.go.wait(20)
            return run(image, with_dpm=with_dpm)

        monkeypatch.setattr(engine, "run", held)


def test_a_stop_answers_what_has_begun_and_refuses_what_comes(serving, photo, monkeypatch) -> None:
    running = serving()
    held = Held(running, monkeypatch)
    probe = running.connect(GET)
    assert answer(probe)[0] == 200
    begun = running.connect(UPLOAD % len(photo) + photo)
    uploading = running.connect(UPLOAD % len(photo) + photo[:100])
    assert held.begun.wait(20)
    running.server.should_exit = True
    running.until(lambda: running.app.state.service.draining)
    for client in (probe, running.connect()):
        client.sendall(GET.replace(b"/healthz", b"/readyz"))
        status, headers, body = answer(client, then_closed=True)
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert "about to stop" in json.loads(body)["detail"]
    assert answer(running.connect(GET), then_closed=True)[0] == 200, "it lives"
    for head in (UPLOAD % len(photo), GET.replace(b"/healthz", b"/")):
        status, headers, _ = answer(running.connect(head), then_closed=True)
        assert status == 503
        assert int(headers["retry-after"]) >= 1
    held.go.set()
    uploading.sendall(photo[100:])
    assert answer(begun)[0] == 200
    assert answer(uploading)[0] == 200
    running.thread.join(20)
    assert not running.thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        running.connect()


def test_no_client_holds_up_a_stop(serving, photo, monkeypatch) -> None:
    running = serving(grace_s=0.5)
    held = Held(running, monkeypatch)
    clients = [
        running.connect(UPLOAD % len(photo) + photo[:100]),
        running.connect(UPLOAD.replace(b"image/png", b"text/plain") % len(photo)),
        running.connect(b"GET / HT"),
        running.connect(),
        running.connect(UPLOAD % len(photo) + photo),
    ]
    threading.Thread(target=drip, args=(clients[0], b"x" * 400, 0.01)).start()
    assert held.begun.wait(20)
    began = time.monotonic()
    running.stop()
    assert 0.4 < time.monotonic() - began < 10
    held.go.set()


def test_a_client_that_does_not_read_does_not_hold_up_a_stop(serving) -> None:
    running = serving(grace_s=0.3)
    ask_for_much(running)
    running.until(lambda: any(found.flow.write_paused for found in running.server._connections()))
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 10


def test_a_second_signal_ends_the_grace_and_closes_the_app(serving, photo, caplog) -> None:
    running = serving(grace_s=60)
    client = running.connect(UPLOAD % len(photo) + photo[:100])
    running.until(running.server._busy)
    began = time.monotonic()
    running.server.handle_exit(2, None)
    running.until(lambda: running.app.state.service.draining)
    running.server.handle_exit(15, None)
    running.thread.join(30)
    assert time.monotonic() - began < 20
    ended(client.recv)
    assert "Traceback" not in caplog.text
    with pytest.raises(DrainingError):
        running.app.state.service._scheduler.check_open()


def test_faults_of_clients_leave_at_most_a_line_in_the_log(tiny_models) -> None:
    """In a process of its own, because the set-up of logging and of warnings is the process's."""
    form = b"--x\r\nno colon\r\n\r\n\r\n--x--\r\n"
    exif = b"\xff\xe1\0\x12Exif\0\0II*\0\x08\0\0\0\x01\0"
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG")
    damaged = buffer.getvalue()[:2] + exif + buffer.getvalue()[2:]
    command = [
        sys.executable,
        "-m",
        "tiekd.cli.main",
        "serve",
        "--port",
        "0",
        "--models",
        str(tiny_models["tiny_base"]),
    ]
    upgrade = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: %sclose\r\n%s\r\n"
    post = b"POST /predict?model=tiny_base HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %s\r\n"
    calls = [
        upgrade % (b"Upgrade, ", b"Upgrade: websocket\r\n"),
        post % b"multipart/form-data; boundary=x" + b"Content-Length: %d\r\n\r\n" % len(form) + form,
        post % b"image/jpeg" + b"Content-Length: %d\r\n\r\n" % len(damaged) + damaged,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        port = int(re.search(r":(\d+) ", process.stdout.readline())[1])
        asked = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        while not ask(port, asked).startswith(b"HTTP/1.1 200"):
            time.sleep(0.1)
        statuses = [int(ask(port, call).split()[1]) for call in calls]
        process.terminate()
        log = process.stderr.read()
    assert statuses == [200, 400, 200]
    assert process.returncode == 0
    assert not [line for line in log.splitlines() if not line.startswith("INFO:")], log


def ask(port: int, data: bytes) -> bytes:
    """All that the server answers before it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(65536), b""))
