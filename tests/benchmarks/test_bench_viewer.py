"""The benchmark of the viewer drives both pages, and its table holds what it measured."""

import json

import bench_viewer as bench
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium_installed")]


def test_it_measures_both_pages(tmp_path, capsys) -> None:
    report = tmp_path / "viewer.json"
    rows = bench.main(["--rounds", "1", "--frames", "3", "--no-walk", "--json", str(report)])
    found = {row.act: row for row in rows}
    assert set(found) == {name for name, *_ in bench.ACTS}
    change = found["difference on"]
    assert change.published_cpu_ms > found["nothing"].published_cpu_ms
    assert change.ours_cpu_ms > found["nothing"].ours_cpu_ms
    assert change.ratio == pytest.approx(change.published_cpu_ms / change.ours_cpu_ms)
    assert found["zoom step"].published_cpu_ms is None, "the published page has no zoom"
    assert [row["act"] for row in json.loads(report.read_text())] == [row.act for row in rows]
    printed = capsys.readouterr().out
    assert all(f"| {name} |" in printed for name in found)
    assert "First picture of the shipped gallery" in printed
