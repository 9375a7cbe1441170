"""The wheel is complete: installed elsewhere, it serves the page, its files and the zoo."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

ASK = """
import sys
from pathlib import Path
import tiekd, server
from tiekd.zoo import read_zoo
from fastapi.testclient import TestClient
from server.app import create_app
home = Path(sys.argv[1]).resolve()
assert home in Path(tiekd.__file__).resolve().parents and home in Path(server.__file__).resolve().parents
assert read_zoo().rows
from tiekd.report import Collected, build_report
assert "<h1>Nothing</h1>" in build_report(Collected(), title="Nothing").html()
with TestClient(create_app()) as client:
    page = client.get("/")
    assert page.status_code == 200 and "data-action" in page.text, page.text[:500]
    script = next(part for part in page.text.split('"') if part.endswith("/viewer/main.joined.js"))
    assert client.get(script).status_code == 200
    assert client.get("/healthz").status_code == 200
"""


@pytest.mark.slow
def test_an_installed_wheel_serves_from_anywhere(tmp_path: Path) -> None:
    dist, site, elsewhere = tmp_path / "dist", tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = dist.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    page = {path.relative_to(ROOT) for path in (ROOT / "static").rglob("*") if path.is_file()}
    assert len(page) > 50, "the page's rooms"
    assert not {path for path in page if not (site / "tiekd" / "_assets" / path).is_file()}
    assert not [*site.rglob("node_modules"), *site.rglob("package*.json")], "tools for development"
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "TIEKD_HOME": str(tmp_path / "home"),
        "TIEKD_MODELS": "",
        "TIEKD_STOP_PATIENCE_S": "120",  # it stops while the first model loads, slowly on a busy machine
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(site)],
        cwd=elsewhere, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_an_editable_install_copies_nothing(tmp_path: Path) -> None:
    code = f"import hatchling.build; print(hatchling.build.build_editable({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (link,) = (name for name in archive.namelist() if ".dist-info/" not in name)
        assert archive.read(link).decode().strip() == str(ROOT)
