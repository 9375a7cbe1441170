"""Latency and peak memory of the networks: ours against the straightforward form.

    python benchmarks/bench_networks.py                                  # every published network, 352x1216
    python benchmarks/bench_networks.py densedepth_dpm_mobilenetv2 tail --size 352x1216 --rounds 5
    python benchmarks/bench_networks.py --json benchmarks/results/networks.json    # write the results there
    python benchmarks/bench_networks.py --json benchmarks/results/networks.json --show   # only print the file

Straightforward: NCHW layout, norms and bottleneck as trained; the expectation is softmax over the bins, times
their centres, summed. Ours: `tiekd.models.fold.fold_for_inference` in channels-last layout, as in
`tiekd.runtime`. `tail` is the last layer of the published students alone, from 128 channels to depth over 257
bins. The forms take turns in one process; seconds are CPU seconds, because other processes on the machine
disturb them least. Weights are random. Memory is what a pass adds at its peak (Linux only).

With `--json` every row is written as soon as it is measured. It replaces an older row of the same network,
size, threads and layout; other rows stay.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import measuring
import torch
from torch import Tensor, nn

from tiekd.bins import DepthBins, bin_centers
from tiekd.errors import TiekdError
from tiekd.models.fold import FoldedDPMHead, fold_for_inference
from tiekd.models.heads import DPMHead
from tiekd.models.registry import architecture_names, create_model
from tiekd.types import DepthRange

TAIL = "tail"
Forms = tuple[nn.Module, nn.Module, Tensor]
"""The straightforward form, ours, and the input of both."""
HEAD = measuring.head(
    "network", "size", "parameters (folded):", "straightforward:", "ours:", "speed-up:", "memory:", "ours:",
    "error:",
)  # fmt: skip
WHAT = ("network", "height", "width", "threads", "nchw")
"""The fields of a row that identify the measurement."""


@dataclass(frozen=True, slots=True)
class Row:
    """One network at one size. Seconds and MB are medians, straightforward first."""

    network: str
    height: int
    width: int
    parameters: int
    parameters_folded: int
    seconds: tuple[float, float]
    wall_seconds: tuple[float, float]
    added_mb: tuple[float | None, float | None]
    speedup: float
    largest_difference_m: float
    threads: int
    rounds: int
    nchw: bool
    machine: str
    date: str


def main(argv: list[str] | None = None) -> list[Row]:
    """Measure what the command line asks for, print a table, and write the rows to the file of --json."""
    options = _parse(argv)
    if options.show:
        rows = read(options.json)
        print(table(rows))
        return rows
    measuring.start(options, HEAD)
    rows = []
    for name in options.networks:
        for height, width in options.size:
            try:
                row = measure(name, height, width, rounds=options.rounds, nchw=options.nchw)
            except (TiekdError, RuntimeError, MemoryError) as error:
                # If one network does not fit the size or the memory, the others must still be measured.
                print(f"{name} at {height}x{width}: {error}", file=sys.stderr)
                continue
            rows.append(row)
            print(line(row), flush=True)
            measuring.keep_row(row, options.json, what=WHAT)
    return rows


def read(path: Path) -> list[Row]:
    """The rows of earlier runs in a file."""
    pairs = ("seconds", "wall_seconds", "added_mb")
    return [Row(**{**row, **{pair: tuple(row[pair]) for pair in pairs}}) for row in measuring.read_rows(path)]


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    return "\n".join([HEAD, *map(line, rows)])


def measure(name: str, height: int, width: int, *, rounds: int, nchw: bool) -> Row:
    """Measure both forms of one network, or of the tail, in turns."""
    torch.manual_seed(0)
    kind = torch.contiguous_format if nchw else torch.channels_last
    plain, folded, image = _tail(height, width) if name == TAIL else _network(name, height, width)
    parameters = tuple(sum(p.numel() for p in model.parameters()) for model in (plain, folded))
    folded = folded.to(memory_format=kind)
    ours_image = image.to(memory_format=kind)
    forms = (lambda: _straightforward(plain, image), lambda: folded(ours_image).raw_depth)
    with torch.inference_mode():
        difference = float((forms[0]() - forms[1]()).abs().max())
        turns = measuring.take_turns(forms, rounds=rounds)
    return Row(
        network=name, height=height, width=width, parameters=parameters[0], parameters_folded=parameters[1],
        seconds=turns.cpu_s, wall_seconds=turns.wall_s, added_mb=turns.added_mb, speedup=turns.speedup(),
        largest_difference_m=difference, nchw=nchw, **measuring.circumstances(rounds),
    )  # fmt: skip


def multiplied_and_summed(dpm_logits: Tensor, bin_edges: Tensor) -> Tensor:
    """The expectation over bins, computed literally: softmax, times the centres, summed."""
    centers = bin_centers(bin_edges.float()).view(-1, dpm_logits.shape[1], 1, 1)
    return (dpm_logits.float().softmax(dim=1) * centers).sum(dim=1, keepdim=True)


def _straightforward(model: nn.Module, image: Tensor) -> Tensor:
    """Depth of a network whose head computes the expectation literally.

    The patch is needed because our heads avoid the map of the distribution even before they are folded.
    """
    heads = ("tiekd.models.heads", "tiekd.models.adabins")
    with ExitStack() as written_down:
        for head in heads:
            written_down.enter_context(patch(f"{head}.expectation_of_logits", multiplied_and_summed))
        depth: Tensor = model(image).raw_depth
    return depth


def _network(name: str, height: int, width: int) -> Forms:
    model = create_model(name).eval()
    return model, fold_for_inference(model, keep_dpm=False), torch.randn(1, 3, height, width)


def _tail(height: int, width: int) -> Forms:
    head = DPMHead(128, DepthBins(257, DepthRange(1e-3, 80.0))).eval()
    folded = FoldedDPMHead(head)
    folded.keep_dpm = False
    return head, folded, torch.randn(1, 128, height, width)


def line(row: Row) -> str:
    """A row of the table."""
    return measuring.line(
        f"`{row.network}`",
        f"{row.height}x{row.width}",
        f"{row.parameters / 1e6:.1f} M ({row.parameters_folded / 1e6:.1f} M)",
        *(f"{seconds:.2f} s" for seconds in row.seconds),
        f"{row.speedup:.2f}x",
        *map(measuring.megabytes, row.added_mb),
        f"{row.largest_difference_m:.1e} m",
    )


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = measuring.parser(__doc__, rounds=3)
    parser.add_argument("networks", nargs="*", default=[TAIL, *architecture_names()])
    parser.add_argument("--size", nargs="+", type=measuring.size, default=[(352, 1216)], metavar="HxW")
    parser.add_argument("--nchw", action="store_true", help="run ours in NCHW memory too")
    parser.add_argument("--show", action="store_true", help="print the rows of --json, measure nothing")
    options = parser.parse_args(argv)
    if options.show and not options.json:
        parser.error("--show needs --json")
    return options


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
