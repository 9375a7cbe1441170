"""The benchmark of networks runs, compares equal forms, and writes what it printed."""

import importlib.util
from pathlib import Path

import pytest
import torch

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
    report = tmp_path / "results" / "report.json"
    names = ["densedepth_dpm_test_resnet", "tail"]
    asked = ["--size", "32x64", "64x64", "--rounds", "2", "--json", str(report)]
    rows = bench.main([*names, *asked])
    assert [(row.network, row.height, row.width) for row in rows] == [
        (name, height, 64) for name in names for height in (32, 64)
    ]
    assert all(row.largest_difference_m < 1e-3 for row in rows)
    assert all(row.speedup > 0 and min(row.seconds) > 0 for row in rows)
    assert {(row.threads, row.rounds, row.nchw) for row in rows} == {(1, 2, False)}
    assert "| `tail` | 64x64 | 0.0 M (0.0 M) |" in capsys.readouterr().out
    assert bench.read(report) == rows
    # A second run replaces what it measures again, in its place, and leaves the rest.
    (again,) = bench.main(["tail", "--size", "32x64", "--rounds", "1", "--json", str(report)])
    (other,) = bench.main(["tail", "--size", "32x64", "--rounds", "1", "--nchw", "--json", str(report)])
    assert bench.read(report) == [*rows[:2], again, rows[3], other]
    capsys.readouterr()
    bench.main(["--show", "--json", str(report)])
    assert capsys.readouterr().out.splitlines()[2:] == [bench.line(row) for row in bench.read(report)]


def test_a_network_that_fails_does_not_stop_the_others(bench, capsys):
    rows = bench.main(["adabins_efficientnet_b5", "nothing", "tail", "--size", "32x32", "--rounds", "1"])
    assert [row.network for row in rows] == ["tail"]
    told = capsys.readouterr().err
    assert "adabins_efficientnet_b5 at 32x32: The image gives" in told
    assert "nothing at 32x32: Unknown model 'nothing'" in told
    with pytest.raises(SystemExit):
        bench.main(["--show"])


def test_the_document_shows_what_was_measured(bench):
    rows = bench.read(SCRIPT.parent / "results" / "networks.json")
    assert rows
    document = (SCRIPT.parents[1] / "docs" / "parity.md").read_text(encoding="utf-8")
    assert bench.table(rows) in document, "paste what --show prints"


def test_by_default_it_takes_every_published_network(bench):
    from tiekd.models.registry import architecture_names

    options = bench._parse([])
    assert options.networks == ["tail", *architecture_names()]
    assert options.size == [(352, 1216)]


def test_the_straightforward_expectation_is_the_heads_own(bench):
    from tiekd.bins import edges_from_widths, expectation_of_logits
    from tiekd.types import DepthRange

    torch.manual_seed(0)
    logits = torch.randn(2, 9, 4, 5)
    for edges in (torch.linspace(0, 80, 10), edges_from_widths(torch.rand(2, 9), DepthRange(1e-3, 80.0))):
        torch.testing.assert_close(
            bench.multiplied_and_summed(logits, edges), expectation_of_logits(logits, edges)
        )
