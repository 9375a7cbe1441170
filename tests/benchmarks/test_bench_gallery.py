"""The benchmark of large galleries opens a folder three times, and walks through it."""

import json

import bench_gallery as bench
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium_installed")]


def test_it_opens_a_folder_three_times(tmp_path, capsys) -> None:
    report = tmp_path / "gallery.json"
    rows = bench.main(["--sizes", "4x18", "--folder", str(tmp_path), "--json", str(report)])
    assert [row.opening for row in rows] == ["first", "after a restart", "second page"]
    assert {row.size for row in rows} == {"4 x 18"}
    assert all(0 < row.next_s < row.whole_s and row.first_s < row.whole_s for row in rows)
    assert [row.listens_s is None for row in rows] == [False, False, True]
    assert [kept["opening"] for kept in json.loads(report.read_text())] == [row.opening for row in rows]
    assert "| 4 x 18 | second page | - |" in capsys.readouterr().out
    assert len([*(tmp_path / "r18" / "image").iterdir()]) == 18
