"""Common code of the benchmarks: measuring several forms of one computation in turns, tables, result files.

A form is one way to compute something. Seconds are CPU seconds of the process, because other processes on the
machine disturb them least. Memory is what a pass adds to the process at its peak (Linux only, else None). A
row of results is a dataclass with plain values.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import gc
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from tiekd.files import write_text

Form = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of one form."""

    cpu_s: float
    wall_s: float
    added_mb: float | None


@dataclass(frozen=True, slots=True)
class Turns:
    """The passes of several forms, `rounds[round][form]`. The properties are medians, one per form."""

    rounds: list[list[Pass]]

    @property
    def cpu_s(self) -> tuple[float, ...]:
        return tuple(statistics.median(one.cpu_s for one in form) for form in zip(*self.rounds, strict=True))

    @property
    def wall_s(self) -> tuple[float, ...]:
        return tuple(statistics.median(one.wall_s for one in form) for form in zip(*self.rounds, strict=True))

    @property
    def added_mb(self) -> tuple[float | None, ...]:
        answers = []
        for form in zip(*self.rounds, strict=True):
            known = [one.added_mb for one in form if one.added_mb is not None]
            answers.append(statistics.median(known) if known else None)
        return tuple(answers)

    def speedup(self, form: int = 1) -> float:
        """Median over rounds of the first form's CPU time divided by that of `form`.

        The two times of a round were measured close together, so their ratio varies less than the times.
        """
        return statistics.median(turn[0].cpu_s / turn[form].cpu_s for turn in self.rounds)

    def memory_ratio(self, form: int = 1) -> float | None:
        """Memory of the first form divided by that of `form`; None below 1 MB, where chance decides."""
        first, other = self.added_mb[0], self.added_mb[form]
        return None if first is None or other is None or min(first, other) <= 1 else first / other


def take_turns(forms: Sequence[Form], *, rounds: int, memory: bool = True) -> Turns:
    """Run every form once per round. Every second round runs backwards, so that no form is always the first.

    memory: measure memory too. Each pass then starts without freed memory to reuse, which costs it time.
    """
    found = []
    for number in range(rounds):
        order = range(len(forms)) if number % 2 == 0 else range(len(forms))[::-1]
        passes = {form: one_pass(forms[form], memory=memory) for form in order}
        found.append([passes[form] for form in range(len(forms))])
    return Turns(found)


def one_pass(form: Form, *, memory: bool) -> Pass:
    """Run a form once and measure it."""
    gc.collect()
    if memory:
        _give_back_memory()
    known = memory and _reset_peak()
    before = _status_mb("VmRSS") if known else 0.0
    wall, cpu = time.perf_counter(), time.process_time()
    form()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Pass(cpu, wall, _status_mb("VmHWM") - before if known else None)


def _give_back_memory() -> None:
    """Return freed memory to the system. Otherwise a pass would use memory that is already counted."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _reset_peak() -> bool:
    """Reset the kernel's record of the largest memory of this process. False if the system cannot do this."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status_mb(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def machine() -> str:
    """Name of the processor, if known, and version of torch."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, torch {torch.__version__}"


def circumstances(rounds: int) -> dict[str, Any]:
    """Fields of every row: threads, rounds, machine, date."""
    return {
        "threads": torch.get_num_threads(),
        "rounds": rounds,
        "machine": machine(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def parser(about: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """A parser with the options that all scripts have."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=int, default=rounds)
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--json", type=Path, metavar="FILE", help="keep the rows in this file")
    return made


def size(text: str) -> tuple[int, int]:
    """(height, width) from HxW."""
    height, _, width = text.partition("x")
    return int(height), int(width)


def start(options: argparse.Namespace, head: str) -> None:
    """Set the number of threads and print the lines above the rows."""
    torch.set_num_threads(options.threads)
    print(f"{machine()}, {options.threads} thread(s), {options.rounds} rounds\n\n{head}", flush=True)


def head(*columns: str) -> str:
    """The head of a Markdown table. A name that ends in ":" marks a column of numbers."""
    names = " | ".join(name.removesuffix(":") for name in columns)
    rules = " | ".join("---:" if name.endswith(":") else "---" for name in columns)
    return f"| {names} |\n| {rules} |"


def line(*cells: str) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def megabytes(mb: float | None) -> str:
    """Memory as a cell of a table."""
    return "?" if mb is None else f"{mb:.0f} MB"


def times(ratio: float | None) -> str:
    """A ratio as a cell of a table."""
    return "-" if ratio is None else f"{ratio:.1f}x"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of earlier runs in a file; empty if there is no file."""
    return json.loads(path.read_text()) if path.is_file() else []


def keep_row(row: Any, path: Path | None, *, what: Sequence[str]) -> None:
    """Write a row into a file, if one is given. It replaces an older row with equal fields `what`."""
    if path is None:
        return
    fresh = json.loads(json.dumps(asdict(row)))
    rows = read_rows(path)
    places = [i for i, old in enumerate(rows) if all(old.get(name) == fresh[name] for name in what)]
    rows[slice(places[0], places[0] + 1) if places else slice(len(rows), None)] = [fresh]
    write_text(path, json.dumps(rows, indent=1) + "\n")
