"""`tiekd fetch` against a server of our own: files, pages, and everything that goes wrong on the way."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading

import pytest
import reference_kit as kit
from typer.testing import CliRunner

from tiekd import zoo
from tiekd.cli.main import app
from tiekd.errors import ConfigError
from tiekd.fetch import direct_link

ROW = "tiekd_mobilenetv2.bts_kitti"


def tiekd(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return kit.use_zoo(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return kit.save_checkpoint(tmp_path_factory.mktemp("checkpoint") / "w.pth", kit.weights()).read_bytes()


@pytest.fixture
def server(checkpoint):
    """Its address: `/short.pth` breaks off, `/login.pth` is a page, `/share.pth` sets a cookie first."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/absent.pth":
                return self.send_error(404)
            if self.path == "/share.pth" and "seen=1" not in self.headers.get("Cookie", ""):
                self.send_response(302)
                self.send_header("Set-Cookie", "seen=1")
                self.send_header("Location", "/share.pth")
                return self.end_headers()
            page = self.path == "/login.pth"
            body = b"<html>Sign in</html>" if page else checkpoint
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if page else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            if self.path == "/share.pth":
                self.send_header("Content-Disposition", 'attachment; filename="../../evil name.pth"')
            self.end_headers()
            return self.wfile.write(body[:1000] if self.path == "/short.pth" else body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_a_direct_link_is_fetched_converted_and_found(server, checkpoint, home):
    digest = hashlib.sha256(checkpoint).hexdigest()
    done = tiekd("fetch", ROW, "--url", f"{server}/w.pth", "--sha256", digest.upper(), "--json", "-")
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["weights"] == str(home / f"{ROW}.safetensors") == str(zoo.resolve(ROW))
    assert [path.name for path in home.iterdir()] == [f"{ROW}.safetensors"]
    again = tiekd("fetch", ROW)
    assert again.stdout.splitlines()[0] == f"{ROW} -> {home / ROW}.safetensors"
    # Our own format needs no conversion, but it must be the row's.
    ours = home / f"{ROW}.safetensors"
    (home / "x").mkdir()
    assert zoo.read_card(ours).name == ROW


def test_a_share_link_with_a_cookie_and_a_wild_file_name(server, home, tmp_path):
    done = tiekd("fetch", ROW, "--url", f"{server}/share.pth")
    assert done.exit_code == 0, done.stderr
    assert [path.name for path in home.iterdir()] == [f"{ROW}.safetensors"]
    assert not list(tmp_path.glob("evil*"))


def test_a_page_is_named_with_the_command_to_run(server, home):
    for row, url in (("baseline_mobilenetv2.kitti", ()), (ROW, ("--url", f"{server}/login.pth"))):
        done = tiekd("fetch", row, *url)
        assert done.exit_code == 0
        assert f"  {url[1] if url else 'https://example.org/#weights'}\n" in done.stdout
        assert f"tiekd convert FILE.pth --to {row}\n" in done.stdout
    assert not home.exists() or not list(home.iterdir())


@pytest.mark.parametrize(
    ("path", "words"),
    [("short.pth", "broke off after 1000 of"), ("absent.pth", "answers 404 Not Found")],
)
def test_broken_downloads_leave_nothing(server, home, path, words):
    done = tiekd("fetch", ROW, "--url", f"{server}/{path}")
    assert done.exit_code == 2
    line, hint = done.stderr.splitlines()
    assert words in line
    assert f"tiekd convert FILE.pth --to {ROW}" in hint
    assert not list(home.iterdir())


def test_a_file_of_another_row_is_refused_and_kept(server, home, checkpoint):
    done = tiekd("fetch", "tiekd_mobilenetv2.bts_nyu", "--url", f"{server}/w.pth")
    assert done.exit_code == 2
    assert "257" in done.stderr
    assert f"The download is kept as {home / 'w.pth'}." in done.stderr
    assert (home / "w.pth").read_bytes() == checkpoint
    done = tiekd("fetch", ROW, "--url", f"{server}/w.pth", "--sha256", "0" * 64)
    assert done.exit_code == 2
    assert "not " + "0" * 64 in done.stderr
    assert [path.name for path in home.iterdir()] == ["w.pth"]


def test_without_a_network_the_way_by_hand_is_named(home):
    done = tiekd("fetch", ROW, "--url", "http://127.0.0.1:9/w.pth")
    assert done.exit_code == 2
    line, hint = done.stderr.splitlines()
    assert line.startswith("Can't reach http://127.0.0.1:9/w.pth: ")
    assert "in a browser" in hint
    done = tiekd("fetch", ROW)
    assert (done.exit_code, done.stderr.splitlines()[0]) == (2, f"Nobody has published weights of {ROW}.")
    done = tiekd("fetch", "tiekd_mobilenet.bts_kitti")
    assert done.exit_code == 2
    assert ROW in done.stderr


def test_which_links_are_direct():
    share = "https://x-my.sharepoint.com/:u:/g/personal/a/Eb?e=K1"
    assert direct_link(share) == share + "&download=1"
    assert direct_link("https://example.org/a/w.pth") == "https://example.org/a/w.pth"
    assert direct_link("https://github.com/HPC-Lab-KOREATECH/TIE-KD#results") is None
    for wrong in ("file:///etc/passwd", "w.pth", "ftp://example.org/w.pth", "https:///w.pth"):
        with pytest.raises(ConfigError, match="no web address"):
            direct_link(wrong)
