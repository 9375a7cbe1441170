"""The benchmark of large galleries opens a folder three times, and walks through it."""

import importlib
import json
import shutil
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"

pytestmark = pytest.mark.browser


@pytest.fixture
def bench(monkeypatch):
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("Chromium is not installed.")
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("bench_gallery")
    for name in ("bench_gallery", "viewer_pages", "chromium"):
        sys.modules.pop(name, None)


def test_it_opens_a_folder_three_times(bench, tmp_path, capsys) -> None:
    report = tmp_path / "gallery.json"
    rows = bench.main(["--sizes", "4x18", "--folder", str(tmp_path), "--json", str(report)])
    assert [row.opening for row in rows] == ["first", "after a restart", "second page"]
    assert {row.size for row in rows} == {"4 x 18"}
    assert all(0 < row.next_s < row.whole_s and row.first_s < row.whole_s for row in rows)
    assert [row.listens_s is None for row in rows] == [False, False, True]
    assert [kept["opening"] for kept in json.loads(report.read_text())] == [row.opening for row in rows]
    assert "| 4 x 18 | second page | - |" in capsys.readouterr().out
    assert len([*(tmp_path / "r18" / "image").iterdir()]) == 18
