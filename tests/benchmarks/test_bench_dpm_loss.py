"""The benchmark of the losses runs, and both of its forms are the same loss."""

import json
from dataclasses import asdict

import bench_dpm_loss as bench
import pytest
import torch

from tiekd.bins import DepthBins
from tiekd.types import DepthRange

TINY = ["--size", "24x40", "--bins", "65", "--batch", "2"]


def test_it_measures_every_loss(tmp_path, capsys):
    report = tmp_path / "report.json"
    rows = bench.main([*TINY, "--rounds", "2", "--json", str(report)])
    assert [row.loss for row in rows] == ["tiekd", "dpm", "gaussian", "ssim"]
    assert [row.shape for row in rows] == [*[(2, 65, 24, 40)] * 3, (2, 1, 24, 40)]
    assert all(row.speedup > 0 and min(row.seconds) > 0 for row in rows)
    assert all(row.value_difference < 1e-5 and row.gradient_difference < 1e-4 for row in rows)
    assert "| `dpm` | 2x65x24x40 |" in capsys.readouterr().out
    assert [row["speedup"] for row in json.loads(report.read_text())] == [row.speedup for row in rows]


def test_it_compares_both_targets():
    (row,) = bench.main([*TINY, "targets", "--rounds", "2"])
    assert row.loss == "targets"
    assert min(row.seconds) > 0
    assert row.value_difference > 1e-3, "two targets are two losses"


def test_by_default_it_takes_the_published_size():
    options = bench._parse([])
    assert (options.batch, options.bins, options.size, options.sigma_m) == (2, 257, (352, 704), 0.5)


@pytest.mark.parametrize("name", bench.FORMS)
@pytest.mark.parametrize("sigma_m", [0.15, 0.8])
def test_ours_is_the_definition_line_by_line(name, sigma_m):
    # In float64: rounding decides the sign of a covariance of nothing, which SSIM takes the magnitude of.
    drawn = asdict(bench.make_inputs(DepthBins(65, DepthRange(1e-3, 80.0)), (2, 16, 24), sigma_m))
    maps = {key: drawn[key].detach().double() for key in ("logits", "depth", "teacher", "edges")}
    given = bench.Inputs(**maps, sigma_m=sigma_m)
    given.teacher[0, 0, 0, :4] = torch.tensor([0.0, 80.0, 95.0, 1e4])  # no label, the far end, out of reach
    leaf = (given.depth if name == "ssim" else given.logits).requires_grad_()
    published, ours = (form(given) for form in bench.FORMS[name])
    torch.testing.assert_close(ours, published)
    gradients = [torch.autograd.grad(value, leaf)[0] for value in (ours, published)]
    torch.testing.assert_close(*gradients, rtol=1e-6, atol=1e-9 * float(gradients[1].abs().max()))
