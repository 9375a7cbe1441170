"""Latency and peak memory of the networks: as this project runs them against the straightforward form.

    python benchmarks/bench_networks.py                                  # every published network, 352x1216
    python benchmarks/bench_networks.py densedepth_dpm_mobilenetv2 tail --size 352x1216 --rounds 5
    python benchmarks/bench_networks.py --json benchmarks/results/networks.json    # keep what was measured
    python benchmarks/bench_networks.py --json benchmarks/results/networks.json --show   # only print it again

Straightforward: NCHW, norms and bottleneck as trained; softmax over the bins, times their centres, summed.
Ours: `tiekd.models.fold.fold_for_inference` in channels-last memory, as `tiekd.runtime` runs networks.
`tail` is the last layer of the published students alone, from 128 channels to depth over 257 bins. The forms
take turns in one process, and in the order of the turns; seconds are CPU seconds, which neighbours on the
machine disturb least. Weights are random. Memory is what a pass adds at its peak (Linux only).

With `--json` every row is in the file as soon as it is measured, in the place of an older one of the same
network, size, threads and layout; rows of other runs stay.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor, nn

from tiekd.bins import DepthBins, bin_centers
from tiekd.errors import TiekdError
from tiekd.models.fold import FoldedDPMHead, fold_for_inference
from tiekd.models.heads import DPMHead
from tiekd.models.registry import architecture_names, create_model
from tiekd.types import DepthRange

TAIL = "tail"
Forward = Callable[[], Tensor]
Forms = tuple[nn.Module, nn.Module, Tensor]
"""Straightforward, ours, and what both take."""
HEAD = (
    "| network | size | parameters (folded) | straightforward | ours | speed-up | memory | ours | error |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


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

    @property
    def what(self) -> tuple[object, ...]:
        """What was measured, whatever came out."""
        return self.network, self.height, self.width, self.threads, self.nchw


def main(argv: list[str] | None = None) -> list[Row]:
    """Measure what the command line asks for, print a table, and write JSON where it says."""
    options = _parse(argv)
    if options.show:
        rows = read(options.json)
        print(table(rows))
        return rows
    torch.set_num_threads(options.threads)
    rows = []
    print(f"{_machine()}, {options.threads} thread(s), {options.rounds} rounds\n\n{HEAD}")
    for name in options.networks:
        for height, width in options.size:
            try:
                row = measure(name, height, width, rounds=options.rounds, nchw=options.nchw)
            except (TiekdError, RuntimeError, MemoryError) as error:
                # One network that doesn't fit the size or the memory must not cost the others their turn.
                print(f"{name} at {height}x{width}: {error}", file=sys.stderr)
                continue
            rows.append(row)
            print(line(row), flush=True)
            if options.json:
                keep(row, options.json)
    return rows


def read(path: Path) -> list[Row]:
    """The rows that earlier runs left in a file."""
    if not path.is_file():
        return []
    known = json.loads(path.read_text())
    pairs = ("seconds", "wall_seconds", "added_mb")
    return [Row(**{**row, **{pair: tuple(row[pair]) for pair in pairs}}) for row in known]


def keep(row: Row, path: Path) -> None:
    """Put a row into a file, in the place of an older one of the same measurement."""
    rows = read(path)
    places = [i for i, other in enumerate(rows) if other.what == row.what]
    rows[slice(places[0], places[0] + 1) if places else slice(len(rows), None)] = [row]
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".part")
    whole.write_text(json.dumps([asdict(each) for each in rows], indent=1) + "\n")
    whole.replace(path)


def table(rows: list[Row]) -> str:
    """Markdown of the rows."""
    return "\n".join([HEAD, *map(line, rows)])


def measure(name: str, height: int, width: int, *, rounds: int, nchw: bool) -> Row:
    """Both forms of one network (or of the tail) in turns."""
    torch.manual_seed(0)
    kind = torch.contiguous_format if nchw else torch.channels_last
    plain, folded, image = _tail(height, width) if name == TAIL else _network(name, height, width)
    parameters = tuple(sum(p.numel() for p in model.parameters()) for model in (plain, folded))
    folded = folded.to(memory_format=kind)
    ours_image = image.to(memory_format=kind)
    forms: tuple[Forward, Forward] = (
        lambda: _straightforward(plain, image),
        lambda: folded(ours_image).raw_depth,
    )
    with torch.inference_mode():
        difference = float((forms[0]() - forms[1]()).abs().max())
        found = [_turn(forms, ours_first=bool(i % 2)) for i in range(rounds)]
    seconds, walls, added = (
        tuple(statistics.median(turn[form][field] for turn in found) for form in (0, 1)) for field in range(3)
    )
    return Row(
        network=name, height=height, width=width, parameters=parameters[0], parameters_folded=parameters[1],
        seconds=seconds, wall_seconds=walls,
        added_mb=added if _reset_peak() else (None, None),
        speedup=statistics.median(turn[0][0] / turn[1][0] for turn in found),
        largest_difference_m=difference,
        threads=torch.get_num_threads(), rounds=rounds, nchw=nchw,
        machine=_machine(), date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )  # fmt: skip


def multiplied_and_summed(dpm_logits: Tensor, bin_edges: Tensor) -> Tensor:
    """The expectation over bins as it is written down: softmax, times the centres, summed."""
    centers = bin_centers(bin_edges.float()).view(-1, dpm_logits.shape[1], 1, 1)
    return (dpm_logits.float().softmax(dim=1) * centers).sum(dim=1, keepdim=True)


def _straightforward(model: nn.Module, image: Tensor) -> Tensor:
    """Depth by a network whose head takes the expectation so: ours is lean even before it is folded."""
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


def _turn(forms: tuple[Forward, Forward], *, ours_first: bool) -> list[tuple[float, float, float]]:
    """Both forms once, straightforward first in the answer."""
    found = [_one(form) for form in (reversed(forms) if ours_first else forms)]
    return found[::-1] if ours_first else found


def _one(form: Forward) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and MB that one pass adds at its peak."""
    gc.collect()
    _give_back_memory()
    _reset_peak()
    before = _status_mb("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    form()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu, wall, _status_mb("VmHWM") - before


def _give_back_memory() -> None:
    """Let the allocator return what it keeps, or a pass would find memory that is counted already."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _reset_peak() -> bool:
    """Let the kernel's high-water mark of this process start again from now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status_mb(field: str) -> float:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def line(row: Row) -> str:
    """A row of the table."""
    memory = ["?" if mb is None else f"{mb:.0f} MB" for mb in row.added_mb]
    return (
        f"| `{row.network}` | {row.height}x{row.width} | {row.parameters / 1e6:.1f} M "
        f"({row.parameters_folded / 1e6:.1f} M) | {row.seconds[0]:.2f} s | {row.seconds[1]:.2f} s "
        f"| {row.speedup:.2f}x | {memory[0]} | {memory[1]} | {row.largest_difference_m:.1e} m |"
    )


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, torch {torch.__version__}"


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("networks", nargs="*", default=[TAIL, *architecture_names()])
    parser.add_argument("--size", nargs="+", type=_size, default=[(352, 1216)], metavar="HxW")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--nchw", action="store_true", help="run ours in NCHW memory too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the rows in this file")
    parser.add_argument("--show", action="store_true", help="print the rows of --json, measure nothing")
    options = parser.parse_args(argv)
    if options.show and not options.json:
        parser.error("--show needs --json")
    return options


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    return int(height), int(width)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
