"""The benchmark of networks runs, compares equal forms, and writes what it printed."""

import importlib.util
import json
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "bench_networks.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_networks", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["bench_networks"] = module
    spec.loader.exec_module(module)
    return module


def test_it_measures_networks_and_the_tail(bench, tmp_path, capsys):
    report = tmp_path / "report.json"
    rows = bench.main(
        [
            "densedepth_dpm_test_resnet",
            "tail",
            "--size",
            "32x64",
            "64x64",
            "--rounds",
            "2",
            "--json",
            str(report),
        ]
    )
    assert [(row.network, row.height, row.width) for row in rows] == [
        (name, height, 64) for name in ("densedepth_dpm_test_resnet", "tail") for height in (32, 64)
    ]
    assert all(row.largest_difference_m < 1e-3 for row in rows)
    assert all(row.speedup > 0 and min(row.seconds) > 0 for row in rows)
    printed = capsys.readouterr().out
    assert "| `tail` | 64x64 | 0.0 M (0.0 M) |" in printed
    told = json.loads(report.read_text())
    assert [row["speedup"] for row in told["rows"]] == [row.speedup for row in rows]
    assert told["threads"] == 1


def test_by_default_it_takes_every_published_network(bench):
    from tiekd.models.registry import architecture_names

    options = bench._parse([])
    assert options.networks == ["tail", *architecture_names()]
    assert options.size == [(352, 1216)]
