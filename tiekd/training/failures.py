"""Failures around a run (the disk, the memory, the other processes) as one line with a hint."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from tiekd.errors import RunFailedError

_CPU_MEMORY = "DefaultCPUAllocator"
"""torch has no error type for a full CPU memory, but its message names this."""


@contextmanager
def clear_errors(out: Path | None) -> Iterator[None]:
    """Raise RunFailedError instead of what the system, torch and its processes raise."""
    try:
        yield
    except OSError as error:
        raise RunFailedError(
            f"Can't write into {out}: {error.strerror or error}.",
            hint="What was kept is whole. Make room, then go on with --resume.",
        ) from error
    except torch.OutOfMemoryError as error:
        raise _memory_full("The GPU's memory", error) from error
    except torch.distributed.DistError as error:
        port = os.environ.get("MASTER_PORT", "?")
        in_use = "EADDRINUSE" in str(error) or "address already in use" in str(error)
        what = f"port {port} is in use" if in_use else str(error).partition("\n")[0]
        raise RunFailedError(
            f"The processes of this run can't meet: {what}.",
            hint="torchrun --standalone finds a free port; over several machines give --master-port.",
        ) from error
    except RuntimeError as error:
        if _CPU_MEMORY not in str(error):
            raise
        raise _memory_full("The memory of this machine", error) from error


def _memory_full(memory: str, error: RuntimeError) -> RunFailedError:
    said = str(error).rpartition(f"{_CPU_MEMORY}: ")[2].partition(". ")[0]
    return RunFailedError(
        f"{memory} is full: {said}.",
        hint="Take a step in more parts (-o optim.accumulate=2, 4, …) or half the precision.",
    )
